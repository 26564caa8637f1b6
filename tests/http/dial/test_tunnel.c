/* Tunnels through a proxy: the bytes sent, responses split at every byte, and errors. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/dial/tunnel.h"
#include "http/request.h"

#define AGENT "User-Agent: firstbyte/" FIRSTBYTE_VERSION "\r\n"

#define MAX_TURNS 4

/* One message to the proxy and its response. */
struct turn {
    const char *sent;
    size_t sent_bytes;
    const char *response;
    size_t response_bytes;
};

#define TURN(sent, response)                                                                       \
    {                                                                                              \
        sent, sizeof(sent) - 1, response, sizeof(response) - 1                                     \
    }

struct dialog {
    const char *proxy, *host;
    unsigned port;
    const char *address; /* the address of the host, or NULL */
    struct turn turns[MAX_TURNS];
    enum error error;   /* ERROR_NONE: it is open at the end */
    const char *detail; /* a part of it */
};

static struct tunnel *start(const struct dialog *dialog, struct proxy *proxy)
{
    const char *why = proxy_parse(proxy, dialog->proxy);
    struct address address;

    if (why)
        fail_msg("\"%s\": %s", dialog->proxy, why);
    if (dialog->address)
        assert_true(address_parse(&address, dialog->address, 1));
    return tunnel_new(proxy, dialog->host, (uint16_t)dialog->port,
                      dialog->address ? &address : NULL);
}

/* Takes the bytes to be sent in pieces of at most `max` bytes, and checks them. */
static void expect_output(struct tunnel *tunnel, const struct turn *turn, size_t max)
{
    const char *output;
    size_t at = 0, count;

    while ((output = tunnel_output(tunnel, &count))) {
        if (count > max)
            count = max;
        assert_in_range(at + count, 1, turn->sent_bytes);
        assert_memory_equal(output, turn->sent + at, count);
        tunnel_sent(tunnel, count);
        at += count;
    }
    assert_int_equal(count, 0);
    assert_int_equal(at, turn->sent_bytes);
}

/* Runs a dialog; each response is cut after `cut` bytes. */
static void run(const struct dialog *dialog, size_t cut)
{
    struct proxy proxy;
    struct tunnel *tunnel = start(dialog, &proxy);
    enum tunnel_status status = TUNNEL_MORE;

    for (const struct turn *turn = dialog->turns; turn->sent; turn++) {
        const unsigned char *response = (const unsigned char *)turn->response;
        size_t first = cut < turn->response_bytes ? cut : turn->response_bytes;

        assert_int_equal(status, TUNNEL_MORE);
        expect_output(tunnel, turn, cut + 1);
        status = tunnel_feed(tunnel, response, first);
        if (status == TUNNEL_MORE)
            status = tunnel_feed(tunnel, response + first, turn->response_bytes - first);
    }
    if (status != (dialog->error ? TUNNEL_FAILED : TUNNEL_OPEN) ||
        tunnel_error(tunnel) != dialog->error || !strstr(tunnel_detail(tunnel), dialog->detail))
        fail_msg("%s, cut at %zu: %d, %s: %s", dialog->turns[0].response, cut, status,
                 error_code(tunnel_error(tunnel)), tunnel_detail(tunnel));
    if (dialog->error) { /* later bytes are ignored */
        size_t count;

        assert_int_equal(tunnel_feed(tunnel, (const unsigned char *)"x", 1), TUNNEL_FAILED);
        assert_int_equal(tunnel_error(tunnel), dialog->error);
        assert_null(tunnel_output(tunnel, &count));
    }
    tunnel_free(tunnel);
    proxy_free(&proxy);
}

static void run_cut_everywhere(const struct dialog *dialog)
{
    size_t longest = 1;

    for (const struct turn *turn = dialog->turns; turn->sent; turn++)
        if (turn->response_bytes > longest)
            longest = turn->response_bytes;
    for (size_t cut = 0; cut <= longest; cut++)
        run(dialog, cut);
}

static void run_all(const struct dialog *dialogs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        run_cut_everywhere(&dialogs[i]);
}

#define CONNECT "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n" AGENT "\r\n"
#define OK      "HTTP/1.1 200 Connection established\r\n"

#define HTTP(response, error, detail)                                                              \
    {                                                                                              \
        "p", "a", 443, NULL, {TURN(CONNECT, response)}, error, detail                              \
    }

static void connect_is_negotiated(void **state)
{
    static const struct dialog dialogs[] = {
        HTTP(OK "\r\n", ERROR_NONE, ""),
        HTTP("HTTP/1.0 200 OK\r\n\r\n", ERROR_NONE, ""),
        HTTP("HTTP/1.1 200\r\n\r\n", ERROR_NONE, ""),
        HTTP("HTTP/1.1 204 x\r\n\r\n", ERROR_NONE, ""),
        HTTP("HTTP/1.1 299 x\r\nVia: 1.1 p\r\n\r\n", ERROR_NONE, ""),
        HTTP("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nA: b\r\n\r\n" OK "\r\n", ERROR_NONE,
             ""),
        /* the framing is ignored (RFC 9110, section 9.3.6) */
        HTTP(OK "Content-Length: 5\r\n\r\n", ERROR_NONE, ""),
        HTTP(OK "Content-Length: 0\r\n\r\n", ERROR_NONE, ""),
        HTTP(OK "Transfer-Encoding: chunked\r\n\r\n", ERROR_NONE, ""),
        HTTP(OK "Transfer-Encoding: gzip\r\n\r\n", ERROR_NONE, ""),
        HTTP(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", ERROR_NONE, ""),
        HTTP(OK "Connection: close\r\n\r\n", ERROR_NONE, ""),
        HTTP(OK "Connection: upgrade\r\nUpgrade: x\r\n\r\n", ERROR_NONE, ""),
        /* irregular line ends and fields */
        HTTP("HTTP/1.1 200 OK\nVia: 1.1 p\n\n", ERROR_NONE, ""),
        HTTP("HTTP/1.1 200 OK\r\r\nVia: 1.1\rp\r\n\r\n", ERROR_NONE, ""),
        HTTP("\r\n" OK "X@A: \x01\nContent-Length : 5\r\nContent-Length: 5\r\n\r\n", ERROR_NONE,
             ""),
        HTTP("HTTP/1.1 407 x\nA: b\n\n", ERROR_PROXY_AUTH, "407"),
        HTTP(OK "\rVia: p\r\n\r\n", ERROR_PROXY_MALFORMED, "not HTTP: CR without LF"),
        HTTP(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", ERROR_PROXY_MALFORMED,
             "not HTTP: Content-Length has different values"),
        HTTP("HTTP/1.1 304 x\r\n\r\n", ERROR_PROXY_FAILED, "the proxy responded with 304"),
        HTTP("HTTP/1.1 301 x\r\nLocation: /\r\n\r\n", ERROR_PROXY_FAILED, "responded with 301"),
        HTTP("HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nx", ERROR_PROXY_FAILED,
             "responded with 101"),
        HTTP("HTTP/1.1 400 x\r\n\r\n", ERROR_PROXY_FAILED,
             "the proxy responded with 400 Bad Request"),
        HTTP("HTTP/1.1 403 \x1b[31m\r\n\r\n", ERROR_PROXY_DENIED,
             "the proxy responded with 403 Forbidden"),
        HTTP("HTTP/1.1 405 x\r\n\r\n", ERROR_PROXY_DENIED, "405 Method Not Allowed"),
        HTTP("HTTP/1.1 407 x\r\nContent-Length: 9\r\n\r\nnot read", ERROR_PROXY_AUTH,
             "the proxy responded with 407 Proxy Authentication Required"),
        HTTP("HTTP/1.1 401 x\r\n\r\n", ERROR_PROXY_AUTH,
             "the proxy responded with 401 Unauthorized"),
        HTTP("HTTP/1.1 407 x\r\nTransfer-Encoding: chunked\r\n\r\nxyz", ERROR_PROXY_AUTH, "407"),
        HTTP("HTTP/1.0 500 x\r\n\r\n", ERROR_PROXY_FAILED, "500 Internal Server Error"),
        HTTP("HTTP/1.1 502 x\r\n\r\n", ERROR_PROXY_GATEWAY, "502 Bad Gateway"),
        HTTP("HTTP/1.1 503 x\r\n\r\n", ERROR_PROXY_GATEWAY, "503 Service Unavailable"),
        HTTP("HTTP/1.1 504 x\r\n\r\n", ERROR_PROXY_GATEWAY, "504 Gateway Timeout"),
        HTTP("HTTP/1.1 999 x\r\n\r\n", ERROR_PROXY_FAILED, "the proxy responded with 999"),
        HTTP("HTTP/1.1 099 x\r\n\r\n", ERROR_PROXY_MALFORMED, "not HTTP"),
        HTTP("HTTP/1.1 2000 x\r\n\r\n", ERROR_PROXY_MALFORMED, "not HTTP"),
        HTTP("SSH-2.0-OpenSSH_9.2\r\n", ERROR_PROXY_MALFORMED, "the proxy's response is not HTTP"),
        HTTP("\5\0", ERROR_PROXY_MALFORMED, "not HTTP"),
        HTTP("HTTP/1.1 200 OK\r\nbad line\r\n\r\n", ERROR_PROXY_MALFORMED, "not HTTP"),
    };

    (void)state;
    run_all(dialogs, LENGTH(dialogs));
}

#define CONNECTS(proxy, host, port, address, authority, credentials)                               \
    {                                                                                              \
        proxy, host, port, address,                                                                \
            {TURN("CONNECT " authority " HTTP/1.1\r\nHost: " authority "\r\n" AGENT credentials    \
                  "\r\n",                                                                          \
                  OK "\r\n")},                                                                     \
            ERROR_NONE, ""                                                                         \
    }

static void connect_has_the_name_of_the_site(void **state)
{
    static const struct dialog dialogs[] = {
        CONNECTS("p", "example.org", 80, NULL, "example.org:80", ""),
        CONNECTS("p", "2001:db8::1", 8443, "127.0.0.1", "[2001:db8::1]:8443", ""),
        /* RFC 7617, section 2 */
        CONNECTS("Aladdin:open%20sesame@p", "a", 443, NULL, "a:443",
                 "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
    };

    (void)state;
    run_all(dialogs, LENGTH(dialogs));
}

static void credentials_are_sent(void **state)
{
    static const char *const cases[][2] = {{"Bearer x", "Proxy-Authorization: Bearer x\r\n"},
                                           {"", ""}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct proxy proxy;
        struct tunnel *tunnel;
        char wanted[256];
        const char *output;
        size_t count;

        assert_null(proxy_parse(&proxy, "u:p@h"));
        proxy.authorization = strdup(cases[i][0]);
        tunnel = tunnel_new(&proxy, "a", 443, NULL);
        output = tunnel_output(tunnel, &count);
        snprintf(wanted, sizeof(wanted), "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n" AGENT "%s\r\n",
                 cases[i][1]);
        assert_int_equal(count, strlen(wanted));
        assert_memory_equal(output, wanted, count);
        tunnel_free(tunnel);
        proxy_free(&proxy);
    }
}

#define NAME  "\5\1\0\3\1a\1\xbb"  /* a request for a:443 */
#define BOUND "\0\1\1\2\3\4\0\120" /* the address after the reply code */

#define SOCKS(response, error, detail)                                                             \
    {                                                                                              \
        "socks5h://p", "a", 443, NULL, {TURN("\5\1\0", "\5\0"), TURN(NAME, response)}, error,      \
            detail                                                                                 \
    }

static void socks_is_negotiated(void **state)
{
    static const struct dialog dialogs[] = {
        SOCKS("\5\0" BOUND, ERROR_NONE, ""),
        SOCKS("\5\0\xff\1\0\0\0\0\0\0", ERROR_NONE, ""),
        SOCKS("\5\0\0\4abcdefghijklmnop\0\120", ERROR_NONE, ""),
        SOCKS("\5\0\0\3\0\0\120", ERROR_NONE, ""),
        SOCKS("\5\0\0\3\5proxy\0\120", ERROR_NONE, ""),
        SOCKS("\5\1" BOUND, ERROR_PROXY_GATEWAY, "the proxy replied: general failure"),
        SOCKS("\5\2" BOUND, ERROR_PROXY_DENIED, "the proxy replied: its rules"),
        SOCKS("\5\3" BOUND, ERROR_CONNECT_UNREACHABLE, "the proxy replied: network unreachable"),
        SOCKS("\5\4" BOUND, ERROR_CONNECT_UNREACHABLE, "the proxy replied: host unreachable"),
        SOCKS("\5\5" BOUND, ERROR_CONNECT_REFUSED, "the proxy replied: connection refused"),
        SOCKS("\5\6" BOUND, ERROR_CONNECT_TIMEOUT, "the proxy replied: TTL expired"),
        SOCKS("\5\7" BOUND, ERROR_PROXY_FAILED, "command not supported"),
        SOCKS("\5\10" BOUND, ERROR_PROXY_FAILED, "address type not supported"),
        SOCKS("\5\11" BOUND, ERROR_PROXY_FAILED, "unknown reply code, 9"),
        SOCKS("\5\xff" BOUND, ERROR_PROXY_FAILED, "unknown reply code, 255"),
        SOCKS("\5\5", ERROR_CONNECT_REFUSED, "connection refused"), /* and closed */
        SOCKS("\4\0" BOUND, ERROR_PROXY_MALFORMED, "not SOCKS"),
        SOCKS("\5\0\0\2\0\0\0\0\0\0", ERROR_PROXY_MALFORMED, "address type, 2"),
        SOCKS("\5\0\0\0\0\0\0\0\0\0", ERROR_PROXY_MALFORMED, "address type, 0"),
    };

    (void)state;
    run_all(dialogs, LENGTH(dialogs));
}

#define AUTH(proxy, error, detail, ...)                                                            \
    {                                                                                              \
        "socks5h://" proxy, "a", 443, NULL, {__VA_ARGS__}, error, detail                           \
    }
#define BOTH        "\5\2\0\2" /* without or with a password */
#define NO_PASSWORD "\5\1\0"   /* only without a password */
#define AGREED      TURN(NAME, "\5\0" BOUND)

/* Both methods are offered: the proxy chooses one, refuses both, or chooses another one. */
static void socks_authenticates(void **state)
{
    static const struct dialog dialogs[] = {
        AUTH("user:pass@p", ERROR_NONE, "", TURN(BOTH, "\5\2"), TURN("\1\4user\4pass", "\1\0"),
             AGREED),
        /* some proxies respond with the SOCKS version */
        AUTH("u%3A%00:@p", ERROR_NONE, "", TURN(BOTH, "\5\2"), TURN("\1\3u:\0\0", "\5\0"), AGREED),
        AUTH("user:pass@p", ERROR_NONE, "", TURN(BOTH, "\5\0"), AGREED),
        AUTH("user:pass@p", ERROR_PROXY_AUTH, "the proxy refused the user name or the password",
             TURN(BOTH, "\5\2"), TURN("\1\4user\4pass", "\1\1")),
        AUTH("user:pass@p", ERROR_PROXY_AUTH, "the proxy accepts none", TURN(BOTH, "\5\xff")),
        AUTH("p", ERROR_PROXY_AUTH, "the proxy requires a user name", TURN(NO_PASSWORD, "\5\2")),
        AUTH("p", ERROR_PROXY_MALFORMED, "method 1, which was not offered",
             TURN(NO_PASSWORD, "\5\1")),
        AUTH("p", ERROR_PROXY_MALFORMED, "not SOCKS", TURN(NO_PASSWORD, "HT")),
        AUTH("p", ERROR_PROXY_MALFORMED, "SOCKS", TURN(NO_PASSWORD, "\0\132")),
    };

    (void)state;
    run_all(dialogs, LENGTH(dialogs));
}

#define TARGET(proxy, host, address, request)                                                      \
    {                                                                                              \
        proxy, host, 443, address, {TURN("\5\1\0", "\5\0"), TURN(request, "\5\0" BOUND)},          \
            ERROR_NONE, ""                                                                         \
    }

static void socks_names_the_site(void **state)
{
    static const struct dialog dialogs[] = {
        TARGET("socks5://p", "a", "10.1.2.3", "\5\1\0\1\12\1\2\3\1\xbb"),
        TARGET("socks5://p", "a", "102:304::ff",
               "\5\1\0\4\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0\xff\1\xbb"),
        TARGET("socks5://p", "a", NULL, NAME),
        TARGET("socks5h://p", "a", "10.1.2.3", NAME),
        TARGET("socks5h://p", "a.", NULL, "\5\1\0\3\2a.\1\xbb"),
        TARGET("socks5h://p", "10.1.2.3", NULL, "\5\1\0\1\12\1\2\3\1\xbb"),
        TARGET("socks5h://p", "::1", NULL, "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb"),
        TARGET("socks5://p", "10.1.2.3", "10.9.9.9", "\5\1\0\1\12\1\2\3\1\xbb"),
    };

    (void)state;
    run_all(dialogs, LENGTH(dialogs));
}

/* The longest name, and the longest reply. */
static void longest_names(void **state)
{
    static const unsigned char head[] = {5, 0, 0, 3, 255};
    char host[URL_MAX_HOST_BYTES + 1];
    unsigned char reply[sizeof(head) + 255 + 2] = {0};
    struct proxy proxy;
    struct tunnel *tunnel;
    const char *output;
    size_t count;

    (void)state;
    memset(host, 'h', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    memcpy(reply, head, sizeof(head));
    assert_null(proxy_parse(&proxy, "socks5h://p"));
    tunnel = tunnel_new(&proxy, host, 443, NULL);
    tunnel_sent(tunnel, 3);
    assert_int_equal(tunnel_feed(tunnel, (const unsigned char *)"\5", 2), TUNNEL_MORE);
    output = tunnel_output(tunnel, &count);
    assert_int_equal(count, 5 + 255 + 2);
    assert_memory_equal(output, "\5\1\0\3\xff", 5);
    assert_memory_equal(output + 5, host, 255);
    tunnel_sent(tunnel, count);
    assert_int_equal(tunnel_feed(tunnel, reply, sizeof(reply) - 1), TUNNEL_MORE);
    assert_int_equal(tunnel_feed(tunnel, reply + sizeof(reply) - 1, 1), TUNNEL_OPEN);
    tunnel_free(tunnel);

    proxy.kind = PROXY_HTTP;
    tunnel = tunnel_new(&proxy, host, 65535, NULL);
    output = tunnel_output(tunnel, &count);
    assert_memory_equal(output + 8 + 255, ":65535 HTTP/1.1\r\nHost: h", 24);
    tunnel_free(tunnel);
    tunnel_free(NULL);
    proxy_free(&proxy);
}

/* The site sends nothing before the client: such bytes are an error. */
static void site_sends_nothing_first(void **state)
{
    static const struct dialog dialogs[] = {
        HTTP(OK "\r\nx", ERROR_PROXY_MALFORMED, "the proxy sent more"),
        HTTP(OK "Content-Length: 1\r\n\r\nx", ERROR_PROXY_MALFORMED, "the proxy sent more"),
        HTTP(OK "\r\n" OK "\r\n", ERROR_PROXY_MALFORMED, "the proxy sent more"),
        HTTP("HTTP/1.1 200 OK\n\nx", ERROR_PROXY_MALFORMED, "the proxy sent more"),
        SOCKS("\5\0" BOUND "x", ERROR_PROXY_MALFORMED, "the proxy sent more"),
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(dialogs); i++) {
        struct dialog less = dialogs[i];
        struct proxy proxy;
        struct tunnel *tunnel;

        run(&dialogs[i], SIZE_MAX - 1);
        tunnel = start(&less, &proxy); /* also if it arrives separately */
        for (struct turn *turn = less.turns; turn->sent; turn++) {
            const unsigned char *response = (const unsigned char *)turn->response;
            size_t extra = turn[1].sent ? 0 : i == 2 ? sizeof(OK "\r\n") - 1 : 1;
            enum tunnel_status status;

            tunnel_sent(tunnel, turn->sent_bytes);
            status = tunnel_feed(tunnel, response, turn->response_bytes - extra);
            assert_int_equal(status, extra ? TUNNEL_OPEN : TUNNEL_MORE);
        }
        assert_int_equal(tunnel_error(tunnel), ERROR_NONE);
        assert_string_equal(tunnel_detail(tunnel), "");
        assert_int_equal(tunnel_feed(tunnel, (const unsigned char *)"x", 1), TUNNEL_FAILED);
        assert_int_equal(tunnel_error(tunnel), ERROR_PROXY_MALFORMED);
        tunnel_free(tunnel);
        proxy_free(&proxy);
    }
}

/* A success before the request is invalid, a refusal is valid. */
static void early_responses(void **state)
{
    static const struct {
        const char *proxy, *response;
        size_t bytes, sent;
        enum error error;
    } cases[] = {
        {"p", OK "\r\n", sizeof(OK "\r\n") - 1, 0, ERROR_PROXY_MALFORMED},
        {"p", OK "\r\n", sizeof(OK "\r\n") - 1, sizeof(CONNECT) - 2, ERROR_PROXY_MALFORMED},
        {"p", OK "\r\n", sizeof(OK "\r\n") - 1, sizeof(CONNECT) - 1, ERROR_NONE},
        {"p", "HTTP/1.1 503 x\r\n\r\n", 18, 0, ERROR_PROXY_GATEWAY},
        {"socks5h://p", "\5\0", 2, 0, ERROR_PROXY_MALFORMED},
        {"socks5h://p", "\5\0", 2, 2, ERROR_PROXY_MALFORMED},
        {"socks5h://p", "\5\0", 2, 3, ERROR_NONE},
        {"socks5h://p", "\5\xff", 2, 0, ERROR_PROXY_AUTH},
        {"socks5h://p", "\5\0\5\0" BOUND, 12, 3, ERROR_PROXY_MALFORMED},
        {"socks5h://p", "\5\0\5\5", 4, 3, ERROR_CONNECT_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct dialog dialog = {.proxy = cases[i].proxy, .host = "a", .port = 443};
        struct proxy proxy;
        struct tunnel *tunnel = start(&dialog, &proxy);
        size_t count;

        tunnel_sent(tunnel, cases[i].sent);
        tunnel_feed(tunnel, (const unsigned char *)cases[i].response, cases[i].bytes);
        if (tunnel_error(tunnel) != cases[i].error)
            fail_msg("%zu: %s", i, error_code(tunnel_error(tunnel)));
        if (cases[i].error)
            assert_null(tunnel_output(tunnel, &count));
        tunnel_free(tunnel);
        proxy_free(&proxy);
    }
}

/* Feeds bytes in pieces while the status is MORE. */
static enum tunnel_status feed(struct tunnel *tunnel, const unsigned char *bytes, size_t count,
                               size_t piece)
{
    enum tunnel_status status = TUNNEL_MORE;

    for (size_t at = 0, part; at < count && status == TUNNEL_MORE; at += part) {
        part = count - at < piece ? count - at : piece;
        status = tunnel_feed(tunnel, bytes + at, part);
    }
    return status;
}

/* Runs a response of `count` bytes with this beginning and end. */
static void run_long(const char *begin, const char *end, size_t count, enum error error)
{
    unsigned char *bytes = malloc(count);

    memset(bytes, 'x', count);
    mempcpy(bytes, begin, strlen(begin));
    mempcpy(bytes + count - strlen(end), end, strlen(end));
    for (size_t piece = 1000; piece < 200000; piece *= 11) {
        struct dialog dialog = {.proxy = "p", .host = "a", .port = 443};
        struct proxy proxy;
        struct tunnel *tunnel = start(&dialog, &proxy);

        tunnel_sent(tunnel, sizeof(CONNECT) - 1);
        assert_int_equal(feed(tunnel, bytes, count, piece), error ? TUNNEL_FAILED : TUNNEL_OPEN);
        assert_int_equal(tunnel_error(tunnel), error);
        if (error == ERROR_PROXY_MALFORMED)
            assert_non_null(strstr(tunnel_detail(tunnel), "64 KiB"));
        tunnel_free(tunnel);
        proxy_free(&proxy);
    }
    free(bytes);
}

/* A head, with its interim heads, may fill the limit; the body of a refusal may be longer. */
static void heads_are_limited(void **state)
{
    static const char one[] = "HTTP/1.1 200 OK\r\nA: ";
    static const char two[] = "HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nA: ";

    (void)state;
    run_long(one, "\r\n\r\n", TUNNEL_MAX_HEAD_BYTES, ERROR_NONE);
    run_long(one, "\r\n\r\n", TUNNEL_MAX_HEAD_BYTES + 1, ERROR_PROXY_MALFORMED);
    run_long(two, "\r\n\r\n", TUNNEL_MAX_HEAD_BYTES, ERROR_NONE);
    run_long(two, "\r\n\r\n", TUNNEL_MAX_HEAD_BYTES + 1, ERROR_PROXY_MALFORMED);
    run_long("HTTP/1.1 403 x\r\n\r\n", "", 2 * TUNNEL_MAX_HEAD_BYTES, ERROR_PROXY_DENIED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_is_negotiated), cmocka_unit_test(connect_has_the_name_of_the_site),
        cmocka_unit_test(credentials_are_sent),  cmocka_unit_test(socks_is_negotiated),
        cmocka_unit_test(socks_authenticates),   cmocka_unit_test(socks_names_the_site),
        cmocka_unit_test(longest_names),         cmocka_unit_test(site_sends_nothing_first),
        cmocka_unit_test(early_responses),       cmocka_unit_test(heads_are_limited),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}

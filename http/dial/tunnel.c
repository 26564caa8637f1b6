/*
 * Both negotiations in one state machine, so that the dial drives them in the same way. Each state
 * has one step, in order; `enter` and `fail` change the state through `set_state`.
 *
 * Rejected: sending the SOCKS greeting and request in one segment. It saves a round trip with some
 * proxies and breaks others.
 */
#include "http/dial/tunnel.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/h1/h1_parser.h"
#include "http/request.h"

/* RFC 1928, sections 3, 4 and 6; RFC 1929, section 2 */
#define SOCKS_VERSION       5
#define SOCKS_NO_AUTH       0
#define SOCKS_PASSWORD      2
#define SOCKS_NO_METHOD     0xff
#define SOCKS_PASSWORD_FORM 1
#define SOCKS_CONNECT       1
#define SOCKS_IPV4          1
#define SOCKS_NAME          3
#define SOCKS_IPV6          4
#define SOCKS_SUCCESS       0
#define SOCKS_REPLY_HEAD    4                                /* version, reply, reserved, type */
#define SOCKS_MAX_BYTES     (SOCKS_REPLY_HEAD + 1 + 255 + 2) /* of a request or a reply */

enum state {
    CONNECT,  /* HTTP: waiting for the head of the response */
    METHOD,   /* SOCKS: waiting for the choice of an authentication method */
    PASSWORD, /* SOCKS: waiting for the result of the authentication */
    REPLY,    /* SOCKS: waiting for the reply to the request */
    OPEN,     /* the connection belongs to the site */
    FAILED,   /* `error` is the reason */
};

struct tunnel {
    enum state state;
    const struct loop *loop;   /* for its probe; NULL: none */
    uint64_t number;           /* of the connection, for the probe */
    enum error error;          /* of FAILED */
    const struct proxy *proxy; /* borrowed */

    char *output; /* the bytes to send in this state */
    size_t output_bytes, sent;

    struct h1_parser parser; /* of CONNECT */
    size_t head_bytes;       /* bytes passed to the parser */

    char request[SOCKS_MAX_BYTES]; /* sent when the proxy has chosen a method */
    size_t request_bytes;
    unsigned char reply[SOCKS_MAX_BYTES]; /* received so far in this state */
    size_t reply_bytes;

    char detail[128]; /* of FAILED */
};

/* The only place where the state changes. */
static void set_state(struct tunnel *tunnel, enum state state)
{
    static const char *const names[] = {
        [CONNECT] = "connect", [METHOD] = "method", [PASSWORD] = "password",
        [REPLY] = "reply",     [OPEN] = "open",     [FAILED] = "failed",
    };

    if (tunnel->loop)
        probe_state(tunnel->loop, "tunnel", tunnel->number, names[tunnel->state], names[state]);
    tunnel->state = state;
}

static void __attribute__((format(printf, 3, 4)))
fail(struct tunnel *tunnel, enum error error, const char *format, ...)
{
    va_list rest;

    set_state(tunnel, FAILED);
    tunnel->error = error;
    tunnel->sent = tunnel->output_bytes; /* no more output */
    va_start(rest, format);
    vsnprintf(tunnel->detail, sizeof(tunnel->detail), format, rest);
    va_end(rest);
}

/* The proxy has agreed: enters the next state, which sends `output` and owns it. */
static void enter(struct tunnel *tunnel, enum state state, char *output, size_t count)
{
    if (tunnel->sent < tunnel->output_bytes) {
        free(output);
        fail(tunnel, ERROR_PROXY_MALFORMED, "the proxy responded before the request was sent");
        return;
    }
    free(tunnel->output);
    tunnel->output = output;
    tunnel->output_bytes = count;
    tunnel->sent = 0;
    tunnel->reply_bytes = 0;
    set_state(tunnel, state);
}

/* Usual statuses of proxies, with the reason phrases of RFC 9110, section 15, and RFC 6585. */
static const struct {
    unsigned status;
    enum error error;
    const char *words;
} statuses[] = {
    {400, ERROR_PROXY_FAILED, " Bad Request"},
    {401, ERROR_PROXY_AUTH, " Unauthorized"}, /* sent by tinyproxy for wrong credentials */
    {403, ERROR_PROXY_DENIED, " Forbidden"},
    {404, ERROR_PROXY_FAILED, " Not Found"},
    {405, ERROR_PROXY_DENIED, " Method Not Allowed"},
    {407, ERROR_PROXY_AUTH, " Proxy Authentication Required"},
    {408, ERROR_PROXY_FAILED, " Request Timeout"},
    {429, ERROR_PROXY_FAILED, " Too Many Requests"},
    {500, ERROR_PROXY_FAILED, " Internal Server Error"},
    {501, ERROR_PROXY_FAILED, " Not Implemented"},
    {502, ERROR_PROXY_GATEWAY, " Bad Gateway"},
    {503, ERROR_PROXY_GATEWAY, " Service Unavailable"},
    {504, ERROR_PROXY_GATEWAY, " Gateway Timeout"},
    {511, ERROR_PROXY_FAILED, " Network Authentication Required"},
};

/* The head of the response to CONNECT: any 2xx opens the tunnel. */
static void on_head(void *owner, const struct h1_parser *parser)
{
    struct tunnel *tunnel = owner;
    enum error error = ERROR_PROXY_FAILED;
    const char *words = "";

    if (parser->status / 100 == 2) {
        enter(tunnel, OPEN, NULL, 0);
        return;
    }
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        if (statuses[i].status != parser->status)
            continue;
        error = statuses[i].error;
        words = statuses[i].words;
    }
    fail(tunnel, error, "the proxy responded with %u%s", parser->status, words);
}

#define CONNECT_FORM                                                                               \
    "CONNECT %s HTTP/1.1\r\n"                                                                      \
    "Host: %s\r\n"                                                                                 \
    "User-Agent: firstbyte/" FIRSTBYTE_VERSION "\r\n"                                              \
    "%s%s%s\r\n"
#define CREDENTIALS "Proxy-Authorization: "

/* The value of Proxy-Authorization, to be freed; NULL: none is sent. */
static char *credentials_of(const struct proxy *proxy)
{
    const char *given = proxy->authorization;

    if (given)
        return *given ? memory_text(given, strlen(given)) : NULL;
    return request_basic(proxy->user_info, proxy->user_info_bytes);
}

/* The response is read like one to HEAD: no body follows a head that opens the tunnel, regardless
   of its fields (RFC 9110, section 9.3.6), and the body of a refusal is not needed. */
static void start_connect(struct tunnel *tunnel, const char *host, uint16_t port)
{
    static const struct h1_events events = {.head = on_head};
    char *target = memory_print(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
    char *user = credentials_of(tunnel->proxy);
    char *request = memory_print(CONNECT_FORM, target, target, user ? CREDENTIALS : "",
                                 user ? user : "", user ? "\r\n" : "");

    free(target);
    free(user);
    enter(tunnel, CONNECT, request, strlen(request));
    h1_parser_start_response(&tunnel->parser, true, &events, tunnel);
}

/* Passes at most the limit of a head to the parser. Bytes after the head are not consumed. */
static void feed_http(struct tunnel *tunnel, const unsigned char *bytes, size_t count)
{
    size_t room = TUNNEL_MAX_HEAD_BYTES - tunnel->head_bytes, used;
    size_t part = count < room ? count : room;
    enum h1_status status = h1_parser_feed(&tunnel->parser, bytes, part, &used);

    tunnel->head_bytes += part;
    if (tunnel->state == FAILED)
        return;
    if (tunnel->state == OPEN) {
        if (status != H1_DONE || used < count)
            fail(tunnel, ERROR_PROXY_MALFORMED, "the proxy sent more than its response");
    } else if (status != H1_MORE) {
        fail(tunnel, ERROR_PROXY_MALFORMED, "the proxy's response is not HTTP: %s",
             h1_parser_why(&tunnel->parser));
    } else if (tunnel->head_bytes == TUNNEL_MAX_HEAD_BYTES) {
        fail(tunnel, ERROR_PROXY_MALFORMED, "the head of the proxy's response is over 64 KiB");
    }
}

/* Writes type, address and port of the request. Returns the position after them. */
static char *put_target(char *to, const struct address *address, const char *host, uint16_t port)
{
    uint16_t wire = htons(port);

    if (!address) {
        size_t length = strnlen(host, URL_MAX_HOST_BYTES);

        *to++ = SOCKS_NAME;
        *to++ = (char)length;
        to = mempcpy(to, host, length);
    } else if (address->any.sa_family == AF_INET6) {
        *to++ = SOCKS_IPV6;
        to = mempcpy(to, &address->v6.sin6_addr, sizeof(address->v6.sin6_addr));
    } else {
        *to++ = SOCKS_IPV4;
        to = mempcpy(to, &address->v4.sin_addr, sizeof(address->v4.sin_addr));
    }
    return mempcpy(to, &wire, sizeof(wire));
}

/* Sends the greeting with the methods, and prepares the request. */
static void start_socks(struct tunnel *tunnel, const char *host, uint16_t port,
                        const struct address *address)
{
    static const char plain[] = {SOCKS_VERSION, 1, SOCKS_NO_AUTH};
    static const char both[] = {SOCKS_VERSION, 2, SOCKS_NO_AUTH, SOCKS_PASSWORD};
    bool user = tunnel->proxy->user_info;
    size_t bytes = user ? sizeof(both) : sizeof(plain);
    char *to = tunnel->request;
    struct address literal;

    if (address_parse(&literal, host, 0))
        address = &literal;
    else if (tunnel->proxy->kind == PROXY_SOCKS5H)
        address = NULL;
    *to++ = SOCKS_VERSION;
    *to++ = SOCKS_CONNECT;
    *to++ = 0; /* reserved */
    to = put_target(to, address, host, port);
    tunnel->request_bytes = (size_t)(to - tunnel->request);
    enter(tunnel, METHOD, memory_text(user ? both : plain, bytes), bytes);
}

/* Authentication is complete or not needed. */
static void send_request(struct tunnel *tunnel)
{
    size_t bytes = tunnel->request_bytes;

    enter(tunnel, REPLY, memory_text(tunnel->request, bytes), bytes);
}

/* RFC 1929, section 2 */
static void send_password(struct tunnel *tunnel)
{
    const struct proxy *proxy = tunnel->proxy;
    const char *password = proxy->user_info + proxy->user_bytes + 1;
    size_t bytes = proxy->user_info_bytes - proxy->user_bytes - 1;
    char *message = memory_get(3 + proxy->user_bytes + bytes), *to = message;

    *to++ = SOCKS_PASSWORD_FORM;
    *to++ = (char)proxy->user_bytes;
    to = mempcpy(to, proxy->user_info, proxy->user_bytes);
    *to++ = (char)bytes;
    to = mempcpy(to, password, bytes);
    enter(tunnel, PASSWORD, message, (size_t)(to - message));
}

static void on_method(struct tunnel *tunnel)
{
    unsigned method = tunnel->reply[1];

    if (method == SOCKS_NO_AUTH)
        send_request(tunnel);
    else if (method == SOCKS_PASSWORD && tunnel->proxy->user_info)
        send_password(tunnel);
    else if (method == SOCKS_PASSWORD)
        fail(tunnel, ERROR_PROXY_AUTH, "the proxy requires a user name and a password");
    else if (method == SOCKS_NO_METHOD)
        fail(tunnel, ERROR_PROXY_AUTH,
             "the proxy accepts none of the offered authentication methods");
    else
        fail(tunnel, ERROR_PROXY_MALFORMED, "the proxy chose method %u, which was not offered",
             method);
}

/* The version is not checked: some proxies send the SOCKS version here. */
static void on_auth_result(struct tunnel *tunnel)
{
    if (tunnel->reply[1] == SOCKS_SUCCESS)
        send_request(tunnel);
    else
        fail(tunnel, ERROR_PROXY_AUTH, "the proxy refused the user name or the password");
}

/* RFC 1928, section 6 */
static const struct {
    enum error error;
    const char *words;
} replies[] = {
    [1] = {ERROR_PROXY_GATEWAY, "general failure"},
    [2] = {ERROR_PROXY_DENIED, "its rules do not allow it"},
    [3] = {ERROR_CONNECT_UNREACHABLE, "network unreachable"},
    [4] = {ERROR_CONNECT_UNREACHABLE, "host unreachable"},
    [5] = {ERROR_CONNECT_REFUSED, "connection refused"},
    [6] = {ERROR_CONNECT_TIMEOUT, "TTL expired"},
    [7] = {ERROR_PROXY_FAILED, "command not supported"},
    [8] = {ERROR_PROXY_FAILED, "address type not supported"},
};

#define REPLIES (sizeof(replies) / sizeof(*replies))

static void on_reply(struct tunnel *tunnel)
{
    unsigned reply = tunnel->reply[1], type = tunnel->reply[SOCKS_REPLY_HEAD - 1];

    if (reply >= REPLIES)
        fail(tunnel, ERROR_PROXY_FAILED, "the proxy sent an unknown reply code, %u", reply);
    else if (reply != SOCKS_SUCCESS)
        fail(tunnel, replies[reply].error, "the proxy replied: %s", replies[reply].words);
    else if (type != SOCKS_IPV4 && type != SOCKS_IPV6 && type != SOCKS_NAME)
        fail(tunnel, ERROR_PROXY_MALFORMED, "the proxy's reply has an unknown address type, %u",
             type);
    else
        enter(tunnel, OPEN, NULL, 0);
}

/* The total length of the proxy's message, as far as it is known. The rest of a refusal is not
   needed: some proxies close instead of sending it. */
static size_t message_bytes(const struct tunnel *tunnel)
{
    const unsigned char *reply = tunnel->reply;

    if (tunnel->state != REPLY || tunnel->reply_bytes < 2 || reply[0] != SOCKS_VERSION ||
        reply[1] != SOCKS_SUCCESS)
        return 2;
    if (tunnel->reply_bytes <= SOCKS_REPLY_HEAD)
        return SOCKS_REPLY_HEAD + 1;
    switch (reply[SOCKS_REPLY_HEAD - 1]) {
    case SOCKS_IPV4: return SOCKS_REPLY_HEAD + sizeof(struct in_addr) + 2;
    case SOCKS_IPV6: return SOCKS_REPLY_HEAD + sizeof(struct in6_addr) + 2;
    case SOCKS_NAME: return SOCKS_REPLY_HEAD + 1 + reply[SOCKS_REPLY_HEAD] + 2;
    default: return SOCKS_REPLY_HEAD + 1;
    }
}

/* A message is complete. */
static void take_message(struct tunnel *tunnel)
{
    if (tunnel->state != PASSWORD && tunnel->reply[0] != SOCKS_VERSION) {
        fail(tunnel, ERROR_PROXY_MALFORMED, "the proxy's response is not SOCKS version 5");
        return;
    }
    switch (tunnel->state) {
    case METHOD: on_method(tunnel); break;
    case PASSWORD: on_auth_result(tunnel); break;
    case REPLY: on_reply(tunnel); break;
    default: break;
    }
}

static void feed_socks(struct tunnel *tunnel, const unsigned char *bytes, size_t count)
{
    while (count && tunnel->state < OPEN) {
        size_t part = message_bytes(tunnel) - tunnel->reply_bytes;

        if (part > count)
            part = count;
        memcpy(tunnel->reply + tunnel->reply_bytes, bytes, part);
        tunnel->reply_bytes += part;
        bytes += part;
        count -= part;
        if (tunnel->reply_bytes == message_bytes(tunnel))
            take_message(tunnel);
    }
    if (count && tunnel->state == OPEN)
        fail(tunnel, ERROR_PROXY_MALFORMED, "the proxy sent more than its response");
}

struct tunnel *tunnel_new(const struct proxy *proxy, const char *host, uint16_t port,
                          const struct address *address)
{
    struct tunnel *tunnel = memory_zeroed(sizeof(*tunnel));

    tunnel->proxy = proxy;
    if (proxy->kind == PROXY_HTTP)
        start_connect(tunnel, host, port);
    else
        start_socks(tunnel, host, port, address);
    return tunnel;
}

void tunnel_observe(struct tunnel *tunnel, const struct loop *loop, uint64_t number)
{
    tunnel->loop = loop;
    tunnel->number = number;
}

const char *tunnel_output(const struct tunnel *tunnel, size_t *count)
{
    *count = tunnel->output_bytes - tunnel->sent;
    return *count ? tunnel->output + tunnel->sent : NULL;
}

void tunnel_sent(struct tunnel *tunnel, size_t count)
{
    tunnel->sent += count;
}

enum tunnel_status tunnel_feed(struct tunnel *tunnel, const unsigned char *bytes, size_t count)
{
    if (tunnel->state == CONNECT)
        feed_http(tunnel, bytes, count);
    else if (tunnel->state != FAILED)
        feed_socks(tunnel, bytes, count);
    return tunnel->state == OPEN     ? TUNNEL_OPEN
           : tunnel->state == FAILED ? TUNNEL_FAILED
                                     : TUNNEL_MORE;
}

enum error tunnel_error(const struct tunnel *tunnel)
{
    return tunnel->error;
}

const char *tunnel_detail(const struct tunnel *tunnel)
{
    return tunnel->detail;
}

void tunnel_free(struct tunnel *tunnel)
{
    if (!tunnel)
        return;
    h1_parser_free(&tunnel->parser);
    free(tunnel->output);
    free(tunnel);
}

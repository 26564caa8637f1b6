/* The state machine of an exchange, over scripted connections and with a fake clock. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dns/resolver.h"
#include "http/request.h"
#include "tests/support/fixture.h"
#include "tests/support/nameserver.h"

#define HELLO       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define CLOSING     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
#define PIECE_BYTES 65536

static struct fixture fixture;
static struct site *site; /* http, at the fixture */
static struct outcome outcome;

static int setup(void **state)
{
    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    site = fixture_site(&fixture, "http", "/path");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    site_free(site);
    fixture_close(&fixture);
    return 0;
}

/* Fetches the site over a connection that follows this script. */
static void fetch_from(const struct script *script)
{
    fixture_set_scripts(&fixture, script, 1);
    fixture_fetch(&fixture, site, &outcome);
}

static void expect_hello(const struct result *result)
{
    assert_int_equal(result->error, ERROR_NONE);
    assert_int_equal(result->status, 200);
    assert_int_equal(result->body_bytes, 5);
    assert_memory_equal(result->snippet, "hello", 5);
}

/* Normal operation. */

static void all_stamps_in_order(void **state)
{
    static const struct script_step handshakes[] = {PAUSE, BLOCK, PAUSE, LAST};
    static const struct script_step writes[] = {TAKE(3), BLOCK, LAST};
    static const struct script_step reads[] = {AFTER_REQUEST,
                                               PAUSE,
                                               SEND("HTTP/1.1 200 OK\r\n"),
                                               PAUSE,
                                               SEND("Content-Length: 5\r\n\r\n"),
                                               PAUSE,
                                               SEND("he"),
                                               PAUSE,
                                               SEND("llo"),
                                               LAST};
    struct site *secure = fixture_site(&fixture, "https", "/");
    const struct stamps *s = &outcome.result.stamps;

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){reads, writes, handshakes}, 1);
    fixture_record_states(&fixture, "exchange");
    fixture_fetch(&fixture, secure, &outcome);
    assert_string_equal(fixture.states, "connecting send head body done");
    expect_hello(&outcome.result);
    assert_true(s->dns == 0); /* an address needs no name server */
    assert_true(s->start >= s->taken && s->connect > s->start && s->tls > s->connect);
    assert_true(s->send > s->tls && s->first_byte > s->send && s->head > s->first_byte);
    assert_true(s->done > s->head);
    assert_string_equal(outcome.result.tls.version, "SCRIPT");
    assert_int_equal(address_port(&outcome.result.address), address_port(&fixture.address));
    assert_int_equal(outcome.result.major, 1);
    assert_int_equal(outcome.result.minor, 1);
    site_free(secure);
}

static void request_is_sent_as_built(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    struct request request = request_of(site);
    size_t length;
    char *bytes = request_build(&request, &length);

    (void)state;
    fetch_from(&(struct script){.reads = reads});
    expect_hello(&outcome.result);
    assert_string_equal(fixture.received, bytes);
    free(bytes);
}

static void short_writes_at_every_byte(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    static const struct script_step singly[] = {TAKE(1), REPEAT};
    static const struct script_step slowly[] = {TAKE(1), BLOCK, REPEAT};
    struct request request = request_of(site);
    size_t length;
    char *bytes = request_build(&request, &length);

    (void)state;
    for (size_t cut = 1; cut <= length; cut++) {
        const struct script_step writes[] = {TAKE(cut), BLOCK, LAST};

        fetch_from(&(struct script){.reads = reads, .writes = writes});
        expect_hello(&outcome.result);
        assert_string_equal(fixture.received, bytes);
        pool_drop_oldest(fixture.pool);
    }
    fetch_from(&(struct script){.reads = reads, .writes = singly});
    assert_string_equal(fixture.received, bytes);
    pool_drop_oldest(fixture.pool);
    fetch_from(&(struct script){.reads = reads, .writes = slowly});
    assert_string_equal(fixture.received, bytes);
    free(bytes);
}

static void responses_split_at_every_byte(void **state)
{
    static const char *const responses[] = {
        HELLO,
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(responses); i++) {
        for (size_t cut = 1; cut < strlen(responses[i]); cut++) {
            const struct script_step first = {SCRIPT_SEND, cut, responses[i], 0};
            const struct script_step reads[] = {AFTER_REQUEST, first, PAUSE,
                                                SEND(responses[i] + cut), LAST};

            fetch_from(&(struct script){.reads = reads});
            expect_hello(&outcome.result);
            assert_int_equal(fixture.closed, 0);
            assert_true(pool_drop_oldest(fixture.pool));
        }
    }
}

static void head_of_a_body(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST,
                                               SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"
                                                    "\r\n"),
                                               LAST};

    (void)state;
    site->method = strdup("HEAD");
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_NONE);
    assert_int_equal(outcome.result.body_bytes, 0);
    assert_memory_equal(fixture.received, "HEAD /path HTTP/1.1\r\n", 21);
    assert_int_equal(fixture.closed, 0);
}

static void body_up_to_the_end(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.0 200 OK\r\n\r\nhel"), PAUSE, SEND("lo"), PAUSE, END};

    (void)state;
    fetch_from(&(struct script){.reads = reads});
    expect_hello(&outcome.result);
    assert_int_equal(fixture.closed, 1);
}

/* Content. */

/* Sent after the head, in one block or two, however short the writes are. */
static void content_follows_the_head(void **state)
{
    static const struct script_step heads[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    static const struct script_step all[] = {AFTER_REQUEST, AFTER_REQUEST, SEND(HELLO), LAST};
    static const size_t sizes[] = {0, 4, 1000, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 100000};
    static const size_t takes[] = {1000000, 65536, 4097};
    static const char blank[] = {'\r', '\n', '\r', '\n'};
    static char bytes[100000];

    (void)state;
    for (size_t i = 0; i < LENGTH(sizes) * LENGTH(takes); i++) {
        const struct script_step writes[] = {TAKE(takes[i % LENGTH(takes)]), BLOCK, REPEAT};
        size_t size = sizes[i / LENGTH(takes)];
        struct request request;
        size_t length;
        char *head;

        for (size_t at = 0; at < size; at++)
            bytes[at] = (char)('a' + at % 23);
        if (size) /* content ends with an empty line, so the script counts it as a request */
            memcpy(bytes + size - sizeof(blank), blank, sizeof(blank));
        content_drop(site->content);
        site->content = content_new(bytes, size);
        request = request_of(site);
        head = request_build(&request, &length);
        fetch_from(&(struct script){.reads = size ? all : heads, .writes = writes});
        expect_hello(&outcome.result);
        assert_int_equal(fixture.received_bytes, length + size);
        assert_memory_equal(fixture.received, head, length);
        assert_memory_equal(fixture.received + length, bytes, size);
        assert_int_equal(fixture.closed, 0);
        pool_drop_oldest(fixture.pool);
        free(head);
    }
}

/* The server responds before it has all content, and closes. */
static void early_response_to_content(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"), LAST};
    static const struct script_step writes[] = {TAKE(1000), STUCK};
    static char bytes[100000];

    (void)state;
    site->content = content_new(bytes, sizeof(bytes));
    fetch_from(&(struct script){.reads = reads, .writes = writes});
    assert_int_equal(outcome.result.error, ERROR_NONE);
    assert_int_equal(outcome.result.status, 413);
    assert_int_equal(fixture.closed, 1);
}

/* Limits of the body. */

/* All responses but the first are longer than the limit. */
static void body_is_read_to_its_limit(void **state)
{
    static const struct {
        const char *response;
        uint64_t max_body, taken;
        bool until_preview, truncated, kept;
    } cases[] = {
        {HELLO, 5, 5, false, false, true}, /* the limit is the length of the body */
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 4, 4, false, true, false},
        {"HTTP/1.1 200 OK\r\n\r\nhello", 4, 4, false, true, false},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello, world, it is",
         99, 19, true, true, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 99, 5, true, false, true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step reads[] = {AFTER_REQUEST, SEND(cases[i].response), HANG};

        fixture.options.response.max_body = cases[i].max_body;
        fixture.options.response.until_preview = cases[i].until_preview;
        fetch_from(&(struct script){.reads = reads});
        assert_int_equal(outcome.result.error, ERROR_NONE);
        assert_int_equal(outcome.result.body_bytes, cases[i].taken);
        assert_int_equal(outcome.result.truncated, cases[i].truncated);
        assert_int_equal(fixture.closed, !cases[i].kept);
        pool_drop_oldest(fixture.pool);
    }
}

/* The body of a redirect that is followed is read up to a limit, and not kept. */
static void body_of_a_followed_redirect(void **state)
{
    static const char short_one[] =
        "HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 5\r\n\r\nhello";
    static const char long_one[] = "HTTP/1.1 302 X\r\nLocation: /\r\n\r\n";
    static char piece[PIECE_BYTES + 1];
    const struct script_step endless[] = {AFTER_REQUEST, SEND(long_one), SEND(piece), SEND("x"),
                                          HANG};
    static const struct script_step ends[] = {AFTER_REQUEST, SEND(short_one), HANG};
    static const struct script shorter = {.reads = ends};

    (void)state;
    memset(piece, 'x', PIECE_BYTES);
    fixture.options.response.follow = true;
    for (int is_endless = 0; is_endless < 2; is_endless++) {
        fetch_from(is_endless ? &(struct script){.reads = endless} : &shorter);
        assert_int_equal(outcome.result.error, ERROR_NONE);
        assert_int_equal(outcome.result.status, 302);
        assert_null(outcome.result.snippet);
        assert_false(outcome.result.truncated);
        assert_int_equal(fixture.closed, is_endless);
        pool_drop_oldest(fixture.pool);
    }
}

#define MOVED "HTTP/1.1 302 Found\r\nLocation: /\r\n"

/* A redirect that is followed needs no body: it is a result however its body ends. */
static void body_of_a_redirect_may_fail(void **state)
{
    static const struct {
        struct script_step reads[5];
        bool waits_for_rest; /* the connection is not closed before the rest of the body */
    } cases[] = {
        {{AFTER_REQUEST, SEND(MOVED "Content-Length: 5\r\n\r\nhell"), END}, false},
        {{AFTER_REQUEST, SEND(MOVED "Content-Length: 5\r\n\r\nhell"), FAIL(ECONNRESET)}, false},
        {{AFTER_REQUEST, SEND(MOVED "\r\nhell"), FAIL(TLS_TRUNCATED)}, false},
        {{AFTER_REQUEST, SEND(MOVED "Transfer-Encoding: chunked\r\n\r\nx\r\n"), HANG}, false},
        {{AFTER_REQUEST, SEND(MOVED "Transfer-Encoding: chunked\r\n\r\n"), SEND("5\r\nhell"), END},
         false},
        {{AFTER_REQUEST, SEND(MOVED "Content-Length: 5\r\n\r\n"), HANG}, true},
        {{AFTER_REQUEST, SEND(MOVED "Content-Length: 5\r\n"), PAUSE, SEND("\r\nhell"), HANG}, true},
    };

    (void)state;
    fixture.options.response.follow = true;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fetch_from(&(struct script){.reads = cases[i].reads});
        if (outcome.result.error)
            fail_msg("case %zu: %s", i, error_code(outcome.result.error));
        assert_int_equal(outcome.result.status, 302);
        assert_false(outcome.result.truncated);
        assert_int_equal(fixture.opened, 1);
        assert_int_equal(fixture.closed, !cases[i].waits_for_rest);
        pool_drop_oldest(fixture.pool);
    }
}

/* The rest of a short body is read during the next exchange; then the connection is reused. */
static void connection_of_a_redirect_is_reused(void **state)
{
    static const struct script_step late[] = {
        AFTER_REQUEST, SEND(MOVED "Content-Length: 5\r\n\r\nhe"),
        PAUSE,         SEND("llo"),
        AFTER_REQUEST, SEND(HELLO),
        LAST};
    struct script_step stalled[] = {AFTER_REQUEST, SEND(MOVED "Content-Length: 5\r\n\r\n"), HANG};
    const struct script scripts[] = {{.reads = late}, {.reads = stalled}};

    (void)state;
    fixture.options.response.follow = true;
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        bool kept = i == 0;

        fixture.options.keep_alive = true;
        fetch_from(&scripts[i]);
        assert_int_equal(fixture.closed, 0);
        if (!kept)
            break;
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        assert_int_equal(fixture.opened, 1);
        pool_drop_oldest(fixture.pool);
        fixture.options.keep_alive = false;
        fetch_from(&scripts[i]);
        assert_int_equal(fixture.closed, 1);
    }
    pool_drop_oldest(fixture.pool);
}

/* If a part of the request was not sent, the connection is closed. */
static void redirect_of_unsent_content(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 5\r\n\r\n"), HANG};
    static const struct script_step writes[] = {TAKE(1000), STUCK};
    static char bytes[100000];

    (void)state;
    fixture.options.response.follow = true;
    site->content = content_new(bytes, sizeof(bytes));
    fetch_from(&(struct script){.reads = reads, .writes = writes});
    assert_int_equal(outcome.result.error, ERROR_NONE);
    assert_int_equal(outcome.result.status, 307);
    assert_int_equal(fixture.closed, 1);
}

static void invalid_coding(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip at all"),
        HANG};

    (void)state;
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_BAD_CODING);
    assert_int_equal(outcome.result.phase, PHASE_RECEIVE);
    assert_string_equal(outcome.result.detail, "gzip");
    assert_int_equal(outcome.result.status, 200);
    assert_int_equal(fixture.closed, 1);
}

static void cookies_are_stored(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"),
        LAST};
    struct request request = request_of(site);
    struct exchange exchange = {0};
    struct cookies *jar = NULL;
    char *cookies;

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    outcome = (struct outcome){0};
    exchange_init(&exchange, &fixture.dialer, fixture.pool, &fixture.options, site);
    exchange_start(&exchange, &request, NSEC_NEVER, &jar, outcome_record, &outcome);
    TURN_UNTIL(fixture.loop, outcome.reports);
    cookies = cookies_for(jar, &site->url, 0);
    assert_string_equal(cookies, "a=1");
    free(cookies);
    cookies_free(jar);
    exchange_clear(&exchange);
}

/* Each line of the probe, and blocks as they were sent and received. */
static char traced[1024];

static void on_line(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                    size_t length)
{
    size_t used = strlen(traced);

    (void)owner;
    assert_int_equal(number, 1);
    if (kind != PROBE_NOTE)
        snprintf(traced + used, sizeof(traced) - used, "%c %.*s\n", "*><"[kind], (int)length, text);
}

static void probe_gets_lines_and_blocks(void **state)
{
    static const struct probe probe = {.line = on_line};
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nA: b\r\nC:\td \r\nContent-Len"),
        PAUSE,         SEND("gth: 5\r\n\r\nhello"),
        AFTER_REQUEST, SEND("HTTP/1.1 103 Early Hi"),
        PAUSE,         SEND("nts\r\nLink: l\r\n\r\nHTTP/1.1 404\r\nContent-Length: 0\r\n\r\n"),
        LAST};
    static const char fields[] = "> User-Agent: a\n> Accept: b\n> \n";
    char expected[1024];

    (void)state;
    loop_set_probe(fixture.loop, &probe);
    *traced = '\0';
    site->headers = strdup("Host:\r\nAccept-Encoding:\r\nUser-Agent: a\r\nAccept: b\r\n");
    fetch_from(&(struct script){.reads = reads});
    expect_hello(&outcome.result);
    snprintf(expected, sizeof(expected),
             "> GET /path HTTP/1.1\n%s< HTTP/1.1 200 OK\n< A: b\n< C: d\n< Content-Length: 5\n< \n",
             fields);
    assert_string_equal(traced, expected);
    *traced = '\0';
    fixture_fetch(&fixture, site, &outcome);
    snprintf(expected, sizeof(expected),
             "> GET /path HTTP/1.1\n%s< HTTP/1.1 103 Early Hints\n< HTTP/1.1 404\n< "
             "Content-Length: 0\n< \n",
             fields);
    assert_string_equal(traced, expected);
}

/* Failures. */

static void failures_have_their_own_errors(void **state)
{
    static const struct {
        struct script_step reads[4];
        enum error error;
        enum phase phase;
    } cases[] = {
        {{AFTER_REQUEST, END}, ERROR_EMPTY, PHASE_WAIT},
        {{AFTER_REQUEST, FAIL(ECONNRESET)}, ERROR_WAIT_RESET, PHASE_WAIT},
        {{AFTER_REQUEST, FAIL(TLS_TRUNCATED)}, ERROR_EMPTY, PHASE_WAIT},
        {{AFTER_REQUEST, SEND("garbage\r\n")}, ERROR_MALFORMED, PHASE_RECEIVE},
        {{AFTER_REQUEST, SEND("HTTP/1.1 2"), END}, ERROR_TRUNCATED, PHASE_RECEIVE},
        {{AFTER_REQUEST, SEND("HTTP/1.1 2"), FAIL(ECONNRESET)}, ERROR_RECEIVE_RESET, PHASE_RECEIVE},
        {{AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), END},
         ERROR_TRUNCATED,
         PHASE_RECEIVE},
        {{AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\nhell"), FAIL(TLS_TRUNCATED)},
         ERROR_TLS_TRUNCATED,
         PHASE_RECEIVE},
        {{AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\nhell"), FAIL(EIO)},
         ERROR_RECEIVE_FAILED,
         PHASE_RECEIVE},
        {{AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")},
         ERROR_MALFORMED,
         PHASE_RECEIVE},
        {{AFTER_REQUEST, SEND("HTTP/1.1 101 Switching Protocols\r\n\r\n")},
         ERROR_UPGRADE,
         PHASE_RECEIVE},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fetch_from(&(struct script){.reads = cases[i].reads});
        if (outcome.result.error != cases[i].error || outcome.result.phase != cases[i].phase)
            fail_msg("case %zu: %s in %s", i, error_code(outcome.result.error),
                     phase_name(outcome.result.phase));
        assert_int_equal(fixture.opened, 1);
        assert_int_equal(fixture.closed, 1);
    }
}

static void endless_head_is_refused(void **state)
{
    static char line[PIECE_BYTES + 1];
    const struct script_step reads[] = {AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nX: "),
                                        SEND(line),    SEND(line),
                                        SEND(line),    SEND(line),
                                        SEND(line),    END};

    (void)state;
    memset(line, 'x', PIECE_BYTES);
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_HEADER_TOO_LARGE);
}

/* Line ends before a response count towards the limit of its head. */
static void endless_line_ends_are_refused(void **state)
{
    static char ends[PIECE_BYTES + 1];
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(ends), SEND(ends), SEND(ends),
                                               SEND(ends),    SEND(ends), END};

    (void)state;
    memset(ends, '\n', PIECE_BYTES);
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_HEADER_TOO_LARGE);
}

/* A CR before a response is no line end, however the bytes are cut. */
static void carriage_return_before_a_response(void **state)
{
    static const struct script_step cases[][4] = {
        {AFTER_REQUEST, SEND("\r" HELLO), LAST},
        {AFTER_REQUEST, SEND("\r"), SEND(HELLO), LAST},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fetch_from(&(struct script){.reads = cases[i]});
        assert_int_equal(outcome.result.error, ERROR_MALFORMED);
    }
}

static void handshake_fails(void **state)
{
    static const struct {
        struct script_step step;
        enum error error;
    } cases[] = {
        {FAIL(TLS_CERT_EXPIRED), ERROR_TLS_CERT_EXPIRED},
        {FAIL(ECONNRESET), ERROR_TLS_RESET},
        {FAIL(TLS_TRUNCATED), ERROR_TLS_CLOSED},
        {END, ERROR_TLS_CLOSED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step handshakes[] = {PAUSE, cases[i].step};

        fetch_from(&(struct script){.handshakes = handshakes});
        assert_int_equal(outcome.result.error, cases[i].error);
        assert_int_equal(outcome.result.phase, PHASE_TLS);
        assert_true(outcome.result.stamps.connect > 0);
    }
    fixture.refuse = true;
    fixture_fetch(&fixture, site, &outcome);
    assert_int_equal(outcome.result.error, ERROR_TLS_FAILED);
    fixture.refuse = false;
}

/* Responses before the whole request was sent. */

static void early_response_while_sending(void **state)
{
    static const struct script_step reads[] = {SEND(HELLO), LAST};
    static const struct script_step stuck[] = {TAKE(5), STUCK};

    (void)state;
    fetch_from(&(struct script){.reads = reads, .writes = stuck});
    expect_hello(&outcome.result);
    assert_int_equal(fixture.closed, 1); /* the rest of the request is not sent */
}

static void early_head_then_the_rest(void **state)
{
    static const struct script_step reads[] = {SEND("HTTP/1.1 200 OK\r\n"), AFTER_REQUEST,
                                               SEND("Content-Length: 5\r\n\r\nhello"), LAST};
    static const struct script_step writes[] = {TAKE(5), BLOCK, TAKE(7), BLOCK, LAST};

    (void)state;
    fetch_from(&(struct script){.reads = reads, .writes = writes});
    expect_hello(&outcome.result);
    assert_int_equal(fixture.closed, 0); /* the whole request was sent: the connection is kept */
}

static void send_error_with_a_response(void **state)
{
    static const struct script_step writes[] = {TAKE(5), FAIL(EPIPE)};
    static const struct script_step responses[] = {SEND("HTTP/1.1 413 Too Large\r\n"), PAUSE,
                                                   SEND("Content-Length: 0\r\n\r\n"), LAST};

    (void)state;
    fetch_from(&(struct script){.reads = responses, .writes = writes});
    assert_int_equal(outcome.result.error, ERROR_NONE);
    assert_int_equal(outcome.result.status, 413);
    assert_int_equal(fixture.closed, 1);
}

static void send_error_without_a_response(void **state)
{
    static const struct script_step writes[] = {TAKE(5), FAIL(EPIPE)};
    static const struct script_step other[] = {FAIL(EIO)};
    static const struct script_step ends[] = {END};
    static const struct script_step resets[] = {FAIL(ECONNRESET)};
    static const struct {
        struct script script;
        enum error error;
    } cases[] = {
        {{.writes = writes}, ERROR_SEND_RESET},
        {{.writes = other}, ERROR_SEND_FAILED},
        {{.writes = writes, .reads = ends}, ERROR_SEND_RESET},
        {{.writes = writes, .reads = resets}, ERROR_SEND_RESET},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fetch_from(&cases[i].script);
        if (outcome.result.error != cases[i].error || outcome.result.phase != PHASE_SEND)
            fail_msg("case %zu: %s in %s", i, error_code(outcome.result.error),
                     phase_name(outcome.result.phase));
    }
}

/* Kept connections. */

static void kept_connection_is_reused(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), REPEAT};
    const struct stamps *s = &outcome.result.stamps;

    (void)state;
    fetch_from(&(struct script){.reads = reads});
    assert_true(s->connect > 0);
    for (int i = 0; i < 3; i++) {
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        assert_int_equal(fixture.opened, 1);
        assert_true(!s->dns && !s->connect && !s->tls);
        assert_int_equal(address_port(&outcome.result.address), address_port(&fixture.address));
        assert_string_equal(outcome.result.tls.version, "SCRIPT");
    }
}

static void closing_connection_is_not_kept(void **state)
{
    static const char *const responses[] = {
        CLOSING, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        HELLO "HTTP/1.1 200 OK\r\n", /* an extra response in the same read */
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(responses); i++) {
        const struct script_step reads[] = {AFTER_REQUEST, SEND(responses[i]), LAST};

        fetch_from(&(struct script){.reads = reads});
        expect_hello(&outcome.result);
        assert_int_equal(fixture.closed, 1);
        assert_false(pool_drop_oldest(fixture.pool));
    }
}

/* An extra line end (RFC 9112, section 2.2): with the response, after it, or before the next. */
static void extra_line_ends_are_ignored(void **state)
{
    static const struct script_step cases[][6] = {
        {AFTER_REQUEST, SEND(HELLO "\r\n"), REPEAT},
        {AFTER_REQUEST, SEND(HELLO "\n"), REPEAT},
        {AFTER_REQUEST, SEND(HELLO), SEND("\r\n"), REPEAT},
        {AFTER_REQUEST, SEND(HELLO "\r"), SEND("\n"), REPEAT},
        {AFTER_REQUEST, SEND("\r\n"), PAUSE, SEND(HELLO), REPEAT},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fetch_from(&(struct script){.reads = cases[i]});
        expect_hello(&outcome.result);
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        assert_int_equal(fixture.opened, 1);
        assert_true(pool_drop_oldest(fixture.pool));
    }
}

/* If a kept connection sends bytes that are no response, they may be the rest of the previous
   response: the request is sent again, on a new connection. A close after a line end counts as a
   close before the response. */
static void kept_connection_with_other_bytes_is_replaced(void **state)
{
    static const struct script_step junk[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST,
                                              SEND("junk"), LAST};
    static const struct script_step end[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST,
                                             SEND("\r\n"), END};
    static const struct script_step good[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    static const struct script_step bad[] = {AFTER_REQUEST, SEND("junk"), LAST};
    static const struct script scripts[][2] = {
        {{.reads = junk}, {.reads = good}},
        {{.reads = end}, {.reads = good}},
        {{.reads = junk}, {.reads = bad}},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        fixture_set_scripts(&fixture, scripts[i], 2);
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        fixture_fetch(&fixture, site, &outcome);
        if (i < 2)
            expect_hello(&outcome.result);
        else
            assert_int_equal(outcome.result.error, ERROR_MALFORMED);
        assert_int_equal(fixture.opened, 2);
        pool_drop_oldest(fixture.pool);
    }
}

/* Bytes after the response, in a separate read, must not be taken for the next response. */
static void connection_with_extra_bytes_is_not_kept(void **state)
{
    static const struct script_step more[] = {AFTER_REQUEST, SEND(HELLO),
                                              SEND("HTTP/1.1 404 No\r\n"), LAST};
    static const struct script_step end[] = {AFTER_REQUEST, SEND(HELLO), END};
    static const struct script_step good[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    static const struct script scripts[][2] = {{{.reads = more}, {.reads = good}},
                                               {{.reads = end}, {.reads = good}}};

    (void)state;
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        fixture_set_scripts(&fixture, scripts[i], 2);
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        assert_int_equal(fixture.opened, 2);
        pool_drop_oldest(fixture.pool);
    }
}

/* FIN with the response. */
static void ended_connection_is_not_kept(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, PAUSE, PAUSE, SEND(HELLO), LAST};
    struct exchange exchange = {0};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_start(&fixture, &exchange, site, &outcome);
    TURN_UNTIL(fixture.loop, exchange.state >= EXCHANGE_SEND);
    sock_note_events(exchange.conn->sock, EPOLLIN | EPOLLRDHUP);
    TURN_UNTIL(fixture.loop, outcome.reports);
    expect_hello(&outcome.result);
    assert_int_equal(fixture.closed, 1);
    exchange_clear(&exchange);
}

/* A request that is not idempotent gets a new connection, which later requests can reuse. */
static void unsafe_requests_get_a_new_connection(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), REPEAT};
    static const struct {
        const char *method;
        size_t opened;
    } steps[] = {{"GET", 1}, {"POST", 2}, {"PATCH", 3}, {"PUT", 3}, {"MKCOL", 4}, {"DELETE", 4}};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    for (size_t i = 0; i < LENGTH(steps); i++) {
        free(site->method);
        site->method = strdup(steps[i].method);
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        assert_int_equal(fixture.opened, steps[i].opened);
    }
    assert_int_equal(fixture.closed, 0);
}

static void without_keep_alive_connections_are_closed(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), REPEAT};

    (void)state;
    fixture.options.keep_alive = false;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    for (size_t i = 1; i < 3; i++) {
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        assert_non_null(strstr(fixture.received, "\r\nConnection: close\r\n"));
        assert_int_equal(fixture.opened, i);
        assert_int_equal(fixture.closed, i);
    }
}

static void tcp_facts_are_recorded(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), REPEAT};
    static const struct script_step ends[] = {AFTER_REQUEST, END};

    (void)state;
    for (int wanted = 0; wanted < 2; wanted++) {
        fixture.options.tcp_facts = wanted;
        fetch_from(&(struct script){.reads = reads}); /* kept, then closed */
        assert_int_equal(outcome.result.tcp.known, wanted);
        pool_drop_oldest(fixture.pool);
        fetch_from(&(struct script){.reads = ends});
        assert_int_equal(outcome.result.tcp.known, wanted);
    }
}

static void dead_kept_connection_is_replaced_once(void **state)
{
    static const struct script_step ends[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST, END};
    static const struct script_step resets[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST,
                                                FAIL(ECONNRESET)};
    static const struct script_step cuts[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST,
                                              FAIL(TLS_TRUNCATED)};
    static const struct script_step hangs[] = {AFTER_REQUEST, SEND(HELLO), HANG};
    static const struct script_step breaks[] = {TAKE(9999), FAIL(EPIPE)};
    static const struct script_step good[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    static const struct script_step dead[] = {AFTER_REQUEST, END};
    static const struct script firsts[] = {
        {.reads = ends}, {.reads = resets}, {.reads = cuts}, {.reads = hangs, .writes = breaks}};

    (void)state;
    for (size_t i = 0; i < 2 * LENGTH(firsts); i++) {
        bool recovers = i < LENGTH(firsts);
        const struct script scripts[] = {firsts[i % LENGTH(firsts)],
                                         {.reads = recovers ? good : dead}};

        fixture_set_scripts(&fixture, scripts, 2);
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        fixture_fetch(&fixture, site, &outcome);
        assert_int_equal(fixture.opened, 2);
        assert_int_equal(outcome.result.error, recovers ? ERROR_NONE : ERROR_EMPTY);
        assert_true(outcome.result.stamps.connect > outcome.result.stamps.start);
        if (recovers)
            expect_hello(&outcome.result);
        pool_drop_oldest(fixture.pool);
    }
}

/* Other connections of the pool may be dead too, so the second try needs a new one. */
static void second_try_is_on_a_new_connection(void **state)
{
    static const struct script_step dead[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST, END};
    static const struct script_step good[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    static const struct script scripts[] = {{.reads = dead}, {.reads = dead}, {.reads = good}};
    struct exchange exchanges[2] = {{0}};
    struct outcome outcomes[2];

    (void)state;
    fixture_set_scripts(&fixture, scripts, 3);
    for (size_t i = 0; i < LENGTH(exchanges); i++)
        fixture_start(&fixture, &exchanges[i], site, &outcomes[i]);
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports);
    assert_int_equal(fixture.closed, 0);
    for (size_t i = 0; i < LENGTH(exchanges); i++)
        exchange_clear(&exchanges[i]);
    fixture_fetch(&fixture, site, &outcome);
    expect_hello(&outcome.result);
    assert_int_equal(fixture.opened, 3);
    assert_int_equal(fixture.closed, 1);
}

static void kept_connection_that_responded_is_not_replaced(void **state)
{
    static const struct {
        struct script_step last;
        enum error error;
    } cases[] = {{END, ERROR_TRUNCATED}, {FAIL(ECONNRESET), ERROR_RECEIVE_RESET}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST,
                                            SEND("HTTP/1.1 20"), cases[i].last};

        fetch_from(&(struct script){.reads = reads});
        fixture_fetch(&fixture, site, &outcome);
        assert_int_equal(outcome.result.error, cases[i].error);
        assert_int_equal(fixture.opened, 1);
    }
}

/* 408 on a connection that was idle concerns the idle time (RFC 9110, section 15.5.9): the request
   is sent again on a new connection, once. On a new connection 408 is the result. */
static void idle_timeout_is_not_the_result(void **state)
{
#define LATE "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
    static const struct script_step whole[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST,
                                               SEND(LATE "late"), END};
    static const struct script_step head[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST, SEND(LATE),
                                              HANG};
    static const struct script_step cut[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST, SEND(LATE),
                                             END};
    static const struct script_step good[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    static const struct script_step late[] = {AFTER_REQUEST, SEND(LATE "late"), END};
    static const struct script_step dead[] = {AFTER_REQUEST, END};
    static const struct script firsts[] = {{.reads = whole}, {.reads = head}, {.reads = cut}};
    static const struct {
        const struct script_step *reads;
        enum error error;
        unsigned status;
    } seconds[] = {{good, ERROR_NONE, 200}, {late, ERROR_NONE, 408}, {dead, ERROR_EMPTY, 0}};

    (void)state;
    for (size_t i = 0; i < LENGTH(firsts) * LENGTH(seconds); i++) {
        size_t second = i % LENGTH(seconds);
        const struct script scripts[] = {firsts[i / LENGTH(seconds)],
                                         {.reads = seconds[second].reads}};

        fixture_set_scripts(&fixture, scripts, 2);
        fixture_fetch(&fixture, site, &outcome);
        expect_hello(&outcome.result);
        fixture_fetch(&fixture, site, &outcome);
        assert_int_equal(fixture.opened, 2);
        assert_int_equal(outcome.result.error, seconds[second].error);
        assert_int_equal(outcome.result.status, seconds[second].status);
        assert_true(outcome.result.stamps.connect > outcome.result.stamps.start);
        pool_drop_oldest(fixture.pool);
    }
}

static void error_of_the_second_connection_is_reported(void **state)
{
    static const struct script_step kept[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST, END};
    static const struct script_step refuses[] = {FAIL(TLS_ALERT)};
    static const struct script scripts[] = {{.reads = kept}, {.handshakes = refuses}};

    (void)state;
    fixture_set_scripts(&fixture, scripts, 2);
    fixture_fetch(&fixture, site, &outcome);
    fixture_fetch(&fixture, site, &outcome);
    assert_int_equal(outcome.result.error, ERROR_TLS_ALERT);
    assert_null(outcome.result.tls.version);
}

/* Deadlines. */

#define LIMIT (5 * NSEC_PER_S)

/* Starts an exchange and turns the loop until nothing more happens. */
static void start_and_hang(struct exchange *exchange, const struct site *fetched, nsec ttfb,
                           bool may_turn)
{
    *exchange = (struct exchange){0};
    fixture.options.ttfb_timeout = ttfb;
    fixture_start(&fixture, exchange, fetched, &outcome);
    for (int i = 0; may_turn && i < 20; i++)
        loop_turn(fixture.loop, NSEC_PER_MS);
    assert_int_equal(outcome.reports, 0);
}

/* Expects nothing a nanosecond before the deadline, and this failure at the deadline. */
static void expect_end(struct exchange *exchange, enum error error, enum phase phase)
{
    fixture.clock.now += LIMIT - 1;
    loop_turn(fixture.loop, 0);
    assert_int_equal(outcome.reports, 0);
    fixture.clock.now += 1;
    unit_settle(fixture.loop);
    assert_int_equal(outcome.reports, 1);
    if (outcome.result.error != error || outcome.result.phase != phase)
        fail_msg("%s in %s, not %s in %s", error_code(outcome.result.error),
                 phase_name(outcome.result.phase), error_code(error), phase_name(phase));
    exchange_clear(exchange);
}

static const struct script_step hang[] = {HANG};
static const struct script_step hang_in_body[] = {
    AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), HANG};
static const struct script_step stuck[] = {TAKE(9), STUCK};

/* Where an exchange can hang, and the error of each deadline. */
static const struct {
    struct script script;
    enum phase phase;
    enum error own; /* the phase's own deadline; ERROR_NONE: it has none */
} hangs[] = {
    {{.handshakes = hang}, PHASE_TLS, ERROR_TLS_TIMEOUT},
    {{.writes = stuck}, PHASE_SEND, ERROR_NONE},
    {{.reads = hang}, PHASE_WAIT, ERROR_TTFB_TIMEOUT},
    {{.reads = hang_in_body}, PHASE_RECEIVE, ERROR_NONE},
};

static void phases_have_deadlines(void **state)
{
    struct exchange exchange;

    (void)state;
    fixture.clock.tick = 0;
    fixture.dialer.tls_timeout = LIMIT;
    for (size_t i = 0; i < LENGTH(hangs); i++) {
        if (!hangs[i].own)
            continue;
        fixture_set_scripts(&fixture, &hangs[i].script, 1);
        start_and_hang(&exchange, site, LIMIT, true);
        expect_end(&exchange, hangs[i].own, hangs[i].phase);
    }
}

static void all_phases_have_the_total_deadline(void **state)
{
    struct exchange exchange;

    (void)state;
    fixture.clock.tick = 0;
    site->timeout = LIMIT;
    for (size_t i = 0; i < LENGTH(hangs); i++) {
        fixture_set_scripts(&fixture, &hangs[i].script, 1);
        start_and_hang(&exchange, site, NSEC_NEVER, true);
        expect_end(&exchange, ERROR_TOTAL_TIMEOUT, hangs[i].phase);
    }
}

/* The kernel has connected, but the loop has not turned yet. */
static void connect_has_a_deadline(void **state)
{
    struct exchange exchange;

    (void)state;
    fixture.clock.tick = 0;
    fixture_set_scripts(&fixture, &hangs[0].script, 1);
    fixture.dialer.connect_timeout = LIMIT;
    start_and_hang(&exchange, site, NSEC_NEVER, false);
    assert_int_equal(pool_wait_dial(&exchange.wait)->state, DIAL_CONNECT);
    fixture.clock.now += LIMIT;
    loop_turn(fixture.loop, 0);
    assert_int_equal(outcome.result.error, ERROR_CONNECT_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_CONNECT);
    exchange_clear(&exchange);

    fixture.dialer.connect_timeout = NSEC_NEVER;
    site->timeout = LIMIT;
    start_and_hang(&exchange, site, NSEC_NEVER, false);
    fixture.clock.now += LIMIT;
    loop_turn(fixture.loop, 0);
    assert_int_equal(outcome.result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_CONNECT);
    assert_int_equal(address_port(&outcome.result.address), address_port(&fixture.address));
    exchange_clear(&exchange);
}

/* The address is reported although the exchange failed. */
static void total_deadline_after_the_lookup(void **state)
{
    static const struct nameserver_rule rules[] = {{.name = "name.test", .v4 = "127.0.0.1"},
                                                   {.name = NULL}};
    struct nameserver server;
    struct resolver_options options = {.servers = server.servers};
    struct site *named = site_new();
    struct exchange exchange;
    const char *why;
    char url[64];

    (void)state;
    nameserver_start(&server, fixture.loop, rules);
    fixture.dialer.resolver = resolver_new(fixture.loop, &options, &why);
    snprintf(url, sizeof(url), "http://name.test:%u/", address_port(&fixture.address));
    assert_null(url_parse(&named->url, url, strlen(url)));
    named->timeout = LIMIT;
    fixture_set_scripts(&fixture, &hangs[0].script, 1);
    start_and_hang(&exchange, named, NSEC_NEVER, false);
    TURN_UNTIL(fixture.loop, pool_wait_dial(&exchange.wait)->state == DIAL_CONNECT);
    fixture.clock.now += LIMIT;
    loop_turn(fixture.loop, 0);
    assert_int_equal(outcome.result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_CONNECT);
    assert_true(outcome.result.stamps.dns > 0);
    assert_int_equal(address_port(&outcome.result.address), address_port(&fixture.address));

    exchange_clear(&exchange);
    resolver_free(fixture.dialer.resolver);
    nameserver_stop(&server);
    site_free(named);
}

/* A silent nameserver: its socket is never read. */
static void lookup_has_a_deadline(void **state)
{
    struct address at;
    char servers[ADDRESS_TEXT_BYTES];
    struct resolver_options options = {.servers = servers};
    struct site *named = site_new();
    struct exchange exchange;
    const char *why;
    int silent;

    (void)state;
    fixture.clock.tick = 0;
    address_parse(&at, "127.0.0.1", 0);
    silent = sock_bind_udp(&at);
    address_text(&at, servers);
    fixture.dialer.resolver = resolver_new(fixture.loop, &options, &why);
    assert_null(url_parse(&named->url, "http://name.test/", 17));
    fixture_set_scripts(&fixture, &hangs[0].script, 1);

    fixture.dialer.dns_timeout = LIMIT;
    start_and_hang(&exchange, named, NSEC_NEVER, true);
    expect_end(&exchange, ERROR_DNS_TIMEOUT, PHASE_DNS);
    assert_int_equal(outcome.result.address.length, 0);

    fixture.dialer.dns_timeout = NSEC_NEVER;
    named->timeout = LIMIT;
    start_and_hang(&exchange, named, NSEC_NEVER, true);
    expect_end(&exchange, ERROR_TOTAL_TIMEOUT, PHASE_DNS);

    resolver_free(fixture.dialer.resolver);
    site_free(named);
    close(silent);
}

/* After the first byte its deadline does not apply: a slow head or body has only the total one. */
static void first_byte_ends_its_deadline(void **state)
{
    static const struct script_step hang_in_head[] = {AFTER_REQUEST, SEND("HTTP/1.1 20"), HANG};
    static const struct script scripts[] = {{.reads = hang_in_head}, {.reads = hang_in_body}};
    struct exchange exchange;

    (void)state;
    fixture.clock.tick = 0;
    site->timeout = 10 * LIMIT;
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        fixture_set_scripts(&fixture, &scripts[i], 1);
        start_and_hang(&exchange, site, LIMIT, true);
        fixture.clock.now += 9 * LIMIT;
        unit_settle(fixture.loop);
        assert_int_equal(outcome.reports, 0);
        expect_end(&exchange, ERROR_TOTAL_TIMEOUT, PHASE_RECEIVE);
    }
}

/* Bytes that arrive one by one do not extend the deadline. */
static void slow_body_ends_at_the_total_deadline(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\n"),
                                               SEND("x"),     PAUSE,
                                               SEND("x"),     PAUSE,
                                               SEND("x"),     PAUSE,
                                               SEND("x"),     PAUSE,
                                               SEND("x"),     PAUSE,
                                               SEND("x"),     HANG};

    (void)state;
    fixture.clock.tick = LIMIT / 10;
    site->timeout = LIMIT;
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_RECEIVE);
}

/* Fairness. */

static void endless_body_yields(void **state)
{
    static char piece[PIECE_BYTES + 1];
    const struct script_step endless[] = {SEND("HTTP/1.1 200 OK\r\n\r\n"),
                                          SEND(piece),
                                          SEND(piece),
                                          SEND(piece),
                                          SEND(piece),
                                          REPEAT};
    static const struct script_step good[] = {AFTER_REQUEST, PAUSE, SEND(HELLO), LAST};
    const struct script scripts[] = {{.reads = endless}, {.reads = good}};
    struct outcome never;
    struct exchange exchange = {0}, other = {0};
    int turns = 0;

    (void)state;
    memset(piece, 'x', PIECE_BYTES);
    fixture_set_scripts(&fixture, scripts, 2);
    fixture_start(&fixture, &exchange, site, &never);
    TURN_UNTIL(fixture.loop, exchange.result.body_bytes);
    fixture_start(&fixture, &other, site, &outcome);
    for (; !outcome.reports; turns++)
        loop_turn(fixture.loop, 0);
    expect_hello(&outcome.result);
    assert_true(turns < 50);
    assert_int_equal(never.reports, 0);
    exchange_clear(&other);
    exchange_clear(&exchange);
}

/* Freed by the owner. */

static void aborted_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(hangs); i++) {
        struct exchange exchange;

        fixture_set_scripts(&fixture, &hangs[i].script, 1);
        start_and_hang(&exchange, site, LIMIT, true);
        exchange_clear(&exchange);
        exchange_clear(&exchange);
        fixture.clock.now += 2 * LIMIT;
        unit_settle(fixture.loop);
        assert_int_equal(outcome.reports, 0);
        assert_int_equal(fixture.closed, 1);
    }
}

static void free_in_report(void *owner, const struct result *result)
{
    (void)result;
    exchange_clear(owner);
    free(owner);
    outcome.reports++;
}

static void may_be_freed_in_its_report_callback(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(HELLO), LAST};
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    struct request request = request_of(site);

    (void)state;
    outcome = (struct outcome){0};
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    exchange_init(exchange, &fixture.dialer, fixture.pool, &fixture.options, site);
    exchange_start(exchange, &request, NSEC_NEVER, NULL, free_in_report, exchange);
    TURN_UNTIL(fixture.loop, outcome.reports);
    unit_settle(fixture.loop);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(all_stamps_in_order),
        CASE(request_is_sent_as_built),
        CASE(short_writes_at_every_byte),
        CASE(responses_split_at_every_byte),
        CASE(head_of_a_body),
        CASE(body_up_to_the_end),
        CASE(content_follows_the_head),
        CASE(early_response_to_content),
        CASE(body_is_read_to_its_limit),
        CASE(body_of_a_followed_redirect),
        CASE(body_of_a_redirect_may_fail),
        CASE(connection_of_a_redirect_is_reused),
        CASE(redirect_of_unsent_content),
        CASE(invalid_coding),
        CASE(cookies_are_stored),
        CASE(probe_gets_lines_and_blocks),
        CASE(failures_have_their_own_errors),
        CASE(endless_head_is_refused),
        CASE(endless_line_ends_are_refused),
        CASE(carriage_return_before_a_response),
        CASE(handshake_fails),
        CASE(early_response_while_sending),
        CASE(early_head_then_the_rest),
        CASE(send_error_with_a_response),
        CASE(send_error_without_a_response),
        CASE(kept_connection_is_reused),
        CASE(closing_connection_is_not_kept),
        CASE(connection_with_extra_bytes_is_not_kept),
        CASE(extra_line_ends_are_ignored),
        CASE(kept_connection_with_other_bytes_is_replaced),
        CASE(ended_connection_is_not_kept),
        CASE(unsafe_requests_get_a_new_connection),
        CASE(without_keep_alive_connections_are_closed),
        CASE(tcp_facts_are_recorded),
        CASE(dead_kept_connection_is_replaced_once),
        CASE(second_try_is_on_a_new_connection),
        CASE(kept_connection_that_responded_is_not_replaced),
        CASE(idle_timeout_is_not_the_result),
        CASE(error_of_the_second_connection_is_reported),
        CASE(phases_have_deadlines),
        CASE(all_phases_have_the_total_deadline),
        CASE(connect_has_a_deadline),
        CASE(total_deadline_after_the_lookup),
        CASE(lookup_has_a_deadline),
        CASE(first_byte_ends_its_deadline),
        CASE(slow_body_ends_at_the_total_deadline),
        CASE(endless_body_yields),
        CASE(aborted_in_every_state),
        CASE(may_be_freed_in_its_report_callback),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}

/* The exchange's machine over scripted connections and a fake clock. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/request.h"
#include "reactor/resolver.h"
#include "tests/support/nameserver.h"
#include "tests/support/stage.h"

#define HELLO       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define CLOSING     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
#define PIECE_BYTES 65536

static struct stage stage;
static struct site *site; /* http, at the stage */
static struct outcome outcome;

static int setup(void **state)
{
    (void)state;
    stage_open(&stage, NSEC_PER_US);
    site = stage_site(&stage, "http", "/path");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    site_free(site);
    stage_close(&stage);
    return 0;
}

/* Fetches the site from a connection that plays this. */
static void fetch_from(const struct script *script)
{
    stage_play(&stage, script, 1);
    stage_fetch(&stage, site, &outcome);
}

static void expect_hello(const struct result *result)
{
    assert_int_equal(result->error, ERROR_NONE);
    assert_int_equal(result->status, 200);
    assert_int_equal(result->body_bytes, 5);
    assert_memory_equal(result->snippet, "hello", 5);
}

/* The way of life. */

static void all_stamps_in_order(void **state)
{
    static const struct script_step handshakes[] = {PAUSE, BLOCK, PAUSE, LAST};
    static const struct script_step writes[] = {TAKE(3), BLOCK, LAST};
    static const struct script_step reads[] = {ASKED,
                                               PAUSE,
                                               SAY("HTTP/1.1 200 OK\r\n"),
                                               PAUSE,
                                               SAY("Content-Length: 5\r\n\r\n"),
                                               PAUSE,
                                               SAY("he"),
                                               PAUSE,
                                               SAY("llo"),
                                               LAST};
    struct site *secure = stage_site(&stage, "https", "/");
    const struct stamps *s = &outcome.result.stamps;

    (void)state;
    stage_play(&stage, &(struct script){reads, writes, handshakes}, 1);
    stage_fetch(&stage, secure, &outcome);
    expect_hello(&outcome.result);
    assert_true(s->dns == 0); /* an address needs no name server */
    assert_true(s->start >= s->taken && s->connect > s->start && s->tls > s->connect);
    assert_true(s->send > s->tls && s->first_byte > s->send && s->head > s->first_byte);
    assert_true(s->done > s->head);
    assert_string_equal(outcome.result.tls.version, "SCRIPT");
    assert_int_equal(address_port(&outcome.result.address), address_port(&stage.at));
    assert_int_equal(outcome.result.major, 1);
    assert_int_equal(outcome.result.minor, 1);
    site_free(secure);
}

static void request_goes_out_as_built(void **state)
{
    static const struct script_step reads[] = {ASKED, SAY(HELLO), LAST};
    size_t length;
    char *request = request_build(site, &length);

    (void)state;
    fetch_from(&(struct script){.reads = reads});
    expect_hello(&outcome.result);
    assert_string_equal(stage.heard, request);
    free(request);
}

static void short_writes_at_every_byte(void **state)
{
    static const struct script_step reads[] = {ASKED, SAY(HELLO), LAST};
    static const struct script_step singly[] = {TAKE(1), AGAIN};
    static const struct script_step slowly[] = {TAKE(1), BLOCK, AGAIN};
    size_t length;
    char *request = request_build(site, &length);

    (void)state;
    for (size_t cut = 1; cut <= length; cut++) {
        const struct script_step writes[] = {TAKE(cut), BLOCK, LAST};

        fetch_from(&(struct script){.reads = reads, .writes = writes});
        expect_hello(&outcome.result);
        assert_string_equal(stage.heard, request);
        pool_drop_oldest(stage.pool);
    }
    fetch_from(&(struct script){.reads = reads, .writes = singly});
    assert_string_equal(stage.heard, request);
    pool_drop_oldest(stage.pool);
    fetch_from(&(struct script){.reads = reads, .writes = slowly});
    assert_string_equal(stage.heard, request);
    free(request);
}

static void reads_cut_at_every_byte(void **state)
{
    static const char *const answers[] = {
        HELLO,
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(answers); i++) {
        for (size_t cut = 1; cut < strlen(answers[i]); cut++) {
            const struct script_step first = {SCRIPT_SAY, cut, answers[i], 0};
            const struct script_step reads[] = {ASKED, first, PAUSE, SAY(answers[i] + cut), LAST};

            fetch_from(&(struct script){.reads = reads});
            expect_hello(&outcome.result);
            assert_int_equal(stage.closed, 0);
            assert_true(pool_drop_oldest(stage.pool));
        }
    }
}

static void head_of_a_body(void **state)
{
    static const struct script_step reads[] = {ASKED,
                                               SAY("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"
                                                   "\r\n"),
                                               LAST};

    (void)state;
    site->head = true;
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_NONE);
    assert_int_equal(outcome.result.body_bytes, 0);
    assert_memory_equal(stage.heard, "HEAD /path HTTP/1.1\r\n", 21);
    assert_int_equal(stage.closed, 0);
}

static void body_up_to_the_end(void **state)
{
    static const struct script_step reads[] = {
        ASKED, SAY("HTTP/1.0 200 OK\r\n\r\nhel"), PAUSE, SAY("lo"), PAUSE, END};

    (void)state;
    fetch_from(&(struct script){.reads = reads});
    expect_hello(&outcome.result);
    assert_int_equal(stage.closed, 1);
}

/* What goes wrong. */

static void failures_are_told_apart(void **state)
{
    static const struct {
        struct script_step reads[4];
        enum error error;
        enum phase phase;
    } cases[] = {
        {{ASKED, END}, ERROR_EMPTY, PHASE_WAIT},
        {{ASKED, BREAK(ECONNRESET)}, ERROR_WAIT_RESET, PHASE_WAIT},
        {{ASKED, BREAK(TLS_TRUNCATED)}, ERROR_EMPTY, PHASE_WAIT},
        {{ASKED, SAY("garbage\r\n")}, ERROR_MALFORMED, PHASE_RECEIVE},
        {{ASKED, SAY("HTTP/1.1 2"), END}, ERROR_TRUNCATED, PHASE_RECEIVE},
        {{ASKED, SAY("HTTP/1.1 2"), BREAK(ECONNRESET)}, ERROR_RECEIVE_RESET, PHASE_RECEIVE},
        {{ASKED, SAY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), END},
         ERROR_TRUNCATED,
         PHASE_RECEIVE},
        {{ASKED, SAY("HTTP/1.1 200 OK\r\n\r\nhell"), BREAK(TLS_TRUNCATED)},
         ERROR_TLS_TRUNCATED,
         PHASE_RECEIVE},
        {{ASKED, SAY("HTTP/1.1 200 OK\r\n\r\nhell"), BREAK(EIO)},
         ERROR_RECEIVE_FAILED,
         PHASE_RECEIVE},
        {{ASKED, SAY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")},
         ERROR_MALFORMED,
         PHASE_RECEIVE},
        {{ASKED, SAY("HTTP/1.1 101 Switching Protocols\r\n\r\n")}, ERROR_UPGRADE, PHASE_RECEIVE},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fetch_from(&(struct script){.reads = cases[i].reads});
        if (outcome.result.error != cases[i].error || outcome.result.phase != cases[i].phase)
            fail_msg("case %zu: %s in %s", i, error_code(outcome.result.error),
                     phase_name(outcome.result.phase));
        assert_int_equal(stage.opened, 1);
        assert_int_equal(stage.closed, 1);
    }
}

static void endless_head_is_refused(void **state)
{
    static char line[PIECE_BYTES + 1];
    const struct script_step reads[] = {
        ASKED, SAY("HTTP/1.1 200 OK\r\nX: "), SAY(line), SAY(line), SAY(line), SAY(line), SAY(line),
        END};

    (void)state;
    memset(line, 'x', PIECE_BYTES);
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_HEADER_TOO_LARGE);
}

static void handshake_fails(void **state)
{
    static const struct {
        struct script_step step;
        enum error error;
    } cases[] = {
        {BREAK(TLS_CERT_EXPIRED), ERROR_TLS_CERT_EXPIRED},
        {BREAK(ECONNRESET), ERROR_TLS_RESET},
        {BREAK(TLS_TRUNCATED), ERROR_TLS_CLOSED},
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
    stage.refuse = true;
    stage_fetch(&stage, site, &outcome);
    assert_int_equal(outcome.result.error, ERROR_TLS_FAILED);
    stage.refuse = false;
}

/* An answer before the whole request was heard. */

static void early_answer_while_sending(void **state)
{
    static const struct script_step reads[] = {SAY(HELLO), LAST};
    static const struct script_step stuck[] = {TAKE(5), STUCK};

    (void)state;
    fetch_from(&(struct script){.reads = reads, .writes = stuck});
    expect_hello(&outcome.result);
    assert_int_equal(stage.closed,
                     1); /* the rest of the request will not be sent: of no more use */
}

static void early_head_then_the_rest(void **state)
{
    static const struct script_step reads[] = {SAY("HTTP/1.1 200 OK\r\n"), ASKED,
                                               SAY("Content-Length: 5\r\n\r\nhello"), LAST};
    static const struct script_step writes[] = {TAKE(5), BLOCK, TAKE(7), BLOCK, LAST};

    (void)state;
    fetch_from(&(struct script){.reads = reads, .writes = writes});
    expect_hello(&outcome.result);
    assert_int_equal(stage.closed, 0); /* all was sent: the connection is kept */
}

static void send_error_with_an_answer(void **state)
{
    static const struct script_step writes[] = {TAKE(5), BREAK(EPIPE)};
    static const struct script_step answers[] = {SAY("HTTP/1.1 413 Too Large\r\n"), PAUSE,
                                                 SAY("Content-Length: 0\r\n\r\n"), LAST};

    (void)state;
    fetch_from(&(struct script){.reads = answers, .writes = writes});
    assert_int_equal(outcome.result.error, ERROR_NONE);
    assert_int_equal(outcome.result.status, 413);
    assert_int_equal(stage.closed, 1);
}

static void send_error_without_an_answer(void **state)
{
    static const struct script_step writes[] = {TAKE(5), BREAK(EPIPE)};
    static const struct script_step other[] = {BREAK(EIO)};
    static const struct script_step ends[] = {END};
    static const struct script_step resets[] = {BREAK(ECONNRESET)};
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
    static const struct script_step reads[] = {ASKED, SAY(HELLO), AGAIN};
    const struct stamps *s = &outcome.result.stamps;

    (void)state;
    fetch_from(&(struct script){.reads = reads});
    assert_true(s->connect > 0);
    for (int i = 0; i < 3; i++) {
        stage_fetch(&stage, site, &outcome);
        expect_hello(&outcome.result);
        assert_int_equal(stage.opened, 1);
        assert_true(!s->dns && !s->connect && !s->tls);
        assert_int_equal(address_port(&outcome.result.address), address_port(&stage.at));
        assert_string_equal(outcome.result.tls.version, "SCRIPT");
    }
}

static void closing_connection_is_not_kept(void **state)
{
    static const char *const answers[] = {
        CLOSING, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        HELLO "HTTP/1.1 200 OK\r\n", /* more than was asked for, in one read */
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(answers); i++) {
        const struct script_step reads[] = {ASKED, SAY(answers[i]), LAST};

        fetch_from(&(struct script){.reads = reads});
        expect_hello(&outcome.result);
        assert_int_equal(stage.closed, 1);
        assert_false(pool_drop_oldest(stage.pool));
    }
}

/* Bytes that come after the answer, in a read of their own, would be taken for the next answer. */
static void more_than_was_asked_for_is_not_kept(void **state)
{
    static const struct script_step more[] = {ASKED, SAY(HELLO), SAY("HTTP/1.1 404 No\r\n"), LAST};
    static const struct script_step end[] = {ASKED, SAY(HELLO), END};
    static const struct script_step good[] = {ASKED, SAY(HELLO), LAST};
    static const struct script scripts[][2] = {{{.reads = more}, {.reads = good}},
                                               {{.reads = end}, {.reads = good}}};

    (void)state;
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        stage_play(&stage, scripts[i], 2);
        stage_fetch(&stage, site, &outcome);
        expect_hello(&outcome.result);
        stage_fetch(&stage, site, &outcome);
        expect_hello(&outcome.result);
        assert_int_equal(stage.opened, 2);
        pool_drop_oldest(stage.pool);
    }
}

/* FIN came with the answer: that is no connection to be kept. */
static void ended_connection_is_not_kept(void **state)
{
    static const struct script_step reads[] = {ASKED, SAY(HELLO), LAST};
    struct exchange exchange;

    (void)state;
    stage_play(&stage, &(struct script){.reads = reads}, 1);
    outcome = (struct outcome){0};
    exchange_init(&exchange, &stage.dialer, stage.pool, site, NSEC_NEVER);
    exchange_start(&exchange, outcome_note, &outcome);
    sock_note(exchange.conn->sock, EPOLLIN | EPOLLRDHUP);
    TURN_UNTIL(stage.loop, outcome.reports);
    expect_hello(&outcome.result);
    assert_int_equal(stage.closed, 1);
}

static void dead_kept_connection_is_replaced_once(void **state)
{
    static const struct script_step ends[] = {ASKED, SAY(HELLO), ASKED, END};
    static const struct script_step resets[] = {ASKED, SAY(HELLO), ASKED, BREAK(ECONNRESET)};
    static const struct script_step cuts[] = {ASKED, SAY(HELLO), ASKED, BREAK(TLS_TRUNCATED)};
    static const struct script_step hangs[] = {ASKED, SAY(HELLO), HANG};
    static const struct script_step breaks[] = {TAKE(9999), BREAK(EPIPE)};
    static const struct script_step good[] = {ASKED, SAY(HELLO), LAST};
    static const struct script_step dead[] = {ASKED, END};
    static const struct script firsts[] = {
        {.reads = ends}, {.reads = resets}, {.reads = cuts}, {.reads = hangs, .writes = breaks}};

    (void)state;
    for (size_t i = 0; i < 2 * LENGTH(firsts); i++) {
        bool recovers = i < LENGTH(firsts);
        const struct script scripts[] = {firsts[i % LENGTH(firsts)],
                                         {.reads = recovers ? good : dead}};

        stage_play(&stage, scripts, 2);
        stage_fetch(&stage, site, &outcome);
        expect_hello(&outcome.result);
        stage_fetch(&stage, site, &outcome);
        assert_int_equal(stage.opened, 2);
        assert_int_equal(outcome.result.error, recovers ? ERROR_NONE : ERROR_EMPTY);
        assert_true(outcome.result.stamps.connect > outcome.result.stamps.start);
        if (recovers)
            expect_hello(&outcome.result);
        pool_drop_oldest(stage.pool);
    }
}

/* The pool may hold more of the kind: only a new one is worth a second try. */
static void second_try_is_on_a_new_connection(void **state)
{
    static const struct script_step dead[] = {ASKED, SAY(HELLO), ASKED, END};
    static const struct script_step good[] = {ASKED, SAY(HELLO), LAST};
    static const struct script scripts[] = {{.reads = dead}, {.reads = dead}, {.reads = good}};
    struct exchange exchanges[2];

    (void)state;
    stage_play(&stage, scripts, 3);
    outcome = (struct outcome){0};
    for (size_t i = 0; i < LENGTH(exchanges); i++) {
        exchange_init(&exchanges[i], &stage.dialer, stage.pool, site, NSEC_NEVER);
        exchange_start(&exchanges[i], outcome_note, &outcome);
    }
    TURN_UNTIL(stage.loop, outcome.reports == 2);
    assert_int_equal(stage.closed, 0);
    stage_fetch(&stage, site, &outcome);
    expect_hello(&outcome.result);
    assert_int_equal(stage.opened, 3);
    assert_int_equal(stage.closed, 1);
}

static void kept_connection_that_answered_is_not_replaced(void **state)
{
    static const struct {
        struct script_step last;
        enum error error;
    } cases[] = {{END, ERROR_TRUNCATED}, {BREAK(ECONNRESET), ERROR_RECEIVE_RESET}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step reads[] = {ASKED, SAY(HELLO), ASKED, SAY("HTTP/1.1 20"),
                                            cases[i].last};

        fetch_from(&(struct script){.reads = reads});
        stage_fetch(&stage, site, &outcome);
        assert_int_equal(outcome.result.error, cases[i].error);
        assert_int_equal(stage.opened, 1);
    }
}

/* When the new connection fails too, what is told is about the new one. */
static void replaced_connection_is_forgotten(void **state)
{
    static const struct script_step kept[] = {ASKED, SAY(HELLO), ASKED, END};
    static const struct script_step refuses[] = {BREAK(TLS_ALERT)};
    static const struct script scripts[] = {{.reads = kept}, {.handshakes = refuses}};

    (void)state;
    stage_play(&stage, scripts, 2);
    stage_fetch(&stage, site, &outcome);
    stage_fetch(&stage, site, &outcome);
    assert_int_equal(outcome.result.error, ERROR_TLS_ALERT);
    assert_null(outcome.result.tls.version);
}

/* Deadlines. */

#define LIMIT (5 * NSEC_PER_S)

/* Starts it and lets it come as far as it can. */
static void start_and_hang(struct exchange *exchange, const struct site *what, nsec ttfb,
                           bool may_turn)
{
    outcome = (struct outcome){0};
    exchange_init(exchange, &stage.dialer, stage.pool, what, ttfb);
    exchange_start(exchange, outcome_note, &outcome);
    for (int i = 0; may_turn && i < 20; i++)
        loop_turn(stage.loop, NSEC_PER_MS);
    assert_int_equal(outcome.reports, 0);
}

/* Nothing happens a nanosecond before the deadline; at the deadline it fails like this. */
static void expect_end(enum error error, enum phase phase)
{
    stage.clock.now += LIMIT - 1;
    loop_turn(stage.loop, 0);
    assert_int_equal(outcome.reports, 0);
    stage.clock.now += 1;
    unit_settle(stage.loop);
    assert_int_equal(outcome.reports, 1);
    if (outcome.result.error != error || outcome.result.phase != phase)
        fail_msg("%s in %s, not %s in %s", error_code(outcome.result.error),
                 phase_name(outcome.result.phase), error_code(error), phase_name(phase));
}

static const struct script_step hang[] = {HANG};
static const struct script_step hang_in_body[] = {
    ASKED, SAY("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), HANG};
static const struct script_step stuck[] = {TAKE(9), STUCK};

/* Where an exchange may hang, and what each deadline makes of it. */
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
    stage.clock.tick = 0;
    stage.dialer.tls_timeout = LIMIT;
    for (size_t i = 0; i < LENGTH(hangs); i++) {
        if (!hangs[i].own)
            continue;
        stage_play(&stage, &hangs[i].script, 1);
        start_and_hang(&exchange, site, LIMIT, true);
        expect_end(hangs[i].own, hangs[i].phase);
    }
}

static void all_phases_have_the_total_deadline(void **state)
{
    struct exchange exchange;

    (void)state;
    stage.clock.tick = 0;
    site->timeout = LIMIT;
    for (size_t i = 0; i < LENGTH(hangs); i++) {
        stage_play(&stage, &hangs[i].script, 1);
        start_and_hang(&exchange, site, NSEC_NEVER, true);
        expect_end(ERROR_TOTAL_TIMEOUT, hangs[i].phase);
    }
}

/* The connect has succeeded in the kernel, but the loop has not turned yet. */
static void connect_has_a_deadline(void **state)
{
    struct exchange exchange;

    (void)state;
    stage.clock.tick = 0;
    stage_play(&stage, &hangs[0].script, 1);
    stage.dialer.connect_timeout = LIMIT;
    start_and_hang(&exchange, site, NSEC_NEVER, false);
    assert_int_equal(exchange.conn->state, CONN_CONNECT);
    stage.clock.now += LIMIT;
    loop_turn(stage.loop, 0);
    assert_int_equal(outcome.result.error, ERROR_CONNECT_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_CONNECT);

    stage.dialer.connect_timeout = NSEC_NEVER;
    site->timeout = LIMIT;
    start_and_hang(&exchange, site, NSEC_NEVER, false);
    stage.clock.now += LIMIT;
    loop_turn(stage.loop, 0);
    assert_int_equal(outcome.result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_CONNECT);
    assert_int_equal(address_port(&outcome.result.address), address_port(&stage.at));
}

/* What the connection knows is told though it did not come to its end. */
static void total_deadline_after_the_name(void **state)
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
    nameserver_start(&server, stage.loop, rules);
    stage.dialer.resolver = resolver_new(stage.loop, &options, &why);
    snprintf(url, sizeof(url), "http://name.test:%u/", address_port(&stage.at));
    assert_null(url_parse(&named->url, url, strlen(url)));
    named->timeout = LIMIT;
    stage_play(&stage, &hangs[0].script, 1);
    start_and_hang(&exchange, named, NSEC_NEVER, false);
    TURN_UNTIL(stage.loop, exchange.conn->state == CONN_CONNECT);
    stage.clock.now += LIMIT;
    loop_turn(stage.loop, 0);
    assert_int_equal(outcome.result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_CONNECT);
    assert_true(outcome.result.stamps.dns > 0);
    assert_int_equal(address_port(&outcome.result.address), address_port(&stage.at));

    resolver_free(stage.dialer.resolver);
    nameserver_stop(&server);
    site_free(named);
}

/* A nameserver that says nothing: a socket that nobody reads. */
static void name_has_a_deadline(void **state)
{
    struct address at;
    char servers[ADDRESS_TEXT_BYTES];
    struct resolver_options options = {.servers = servers};
    struct site *named = site_new();
    struct exchange exchange;
    const char *why;
    int silent;

    (void)state;
    stage.clock.tick = 0;
    address_parse(&at, "127.0.0.1", 0);
    silent = sock_bind_udp(&at);
    address_text(&at, servers);
    stage.dialer.resolver = resolver_new(stage.loop, &options, &why);
    assert_null(url_parse(&named->url, "http://name.test/", 17));
    stage_play(&stage, &hangs[0].script, 1);

    stage.dialer.dns_timeout = LIMIT;
    start_and_hang(&exchange, named, NSEC_NEVER, true);
    expect_end(ERROR_DNS_TIMEOUT, PHASE_DNS);
    assert_int_equal(outcome.result.address.length, 0);

    stage.dialer.dns_timeout = NSEC_NEVER;
    named->timeout = LIMIT;
    start_and_hang(&exchange, named, NSEC_NEVER, true);
    expect_end(ERROR_TOTAL_TIMEOUT, PHASE_DNS);

    resolver_free(stage.dialer.resolver);
    site_free(named);
    close(silent);
}

/* The first byte ends the wait for it: a slow head or body is a matter of the total alone. */
static void first_byte_ends_its_deadline(void **state)
{
    static const struct script_step hang_in_head[] = {ASKED, SAY("HTTP/1.1 20"), HANG};
    static const struct script scripts[] = {{.reads = hang_in_head}, {.reads = hang_in_body}};
    struct exchange exchange;

    (void)state;
    stage.clock.tick = 0;
    site->timeout = 10 * LIMIT;
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        stage_play(&stage, &scripts[i], 1);
        start_and_hang(&exchange, site, LIMIT, true);
        stage.clock.now += 9 * LIMIT;
        unit_settle(stage.loop);
        assert_int_equal(outcome.reports, 0);
        expect_end(ERROR_TOTAL_TIMEOUT, PHASE_RECEIVE);
    }
}

/* Bytes that come one by one move no deadline. */
static void drip_does_not_outlast_the_total(void **state)
{
    static const struct script_step reads[] = {ASKED,    SAY("HTTP/1.1 200 OK\r\n\r\n"),
                                               SAY("x"), PAUSE,
                                               SAY("x"), PAUSE,
                                               SAY("x"), PAUSE,
                                               SAY("x"), PAUSE,
                                               SAY("x"), PAUSE,
                                               SAY("x"), HANG};

    (void)state;
    stage.clock.tick = LIMIT / 10;
    site->timeout = LIMIT;
    fetch_from(&(struct script){.reads = reads});
    assert_int_equal(outcome.result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcome.result.phase, PHASE_RECEIVE);
}

/* Fairness. */

static void endless_body_yields(void **state)
{
    static char piece[PIECE_BYTES + 1];
    const struct script_step endless[] = {
        SAY("HTTP/1.1 200 OK\r\n\r\n"), SAY(piece), SAY(piece), SAY(piece), SAY(piece), AGAIN};
    static const struct script_step good[] = {ASKED, PAUSE, SAY(HELLO), LAST};
    const struct script scripts[] = {{.reads = endless}, {.reads = good}};
    struct outcome never = {0};
    struct exchange exchange, other;
    int turns = 0;

    (void)state;
    memset(piece, 'x', PIECE_BYTES);
    stage_play(&stage, scripts, 2);
    exchange_init(&exchange, &stage.dialer, stage.pool, site, NSEC_NEVER);
    exchange_start(&exchange, outcome_note, &never);
    TURN_UNTIL(stage.loop, exchange.result.body_bytes);
    outcome = (struct outcome){0};
    exchange_init(&other, &stage.dialer, stage.pool, site, NSEC_NEVER);
    exchange_start(&other, outcome_note, &outcome);
    for (; !outcome.reports; turns++)
        loop_turn(stage.loop, 0);
    expect_hello(&outcome.result);
    assert_true(turns < 50);
    assert_int_equal(never.reports, 0);
    exchange_abort(&exchange);
}

/* Ended from outside. */

static void aborted_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(hangs); i++) {
        struct exchange exchange;

        stage_play(&stage, &hangs[i].script, 1);
        start_and_hang(&exchange, site, LIMIT, true);
        exchange_abort(&exchange);
        exchange_abort(&exchange);
        stage.clock.now += 2 * LIMIT;
        unit_settle(stage.loop);
        assert_int_equal(outcome.reports, 0);
        assert_int_equal(stage.closed, 1);
    }
}

static void freed_in_its_report(void *owner, const struct result *result)
{
    (void)result;
    free(owner);
    outcome.reports++;
}

static void may_be_freed_in_its_report(void **state)
{
    static const struct script_step reads[] = {ASKED, SAY(HELLO), LAST};
    struct exchange *exchange = malloc(sizeof(*exchange));

    (void)state;
    outcome = (struct outcome){0};
    stage_play(&stage, &(struct script){.reads = reads}, 1);
    exchange_init(exchange, &stage.dialer, stage.pool, site, NSEC_NEVER);
    exchange_start(exchange, freed_in_its_report, exchange);
    TURN_UNTIL(stage.loop, outcome.reports);
    unit_settle(stage.loop);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(all_stamps_in_order),
        CASE(request_goes_out_as_built),
        CASE(short_writes_at_every_byte),
        CASE(reads_cut_at_every_byte),
        CASE(head_of_a_body),
        CASE(body_up_to_the_end),
        CASE(failures_are_told_apart),
        CASE(endless_head_is_refused),
        CASE(handshake_fails),
        CASE(early_answer_while_sending),
        CASE(early_head_then_the_rest),
        CASE(send_error_with_an_answer),
        CASE(send_error_without_an_answer),
        CASE(kept_connection_is_reused),
        CASE(closing_connection_is_not_kept),
        CASE(more_than_was_asked_for_is_not_kept),
        CASE(ended_connection_is_not_kept),
        CASE(dead_kept_connection_is_replaced_once),
        CASE(second_try_is_on_a_new_connection),
        CASE(kept_connection_that_answered_is_not_replaced),
        CASE(replaced_connection_is_forgotten),
        CASE(phases_have_deadlines),
        CASE(all_phases_have_the_total_deadline),
        CASE(connect_has_a_deadline),
        CASE(total_deadline_after_the_name),
        CASE(name_has_a_deadline),
        CASE(first_byte_ends_its_deadline),
        CASE(drip_does_not_outlast_the_total),
        CASE(endless_body_yields),
        CASE(aborted_in_every_state),
        CASE(may_be_freed_in_its_report),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}

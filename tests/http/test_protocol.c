/*
 * The interface of http/protocol.h, with a protocol that only this test knows: several streams
 * share a connection, responses come in any order, and the server may refuse a request before it
 * is processed. Exchanges, pool and connection are those of the program. A request is one digit,
 * the number of its stream on the connection. A response is three lines: "N head", "N BODY", "N
 * end". Others are
 *
 *     N refused   the request was not processed
 *     N calm      the same, and the server asks for fewer requests
 *     N 1.1       HTTP/1.1 is required
 *     N lost      the stream failed
 *     goaway      no more streams are accepted
 *     slots N     the number of concurrent streams changes
 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/h1/h1.h"
#include "tests/support/fixture.h"

#define MAX_STREAMS 10
#define LINE_BYTES  64

struct session {
    struct stream *streams[MAX_STREAMS]; /* by number; NULL: ended or not started */
    unsigned next;                       /* number of the next stream */
    char out[MAX_STREAMS];
    size_t out_bytes;
    char line[LINE_BYTES]; /* an incomplete line */
    size_t line_bytes;
};

static unsigned slots; /* maximum of concurrent streams */
static const struct protocol *agreed;
static struct fixture fixture;
static struct site *site;

#define EXCHANGES 3

static struct exchange exchanges[EXCHANGES];
static struct outcome outcomes[EXCHANGES];

static void end_stream(struct conn *conn, unsigned number, const struct stream_end *end)
{
    struct session *session = conn_session(conn);
    struct stream *stream = session->streams[number];

    session->streams[number] = NULL;
    conn_stream_ended(conn, stream);
    stream->events->end(stream, end);
}

static void session_open(struct conn *conn)
{
    (void)conn;
}

static unsigned session_capacity(const struct conn *conn)
{
    const struct session *session = conn_session(conn);

    return session->next < MAX_STREAMS && conn->streams < slots ? slots - conn->streams : 0;
}

static void session_submit(struct conn *conn, struct stream *stream)
{
    struct session *session = conn_session(conn);

    session->out[session->out_bytes++] = (char)('0' + session->next);
    session->streams[session->next++] = stream;
    stream->begun = false;
}

/* Handles one line of a response. */
static void take_line(struct conn *conn, const struct arrival *arrival)
{
    static const struct stream_end complete = {.complete = true, .status = 200};
    static const struct stream_end refused = {.error = ERROR_EMPTY, .replay = REPLAY_ANY};
    static const struct stream_end calm = {.error = ERROR_EMPTY, .replay = REPLAY_LATER};
    static const struct stream_end old = {.error = ERROR_HTTP2_HTTP_1_1_REQUIRED};
    static const struct status_line line = {.status = 200, .major = 9};
    static const struct stream_end lost = {.error = ERROR_WAIT_RESET, .replay = REPLAY_IDEMPOTENT};
    struct session *session = conn_session(conn);
    unsigned number = (unsigned)(session->line[0] - '0');
    const char *text = session->line + 2;
    struct stream *stream;

    if (!strcmp(session->line, "goaway")) {
        conn_drain(conn);
        return;
    }
    if (sscanf(session->line, "slots %u", &slots) == 1) {
        conn->stream_limit = slots;
        conn_report_room(conn);
        return;
    }
    stream = session->streams[number];
    if (!stream) /* cancelled */
        return;
    if (!strcmp(text, "head")) {
        if (stream->events->first_byte)
            stream->events->first_byte(stream, arrival);
        if (stream->events->head)
            stream->events->head(stream, &line, arrival->at);
    } else if (!strcmp(text, "end")) {
        conn->served = true;
        end_stream(conn, number, &complete);
    } else if (!strcmp(text, "refused")) {
        end_stream(conn, number, &refused);
    } else if (!strcmp(text, "calm")) {
        end_stream(conn, number, &calm);
    } else if (!strcmp(text, "1.1")) {
        end_stream(conn, number, &old);
    } else if (!strcmp(text, "lost")) {
        end_stream(conn, number, &lost);
    } else if (stream->events->body) {
        stream->events->body(stream, text, strlen(text));
    }
}

static void session_receive(struct conn *conn, const unsigned char *bytes, size_t count,
                            const struct arrival *arrival)
{
    struct session *session = conn_session(conn);

    if (!count)
        conn_fail(conn, ERROR_TRUNCATED, NULL);
    for (size_t i = 0; i < count && conn->state != CONN_CLOSED; i++) {
        session->line[session->line_bytes++] = (char)bytes[i];
        if (bytes[i] != '\n')
            continue;
        session->line[session->line_bytes - 1] = '\0';
        session->line_bytes = 0;
        take_line(conn, arrival);
    }
}

static const char *session_output(struct conn *conn, size_t *count)
{
    const struct session *session = conn_session(conn);

    *count = session->out_bytes;
    return *count ? session->out : NULL;
}

static unsigned sends; /* writes that took bytes */

static void session_sent(struct conn *conn, size_t count)
{
    struct session *session = conn_session(conn);

    for (size_t i = 0; i < count; i++) {
        struct stream *stream = session->streams[session->out[i] - '0'];

        if (stream && stream->events->sent)
            stream->events->sent(stream, loop_clock(conn->loop));
    }
    session->out_bytes -= count;
    memmove(session->out, session->out + count, session->out_bytes);
    sends += count > 0;
}

static void session_cancel(struct conn *conn, struct stream *stream, enum error error)
{
    struct session *session = conn_session(conn);

    (void)error;
    for (unsigned i = 0; i < MAX_STREAMS; i++)
        if (session->streams[i] == stream)
            session->streams[i] = NULL;
    conn_stream_ended(conn, stream);
}

static void session_close(struct conn *conn, enum error error, const char *detail)
{
    struct session *session = conn_session(conn);
    const struct stream_end end = {.error = error, .detail = detail};

    for (unsigned i = 0; i < MAX_STREAMS; i++)
        if (session->streams[i])
            end_stream(conn, i, &end);
}

static const struct protocol digits = {
    .multiplexed = true,
    .session_bytes = sizeof(struct session),
    .open = session_open,
    .capacity = session_capacity,
    .submit = session_submit,
    .receive = session_receive,
    .output = session_output,
    .sent = session_sent,
    .cancel = session_cancel,
    .close = session_close,
};

/* With ALPN the origin may speak the protocol; the transport of the fixture has none. */
static const struct protocol *choose(const char *alpn)
{
    return *alpn ? &digits : agreed;
}

static int setup(void **state)
{
    static const struct negotiation negotiation = {.protocol = choose};

    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    pool_free(fixture.pool);
    fixture.pool = pool_new(&(struct pool_options){
        .limit = 10, .max_streams = MAX_STREAMS, .negotiation = &negotiation});
    site = fixture_site(&fixture, "http", "/");
    slots = MAX_STREAMS;
    sends = 0;
    agreed = &digits;
    memset(outcomes, 0, sizeof(outcomes));
    memset(exchanges, 0, sizeof(exchanges));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    site_free(site);
    fixture_close(&fixture);
    return 0;
}

static void start_all(void)
{
    for (size_t i = 0; i < EXCHANGES; i++)
        fixture_start(&fixture, &exchanges[i], site, &outcomes[i]);
}

static void clear_all(void)
{
    for (size_t i = 0; i < EXCHANGES; i++)
        if (exchanges[i].dialer)
            exchange_clear(&exchanges[i]);
    unit_settle(fixture.loop);
}

static void expect_body(size_t i, const char *body)
{
    assert_int_equal(outcomes[i].result.error, ERROR_NONE);
    assert_int_equal(outcomes[i].result.status, 200);
    assert_string_equal(outcomes[i].result.snippet, body);
}

/* One dial, one send, and responses that are interleaved in another order. */
static void streams_share_a_connection(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("2 head\n0 head\n1 head\n1 one\n2 tw"),
                                               PAUSE, SEND("o\n1 end\n0 zero\n2 end\n0 end\n"),
                                               LAST};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_all();
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports && outcomes[2].reports);
    assert_int_equal(fixture.opened, 1);
    assert_string_equal(fixture.received, "012");
    assert_int_equal(sends, 1); /* all requests of one turn */
    expect_body(0, "zero");
    expect_body(1, "one");
    expect_body(2, "two");
    clear_all();
    assert_int_equal(fixture.closed, 0); /* the connection is kept */
}

/* The other streams and the connection are not affected. */
static void deadline_ends_one_stream(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n1 head\n2 head\n"), HANG,
                                               SEND("0 zero\n0 end\n1 late\n1 end\n2 two\n2 end\n"),
                                               LAST};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    for (size_t i = 0; i < EXCHANGES; i++) {
        site->timeout = i == 1 ? NSEC_PER_S : NSEC_NEVER;
        fixture_start(&fixture, &exchanges[i], site, &outcomes[i]);
    }
    TURN_UNTIL(fixture.loop, exchanges[2].state == EXCHANGE_BODY);
    fixture.clock.now += NSEC_PER_S;
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    assert_int_equal(outcomes[1].result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcomes[0].reports + outcomes[2].reports, 0);
    fixture_skip_hang(&fixture);
    fixture_send_event(&fixture, EPOLLIN);
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[2].reports);
    expect_body(0, "zero");
    expect_body(2, "two");
    clear_all();
    assert_int_equal(fixture.closed, 0);
}

/* A request that the server did not process is sent again, even if it is not idempotent. */
static void refused_request_is_sent_again(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 refused\n"), PAUSE,
                                               SEND("1 head\n1 yes\n1 end\n"), LAST};

    (void)state;
    free(site->method);
    site->method = strdup("POST");
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcomes[0]);
    expect_body(0, "yes");
    assert_int_equal(fixture.opened, 1);
}

/* When a connection fails, its streams fail, and waiting requests get another connection. */
static void connection_ends_its_streams(void **state)
{
    static const struct script_step ends[] = {PAUSE, SEND("0 head\n1 head\n"), END};
    static const struct script_step agrees[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = ends}, {.reads = agrees}};

    (void)state;
    slots = 2;
    fixture_set_scripts(&fixture, scripts, 2);
    start_all();
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports && outcomes[2].reports);
    assert_int_equal(outcomes[0].result.error, ERROR_TRUNCATED);
    assert_int_equal(outcomes[1].result.error, ERROR_TRUNCATED);
    expect_body(2, "yes");
    clear_all();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void start_one(size_t i)
{
    fixture_start(&fixture, &exchanges[i], site, &outcomes[i]);
}

/* Lets the server send the step after HANG. */
static void skip_hang(void)
{
    fixture_skip_hang(&fixture);
    fixture_send_event(&fixture, EPOLLIN);
    unit_settle(fixture.loop);
}

/* Makes exchange 1 wait for an idle connection whose server allows no streams at present. */
static void wait_for_capacity(const struct script *scripts, size_t count)
{
    fixture_set_scripts(&fixture, scripts, count);
    start_one(0);
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    start_one(1);
    unit_settle(fixture.loop);
    assert_int_equal(exchanges[1].state, EXCHANGE_CONNECTING);
    assert_null(pool_wait_dial(&exchanges[1].wait));
    assert_int_equal(fixture.opened, 1);
}

#define NO_SLOTS PAUSE, SEND("0 head\nslots 0\n0 end\n"), HANG

/* When a connection is draining, requests that wait for its capacity get another connection. */
static void draining_moves_waiting_requests(void **state)
{
    static const struct script_step drains[] = {NO_SLOTS, SEND("goaway\n"), HANG};
    static const struct script_step agrees[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = drains}, {.reads = agrees}};

    (void)state;
    wait_for_capacity(scripts, 2);
    slots = 1;
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    expect_body(1, "yes");
    assert_int_equal(fixture.opened, 2);
    clear_all();
}

static void more_capacity_serves_waiting_requests(void **state)
{
    static const struct script_step reads[] = {NO_SLOTS, SEND("slots 2\n"), PAUSE,
                                               SEND("1 head\n1 one\n1 end\n"), LAST};

    (void)state;
    wait_for_capacity(&(struct script){.reads = reads}, 1);
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    expect_body(1, "one");
    assert_int_equal(fixture.opened, 1);
    clear_all();
}
/* The connection becomes idle in the pool, and is used again. */
static void last_stream_is_cancelled(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n"), HANG,
                                               SEND("1 head\n1 one\n1 end\n"), LAST};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    site->timeout = NSEC_PER_S;
    start_one(0);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    fixture.clock.now += NSEC_PER_S;
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    start_one(1);
    skip_hang();
    expect_body(1, "one");
    assert_int_equal(fixture.opened, 1);
    clear_all();
    assert_true(pool_drop_oldest(fixture.pool));
    assert_int_equal(fixture.closed, 1);
}

/* The phases do not contain the time of the dial before the exchange waited for it. */
static void exchange_joins_a_dial(void **state)
{
    static struct script_step slow[] = {HANG, LAST};
    static const struct script_step reads[] = {
        PAUSE, SEND("0 head\n1 head\n0 a\n1 b\n0 end\n1 end\n"), LAST};
    const struct stamps *stamps = &outcomes[1].result.stamps;

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads, .handshakes = slow}, 1);
    start_one(0);
    TURN_UNTIL(fixture.loop, pool_wait_dial(&exchanges[0].wait)->state == DIAL_HANDSHAKE);
    fixture.clock.now += NSEC_PER_S;
    start_one(1);
    slow[0] = (struct script_step)LAST;
    fixture_send_event(&fixture, EPOLLIN);
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports);
    expect_body(0, "a");
    expect_body(1, "b");
    assert_true(stamps->start && !stamps->dns && !stamps->connect && !stamps->tls);
    assert_true(stamps->assigned > stamps->start);
    assert_true(outcomes[0].result.stamps.connect && !outcomes[0].result.stamps.assigned);
    assert_int_equal(outcomes[0].result.connection, outcomes[1].result.connection);
    assert_int_equal(fixture.opened, 1);
    clear_all();
}

static void waiting_for_capacity_is_blocked(void **state)
{
    static const struct script_step reads[] = {NO_SLOTS, LAST};

    (void)state;
    site->timeout = NSEC_PER_S;
    wait_for_capacity(&(struct script){.reads = reads}, 1);
    fixture.clock.now += NSEC_PER_S;
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    assert_int_equal(outcomes[1].result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcomes[1].result.phase, PHASE_BLOCKED);
    clear_all();
}

static void use_https(void)
{
    site_free(site);
    site = fixture_site(&fixture, "https", "/");
}

/* --- requests that are sent again --- */

/* The second refusal is the result; a retry may follow, with any method. */
static void refused_twice(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 refused\n"), PAUSE,
                                               SEND("1 refused\n"), LAST};

    (void)state;
    site->method = strdup("POST");
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcomes[0]);
    assert_int_equal(outcomes[0].result.error, ERROR_EMPTY);
    assert_true(outcomes[0].result.unprocessed);
}

/* A server that asks for fewer requests gets no immediate repetition. */
static void refused_for_calm(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 calm\n"), LAST};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcomes[0]);
    assert_int_equal(outcomes[0].result.error, ERROR_EMPTY);
    assert_true(outcomes[0].result.unprocessed);
    assert_string_equal(fixture.received, "0");
}

/* The request is sent by HTTP/1.1, also if its method is not idempotent, and so are all later ones
   to this origin. Other streams of the connection continue. */
static void server_requires_http_1_1(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("1 head\n0 1.1\n"), HANG,
                                               SEND("1 one\n1 end\n"), LAST};
    static const struct script_step old[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh1"), HANG};
    static const struct script scripts[] = {{.reads = reads}, {.reads = old}};
    struct scripted_transport *first;

    (void)state;
    use_https();
    site->method = strdup("POST");
    fixture_set_scripts(&fixture, scripts, 2);
    start_one(0);
    start_one(1);
    TURN_UNTIL(fixture.loop, exchanges[1].state == EXCHANGE_BODY);
    first = fixture.newest;
    agreed = &h1_protocol;
    assert_string_equal(pool_wait_dial(&exchanges[0].wait)->options.alpn, "\x08http/1.1");
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    expect_body(0, "h1");
    start_one(2);
    assert_string_equal(pool_wait_dial(&exchanges[2].wait)->options.alpn, "\x08http/1.1");
    TURN_UNTIL(fixture.loop, outcomes[2].reports);
    expect_body(2, "h1");
    fixture.newest = first;
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    expect_body(1, "one");
    clear_all();
}

/* Other HTTP/2 connections of the origin do not get the request: it is sent once more, on a new
   connection. */
static void http_1_1_is_required_of_all_connections(void **state)
{
    static const struct script_step busy[] = {PAUSE, SEND("0 head\n"), HANG, SEND("0 one\n0 end\n"),
                                              LAST};
    static const struct script_step requires[] = {PAUSE, HANG, SEND("0 1.1\n"), LAST};
    static const struct script_step old[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh1"), HANG};
    static const struct script scripts[] = {{.reads = busy}, {.reads = requires}, {.reads = old}};
    struct scripted_transport *first, *second;

    (void)state;
    use_https();
    slots = 1;
    fixture_set_scripts(&fixture, scripts, 3);
    start_one(0);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    first = fixture.newest;
    start_one(1);
    TURN_UNTIL(fixture.loop, exchanges[1].state == EXCHANGE_HEAD);
    unit_settle(fixture.loop);
    second = fixture.newest;
    fixture.newest = first;
    skip_hang();
    expect_body(0, "one"); /* the first connection is idle */
    agreed = &h1_protocol;
    fixture.newest = second;
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    expect_body(1, "h1");
    assert_int_equal(fixture.opened, 3);
    assert_int_equal(fixture.closed, 2);
    clear_all();
}

/* A dial that began before, and agrees on HTTP/2, is not used. */
static void http_1_1_is_required_during_a_dial(void **state)
{
    static struct script_step slow[] = {HANG, LAST};
    static const struct script_step requires[] = {PAUSE, HANG, SEND("0 1.1\n"), LAST};
    static const struct script_step wrong[] = {PAUSE, SEND("0 head\n0 h2\n0 end\n"), LAST};
    static const struct script_step old[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh1"), HANG};
    static const struct script scripts[] = {
        {.reads = requires}, {.reads = wrong, .handshakes = slow}, {.reads = old}};
    struct scripted_transport *first, *second;

    (void)state;
    use_https();
    site->method = strdup("POST"); /* each needs a new connection of HTTP/1.1 */
    slots = 1;
    fixture_set_scripts(&fixture, scripts, 3);
    start_one(0);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_HEAD);
    unit_settle(fixture.loop);
    first = fixture.newest;
    start_one(1);
    TURN_UNTIL(fixture.loop, pool_wait_dial(&exchanges[1].wait)->state == DIAL_HANDSHAKE);
    unit_settle(fixture.loop);
    second = fixture.newest;
    fixture.newest = first;
    agreed = &h1_protocol;
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    expect_body(0, "h1");
    agreed = &digits;
    slow[0] = (struct script_step)LAST;
    fixture.newest = second;
    fixture_send_event(&fixture, EPOLLIN);
    for (int i = 0; i < 100 && exchanges[1].wait.pool_dial && fixture.closed < 2; i++)
        loop_turn(fixture.loop, 0);
    agreed = &h1_protocol;
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    expect_body(1, "h1");
    assert_int_equal(fixture.opened, 4);
    clear_all();
}

/* A server that agrees on HTTP/2 although only HTTP/1.1 was offered, and requires HTTP/1.1. */
static void http_1_1_is_required_twice(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 1.1\n"), LAST};
    static const struct script_step late[] = {PAUSE, SEND("0 head\n0 h2\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = reads}, {.reads = reads}, {.reads = late}};

    (void)state;
    use_https();
    fixture_set_scripts(&fixture, scripts, 3);
    fixture_fetch(&fixture, site, &outcomes[0]);
    assert_int_equal(outcomes[0].result.error, ERROR_HTTP2_HTTP_1_1_REQUIRED);
    assert_int_equal(fixture.opened, 2);
}

/* --- further connections --- */

static void full_connections_are_not_enough(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n0 body\n"), HANG,
                                               SEND("0 end\n"), LAST};

    (void)state;
    slots = 1;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_all();
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY &&
                                 exchanges[1].state == EXCHANGE_BODY &&
                                 exchanges[2].state == EXCHANGE_BODY);
    assert_int_equal(fixture.opened, 3);
    clear_all();
}

/* A request waits for the dial of a further connection. A stream that ends on the first connection
   serves it. The dial continues, and its connection serves a later request. */
static void stream_that_ends_serves_a_waiting_request(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n1 head\n"),
                                               HANG,  SEND("1 one\n1 end\n"),
                                               PAUSE, SEND("2 head\n2 two\n2 end\n0 zero\n0 end\n"),
                                               LAST};
    static struct script_step slow[] = {HANG, LAST};
    static const struct script scripts[] = {{.reads = reads}, {.handshakes = slow}};
    struct scripted_transport *first, *second;

    (void)state;
    slots = 2;
    fixture_set_scripts(&fixture, scripts, 2);
    start_one(0);
    start_one(1);
    TURN_UNTIL(fixture.loop, exchanges[1].state == EXCHANGE_BODY);
    first = fixture.newest;
    start_one(2);
    TURN_UNTIL(fixture.loop, fixture.opened == 2);
    assert_non_null(pool_wait_dial(&exchanges[2].wait));
    second = fixture.newest;
    fixture.newest = first;
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports && outcomes[2].reports);
    expect_body(0, "zero");
    expect_body(1, "one");
    expect_body(2, "two");
    clear_all();
    slow[0] = (struct script_step)LAST;
    fixture.newest = second;
    fixture_send_event(&fixture, EPOLLIN);
    unit_settle(fixture.loop);
    assert_int_equal(fixture.closed, 0);
    assert_true(pool_drop_oldest(fixture.pool));
    assert_true(pool_drop_oldest(fixture.pool));
    assert_int_equal(fixture.closed, 2);
}

/* A deadline has passed during a dial: later requests do not join it. */
static void stuck_dial_is_not_joined(void **state)
{
    static const struct script_step hangs[] = {HANG};
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.handshakes = hangs}, {.reads = reads}};

    (void)state;
    fixture_set_scripts(&fixture, scripts, 2);
    site->timeout = NSEC_PER_S;
    start_one(0);
    site->timeout = NSEC_NEVER;
    start_one(1);
    TURN_UNTIL(fixture.loop, fixture.opened == 1);
    fixture.clock.now += NSEC_PER_S;
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    start_one(2);
    TURN_UNTIL(fixture.loop, outcomes[2].reports);
    expect_body(2, "yes");
    assert_int_equal(fixture.opened, 2);
    assert_int_equal(outcomes[1].reports, 0);
    clear_all();
}

/* The pool is freed with a dial that no request waits for any more. */
static void freed_with_a_dial(void **state)
{
    static const struct script_step reads[] = {
        PAUSE, SEND("0 head\n"), HANG, SEND("0 end\n"), PAUSE, SEND("1 head\n1 end\n"), LAST};
    static const struct script_step hangs[] = {HANG};
    static const struct script scripts[] = {{.reads = reads}, {.handshakes = hangs}};
    struct scripted_transport *first;

    (void)state;
    slots = 1;
    fixture_set_scripts(&fixture, scripts, 2);
    start_one(0);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    first = fixture.newest;
    start_one(1);
    TURN_UNTIL(fixture.loop, fixture.opened == 2);
    fixture.newest = first;
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports);
    clear_all();
    assert_int_equal(fixture.closed, 0);
    pool_free(fixture.pool);
    assert_int_equal(fixture.closed, 2);
    fixture.pool = pool_new(&(struct pool_options){.limit = 1, .max_streams = 1});
}

/* The limit of an earlier connection is valid until the server has sent the next one. */
static void limit_of_an_origin_is_remembered(void **state)
{
    static const struct script_step first[] = {
        PAUSE, SEND("slots 1\n0 head\n0 zero\n0 end\ngoaway\n"), HANG};
    static const struct script_step others[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = first}, {.reads = others}};

    (void)state;
    use_https();
    fixture_set_scripts(&fixture, scripts, 2);
    start_one(0);
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    unit_settle(fixture.loop);
    assert_int_equal(fixture.closed, 1);
    slots = MAX_STREAMS;
    start_one(1);
    start_one(2);
    TURN_UNTIL(fixture.loop, outcomes[1].reports && outcomes[2].reports);
    assert_int_equal(fixture.opened, 3);
    clear_all();
}

/* A request that is not idempotent shares an open connection too. */
static void post_shares_a_connection(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n0 zero\n0 end\n"), HANG,
                                               SEND("1 head\n1 one\n1 end\n"), LAST};

    (void)state;
    site->method = strdup("POST");
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_one(0);
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    start_one(1);
    skip_hang();
    expect_body(0, "zero");
    expect_body(1, "one");
    assert_int_equal(fixture.opened, 1);
    assert_int_equal(outcomes[0].result.connection, outcomes[1].result.connection);
    assert_int_equal(outcomes[0].result.requests_before, 0);
    assert_int_equal(outcomes[1].result.requests_before, 1);
    clear_all();
}

static void no_sharing_without_keep_alive(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), HANG};

    (void)state;
    fixture.options.keep_alive = false;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_all();
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports && outcomes[2].reports);
    unit_settle(fixture.loop);
    assert_int_equal(fixture.opened, 3);
    assert_int_equal(fixture.closed, 3);
    clear_all();
}

/* A connection that was silent during a whole stream takes no new ones. */
static void silent_connection_is_not_used_again(void **state)
{
    static const struct script_step silent[] = {PAUSE, SEND("0 head\n"), HANG};
    static const struct script_step agrees[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = silent}, {.reads = agrees}};

    (void)state;
    fixture_set_scripts(&fixture, scripts, 2);
    start_one(0);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    fixture.clock.now += NSEC_PER_S;
    site->timeout = NSEC_PER_S;
    start_one(1);
    fixture.clock.now += NSEC_PER_S;
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    assert_int_equal(outcomes[1].result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcomes[0].reports, 0); /* continues */
    assert_int_equal(fixture.closed, 0);
    start_one(2);
    TURN_UNTIL(fixture.loop, outcomes[2].reports);
    expect_body(2, "yes");
    assert_int_equal(fixture.opened, 2);
    clear_all();
}
/* Several exchanges wait for a dial that agrees on HTTP/1.1: each gets its own connection. */
static void one_request_at_a_time(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh1"), HANG};

    (void)state;
    agreed = &h1_protocol;
    use_https();
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    for (unsigned round = 0; round < 2; round++) {
        start_all();
        for (size_t i = 0; i < EXCHANGES; i++) /* the version is remembered: no second wait */
            assert_int_equal(exchanges[i].wait.waited, round == 0 && i > 0);
        TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports && outcomes[2].reports);
        for (size_t i = 0; i < EXCHANGES; i++)
            expect_body(i, "h1");
        assert_int_equal(fixture.opened, (round + 1) * EXCHANGES);
        clear_all();
        while (pool_drop_oldest(fixture.pool))
            ;
        memset(outcomes, 0, sizeof(outcomes));
    }
}

/* If one stream fails, its request is sent again, and the connection is kept. */
static void lost_stream(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 lost\n"), PAUSE,
                                               SEND("1 head\n1 yes\n1 end\n"), LAST};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcomes[0]);
    expect_body(0, "yes");
    assert_int_equal(fixture.closed, 0);
}

static struct pool_wait wait, next;
static int failures;

static void request_again(struct pool_wait *one, const struct dial *dial)
{
    assert_int_equal(dial->state, DIAL_FAILED);
    if (++failures == 1)
        pool_request(fixture.pool, one, &fixture.dialer, &site->url, POOL_ANY);
}

static void unexpected_ready(struct pool_wait *one, struct conn *conn, const struct dial *dial)
{
    (void)one;
    (void)conn;
    (void)dial;
    fail();
}

/* A dial that has failed gets no more waits. */
static void new_request_in_the_failed_callback(void **state)
{
    (void)state;
    wait = (struct pool_wait){.ready = unexpected_ready, .failed = request_again};
    failures = 0;
    fixture.refuse = true;
    fixture_set_scripts(&fixture, &(struct script){0}, 1);
    pool_request(fixture.pool, &wait, &fixture.dialer, &site->url, POOL_ANY);
    TURN_UNTIL(fixture.loop, failures == 2);
    assert_int_equal(fixture.dialer.connections, 2);
}

static void ignore_end(struct stream *stream, const struct stream_end *end)
{
    (void)stream;
    (void)end;
}

static struct stream stream;

static void request_another(struct pool_wait *one, struct conn *conn, const struct dial *dial)
{
    static const struct stream_events events = {.end = ignore_end};

    (void)dial;
    assert_ptr_equal(one, &wait);
    stream = (struct stream){.events = &events, .out = {.bytes = "x", .count = 1}};
    conn_submit(conn, &stream);
    next = (struct pool_wait){.ready = unexpected_ready, .failed = request_again};
    pool_request(fixture.pool, &next, &fixture.dialer, &site->url, POOL_ANY);
}

/* A request from the `ready` callback, when the connection is full, begins a dial. */
static void new_request_in_the_ready_callback(void **state)
{
    static const struct script_step reads[] = {HANG};

    (void)state;
    slots = 1;
    wait = (struct pool_wait){.ready = request_another, .failed = request_again};
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    pool_request(fixture.pool, &wait, &fixture.dialer, &site->url, POOL_ANY);
    TURN_UNTIL(fixture.loop, list_is_in(&next.link));
    assert_non_null(pool_wait_dial(&next));
    pool_cancel(&next);
    conn_cancel(&stream, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(fixture.opened, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(streams_share_a_connection),
        CASE(deadline_ends_one_stream),
        CASE(refused_request_is_sent_again),
        CASE(draining_moves_waiting_requests),
        CASE(more_capacity_serves_waiting_requests),
        CASE(last_stream_is_cancelled),
        CASE(exchange_joins_a_dial),
        CASE(waiting_for_capacity_is_blocked),
        CASE(one_request_at_a_time),
        CASE(lost_stream),
        CASE(new_request_in_the_failed_callback),
        CASE(new_request_in_the_ready_callback),
        CASE(connection_ends_its_streams),
        CASE(refused_twice),
        CASE(refused_for_calm),
        CASE(server_requires_http_1_1),
        CASE(http_1_1_is_required_of_all_connections),
        CASE(http_1_1_is_required_during_a_dial),
        CASE(http_1_1_is_required_twice),
        CASE(full_connections_are_not_enough),
        CASE(stream_that_ends_serves_a_waiting_request),
        CASE(stuck_dial_is_not_joined),
        CASE(freed_with_a_dial),
        CASE(limit_of_an_origin_is_remembered),
        CASE(post_shares_a_connection),
        CASE(no_sharing_without_keep_alive),
        CASE(silent_connection_is_not_used_again),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}

/*
 * The interface of http/protocol.h, with a protocol that only this test knows: several streams
 * share a connection, responses come in any order, and the server may refuse a request before it
 * is processed. Exchanges, pool and connection are those of the program. A request is one digit,
 * the number of its stream on the connection. A response is three lines: "N head", "N BODY", "N
 * end". "N refused": the request was not processed; "N lost": the stream failed; "goaway": no more
 * streams are accepted; "slots N": the number of concurrent streams changes.
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

static const struct protocol *choose(const char *alpn)
{
    (void)alpn;
    return agreed;
}

static int setup(void **state)
{
    static const struct negotiation negotiation = {.protocol = choose};

    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    pool_free(fixture.pool);
    fixture.pool = pool_new(&(struct pool_options){
        .limit = 10, .expected_streams = MAX_STREAMS, .negotiation = &negotiation});
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

/* A request that waits for capacity is sent when another stream has ended. */
static void stream_waits_for_capacity(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n1 head\n"),
                                               HANG,  SEND("1 one\n1 end\n"),
                                               HANG,  SEND("2 head\n2 two\n2 end\n0 zero\n0 end\n"),
                                               LAST};

    (void)state;
    slots = 2;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_all();
    TURN_UNTIL(fixture.loop, exchanges[1].state == EXCHANGE_BODY);
    assert_string_equal(fixture.received, "01");
    assert_int_equal(exchanges[2].state, EXCHANGE_CONNECTING);
    fixture_skip_hang(&fixture);
    fixture_send_event(&fixture, EPOLLIN);
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    unit_settle(fixture.loop);
    assert_string_equal(fixture.received, "012");
    fixture_skip_hang(&fixture);
    fixture_send_event(&fixture, EPOLLIN);
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[2].reports);
    expect_body(1, "one");
    expect_body(2, "two");
    assert_int_equal(fixture.opened, 1);
    clear_all();
}

/* A request that the server did not process is sent again, even if it is not idempotent. */
static void refused_request_is_sent_again(void **state)
{
    static const struct script_step refuses[] = {PAUSE, SEND("0 refused\n"), LAST};
    static const struct script_step agrees[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = refuses}, {.reads = agrees}};

    (void)state;
    free(site->method);
    site->method = strdup("POST");
    fixture_set_scripts(&fixture, scripts, 2);
    fixture_fetch(&fixture, site, &outcomes[0]);
    expect_body(0, "yes");
    assert_int_equal(fixture.opened, 2);
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

/* When a connection is draining, requests that wait for its capacity get another connection. */
static void draining_moves_waiting_requests(void **state)
{
    static const struct script_step drains[] = {PAUSE, SEND("0 head\n"), HANG, SEND("goaway\n"),
                                                HANG};
    static const struct script_step agrees[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = drains}, {.reads = agrees}};

    (void)state;
    slots = 1;
    fixture_set_scripts(&fixture, scripts, 2);
    start_one(0);
    start_one(1);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    skip_hang();
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    expect_body(1, "yes");
    assert_int_equal(fixture.opened, 2);
    assert_int_equal(outcomes[0].reports, 0);
    clear_all();
}

/* When the server allows more streams, waiting requests are sent. */
static void more_capacity_serves_waiting_requests(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n"),
                                               HANG,  SEND("slots 2\n"),
                                               HANG,  SEND("1 head\n1 one\n1 end\n0 end\n"),
                                               LAST};

    (void)state;
    slots = 1;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_one(0);
    start_one(1);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    skip_hang();
    assert_string_equal(fixture.received, "01");
    skip_hang();
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
    assert_true(stamps->start && !stamps->dns && !stamps->connect);
    assert_int_equal(fixture.opened, 1);
    clear_all();
}

static void waiting_for_capacity_is_blocked(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 head\n"), HANG, LAST};

    (void)state;
    slots = 1;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_one(0);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    site->timeout = NSEC_PER_S;
    start_one(1);
    fixture.clock.now += NSEC_PER_S;
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    assert_int_equal(outcomes[1].result.error, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(outcomes[1].result.phase, PHASE_BLOCKED);
    clear_all();
}

/* Several exchanges wait for a dial that agrees on HTTP/1.1: each gets its own connection. */
static void one_request_at_a_time(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh1"), HANG};

    (void)state;
    agreed = &h1_protocol;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    start_all();
    TURN_UNTIL(fixture.loop, outcomes[0].reports && outcomes[1].reports && outcomes[2].reports);
    for (size_t i = 0; i < EXCHANGES; i++)
        expect_body(i, "h1");
    assert_int_equal(fixture.opened, EXCHANGES);
    clear_all();
}

/* If one stream fails, its request is sent again, and the connection is kept. */
static void lost_stream(void **state)
{
    static const struct script_step reads[] = {PAUSE, SEND("0 lost\n"), PAUSE, HANG};
    static const struct script_step agrees[] = {PAUSE, SEND("0 head\n0 yes\n0 end\n"), LAST};
    static const struct script scripts[] = {{.reads = reads}, {.reads = agrees}};

    (void)state;
    fixture_set_scripts(&fixture, scripts, 2);
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
        pool_request(fixture.pool, one, &fixture.dialer, &site->url, false);
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
    pool_request(fixture.pool, &wait, &fixture.dialer, &site->url, false);
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
    pool_request(fixture.pool, &next, &fixture.dialer, &site->url, false);
}

/* A request from the `ready` callback, when the connection is full, waits for capacity. */
static void new_request_in_the_ready_callback(void **state)
{
    static const struct script_step reads[] = {HANG};

    (void)state;
    slots = 1;
    wait = (struct pool_wait){.ready = request_another, .failed = request_again};
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    pool_request(fixture.pool, &wait, &fixture.dialer, &site->url, false);
    TURN_UNTIL(fixture.loop, list_is_in(&next.link));
    assert_null(pool_wait_dial(&next));
    pool_cancel(&next);
    conn_cancel(&stream, ERROR_TOTAL_TIMEOUT);
    assert_int_equal(fixture.opened, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(streams_share_a_connection),
        CASE(deadline_ends_one_stream),
        CASE(stream_waits_for_capacity),
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
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}

/* A connection with HTTP/1.1 on it: the events of its owner and its streams, over scripted
   transports. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/h1/h1.h"
#include "tests/support/fixture.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

#define STREAMS 4

static struct fixture fixture;
static struct dial *dial;
static struct conn *conn;
static struct stream streams[STREAMS];
static bool opened;
static char events_seen[1024]; /* names, separated by spaces */

static void note(const char *name)
{
    size_t length = strlen(events_seen);

    snprintf(events_seen + length, sizeof(events_seen) - length, "%s%s", length ? " " : "", name);
}

static void note_stream(const struct stream *stream, const char *name)
{
    char text[64];

    snprintf(text, sizeof(text), "%td:%s", stream - streams, name);
    note(text);
}

static void on_room(struct conn *one)
{
    (void)one;
    note("room");
}

static void on_draining(struct conn *one)
{
    (void)one;
    note("draining");
}

static void on_closed(struct conn *one, enum error error)
{
    assert_ptr_equal(one, conn);
    note("closed");
    if (error)
        note(error_code(error));
    conn = NULL;
}

static void on_sent(struct stream *stream, nsec at)
{
    assert_true(at > 0);
    note_stream(stream, "sent");
}

static void on_end(struct stream *stream, const struct stream_end *end)
{
    static const char *const replays[] = {"never", "idempotent", "after-close", "any"};

    assert_false(stream_is_submitted(stream));
    note_stream(stream, end->error ? error_code(end->error) : "end");
    if (end->error)
        note(replays[end->replay]);
}

static const struct stream_events only_end = {.end = on_end};
static const struct stream_events sent_and_end = {.sent = on_sent, .end = on_end};
static const struct conn_events conn_events = {
    .draining = on_draining, .room = on_room, .closed = on_closed};
static struct conn_options options;

static void on_dialled(void *owner)
{
    (void)owner;
    conn = conn_open(dial, &options, &options);
    opened = true;
}

/* Opens a connection that follows a script. */
static void open_conn(const struct script *script)
{
    struct url url;
    char text[64];

    fixture_set_scripts(&fixture, script, 1);
    snprintf(text, sizeof(text), "http://127.0.0.1:%u/", address_port(&fixture.address));
    assert_null(url_parse(&url, text, strlen(text)));
    events_seen[0] = '\0';
    opened = false;
    dial = dial_new(&fixture.dialer, &url, NULL, on_dialled, NULL);
    TURN_UNTIL(fixture.loop, opened);
    dial_free(dial);
    url_free(&url);
}

static int setup(void **state)
{
    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    options = (struct conn_options){
        .events = &conn_events, .pipeline = STREAMS, .read_budget = 4, .protocol = h1_always};
    memset(streams, 0, sizeof(streams));
    conn = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (conn)
        conn_close(conn);
    unit_settle(fixture.loop);
    fixture_close(&fixture);
    return 0;
}

static void submit(size_t i, const struct stream_events *events, const char *bytes, size_t count)
{
    streams[i].events = events;
    streams[i].out.bytes = bytes;
    streams[i].out.count = count;
    conn_submit(conn, &streams[i]);
}

/* Submits `count` requests whose bytes are contiguous in memory. */
static void submit_block(size_t count)
{
    static const char block[] =
        "GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n";
    size_t one = (sizeof(block) - 1) / 3;

    assert_true(count <= 3);
    for (size_t i = 0; i < count; i++)
        submit(i, &only_end, block + i * one, one);
}

static void settle_and_expect(const char *wanted)
{
    unit_settle(fixture.loop);
    if (strcmp(events_seen, wanted) != 0) {
        fprintf(stderr, "ERROR: \"%s\" instead of \"%s\"\n", events_seen, wanted);
        fail();
    }
}

static void responses_come_in_order(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, AFTER_REQUEST, AFTER_REQUEST,
                                               SEND(OK OK OK), LAST};

    (void)state;
    open_conn(&(struct script){.reads = reads});
    assert_int_equal(conn_capacity(conn), STREAMS);
    submit_block(3);
    assert_int_equal(conn_capacity(conn), STREAMS - 3);
    conn_flush(conn);
    settle_and_expect("0:end 1:end 2:end room");
    assert_string_equal(fixture.received,
                        "GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    assert_true(conn->served);
}

/* Requests whose bytes are not contiguous, in one send. */
static void requests_are_sent_together(void **state)
{
    static const struct script_step writes[] = {TAKE(1000), STUCK};

    (void)state;
    open_conn(&(struct script){.writes = writes});
    submit(0, &sent_and_end, "GET /a HTTP/1.1\r\n\r\n", 19);
    submit(1, &sent_and_end, "GET /bb HTTP/1.1\r\n\r\n", 20);
    conn_flush(conn);
    assert_string_equal(fixture.received, "GET /a HTTP/1.1\r\n\r\nGET /bb HTTP/1.1\r\n\r\n");
    settle_and_expect("0:sent 1:sent");
}

static size_t render(struct stream *stream, char *buffer)
{
    return (size_t)sprintf(buffer, "GET /%td HTTP/1.1\r\n\r\n", stream - streams);
}

/* A request is rendered when it is sent, however short the writes are. */
static void requests_are_rendered(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, AFTER_REQUEST, SEND(OK OK), LAST};
    static const struct script_step writes[] = {TAKE(1), REPEAT};

    (void)state;
    for (int bytewise = 0; bytewise < 2; bytewise++) {
        open_conn(&(struct script){.reads = reads, .writes = bytewise ? writes : NULL});
        for (size_t i = 0; i < 2; i++) {
            streams[i] = (struct stream){.events = &only_end, .out.render = render};
            conn_submit(conn, &streams[i]);
        }
        conn_flush(conn);
        settle_and_expect("0:end 1:end room");
        assert_string_equal(fixture.received, "GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\n");
        conn_close(conn);
        conn = NULL;
    }
}

/* Which requests can be sent again after each kind of end. */
static void replay_of_each_end(void **state)
{
    static const struct {
        struct script_step reads[6], writes[4];
        const char *wanted;
    } cases[] = {
        {{AFTER_REQUEST, AFTER_REQUEST,
          SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), LAST},
         {LAST},
         "0:end 1:http.empty after-close draining closed"},
        {{AFTER_REQUEST, AFTER_REQUEST, END},
         {LAST},
         "0:http.empty never 1:http.empty never closed http.empty"},
        {{AFTER_REQUEST, AFTER_REQUEST, SEND(OK), END},
         {LAST},
         "0:end room 1:http.empty idempotent closed http.empty"},
        {{AFTER_REQUEST, SEND(OK), END},
         {TAKE(19), STUCK},
         "0:end room 1:http.empty any closed http.empty"},
        {{AFTER_REQUEST, AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh"), END},
         {LAST},
         "0:http.truncated never 1:http.truncated never closed http.truncated"},
        {{AFTER_REQUEST, AFTER_REQUEST, SEND("what\r\n"), LAST},
         {LAST},
         "0:http.malformed never 1:http.malformed never closed http.malformed"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        open_conn(&(struct script){.reads = cases[i].reads, .writes = cases[i].writes});
        submit_block(2);
        conn_flush(conn);
        settle_and_expect(cases[i].wanted);
        assert_null(conn);
    }
}

/* A cancelled stream gets no event; the others end with its error. */
static void cancelling_closes(void **state)
{
    static const struct script_step reads[] = {HANG};

    (void)state;
    open_conn(&(struct script){.reads = reads});
    submit_block(3);
    conn_flush(conn);
    conn_cancel(&streams[0], ERROR_TOTAL_TIMEOUT);
    settle_and_expect("1:timeout.total never 2:timeout.total never closed timeout.total");
}

static void cancel_next(struct stream *stream, nsec at)
{
    on_sent(stream, at);
    conn_cancel(&streams[1], ERROR_TOTAL_TIMEOUT);
}

static void close_conn(struct stream *stream, nsec at)
{
    on_sent(stream, at);
    conn_close(conn);
    conn = NULL;
}

/* An event may cancel a stream whose request was sent in the same send, or close the connection. */
static void events_of_one_send(void **state)
{
    static const struct {
        struct stream_events events;
        const char *wanted;
    } cases[] = {
        {{.sent = cancel_next, .end = on_end},
         "0:sent 0:timeout.total never 2:timeout.total never closed timeout.total"},
        {{.sent = close_conn, .end = on_end}, "0:sent"},
    };
    static const struct script_step reads[] = {HANG};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        open_conn(&(struct script){.reads = reads});
        submit(0, &cases[i].events, "GET /a HTTP/1.1\r\n\r\n", 19);
        submit(1, &sent_and_end, "GET /bb HTTP/1.1\r\n\r\n", 20);
        submit(2, &sent_and_end, "GET /c HTTP/1.1\r\n\r\n", 19);
        conn_flush(conn);
        settle_and_expect(cases[i].wanted);
        assert_null(conn);
    }
}

static void on_field(struct stream *stream, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    (void)stream;
    (void)name;
    (void)name_bytes;
    (void)value;
    (void)value_bytes;
}

static void close_at_head(struct stream *stream, const struct status_line *line, nsec at)
{
    (void)line;
    close_conn(stream, at);
}

static void on_body(struct stream *stream, const char *bytes, size_t count)
{
    (void)bytes;
    (void)count;
    note_stream(stream, "body");
}

/* Later bytes of the same receive cause no events. */
static void closed_in_the_head_event(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(OK), HANG};
    static const struct stream_events events = {
        .field = on_field, .head = close_at_head, .body = on_body, .end = on_end};

    (void)state;
    open_conn(&(struct script){.reads = reads});
    submit(0, &events, "GET /a HTTP/1.1\r\n\r\n", 19);
    conn_flush(conn);
    settle_and_expect("0:sent");
}

static void stopped_while_idle(void **state)
{
    static const struct script_step reads[] = {HANG};

    (void)state;
    open_conn(&(struct script){.reads = reads});
    unit_settle(fixture.loop);
    conn_drain(conn);
    settle_and_expect("draining closed");
}

static void drop_rest(struct stream *stream, const struct status_line *line, nsec at)
{
    (void)line;
    (void)at;
    stream->rest = REST_DISCARDED;
}

/* A receive got two TLS records from the socket: the second is read without an event. */
static void transport_has_pending_bytes(void **state)
{
    static const struct script_step reads[] = {
        AFTER_REQUEST, SEND("HTTP/1.1 302 X\r\nContent-Length: 4\r\n\r\n"),
        HANG,          SEND("ab"),
        SEND("cd"),    HANG};
    static const struct stream_events events = {
        .field = on_field, .head = drop_rest, .end = on_end};

    (void)state;
    open_conn(&(struct script){.reads = reads});
    submit(0, &events, "GET /a HTTP/1.1\r\n\r\n", 19);
    conn_flush(conn);
    settle_and_expect("0:end");
    fixture_skip_hang(&fixture);
    fixture.pending = true;
    conn->sock->readable = false;
    fixture_send_event(&fixture, 0);
    settle_and_expect("0:end room");
    assert_int_equal(conn_capacity(conn), STREAMS);
}

/* No callback after conn_close. */
static void closed_by_its_owner(void **state)
{
    static const struct script_step reads[] = {HANG};

    (void)state;
    open_conn(&(struct script){.reads = reads});
    submit_block(3);
    conn_flush(conn);
    conn_close(conn);
    conn = NULL;
    settle_and_expect("");
}

static void idle_connection_ends(void **state)
{
    static const struct {
        struct script_step reads[2];
        const char *wanted;
    } cases[] = {
        {{END}, "closed http.empty"},
        {{FAIL(ECONNRESET)}, "closed http.reset"},
        {{SEND("x"), LAST}, "closed http.malformed"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        open_conn(&(struct script){.reads = cases[i].reads});
        settle_and_expect(cases[i].wanted);
    }
}

/* A connection with much to read yields to others. */
static void much_to_read_yields(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\n"),
                                               SEND("x"),     SEND("x"),
                                               SEND("x"),     SEND("x"),
                                               SEND("x"),     HANG};
    (void)state;
    open_conn(&(struct script){.reads = reads});
    submit_block(1);
    conn_flush(conn);
    loop_turn(fixture.loop, 0);
    assert_true(task_is_queued(&conn->sock->watch.yielded));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(responses_come_in_order),     CASE(requests_are_sent_together),
        CASE(requests_are_rendered),       CASE(replay_of_each_end),
        CASE(cancelling_closes),           CASE(events_of_one_send),
        CASE(closed_in_the_head_event),    CASE(stopped_while_idle),
        CASE(transport_has_pending_bytes), CASE(closed_by_its_owner),
        CASE(idle_connection_ends),        CASE(much_to_read_yields),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}

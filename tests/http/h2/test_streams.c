/*
 * Many streams on an HTTP/2 connection without socket: each ends once, whatever the server sends,
 * however little of the output can be written, and whatever events do.
 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/h2/session.h"
#include "tests/http/h2/frames.h"
#include "tests/support/h2_conn.h"

#define STREAMS 20
#define OK      ":status: 200"

#define FRAME_HEADER_BYTES 9

enum action {
    NOTHING,
    CANCEL_ITSELF,
    CANCEL_NEXT,
    CLOSE,
    DISCARD,
};

struct one_stream {
    struct stream stream; /* first */
    unsigned sent, heads, ends;
    size_t body_bytes;
    struct stream_end end; /* without its detail */
    char detail[128];
};

static struct loop *loop;
static struct h2_conn peer;
static struct one_stream streams[STREAMS];
static struct frames frames;
static struct url url;
static struct h2_request *request, *post;
static enum action in_head, in_body, in_end;
static size_t acting; /* the stream in whose events the actions are done */

static void act(struct stream *stream, enum action action)
{
    size_t i = (size_t)((struct one_stream *)stream - streams);

    if (i != acting)
        return;
    switch (action) {
    case CANCEL_ITSELF: conn_cancel(stream, ERROR_INTERRUPTED); break;
    case CANCEL_NEXT: conn_cancel(&streams[i + 1].stream, ERROR_INTERRUPTED); break;
    case CLOSE: conn_close(peer.conn); break;
    case DISCARD: stream->rest = REST_ABANDONED; break;
    case NOTHING: break;
    }
}

static void on_sent(struct stream *stream, nsec at)
{
    (void)at;
    ((struct one_stream *)stream)->sent++;
}

static void on_head(struct stream *stream, const struct status_line *line, nsec at)
{
    (void)line;
    (void)at;
    ((struct one_stream *)stream)->heads++;
    act(stream, in_head);
}

static void on_body(struct stream *stream, const char *bytes, size_t count)
{
    (void)bytes;
    ((struct one_stream *)stream)->body_bytes += count;
    act(stream, in_body);
}

static void on_end(struct stream *stream, const struct stream_end *end)
{
    struct one_stream *one = (struct one_stream *)stream;

    assert_false(stream_is_submitted(stream));
    one->ends++;
    one->end = *end;
    snprintf(one->detail, sizeof(one->detail), "%s", end->detail ? end->detail : "");
    act(stream, in_end);
}

static const struct stream_events stream_events = {
    .sent = on_sent, .head = on_head, .body = on_body, .end = on_end};

static void submit(size_t i, const struct h2_request *prepared)
{
    streams[i] = (struct one_stream){.stream.events = &stream_events};
    streams[i].stream.out.prepared = prepared;
    conn_submit(peer.conn, &streams[i].stream);
}

/* Opens a connection, submits requests, and begins what the server sends. */
static void begin(size_t count)
{
    h2_conn_open(&peer, loop);
    for (size_t i = 0; i < STREAMS; i++)
        streams[i] = (struct one_stream){.stream.events = &stream_events};
    for (size_t i = 0; i < count; i++)
        submit(i, request);
    frames.count = 0;
    put_settings(&frames);
}

static uint32_t id_of(size_t i)
{
    return (uint32_t)(2 * i + 1);
}

static void put_good(size_t i)
{
    put_head(&frames, id_of(i), OK, false);
    put_data(&frames, id_of(i), "hello", true);
}

static void receive(void)
{
    h2_conn_receive(&peer, frames.bytes, frames.count);
    frames.count = 0;
}

static void expect_error(size_t i, enum error error)
{
    assert_int_equal(streams[i].ends, 1);
    assert_string_equal(error_code(streams[i].end.error), error_code(error));
}

static void expect_good(size_t i)
{
    expect_error(i, ERROR_NONE);
    assert_true(streams[i].end.complete);
    assert_int_equal(streams[i].body_bytes, 5);
}

static int setup(void **state)
{
    static struct content *content;
    static char bytes[200 * 1024];
    struct request plain = {.method = "GET", .url = &url};

    (void)state;
    loop = loop_new();
    assert_null(url_parse(&url, "http://a.example/", strlen("http://a.example/")));
    request = h2_request_new(&plain, false);
    content = content_new(bytes, sizeof(bytes));
    plain.method = "POST";
    plain.content = content;
    post = h2_request_new(&plain, false);
    in_head = in_body = in_end = NOTHING;
    acting = 0;
    *state = content;
    return 0;
}

static int teardown(void **state)
{
    h2_request_free(request);
    h2_request_free(post);
    content_drop(*state);
    url_free(&url);
    loop_free(loop);
    return 0;
}

/* nghttp2 does not report open streams after an error of the connection. Those with a complete
   response are not affected. */
static void connection_error_ends_each(void **state)
{
    (void)state;
    begin(STREAMS);
    put_good(3);
    put_head(&frames, id_of(5), OK, false);
    put_window(&frames, 0, 0);
    put_good(7);
    h2_conn_write(&peer, SIZE_MAX);
    receive();
    expect_good(3);
    for (size_t i = 0; i < STREAMS; i++)
        if (i != 3) {
            expect_error(i, ERROR_HTTP2_PROTOCOL);
            assert_non_null(strstr(streams[i].detail, "PROTOCOL_ERROR, WINDOW_UPDATE"));
        }
    assert_int_equal(peer.conn->state, CONN_CLOSED);
    h2_conn_free(&peer);
}

/* The detail is known although GOAWAY cannot be written. */
static void connection_error_while_blocked(void **state)
{
    (void)state;
    begin(2);
    h2_conn_write(&peer, 10);
    put_window(&frames, 0, 0);
    receive();
    for (size_t i = 0; i < 2; i++) {
        expect_error(i, ERROR_HTTP2_PROTOCOL);
        assert_non_null(strstr(streams[i].detail, "PROTOCOL_ERROR"));
    }
    h2_conn_free(&peer);
}

static void connection_closed_by_server(void **state)
{
    (void)state;
    begin(3);
    h2_conn_write(&peer, SIZE_MAX);
    put_good(0);
    put_head(&frames, id_of(1), OK, false);
    receive();
    h2_conn_receive_end(&peer);
    expect_good(0);
    expect_error(1, ERROR_TRUNCATED);
    assert_int_equal(streams[1].end.replay, REPLAY_NEVER);
    expect_error(2, ERROR_EMPTY);
    assert_int_equal(streams[2].end.replay, REPLAY_IDEMPOTENT);
    h2_conn_free(&peer);
}

/* A TLS alert has seven bytes: less than the header of a frame. */
static void other_protocol_in_few_bytes(void **state)
{
    (void)state;
    begin(2);
    h2_conn_write(&peer, SIZE_MAX);
    h2_conn_receive(&peer, "\x15\x03\x01\x00\x02\x02\x46", 7);
    h2_conn_receive_end(&peer);
    expect_error(0, ERROR_HTTP2_NOT_HTTP2);
    expect_error(1, ERROR_HTTP2_NOT_HTTP2);
    h2_conn_free(&peer);
}

/* Wherever the output is cut, the server gets the same bytes, and `sent` is called once. */
static void output_cut_at_every_byte(void **state)
{
    static unsigned char whole[H2_CONN_OUT_BYTES];
    size_t count, ends[3]; /* of each request */

    (void)state;
    begin(3);
    count = h2_conn_write(&peer, SIZE_MAX);
    memcpy(whole, peer.out, count);
    for (size_t at = strlen(NGHTTP2_CLIENT_MAGIC), i = 0; i < 3;) {
        bool is_request = whole[at + 3] == NGHTTP2_HEADERS;

        at += FRAME_HEADER_BYTES + ((size_t)whole[at + 1] << 8 | whole[at + 2]);
        if (is_request)
            ends[i++] = at;
    }
    h2_conn_free(&peer);
    for (size_t cut = 0; cut < count; cut++) {
        begin(3);
        assert_int_equal(h2_conn_write(&peer, cut), cut);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(streams[i].sent, cut >= ends[i]);
        h2_conn_write(&peer, 0);
        assert_int_equal(h2_conn_write(&peer, SIZE_MAX), count - cut);
        assert_memory_equal(peer.out, whole, count);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(streams[i].sent, 1);
            put_good(i);
        }
        receive();
        for (size_t i = 0; i < 3; i++)
            expect_good(i);
        h2_conn_free(&peer);
    }
}

/* A request of which no byte was written may be sent again. */
static void unsent_request_may_be_repeated(void **state)
{
    (void)state;
    begin(1);
    h2_conn_write(&peer, SIZE_MAX);
    submit(1, request);
    receive();
    h2_conn_receive_end(&peer);
    assert_int_equal(streams[0].end.replay, REPLAY_NEVER);
    assert_int_equal(streams[1].end.replay, REPLAY_ANY);
    h2_conn_free(&peer);
}

static void actions_in_events(void **state)
{
    static const struct {
        enum action head, body, end;
        unsigned ends, next_ends, last_ends; /* of the acting stream, the next, and the third */
    } cases[] = {
        {CANCEL_ITSELF, NOTHING, NOTHING, 0, 1, 1}, {CANCEL_NEXT, NOTHING, NOTHING, 1, 0, 1},
        {CLOSE, NOTHING, NOTHING, 0, 0, 0},         {DISCARD, NOTHING, NOTHING, 1, 1, 1},
        {NOTHING, CANCEL_ITSELF, NOTHING, 0, 1, 1}, {NOTHING, CANCEL_NEXT, NOTHING, 1, 0, 1},
        {NOTHING, CLOSE, NOTHING, 0, 0, 0},         {NOTHING, DISCARD, NOTHING, 1, 1, 1},
        {NOTHING, NOTHING, CANCEL_NEXT, 1, 0, 1},   {NOTHING, NOTHING, CLOSE, 1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        begin(3);
        h2_conn_write(&peer, SIZE_MAX);
        in_head = cases[i].head;
        in_body = cases[i].body;
        in_end = cases[i].end;
        for (size_t one = 0; one < 3; one++)
            put_good(one);
        receive();
        h2_conn_write(&peer, SIZE_MAX);
        if (streams[0].ends != cases[i].ends || streams[1].ends != cases[i].next_ends ||
            streams[2].ends != cases[i].last_ends)
            fail_msg("case %zu: %u %u %u", i, streams[0].ends, streams[1].ends, streams[2].ends);
        for (size_t one = 0; one < 3; one++)
            assert_false(stream_is_submitted(&streams[one].stream));
        h2_conn_free(&peer);
    }
}

/* Cancelling or closing while an error of the connection ends all streams. */
static void actions_in_the_end_of_all(void **state)
{
    static const enum action actions[] = {CANCEL_NEXT, CLOSE};

    (void)state;
    for (size_t i = 0; i < LENGTH(actions); i++) {
        begin(3);
        h2_conn_write(&peer, SIZE_MAX);
        in_end = actions[i];
        put_window(&frames, 0, 0);
        receive();
        expect_error(0, ERROR_HTTP2_PROTOCOL);
        assert_int_equal(streams[1].ends, 0);
        assert_int_equal(streams[2].ends, actions[i] == CANCEL_NEXT);
        h2_conn_free(&peer);
    }
}

/* The response is complete before the server has read the request (RFC 9113, section 8.1). */
static void response_before_the_request_was_sent(void **state)
{
    (void)state;
    begin(0);
    submit(0, post);
    submit(1, request);
    h2_conn_write(&peer, SIZE_MAX); /* as much content as the window allows */
    assert_int_equal(streams[0].sent, 0);
    put_good(0);
    put_good(1);
    receive();
    h2_conn_write(&peer, SIZE_MAX);
    expect_good(0);
    expect_good(1);
    put_window(&frames, 0, 1 << 20);
    put_window(&frames, 1, 1 << 20);
    receive();
    h2_conn_write(&peer, SIZE_MAX);
    assert_int_equal(peer.conn->state, CONN_OPEN);
    h2_conn_free(&peer);
}

/* 200 KB of content in windows of 100 bytes: thousands of WINDOW_UPDATE frames are no flood. */
static void small_windows_of_an_upload(void **state)
{
    (void)state;
    begin(0);
    submit(0, post);
    h2_conn_write(&peer, SIZE_MAX);
    for (int i = 0; i < 1500; i++) {
        put_window(&frames, 0, 100);
        put_window(&frames, 1, 100);
        receive();
        h2_conn_write(&peer, SIZE_MAX);
        assert_int_equal(streams[0].ends, 0);
    }
    assert_int_equal(streams[0].sent, 1);
    put_good(0);
    receive();
    expect_good(0);
    h2_conn_free(&peer);
}

/* A server that sends more than our windows allow, while it cannot have received an update. */
static void server_ignores_the_window(void **state)
{
    static char text[16385];

    (void)state;
    memset(text, 'x', 16384);
    begin(2);
    h2_conn_write(&peer, SIZE_MAX);
    put_head(&frames, 1, OK, false);
    receive();
    for (int i = 0; i < 200; i++) {
        put_data(&frames, 1, text, false);
        receive();
    }
    h2_conn_write(&peer, SIZE_MAX); /* the stream ends when it was reset */
    expect_error(0, ERROR_HTTP2_PROTOCOL);
    assert_string_equal(streams[0].detail, "FLOW_CONTROL_ERROR");
    put_good(1);
    receive();
    expect_good(1);
    h2_conn_free(&peer);
}

/* The window of the connection: each stream stays within its own. */
static void server_ignores_the_window_of_the_connection(void **state)
{
    static char text[16385];
    size_t received = 0;

    (void)state;
    memset(text, 'x', 16384);
    begin(STREAMS);
    h2_conn_write(&peer, SIZE_MAX);
    put_end(&frames, put_frame(&frames, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0));
    for (size_t i = 0; i < STREAMS; i++)
        put_head(&frames, id_of(i), OK, false);
    receive();
    for (size_t n = 0; !streams[0].ends && n < 2000; n++) {
        put_data(&frames, id_of(n % STREAMS), text, false);
        receive();
        received += 16384;
    }
    assert_in_range(received, 16 * 1024 * 1024, 16 * 1024 * 1024 + 65535 + 16384);
    for (size_t i = 0; i < STREAMS; i++)
        expect_error(i, ERROR_HTTP2_PROTOCOL);
    assert_string_equal(streams[0].detail, "FLOW_CONTROL_ERROR");
    h2_conn_free(&peer);
}

/* A client has 2^30 numbers. The connection ends with the stream that has the last one. */
static void last_number_of_a_stream(void **state)
{
    (void)state;
    h2_conn_open(&peer, loop);
    nghttp2_session_set_next_stream_id(h2_of(peer.conn)->session, INT32_MAX - 2);
    frames.count = 0;
    put_settings(&frames);
    submit(0, request);
    assert_int_equal(peer.conn->state, CONN_OPEN);
    submit(1, request);
    assert_int_equal(peer.conn->state, CONN_DRAINING);
    h2_conn_write(&peer, SIZE_MAX);
    for (uint32_t i = 0; i < 2; i++) {
        put_head(&frames, INT32_MAX - 2 + 2 * i, OK, false);
        put_data(&frames, INT32_MAX - 2 + 2 * i, "hello", true);
    }
    receive();
    expect_good(0);
    expect_good(1);
    assert_int_equal(peer.conn->state, CONN_CLOSED);
    h2_conn_free(&peer);
}

/* A server that refuses a stream after it has sent a part of the response contradicts itself. */
static void refused_after_the_head(void **state)
{
    (void)state;
    begin(2);
    h2_conn_write(&peer, SIZE_MAX);
    put_head(&frames, 1, OK, false);
    put_reset(&frames, 1, NGHTTP2_REFUSED_STREAM);
    put_reset(&frames, 3, NGHTTP2_REFUSED_STREAM);
    receive();
    expect_error(0, ERROR_HTTP2_REFUSED_STREAM);
    assert_int_equal(streams[0].end.replay, REPLAY_NEVER);
    expect_error(1, ERROR_HTTP2_REFUSED_STREAM);
    assert_int_equal(streams[1].end.replay, REPLAY_ANY);
    h2_conn_free(&peer);
}

static void goaway_names_the_reason(void **state)
{
    (void)state;
    begin(3);
    h2_conn_write(&peer, SIZE_MAX);
    put_good(0);
    put_goaway(&frames, 3, NGHTTP2_ENHANCE_YOUR_CALM, "too many requests");
    receive();
    expect_good(0);
    expect_error(2, ERROR_HTTP2_GOAWAY);
    assert_string_equal(streams[2].detail, "ENHANCE_YOUR_CALM, too many requests");
    assert_int_equal(streams[2].end.replay, REPLAY_LATER);
    assert_int_equal(streams[1].ends, 0);
    assert_int_equal(conn_capacity(peer.conn), 0);
    put_good(1);
    receive();
    expect_good(1);
    assert_int_equal(peer.conn->state, CONN_CLOSED);
    assert_int_equal(peer.counters.goaways, 1);
    assert_int_equal(peer.counters.heads_in, 2);
    assert_int_equal(peer.counters.heads_out, 3);
    h2_conn_free(&peer);
}

static void server_changes_the_number_of_streams(void **state)
{
    (void)state;
    begin(3);
    assert_int_equal(conn_capacity(peer.conn), 97);
    h2_conn_write(&peer, SIZE_MAX);
    put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2);
    receive();
    assert_int_equal(conn_capacity(peer.conn), 0);
    put_good(0);
    put_good(1);
    receive();
    assert_int_equal(conn_capacity(peer.conn), 1);
    put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0);
    put_good(2);
    receive();
    for (size_t i = 0; i < 3; i++)
        expect_good(i);
    assert_int_equal(conn_capacity(peer.conn), 0);
    put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 8);
    receive();
    assert_int_equal(conn_capacity(peer.conn), 8);
    h2_conn_free(&peer);
}

/* Fields of any size are sent: the server decides what is too large. */
static void large_request(void **state)
{
    static char fields[200 * 1024] = "x-large: ";
    struct request plain = {.method = "GET", .url = &url, .headers = fields};
    size_t start = strlen(fields), end = sizeof(fields) - strlen("\r\n") - 1;
    struct h2_request *large;

    (void)state;
    memset(fields + start, '~', end - start); /* its Huffman code is longer than the character */
    strcpy(fields + end, "\r\n");
    large = h2_request_new(&plain, false);
    begin(0);
    submit(0, large);
    submit(1, request);
    assert_true(h2_conn_write(&peer, SIZE_MAX) > sizeof(fields));
    put_good(0);
    put_good(1);
    receive();
    expect_good(0);
    expect_good(1);
    h2_conn_free(&peer);
    h2_request_free(large);
}

/* After the last number, the connection is closed when its streams have ended. */
static void numbers_of_streams_run_out(void **state)
{
    (void)state;
    begin(0);
    nghttp2_session_set_next_stream_id(h2_of(peer.conn)->session, INT32_MAX);
    submit(0, request);
    assert_int_equal(conn_capacity(peer.conn), 0);
    h2_conn_write(&peer, SIZE_MAX);
    assert_int_equal(peer.conn->state, CONN_DRAINING);
    put_head(&frames, INT32_MAX, OK, false);
    put_data(&frames, INT32_MAX, "hello", true);
    receive();
    expect_good(0);
    assert_int_equal(peer.conn->state, CONN_CLOSED);
    h2_conn_free(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(connection_error_ends_each),
        TEST(connection_error_while_blocked),
        TEST(connection_closed_by_server),
        TEST(other_protocol_in_few_bytes),
        TEST(output_cut_at_every_byte),
        TEST(unsent_request_may_be_repeated),
        TEST(actions_in_events),
        TEST(actions_in_the_end_of_all),
        TEST(response_before_the_request_was_sent),
        TEST(small_windows_of_an_upload),
        TEST(server_ignores_the_window),
        TEST(server_ignores_the_window_of_the_connection),
        TEST(last_number_of_a_stream),
        TEST(refused_after_the_head),
        TEST(goaway_names_the_reason),
        TEST(server_changes_the_number_of_streams),
        TEST(large_request),
        TEST(numbers_of_streams_run_out),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

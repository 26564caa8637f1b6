/*
 * What frames of a server do to two open streams: an error of the connection ends both, an error of
 * a stream only the first. Each list of frames is received in one piece, and cut in two at every
 * byte: the result must be the same. A number such as "golang#65051" in a comment is the report of
 * a client that behaved otherwise.
 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/http/h2/frames.h"
#include "tests/support/h2_conn.h"

#define OK ":status: 200"

static struct frames frames;

/* A frame with this payload. */
static void put_raw(unsigned type, unsigned flags, uint32_t id, const char *payload, size_t count)
{
    size_t at = put_frame(&frames, type, flags, id);

    put_bytes(&frames, payload, count);
    put_end(&frames, at);
}

/* HEADERS without END_HEADERS, and a CONTINUATION that ends them. */
static void put_split_head(unsigned between, uint32_t continued_id)
{
    size_t at = put_frame(&frames, NGHTTP2_HEADERS, 0, 1);

    put_field(&frames, ":status", "200", 3);
    put_end(&frames, at);
    if (between == NGHTTP2_PING)
        put_ping(&frames);
    at = put_frame(&frames, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, continued_id);
    put_field(&frames, "server", "x", 1);
    put_end(&frames, at);
}

/* --- what is allowed --- */

static void continuation(void)
{
    put_split_head(0, 1);
    put_data(&frames, 1, "hello", true);
}

static void padded_head(void)
{
    size_t at =
        put_frame(&frames, NGHTTP2_HEADERS,
                  NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_PADDED | NGHTTP2_FLAG_PRIORITY, 1);

    put_byte(&frames, 2);
    put_number(&frames, 0, 4); /* dependency and weight */
    put_byte(&frames, 15);
    put_field(&frames, ":status", "200", 3);
    put_number(&frames, 0, 2);
    put_end(&frames, at);
    put_raw(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED | NGHTTP2_FLAG_END_STREAM, 1, "\3hello\0\0\0", 9);
}

static void altsvc(void)
{
    put_raw(NGHTTP2_ALTSVC, 0, 0, "\0\1ah2=\":443\"", 12);
    put_raw(NGHTTP2_ALTSVC, 0, 1, "\0\0h2=\":443\"", 11);
    put_head(&frames, 1, OK, false);
    put_data(&frames, 1, "hello", true);
}

/* A dynamic table, and a head that uses it. */
static void indexed_fields(void)
{
    put_raw(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x3f\xe1\x1f\x88\x40\1a\1b\xbe", 10);
    put_data(&frames, 1, "hello", true);
}

/* Frames of a stream that has ended are ignored: golang#16974 closed the connection. */
static void frames_after_reset(void)
{
    put_head(&frames, 1, OK, false);
    put_data(&frames, 1, "hello", true);
    put_reset(&frames, 1, NGHTTP2_NO_ERROR);
    put_window(&frames, 1, 100);
    put_reset(&frames, 1, NGHTTP2_CANCEL);
}

static void empty_trailers(void)
{
    put_head(&frames, 1, OK, false);
    put_data(&frames, 1, "hello", false);
    put_raw(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, "", 0);
}

/* A response and GOAWAY in one piece: curl#4267 reported an error. */
static void goaway_after_response(void)
{
    put_head(&frames, 1, OK, false);
    put_data(&frames, 1, "hello", true);
    put_goaway(&frames, 3, NGHTTP2_NO_ERROR, "");
}

/* --- errors of a stream --- */

static void trailers_without_end(void)
{
    put_head(&frames, 1, OK, false);
    put_head(&frames, 1, "x-check: 1", false);
}

static void pseudo_field_in_trailers(void)
{
    put_head(&frames, 1, OK, false);
    put_head(&frames, 1, OK, true);
}

static void pseudo_field_after_field(void)
{
    put_head(&frames, 1, "server: x|" OK, true);
}

static void unknown_pseudo_field(void)
{
    put_head(&frames, 1, OK "|:path: /", true);
}

static void data_before_head(void)
{
    put_data(&frames, 1, "hello", true);
}

static void interim_with_end(void)
{
    put_head(&frames, 1, ":status: 103", true);
}

static void only_interim(void)
{
    put_head(&frames, 1, ":status: 103", false);
    put_reset(&frames, 1, NGHTTP2_NO_ERROR);
}

static void status_101(void)
{
    put_head(&frames, 1, ":status: 101", false);
}

static void two_lengths(void)
{
    put_head(&frames, 1, OK "|content-length: 5|content-length: 5", false);
    put_data(&frames, 1, "hello", true);
}

static void bad_length(void)
{
    put_head(&frames, 1, OK "|content-length: x", false);
    put_data(&frames, 1, "hello", true);
}

static void body_of_304(void)
{
    put_head(&frames, 1, ":status: 304", false);
    put_data(&frames, 1, "hello", true);
}

static void transfer_encoding(void)
{
    put_head(&frames, 1, OK "|transfer-encoding: chunked", true);
}

/* curl#6015 took it for the end of the body. */
static void no_error_in_body(void)
{
    put_head(&frames, 1, OK, false);
    put_data(&frames, 1, "hel", false);
    put_reset(&frames, 1, NGHTTP2_NO_ERROR);
}

static void unknown_code(void)
{
    put_reset(&frames, 1, 0xffffffff);
}

static void window_of_stream_overflows(void)
{
    put_window(&frames, 1, INT32_MAX);
}

/* --- errors of the connection --- */

static void ping_between_head(void)
{
    put_split_head(NGHTTP2_PING, 1);
}

static void continuation_of_another(void)
{
    put_split_head(0, 3);
}

static void continuation_alone(void)
{
    put_raw(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, "\x88", 1);
}

static void bad_index(void)
{
    put_raw(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\xfe", 1);
}

static void table_too_large(void)
{
    put_raw(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x3f\xff\xff\xff\x0f\x88", 6);
}

static void head_cut_in_a_field(void)
{
    put_raw(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
            "\x40\x05"
            "ab",
            4);
}

static void head_of_even_stream(void)
{
    put_head(&frames, 2, OK, true);
}

static void head_of_idle_stream(void)
{
    put_head(&frames, 9, OK, true);
}

static void data_of_stream_0(void)
{
    put_data(&frames, 0, "x", false);
}

static void reset_of_stream_0(void)
{
    put_reset(&frames, 0, NGHTTP2_CANCEL);
}

static void reset_of_idle_stream(void)
{
    put_reset(&frames, 9, NGHTTP2_CANCEL);
}

static void settings_of_a_stream(void)
{
    put_raw(NGHTTP2_SETTINGS, 0, 1, "", 0);
}

static void settings_of_5_bytes(void)
{
    put_raw(NGHTTP2_SETTINGS, 0, 0, "\0\3\0\0\0", 5);
}

static void settings_ack_with_payload(void)
{
    put_raw(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "\0\3\0\0\0\1", 6);
}

static void settings_frame_size(void)
{
    put_setting(&frames, NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 100);
}

static void settings_window(void)
{
    put_setting(&frames, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UINT32_MAX);
}

static void ping_of_7_bytes(void)
{
    put_raw(NGHTTP2_PING, 0, 0, "1234567", 7);
}

static void goaway_of_a_stream(void)
{
    put_raw(NGHTTP2_GOAWAY, 0, 1, "\0\0\0\0\0\0\0\0", 8);
}

static void goaway_of_7_bytes(void)
{
    put_raw(NGHTTP2_GOAWAY, 0, 0, "\0\0\0\0\0\0\0", 7);
}

static void window_of_3_bytes(void)
{
    put_raw(NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\1", 3);
}

/* --- results --- */

static const struct frames_case {
    const char *name;
    void (*put)(void);
    enum error error;   /* of the first stream */
    const char *detail; /* the beginning of its detail */
    bool both;          /* the error ends the second stream too */
} cases[] = {
    {"CONTINUATION", continuation, ERROR_NONE, "", false},
    {"padded HEADERS with priority", padded_head, ERROR_NONE, "", false},
    {"ALTSVC", altsvc, ERROR_NONE, "", false},
    {"indexed fields", indexed_fields, ERROR_NONE, "", false},
    {"frames after the end", frames_after_reset, ERROR_NONE, "", false},
    {"empty trailers", empty_trailers, ERROR_NONE, "", false},
    {"GOAWAY after the response", goaway_after_response, ERROR_NONE, "", false},

    {"trailers without END_STREAM", trailers_without_end, ERROR_MALFORMED, "", false},
    {"pseudo-header field in trailers", pseudo_field_in_trailers, ERROR_MALFORMED, "", false},
    {"pseudo-header field last", pseudo_field_after_field, ERROR_MALFORMED, "", false},
    {"unknown pseudo-header field", unknown_pseudo_field, ERROR_MALFORMED, "", false},
    {"DATA before HEADERS", data_before_head, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"interim response with END_STREAM", interim_with_end, ERROR_MALFORMED, "", false},
    {"interim response alone", only_interim, ERROR_EMPTY, "", false},
    {"status 101", status_101, ERROR_MALFORMED, "", false},
    {"two lengths", two_lengths, ERROR_MALFORMED, "", false},
    {"length that is no number", bad_length, ERROR_MALFORMED, "", false},
    {"body of a 304", body_of_304, ERROR_MALFORMED, "", false},
    {"Transfer-Encoding", transfer_encoding, ERROR_MALFORMED, "", false},
    {"NO_ERROR in the body", no_error_in_body, ERROR_TRUNCATED, "", false},
    {"unknown code", unknown_code, ERROR_HTTP2_RESET, "unknown", false},
    {"window of a stream", window_of_stream_overflows, ERROR_HTTP2_PROTOCOL, "FLOW_CONTROL_ERROR",
     false},

    {"PING in a head", ping_between_head, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"CONTINUATION of another", continuation_of_another, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR",
     true},
    {"CONTINUATION alone", continuation_alone, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"bad index", bad_index, ERROR_HTTP2_PROTOCOL, "COMPRESSION_ERROR", true},
    {"table too large", table_too_large, ERROR_HTTP2_PROTOCOL, "COMPRESSION_ERROR", true},
    {"head cut in a field", head_cut_in_a_field, ERROR_HTTP2_PROTOCOL, "COMPRESSION_ERROR", true},
    {"HEADERS of stream 2", head_of_even_stream, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"HEADERS of an idle stream", head_of_idle_stream, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR",
     true},
    {"DATA of stream 0", data_of_stream_0, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"RST_STREAM of stream 0", reset_of_stream_0, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"RST_STREAM of an idle stream", reset_of_idle_stream, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR",
     true},
    {"SETTINGS of a stream", settings_of_a_stream, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"SETTINGS of 5 bytes", settings_of_5_bytes, ERROR_HTTP2_PROTOCOL, "FRAME_SIZE_ERROR", true},
    {"SETTINGS ACK with payload", settings_ack_with_payload, ERROR_HTTP2_PROTOCOL,
     "FRAME_SIZE_ERROR", true},
    {"MAX_FRAME_SIZE 100", settings_frame_size, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"INITIAL_WINDOW_SIZE 4G", settings_window, ERROR_HTTP2_PROTOCOL, "FLOW_CONTROL_ERROR", true},
    {"PING of 7 bytes", ping_of_7_bytes, ERROR_HTTP2_PROTOCOL, "FRAME_SIZE_ERROR", true},
    {"GOAWAY of a stream", goaway_of_a_stream, ERROR_HTTP2_PROTOCOL, "PROTOCOL_ERROR", true},
    {"GOAWAY of 7 bytes", goaway_of_7_bytes, ERROR_HTTP2_PROTOCOL, "FRAME_SIZE_ERROR", true},
    {"WINDOW_UPDATE of 3 bytes", window_of_3_bytes, ERROR_HTTP2_PROTOCOL, "FRAME_SIZE_ERROR", true},
};

struct one_stream {
    struct stream stream; /* first */
    unsigned ends;
    size_t body_bytes;
    enum error error;
    char detail[128];
};

static struct h2_conn peer;
static struct one_stream streams[2];
static unsigned failures;

static void on_body(struct stream *stream, const char *bytes, size_t count)
{
    (void)bytes;
    ((struct one_stream *)stream)->body_bytes += count;
}

static void on_end(struct stream *stream, const struct stream_end *end)
{
    struct one_stream *one = (struct one_stream *)stream;

    one->ends++;
    one->error = end->error;
    snprintf(one->detail, sizeof(one->detail), "%s", end->detail ? end->detail : "");
}

static const struct stream_events events = {.body = on_body, .end = on_end};

/* Whether a stream has ended in this way. */
static bool ended(const struct one_stream *one, enum error error, const char *detail)
{
    return one->ends == 1 && one->error == error && (error || one->body_bytes == 5) &&
           !strncmp(one->detail, detail, strlen(detail));
}

static void run(const struct frames_case *one, size_t cut, struct loop *loop,
                const struct h2_request *request)
{
    bool good;

    h2_conn_open(&peer, loop);
    for (size_t i = 0; i < LENGTH(streams); i++) {
        streams[i] = (struct one_stream){.stream.events = &events};
        streams[i].stream.out.prepared = request;
        conn_submit(peer.conn, &streams[i].stream);
    }
    h2_conn_write(&peer, SIZE_MAX);
    if (cut)
        h2_conn_receive(&peer, frames.bytes, cut);
    h2_conn_write(&peer, SIZE_MAX);
    h2_conn_receive(&peer, frames.bytes + cut, frames.count - cut);
    h2_conn_write(&peer, SIZE_MAX);
    good = ended(&streams[0], one->error, one->detail) &&
           (one->both ? ended(&streams[1], one->error, one->detail)
                      : ended(&streams[1], ERROR_NONE, ""));
    if (!good) {
        print_error("%s, cut at %zu:\n", one->name, cut);
        for (size_t i = 0; i < LENGTH(streams); i++)
            print_error("    %u ends, \"%s\" %s, %zu bytes\n", streams[i].ends,
                        error_code(streams[i].error), streams[i].detail, streams[i].body_bytes);
        failures++;
    }
    h2_conn_free(&peer);
}

static void test_frames(void **state)
{
    struct loop *loop = loop_new();
    struct url url;
    struct h2_request *request;

    (void)state;
    assert_null(url_parse(&url, "http://a.example/", strlen("http://a.example/")));
    request = h2_request_new(&(struct request){.method = "GET", .url = &url}, false);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        frames.count = 0;
        put_settings(&frames);
        cases[i].put();
        put_head(&frames, 3, OK, false);
        put_data(&frames, 3, "hello", true);
        for (size_t cut = 0; cut < frames.count; cut++)
            run(&cases[i], cut, loop, request);
    }
    h2_request_free(request);
    url_free(&url);
    loop_free(loop);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

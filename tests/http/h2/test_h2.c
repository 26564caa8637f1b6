/*
 * One request over HTTP/2 and what a server may send for it. Each response is received in one
 * piece, and cut in two at every byte: the result must be the same.
 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/h2/h2.h"
#include "tests/http/h2/frames.h"
#include "tests/support/fixture.h"

#define OK ":status: 200"

static struct fixture fixture;
static struct site *site;
static struct frames frames;

static int setup(void **state)
{
    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    fixture_use_http2(&fixture);
    site = fixture_site(&fixture, "http", "/");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    site_free(site);
    fixture_close(&fixture);
    return 0;
}

/* --- what servers send --- */

static void whole(struct frames *to)
{
    put_head(to, 1, OK "|server: x", false);
    put_data(to, 1, "hel", false);
    put_data(to, 1, "lo", true);
}

static void without_body(struct frames *to)
{
    put_head(to, 1, ":status: 204", true);
}

static void with_trailers(struct frames *to)
{
    put_head(to, 1, OK, false);
    put_data(to, 1, "hello", false);
    put_head(to, 1, "x-check: 1", true);
}

static void interim(struct frames *to)
{
    put_head(to, 1, ":status: 103|link: x", false);
    put_head(to, 1, ":status: 103|link: y", false);
    whole(to);
}

static void interim_33(struct frames *to)
{
    for (int i = 0; i < 33; i++)
        put_head(to, 1, ":status: 103", false);
    whole(to);
}

/* Frames without a byte of a response. */
static void empty_data(struct frames *to)
{
    put_head(to, 1, OK, false);
    for (int i = 0; i < 1500; i++)
        put_data(to, 1, "", false);
    put_data(to, 1, "hello", true);
}

static void spaces_around_value(struct frames *to)
{
    put_head(to, 1, OK "|x-a:   b ", false);
    put_data(to, 1, "hello", true);
}

static void unknown_frames(struct frames *to)
{
    put_end(to, put_frame(to, 0xbb, 0xff, 1));
    put_end(to, put_frame(to, 0xbb, 0xff, 0));
    whole(to);
}

static void no_error_after_end(struct frames *to)
{
    whole(to);
    put_reset(to, 1, NGHTTP2_NO_ERROR);
}

static void no_error_in_body(struct frames *to)
{
    put_head(to, 1, OK, false);
    put_data(to, 1, "hel", false);
    put_reset(to, 1, NGHTTP2_NO_ERROR);
}

static void reset_before_head(struct frames *to)
{
    put_reset(to, 1, NGHTTP2_INTERNAL_ERROR);
}

static void reset_in_body(struct frames *to)
{
    put_head(to, 1, OK, false);
    put_reset(to, 1, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void requires_1_1(struct frames *to)
{
    put_reset(to, 1, NGHTTP2_HTTP_1_1_REQUIRED);
}

static void graceful_goaway(struct frames *to)
{
    put_goaway(to, INT32_MAX, NGHTTP2_NO_ERROR, "");
    put_goaway(to, 1, NGHTTP2_NO_ERROR, "");
    whole(to);
}

static void no_status(struct frames *to)
{
    put_head(to, 1, "server: x", true);
}

static void two_statuses(struct frames *to)
{
    put_head(to, 1, OK "|:status: 200", true);
}

static void bad_status(struct frames *to)
{
    put_head(to, 1, ":status: 2x0", true);
}

static void status_below_100(struct frames *to)
{
    put_head(to, 1, ":status: 099", true);
}

static void upper_case_name(struct frames *to)
{
    put_head(to, 1, OK "|Server: x", true);
}

static void connection_field(struct frames *to)
{
    put_head(to, 1, OK "|connection: close", true);
}

static void line_end_in_value(struct frames *to)
{
    put_head(to, 1, OK "|x-a: b\r\nc: d", true);
}

static void nul_in_value(struct frames *to)
{
    size_t at =
        put_frame(to, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1);

    put_field(to, ":status", "200", 3);
    put_field(to, "x-a", "a\0b", 3);
    put_end(to, at);
}

static void length_too_short(struct frames *to)
{
    put_head(to, 1, OK "|content-length: 3", false);
    put_data(to, 1, "hello", true);
}

static void length_too_long(struct frames *to)
{
    put_head(to, 1, OK "|content-length: 9", false);
    put_data(to, 1, "hello", true);
}

static void body_of_204(struct frames *to)
{
    put_head(to, 1, ":status: 204", false);
    put_data(to, 1, "hello", true);
}

static void frame_too_large(struct frames *to)
{
    static char text[20000];
    size_t at;

    put_head(to, 1, OK, false);
    at = put_frame(to, NGHTTP2_DATA, 0, 1);
    put_bytes(to, text, sizeof(text));
    put_end(to, at);
}

static void bad_padding(struct frames *to)
{
    size_t at;

    put_head(to, 1, OK, false);
    at = put_frame(to, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1);
    put_byte(to, 200);
    put_bytes(to, "abc", 3);
    put_end(to, at);
}

static void window_overflow(struct frames *to)
{
    put_window(to, 0, INT32_MAX);
    put_window(to, 0, INT32_MAX);
}

static void window_zero(struct frames *to)
{
    put_window(to, 0, 0);
}

/* The server has acknowledged that pushes are disabled; until then nghttp2 resets them. */
static void push(struct frames *to)
{
    size_t at;

    put_end(to, put_frame(to, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0));
    at = put_frame(to, NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1);
    put_number(to, 2, 4);
    put_field(to, ":method", "GET", 3);
    put_end(to, at);
}

static void enable_push(struct frames *to)
{
    put_setting(to, NGHTTP2_SETTINGS_ENABLE_PUSH, 1);
}

static void data_on_idle_stream(struct frames *to)
{
    put_data(to, 7, "x", false);
}

static void many_pings(struct frames *to)
{
    for (int i = 0; i < 1100; i++)
        put_ping(to);
}

static void many_settings(struct frames *to)
{
    for (int i = 0; i < 1100; i++)
        put_settings(to);
}

static void many_continuations(struct frames *to)
{
    put_end(to, put_frame(to, NGHTTP2_HEADERS, 0, 1));
    for (int i = 0; i < 100; i++)
        put_end(to, put_frame(to, NGHTTP2_CONTINUATION, 0, 1));
}

static void large_fields(struct frames *to)
{
    static char value[10000];

    memset(value, 'x', sizeof(value));
    for (int heads = 0; heads < 30; heads++) {
        size_t at = put_frame(to, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1);

        put_field(to, ":status", "103", 3);
        put_field(to, "x-a", value, sizeof(value));
        put_end(to, at);
    }
}

/* --- results --- */

static const struct response_case {
    const char *name;
    void (*put)(struct frames *to);
    enum error error;
    unsigned status;
    const char *body;
    bool cut; /* also cut at every byte */
} responses[] = {
    {"whole", whole, ERROR_NONE, 200, "hello", true},
    {"without a body", without_body, ERROR_NONE, 204, "", true},
    {"with trailers", with_trailers, ERROR_NONE, 200, "hello", true},
    {"interim responses", interim, ERROR_NONE, 200, "hello", true},
    {"1,500 empty DATA frames", empty_data, ERROR_HTTP2_FLOOD, 200, "", false},
    {"33 interim responses", interim_33, ERROR_MALFORMED, 0, "", false},
    {"spaces around a value", spaces_around_value, ERROR_NONE, 200, "hello", true},
    {"unknown frames", unknown_frames, ERROR_NONE, 200, "hello", true},
    {"NO_ERROR after the end", no_error_after_end, ERROR_NONE, 200, "hello", true},
    {"NO_ERROR in the body", no_error_in_body, ERROR_TRUNCATED, 200, "hel", true},
    {"reset before the head", reset_before_head, ERROR_HTTP2_RESET, 0, "", true},
    {"reset in the body", reset_in_body, ERROR_HTTP2_RESET, 200, "", true},
    {"HTTP/1.1 required", requires_1_1, ERROR_HTTP2_HTTP_1_1_REQUIRED, 0, "", true},
    {"graceful GOAWAY", graceful_goaway, ERROR_NONE, 200, "hello", true},
    {"no status", no_status, ERROR_MALFORMED, 0, "", true},
    {"two statuses", two_statuses, ERROR_MALFORMED, 0, "", true},
    {"bad status", bad_status, ERROR_MALFORMED, 0, "", true},
    {"status below 100", status_below_100, ERROR_MALFORMED, 0, "", true},
    {"upper-case name", upper_case_name, ERROR_MALFORMED, 0, "", true},
    {"field of a connection", connection_field, ERROR_MALFORMED, 0, "", true},
    {"line end in a value", line_end_in_value, ERROR_MALFORMED, 0, "", true},
    {"NUL in a value", nul_in_value, ERROR_MALFORMED, 0, "", true},
    {"Content-Length too short", length_too_short, ERROR_MALFORMED, 200, "", true},
    {"Content-Length too long", length_too_long, ERROR_MALFORMED, 200, "hello", true},
    {"body of a 204", body_of_204, ERROR_MALFORMED, 204, "", true},
    {"frame too large", frame_too_large, ERROR_HTTP2_PROTOCOL, 200, "", false},
    {"bad padding", bad_padding, ERROR_HTTP2_PROTOCOL, 200, "", true},
    {"window overflow", window_overflow, ERROR_HTTP2_PROTOCOL, 0, "", true},
    {"window update of 0", window_zero, ERROR_HTTP2_PROTOCOL, 0, "", true},
    {"push", push, ERROR_HTTP2_PROTOCOL, 0, "", true},
    {"ENABLE_PUSH 1", enable_push, ERROR_HTTP2_PROTOCOL, 0, "", true},
    {"DATA on an idle stream", data_on_idle_stream, ERROR_HTTP2_PROTOCOL, 0, "", true},
    {"1,100 PINGs", many_pings, ERROR_HTTP2_FLOOD, 0, "", false},
    {"1,100 SETTINGS", many_settings, ERROR_HTTP2_FLOOD, 0, "", false},
    {"100 CONTINUATIONs", many_continuations, ERROR_HTTP2_FLOOD, 0, "", false},
    {"300 KB of fields", large_fields, ERROR_HEADER_TOO_LARGE, 0, "", false},
};

static unsigned failures;

static void fetch(const struct response_case *one, size_t cut)
{
    struct script_step reads[] = {
        PAUSE,
        {SCRIPT_SEND, cut, (const char *)frames.bytes, 0},
        PAUSE,
        {SCRIPT_SEND, frames.count - cut, (const char *)frames.bytes + cut, 0},
        HANG};
    struct outcome outcome = {0};

    if (!cut)
        reads[1] = reads[3], reads[2] = (struct script_step)HANG;
    site->timeout = NSEC_PER_S;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcome);
    if (outcome.result.error != one->error || outcome.result.status != one->status ||
        (!one->error && strcmp(outcome.snippet, one->body) != 0)) {
        print_error("%s, cut at %zu: %s (%s), %u, \"%s\"\n", one->name, cut,
                    error_code(outcome.result.error), outcome.detail, outcome.result.status,
                    outcome.snippet);
        failures++;
    }
    fixture_use_http2(&fixture);
}

static void test_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(responses); i++) {
        frames.count = 0;
        put_settings(&frames);
        responses[i].put(&frames);
        fetch(&responses[i], 0);
        for (size_t cut = 1; responses[i].cut && cut < frames.count; cut++)
            fetch(&responses[i], cut);
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_responses, setup, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

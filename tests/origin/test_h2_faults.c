/* The faults that only HTTP/2 has, as a client of nghttp2 sees them. */
#include "tests/origin/h2_client.h"

static void reset_with_each_code(void **state)
{
    for (uint32_t code = NGHTTP2_NO_ERROR; code <= NGHTTP2_HTTP_1_1_REQUIRED; code++) {
        struct h2_fixture *fixture = h2_again(state);
        int32_t id;

        fixture->behaviour.h2.reset = code + 1;
        id = h2_request(fixture, "GET", "/x");
        h2_pump(fixture);
        assert_int_equal(fixture->streams[id].status, 0);
        assert_true(fixture->streams[id].closed);
        assert_int_equal(fixture->streams[id].code, code);
        id = h2_request(fixture, "GET", "/other");
        h2_pump(fixture);
        assert_string_equal(fixture->streams[id].body, "other");
    }
}

static void reset_after_half_a_body(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.fault = FAULT_H2_TRUNCATE;
    id = h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_string_equal(fixture->streams[id].body, "ab");
    assert_false(fixture->streams[id].ended);
    assert_true(fixture->streams[id].closed);
    assert_int_equal(fixture->streams[id].code, NGHTTP2_NO_ERROR);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_KEEP);
}

static void early_goaway(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.fault = FAULT_H2_GOAWAY;
    id = h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_int_equal(fixture->goaways, 1);
    assert_int_equal(fixture->goaway_id, 0);
    assert_true(fixture->streams[id].closed);
    assert_int_equal(fixture->streams[id].code, NGHTTP2_REFUSED_STREAM);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_CLOSE);
}

/* Of 5 requests sent at once, 3 are served. */
static void late_goaway(void **state)
{
    struct h2_fixture *fixture = *state;

    fixture->behaviour.h2.goaway_after = 3;
    for (int i = 0; i < 5; i++)
        h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_int_equal(fixture->goaways, 1);
    assert_int_equal(fixture->goaway_id, 5);
    assert_int_equal(fixture->requests, 3);
    for (int32_t id = 1; id < 10; id += 2) {
        assert_int_equal(fixture->streams[id].ended, id <= 5);
        assert_int_equal(fixture->streams[id].code,
                         id <= 5 ? NGHTTP2_NO_ERROR : NGHTTP2_REFUSED_STREAM);
    }
    assert_int_equal(h2_server_ending(fixture->server), ENDING_CLOSE);
}

static uint32_t remote(const struct h2_fixture *fixture, nghttp2_settings_id id)
{
    return nghttp2_session_get_remote_settings(fixture->client, id);
}

static void limit_of_streams(void **state)
{
    static const uint32_t limits[] = {0, 1, 7, H2_MAX_STREAMS_LIMIT};

    for (size_t i = 0; i < LENGTH(limits); i++) {
        struct h2_fixture *fixture = h2_again(state);
        int32_t id;

        fixture->behaviour.h2.streams = limits[i] + 1;
        id = h2_request(fixture, "GET", "/x");
        h2_pump(fixture);
        assert_true(fixture->streams[id].ended); /* it was sent before the SETTINGS */
        assert_int_equal(remote(fixture, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), limits[i]);
    }
}

/* From 0 to 5, and from the default to 0. */
static void limit_that_changes(void **state)
{
    static const struct {
        unsigned first, then;
    } cases[] = {{0 + 1, 5 + 1}, {0, 0 + 1}};

    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct h2_fixture *fixture = h2_again(state);

        fixture->behaviour.h2.streams = cases[i].first;
        fixture->behaviour.h2.streams_then = cases[i].then;
        fixture->behaviour.h2.streams_delay = 10 * NSEC_PER_MS;
        h2_request(fixture, "GET", "/x");
        h2_pump(fixture);
        assert_int_equal(remote(fixture, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS),
                         cases[i].first ? cases[i].first - 1 : 100);
        H2_UNTIL(fixture,
                 remote(fixture, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) == cases[i].then - 1);
    }
}

static void slow_settings(void **state)
{
    struct h2_fixture *fixture = *state;
    nsec begin = clock_now();
    int32_t id;

    fixture->behaviour.h2.settings_delay = 50 * NSEC_PER_MS;
    id = h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_int_equal(fixture->sent_bytes, 0);
    assert_int_equal(fixture->requests, 1);
    H2_UNTIL(fixture, fixture->streams[id].ended);
    assert_true(clock_now() - begin >= 50 * NSEC_PER_MS);
}

/* The client may send 64 KiB before it receives the SETTINGS, and nothing more. */
static void window_of_zero(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.fault = FAULT_H2_ZERO_WINDOW;
    fixture->content = 100 * 1000;
    id = h2_request(fixture, "POST", "/x");
    h2_pump(fixture);
    assert_int_equal(fixture->content, 100 * 1000 - 65535);
    assert_int_equal(fixture->streams[id].status, 0);
    assert_int_equal(remote(fixture, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 0);
}

/* The client's library refuses what follows; the server's output has no end. */
static void floods(void **state)
{
    static const enum fault faults[] = {FAULT_H2_FLOOD_SETTINGS, FAULT_H2_FLOOD_PING};

    for (size_t i = 0; i < LENGTH(faults); i++) {
        struct h2_fixture *fixture = h2_again(state);

        fixture->behaviour.fault = faults[i];
        h2_request(fixture, "GET", "/x");
        h2_upload(fixture);
        assert_true(h2_download(fixture) >= 1024 * 1024);
        assert_int_equal(fixture->error, NGHTTP2_ERR_FLOODED);
        assert_true(h2_download(fixture) > 0);
    }
}

/* Bytes that are not a frame, a malformed frame, and a head that never ends. */
static void malformed_frames(void **state)
{
    static const struct {
        enum fault fault;
        enum ending ending;
        bool goaway; /* the client reports an error */
    } cases[] = {
        {FAULT_GARBAGE, ENDING_CLOSE, true},
        {FAULT_H2_BAD_FRAME, ENDING_CLOSE, true},
        {FAULT_HEAD_STALL, ENDING_STALL, false},
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct h2_fixture *fixture = h2_again(state);
        int32_t id;

        fixture->behaviour.fault = cases[i].fault;
        id = h2_request(fixture, "GET", "/x");
        h2_upload(fixture);
        h2_download(fixture);
        assert_int_equal(h2_server_ending(fixture->server), cases[i].ending);
        assert_false(fixture->streams[id].ended);
        h2_pump(fixture); /* what the client sends then is ignored */
        assert_int_equal(!nghttp2_session_want_read(fixture->client), cases[i].goaway);
        assert_int_equal(h2_server_ending(fixture->server), cases[i].ending);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reset_with_each_code, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(reset_after_half_a_body, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(early_goaway, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(late_goaway, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(limit_of_streams, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(limit_that_changes, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(slow_settings, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(window_of_zero, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(floods, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(malformed_frames, h2_begin, h2_end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

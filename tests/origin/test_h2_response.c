/* Responses of the origin over HTTP/2: fields, and how each fault ends a response. */
#include "tests/origin/h2_client.h"
#include "tests/support/names.h"

static void fields_of_a_connection_are_left_out(void **state)
{
    static const struct {
        enum framing framing;
        const char *headers, *fields;
        bool goaway;
    } cases[] = {
        {FRAMING_LENGTH, NULL,
         "server: firstbyte-rehearsal|content-type: text/html|content-length: 4|", false},
        {FRAMING_CHUNKED, NULL, "server: firstbyte-rehearsal|content-type: text/html|", false},
        {FRAMING_CLOSE, NULL, "server: firstbyte-rehearsal|content-type: text/html|", true},
        {FRAMING_LENGTH, "Server:\r\nContent-Type: a\r\nX-One:  b c\r\nUpgrade: h2c\r\n",
         "content-length: 4|content-type: a|x-one: b c|", false},
        {FRAMING_LENGTH, "Server:\r\nContent-Type:\r\nConnection: Close\r\nKeep-Alive: 5\r\n",
         "content-length: 4|", true},
        {FRAMING_LENGTH, "Server:\r\nContent-Type:\r\nConnection: keep-alive\r\n",
         "content-length: 4|", false},
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct h2_fixture *fixture = h2_again(state);
        int32_t id;

        fixture->behaviour.framing = cases[i].framing;
        fixture->behaviour.headers = (char *)cases[i].headers;
        id = h2_request(fixture, "GET", "/x");
        h2_pump(fixture);
        assert_string_equal(fixture->streams[id].fields, cases[i].fields);
        assert_string_equal(fixture->streams[id].body, "abcd");
        assert_true(fixture->streams[id].ended);
        assert_int_equal(fixture->goaways, cases[i].goaway);
        assert_int_equal(h2_server_ending(fixture->server),
                         cases[i].goaway ? ENDING_CLOSE : ENDING_KEEP);
    }
}

/* After "Connection: close", streams that were open before are completed. */
static void goaway_lets_open_streams_complete(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.delay = 30 * NSEC_PER_MS;
    fixture->other.framing = FRAMING_CLOSE;
    id = h2_request(fixture, "GET", "/x");
    h2_request(fixture, "GET", "/other");
    h2_pump(fixture);
    assert_int_equal(fixture->goaways, 1);
    assert_int_equal(fixture->goaway_id, 3);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_KEEP);
    H2_UNTIL(fixture, fixture->streams[id].ended);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_CLOSE);
}

static void statuses_without_a_body(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.status = 204;
    id = h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_int_equal(fixture->streams[id].status, 204);
    assert_true(fixture->streams[id].ended);
    assert_int_equal(fixture->streams[id].body_bytes, 0);
    assert_null(strstr(fixture->streams[id].fields, "content-length"));
}

/* Each fault that HTTP/1.1 has too. */
static void end_of_each_fault(void **state)
{
    static const struct {
        enum fault fault;
        unsigned status;
        const char *body;
        bool ended;
        enum ending ending; /* of the connection */
    } cases[] = {
        {FAULT_NONE, 200, "abcd", true, ENDING_KEEP},
        {FAULT_WAIT_STALL, 0, "", false, ENDING_KEEP},
        {FAULT_WAIT_CLOSE, 0, "", false, ENDING_CLOSE},
        {FAULT_WAIT_RESET, 0, "", false, ENDING_RESET},
        {FAULT_BODY_STALL, 200, "ab", false, ENDING_KEEP},
        {FAULT_TRUNCATE, 200, "ab", false, ENDING_CLOSE},
        {FAULT_BODY_RESET, 200, "ab", false, ENDING_RESET},
        {FAULT_HANG_UP, 200, "abcd", true, ENDING_CLOSE},
        {FAULT_NO_CLOSE_NOTIFY, 200, "abcd", false, ENDING_FIN},
        {FAULT_REDIRECT_ENDLESS, 302, "abcd", true, ENDING_KEEP},
        {FAULT_BAD_CODING, 200, "these bytes are no gzip", true, ENDING_KEEP},
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct h2_fixture *fixture = h2_again(state);
        const struct received *got;

        fixture->behaviour.fault = cases[i].fault;
        got = &fixture->streams[h2_request(fixture, "GET", "/x")];
        h2_pump(fixture);
        if (got->status != cases[i].status || strcmp(got->body, cases[i].body) != 0 ||
            got->ended != cases[i].ended || h2_server_ending(fixture->server) != cases[i].ending ||
            fixture->goaways)
            fail_msg("%s: %u, %s, %d, %d", fault_name(cases[i].fault), got->status, got->body,
                     got->ended, h2_server_ending(fixture->server));
    }
}

/* A fault of one stream does not affect another one. */
static void stalled_streams_do_not_affect_others(void **state)
{
    static const enum fault faults[] = {FAULT_WAIT_STALL, FAULT_BODY_STALL, FAULT_BODY_ENDLESS,
                                        FAULT_DRIP};

    for (size_t i = 0; i < LENGTH(faults); i++) {
        struct h2_fixture *fixture = h2_again(state);
        int32_t id;

        fixture->behaviour.fault = faults[i];
        h2_request(fixture, "GET", "/x");
        id = h2_request(fixture, "GET", "/other");
        H2_UNTIL(fixture, fixture->streams[id].ended);
        assert_string_equal(fixture->streams[id].body, "other");
    }
}

/* HEAD: a fault of the body has no body to affect. */
static void faults_of_the_body_with_head(void **state)
{
    static const enum fault faults[] = {FAULT_BODY_STALL, FAULT_TRUNCATE, FAULT_BODY_ENDLESS,
                                        FAULT_H2_TRUNCATE};

    for (size_t i = 0; i < LENGTH(faults); i++) {
        struct h2_fixture *fixture = h2_again(state);
        int32_t id;

        fixture->behaviour.fault = faults[i];
        id = h2_request(fixture, "HEAD", "/x");
        h2_pump(fixture);
        assert_true(fixture->streams[id].ended);
        assert_int_equal(fixture->streams[id].status, 200);
    }
}

static void body_without_end(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.fault = FAULT_BODY_ENDLESS;
    id = h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_true(fixture->streams[id].body_bytes > 1000 * 1000);
    assert_memory_equal(fixture->streams[id].body, "endless endless ", 16);
    assert_null(strstr(fixture->streams[id].fields, "content-length"));
    assert_false(fixture->streams[id].ended);
    nghttp2_submit_rst_stream(fixture->client, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    h2_upload(fixture);
    while (h2_download(fixture))
        ;
    assert_int_equal(h2_server_ending(fixture->server), ENDING_KEEP);
}

/* More than 256 KiB of fields, but the connection can be used afterwards. */
static void fields_without_end(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.fault = FAULT_HEAD_ENDLESS;
    h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_int_equal(fixture->error, 0);
    id = h2_request(fixture, "GET", "/other");
    h2_pump(fixture);
    assert_string_equal(fixture->streams[id].body, "other");
}

/* A byte at a time, and the last byte ends the stream. */
static void drip_sends_a_byte_at_a_time(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.fault = FAULT_DRIP;
    id = h2_request(fixture, "GET", "/x");
    for (size_t bytes = 1; bytes <= 4; bytes++) {
        H2_UNTIL(fixture, fixture->streams[id].body_bytes >= bytes);
        assert_int_equal(fixture->streams[id].body_bytes, bytes);
        assert_int_equal(fixture->streams[id].ended, bytes == 4);
    }
    assert_int_equal(fixture->wakes, 3);
}

/* HTTP/2 has no chunks: Content-Length does not match the body. */
static void malformed_framing(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->behaviour.fault = FAULT_BODY_CHUNK;
    id = h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_non_null(strstr(fixture->streams[id].fields, "content-length: 5|"));
    assert_true(fixture->streams[id].closed);
    assert_int_equal(fixture->streams[id].code, NGHTTP2_PROTOCOL_ERROR);
}

/* The connection closes when the streams that were open have ended; later ones are ignored. */
static void hang_up_completes_open_streams(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t slow, late;

    fixture->behaviour.delay = 30 * NSEC_PER_MS;
    fixture->other.fault = FAULT_HANG_UP;
    slow = h2_request(fixture, "GET", "/x");
    h2_request(fixture, "GET", "/other");
    h2_pump(fixture);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_KEEP);
    late = h2_request(fixture, "GET", "/x");
    H2_UNTIL(fixture, fixture->streams[slow].ended);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_CLOSE);
    assert_int_equal(fixture->streams[late].status, 0);
    assert_int_equal(fixture->goaways, 0);
    assert_int_equal(fixture->requests, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_of_a_connection_are_left_out, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(goaway_lets_open_streams_complete, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(statuses_without_a_body, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(end_of_each_fault, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(stalled_streams_do_not_affect_others, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(faults_of_the_body_with_head, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(body_without_end, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(fields_without_end, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(drip_sends_a_byte_at_a_time, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(malformed_framing, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(hang_up_completes_open_streams, h2_begin, h2_end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

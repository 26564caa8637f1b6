/* The HTTP/2 server of the origin: requests of a connection, and what a client may not do. */
#include "tests/origin/h2_client.h"

static void requests_are_served(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id = h2_request(fixture, "GET", "/x");

    h2_pump(fixture);
    assert_int_equal(fixture->streams[id].status, 200);
    assert_string_equal(fixture->streams[id].body, "abcd");
    assert_true(fixture->streams[id].ended);
    assert_string_equal(fixture->last_request, "a.example/x");
    id = h2_request(fixture, "GET", "/other");
    h2_pump(fixture);
    assert_string_equal(fixture->streams[id].body, "other");
    assert_int_equal(fixture->requests, 2);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_KEEP);
}

static void bytes_are_split_anywhere(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->step = 1;
    fixture->content = 1000;
    id = h2_request(fixture, "POST", "/x");
    h2_pump(fixture);
    assert_string_equal(fixture->streams[id].body, "abcd");
}

static void head_has_no_body(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id = h2_request(fixture, "HEAD", "/x");

    h2_pump(fixture);
    assert_true(fixture->streams[id].ended);
    assert_int_equal(fixture->streams[id].body_bytes, 0);
    assert_non_null(strstr(fixture->streams[id].fields, "content-length: 4|"));
}

static void host_replaces_a_missing_authority(void **state)
{
    struct h2_fixture *fixture = *state;
    const nghttp2_nv fields[] = {h2_pair(":method", "GET"), h2_pair(":scheme", "http"),
                                 h2_pair(":path", "/"), h2_pair("host", "h.example")};

    nghttp2_submit_request(fixture->client, NULL, fields, LENGTH(fields), NULL, NULL);
    h2_pump(fixture);
    assert_string_equal(fixture->last_request, "h.example/");
}

/* A delayed response does not hold up another one. */
static void streams_are_concurrent(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t slow = h2_request(fixture, "GET", "/x"), fast = h2_request(fixture, "GET", "/other");

    fixture->behaviour.delay = 30 * NSEC_PER_MS;
    h2_pump(fixture);
    assert_true(fixture->streams[fast].ended);
    assert_int_equal(fixture->streams[slow].status, 0);
    H2_UNTIL(fixture, fixture->streams[slow].ended);
    assert_int_not_equal(fixture->wakes, 0);
}

/* Without a request, the SETTINGS of the server are sent when a timer expires. */
static void first_output_waits(void **state)
{
    struct h2_fixture *fixture = *state;

    h2_pump(fixture);
    assert_int_equal(fixture->sent_bytes, 0);
    H2_UNTIL(fixture, fixture->sent_bytes);
    assert_int_equal(fixture->wakes, 1);
}

/* More than the window of a stream and of a connection. */
static void content_is_read(void **state)
{
    struct h2_fixture *fixture = *state;
    int32_t id;

    fixture->content = 1000 * 1000;
    id = h2_request(fixture, "POST", "/x");
    h2_pump(fixture);
    assert_int_equal(fixture->content, 0);
    assert_true(fixture->streams[id].ended);
}

static void streams_are_limited(void **state)
{
    struct h2_fixture *fixture = *state;
    size_t refused = 0;

    fixture->behaviour.fault = FAULT_WAIT_STALL;
    for (int i = 0; i < 150; i++)
        h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    for (int id = 1; id < 300; id += 2)
        refused +=
            fixture->streams[id].closed && fixture->streams[id].code == NGHTTP2_REFUSED_STREAM;
    assert_int_equal(refused, 50);
    assert_int_equal(fixture->requests, 100);
}

static void fields_are_limited(void **state)
{
    enum { COUNT = 7000 };
    struct h2_fixture *fixture = *state;
    nghttp2_nv *fields = calloc(4 + COUNT, sizeof(*fields));
    int32_t id;

    fields[0] = h2_pair(":method", "GET");
    fields[1] = h2_pair(":scheme", "http");
    fields[2] = h2_pair(":authority", "a.example");
    fields[3] = h2_pair(":path", "/");
    for (size_t i = 0; i < COUNT; i++)
        fields[4 + i] = h2_pair("x-name", "a value of some length, over and over");
    id = nghttp2_submit_request(fixture->client, NULL, fields, 4 + COUNT, NULL, NULL);
    free(fields);
    H2_UNTIL(fixture, fixture->streams[id].closed);
    assert_int_equal(fixture->streams[id].code, NGHTTP2_INTERNAL_ERROR);
    assert_int_equal(fixture->requests, 0);
    id = h2_request(fixture, "GET", "/x");
    h2_pump(fixture);
    assert_true(fixture->streams[id].ended);
}

static void connect_is_reset(void **state)
{
    struct h2_fixture *fixture = *state;
    const nghttp2_nv fields[] = {h2_pair(":method", "CONNECT"), h2_pair(":authority", "b:1")};
    int32_t id = nghttp2_submit_request(fixture->client, NULL, fields, LENGTH(fields), NULL, NULL);

    H2_UNTIL(fixture, fixture->streams[id].closed);
    assert_int_equal(fixture->streams[id].code, NGHTTP2_CONNECT_ERROR);
}

/* Bytes that are not HTTP/2, and a frame that is too large. */
static void malformed_bytes_end_the_connection(void **state)
{
    static const char *const cases[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno settings follow",
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct h2_fixture *fixture = h2_again(state);

        h2_server_receive(fixture->server, (const unsigned char *)cases[i], strlen(cases[i]));
        for (int turns = 0; h2_server_ending(fixture->server) == ENDING_KEEP; turns++) {
            assert_true(turns < 100);
            loop_turn(fixture->loop, 10 * NSEC_PER_MS);
            h2_download(fixture);
        }
        assert_int_equal(h2_server_ending(fixture->server), ENDING_CLOSE);
    }
}

/* A client that resets its streams at once leaves nothing. */
static void cancelled_streams_are_freed(void **state)
{
    struct h2_fixture *fixture = *state;

    fixture->behaviour.delay = 100 * NSEC_PER_S;
    for (int i = 0; i < 100; i++) {
        int32_t id = h2_request(fixture, "GET", "/x");

        h2_upload(fixture);
        nghttp2_submit_rst_stream(fixture->client, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
        h2_pump(fixture);
    }
    assert_int_equal(fixture->requests, 100);
    assert_int_equal(h2_server_ending(fixture->server), ENDING_KEEP);
}

/* The bytes of a client with random changes, with random faults. Output is bounded. */
static void changed_bytes(void **state)
{
    enum { ROUNDS = 2000, MAX_BYTES = 2000 };

    for (int round = 0; round < ROUNDS; round++) {
        struct h2_fixture *fixture = h2_again(state);
        unsigned char bytes[MAX_BYTES];
        const uint8_t *chunk;
        size_t count = 0;
        ssize_t part;

        fixture->behaviour.fault = (enum fault)(unit_random() % FAULT_COUNT);
        fixture->content = unit_random() % 300;
        for (int i = 0; i < 3; i++)
            h2_request(fixture, i ? "GET" : "POST", i == 1 ? "/other" : "/x");
        while ((part = nghttp2_session_mem_send(fixture->client, &chunk)) > 0 &&
               count + (size_t)part <= sizeof(bytes)) {
            memcpy(bytes + count, chunk, (size_t)part);
            count += (size_t)part;
        }
        for (unsigned changes = unit_random() % 4; changes; changes--)
            bytes[24 + unit_random() % (count - 24)] = (unsigned char)unit_random();
        for (size_t at = 0, size; at < count; at += size) {
            size = 1 + unit_random() % (count - at);
            h2_server_receive(fixture->server, bytes + at, size);
            assert_true(h2_download(fixture) <= 1024 * 1024 + H2_SERVER_OUTPUT_BYTES);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_are_served, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(bytes_are_split_anywhere, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(head_has_no_body, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(host_replaces_a_missing_authority, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(streams_are_concurrent, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(first_output_waits, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(content_is_read, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(streams_are_limited, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(fields_are_limited, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(connect_is_reset, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(malformed_bytes_end_the_connection, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(cancelled_streams_are_freed, h2_begin, h2_end),
        cmocka_unit_test_setup_teardown(changed_bytes, h2_begin, h2_end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The lines about HTTP/2, in the full and in the short report, and their JSON. */
#include "tests/support/sample_run.h"

static void test_http1(void **state)
{
    static const char *const absent[] = {"Protocol", "Headers", "Streams", "Slot wait", "HTTP/2"};
    struct sample_run sample;

    (void)state;
    sample_open_normal(&sample);
    for (unsigned full = 0; full < 2; full++) {
        const char *text = full ? text_of(&sample, false, 0) : short_text_of(&sample, false);

        for (size_t i = 0; i < LENGTH(absent); i++)
            assert_null(strstr(text, absent[i]));
        sample.load.full_report = true;
    }
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(written,
                 "\"protocol\":\"HTTP/1.1\",\"streams\":null,\"window\":null,"
                 "\"header_table\":null,",
                 "\"goaways\":null,\"resets\":null,\"refused\":null,\"resent\":null,"
                 "\"header_bytes_in\":null,",
                 "\"streams_limit\":null,\"slot_wait_us\":null,");
    sample_close(&sample);
}

static void test_full(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open_http2(&sample);
    ASSERT_LINES(
        text_of(&sample, false, 0),
        "https://127.0.0.1:8443/: closed loop, 64 connections, 100 streams each, ", "\nTransfer ",
        "\nProtocol     HTTP/2 over TLS, 100 streams per connection\n",
        "\n             the server allows fewer streams than -m: 8\n",
        "\nHeaders      a request: 20 B in (HPACK saves 80.0%), 5 B out (saves 90.0%)\n",
        "\nStreams      the server allows 8, 1,200 GOAWAY, 3 reset, 2 refused, 900 resent\n",
        "\nSlot wait    5,000 requests waited: p50 2.00 ms, p99 2.00 ms, max 2.00 ms\n",
        "\nStatus ");
    sample_close(&sample);
}

static void test_json(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open_http2(&sample);
    sample.load.run.window_bytes = 65536;
    sample.load.run.header_table_bytes = 0;
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(written,
                 "\"protocol\":\"HTTP/2\",\"streams\":100,\"window\":65536,"
                 "\"header_table\":0,",
                 "\"goaways\":1200,\"resets\":3,\"refused\":2,\"resent\":900,"
                 "\"header_bytes_in\":4000000,\"header_bytes_in_plain\":20000000,"
                 "\"header_bytes_out\":1000000,\"header_bytes_out_plain\":10000000}",
                 "\"streams_limit\":{\"min\":8,\"max\":8},\"slot_wait_us\":{\"count\":5000,");
    sample.total->streams_limit_min = 0;
    sample.total->streams_limit_max = UINT32_MAX;
    sample.total->gave_up = ERROR_HTTP2_NOT_NEGOTIATED;
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(written, "\"gave_up\":\"http2.not_negotiated\",",
                 "\"streams_limit\":{\"min\":0,\"max\":null},");
    sample_close(&sample);
}

/* What is not known is called unknown, and nothing is divided by 0. */
static void test_unknown(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open(&sample);
    sample.load.run.versions = HTTP_2_ASSUMED;
    add_failed(&sample, ERROR_CONNECT_REFUSED, 5);
    ASSERT_LINES(text_of(&sample, false, 0),
                 "\nProtocol     HTTP/2 with prior knowledge, 1 stream per connection\n",
                 "\nHeaders      a request: unknown in, unknown out\n",
                 "\nStreams      limit of the server unknown: it sent no SETTINGS\n");
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(written, "\"streams\":1,\"window\":null,\"header_table\":null,",
                 "\"streams_limit\":null,\"slot_wait_us\":null,");
    sample_close(&sample);
}

static void test_limits(void **state)
{
    static const struct {
        uint64_t min, max;
        const char *text;
    } cases[] = {
        {128, 128, "\nStreams      the server allows 128\n"},
        {UINT32_MAX, UINT32_MAX, "\nStreams      the server allows any number\n"},
        {100, UINT32_MAX, "the server allows 100 to any number, not always the same\n"},
        {0, 100, "the server allows fewer streams than -m: 0, at other times 100\n"},
    };
    struct sample_run sample;

    (void)state;
    sample_open(&sample);
    sample.load.run.versions = HTTP_2_ASSUMED;
    sample.load.run.streams = 100;
    sample.total->any_settings = 1;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *text;

        sample.total->streams_limit_min = cases[i].min;
        sample.total->streams_limit_max = cases[i].max;
        text = text_of(&sample, false, 0);
        ASSERT_LINES(text, cases[i].text);
        assert_int_equal(strstr(text, "fewer streams") != NULL, cases[i].min < 100);
    }
    /* without a table HPACK may need more bytes than HTTP/1.1 */
    sample.total->heads_in = 10; /* of failed requests too */
    sample.total->header_bytes_in = 150;
    sample.total->header_bytes_in_plain = 100;
    ASSERT_LINES(text_of(&sample, false, 0), "a request: 15 B in (HPACK adds 50.0%), unknown");
    sample_close(&sample);
}

/* The short report has what the reader must know. The other lines fill the space that is left. */
static void test_short(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_http2(&sample);
    ASSERT_LINES(short_text_of(&sample, false), "\nRequests ",
                 "\nStreams      the server allows fewer streams than -m: 8\n",
                 "\n             1,200 GOAWAY, 3 reset, 2 refused, 900 resent\n", "\nStatus ",
                 "\nSlot wait    5,000 requests waited: ");
    sample_close(&sample);
    sample_open_normal(&sample);
    sample.load.run.versions = HTTP_2_ASSUMED;
    sample.total->any_settings = 1;
    sample.total->streams_limit_min = sample.total->streams_limit_max = 128;
    text = short_text_of(&sample, false);
    ASSERT_LINES(text, "\nTransfer ", "\nProtocol     HTTP/2 with prior knowledge, 1 stream per ",
                 "\nHeaders ", "--report full has the rest\n");
    assert_null(strstr(text, "Streams"));
    sample_close(&sample);
}

/* More streams are proposed only if the server allows them. */
static void test_remedy(void **state)
{
    static const struct {
        enum http_versions versions;
        unsigned streams;
        uint64_t limit;
        bool more_streams;
    } cases[] = {
        {HTTP_1_1_ONLY, 1, 0, false},
        {HTTP_2_ONLY, 1, 8, true},
        {HTTP_2_ONLY, 8, 8, false},
        {HTTP_2_ASSUMED, 20, 8, false},
        {HTTP_2_ASSUMED, 20, UINT32_MAX, true},
        {HTTP_2_ASSUMED, 1, 0, false},
    };
    struct sample_run sample;

    (void)state;
    sample_open_stall(&sample);
    sample.total->limited = 1950 * MS;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        sample.load.run.versions = cases[i].versions;
        sample.load.run.streams = cases[i].streams;
        sample.total->any_settings = cases[i].limit > 0;
        sample.total->streams_limit_min = sample.total->streams_limit_max = cases[i].limit;
        ASSERT_LINES(text_of(&sample, false, 0), cases[i].more_streams
                                                     ? "connections (-c), or more streams (-m).\n"
                                                     : "connections (-c).\n");
    }
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http1),   cmocka_unit_test(test_full),   cmocka_unit_test(test_json),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_limits), cmocka_unit_test(test_short),
        cmocka_unit_test(test_remedy),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

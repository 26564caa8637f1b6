/* Reports of constructed runs: what each must contain and must not contain. */
#include "tests/support/sample_run.h"

static void test_normal(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_normal(&sample);
    text = text_of(&sample, false, 0);
    assert_ptr_equal(
        strstr(text, "http://127.0.0.1:8080/: closed loop, 64 connections, 10.0 s\n\n"), text);
    ASSERT_LINES(
        text, "\nRequests     200,000 completed, 0 failed, 64 in flight at the end\n",
        "\nRate         20,000/s completed\n",
        "\nTransfer     170 MB in (17.0 MB/s), 16.0 MB out (1.60 MB/s)\n",
        "\nStatus       200    200,000  100%\n", "\nErrors       0\n",
        "        latency        kernel  client delay\n", "\n  p50  ", "\n  p99.99  ", "\n  max  ",
        "\n  mean  ", "\n  stddev  ", "Of 12,500 responses with a kernel stamp.\n",
        "\n  64 requests had no response", "\nLatency\n", "  p50", "  max\n",
        "\nLongest gap  3.10 ms between two responses, at 4.30 s\n", "\nConnections  64 made\n",
        "\nClient       ok, busy 43.1% of the time\n",
        "\n             CPU 1.29 s user, 3.02 s system: 21.6 us per request\n", "loop lag    p50 ");
    assert_null(strstr(text, "bottleneck"));
    assert_null(strstr(text, "waiting"));
    assert_null(strstr(text, "TLS"));
    assert_null(strstr(text, "SLO"));
    assert_null(strstr(text, "raw"));
    assert_null(strstr(text, "send delay"));
    assert_null(strstr(text, "stamps could"));
    sample_close(&sample);
}

static void test_hung(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_hung(&sample);
    text = text_of(&sample, false, 0);
    ASSERT_LINES(
        text, "\nRequests     1,000 completed, 0 failed, 64 in flight at the end, the oldest for\n",
        "\n             2.00 s\n", "\n  max            1.00 ms\n",
        "\nSLO          held    p50     at most 5.00 ms, was 1.00 ms\n",
        "\n             missed  p99     at most 5.00 ms, was 2.00 s\n",
        "\n             missed  max     at most 1.00 s, was 2.00 s\n");
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(written, "\"latency_us\":{\"count\":1000,", "\"unfinished_us\":{\"count\":64,",
                 "\"name\":\"max\",\"unit\":\"us\",\"limit\":1000000.000,\"measured\":2000000.000,",
                 "\"held\":false");
    sample_close(&sample);
}

/* Without a response, no figure is divided by zero. */
static void test_nothing(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open(&sample);
    sample.total->to = 0;
    add_failed(&sample, ERROR_CONNECT_REFUSED, 5);
    assert_null(slo_parse(&sample.slo, "p99=5ms"));
    slo_judge(&sample.slo, sample.total);
    text = text_of(&sample, false, 0);
    ASSERT_LINES(text, "\nRequests     0 completed, 5 failed\n", "\nRate         0/s completed\n",
                 "connect.refused", "\nLatency      no response came\n", "\nConnections  0 made\n",
                 "missed  p99     at most 5.00 ms, was nothing\n");
    assert_null(strstr(text, "gap"));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(json_of(&sample), "nan"));
    ASSERT_LINES(written, "\"rps\":0.000", "\"latency_us\":null",
                 "\"measured\":null,\"held\":false");
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_hung),
        cmocka_unit_test(test_nothing),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

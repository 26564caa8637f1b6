/* The short report: it fits 80 columns and 20 lines, with what decides whether to trust it. */
#include "tests/support/sample_run.h"

static size_t lines_in(const char *text)
{
    size_t lines = 0;

    for (; (text = strchr(text, '\n')); text++)
        lines++;
    return lines;
}

static void assert_fits(const char *text)
{
    assert_true(lines_in(text) <= 20);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 80)
            fail_msg("%.*s", (int)strcspn(line, "\n"), line);
}

static void test_normal(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_normal(&sample);
    text = short_text_of(&sample, false);
    assert_fits(text);
    assert_ptr_equal(
        strstr(text, "http://127.0.0.1:8080/: closed loop, 64 connections, 10.0 s\n\n"), text);
    ASSERT_LINES(
        text, "\nClient       ok, busy 43.1% of the time\n", "\nRate         20,000/s completed\n",
        "\nRequests     200,000 completed, 0 failed, 64 in flight\n",
        "\nStatus       200: 200,000\n", "\n                 latency        kernel  client delay\n",
        "\n  p50  ", "\n  p90  ", "\n  p99  ", "\n  p99.9  ", "\n  max  ",
        "\nLongest gap  3.10 ms between two responses, at 4.30 s\n",
        "\nTransfer     17.0 MB/s in, 1.60 MB/s out\n",
        "\n             --report full has the rest\n");
    assert_null(strstr(text, "Errors"));
    assert_null(strstr(text, "SLO"));
    assert_null(strstr(text, "p75"));
    assert_non_null(strstr(short_text_of(&sample, true), "\033["));
    sample_close(&sample);
}

static void test_saturated(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_saturated(&sample);
    text = short_text_of(&sample, false);
    assert_fits(text);
    ASSERT_LINES(
        text, "https://bench.example/search?q=\\x1b[2J and 2 more:\n",
        "\nThe client was the bottleneck: ", "\nInterrupted after 7.40 s of 10.0 s",
        "\n\nRate         20,270/s completed of 21,",
        "\nRequests     150,000 completed, 1,533 failed, 4,127 never started, 64 in flight\n",
        "\nStatus       200: 148,496; 503: 1,500; 429: 4\n",
        "\nErrors       http.reset: 1,204; connect.refused: 312; timeout.total: 17\n", "\n  max  ",
        "  2 of them took over an hour");
    assert_null(strstr(text, "Client "));
    sample_close(&sample);
}

static void test_missed_slo(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_stall(&sample);
    text = short_text_of(&sample, false);
    assert_fits(text);
    ASSERT_LINES(
        text,
        "\nSLO          missed p99 1.90 s (limit 5.00 ms); held p50 263 us, errors 0%, rps\n");
    sample_close(&sample);
}

/* Few values: no row repeats the greatest. */
static void test_few(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open(&sample);
    add_completed(&sample, 50);
    record(sample.total->latency, 1 * MS, 50);
    text = short_text_of(&sample, false);
    ASSERT_LINES(text, "\n  p50  ", "\n  p90  ", "\n  max  ");
    assert_null(strstr(text, "p99"));
    sample_close(&sample);
}

static void test_nothing(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open(&sample);
    sample.total->to = 0;
    sample.total->gave_up = ERROR_CONNECT_REFUSED;
    add_failed(&sample, ERROR_CONNECT_REFUSED, 5);
    text = short_text_of(&sample, false);
    assert_fits(text);
    ASSERT_LINES(text, "\nStopped: every connection of the first second failed: connect.refused,\n",
                 "\nRate         0/s completed\n", "\nRequests     0 completed, 5 failed\n",
                 "\nErrors       connect.refused: 5\n", "\nLatency      no response came\n");
    assert_null(strstr(text, "nan"));
    sample_close(&sample);
}

/* Everything in one report: notices, many statuses and errors, and every limit missed. */
static void test_worst(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_saturated(&sample);
    for (unsigned i = 400; i < 500; i++)
        sample.total->status[i] = 1;
    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++)
        sample.total->errors[i] = 1000000 + i;
    sample.run.judgement.starved = sample.run.judgement.suspended = true;
    assert_null(slo_parse(&sample.slo, "p50=1ms,p90=1ms,p99=1ms,p99.9=1ms,max=1ms,mean=1us,"
                                       "errors=0,rps=1000000"));
    slo_judge(&sample.slo, sample.total);
    text = short_text_of(&sample, false);
    assert_fits(text);
    ASSERT_LINES(text, "The client was the bottleneck", "\nRate ", "others", "Errors", "others",
                 "\n  max  ", "missed p50", "and 5 more");
    sample_close(&sample);
}

/* With HTTP/2 as well, however much there is to report. */
static void test_http2(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open_http2(&sample);
    assert_fits(short_text_of(&sample, false));
    sample_close(&sample);
    sample_open_saturated(&sample);
    sample.load.run.versions = HTTP_2_ONLY;
    sample.load.run.streams = 1024;
    sample.total->any_settings = 1;
    sample.total->streams_limit_max = UINT32_MAX;
    sample.total->goaways = sample.total->resets = 123456789;
    sample.total->refused = sample.total->resent = 1234567890;
    record(sample.total->slot_wait, 2 * MS, 5000);
    assert_fits(short_text_of(&sample, false));
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal),     cmocka_unit_test(test_saturated),
        cmocka_unit_test(test_missed_slo), cmocka_unit_test(test_few),
        cmocka_unit_test(test_nothing),    cmocka_unit_test(test_worst),
        cmocka_unit_test(test_http2),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

/* The table of latencies, and the longest gap. */
#include "tests/support/sample_run.h"

/* Corrected and raw latency, side by side. */
static void test_stall(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_stall(&sample);
    text = text_of(&sample, false, 0);
    ASSERT_LINES(
        text, "http://127.0.0.1:8080/:\n  open loop, 1,000 requests/s, up to 50 connections, ",
        "\nRequests     10,000 scheduled, 9,998 started, 2 still waiting\n",
        "\n             9,997 completed, 0 failed, 1 in flight at the end\n",
        "\nRate         1,000/s completed, of 1,000/s scheduled\n",
        "\nLatency        corrected           raw\n", "\n  p90            1.00 s ",
        "\n  p99            1.90 s ", "\n  max            2.00 s        2.00 s\n",
        "\nCorrected latency\n", "\nLongest gap  2.00 s between two responses, at 4.00 s\n",
        "\n             send delay  p50 ", "; 0% over 1 ms\n",
        "\nSLO          held    p50     at most 1.00 ms, was ",
        "\n             missed  p99     at most 5.00 ms, was 1.90 s\n",
        "\n             held    errors  at most 0.10%, was 0%\n",
        "\n             held    rps     at least 900/s, was 1,000/s\n");
    sample_close(&sample);
}

/* A gap that a closed loop does not show in its percentiles is reported. */
static void test_gap(void **state)
{
    static const struct {
        nsec gap, latency;
        bool reported;
    } cases[] = {
        {2 * S, 250 * US, true},
        {2 * S, 250 * MS, false},
        {101 * MS, 250 * US, true},
        {99 * MS, 250 * US, false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct sample_run sample;
        bool reported;

        sample_open(&sample);
        add_completed(&sample, 1000);
        record(sample.total->latency, cases[i].latency, 1000);
        sample.total->gap = cases[i].gap;
        sample.total->gap_at = 4300 * MS;
        reported = strstr(text_of(&sample, false, 0), "(-R)") != NULL;
        assert_int_equal(reported, cases[i].reported);
        if (i == 0)
            ASSERT_LINES(
                written,
                "\nLongest gap  2.00 s between two responses, at 4.30 s: 20.0% of the run. ",
                "The\n             percentiles of a closed loop hide it; an open loop (-R) shows "
                "it.");
        sample.load.run.open_loop = true; /* an open loop shows the gap */
        assert_null(strstr(text_of(&sample, false, 0), "(-R)"));
        sample_close(&sample);
    }
}

static void test_few(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open(&sample);
    add_completed(&sample, 640);
    record(sample.total->latency, 1 * MS, 640);
    ASSERT_LINES(text_of(&sample, false, 0),
                 "\n  Of 640 values, p99.9 and above are the greatest.\n");
    record(sample.total->latency, 1 * MS, 360); /* p99.9 of 1,000 is the 999th */
    ASSERT_LINES(text_of(&sample, false, 0),
                 "\n  Of 1,000 values, p99.99 and above are the greatest.\n");
    record(sample.total->latency, 1 * MS, 9000);
    assert_null(strstr(text_of(&sample, false, 0), "are the greatest"));
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stall),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_few),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

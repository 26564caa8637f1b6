/* The verdict on the client, which comes first in a report. */
#include "tests/support/sample_run.h"

/* If the client was not the limit, its connections may have been. */
static void test_limited(void **state)
{
    static const char words[] = "All connections (50) were busy 1";
    struct sample_run sample;

    (void)state;
    sample_open_stall(&sample);
    sample.total->limited = 100 * MS; /* 1% of the time */
    assert_null(strstr(text_of(&sample, false, 0), words));
    assert_non_null(strstr(json_of(&sample), "\"connections_busy_share\":0.010000,"
                                             "\"connections_limited\":false,"));
    sample.total->limited = 1950 * MS;
    ASSERT_LINES(
        text_of(&sample, false, 0),
        "\n\nAll connections (50) were busy 19.5% of the time while requests waited for one.\n"
        "Their number was a limit, perhaps before the server was. Compare with more\n"
        "connections (-c).\n\n");
    assert_string_equal(schema_problems(&sample), "");
    assert_non_null(strstr(written, "\"connections_busy_share\":0.195000,"
                                    "\"connections_limited\":true,"));
    sample.run.judgement.verdict = VERDICT_STARVED;
    assert_null(strstr(text_of(&sample, false, 0), words));
    sample_close(&sample);
}

/* A client that was stopped, and one without a core: the cause, the advice, and the client's part
   of the gap. */
static void test_other_verdicts(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open_normal(&sample);
    sample.total->gap = 710 * MS;
    sample.total->gap_absent = 700 * MS;
    sample.run.judgement = (struct judgement){.verdict = VERDICT_SUSPENDED,
                                              .suspended = true,
                                              .busy_share = 0.4,
                                              .suspended_share = 0.07,
                                              .suspension = 700 * MS};
    ASSERT_LINES(
        text_of(&sample, false, 0),
        "\n\nThe client was the bottleneck: it was stopped for 7.0% of the time, once for\n",
        "700 ms. These numbers are the client's, not the server's. A signal or the\n",
        "machine stopped it: repeat the run without interruption.\n",
        "\nLongest gap  710 ms between two responses, at 4.30 s: for 700 ms of it the\n",
        "             client itself did not read.\n",
        "\nClient       suspended, busy 40.0% of the time\n");
    assert_null(strstr(written, "(-R)"));
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(written, "\"longest_gap_away_s\":0.700000000,",
                 "\"verdict\":\"suspended\",\"reasons\":[\"suspended\"],",
                 "\"suspended_share\":0.070000,\"longest_suspension_s\":0.700000000,");
    sample.run.judgement = (struct judgement){.verdict = VERDICT_STARVED,
                                              .starved = true,
                                              .late = true,
                                              .starved_share = 0.25,
                                              .late_share = 0.3};
    sample.total->gap_absent = 300 * MS;
    ASSERT_LINES(text_of(&sample, false, 0),
                 "its thread waited for a core 25.0% of the time,\nand 30.0% of the requests",
                 "Give it a core of its own (taskset).\n",
                 "\nLongest gap  710 ms between two responses, at 4.30 s: 7.1% of the run. The\n",
                 "\nClient       starved, busy 0% of the time\n");
    sample_close(&sample);
}

static void test_saturated(void **state)
{
    struct sample_run sample;
    const char *text;

    (void)state;
    sample_open_saturated(&sample);
    text = text_of(&sample, false, 0);
    ASSERT_LINES(
        text, "https://bench.example/search?q=\\x1b[2J and 2 more:\n",
        "\n  open loop, 1,000 to 50,000 requests/s in 5.00 s (Poisson), up to 64\n  connections, ",
        "7.40 s after 2.00 s of ", "warm-up\n",
        "\n\nThe client was the bottleneck: its thread was busy 99.2% of the time, and 43.4%\n",
        "of the requests were sent over 1 ms late. These numbers are the client's, not\n",
        "the server's. Lower the rate (-R), or share the load among several processes\n",
        "(--procs).\n", "\nInterrupted after 7.40 s of 10.0 s: ", "\n\nRequests",
        "4,127 still waiting\n", "\n             150,000 completed, 1,533 failed, 64 in flight",
        "\nStatus       200    148,496  99.0%\n             429          4  <0.01%\n",
        "             503      1,500  1.0%\n",
        "\nErrors       timeout.total                17  timed out\n",
        "\n             connect.refused             312  connection refused\n",
        "\n             http.reset                1,204  connection reset before a response\n",
        "\n  2 of them took over an hour, and are counted as an hour.\n", "⋮", "  3600 s",
        "handshake included\n", "\n             64 TLS handshakes, 32 (50.0%) of them resumed\n",
        "\nClient       saturated, busy 99.2% of the time\n",
        "3 responses came without a kernel stamp\n", "1 kernel stamps could not be used");
    sample.load.run.open_loop = false; /* the advice for a closed loop */
    sample.total->processes = 2;
    sample.load.processes = 2;
    ASSERT_LINES(text_of(&sample, false, 0),
                 "closed loop, 64 connections, 2 processes, 7.40 s after",
                 "bottleneck: one of its threads was busy", "fewer connections (-c).\n",
                 "saturated, its busiest process busy 99.2%");
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limited),
        cmocka_unit_test(test_other_verdicts),
        cmocka_unit_test(test_saturated),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

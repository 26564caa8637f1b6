/* The table of several runs: its lines, and the medians. */
#include "tests/support/sample_run.h"

#include "cli/bench/bench_runs.h"

static struct bench_runs runs;

static int teardown(void **state)
{
    (void)state;
    bench_runs_free(&runs);
    return 0;
}

/* The line of a run with so many requests in ten seconds, all of this latency. */
static const char *line_of(struct sample_run *sample, unsigned requests, nsec latency)
{
    FILE *to = begin();

    sample_open(sample);
    add_completed(sample, requests);
    record(sample->total->latency, latency, requests);
    bench_runs_add(to, &runs, &sample->run, "1", false);
    fclose(to);
    sample_close(sample);
    return written;
}

static const char *medians(void)
{
    FILE *to = begin();

    bench_runs_end(to, &runs, "median", false);
    fclose(to);
    return written;
}

static void test_begin(void **state)
{
    struct sample_run sample;
    FILE *to;

    (void)state;
    sample_open(&sample);
    sample.load.repeat = 3;
    to = begin();
    bench_runs_begin(to, &sample.run, NULL, false);
    fclose(to);
    assert_string_equal(
        written, "http://127.0.0.1:8080/\nclosed loop, 64 connections, 10.0 s; 3 runs\n\n"
                 "run       requests/s        p50        p99      p99.9        max  notes\n");
    sample.total->to = sample.total->from + 484 * MS; /* the first run was interrupted */
    to = begin();
    bench_runs_begin(to, &sample.run, NULL, false);
    fclose(to);
    ASSERT_LINES(written, "\nclosed loop, 64 connections, 10.0 s; 3 runs\n");
    sample.load.run.requests = 500;
    to = begin();
    bench_runs_begin(to, &sample.run, "http://b/\033", false);
    fclose(to);
    ASSERT_LINES(written, "a: http://127.0.0.1:8080/\nb: http://b/\\x1b\n",
                 "\nclosed loop, 64 connections, 500 requests; 3 runs of each, alternately\n");
    sample_close(&sample);
}

static void test_lines(void **state)
{
    struct sample_run sample;

    (void)state;
    assert_string_equal(line_of(&sample, 1000, 2 * MS),
                        "1                100    2.00 ms    2.00 ms    2.00 ms    2.00 ms  ok\n");
    assert_string_equal(medians(), ""); /* of one run there is no median */
    line_of(&sample, 4000, 1 * MS);
    assert_string_equal(line_of(&sample, 3000, 4 * MS),
                        "1                300    4.00 ms    4.00 ms    4.00 ms    4.00 ms  ok\n");
    assert_string_equal(medians(),
                        "median           300    2.00 ms    2.00 ms    2.00 ms    2.00 ms\n");
    line_of(&sample, 2000, 8 * MS);
    assert_string_equal(medians(),
                        "median           250    3.00 ms    3.00 ms    3.00 ms    3.00 ms\n");
}

/* A run without a response has no latency, and is no reason to show one of the others. */
static void test_nothing(void **state)
{
    struct sample_run sample;

    (void)state;
    assert_string_equal(
        line_of(&sample, 0, 0),
        "1                  0          -          -          -          -  no response\n");
    line_of(&sample, 0, 0);
    assert_string_equal(medians(),
                        "median             0          -          -          -          -\n");
}

static void test_notes(void **state)
{
    struct sample_run sample;
    FILE *to = begin();

    (void)state;
    sample_open_saturated(&sample);
    assert_null(slo_parse(&sample.slo, "p50=1us"));
    slo_judge(&sample.slo, sample.total);
    bench_runs_add(to, &runs, &sample.run, "2 b", true);
    fclose(to);
    ASSERT_LINES(written, "2 b ", "\n         ",
                 "client saturated, 3,037 errors (most: 503), SLO missed, interrupted\033[0m\n");
    assert_int_equal(runs.count, 0); /* no median has the figures of a part of a run */
    sample_close(&sample);
}

/* The notes say what failed, and why no other run followed. */
static void test_errors(void **state)
{
    struct sample_run sample;
    FILE *to = begin();

    (void)state;
    sample_open(&sample);
    add_failed(&sample, ERROR_CONNECT_REFUSED, 5);
    bench_runs_add(to, &runs, &sample.run, "1", false);
    fclose(to);
    ASSERT_LINES(written, "  no response, 5 errors (connect.refused)\n");
    add_failed(&sample, ERROR_WAIT_RESET, 6);
    sample.total->gave_up = ERROR_WAIT_RESET;
    to = begin();
    bench_runs_add(to, &runs, &sample.run, "1", false);
    fclose(to);
    ASSERT_LINES(written, "  no response, 11 errors (most: http.reset), stopped\n");
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_begin, teardown),
        cmocka_unit_test_teardown(test_lines, teardown),
        cmocka_unit_test_teardown(test_nothing, teardown),
        cmocka_unit_test_teardown(test_notes, teardown),
        cmocka_unit_test_teardown(test_errors, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

/* Sets of runs: which are slower, which metrics are judged, and the messages. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/diff/diff.h"

#define RUNS 6

static char *written;
static size_t written_bytes;

/* Runs with these latencies. The other metrics follow from them; there are no errors. */
static void fill(struct diff_run *runs, const double *us, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        runs[i] = (struct diff_run){0};
        runs[i].value[DIFF_RPS] = 1e6 / us[i];
        runs[i].value[DIFF_CPU] = 20;
        for (int metric = DIFF_P50; metric <= DIFF_MEAN; metric++)
            runs[i].value[metric] = us[i] * metric;
    }
}

static enum exit_status compare(struct diff_run *baseline, size_t baseline_count,
                                struct diff_run *compared, size_t compared_count,
                                enum format format)
{
    const struct diff_set sets[] = {{"A", baseline, baseline_count},
                                    {"B", compared, compared_count}};
    enum exit_status status;
    FILE *to;

    free(written);
    written = NULL;
    to = open_memstream(&written, &written_bytes);
    status = diff_sets(sets, LENGTH(sets), format, to);
    fclose(to);
    return status;
}

static bool contains(const char *text)
{
    return strstr(written, text) != NULL;
}

static void verdicts(void **state)
{
    static const struct {
        double baseline[RUNS], compared[RUNS];
        size_t baseline_count, compared_count;
        enum exit_status status;
        const char *contains;
    } cases[] = {
        {{10, 11, 12, 13, 14, 15},
         {10, 11, 12, 13, 14, 15},
         6,
         6,
         EXIT_FETCHED,
         "B: no difference shown\n"},
        {{10, 11, 12, 13, 14},
         {11, 10, 13, 12, 15},
         5,
         5,
         EXIT_FETCHED,
         "B: no difference shown\n"},
        {{10, 11, 12, 13, 14},
         {15, 16, 17, 18, 19},
         5,
         5,
         EXIT_SLOWER,
         "B: slower by rps, p50, p99\n"},
        {{15, 16, 17, 18, 19},
         {10, 11, 12, 13, 14},
         5,
         5,
         EXIT_FETCHED,
         "B: faster by rps, p50, p99\n"},
        {{10, 11, 12, 13, 14},
         {12.5, 13.5, 15, 15, 15},
         5,
         5,
         EXIT_FETCHED,
         "B: no difference shown\n"},
        {{1, 1, 1, 1},
         {9, 9, 9, 9},
         4,
         4,
         EXIT_FETCHED,
         "B: too few runs: 4 and 4 runs cannot show any difference.\n"
         "Each set needs 5 runs (bench --repeat 5)\n"},
        {{1}, {9}, 1, 1, EXIT_FETCHED, "B: too few runs: 1 and 1 runs cannot show any difference"},
        {{1, 1, 1}, {9, 9, 9, 9, 9, 9}, 3, 6, EXIT_FETCHED, "B: too few runs"},
        {{1, 1, 1, 1}, {9, 9, 9, 9, 9, 9}, 4, 6, EXIT_SLOWER, "B: slower by rps, p50, p99\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct diff_run baseline[RUNS], compared[RUNS];
        enum exit_status status;

        fill(baseline, cases[i].baseline, cases[i].baseline_count);
        fill(compared, cases[i].compared, cases[i].compared_count);
        status = compare(baseline, cases[i].baseline_count, compared, cases[i].compared_count,
                         FORMAT_TEXT);
        if (status != cases[i].status || !contains(cases[i].contains))
            fail_msg("verdict %zu: %d\n%s", i, (int)status, written);
    }
}

static const double slow[] = {15, 16, 17, 18, 19}, fast[] = {10, 11, 12, 13, 14};

static void rate_is_not_judged_if_the_schedule_was_met(void **state)
{
    struct diff_run baseline[5], compared[5];

    (void)state;
    fill(baseline, fast, 5);
    fill(compared, slow, 5);
    for (int i = 0; i < 5; i++)
        baseline[i].open_loop = compared[i].open_loop = true;
    assert_int_equal(compare(baseline, 5, compared, 5, FORMAT_TEXT), EXIT_SLOWER);
    assert_true(contains("B: slower by p50, p99\n"));
    compared[4].waited = true;
    compare(baseline, 5, compared, 5, FORMAT_TEXT);
    assert_true(contains("B: slower by rps, p50, p99\n"));
}

static void errors_are_judged_if_there_are_any(void **state)
{
    struct diff_run baseline[5], compared[5];

    (void)state;
    fill(baseline, slow, 5);
    fill(compared, fast, 5);
    compare(baseline, 5, compared, 5, FORMAT_TEXT);
    assert_true(contains(", 3 judged together"));
    for (int i = 0; i < 5; i++)
        compared[i].value[DIFF_ERRORS] = 0.01 * (i + 1);
    assert_int_equal(compare(baseline, 5, compared, 5, FORMAT_TEXT), EXIT_SLOWER);
    assert_true(contains("B: slower by errors; faster by rps, p50, p99\n"));
    assert_true(contains(", 4 judged together"));
    assert_int_equal(compare(compared, 5, baseline, 5, FORMAT_TEXT), EXIT_SLOWER);
    assert_true(contains("B: slower by rps, p50, p99; faster by errors\n"));
}

static void several_sets_are_corrected_together(void **state)
{
    struct diff_run baseline[5], compared[5];
    struct diff_set sets[4] = {{"A", baseline, 5}};
    FILE *to;

    (void)state;
    fill(baseline, fast, 5);
    fill(compared, slow, 5);
    for (size_t i = 1; i < LENGTH(sets); i++)
        sets[i] = (struct diff_set){"B", compared, 5};
    free(written);
    to = open_memstream(&written, &written_bytes);
    assert_int_equal(diff_sets(sets, LENGTH(sets), FORMAT_TEXT, to), EXIT_FETCHED);
    fclose(to);
    assert_true(contains("9 judged together") && contains("Each set needs 6 runs"));
}

static void unmeasured_metrics_are_not_judged(void **state)
{
    struct diff_run baseline[5], compared[5];

    (void)state;
    fill(baseline, fast, 5);
    fill(compared, slow, 5);
    compared[2].value[DIFF_P99] = strtod("nan", NULL);
    compare(baseline, 5, compared, 5, FORMAT_TEXT);
    assert_true(contains("B: slower by rps, p50\n"));
    for (int metric = 0; metric < DIFF_METRICS; metric++)
        compared[0].value[metric] = strtod("nan", NULL);
    assert_int_equal(compare(baseline, 5, compared, 5, FORMAT_TEXT), EXIT_FETCHED);
    assert_true(contains("B: nothing to judge: there are no measurements\n"));
    compare(baseline, 5, compared, 5, FORMAT_JSON);
    assert_true(contains("\"rps\":{\"verdict\":\"not_judged\",") && contains("\"compared\":null,"));
}

static void json(void **state)
{
    struct diff_run baseline[5], compared[5];

    (void)state;
    fill(baseline, fast, 5);
    fill(compared, slow, 5);
    compared[1].saturated = true;
    assert_int_equal(compare(baseline, 5, compared, 5, FORMAT_JSON), EXIT_SLOWER);
    assert_true(
        contains("{\"schema\":\"firstbyte.diff/1\",\"baseline\":{\"name\":\"A\",\"runs\":5},"
                 "\"alpha\":0.05,\"judged\":3,\"runs_needed\":5,\"comparisons\":[{\"name\":\"B\","
                 "\"runs\":5,\"verdict\":\"slower\",\"metrics\":{\"rps\":{\"verdict\":\"slower\","
                 "\"baseline\":83333.3333,\"compared\":58823.5294,\"ratio\":0.705882353,"));
    assert_true(contains("\"p\":0.0238095238},")); /* three times 2 / 252 */
    assert_true(
        contains("\"warnings\":[\"B: the client was the bottleneck, not the server: run 2\"]}\n"));
}

static void warnings(void **state)
{
    struct diff_run baseline[5], compared[5];

    (void)state;
    fill(baseline, fast, 5);
    fill(compared, slow, 5);
    compare(baseline, 5, compared, 5, FORMAT_TEXT);
    assert_false(contains("warning"));
    baseline[0].interrupted = baseline[4].interrupted = true;
    compared[3].open_loop = true;
    compare(baseline, 5, compared, 5, FORMAT_TEXT);
    assert_true(contains("warning: A: interrupted early: run 1, 5\n"));
    assert_true(
        contains("warning: B: runs 1 and 4 have different options: loop (closed and open)\n"));
    assert_false(contains("A and B"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(rate_is_not_judged_if_the_schedule_was_met),
        cmocka_unit_test(errors_are_judged_if_there_are_any),
        cmocka_unit_test(several_sets_are_corrected_together),
        cmocka_unit_test(unmeasured_metrics_are_not_judged),
        cmocka_unit_test(json),
        cmocka_unit_test(warnings),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}

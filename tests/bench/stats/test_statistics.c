/* Medians, intervals and ranks, against published examples and enumerated values. */
#include "tests/support/unit.h"

#include <math.h>

#include "bench/stats/statistics.h"

#define NEAR 1e-9 /* relative error */
#define SEED 1
#define MAX  16 /* values of a sample in a table */

static bool near(double got, double wanted)
{
    return fabs(got - wanted) <= NEAR * fabs(wanted);
}

static void medians(void **state)
{
    static const struct {
        double values[MAX];
        size_t count;
        double median;
    } cases[] = {
        {{7}, 1, 7},
        {{3, 1}, 2, 2},
        {{9, 1, 5}, 3, 5},
        {{4, 1, 3, 2}, 4, 2.5},
        {{2, 2, 2, 100, -50}, 5, 2},
        {{1e308, 1e308}, 2, 1e308},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        if (!near(statistics_median(cases[i].values, cases[i].count), cases[i].median))
            fail_msg("median %zu", i);
}

static void a_sample_keeps_its_order(void **state)
{
    double values[] = {3, 1, 2};

    (void)state;
    statistics_median(values, LENGTH(values));
    statistics_ratio(values, LENGTH(values), values, LENGTH(values), SEED);
    statistics_rank_test(values, LENGTH(values), values, LENGTH(values));
    assert_true(values[0] == 3 && values[1] == 1 && values[2] == 2);
}

/* p is twice the share of the assignments of values to samples with a rank sum as extreme or more,
   counted by enumeration. The first case: Hollander and Wolfe (1973, p. 69), 0.2544. */
static void p_values_are_exact(void **state)
{
    static const struct {
        double baseline[MAX];
        size_t baseline_count;
        double compared[MAX];
        size_t compared_count;
        double u, p;
    } cases[] = {
        {{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
         10,
         {1.15, 0.88, 0.90, 0.74, 1.21},
         5,
         15,
         764.0 / 3003},
        {{19, 22, 16, 29, 24}, 5, {20, 11, 17, 12}, 4, 3, 14.0 / 126},
        {{1, 2, 3}, 3, {4, 5, 6}, 3, 9, 2.0 / 20},
        {{10, 9, 8, 7, 6}, 5, {1, 2, 3, 4, 5}, 5, 0, 2.0 / 252},
        {{1}, 1, {2}, 1, 1, 1},
        /* ties */
        {{0, 0, 0, 0}, 4, {1, 1, 1, 1}, 4, 16, 2.0 / 70},
        {{1, 1, 2, 2}, 4, {1, 2, 2, 3}, 4, 11, 46.0 / 70},
        {{1, 2, 2, 3, 9}, 5, {2, 2, 4, 4, 5, 6, 7}, 7, 24, 244.0 / 792},
        {{0, 0, 0, 0, 1}, 5, {0, 0, 2, 3, 4, 5}, 6, 24, 42.0 / 462},
        {{1, 1, 1}, 3, {9, 9, 9, 9, 9, 9}, 6, 18, 2.0 / 84},
        {{5, 5, 5}, 3, {5, 5, 5}, 3, 4.5, 1},
        {{1, 2, 3, 4}, 4, {1, 2, 3, 4}, 4, 8, 1},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct statistics_rank found = statistics_rank_test(
            cases[i].baseline, cases[i].baseline_count, cases[i].compared, cases[i].compared_count);
        struct statistics_rank exchanged = statistics_rank_test(
            cases[i].compared, cases[i].compared_count, cases[i].baseline, cases[i].baseline_count);

        if (!found.exact || !near(found.u, cases[i].u) || !near(found.p, cases[i].p))
            fail_msg("ranks %zu: U %g, p %.12g", i, found.u, found.p);
        if (!near(exchanged.p, found.p))
            fail_msg("ranks %zu: with exchanged samples p is %.12g", i, exchanged.p);
    }
}

/* Both samples of 0, 1, 2...; the second moved up by 8.5. */
static struct statistics_rank moved(size_t count)
{
    double baseline[40], compared[40];

    assert_true(count <= LENGTH(baseline));
    for (size_t i = 0; i < count; i++) {
        baseline[i] = (double)i;
        compared[i] = (double)i + 8.5;
    }
    return statistics_rank_test(baseline, count, compared, count);
}

static void many_values_are_approximated(void **state)
{
    struct statistics_rank max = moved(STATISTICS_EXACT_MAX / 2), more = moved(40), tied;
    double baseline[50], compared[45];

    (void)state;
    assert_true(max.exact && near(max.u, 748) && near(max.p, 0.0012840116459648724));
    assert_true(!more.exact && near(more.u, 1104) && near(more.p, 0.003495485889969337));
    assert_true(fabs(more.p - 0.003148498461523552) < 0.0005); /* the exact value */

    for (size_t i = 0; i < LENGTH(baseline); i++)
        baseline[i] = (double)(i % 7);
    for (size_t i = 0; i < LENGTH(compared); i++)
        compared[i] = (double)(i % 7) + (i % 3 == 0);
    tied = statistics_rank_test(baseline, LENGTH(baseline), compared, LENGTH(compared));
    assert_true(!tied.exact && near(tied.u, 1201.5) && near(tied.p, 0.567309600315818));
}

static void many_equal_values_show_nothing(void **state)
{
    static const double same[STATISTICS_EXACT_MAX];
    struct statistics_rank found = statistics_rank_test(same, LENGTH(same), same, LENGTH(same));

    (void)state;
    assert_true(!found.exact && near(found.p, 1));
}

/* Both ends are inside a step of the exact distribution of all resamples (5^5 of each sample), so
   that ten thousand resamples find them. */
static void an_interval(void **state)
{
    static const double baseline[] = {120, 100, 103, 110, 101};
    static const double compared[] = {150, 151, 190, 160, 155};
    struct statistics_ratio found = statistics_ratio(baseline, 5, compared, 5, SEED);

    (void)state;
    assert_true(near(found.ratio, 155.0 / 103));
    assert_true(near(found.low, 155.0 / 120));
    assert_true(near(found.high, 190.0 / 103));
}

static void an_interval_of_few_values(void **state)
{
    static const double baseline[] = {1, 2, 4, 8}, compared[] = {3, 5, 7, 11};
    struct statistics_ratio found = statistics_ratio(baseline, 4, compared, 4, SEED);

    (void)state;
    assert_true(near(found.ratio, 2));
    assert_true(near(found.low, 0.625)); /* 1.8% to 2.9% of all */
    assert_true(near(found.high, 7));    /* 97.3% to 98.2% */
}

static void an_interval_of_an_even_number(void **state)
{
    static const double baseline[] = {1, 1, 1, 1, 1, 1}, compared[] = {10, 20, 40, 50, 70, 100};
    struct statistics_ratio found = statistics_ratio(baseline, 6, compared, 6, SEED);

    (void)state;
    assert_true(near(found.ratio, 45));
    assert_true(near(found.low, 15));  /* 0.9% to 3.5% of all */
    assert_true(near(found.high, 85)); /* 96.5% to 99.1% */
}

static void intervals_are_the_same_in_each_run(void **state)
{
    static const double baseline[] = {1.25, 2.5, 3.75, 5.125, 6, 8.5};
    static const double compared[] = {2.5, 2.75, 3.5, 4.25, 9, 11, 12};
    struct statistics_ratio one = statistics_ratio(baseline, 6, compared, 7, SEED);
    struct statistics_ratio other = statistics_ratio(baseline, 6, compared, 7, SEED);

    (void)state;
    assert_memory_equal(&one, &other, sizeof(one));
    assert_true(one.low < one.ratio && one.ratio < one.high);
}

static void without_a_ratio(void **state)
{
    static const double one[] = {5}, other[] = {10}, none[] = {0, 1, 2}, some[] = {1, 2, 3};
    struct statistics_ratio found = statistics_ratio(one, 1, other, 1, SEED);

    (void)state;
    assert_true(near(found.ratio, 2) && isnan(found.low) && isnan(found.high));
    found = statistics_ratio(some, 3, other, 1, SEED);
    assert_true(near(found.ratio, 5) && isnan(found.low) && isnan(found.high));
    found = statistics_ratio(none, 3, some, 3, SEED);
    assert_true(isnan(found.ratio) && isnan(found.low) && isnan(found.high));
    found = statistics_ratio(some, 3, none, 3, SEED);
    assert_true(near(found.ratio, 0.5) && near(found.low + 1, 1) && found.high > 1);
}

static void least_p(void **state)
{
    static const struct {
        size_t baseline, compared;
        double p;
    } cases[] = {
        {1, 1, 1},         {3, 3, 2.0 / 20},   {4, 4, 2.0 / 70},
        {5, 5, 2.0 / 252}, {3, 10, 2.0 / 286}, {10, 3, 2.0 / 286},
    };
    static const struct {
        size_t tests, needed;
    } needs[] = {{1, 4}, {2, 5}, {3, 5}, {6, 5}, {7, 6}, {12, 6}, {23, 6}, {24, 7}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        if (!near(statistics_min_p(cases[i].baseline, cases[i].compared), cases[i].p))
            fail_msg("least p %zu", i);
    for (size_t i = 0; i < LENGTH(needs); i++)
        assert_int_equal(statistics_needed(needs[i].tests, 0.05), needs[i].needed);
}

static void holm(void **state)
{
    static const struct {
        double p[4], corrected[4];
        size_t count;
    } cases[] = {
        {{0.01, 0.04, 0.03, 0.005}, {0.03, 0.06, 0.06, 0.02}, 4},
        {{0.04}, {0.04}, 1},
        {{0.03, 0.03}, {0.06, 0.06}, 2},
        {{0.9, 0.6, 0.01}, {1, 1, 0.03}, 3},
        {{0}, {0}, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        double p[4];

        memcpy(p, cases[i].p, sizeof(p));
        statistics_holm(p, cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++)
            if (!near(p[k], cases[i].corrected[k]))
                fail_msg("holm %zu, %zu: %g", i, k, p[k]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians),
        cmocka_unit_test(a_sample_keeps_its_order),
        cmocka_unit_test(p_values_are_exact),
        cmocka_unit_test(many_values_are_approximated),
        cmocka_unit_test(many_equal_values_show_nothing),
        cmocka_unit_test(an_interval),
        cmocka_unit_test(an_interval_of_few_values),
        cmocka_unit_test(an_interval_of_an_even_number),
        cmocka_unit_test(intervals_are_the_same_in_each_run),
        cmocka_unit_test(without_a_ratio),
        cmocka_unit_test(least_p),
        cmocka_unit_test(holm),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}

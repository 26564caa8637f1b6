/* The histogram: its precision, addition, and percentiles against sorted arrays. */
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>

#include "bench/load/histogram.h"

#define EXACT     (2 * HISTOGRAM_PARTS) /* each value below it has its own index */
#define TOLERANCE 0.001                 /* relative error */
#define PARTS     4                     /* histograms that are added up */

static const double percents[] = {0,  0.001, 1,  25,   33.3,  50,     75,
                                  90, 95,    99, 99.9, 99.99, 99.999, 100};

/* A value from 0 to 2^bits - 1; each bit length is equally likely. */
static nsec random_value(unsigned bits)
{
    uint64_t value = (uint64_t)unit_random() << 32 | unit_random();

    return value >> (64 - bits + unit_random() % bits);
}

/* Compares all bytes, unused counters too. */
static bool same(const struct histogram *one, const struct histogram *other)
{
    return !memcmp(one, other, sizeof(*one));
}

static struct histogram *of(const nsec *values, size_t count)
{
    struct histogram *histogram = histogram_new();

    for (size_t i = 0; i < count; i++)
        histogram_record(histogram, values[i]);
    return histogram;
}

/* The index's range contains the value and is at most 0.1% wide. */
static void check_index(nsec value)
{
    uint32_t index = histogram_index(value);
    nsec low = histogram_low(index), high = histogram_high(index);

    if (index >= HISTOGRAM_COUNTS || value < low || value > high ||
        (double)(high - low) > TOLERANCE * (double)low || (value < EXACT && low != high))
        fail_msg("%llu: index %u, %llu to %llu", (unsigned long long)value, index,
                 (unsigned long long)low, (unsigned long long)high);
}

static void every_value_is_exact_to_a_thousandth(void **state)
{
    (void)state;
    for (nsec value = 0; value < 4 * EXACT; value++)
        check_index(value);
    for (unsigned bits = 1; (UINT64_C(1) << bits) < HISTOGRAM_MAX; bits++)
        for (int off = -2; off <= 2; off++)
            check_index((UINT64_C(1) << bits) + (uint64_t)off + (bits < 2 ? 2 : 0));
    for (nsec value = NSEC_PER_US; value < HISTOGRAM_MAX; value += value / 500 + 1)
        check_index(value);
    for (int i = 0; i < 100000; i++)
        check_index(random_value(41));
    check_index(HISTOGRAM_MAX - 1);
    check_index(HISTOGRAM_MAX);
}

static void ranges_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    assert_int_equal(histogram_low(0), 0);
    for (uint32_t index = 0; index < HISTOGRAM_COUNTS; index++) {
        assert_int_equal(histogram_index(histogram_low(index)), index);
        assert_int_equal(histogram_index(histogram_high(index)), index);
        if (index)
            assert_int_equal(histogram_low(index), histogram_high(index - 1) + 1);
    }
    assert_true(histogram_high(HISTOGRAM_COUNTS - 1) > HISTOGRAM_MAX);
    assert_in_range(histogram_index(HISTOGRAM_MAX), HISTOGRAM_COUNTS - HISTOGRAM_PARTS,
                    HISTOGRAM_COUNTS - 1);
}

static void empty_histogram_has_no_values(void **state)
{
    struct histogram *histogram = histogram_new();
    struct histogram_summary summary;

    (void)state;
    histogram_summarize(histogram, &summary);
    assert_int_equal(summary.count, 0);
    assert_int_equal(summary.min, 0);
    assert_int_equal(summary.max, 0);
    assert_int_equal(summary.p9999, 0);
    assert_true(summary.mean == 0 && summary.stddev == 0);
    assert_int_equal(histogram_at(histogram, 50), 0);
    assert_int_equal(histogram_up_to(histogram, NSEC_NEVER), 0);
    assert_true(histogram->min == NSEC_NEVER);
    histogram_free(histogram);
}

static void values_over_an_hour_are_clamped(void **state)
{
    static const nsec values[] = {HISTOGRAM_MAX - 1, HISTOGRAM_MAX, HISTOGRAM_MAX + 1,
                                  UINT64_C(1) << 62, NSEC_NEVER,    5};
    struct histogram *histogram = of(values, LENGTH(values));
    struct histogram_summary summary;

    (void)state;
    assert_int_equal(histogram->count, 6);
    assert_int_equal(histogram->clamped, 3);
    assert_int_equal(histogram->max, HISTOGRAM_MAX);
    assert_int_equal(histogram->min, 5);
    assert_int_equal(histogram_at(histogram, 100), HISTOGRAM_MAX);
    assert_int_equal(histogram_at(histogram, 1), 5);
    assert_int_equal(histogram_up_to(histogram, NSEC_NEVER), 6);
    assert_int_equal(histogram_up_to(histogram, NSEC_PER_S), 1);
    histogram_summarize(histogram, &summary);
    assert_int_equal(summary.p50, HISTOGRAM_MAX);
    assert_true(summary.mean <= (double)HISTOGRAM_MAX);
    histogram_free(histogram);
}

static void sum_equals_recording_in_one(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct histogram *whole = histogram_new(), *sum = histogram_new(), *parts[PARTS];

        for (size_t i = 0; i < PARTS; i++)
            parts[i] = histogram_new();
        for (int i = 0; i < 200 * round; i++) { /* the last of the parts stays empty */
            nsec value = random_value(44);

            histogram_record(whole, value);
            histogram_record(parts[unit_random() % (PARTS - 1)], value);
        }
        for (size_t i = 0; i < PARTS; i++) {
            histogram_add(sum, parts[i]);
            histogram_free(parts[i]);
        }
        assert_true(same(sum, whole));
        histogram_add(sum, whole);
        assert_int_equal(sum->count, 2 * whole->count);
        assert_int_equal(sum->clamped, 2 * whole->clamped);
        histogram_free(sum);
        histogram_free(whole);
    }
}

static void zero_is_a_value(void **state)
{
    struct histogram *histogram = histogram_new(), *sum = histogram_new();

    (void)state;
    histogram_record(histogram, 0);
    assert_int_equal(histogram->end, 1);
    histogram_add(sum, histogram);
    assert_true(same(sum, histogram));
    assert_int_equal(histogram_at(sum, 50), 0);
    assert_int_equal(histogram_up_to(sum, 0), 1);
    histogram_clear(sum);
    assert_int_equal(sum->counts[0], 0);
    histogram_free(histogram);
    histogram_free(sum);
}

static void clearing_touches_only_used_counters(void **state)
{
    struct histogram *histogram = histogram_new(), *empty = histogram_new();
    const uint64_t mark = 99;

    (void)state;
    histogram_clear(histogram);
    assert_true(same(histogram, empty));
    for (int i = 0; i < 1000; i++)
        histogram_record(histogram, random_value(44));
    histogram_clear(histogram);
    assert_true(same(histogram, empty));

    histogram_record(histogram, 5000);
    histogram_record(histogram, 50000);
    histogram->counts[histogram->first - 1] = mark; /* next to the used ones */
    histogram->counts[histogram->end] = mark;
    histogram_clear(histogram);
    assert_int_equal(histogram->counts[histogram_index(5000) - 1], mark);
    assert_int_equal(histogram->counts[histogram_index(50000) + 1], mark);
    histogram_free(histogram);
    histogram_free(empty);
}

static int ascending(const void *one, const void *other)
{
    nsec a = *(const nsec *)one, b = *(const nsec *)other;

    return a < b ? -1 : a > b;
}

/* The percentile by nearest rank, computed in whole thousandths of a percent. */
static nsec exact_percentile(const nsec *sorted, size_t count, double percent)
{
    uint64_t rank = ((uint64_t)llround(percent * 1000) * count + 99999) / 100000;

    return sorted[rank ? rank - 1 : 0];
}

static void check_percentiles(const nsec *sorted, size_t count, const struct histogram *histogram)
{
    for (size_t i = 0; i < LENGTH(percents); i++) {
        nsec exact = exact_percentile(sorted, count, percents[i]);
        nsec high = histogram_high(histogram_index(exact)),
             at = histogram_at(histogram, percents[i]);

        if (at != (high < histogram->max ? high : histogram->max))
            fail_msg("p%g of %zu: %llu for %llu", percents[i], count, (unsigned long long)at,
                     (unsigned long long)exact);
        assert_true((double)at - (double)exact <= TOLERANCE * (double)exact);
    }
}

static void check_up_to(const nsec *sorted, size_t count, const struct histogram *histogram)
{
    for (size_t i = 0; i < count; i += count / 50 + 1) {
        nsec high = histogram_high(histogram_index(sorted[i]));
        size_t below = i;

        while (below < count && sorted[below] <= high)
            below++;
        assert_int_equal(histogram_up_to(histogram, sorted[i]), below);
    }
    assert_int_equal(histogram_up_to(histogram, sorted[0] - 1), 0);
}

/* Mean and standard deviation by definition, from the values themselves. */
static void check_moments(const nsec *values, size_t count, const struct histogram_summary *summary)
{
    double sum = 0, squares = 0, mean, deviation;

    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += ((double)values[i] - mean) * ((double)values[i] - mean);
    deviation = sqrt(squares / (double)count);
    assert_true(fabs(summary->mean - mean) <= TOLERANCE * mean);
    assert_true(fabs(summary->stddev - deviation) <= TOLERANCE * mean);
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
    static const size_t counts[] = {1, 2, 3, 7, 99, 100, 101, 999, 1000, 1001, 10000, 20000};
    nsec *values = calloc(20000, sizeof(*values));

    (void)state;
    for (size_t i = 0; i < LENGTH(counts); i++) {
        struct histogram_summary summary;
        struct histogram *histogram;

        for (size_t k = 0; k < counts[i]; k++)
            values[k] = 1 + random_value(i % 2 ? 41 : 18);
        histogram = of(values, counts[i]);
        qsort(values, counts[i], sizeof(*values), ascending);
        check_percentiles(values, counts[i], histogram);
        check_up_to(values, counts[i], histogram);

        histogram_summarize(histogram, &summary);
        assert_int_equal(summary.count, counts[i]);
        assert_int_equal(summary.min, values[0]);
        assert_int_equal(summary.max, values[counts[i] - 1]);
#define X(member, percent, name) assert_int_equal(summary.member, histogram_at(histogram, percent));
        HISTOGRAM_PERCENTILES(X)
#undef X
        check_moments(values, counts[i], &summary);
        histogram_free(histogram);
    }
    free(values);
}

/* 99.9% of 1,000 is rank 999, although 99.9 / 100 * 1000 is greater in floating point. */
static void ranks_are_whole(void **state)
{
    static const struct {
        unsigned count;
        double percent;
        unsigned rank;
    } cases[] = {
        {1000, 99.9, 999},   {10000, 99.9, 9990}, {10000, 99.99, 9999}, {1000, 99.99, 1000},
        {2000, 95, 1900},    {2000, 29, 580},     {2000, 0.1, 2},       {2000, 0.05, 1},
        {2000, 0.050001, 2}, {2000, -5, 1},       {2000, 200, 2000},    {1, 50, 1},
        {2000, 1e-8, 1},     {2000, NAN, 1},      {7, 100, 7},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct histogram *histogram = histogram_new();

        for (unsigned rank = 1; rank <= cases[i].count; rank++)
            histogram_record(histogram, rank < cases[i].rank ? 1 : rank == cases[i].rank ? 2 : 3);
        if (histogram_at(histogram, cases[i].percent) != 2)
            fail_msg("p%g of %u is not rank %u", cases[i].percent, cases[i].count, cases[i].rank);
        histogram_free(histogram);
    }
}

static void mean_and_deviation(void **state)
{
    static const struct {
        nsec values[4];
        size_t count;
        double mean, deviation;
    } cases[] = {
        {{5}, 1, 5, 0},
        {{1234567}, 1, 1234567, 0}, /* the mean of one value is exact */
        {{2, 4}, 2, 3, 1},
        {{0, 0, 0, 8}, 4, 2, 3.4641016151377544},
        {{HISTOGRAM_MAX, HISTOGRAM_MAX}, 2, 3600e9, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct histogram *histogram = of(cases[i].values, cases[i].count);
        struct histogram_summary summary;

        histogram_summarize(histogram, &summary);
        if (fabs(summary.mean - cases[i].mean) > 1e-9 ||
            fabs(summary.stddev - cases[i].deviation) > 1e-9)
            fail_msg("%zu: %.9g, %.9g", i, summary.mean, summary.stddev);
        histogram_free(histogram);
    }
}

static void record_many_equals_single_records(void **state)
{
    static const nsec values[] = {0, 5, EXACT, NSEC_PER_S, HISTOGRAM_MAX, HISTOGRAM_MAX + 1};
    struct histogram *one = histogram_new(), *many = histogram_new();

    (void)state;
    for (size_t i = 0; i < LENGTH(values); i++)
        for (uint64_t times = 0; times < 4; times++) {
            histogram_record_many(many, values[i], times);
            for (uint64_t n = 0; n < times; n++)
                histogram_record(one, values[i]);
            assert_true(same(one, many));
        }
    histogram_free(one);
    histogram_free(many);
}

static void values_over_a_limit_are_added(void **state)
{
    static const nsec values[] = {1, 5000, 5000000, 5000001, 6000000, NSEC_PER_S, HISTOGRAM_MAX};
    struct histogram *from = of(values, LENGTH(values)), *to = histogram_new();

    (void)state;
    histogram_record(to, 7);
    histogram_add_over(to, from, 5000000);
    assert_int_equal(to->count, 4); /* 7 and three others: 5000001 has the index of 5000000 */
    assert_int_equal(to->min, 7);
    assert_true(to->max == HISTOGRAM_MAX);
    assert_int_equal(histogram_up_to(to, NSEC_PER_S), 3);
    histogram_clear(to);
    histogram_add_over(to, from, HISTOGRAM_MAX);
    assert_int_equal(to->count, 0);
    histogram_free(from);
    histogram_free(to);
}

/* The lowest value with the same index: the value below it has another index. */
static void lowest_of_an_index(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        nsec value = random_value(44), lowest = histogram_lowest(value);

        assert_true(lowest <= value);
        if (value > HISTOGRAM_MAX) {
            assert_true(lowest == HISTOGRAM_MAX + 1);
            continue;
        }
        assert_int_equal(histogram_index(lowest), histogram_index(value));
        assert_true(!lowest || histogram_index(lowest - 1) < histogram_index(value));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_exact_to_a_thousandth),
        cmocka_unit_test(ranges_follow_each_other_without_a_gap),
        cmocka_unit_test(empty_histogram_has_no_values),
        cmocka_unit_test(values_over_an_hour_are_clamped),
        cmocka_unit_test(sum_equals_recording_in_one),
        cmocka_unit_test(zero_is_a_value),
        cmocka_unit_test(clearing_touches_only_used_counters),
        cmocka_unit_test(percentiles_are_those_of_the_sorted_values),
        cmocka_unit_test(ranks_are_whole),
        cmocka_unit_test(mean_and_deviation),
        cmocka_unit_test(record_many_equals_single_records),
        cmocka_unit_test(values_over_a_limit_are_added),
        cmocka_unit_test(lowest_of_an_index),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}

/* When requests are due: for each index, rate and share, in each run. */
#include "tests/support/unit.h"

#include <math.h>

#include "bench/load/schedule.h"

#define START      (5 * NSEC_PER_S)
#define BILLION    UINT64_C(1000000000)
#define FIVE_SIGMA 5.0 /* the seed is fixed, so the result is always the same */

static struct schedule_options constant(double rate)
{
    return (struct schedule_options){.from_rate = rate, .to_rate = rate, .shares = 1};
}

static struct schedule_options ramp(double from, double to, nsec length)
{
    return (struct schedule_options){.from_rate = from, .to_rate = to, .ramp = length, .shares = 1};
}

static struct schedule_options poisson(double rate, uint64_t seed)
{
    struct schedule_options options = constant(rate);

    options.arrival = ARRIVAL_POISSON;
    options.seed = seed;
    return options;
}

/* Takes the time with index n, without the ones before. */
static nsec take_nth(const struct schedule_options *options, uint64_t n)
{
    struct schedule schedule;

    schedule_start(&schedule, options, START);
    if (!n)
        return schedule_take(&schedule) - START;
    schedule.count = n - 1;
    schedule_take(&schedule);
    assert_int_equal(schedule.count, n);
    return schedule_take(&schedule) - START;
}

/* The number of times before `end`. */
static uint64_t count_before(struct schedule *schedule, nsec end)
{
    uint64_t count = 0;

    for (; schedule_peek(schedule) < end; count++)
        schedule_take(schedule);
    return count;
}

static void the_first_is_the_start(void **state)
{
    struct schedule_options options = constant(1000);
    struct schedule schedule;

    (void)state;
    schedule_start(&schedule, &options, START);
    assert_int_equal(schedule_peek(&schedule), START);
    assert_int_equal(schedule_peek(&schedule), START);
    assert_int_equal(schedule_take(&schedule), START);
    assert_int_equal(schedule_take(&schedule), START + NSEC_PER_MS);
    assert_int_equal(schedule.count, 2);

    options = ramp(10, 1000, NSEC_PER_S);
    schedule_start(&schedule, &options, START);
    assert_int_equal(schedule_take(&schedule), START);
    options = ramp(1000, 10, NSEC_PER_S);
    schedule_start(&schedule, &options, START);
    assert_int_equal(schedule_take(&schedule), START);
}

#define RATE_BITS 40

/* i / rate, computed in integers. The rates are multiples of 2^-RATE_BITS, exact in a double. */
static void a_constant_rate_is_exact_at_any_index(void **state)
{
    static const uint64_t rates[] = {
        UINT64_C(0x40000000),      UINT64_C(0x5555555555),     UINT64_C(0x10000000000),
        UINT64_C(0x155555555551),  UINT64_C(0x3e80000000000),  UINT64_C(0x1234567890abc),
        UINT64_C(0xfffffffffffff), UINT64_C(0x3d090000000000), UINT64_C(10000000) << RATE_BITS,
    };
    static const uint64_t indices[] = {0,      1,           2,       3,           1000,
                                       999999, BILLION - 1, BILLION, BILLION + 1, 36 * BILLION};

    (void)state;
    for (size_t r = 0; r < LENGTH(rates); r++)
        for (size_t i = 0; i < LENGTH(indices); i++) {
            struct schedule_options options =
                constant((double)rates[r] / (double)(UINT64_C(1) << RATE_BITS));
            __uint128_t exact = ((__uint128_t)indices[i] * NSEC_PER_S << RATE_BITS) / rates[r];
            nsec at;

            if (exact > 18 * BILLION * BILLION)
                continue; /* over the range of nsec */
            at = take_nth(&options, indices[i]);
            if (at < exact || at > exact + 1)
                fail_msg("%llu at %g/s: %llu", (unsigned long long)indices[i], options.to_rate,
                         (unsigned long long)at);
        }
}

static void times_over_the_range_are_never(void **state)
{
    struct schedule_options options = constant(0.001), down = ramp(10, 1e-300, NSEC_PER_S);
    struct schedule schedule;

    (void)state;
    schedule_start(&schedule, &options, START);
    schedule.count = 100 * BILLION;
    schedule_take(&schedule);
    assert_true(schedule_peek(&schedule) == NSEC_NEVER);
    schedule_take(&schedule);
    assert_true(schedule_peek(&schedule) == NSEC_NEVER);

    schedule_start(&schedule, &down, START);
    assert_int_equal(count_before(&schedule, NSEC_NEVER), 6); /* the sixth ends the ramp */
}

static void count_is_rate_times_length(void **state)
{
    static const struct {
        double rate;
        nsec length;
        uint64_t count;
    } cases[] = {
        {0.001, 3600 * NSEC_PER_S, 4},  {0.5, 10 * NSEC_PER_S, 5},
        {1000, 10 * NSEC_PER_S, 10000}, {1000, 10 * NSEC_PER_S + 1, 10001},
        {333.3, 10 * NSEC_PER_S, 3333}, {10000000, 100 * NSEC_PER_MS, 1000000},
        {3, 1000 * NSEC_PER_S, 3000},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct schedule_options options = constant(cases[i].rate);
        struct schedule schedule;

        schedule_start(&schedule, &options, START);
        assert_int_equal(count_before(&schedule, START + cases[i].length), cases[i].count);
    }
}

/* The times of all shares together are those of the whole schedule. */
static void check_shares(struct schedule_options options, unsigned shares, unsigned count)
{
    struct schedule whole, parts[16];

    schedule_start(&whole, &options, START);
    options.shares = shares;
    for (options.share = 0; options.share < shares; options.share++)
        schedule_start(&parts[options.share], &options, START);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(schedule_take(&parts[i % shares]), schedule_take(&whole));
}

static void shares_add_up_to_the_whole(void **state)
{
    (void)state;
    for (unsigned shares = 1; shares <= 16; shares++) {
        check_shares(constant(12345.678), shares, 5000);
        check_shares(ramp(100, 5000, 2 * NSEC_PER_S), shares, 6000);
        check_shares(ramp(5000, 100, 2 * NSEC_PER_S), shares, 6000);
    }
}

/* The number of requests that are due until `at`: the integral of the rate. */
static long double integral(const struct schedule_options *options, nsec at)
{
    long double t = (long double)at / 1e9L, end = (long double)options->ramp / 1e9L;
    long double from = options->from_rate, to = options->to_rate;
    long double in = t < end ? t : end, after = t - in;

    return from * in + (to - from) * in * in / (2 * end) + to * after;
}

static const struct {
    double from, to;
    nsec length;
} ramps[] = {
    {10, 1000, 10 * NSEC_PER_S},    {1000, 10, 10 * NSEC_PER_S},  {0.001, 10000, 3 * NSEC_PER_S},
    {10000, 0.001, 3 * NSEC_PER_S}, {500, 500, 10 * NSEC_PER_S},  {1, 2, 600 * NSEC_PER_S},
    {1e6, 1e7, 20 * NSEC_PER_MS},   {1e7, 1e6, 20 * NSEC_PER_MS}, {20000, 30000, 1 * NSEC_PER_US},
};

static void a_ramp_has_the_mean_of_both_rates(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(ramps); i++) {
        struct schedule_options options = ramp(ramps[i].from, ramps[i].to, ramps[i].length);
        double wanted = (ramps[i].from + ramps[i].to) / 2 * (double)ramps[i].length / 1e9;
        struct schedule schedule;
        uint64_t count;

        schedule_start(&schedule, &options, START);
        count = count_before(&schedule, START + ramps[i].length);
        if (fabs((double)count - wanted) > 1)
            fail_msg("%g to %g: %llu", ramps[i].from, ramps[i].to, (unsigned long long)count);
    }
}

/* At each time, the integral is the index, to two nanoseconds. The times ascend. */
static void a_ramp_is_the_inverse_of_the_integral(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(ramps); i++) {
        struct schedule_options options = ramp(ramps[i].from, ramps[i].to, ramps[i].length);
        struct schedule schedule;
        nsec prev = START;

        schedule_start(&schedule, &options, START);
        for (unsigned n = 0; n < 30000; n++) {
            nsec at = schedule_take(&schedule);
            nsec early = at - START > 2 ? at - START - 2 : 0, late = at - START + 2;

            if (at > START + 3600 * NSEC_PER_S)
                break; /* a slow end */
            assert_true(at >= prev);
            if (integral(&options, early) > n + 1e-9L || integral(&options, late) < n - 1e-9L)
                fail_msg("%g to %g: number %u at %llu", ramps[i].from, ramps[i].to, n,
                         (unsigned long long)(at - START));
            prev = at;
        }
    }
}

static void rounding_errors_do_not_add_up_after_a_ramp(void **state)
{
    struct schedule_options options = ramp(1000, 20000, 10 * NSEC_PER_S);
    uint64_t in_ramp = 105000;

    (void)state;
    assert_int_equal(take_nth(&options, in_ramp), 10 * NSEC_PER_S);
    assert_int_equal(take_nth(&options, in_ramp + BILLION), (10 + BILLION / 20000) * NSEC_PER_S);
    assert_int_equal(take_nth(&options, in_ramp + BILLION + 1),
                     (10 + BILLION / 20000) * NSEC_PER_S + 50000);
}

#define SLOTS 10000

/* Poisson: the number of requests in a slot has the given mean and the same variance. */
static void check_slots(struct schedule *schedule, nsec slot, double mean)
{
    double sum = 0, squares = 0, average, variance;

    for (unsigned i = 1; i <= SLOTS; i++) {
        double count = (double)count_before(schedule, START + i * slot);

        sum += count;
        squares += count * count;
    }
    average = sum / SLOTS;
    variance = squares / SLOTS - average * average;
    if (fabs(average - mean) > FIVE_SIGMA * sqrt(mean / SLOTS))
        fail_msg("mean %g for %g", average, mean);
    /* relative variance of the sample variance: 2 for a normal, 2 + 1/mean for a Poisson one */
    if (fabs(variance / mean - 1) > FIVE_SIGMA * sqrt((2 + 1 / mean) / SLOTS))
        fail_msg("variance %g for %g", variance, mean);
}

static void poisson_counts_have_their_mean_and_variance(void **state)
{
    static const double means[] = {0.5, 1, 10, 100};

    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++)
        for (size_t i = 0; i < LENGTH(means); i++) {
            struct schedule_options options = poisson(means[i] * 100, seed);
            struct schedule schedule;

            schedule_start(&schedule, &options, START);
            check_slots(&schedule, NSEC_PER_S / 100, means[i]);
        }
}

static void poisson_shares_have_their_rate_and_are_independent(void **state)
{
    struct schedule schedules[4];
    unsigned together = 0;

    (void)state;
    for (unsigned share = 0; share < LENGTH(schedules); share++) {
        struct schedule_options options = poisson(4000, 7);

        options.share = share;
        options.shares = LENGTH(schedules);
        schedule_start(&schedules[share], &options, START);
        check_slots(&schedules[share], NSEC_PER_S / 100, 10);
        schedule_start(&schedules[share], &options, START);
    }
    for (unsigned i = 0; i < 10000; i++)
        together += schedule_take(&schedules[0]) == schedule_take(&schedules[1]);
    assert_in_range(together, 0, 10);
    /* and no sequence is the other one, shifted by some steps */
    assert_true(schedules[0].random != schedules[1].random);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t first = schedules[0].random;

        schedule_take(&schedules[1]);
        assert_true(first != schedules[1].random);
    }
}

static void poisson_follows_a_ramp(void **state)
{
    struct schedule_options options = ramp(1000, 3000, 10 * NSEC_PER_S);
    struct schedule schedule;
    double half, rest;

    (void)state;
    options.arrival = ARRIVAL_POISSON;
    options.seed = 1;
    schedule_start(&schedule, &options, START);
    half = (double)count_before(&schedule, START + 5 * NSEC_PER_S);
    rest = (double)count_before(&schedule, START + 10 * NSEC_PER_S);
    assert_true(fabs(half - 7500) < FIVE_SIGMA * sqrt(7500));
    assert_true(fabs(rest - 12500) < FIVE_SIGMA * sqrt(12500));
}

static void same_seed_gives_same_times(void **state)
{
    struct schedule_options options = poisson(1000, 42), others = poisson(1000, 43);
    struct schedule one, same, other;
    unsigned equal = 0;
    nsec prev = START;

    (void)state;
    schedule_start(&one, &options, START);
    schedule_start(&same, &options, START + NSEC_PER_S);
    schedule_start(&other, &others, START);
    for (unsigned i = 0; i < 10000; i++) {
        nsec at = schedule_take(&one);

        assert_true(at >= prev);
        assert_int_equal(at + NSEC_PER_S, schedule_take(&same));
        equal += at == schedule_take(&other);
        prev = at;
    }
    assert_in_range(equal, 0, 10);
}

/* Skipping has the same effect as taking one by one, wherever it begins and ends. */
static void skipping_equals_taking(void **state)
{
    struct schedule_options cases[] = {constant(1000),
                                       constant(10000000),
                                       constant(1.0 / 3600),
                                       ramp(10, 100000, NSEC_PER_S),
                                       ramp(100000, 1, 2 * NSEC_PER_S),
                                       poisson(50000, 3)};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases) * 3; i++) {
        struct schedule one, many;
        nsec until = START;

        cases[i / 3].shares = i % 3 + 1;
        cases[i / 3].share = i % 3;
        schedule_start(&one, &cases[i / 3], START);
        many = one;
        for (int n = 0; n < 300; n++) {
            uint64_t max = unit_random() % 4 ? UINT64_MAX - 1 : unit_random() % 50, count = 0;
            uint64_t skipped;

            until += unit_random() >> unit_random() % 32 >> 10;
            skipped = schedule_skip(&many, until, max);
            for (; count < max && schedule_peek(&one) <= until; count++)
                schedule_take(&one);
            if (skipped != count || many.count != one.count ||
                schedule_peek(&many) != schedule_peek(&one))
                fail_msg("case %zu, %d: %lu instead of %lu", i, n, skipped, count);
        }
    }
}

static void skipping_billions(void **state)
{
    struct schedule_options options = constant(10000000);
    struct schedule schedule;

    (void)state;
    schedule_start(&schedule, &options, START);
    assert_int_equal(schedule_skip(&schedule, START - 1, UINT64_MAX - 1), 0);
    assert_int_equal(schedule_skip(&schedule, START + 3600 * NSEC_PER_S, 0), 0);
    assert_true(schedule_skip(&schedule, START + 3600 * NSEC_PER_S, UINT64_MAX - 1) ==
                36 * BILLION + 1);
    assert_true(schedule_skip(&schedule, NSEC_NEVER - 1, BILLION) == BILLION);
    assert_true(schedule_peek(&schedule) == START + 3700 * NSEC_PER_S + 100);
}

/* The same number of times between two states as Poisson, evenly spaced, also on a ramp. */
static void even_schedule_instead_of_poisson(void **state)
{
    struct schedule_options options = ramp(100000, 1000000, NSEC_PER_S);
    struct schedule from, to, even, exact;
    const uint64_t count = 400000;

    (void)state;
    options.arrival = ARRIVAL_POISSON;
    options.shares = 2;
    options.seed = 5;
    schedule_start(&from, &options, START);
    schedule_skip(&from, NSEC_NEVER - 1, 1000);
    to = from;
    assert_int_equal(schedule_skip(&to, NSEC_NEVER - 1, count), count);
    even = schedule_even(&from, &to);
    exact = from;
    assert_int_equal(even.count, from.count);
    assert_int_equal(schedule_peek(&even), schedule_peek(&from));
    for (uint64_t i = 0; i < count; i++) {
        nsec is = schedule_take(&even), wanted = schedule_take(&exact);
        double gap = 1e9 / 50000; /* the longest: the share's rate at the beginning */

        if (fabs((double)is - (double)wanted) > 4 * sqrt((double)count) / 2 * gap)
            fail_msg("%lu: %lu instead of %lu", i, is, wanted);
    }
    assert_in_range(schedule_peek(&even), schedule_peek(&to) - 1000, schedule_peek(&to) + 1000);
}

/* Each share knows the end of the whole schedule. */
static void end_of_the_whole(void **state)
{
    static const struct {
        double rate;
        nsec from;
        uint64_t requests;
        nsec end;
    } cases[] = {
        {10, 0, 5, 500 * NSEC_PER_MS},
        {10, 250 * NSEC_PER_MS, 5, 800 * NSEC_PER_MS},
        {10, 300 * NSEC_PER_MS, 5, 800 * NSEC_PER_MS},
        {3, 0, 2, 666666667},
        {1.0 / 3600, 0, 3, 3 * 3600 * NSEC_PER_S},
        {10000000, 100, 36 * BILLION, 3600 * NSEC_PER_S + 100},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases) * 4; i++) {
        struct schedule_options options = constant(cases[i / 4].rate);
        struct schedule schedule;
        nsec end;

        options.shares = 4;
        options.share = i % 4;
        schedule_start(&schedule, &options, START);
        schedule_take(&schedule); /* has no effect on the end */
        end = schedule_end(&schedule, START + cases[i / 4].from, cases[i / 4].requests) - START;
        if (end != cases[i / 4].end)
            fail_msg("case %zu: %lu", i, end);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_start),
        cmocka_unit_test(a_constant_rate_is_exact_at_any_index),
        cmocka_unit_test(times_over_the_range_are_never),
        cmocka_unit_test(count_is_rate_times_length),
        cmocka_unit_test(shares_add_up_to_the_whole),
        cmocka_unit_test(a_ramp_has_the_mean_of_both_rates),
        cmocka_unit_test(a_ramp_is_the_inverse_of_the_integral),
        cmocka_unit_test(rounding_errors_do_not_add_up_after_a_ramp),
        cmocka_unit_test(poisson_counts_have_their_mean_and_variance),
        cmocka_unit_test(poisson_shares_have_their_rate_and_are_independent),
        cmocka_unit_test(poisson_follows_a_ramp),
        cmocka_unit_test(same_seed_gives_same_times),
        cmocka_unit_test(skipping_equals_taking),
        cmocka_unit_test(skipping_billions),
        cmocka_unit_test(even_schedule_instead_of_poisson),
        cmocka_unit_test(end_of_the_whole),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}

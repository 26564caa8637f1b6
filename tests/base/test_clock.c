/* Sums of times, and clocks. */
#include "tests/support/unit.h"

#include "base/clock.h"

static void sums_saturate(void **state)
{
    static const struct {
        nsec from, after, sum;
    } cases[] = {
        {0, 0, 0},
        {1, 2, 3},
        {NSEC_PER_S, NSEC_PER_MS, 1001 * NSEC_PER_MS},
        {0, NSEC_NEVER, NSEC_NEVER},
        {5, NSEC_NEVER, NSEC_NEVER},
        {NSEC_NEVER, 0, NSEC_NEVER},
        {NSEC_NEVER, 1, NSEC_NEVER},
        {NSEC_NEVER - 2, 1, NSEC_NEVER - 1},
        {NSEC_NEVER - 2, 2, NSEC_NEVER},
        {NSEC_NEVER - 2, 3, NSEC_NEVER},
        {NSEC_NEVER / 2 + 1, NSEC_NEVER / 2 + 1, NSEC_NEVER},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_true(clock_after(cases[i].from, cases[i].after) == cases[i].sum);
}

static void minimum_and_maximum(void **state)
{
    (void)state;
    assert_true(nsec_min(1, 2) == 1 && nsec_min(2, 1) == 1 && nsec_min(2, 2) == 2);
    assert_true(nsec_max(1, 2) == 2 && nsec_max(2, 1) == 2 &&
                nsec_max(1, NSEC_NEVER) == NSEC_NEVER);
}

static void never_runs_backwards(void **state)
{
    nsec before = clock_now();

    (void)state;
    assert_true(before > 0);
    for (int i = 0; i < 10000; i++) {
        nsec now = clock_now();

        assert_true(now >= before);
        before = now;
    }
}

static uint64_t read_wall(void *arg)
{
    return *(uint64_t *)arg;
}

static void wall_clock_is_replaced(void **state)
{
    uint64_t wall = 7 * NSEC_PER_S + 999999999;
    int64_t before = clock_unix_s();

    (void)state;
    clock_replace_wall(read_wall, &wall);
    assert_true(clock_wall_ns() == wall);
    assert_int_equal(clock_unix_s(), 7);
    clock_replace_wall(NULL, NULL);
    assert_in_range(clock_unix_s(), before, before + 60);
    assert_in_range(clock_wall_ns() / NSEC_PER_S, before, before + 60);
}

static void cpu_time_of_the_thread(void **state)
{
    nsec before = clock_thread_cpu(), until = clock_now() + NSEC_PER_MS;

    (void)state;
    while (clock_now() < until)
        ;
    assert_true(clock_thread_cpu() > before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_saturate),          cmocka_unit_test(minimum_and_maximum),
        cmocka_unit_test(never_runs_backwards),   cmocka_unit_test(wall_clock_is_replaced),
        cmocka_unit_test(cpu_time_of_the_thread),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}

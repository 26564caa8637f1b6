/* Sums of moments, and a clock that does not run backwards. */
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_saturate),
        cmocka_unit_test(never_runs_backwards),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}

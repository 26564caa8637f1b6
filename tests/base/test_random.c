/* The pseudo-random number generator. */
#include "tests/support/unit.h"

#include "base/random.h"

static void sequence_of_a_seed(void **state)
{
    uint64_t one = 1234567, other = 1234567, third = 1234568;

    (void)state;
    /* the published sequence for this seed */
    assert_true(random_next(&one) == UINT64_C(6457827717110365317));
    assert_true(random_next(&one) == UINT64_C(3203168211198807973));
    assert_true(random_next(&other) == UINT64_C(6457827717110365317));
    assert_true(random_next(&third) != UINT64_C(6457827717110365317));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence_of_a_seed),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}

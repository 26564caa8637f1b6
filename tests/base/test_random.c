/* The generator of random numbers. */
#include "tests/support/unit.h"

#include "base/random.h"

static void random_numbers_are_those_of_the_seed(void **state)
{
    uint64_t one = 1234567, other = 1234567, third = 1234568;

    (void)state;
    /* the row that is published for this seed */
    assert_true(random_next(&one) == UINT64_C(6457827717110365317));
    assert_true(random_next(&one) == UINT64_C(3203168211198807973));
    assert_true(random_next(&other) == UINT64_C(6457827717110365317));
    assert_true(random_next(&third) != UINT64_C(6457827717110365317));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_are_those_of_the_seed),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}

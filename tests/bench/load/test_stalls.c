/* How much of a request's lateness the client itself caused. */
#include "tests/support/unit.h"

#include "bench/load/stalls.h"

#define MS NSEC_PER_MS

/* --- absences --- */

static void remaining_time_of_an_absence(void **state)
{
    struct absences absences = {0};

    (void)state;
    assert_true(absences_remaining(&absences, 100) == 0);
    absences_add(&absences, 100, 200);
    absences_add(&absences, 150, 180);
    assert_true(absences_remaining(&absences, 99) == 0);
    assert_true(absences_remaining(&absences, 100) == 100);
    assert_true(absences_remaining(&absences, 160) == 40); /* the longest */
    assert_true(absences_remaining(&absences, 199) == 1);
    assert_true(absences_remaining(&absences, 200) == 0);
}

static void past_absences_are_dropped(void **state)
{
    struct absences absences = {0};

    (void)state;
    absences_add(&absences, 100, 200);
    absences_add(&absences, 300, 400);
    absences_drop(&absences, 199);
    assert_int_equal(absences.count, 2);
    absences_drop(&absences, 200);
    assert_int_equal(absences.count, 1);
    assert_true(absences_remaining(&absences, 350) == 50);
}

static void shortest_absence_is_replaced(void **state)
{
    struct absences absences = {0};

    (void)state;
    for (nsec i = 0; i < ABSENCES_MAX; i++) /* lengths: 20, 19, ..., 5 */
        absences_add(&absences, i * 100, i * 100 + 20 - i);
    absences_add(&absences, 9000, 9005); /* not longer than the shortest */
    assert_int_equal(absences.count, ABSENCES_MAX);
    assert_true(absences_remaining(&absences, 9000) == 0);
    absences_add(&absences, 9000, 9006);
    assert_int_equal(absences.count, ABSENCES_MAX);
    assert_true(absences_remaining(&absences, 9000) == 6);
    assert_true(absences_remaining(&absences, (ABSENCES_MAX - 1) * 100) == 0);
    assert_true(absences_remaining(&absences, 0) == 20);
}

/* --- own delay --- */

static void send_delay(void **state)
{
    static const struct {
        const char *name;
        nsec late, lag;
        bool waited;
        nsec own;
    } cases[] = {
        {"started on an idle connection: all of it", 5 * MS, MS, false, 5 * MS},
        {"waited for a connection: the lag", 5 * MS, MS, true, MS},
        {"waited for less than the lag", 5 * MS, 8 * MS, true, 5 * MS},
        {"waited while a connection opened", 5 * MS, 0, true, 0},
        {"in time", 0, MS, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct stalls stalls = {0};
        nsec own =
            stalls_send_delay(&stalls, 100 * MS, cases[i].late, cases[i].lag, cases[i].waited);

        if (own != cases[i].own)
            fail_msg("%s: %llu", cases[i].name, (unsigned long long)own);
    }
}

static void send_delay_of_an_absence(void **state)
{
    struct stalls stalls = {0};

    (void)state;
    absences_add(&stalls.absences, 100 * MS, 150 * MS);
    assert_true(stalls_send_delay(&stalls, 110 * MS, 70 * MS, 0, true) == 40 * MS);
    assert_true(stalls_send_delay(&stalls, 110 * MS, 70 * MS, 60 * MS, true) == 60 * MS);
    assert_true(stalls_send_delay(&stalls, 150 * MS, 70 * MS, 0, true) == 0);
    assert_int_equal(stalls.absences.count, 0); /* later requests have later intended starts */
}

/* --- when connections are the limit --- */

static void limited_time_adds_up(void **state)
{
    struct stalls stalls = {0};

    (void)state;
    assert_true(stalls_limited(&stalls, 10, 0, 50) == 0); /* not busy */
    stalls_set_busy(&stalls, true, 20);
    stalls_set_busy(&stalls, true, 40);                    /* no change */
    assert_true(stalls_limited(&stalls, 10, 0, 50) == 30); /* since they were busy */
    assert_true(stalls_limited(&stalls, 15, 0, 60) ==
                10); /* only time that was not returned before */
    assert_true(stalls_limited(&stalls, 75, 0, 90) == 15); /* since it was due */
    assert_true(stalls_limited(&stalls, 75, 0, 90) == 0);
    stalls_set_busy(&stalls, false, 100);
    assert_true(stalls_limited(&stalls, 75, 0, 110) == 0);
    stalls_set_busy(&stalls, true, 120);
    assert_true(stalls_limited(&stalls, 75, 0, 130) == 10);
}

static void limited_before_measuring(void **state)
{
    struct stalls stalls = {0};

    (void)state;
    stalls_set_busy(&stalls, true, 20);
    assert_true(stalls_limited(&stalls, 20, 50, 50) == 0);
    assert_true(stalls_limited(&stalls, 20, 50, 60) == 10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(remaining_time_of_an_absence), cmocka_unit_test(past_absences_are_dropped),
        cmocka_unit_test(shortest_absence_is_replaced), cmocka_unit_test(send_delay),
        cmocka_unit_test(send_delay_of_an_absence),     cmocka_unit_test(limited_time_adds_up),
        cmocka_unit_test(limited_before_measuring),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("stalls", tests, NULL, NULL);
}

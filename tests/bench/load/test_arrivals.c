/* When requests are due, and how many remain. */
#include "tests/support/unit.h"

#include "bench/load/arrivals.h"

#define MS      NSEC_PER_MS
#define START   (5 * NSEC_PER_S)
#define MILLION UINT64_C(1000000)

static const struct schedule_options every_10_ms = {.from_rate = 100, .to_rate = 100, .shares = 1};

/* An open loop with a request each 10 ms from START on; measuring begins after the warm-up. */
static struct arrivals open_loop(uint64_t requests, nsec warmup, nsec end)
{
    struct arrivals arrivals;

    arrivals_init(&arrivals, true, requests, requests);
    arrivals_begin(&arrivals, &every_10_ms, START, START + warmup, end);
    return arrivals;
}

/* --- open loop --- */

static void due_in_order(void **state)
{
    struct arrivals arrivals = open_loop(0, 0, NSEC_NEVER);

    (void)state;
    assert_int_equal(arrivals_update_due(&arrivals, START - 1), 0);
    assert_true(arrivals_next(&arrivals) == START);
    assert_int_equal(arrivals_update_due(&arrivals, START), 1);
    assert_int_equal(arrivals_update_due(&arrivals, START), 0);
    assert_int_equal(arrivals_update_due(&arrivals, START + 35 * MS), 3);
    assert_int_equal(arrivals_waiting(&arrivals), 4);
    assert_true(arrivals_next_due(&arrivals) == START + 40 * MS);
    assert_true(arrivals_take(&arrivals) == START);
    assert_true(arrivals_count_start(&arrivals, START));
    assert_int_equal(arrivals_waiting(&arrivals), 3);
    assert_true(arrivals_oldest_waiting(&arrivals) == START + 10 * MS);
    assert_true(arrivals_next(&arrivals) == START + 10 * MS);
    assert_int_equal(arrivals.scheduled, 4);
    assert_int_equal(arrivals.begun, 1);
}

static void warm_up_is_not_counted(void **state)
{
    struct arrivals arrivals = open_loop(3, 25 * MS, NSEC_NEVER);

    (void)state;
    assert_int_equal(arrivals_update_due(&arrivals, START + 20 * MS), 0);
    assert_int_equal(arrivals_waiting(&arrivals), 3);
    for (int i = 0; i < 3; i++)
        assert_false(arrivals_count_start(&arrivals, arrivals_take(&arrivals)));
    assert_int_equal(arrivals_update_due(&arrivals, START + 30 * MS), 1);
    assert_true(arrivals_count_start(&arrivals, arrivals_take(&arrivals)));
    assert_int_equal(arrivals.begun, 1);
}

/* A long absence across the end of the warm-up: only requests that are due after it count. */
static void late_update_after_the_warm_up(void **state)
{
    struct arrivals arrivals = open_loop(0, 25 * MS, NSEC_NEVER);

    (void)state;
    assert_int_equal(arrivals_update_due(&arrivals, START + 50 * MS), 3);
    assert_int_equal(arrivals_waiting(&arrivals), 6);
}

static void measuring_that_begins_early(void **state)
{
    struct arrivals arrivals = open_loop(0, NSEC_PER_S, NSEC_NEVER);

    (void)state;
    arrivals_measure_from(&arrivals, START + 20 * MS);
    assert_int_equal(arrivals_update_due(&arrivals, START + 20 * MS), 1);
    assert_int_equal(arrivals_waiting(&arrivals), 3);
}

static void number_of_requests_is_a_limit(void **state)
{
    struct arrivals arrivals = open_loop(2, 0, NSEC_NEVER);

    (void)state;
    assert_int_equal(arrivals_update_due(&arrivals, START + NSEC_PER_S), 2);
    assert_true(arrivals_next_due(&arrivals) == NSEC_NEVER);
    for (int i = 0; i < 2; i++) {
        assert_true(arrivals_next(&arrivals) == START + (nsec)i * 10 * MS);
        arrivals_count_start(&arrivals, arrivals_take(&arrivals));
        assert_false(arrivals_all_ended(&arrivals));
    }
    assert_true(arrivals_next(&arrivals) == NSEC_NEVER);
    arrivals_count_end(&arrivals);
    assert_false(arrivals_all_ended(&arrivals));
    arrivals_count_end(&arrivals);
    assert_true(arrivals_all_ended(&arrivals));
}

static void end_is_a_limit(void **state)
{
    struct arrivals arrivals = open_loop(0, 0, START + 20 * MS);

    (void)state;
    assert_int_equal(arrivals_update_due(&arrivals, START + NSEC_PER_S), 2);
    assert_true(arrivals_next_due(&arrivals) == NSEC_NEVER);
    assert_false(arrivals_all_ended(&arrivals));
}

/* --- the end --- */

static void span_of_the_schedule(void **state)
{
    struct arrivals arrivals = open_loop(5, 0, NSEC_NEVER);

    (void)state;
    arrivals_update_due(&arrivals, START + 40 * MS);
    assert_true(arrivals_end_time(&arrivals, START + 40 * MS) == START + 40 * MS); /* stopped */
    for (int i = 0; i < 5; i++) {
        arrivals_count_start(&arrivals, arrivals_take(&arrivals));
        arrivals_count_end(&arrivals);
    }
    assert_true(arrivals_end_time(&arrivals, START + 41 * MS) == START + 50 * MS);
    assert_true(arrivals_end_time(&arrivals, START + 60 * MS) == START + 60 * MS);
    arrivals.end = START + 45 * MS;
    assert_true(arrivals_end_time(&arrivals, START + 41 * MS) == START + 45 * MS);
}

struct ages {
    uint64_t count, calls;
    nsec youngest, oldest;
};

static void note_age(void *owner, nsec age, uint64_t count)
{
    struct ages *ages = owner;

    if (!ages->calls++)
        ages->oldest = age;
    assert_true(count > 0);
    ages->count += count;
    ages->youngest = age;
}

static void ages_of_waiting_requests(void **state)
{
    struct arrivals arrivals = open_loop(0, 15 * MS, NSEC_NEVER);
    struct ages ages = {0};
    nsec now = START + 55 * MS;

    (void)state;
    arrivals_update_due(&arrivals, now);
    arrivals_each_waiting(&arrivals, now, note_age, &ages);
    assert_int_equal(ages.count, 4); /* not those of the warm-up */
    assert_true(ages.oldest == 35 * MS);
    assert_true(ages.youngest == 5 * MS);
}

/* Millions of waiting requests are counted in far fewer calls, and none is lost. */
static void ages_of_millions(void **state)
{
    static const enum arrival_process kinds[] = {ARRIVAL_CONSTANT, ARRIVAL_POISSON};

    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct schedule_options schedule = {
            .arrival = kinds[i], .from_rate = 1e6, .to_rate = 1e6, .shares = 1, .seed = 1};
        struct arrivals arrivals;
        struct ages ages = {0};
        nsec now = START + 3 * NSEC_PER_S;

        arrivals_init(&arrivals, true, 0, 0);
        arrivals_begin(&arrivals, &schedule, START, START, NSEC_NEVER);
        arrivals_update_due(&arrivals, now);
        assert_true(arrivals.scheduled > 2 * MILLION);
        arrivals_each_waiting(&arrivals, now, note_age, &ages);
        assert_int_equal(ages.count, arrivals.scheduled);
        assert_true(ages.calls < 100000);
        assert_true(ages.oldest > NSEC_PER_S && ages.youngest < MS);
    }
}

/* --- closed loop --- */

static void closed_loop_counts_started_requests(void **state)
{
    struct arrivals arrivals;

    (void)state;
    arrivals_init(&arrivals, false, 2, 2);
    arrivals_begin(&arrivals, &every_10_ms, START, START + MS, NSEC_NEVER);
    assert_false(arrivals_count_start(&arrivals, START));
    assert_true(arrivals_has_more(&arrivals));
    assert_true(arrivals_count_start(&arrivals, START + MS));
    assert_true(arrivals_has_more(&arrivals));
    assert_true(arrivals_count_start(&arrivals, START + 2 * MS));
    assert_false(arrivals_has_more(&arrivals));
    assert_int_equal(arrivals.scheduled, 2);
    assert_int_equal(arrivals_waiting(&arrivals), 0);
    assert_true(arrivals_end_time(&arrivals, START + 3 * MS) == START + 3 * MS);
}

static void without_a_limit(void **state)
{
    struct arrivals arrivals;

    (void)state;
    arrivals_init(&arrivals, false, 0, 0);
    assert_false(
        arrivals_count_start(&arrivals, START)); /* the start of measuring is not known yet */
    arrivals_begin(&arrivals, &every_10_ms, START, START, NSEC_NEVER);
    for (int i = 0; i < 100; i++) {
        assert_true(arrivals_count_start(&arrivals, START));
        arrivals_count_end(&arrivals);
    }
    assert_true(arrivals_has_more(&arrivals));
    assert_false(arrivals_all_ended(&arrivals));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_in_order),
        cmocka_unit_test(warm_up_is_not_counted),
        cmocka_unit_test(late_update_after_the_warm_up),
        cmocka_unit_test(measuring_that_begins_early),
        cmocka_unit_test(number_of_requests_is_a_limit),
        cmocka_unit_test(end_is_a_limit),
        cmocka_unit_test(span_of_the_schedule),
        cmocka_unit_test(ages_of_waiting_requests),
        cmocka_unit_test(ages_of_millions),
        cmocka_unit_test(closed_loop_counts_started_requests),
        cmocka_unit_test(without_a_limit),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("arrivals", tests, NULL, NULL);
}

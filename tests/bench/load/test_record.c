/* Counts of requests, failures and absences. */
#include "tests/support/unit.h"

#include "bench/load/record.h"

#define MS   NSEC_PER_MS
#define FROM (5 * NSEC_PER_S)

static struct client_group group;
static struct record record;
static struct tally *tally;

static void init(bool open_loop, nsec timeout)
{
    group = (struct client_group){0};
    record_init(&record, &group, open_loop, timeout);
    record_set_start(&record, FROM);
    record_start(&record);
    tally = record.tally;
}

static int teardown(void **state)
{
    (void)state;
    record_free(&record);
    return 0;
}

/* A completed request: intended, started and completed at these ms after FROM. */
static void complete(nsec intended, nsec started, nsec at, unsigned status)
{
    const struct load_request request = {
        .intended = FROM + intended * MS, .started = FROM + started * MS, .counted = true};
    const struct load_response response = {.status = status, .received = FROM + at * MS};

    record_response(&record, &request, &response);
}

static void complete_stamped(nsec started, nsec at, nsec kernel_age_ns)
{
    const struct load_request request = {
        .intended = FROM + started * MS, .started = FROM + started * MS, .counted = true};
    const struct load_response response = {
        .status = 200, .received = FROM + at * MS, .stamped = true, .kernel_age_ns = kernel_age_ns};

    record_response(&record, &request, &response);
}

/* --- requests --- */

static void responses(void **state)
{
    (void)state;
    init(true, NSEC_NEVER);
    tally->scheduled += 3;
    tally->started += 2;
    complete(0, 5, 20, 200);
    complete(10, 10, 40, 503);
    complete(10, 10, 40, TALLY_STATUSES);
    assert_int_equal(tally->scheduled, 3);
    assert_int_equal(tally->started, 2);
    assert_int_equal(tally->completed, 3);
    assert_int_equal(tally->status[200], 1);
    assert_int_equal(tally->status[503], 1);
    assert_int_equal(tally->status[0], 1); /* not an HTTP status */
    assert_true(tally->latency->min == 20 * MS && tally->latency->max == 30 * MS);
    assert_true(tally->raw->min == 15 * MS && tally->raw->max == 30 * MS);
}

static void closed_loop_has_one_latency(void **state)
{
    (void)state;
    init(false, NSEC_NEVER);
    complete(0, 0, 20, 200);
    assert_int_equal(tally->latency->count, 1);
    assert_int_equal(tally->raw->count, 0);
}

/* See the table in record.h. */
static void failures_that_waited_are_latencies(void **state)
{
    static const struct {
        enum error error;
        nsec age;
        bool counts;
    } cases[] = {
        {ERROR_TOTAL_TIMEOUT, MS, true},       {ERROR_DNS_TIMEOUT, MS, true},
        {ERROR_CONNECT_TIMEOUT, MS, true},     {ERROR_TLS_TIMEOUT, MS, true},
        {ERROR_DESCRIPTORS, 5000 * MS, false}, {ERROR_PORTS, 5000 * MS, false},
        {ERROR_LOCAL, 5000 * MS, false},       {ERROR_EMPTY, 20 * MS, false}, /* the mean */
        {ERROR_EMPTY, 21 * MS, true},          {ERROR_TRUNCATED, MS, false},
        {ERROR_TRUNCATED, 1000 * MS, true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        init(false, 1000 * MS);
        complete(0, 0, 10, 200);
        complete(0, 0, 30, 200);
        record_failure(&record, cases[i].error, cases[i].age);
        assert_int_equal(tally->failed, 1);
        assert_int_equal(tally->errors[cases[i].error], 1);
        if (tally->latency->count != 2u + cases[i].counts)
            fail_msg("case %zu", i);
        record_free(&record);
    }
    init(false, 1000 * MS);
}

/* Without a response there is no mean: a failure counts if it took as long as the timeout. */
static void failure_without_a_response(void **state)
{
    (void)state;
    init(false, 1000 * MS);
    record_failure(&record, ERROR_EMPTY, 999 * MS);
    assert_int_equal(tally->latency->count, 0);
    record_failure(&record, ERROR_EMPTY, 1000 * MS);
    assert_int_equal(tally->latency->count, 1);
}

static void ages_at_the_end(void **state)
{
    (void)state;
    for (int open_loop = 0; open_loop < 2; open_loop++) {
        init(open_loop, NSEC_NEVER);
        record_unfinished(&record, 70 * MS, 5);
        assert_int_equal(tally->latency->count, open_loop ? 5 : 0);
        assert_int_equal(tally->unfinished->count, open_loop ? 0 : 5);
        if (!open_loop)
            record_free(&record);
    }
}

/* --- stamps --- */

static void stamps(void **state)
{
    (void)state;
    init(false, NSEC_NEVER);
    complete_stamped(0, 20, 5 * MS);
    complete_stamped(0, 20, 21 * MS);
    complete_stamped(0, 20, NSEC_NEVER);
    assert_int_equal(tally->kernel_latency->count, 1);
    assert_true(tally->kernel_latency->max == 15 * MS);
    assert_true(tally->client_delay->max == 5 * MS);
    assert_int_equal(tally->stamps_unusable, 1);
    assert_int_equal(tally->stamps_missing, 1);
    assert_true(tally->proven == 15 * MS);
}

/* A request that started during an absence may have been sent at its end. */
static void absence_proves_nothing(void **state)
{
    (void)state;
    init(false, NSEC_NEVER);
    record_absence(&record, FROM + 100 * MS, 100 * MS);
    complete_stamped(60, 130, 0);
    assert_true(tally->kernel_latency->max == 70 * MS);
    assert_true(tally->proven == 30 * MS);
    complete_stamped(100, 150, 0); /* the absence was over */
    assert_true(tally->proven == 50 * MS);
}

/* --- absences --- */

/* The test's clock advances and the thread's CPU clock does not: the process was stopped. */
static void stop_is_detected(void **state)
{
    (void)state;
    init(false, NSEC_NEVER);
    record_turn(&record, FROM + 10 * MS, RECORD_ABSENCE - 1);
    assert_true(tally->suspended == 0);
    record_turn(&record, FROM + 1000 * MS, 900 * MS);
    assert_int_equal(tally->lag->count, 2);
    assert_true(tally->suspended > 800 * MS && tally->suspended <= 900 * MS);
    assert_true(tally->suspension == tally->suspended);
}

/* A lag that grows from turn to turn is one absence. */
static void stop_is_counted_once(void **state)
{
    (void)state;
    init(false, NSEC_NEVER);
    record_turn(&record, FROM + 1000 * MS, 900 * MS);
    record_turn(&record, FROM + 1001 * MS, 901 * MS);
    assert_true(tally->suspended <= 901 * MS);
}

/* --- gaps --- */

static void longest_gap(void **state)
{
    (void)state;
    init(false, NSEC_NEVER);
    complete(0, 0, 10, 200);
    complete(0, 0, 60, 200);
    complete(0, 0, 80, 200);
    assert_true(tally->gap == 50 * MS);
    assert_true(tally->gap_at == 10 * MS);
    assert_true(tally->gap_absent == 0);
    record_end(&record, FROM + 200 * MS);
    assert_true(tally->gap == 120 * MS);
    assert_true(tally->gap_at == 80 * MS);
}

static void gap_of_an_absence(void **state)
{
    (void)state;
    init(false, NSEC_NEVER);
    record_turn(&record, FROM + 150 * MS, 100 * MS);
    complete(0, 0, 151, 200);
    assert_true(tally->gap == 151 * MS);
    assert_true(tally->gap_absent == 100 * MS);
}

/* Only the kernel stamp of a later response shows the absence, and the interval has ended. */
static void gap_of_an_absence_in_the_next_interval(void **state)
{
    struct tally *total = tally_new();

    (void)state;
    init(false, NSEC_NEVER);
    complete(0, 0, 10, 200);
    complete(0, 0, 151, 200);
    assert_true(tally->gap == 141 * MS);
    tally_append(total, tally);
    record_next(&record, FROM + 151 * MS);
    assert_true(tally->gap == 0);
    record_absence(&record, FROM + 152 * MS, 120 * MS);
    tally_append(total, tally);
    assert_true(total->gap == 141 * MS);
    assert_true(total->gap_at == 10 * MS);
    assert_true(total->gap_absent == 119 * MS);
    tally_free(total);
}

/* --- intervals --- */

static void intervals(void **state)
{
    (void)state;
    init(true, NSEC_NEVER);
    group.bytes_in = 100;
    group.bytes_out = 10;
    tally->scheduled += 9;
    tally->limited += 7 * MS;
    histogram_record(tally->send_delay, 2 * MS);
    tally->gave_up = ERROR_DNS_REFUSED;
    assert_ptr_equal(record_interval(&record, FROM + 1000 * MS, 7, 5, 3), tally);
    assert_true(tally->from == 0 && tally->to == 1000 * MS);
    assert_int_equal(tally->open, 7);
    assert_int_equal(tally->waiting, 5);
    assert_int_equal(tally->in_flight, 3);
    assert_int_equal(tally->bytes_in, 100);
    assert_int_equal(tally->bytes_out, 10);
    assert_true(tally->limited == 7 * MS);
    assert_true(tally->send_delay->max == 2 * MS);
    assert_int_equal(tally->gave_up, ERROR_DNS_REFUSED);

    record_next(&record, FROM + 1000 * MS);
    group.bytes_in = 150;
    assert_int_equal(tally->scheduled, 0);
    record_end(&record, FROM + 1500 * MS);
    group.bytes_in = 999; /* after the run */
    record_interval(&record, FROM + 1500 * MS, 0, 0, 0);
    assert_true(tally->from == 1000 * MS && tally->to == 1500 * MS);
    assert_int_equal(tally->bytes_in, 50);
}

static void warm_up_is_not_counted(void **state)
{
    (void)state;
    group = (struct client_group){0};
    record_init(&record, &group, false, NSEC_NEVER);
    record_set_start(&record, FROM);
    group.bytes_in = 100;
    record_start(&record);
    group.bytes_in = 130;
    record_interval(&record, FROM + MS, 0, 0, 0);
    assert_int_equal(record.tally->bytes_in, 30);
}

#define CASE(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(responses),
        CASE(closed_loop_has_one_latency),
        CASE(failures_that_waited_are_latencies),
        CASE(failure_without_a_response),
        CASE(ages_at_the_end),
        CASE(stamps),
        CASE(absence_proves_nothing),
        CASE(stop_is_detected),
        CASE(stop_is_counted_once),
        CASE(longest_gap),
        CASE(gap_of_an_absence),
        CASE(gap_of_an_absence_in_the_next_interval),
        CASE(intervals),
        CASE(warm_up_is_not_counted),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}

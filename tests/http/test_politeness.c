/* Limits of requests to one host, with a fake clock. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/politeness.h"
#include "tests/support/fake_clock.h"

#define MAX_PERMITS 40

static struct loop *loop;
static struct fake_clock now;
static struct politeness *politeness;
static struct permit permits[MAX_PERMITS];
static size_t opened[MAX_PERMITS], open_count; /* indices, in order */
static bool admit_when_opened;                 /* an opened permit is admitted immediately */

static void on_permit_ready(void *owner, struct permit *permit)
{
    assert_ptr_equal(owner, &now);
    assert_null(permit->host);
    assert_true(open_count < MAX_PERMITS);
    opened[open_count++] = (size_t)(permit - permits);
    if (admit_when_opened)
        assert_true(politeness_admit(politeness, permit, "a", true));
}

/* Frees the last object, and creates one with these limits. */
static void begin(size_t max, nsec interval)
{
    const struct politeness_options options = {
        .max = max, .interval = interval, .ready = on_permit_ready, .owner = &now};

    if (politeness)
        politeness_free(politeness);
    memset(permits, 0, sizeof(permits));
    open_count = 0;
    politeness = politeness_new(loop, &options);
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    fake_clock_set(&now, loop, 0);
    politeness = NULL;
    admit_when_opened = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    politeness_free(politeness);
    loop_free(loop);
    return 0;
}

static bool admit(size_t i)
{
    return politeness_admit(politeness, &permits[i], "a", false);
}

static void leave(size_t i)
{
    politeness_leave(&permits[i]);
}

static void advance_clock(nsec time)
{
    now.now += time;
    unit_settle(loop);
}

static void no_limit(void **state)
{
    (void)state;
    begin(0, 0);
    for (size_t i = 0; i < MAX_PERMITS; i++)
        assert_true(admit(i));
    for (size_t i = 0; i < MAX_PERMITS; i++)
        leave(i);
    assert_int_equal(open_count, 0);
}

static void concurrent_requests_are_limited(void **state)
{
    (void)state;
    for (size_t max = 1; max < 5; max++) {
        begin(max, 0);
        for (size_t i = 0; i < max; i++)
            assert_true(admit(i));
        assert_false(politeness_is_busy(politeness, "a", 1));
        assert_false(admit(max));
        assert_true(politeness_is_busy(politeness, "a", 1));
        advance_clock(NSEC_PER_S);
        assert_int_equal(open_count, 0); /* opened by a leaving request only */
        leave(0);
        assert_int_equal(open_count, 1);
        assert_int_equal(opened[0], max);
        assert_true(politeness_admit(politeness, &permits[max], "a", true));
        assert_false(admit(max + 1));
        for (size_t i = 1; i <= max + 1; i++)
            leave(i);
        unit_settle(loop);
    }
}

/* Host names are compared without case. */
/* A larger limit admits those that wait; a smaller one ends no request. */
static void limit_of_a_host_changes(void **state)
{
    (void)state;
    begin(2, 0);
    admit_when_opened = true;
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(admit(i), i < 2);
    politeness_set_max(&permits[0], 5);
    advance_clock(0);
    assert_int_equal(open_count, 3);
    politeness_set_max(&permits[0], 2);
    for (size_t i = 0; i < 3; i++)
        leave(i);
    advance_clock(0);
    assert_int_equal(open_count, 3); /* two are in flight */
    leave(3);
    advance_clock(0);
    assert_int_equal(open_count, 4);
    politeness_set_max(&permits[4], 0);
    advance_clock(0);
    assert_int_equal(open_count, 8);
    for (size_t i = 4; i < 10; i++)
        leave(i);
    assert_true(admit(0)); /* the host was forgotten, and so was its limit */
    assert_true(admit(1));
    assert_false(admit(2));
    for (size_t i = 0; i < 3; i++)
        leave(i);
}

static void hosts_are_distinguished(void **state)
{
    static const struct {
        const char *name;
        bool same;
    } cases[] = {{"host.example", true},   {"HOST.Example", true},   {"host.exampl", false},
                 {"host.example.", false}, {"xhost.example", false}, {"", false}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        begin(1, 0);
        assert_true(politeness_admit(politeness, &permits[0], "host.example", false));
        assert_int_equal(politeness_admit(politeness, &permits[1], cases[i].name, false),
                         !cases[i].same);
        assert_int_equal(politeness_is_busy(politeness, "HOST.EXAMPLE:80", 12), cases[i].same);
        leave(1);
        leave(0);
    }
}

/* A prefix of a name is another name, in any pair of slots of the table. */
static void prefix_of_a_name_is_another_name(void **state)
{
    char name[32];

    (void)state;
    begin(1, 0);
    for (size_t i = 10000; i < 40000; i++) {
        snprintf(name, sizeof(name), "%zu%zu", i, i);
        assert_true(politeness_admit(politeness, &permits[0], name, false));
        assert_false(politeness_admit(politeness, &permits[1], name, false));
        for (size_t length = 1; length < 10; length++)
            assert_false(politeness_is_busy(politeness, name, length));
        assert_true(politeness_is_busy(politeness, name, 10));
        leave(1);
        leave(0);
    }
}

static void name_is_copied(void **state)
{
    char name[] = "a";

    (void)state;
    begin(1, 0);
    assert_true(politeness_admit(politeness, &permits[0], name, false));
    *name = 'b';
    assert_false(admit(1));
    leave(1);
    leave(0);
}

static void queue_is_in_order(void **state)
{
    (void)state;
    begin(1, 0);
    admit_when_opened = true;
    for (size_t i = 0; i < MAX_PERMITS; i++)
        assert_int_equal(admit(i), i == 0);
    for (size_t i = 0; i + 1 < MAX_PERMITS; i++) {
        leave(i);
        assert_int_equal(open_count, i + 1);
        assert_int_equal(opened[i], i + 1);
    }
    leave(MAX_PERMITS - 1);
    assert_int_equal(open_count, MAX_PERMITS - 1);
}

static void urgent_permits_open_first(void **state)
{
    static const size_t order[] = {4, 1, 2, 3};

    (void)state;
    begin(1, 0);
    admit_when_opened = true;
    assert_true(admit(0));
    for (size_t i = 1; i < 4; i++)
        assert_false(admit(i));
    assert_false(politeness_admit(politeness, &permits[4], "a", true));
    for (size_t i = 0, last = 0; i < LENGTH(order); i++) {
        leave(last);
        last = opened[i];
        assert_int_equal(last, order[i]);
    }
    leave(3);
}

/* A new site does not overtake waiting ones, even if the host allows a request now. */
static void new_permit_waits_after_the_queue(void **state)
{
    (void)state;
    begin(1, 0);
    assert_true(admit(0));
    assert_false(admit(1));
    assert_false(admit(2));
    leave(0);
    assert_int_equal(opened[0], 1);
    assert_false(admit(3)); /* 2 is still waiting */
    assert_true(politeness_admit(politeness, &permits[1], "a", true));
    leave(1);
    assert_int_equal(opened[1], 2);
    assert_true(politeness_admit(politeness, &permits[2], "a", true));
    leave(2);
    assert_int_equal(opened[2], 3);
    leave(3);
    leave(3); /* no effect */
}

/* If a permit was opened, but another was admitted before it, it waits at the head of the queue. */
static void opened_permit_that_is_not_admitted_is_next(void **state)
{
    (void)state;
    begin(1, 0);
    assert_true(admit(0));
    assert_false(admit(1));
    leave(0);
    assert_true(admit(2)); /* no permit waits; permit 1 was opened, but is not admitted yet */
    assert_false(politeness_admit(politeness, &permits[1], "a", true));
    assert_false(admit(3));
    leave(2);
    assert_int_equal(opened[1], 1);
    leave(3);
}

static void waiting_permits_may_leave(void **state)
{
    (void)state;
    begin(1, 0);
    admit_when_opened = true;
    for (size_t i = 0; i < 4; i++)
        admit(i);
    leave(1);
    leave(3);
    leave(0);
    assert_int_equal(open_count, 1);
    assert_int_equal(opened[0], 2);
    leave(2);
    assert_false(politeness_is_busy(politeness, "a", 1));
}

/* If several requests leave, as many permits open, one after the other. */
static void several_permits_open(void **state)
{
    (void)state;
    begin(3, 0);
    admit_when_opened = true;
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(admit(i), i < 3);
    for (size_t i = 0; i < 3; i++)
        leave(i);
    unit_settle(loop);
    assert_int_equal(open_count, 3);
    for (size_t i = 3; i < 9; i++)
        leave(i);
    unit_settle(loop);
    assert_int_equal(open_count, 6);
}

/* Rates. */

#define INTERVAL (100 * NSEC_PER_MS)

static void starts_are_limited_by_the_rate(void **state)
{
    (void)state;
    begin(0, INTERVAL);
    admit_when_opened = true;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(admit(i), i == 0);
    for (size_t i = 1; i < 5; i++) {
        advance_clock(INTERVAL - 1);
        assert_int_equal(open_count, i - 1);
        advance_clock(1);
        assert_int_equal(open_count, i);
        assert_int_equal(opened[i - 1], i);
    }
    for (size_t i = 0; i < 5; i++)
        leave(i);
}

/* After a pause a request starts immediately, but the pause allows no additional requests. */
static void pause_allows_no_burst(void **state)
{
    (void)state;
    begin(0, INTERVAL);
    assert_true(admit(0));
    leave(0);
    advance_clock(10 * INTERVAL);
    assert_true(admit(1));
    assert_false(admit(2));
    assert_int_equal(open_count, 0);
    leave(1);
    advance_clock(INTERVAL - 1);
    assert_int_equal(open_count, 0);
    advance_clock(1);
    assert_int_equal(open_count, 1);
}

/* Intervals count from start to start, however long the requests take. */
static void intervals_count_from_the_start(void **state)
{
    (void)state;
    begin(1, INTERVAL);
    admit_when_opened = true;
    assert_true(admit(0));
    assert_false(admit(1));
    advance_clock(INTERVAL / 2);
    leave(0);
    assert_int_equal(open_count, 0);
    advance_clock(INTERVAL / 2 - 1);
    assert_int_equal(open_count, 0);
    advance_clock(1);
    assert_int_equal(open_count, 1);
    assert_false(admit(2));
    advance_clock(3 * INTERVAL);
    assert_int_equal(open_count, 1); /* the other limit: one at a time */
    leave(1);
    assert_int_equal(open_count, 2);
    leave(2);
}

static void each_host_has_its_own_rate(void **state)
{
    (void)state;
    begin(0, INTERVAL);
    assert_true(politeness_admit(politeness, &permits[0], "a", false));
    assert_true(politeness_admit(politeness, &permits[1], "b", false));
    assert_false(politeness_admit(politeness, &permits[2], "a", false));
    assert_false(politeness_is_busy(politeness, "b", 1));
    leave(2);
    leave(1);
    leave(0);
}

static void urgent_permit_keeps_to_the_rate(void **state)
{
    (void)state;
    begin(0, INTERVAL);
    assert_true(admit(0));
    leave(0);
    assert_false(politeness_admit(politeness, &permits[1], "a", true));
    advance_clock(INTERVAL);
    assert_int_equal(open_count, 1);
}

/* Limit of hosts. */

/* A full table forgets all hosts after the interval. */
static void all_hosts_are_forgotten(void **state)
{
    struct permit *many = calloc(POLITENESS_MAX_HOSTS, sizeof(*many));
    char name[32];

    (void)state;
    begin(1, INTERVAL);
    for (size_t i = 0; i < POLITENESS_MAX_HOSTS; i++) {
        assert_false(politeness_is_full(politeness));
        snprintf(name, sizeof(name), "%zu.example", i);
        assert_true(politeness_admit(politeness, &many[i], name, false));
    }
    assert_true(politeness_is_full(politeness));
    for (size_t i = 0; i < POLITENESS_MAX_HOSTS; i++)
        politeness_leave(&many[i]);
    assert_true(politeness_is_full(politeness)); /* their interval is not over */
    advance_clock(INTERVAL - 1);
    assert_true(politeness_is_full(politeness));
    advance_clock(1);
    assert_false(politeness_is_full(politeness));
    for (size_t i = 0; i < POLITENESS_MAX_HOSTS; i++) { /* the whole table is free */
        assert_false(politeness_is_full(politeness));
        snprintf(name, sizeof(name), "%zu.test", i);
        politeness_admit(politeness, &many[i], name, false);
    }
    for (size_t i = 0; i < POLITENESS_MAX_HOSTS; i++)
        politeness_leave(&many[i]);
    free(many);
}

/* Without a rate a host is forgotten when its last request leaves. */
static void host_without_requests_is_forgotten(void **state)
{
    char name[32];

    (void)state;
    begin(1, 0);
    for (size_t i = 0; i < 2 * POLITENESS_MAX_HOSTS; i++) {
        snprintf(name, sizeof(name), "%zu.example", i);
        assert_true(politeness_admit(politeness, &permits[0], name, false));
        leave(0);
        assert_false(politeness_is_full(politeness));
    }
}

/* Random sequences: at most three are admitted, and none waits while fewer are. */
static void random_sequences(void **state)
{
    enum { ROUNDS = 20000 };
    size_t admitted = 0, waiting = 0;
    bool in[MAX_PERMITS] = {false};

    (void)state;
    begin(3, 0);
    admit_when_opened = true;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t i = unit_random() % MAX_PERMITS;

        open_count = 0;
        if (in[i])
            leave(i);
        else
            admit(i);
        in[i] = !in[i];
        unit_settle(loop);
        admitted = waiting = 0;
        for (size_t each = 0; each < MAX_PERMITS; each++) {
            admitted += in[each] && permits[each].admitted;
            waiting += in[each] && !permits[each].admitted;
        }
        assert_true(admitted <= 3);
        assert_true(admitted == 3 || !waiting);
        assert_int_equal(politeness_is_busy(politeness, "a", 1), waiting > 0);
    }
    for (size_t i = 0; i < MAX_PERMITS; i++) {
        open_count = 0;
        leave(i);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(no_limit),
        CASE(concurrent_requests_are_limited),
        CASE(limit_of_a_host_changes),
        CASE(hosts_are_distinguished),
        CASE(prefix_of_a_name_is_another_name),
        CASE(name_is_copied),
        CASE(queue_is_in_order),
        CASE(urgent_permits_open_first),
        CASE(new_permit_waits_after_the_queue),
        CASE(opened_permit_that_is_not_admitted_is_next),
        CASE(waiting_permits_may_leave),
        CASE(several_permits_open),
        CASE(starts_are_limited_by_the_rate),
        CASE(pause_allows_no_burst),
        CASE(intervals_count_from_the_start),
        CASE(each_host_has_its_own_rate),
        CASE(urgent_permit_keeps_to_the_rate),
        CASE(all_hosts_are_forgotten),
        CASE(host_without_requests_is_forgotten),
        CASE(random_sequences),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("politeness", tests, NULL, NULL);
}

/* How often one host may be asked, by a fake clock. */
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
static size_t opened[MAX_PERMITS], open_count; /* indices, in the order in which they opened */
static bool admits;                            /* who is opened asks again at once */

static void on_permit_ready(void *owner, struct permit *permit)
{
    assert_ptr_equal(owner, &now);
    assert_null(permit->host);
    assert_true(open_count < MAX_PERMITS);
    opened[open_count++] = (size_t)(permit - permits);
    if (admits)
        assert_true(politeness_admit(politeness, permit, "a", true));
}

/* What was begun is ended, and another begun. */
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
    admits = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    politeness_free(politeness);
    loop_free(loop);
    return 0;
}

static bool ask(size_t i)
{
    return politeness_admit(politeness, &permits[i], "a", false);
}

static void leave(size_t i)
{
    politeness_leave(&permits[i]);
}

static void pass(nsec time)
{
    now.now += time;
    unit_settle(loop);
}

static void no_limit_at_all(void **state)
{
    (void)state;
    begin(0, 0);
    for (size_t i = 0; i < MAX_PERMITS; i++)
        assert_true(ask(i));
    for (size_t i = 0; i < MAX_PERMITS; i++)
        leave(i);
    assert_int_equal(open_count, 0);
}

static void so_many_at_once(void **state)
{
    (void)state;
    for (size_t max = 1; max < 5; max++) {
        begin(max, 0);
        for (size_t i = 0; i < max; i++)
            assert_true(ask(i));
        assert_false(politeness_is_busy(politeness, "a", 1));
        assert_false(ask(max));
        assert_true(politeness_is_busy(politeness, "a", 1));
        pass(NSEC_PER_S);
        assert_int_equal(open_count, 0); /* time alone makes no room */
        leave(0);
        assert_int_equal(open_count, 1);
        assert_int_equal(opened[0], max);
        assert_true(politeness_admit(politeness, &permits[max], "a", true));
        assert_false(ask(max + 1));
        for (size_t i = 1; i <= max + 1; i++)
            leave(i);
        unit_settle(loop);
    }
}

/* A host is a name whatever its case; another name is another host. */
static void hosts_are_told_apart(void **state)
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

/* Nor does the beginning of a name stand for it, in whichever slot of the table both may be. */
static void beginning_of_a_name_is_another(void **state)
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

/* The name is a copy. */
static void name_may_change(void **state)
{
    char name[] = "a";

    (void)state;
    begin(1, 0);
    assert_true(politeness_admit(politeness, &permits[0], name, false));
    *name = 'b';
    assert_false(ask(1));
    leave(1);
    leave(0);
}

static void queue_is_in_order(void **state)
{
    (void)state;
    begin(1, 0);
    admits = true;
    for (size_t i = 0; i < MAX_PERMITS; i++)
        assert_int_equal(ask(i), i == 0);
    for (size_t i = 0; i + 1 < MAX_PERMITS; i++) {
        leave(i);
        assert_int_equal(open_count, i + 1);
        assert_int_equal(opened[i], i + 1);
    }
    leave(MAX_PERMITS - 1);
    assert_int_equal(open_count, MAX_PERMITS - 1);
}

static void urgent_go_first(void **state)
{
    static const size_t order[] = {4, 1, 2, 3};

    (void)state;
    begin(1, 0);
    admits = true;
    assert_true(ask(0));
    for (size_t i = 1; i < 4; i++)
        assert_false(ask(i));
    assert_false(politeness_admit(politeness, &permits[4], "a", true));
    for (size_t i = 0, last = 0; i < LENGTH(order); i++) {
        leave(last);
        last = opened[i];
        assert_int_equal(last, order[i]);
    }
    leave(3);
}

/* A new site does not overtake waiting ones, even if the host has room now. */
static void newcomer_stands_behind_the_queue(void **state)
{
    (void)state;
    begin(1, 0);
    assert_true(ask(0));
    assert_false(ask(1));
    assert_false(ask(2));
    leave(0);
    assert_int_equal(opened[0], 1);
    assert_false(ask(3)); /* 2 is still waiting */
    assert_true(politeness_admit(politeness, &permits[1], "a", true));
    leave(1);
    assert_int_equal(opened[1], 2);
    assert_true(politeness_admit(politeness, &permits[2], "a", true));
    leave(2);
    assert_int_equal(opened[2], 3);
    leave(3);
    leave(3); /* neither asks nor waits */
}

/* Who opens too late keeps its place before all others. */
static void opened_and_found_it_taken(void **state)
{
    (void)state;
    begin(1, 0);
    assert_true(ask(0));
    assert_false(ask(1));
    leave(0);
    assert_true(ask(2)); /* nobody waits, one is on its way back */
    assert_false(politeness_admit(politeness, &permits[1], "a", true));
    assert_false(ask(3));
    leave(2);
    assert_int_equal(opened[1], 1);
    leave(3);
}

static void who_waits_may_leave(void **state)
{
    (void)state;
    begin(1, 0);
    admits = true;
    for (size_t i = 0; i < 4; i++)
        ask(i);
    leave(1);
    leave(3);
    leave(0);
    assert_int_equal(open_count, 1);
    assert_int_equal(opened[0], 2);
    leave(2);
    assert_false(politeness_is_busy(politeness, "a", 1));
}

/* All the room that there is is used, one after the other. */
static void room_for_several(void **state)
{
    (void)state;
    begin(3, 0);
    admits = true;
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(ask(i), i < 3);
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

static void so_many_a_second(void **state)
{
    (void)state;
    begin(0, INTERVAL);
    admits = true;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(ask(i), i == 0);
    for (size_t i = 1; i < 5; i++) {
        pass(INTERVAL - 1);
        assert_int_equal(open_count, i - 1);
        pass(1);
        assert_int_equal(open_count, i);
        assert_int_equal(opened[i - 1], i);
    }
    for (size_t i = 0; i < 5; i++)
        leave(i);
}

/* Who comes after a pause need not wait, and does not bring what was not used. */
static void pause_is_not_saved_up(void **state)
{
    (void)state;
    begin(0, INTERVAL);
    assert_true(ask(0));
    leave(0);
    pass(10 * INTERVAL);
    assert_true(ask(1));
    assert_false(ask(2));
    assert_int_equal(open_count, 0);
    leave(1);
    pass(INTERVAL - 1);
    assert_int_equal(open_count, 0);
    pass(1);
    assert_int_equal(open_count, 1);
}

/* The end of a request does not bring the next one forward, nor does its length hold it up. */
static void starts_are_what_counts(void **state)
{
    (void)state;
    begin(1, INTERVAL);
    admits = true;
    assert_true(ask(0));
    assert_false(ask(1));
    pass(INTERVAL / 2);
    leave(0);
    assert_int_equal(open_count, 0);
    pass(INTERVAL / 2 - 1);
    assert_int_equal(open_count, 0);
    pass(1);
    assert_int_equal(open_count, 1);
    assert_false(ask(2));
    pass(3 * INTERVAL);
    assert_int_equal(open_count, 1); /* only one at once */
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

/* An urgent one waits for the rate too. */
static void urgent_keeps_to_the_rate(void **state)
{
    (void)state;
    begin(0, INTERVAL);
    assert_true(ask(0));
    leave(0);
    assert_false(politeness_admit(politeness, &permits[1], "a", true));
    pass(INTERVAL);
    assert_int_equal(open_count, 1);
}

/* Memory. */

/* Fills the table, and sees whether there is room for one more after so long. */
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
    assert_true(politeness_is_full(politeness)); /* they have been asked too lately */
    pass(INTERVAL - 1);
    assert_true(politeness_is_full(politeness));
    pass(1);
    assert_false(politeness_is_full(politeness));
    for (size_t i = 0; i < POLITENESS_MAX_HOSTS; i++) { /* not one of them is left */
        assert_false(politeness_is_full(politeness));
        snprintf(name, sizeof(name), "%zu.test", i);
        politeness_admit(politeness, &many[i], name, false);
    }
    for (size_t i = 0; i < POLITENESS_MAX_HOSTS; i++)
        politeness_leave(&many[i]);
    free(many);
}

/* Without a rate a host is forgotten with its last request. */
static void host_is_forgotten_at_once(void **state)
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

/* Every row of asking and leaving: never more than allowed, all come to their turn, and in order.
   */
static void at_random(void **state)
{
    enum { ROUNDS = 20000 };
    size_t asked = 0, waiting = 0;
    bool in[MAX_PERMITS] = {false};

    (void)state;
    begin(3, 0);
    admits = true;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t i = unit_random() % MAX_PERMITS;

        open_count = 0;
        if (in[i])
            leave(i);
        else
            ask(i);
        in[i] = !in[i];
        unit_settle(loop);
        asked = waiting = 0;
        for (size_t each = 0; each < MAX_PERMITS; each++) {
            asked += in[each] && permits[each].admitted;
            waiting += in[each] && !permits[each].admitted;
        }
        assert_true(asked <= 3);
        assert_true(asked == 3 || !waiting);
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
        CASE(no_limit_at_all),
        CASE(so_many_at_once),
        CASE(hosts_are_told_apart),
        CASE(beginning_of_a_name_is_another),
        CASE(name_may_change),
        CASE(queue_is_in_order),
        CASE(urgent_go_first),
        CASE(newcomer_stands_behind_the_queue),
        CASE(opened_and_found_it_taken),
        CASE(who_waits_may_leave),
        CASE(room_for_several),
        CASE(so_many_a_second),
        CASE(pause_is_not_saved_up),
        CASE(starts_are_what_counts),
        CASE(each_host_has_its_own_rate),
        CASE(urgent_keeps_to_the_rate),
        CASE(all_hosts_are_forgotten),
        CASE(host_is_forgotten_at_once),
        CASE(at_random),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("politeness", tests, NULL, NULL);
}

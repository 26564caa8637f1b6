/* The phases of a run, with a fake clock. */
#include "tests/support/unit.h"

#include "bench/load/phases.h"
#include "tests/support/fake_clock.h"

#define MS NSEC_PER_MS

#define MAX_EVENTS 64

static struct loop *loop;
static struct fake_clock clock;
static struct phases phases;
static char events_seen[MAX_EVENTS]; /* one letter for each event */
static nsec ended_at;
static bool in_flight;

static void note(char event)
{
    size_t count = strlen(events_seen);

    assert_true(count + 1 < MAX_EVENTS);
    events_seen[count] = event;
}

static void on_warmup(void *owner, nsec start)
{
    assert_ptr_equal(owner, events_seen);
    assert_int_equal(phases.phase, RUN_WARMUP);
    assert_true(start + phases.options.warmup == phases.from);
    note('b');
}

static void on_start_requests(void *owner)
{
    (void)owner;
    note('o');
}

static void on_measuring(void *owner)
{
    (void)owner;
    assert_int_equal(phases.phase, RUN_MEASURING);
    note('m');
}

static void on_interval(void *owner)
{
    (void)owner;
    note('i');
}

static bool on_ended(void *owner, nsec now)
{
    (void)owner;
    assert_true(phases.stopping);
    ended_at = now;
    note('e');
    return in_flight;
}

static void on_finished(void *owner)
{
    (void)owner;
    assert_int_equal(phases.phase, RUN_OVER);
    note('.');
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    fake_clock_set(&clock, loop, 0);
    memset(events_seen, 0, sizeof(events_seen));
    in_flight = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    phases_stop_timers(&phases);
    loop_free(loop);
    return 0;
}

static void init(struct phases_options options)
{
    static const struct phases_events events = {.warmup = on_warmup,
                                                .start_requests = on_start_requests,
                                                .measuring = on_measuring,
                                                .interval = on_interval,
                                                .ended = on_ended,
                                                .finished = on_finished};

    options.interval = NSEC_PER_S;
    phases_init(&phases, &options, loop, &events, events_seen);
}

static void pass(nsec time)
{
    clock.now += time;
    unit_settle(loop);
}

static void a_whole_run(void **state)
{
    nsec start = clock.now;

    (void)state;
    init((struct phases_options){.warmup = 500 * MS, .duration = 2500 * MS});
    phases_start(&phases, false);
    assert_string_equal(events_seen, "b");
    assert_true(phases.from == start + 500 * MS && phases.end == start + 3000 * MS);
    pass(499 * MS);
    assert_string_equal(events_seen, "b");
    pass(MS);
    assert_string_equal(events_seen, "bm");
    pass(999 * MS);
    assert_string_equal(events_seen, "bm");
    pass(MS);
    pass(1000 * MS);
    assert_string_equal(events_seen, "bmii");
    assert_false(phases.stopping);
    pass(500 * MS);
    assert_string_equal(events_seen, "bmiie.");
    assert_true(ended_at == phases.end);
    pass(5000 * MS);
    assert_string_equal(events_seen, "bmiie.");
}

/* An interval that ends with the run is the last one. */
static void last_interval_is_the_end(void **state)
{
    (void)state;
    init((struct phases_options){.duration = 2000 * MS});
    phases_start(&phases, false);
    assert_string_equal(events_seen, "bm"); /* no warm-up */
    pass(1000 * MS);
    pass(1000 * MS);
    assert_string_equal(events_seen, "bmie.");
}

/* Intervals that pass while the program is suspended are one; the next ends on schedule. */
static void missed_intervals_are_one(void **state)
{
    (void)state;
    init((struct phases_options){.duration = NSEC_NEVER});
    phases_start(&phases, false);
    pass(3400 * MS);
    assert_string_equal(events_seen, "bmi");
    pass(599 * MS);
    assert_string_equal(events_seen, "bmi");
    pass(MS);
    assert_string_equal(events_seen, "bmii");
}

static void start_in_the_future(void **state)
{
    nsec start = clock.now + 300 * MS;

    (void)state;
    init((struct phases_options){.start = start, .warmup = 100 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, false);
    assert_true(phases.from == start + 100 * MS);
    pass(399 * MS);
    assert_string_equal(events_seen, "b");
    pass(MS);
    assert_string_equal(events_seen, "bm");
}

/* --- opening --- */

static void all_connections_opened(void **state)
{
    (void)state;
    init((struct phases_options){.warmup = 500 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, true);
    phases_note_opened(&phases, false);
    pass(900 * MS);
    assert_string_equal(events_seen, "");
    assert_int_equal(phases.phase, RUN_OPENING);
    phases_note_opened(&phases, true);
    assert_string_equal(events_seen, ""); /* in a task */
    pass(0);
    assert_string_equal(events_seen, "bo");
    pass(5000 * MS);
    assert_string_equal(events_seen, "bome.");
}

static void opening_times_out(void **state)
{
    (void)state;
    init((struct phases_options){.warmup = 9000 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, true);
    pass(900 * MS);
    phases_note_opened(&phases, false); /* restarts the timeout */
    pass(900 * MS);
    assert_string_equal(events_seen, "");
    pass(100 * MS);
    assert_string_equal(events_seen, "bo");
}

static void opening_fails(void **state)
{
    (void)state;
    init((struct phases_options){.warmup = 9000 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, true);
    phases_end_opening(&phases);
    assert_string_equal(events_seen, "b");
    pass(0);
    assert_string_equal(events_seen, "bo");
    pass(2000 * MS); /* the opening's timeout has passed too */
    assert_string_equal(events_seen, "bo");
}

/* --- the end --- */

static void stop_before_measuring(void **state)
{
    (void)state;
    init((struct phases_options){.warmup = 500 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, false);
    pass(200 * MS);
    phases_stop(&phases);
    assert_true(phases.stopping);
    assert_string_equal(events_seen, "b");
    pass(0);
    assert_string_equal(events_seen, "bme.");
    assert_true(phases.from == clock.now);
}

static void stop_while_opening(void **state)
{
    (void)state;
    init((struct phases_options){.duration = NSEC_PER_S});
    phases_start(&phases, true);
    phases_stop(&phases);
    pass(0);
    assert_string_equal(events_seen, "me.");
}

static void finish_once(void **state)
{
    (void)state;
    init((struct phases_options){.duration = NSEC_PER_S});
    phases_start(&phases, false);
    phases_end(&phases);
    assert_false(phases.stopping); /* until then */
    phases_end(&phases);
    pass(0);
    assert_string_equal(events_seen, "bme.");
    phases_end(&phases);
    pass(0);
    assert_string_equal(events_seen, "bme.");
}

/* --- draining --- */

static void drained_in_time(void **state)
{
    (void)state;
    in_flight = true;
    init((struct phases_options){.duration = NSEC_PER_S, .drain = 300 * MS});
    phases_start(&phases, false);
    pass(1000 * MS);
    assert_string_equal(events_seen, "bme");
    assert_int_equal(phases.phase, RUN_DRAINING);
    pass(200 * MS);
    phases_end(&phases);
    pass(0);
    assert_string_equal(events_seen, "bme.");
}

static void not_drained_in_time(void **state)
{
    (void)state;
    in_flight = true;
    init((struct phases_options){.duration = NSEC_PER_S, .drain = 300 * MS});
    phases_start(&phases, false);
    pass(1000 * MS);
    pass(299 * MS);
    assert_string_equal(events_seen, "bme");
    pass(MS);
    assert_string_equal(events_seen, "bme.");
}

static void nothing_to_drain(void **state)
{
    (void)state;
    init((struct phases_options){.duration = NSEC_PER_S, .drain = 300 * MS});
    phases_start(&phases, false);
    pass(1000 * MS);
    assert_string_equal(events_seen, "bme.");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_whole_run),         CASE(last_interval_is_the_end), CASE(missed_intervals_are_one),
        CASE(start_in_the_future), CASE(all_connections_opened),   CASE(opening_times_out),
        CASE(opening_fails),       CASE(stop_before_measuring),    CASE(stop_while_opening),
        CASE(finish_once),         CASE(drained_in_time),          CASE(not_drained_in_time),
        CASE(nothing_to_drain),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}

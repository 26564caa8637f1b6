/* From one phase of a run to the next, by a fake clock. */
#include "tests/support/unit.h"

#include "bench/load/phases.h"
#include "tests/support/fake_clock.h"

#define MS NSEC_PER_MS

#define MAX_TOLD 64

static struct loop *loop;
static struct fake_clock clock;
static struct phases phases;
static char told[MAX_TOLD]; /* each event by a letter */
static nsec ended_at;
static bool in_flight;

static void tell(char event)
{
    size_t count = strlen(told);

    assert_true(count + 1 < MAX_TOLD);
    told[count] = event;
}

static void on_warmup(void *owner, nsec start)
{
    assert_ptr_equal(owner, told);
    assert_int_equal(phases.phase, RUN_WARMUP);
    assert_true(start + phases.options.warmup == phases.from);
    tell('b');
}

static void on_start_requests(void *owner)
{
    (void)owner;
    tell('o');
}

static void on_measuring(void *owner)
{
    (void)owner;
    assert_int_equal(phases.phase, RUN_MEASURING);
    tell('m');
}

static void on_interval(void *owner)
{
    (void)owner;
    tell('i');
}

static bool on_ended(void *owner, nsec now)
{
    (void)owner;
    assert_true(phases.stopping);
    ended_at = now;
    tell('e');
    return in_flight;
}

static void on_finished(void *owner)
{
    (void)owner;
    assert_int_equal(phases.phase, RUN_OVER);
    tell('.');
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    fake_clock_set(&clock, loop, 0);
    memset(told, 0, sizeof(told));
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
    phases_init(&phases, &options, loop, &events, told);
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
    assert_string_equal(told, "b");
    assert_true(phases.from == start + 500 * MS && phases.end == start + 3000 * MS);
    pass(499 * MS);
    assert_string_equal(told, "b");
    pass(MS);
    assert_string_equal(told, "bm");
    pass(999 * MS);
    assert_string_equal(told, "bm");
    pass(MS);
    pass(1000 * MS);
    assert_string_equal(told, "bmii");
    assert_false(phases.stopping);
    pass(500 * MS);
    assert_string_equal(told, "bmiie.");
    assert_true(ended_at == phases.end);
    pass(5000 * MS);
    assert_string_equal(told, "bmiie.");
}

/* An interval that ends with the run is the last one. */
static void last_interval_is_the_end(void **state)
{
    (void)state;
    init((struct phases_options){.duration = 2000 * MS});
    phases_start(&phases, false);
    assert_string_equal(told, "bm"); /* no warm-up */
    pass(1000 * MS);
    pass(1000 * MS);
    assert_string_equal(told, "bmie.");
}

/* What passed while the program stood still is one interval, and the next ends where it would have. */
static void missed_intervals_are_one(void **state)
{
    (void)state;
    init((struct phases_options){.duration = NSEC_NEVER});
    phases_start(&phases, false);
    pass(3400 * MS);
    assert_string_equal(told, "bmi");
    pass(599 * MS);
    assert_string_equal(told, "bmi");
    pass(MS);
    assert_string_equal(told, "bmii");
}

static void start_that_is_to_come(void **state)
{
    nsec start = clock.now + 300 * MS;

    (void)state;
    init((struct phases_options){.start = start, .warmup = 100 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, false);
    assert_true(phases.from == start + 100 * MS);
    pass(399 * MS);
    assert_string_equal(told, "b");
    pass(MS);
    assert_string_equal(told, "bm");
}

/* --- opening --- */

static void all_connections_stand(void **state)
{
    (void)state;
    init((struct phases_options){.warmup = 500 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, true);
    phases_note_opened(&phases, false);
    pass(900 * MS);
    assert_string_equal(told, "");
    assert_int_equal(phases.phase, RUN_OPENING);
    phases_note_opened(&phases, true);
    assert_string_equal(told, ""); /* in a task */
    pass(0);
    assert_string_equal(told, "bo");
    pass(5000 * MS);
    assert_string_equal(told, "bome.");
}

static void patience_ends(void **state)
{
    (void)state;
    init((struct phases_options){.warmup = 9000 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, true);
    pass(900 * MS);
    phases_note_opened(&phases, false); /* it begins anew */
    pass(900 * MS);
    assert_string_equal(told, "");
    pass(100 * MS);
    assert_string_equal(told, "bo");
}

static void not_all_can_be_made(void **state)
{
    (void)state;
    init((struct phases_options){.warmup = 9000 * MS, .duration = NSEC_PER_S});
    phases_start(&phases, true);
    phases_end_opening(&phases);
    assert_string_equal(told, "b");
    pass(0);
    assert_string_equal(told, "bo");
    pass(2000 * MS); /* patience is over, too */
    assert_string_equal(told, "bo");
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
    assert_string_equal(told, "b");
    pass(0);
    assert_string_equal(told, "bme.");
    assert_true(phases.from == clock.now);
}

static void stop_while_opening(void **state)
{
    (void)state;
    init((struct phases_options){.duration = NSEC_PER_S});
    phases_start(&phases, true);
    phases_stop(&phases);
    pass(0);
    assert_string_equal(told, "me.");
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
    assert_string_equal(told, "bme.");
    phases_end(&phases);
    pass(0);
    assert_string_equal(told, "bme.");
}

/* --- draining --- */

static void drained_in_time(void **state)
{
    (void)state;
    in_flight = true;
    init((struct phases_options){.duration = NSEC_PER_S, .drain = 300 * MS});
    phases_start(&phases, false);
    pass(1000 * MS);
    assert_string_equal(told, "bme");
    assert_int_equal(phases.phase, RUN_DRAINING);
    pass(200 * MS);
    phases_end(&phases);
    pass(0);
    assert_string_equal(told, "bme.");
}

static void not_drained_in_time(void **state)
{
    (void)state;
    in_flight = true;
    init((struct phases_options){.duration = NSEC_PER_S, .drain = 300 * MS});
    phases_start(&phases, false);
    pass(1000 * MS);
    pass(299 * MS);
    assert_string_equal(told, "bme");
    pass(MS);
    assert_string_equal(told, "bme.");
}

static void nothing_to_drain(void **state)
{
    (void)state;
    init((struct phases_options){.duration = NSEC_PER_S, .drain = 300 * MS});
    phases_start(&phases, false);
    pass(1000 * MS);
    assert_string_equal(told, "bme.");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_whole_run),           CASE(last_interval_is_the_end), CASE(missed_intervals_are_one),
        CASE(start_that_is_to_come), CASE(all_connections_stand),    CASE(patience_ends),
        CASE(not_all_can_be_made),   CASE(stop_before_measuring),    CASE(stop_while_opening),
        CASE(finish_once),           CASE(drained_in_time),          CASE(not_drained_in_time),
        CASE(nothing_to_drain),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}

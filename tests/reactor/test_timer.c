/* The timer heap against a simple model: an array that is searched linearly. */
#include "tests/support/unit.h"

#include "reactor/timer.h"

#define TIMERS             48
#define STEPS              30000
#define ACTS_IN_A_CALLBACK 2

struct model {
    enum timer_state state;
    nsec deadline;
    uint64_t order;
};

struct world {
    struct timer_heap heap;
    struct timer timers[TIMERS];
    struct model models[TIMERS];
    uint64_t armed; /* number of timer_arm calls so far */
    nsec now;
    size_t fired;
};

static struct world world;

/* The earliest timer in `state`, or -1. */
static int earliest(enum timer_state state)
{
    int best = -1;

    for (int i = 0; i < TIMERS; i++) {
        const struct model *one = &world.models[i], *other = best < 0 ? one : &world.models[best];

        if (one->state == state &&
            (best < 0 || one->deadline < other->deadline ||
             (one->deadline == other->deadline && one->order < other->order)))
            best = i;
    }
    return best;
}

static void arm(int i, nsec deadline)
{
    timer_arm(&world.heap, &world.timers[i], deadline);
    world.models[i].state = deadline == NSEC_NEVER ? TIMER_IDLE : TIMER_ARMED;
    world.models[i].deadline = deadline;
    world.models[i].order = world.armed;
    world.armed += deadline != NSEC_NEVER;
}

static void cancel(int i)
{
    timer_cancel(&world.heap, &world.timers[i]);
    world.models[i].state = TIMER_IDLE;
}

/* Arms or cancels a random timer. Deadlines are few, so that many are equal; some have passed. */
static void act(void)
{
    int i = (int)(unit_random() % TIMERS);

    switch (unit_random() % 8) {
    case 0:
    case 1: cancel(i); break;
    case 2: arm(i, NSEC_NEVER); break;
    default: arm(i, world.now + unit_random() % 12 - 3); break;
    }
}

static void on_fire(void *owner)
{
    int i = (int)((struct model *)owner - world.models);

    assert_int_equal(earliest(TIMER_DUE), i);
    assert_int_equal(world.timers[i].state, TIMER_IDLE);
    world.models[i].state = TIMER_IDLE;
    world.fired++;
    for (uint32_t acts = unit_random() % (ACTS_IN_A_CALLBACK + 1); acts; acts--)
        act();
}

static void fire_due(struct timer_heap *heap, nsec now)
{
    struct timer *timer;

    timer_collect(heap, now);
    while ((timer = timer_take_due(heap)))
        timer->fire(timer->owner);
}

static void fire(void)
{
    for (int i = 0; i < TIMERS; i++)
        if (world.models[i].state == TIMER_ARMED && world.models[i].deadline <= world.now)
            world.models[i].state = TIMER_DUE;
    fire_due(&world.heap, world.now);
    assert_int_equal(earliest(TIMER_DUE), -1);
}

static void check_same(void)
{
    int first = earliest(TIMER_ARMED);

    assert_true(timer_next(&world.heap) == (first < 0 ? NSEC_NEVER : world.models[first].deadline));
    for (int i = 0; i < TIMERS; i++)
        assert_int_equal(world.timers[i].state, world.models[i].state);
}

static void timers_agree_with_the_model(void **state)
{
    (void)state;
    world = (struct world){.now = 100};
    timer_heap_init(&world.heap);
    for (int i = 0; i < TIMERS; i++)
        timer_init(&world.timers[i], on_fire, &world.models[i], "test");
    for (int step = 0; step < STEPS; step++) {
        act();
        if (unit_random() % 6 == 0) {
            world.now += unit_random() % 4;
            fire();
        }
        check_same();
    }
    assert_true(world.fired > STEPS / 20);
    for (int i = 0; i < TIMERS; i++)
        cancel(i);
    assert_true(timer_next(&world.heap) == NSEC_NEVER);
}

/* Timers that add their letter to the trace, and can act on another timer. */
struct letter {
    struct timer timer;
    char name;
    void (*act)(void);
};

static struct {
    struct timer_heap heap;
    struct letter letters[4];
    char trace[16];
    size_t length;
} few;

static void on_letter(void *owner)
{
    const struct letter *letter = owner;

    few.trace[few.length++] = letter->name;
    if (letter->act)
        letter->act();
}

static void few_reset(void)
{
    memset(&few, 0, sizeof(few));
    timer_heap_init(&few.heap);
    for (size_t i = 0; i < LENGTH(few.letters); i++) {
        few.letters[i].name = (char)('a' + i);
        timer_init(&few.letters[i].timer, on_letter, &few.letters[i], "test");
    }
}

static void equal_deadlines_fire_in_order_of_arming(void **state)
{
    static const int order[] = {2, 0, 3, 1};

    (void)state;
    few_reset();
    for (size_t i = 0; i < LENGTH(order); i++)
        timer_arm(&few.heap, &few.letters[order[i]].timer, 7);
    timer_arm(&few.heap, &few.letters[2].timer, 7); /* armed again: it is now the last */
    fire_due(&few.heap, 7);
    assert_string_equal(few.trace, "adbc");
}

static void arm_b_for_the_past(void)
{
    timer_arm(&few.heap, &few.letters[1].timer, 1);
}

static void timer_armed_by_a_callback_waits(void **state)
{
    (void)state;
    few_reset();
    few.letters[0].act = arm_b_for_the_past;
    timer_arm(&few.heap, &few.letters[0].timer, 5);
    fire_due(&few.heap, 10);
    assert_string_equal(few.trace, "a");
    assert_true(timer_next(&few.heap) == 1);
    fire_due(&few.heap, 10);
    assert_string_equal(few.trace, "ab");
}

static void cancel_c(void)
{
    timer_cancel(&few.heap, &few.letters[2].timer);
}

static void due_timer_is_cancelled_by_an_earlier_one(void **state)
{
    (void)state;
    few_reset();
    few.letters[1].act = cancel_c;
    for (int i = 0; i < 4; i++)
        timer_arm(&few.heap, &few.letters[i].timer, (nsec)i);
    fire_due(&few.heap, 3);
    assert_string_equal(few.trace, "abd");
}

static void postpone_c(void)
{
    timer_arm(&few.heap, &few.letters[2].timer, 20);
}

static void due_timer_is_postponed_by_an_earlier_one(void **state)
{
    (void)state;
    few_reset();
    few.letters[0].act = postpone_c;
    for (int i = 0; i < 4; i++)
        timer_arm(&few.heap, &few.letters[i].timer, (nsec)i);
    fire_due(&few.heap, 3);
    assert_string_equal(few.trace, "abd");
    fire_due(&few.heap, 20);
    assert_string_equal(few.trace, "abdc");
}

static void deadline_never_cancels_and_idle_timers_are_ignored(void **state)
{
    (void)state;
    few_reset();
    timer_cancel(&few.heap, &few.letters[0].timer);
    timer_arm(&few.heap, &few.letters[0].timer, 5);
    timer_arm(&few.heap, &few.letters[0].timer, NSEC_NEVER);
    assert_true(timer_next(&few.heap) == NSEC_NEVER);
    fire_due(&few.heap, NSEC_NEVER);
    assert_string_equal(few.trace, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_agree_with_the_model),
        cmocka_unit_test(equal_deadlines_fire_in_order_of_arming),
        cmocka_unit_test(timer_armed_by_a_callback_waits),
        cmocka_unit_test(due_timer_is_cancelled_by_an_earlier_one),
        cmocka_unit_test(due_timer_is_postponed_by_an_earlier_one),
        cmocka_unit_test(deadline_never_cancels_and_idle_timers_are_ignored),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}

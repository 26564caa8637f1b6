/* Timers against a model that knows no heap: an array that is searched from end to end. */
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
    uint64_t armed; /* armings so far */
    nsec now;
    size_t fired;
};

static struct world world;

/* The earliest of those in `state`, or -1. */
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

/* Arms or cancels any timer; deadlines are few, so that many are equal, and some have passed. */
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

static void agree_with_the_model(void **state)
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

/* A few timers that write their letter, and do something to another. */
struct letter {
    struct timer timer;
    char name;
    void (*act)(void);
};

static struct {
    struct timer_heap heap;
    struct letter letters[4];
    char said[16];
    size_t length;
} few;

static void say(void *owner)
{
    const struct letter *letter = owner;

    few.said[few.length++] = letter->name;
    if (letter->act)
        letter->act();
}

static void few_reset(void)
{
    memset(&few, 0, sizeof(few));
    timer_heap_init(&few.heap);
    for (size_t i = 0; i < LENGTH(few.letters); i++) {
        few.letters[i].name = (char)('a' + i);
        timer_init(&few.letters[i].timer, say, &few.letters[i], "test");
    }
}

static void equal_deadlines_fire_in_order_of_arming(void **state)
{
    static const int order[] = {2, 0, 3, 1};

    (void)state;
    few_reset();
    for (size_t i = 0; i < LENGTH(order); i++)
        timer_arm(&few.heap, &few.letters[order[i]].timer, 7);
    timer_arm(&few.heap, &few.letters[2].timer, 7); /* armed again: it is the last now */
    fire_due(&few.heap, 7);
    assert_string_equal(few.said, "adbc");
}

static void arm_b_for_the_past(void)
{
    timer_arm(&few.heap, &few.letters[1].timer, 1);
}

static void armed_by_a_firing_one_waits(void **state)
{
    (void)state;
    few_reset();
    few.letters[0].act = arm_b_for_the_past;
    timer_arm(&few.heap, &few.letters[0].timer, 5);
    fire_due(&few.heap, 10);
    assert_string_equal(few.said, "a");
    assert_true(timer_next(&few.heap) == 1);
    fire_due(&few.heap, 10);
    assert_string_equal(few.said, "ab");
}

static void cancel_c(void)
{
    timer_cancel(&few.heap, &few.letters[2].timer);
}

static void due_one_is_cancelled_by_an_earlier(void **state)
{
    (void)state;
    few_reset();
    few.letters[1].act = cancel_c;
    for (int i = 0; i < 4; i++)
        timer_arm(&few.heap, &few.letters[i].timer, (nsec)i);
    fire_due(&few.heap, 3);
    assert_string_equal(few.said, "abd");
}

static void put_c_off(void)
{
    timer_arm(&few.heap, &few.letters[2].timer, 20);
}

static void due_one_is_put_off_by_an_earlier(void **state)
{
    (void)state;
    few_reset();
    few.letters[0].act = put_c_off;
    for (int i = 0; i < 4; i++)
        timer_arm(&few.heap, &few.letters[i].timer, (nsec)i);
    fire_due(&few.heap, 3);
    assert_string_equal(few.said, "abd");
    fire_due(&few.heap, 20);
    assert_string_equal(few.said, "abdc");
}

static void never_cancels_and_idle_is_left_alone(void **state)
{
    (void)state;
    few_reset();
    timer_cancel(&few.heap, &few.letters[0].timer);
    timer_arm(&few.heap, &few.letters[0].timer, 5);
    timer_arm(&few.heap, &few.letters[0].timer, NSEC_NEVER);
    assert_true(timer_next(&few.heap) == NSEC_NEVER);
    fire_due(&few.heap, NSEC_NEVER);
    assert_string_equal(few.said, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(agree_with_the_model),
        cmocka_unit_test(equal_deadlines_fire_in_order_of_arming),
        cmocka_unit_test(armed_by_a_firing_one_waits),
        cmocka_unit_test(due_one_is_cancelled_by_an_earlier),
        cmocka_unit_test(due_one_is_put_off_by_an_earlier),
        cmocka_unit_test(never_cancels_and_idle_is_left_alone),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}

/* The reports of a loop to its probe, their order, and changes of the probe during a turn. */
#include "reactor/probe.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "reactor/loop.h"
#include "tests/support/fake_clock.h"

/* The reports and the callbacks, in order, each followed by a space. */
static char reports[32768];

static void __attribute__((format(printf, 1, 2))) report(const char *format, ...)
{
    size_t length = strlen(reports);
    va_list rest;

    va_start(rest, format);
    vsnprintf(reports + length, sizeof(reports) - length, format, rest);
    va_end(rest);
}

static void on_turn(void *owner, nsec lag)
{
    assert_ptr_equal(owner, reports);
    report("turn:%u ", (unsigned)(lag / NSEC_PER_MS));
}

static void on_callback(void *owner, enum probe_kind kind, const char *name, bool ended)
{
    static const char *const kinds[] = {
        [PROBE_TIMER] = "timer", [PROBE_WATCH] = "watch", [PROBE_TASK] = "task"};

    assert_ptr_equal(owner, reports);
    report("%s%s:%s ", ended ? "/" : "", kinds[kind], name);
}

static void on_state(void *owner, const char *machine, uint64_t number, const char *from,
                     const char *to, nsec at)
{
    assert_ptr_equal(owner, reports);
    report("%s:%u:%s-%s:%u ", machine, (unsigned)number, from, to, (unsigned)(at / NSEC_PER_MS));
}

static void on_line(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                    size_t length)
{
    static const char marks[] = {[PROBE_NOTE] = '*', [PROBE_SENT] = '>', [PROBE_RECEIVED] = '<'};

    assert_ptr_equal(owner, reports);
    report("%c%u %.*s|", marks[kind], (unsigned)number, (int)length, text);
}

static const struct probe all_reports = {
    .owner = reports, .turn = on_turn, .callback = on_callback, .state = on_state, .line = on_line};
static const struct probe only_turns = {.owner = reports, .turn = on_turn};
static const struct probe only_callbacks = {.owner = reports, .callback = on_callback};
static const struct probe no_reports = {.owner = reports};

/* A loop with one watch, one timer and one task, all of them ready; its clock is stopped at 1 s. */
struct world {
    struct loop *loop;
    struct fake_clock clock;
    struct watch watch;
    struct timer timer;
    struct task task;
    void (*act)(struct world *world); /* called in each callback; may be NULL */
};

static void on_timer(void *owner)
{
    struct world *world = owner;

    report("T ");
    if (world->act)
        world->act(world);
}

static void on_event(void *owner, uint32_t events)
{
    struct world *world = owner;

    report("W%s ", events == EPOLLOUT ? "again" : "");
    if (world->act)
        world->act(world);
}

static void on_task(void *owner)
{
    struct world *world = owner;

    report("K ");
    if (world->act)
        world->act(world);
}

static int setup(void **state)
{
    static struct world world;
    int fd = eventfd(1, EFD_CLOEXEC);

    memset(&world, 0, sizeof(world));
    memset(reports, 0, sizeof(reports));
    world.loop = loop_new();
    fake_clock_set(&world.clock, world.loop, 0);
    watch_init(&world.watch, on_event, &world, "socket");
    timer_init(&world.timer, on_timer, &world, "deadline");
    task_init(&world.task, on_task, &world, "flush");
    assert_int_equal(loop_watch(world.loop, &world.watch, fd, EPOLLIN | EPOLLET), 0);
    loop_arm(world.loop, &world.timer, world.clock.now);
    loop_defer(world.loop, &world.task);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    loop_cancel(world->loop, &world->timer);
    loop_undefer(world->loop, &world->task);
    loop_close(world->loop, &world->watch);
    loop_free(world->loop);
    return 0;
}

static void turn_is_reported_in_order(void **state)
{
    struct world *world = *state;

    loop_set_probe(world->loop, &all_reports);
    loop_turn(world->loop, 0);
    assert_string_equal(reports, "timer:deadline T /timer:deadline turn:0 watch:socket W "
                                 "/watch:socket task:flush K /task:flush ");
}

static void turn_is_reported_once_with_its_lag(void **state)
{
    struct world *world = *state;

    loop_set_probe(world->loop, &only_turns);
    world->clock.now += 7 * NSEC_PER_MS; /* the timer is 7 ms late */
    loop_turn(world->loop, 0);
    assert_string_equal(reports, "T turn:7 W K ");
    loop_turn(world->loop, 0); /* no event */
    assert_string_equal(reports, "T turn:7 W K ");
}

static void watch_that_yields_keeps_its_kind_and_name(void **state)
{
    struct world *world = *state;

    loop_turn(world->loop, 0);
    loop_set_probe(world->loop, &only_callbacks);
    loop_yield(world->loop, &world->watch, EPOLLOUT);
    loop_turn(world->loop, 0);
    assert_string_equal(reports, "T W K watch:socket Wagain /watch:socket ");
}

static void change_watch_owner(struct world *world)
{
    watch_set_owner(&world->watch, on_event, world, "connection");
}

static void end_has_the_name_of_the_beginning(void **state)
{
    struct world *world = *state;

    world->act = change_watch_owner;
    loop_cancel(world->loop, &world->timer);
    loop_undefer(world->loop, &world->task);
    loop_set_probe(world->loop, &only_callbacks);
    loop_turn(world->loop, 0);
    assert_string_equal(reports, "watch:socket W /watch:socket ");
    loop_yield(world->loop, &world->watch, EPOLLOUT);
    loop_turn(world->loop, 0);
    assert_string_equal(reports, "watch:socket W /watch:socket "
                                 "watch:connection Wagain /watch:connection ");
}

static void remove_probe(struct world *world)
{
    loop_set_probe(world->loop, NULL);
}

static void probe_removed_in_a_callback_gets_no_more_reports(void **state)
{
    struct world *world = *state;

    world->act = remove_probe;
    loop_set_probe(world->loop, &all_reports);
    loop_turn(world->loop, 0);
    assert_string_equal(reports, "timer:deadline T W K ");
}

static void replace_probe(struct world *world)
{
    loop_set_probe(world->loop, &only_callbacks);
    world->act = NULL;
}

static void new_probe_gets_no_end_of_the_running_callback(void **state)
{
    struct world *world = *state;

    world->act = replace_probe;
    loop_set_probe(world->loop, &all_reports);
    loop_turn(world->loop, 0);
    assert_string_equal(reports, "timer:deadline T watch:socket W /watch:socket "
                                 "task:flush K /task:flush ");
}

static void missing_functions_are_not_called(void **state)
{
    struct world *world = *state;

    loop_set_probe(world->loop, &no_reports);
    loop_turn(world->loop, 0);
    probe_state(world->loop, "client", 1, "absent", "open");
    assert_false(probe_takes_lines(world->loop));
    probe_line(world->loop, 1, PROBE_NOTE, "%s", "x");
    probe_block(world->loop, 1, PROBE_SENT, NULL);
    assert_string_equal(reports, "T W K ");
}

static void change_of_state_is_reported_with_its_time(void **state)
{
    struct world *world = *state;
    nsec from = world->clock.now;
    char expected[64];

    probe_state(world->loop, "client", 1, "absent", "connecting"); /* no probe yet */
    loop_set_probe(world->loop, &all_reports);
    /* the report has the current time, not the time of the turn */
    world->clock.now += 3 * NSEC_PER_MS;
    probe_state(world->loop, "client", 1, "connecting", "open");
    snprintf(expected, sizeof(expected), "client:1:connecting-open:%u ",
             (unsigned)(from / NSEC_PER_MS + 3));
    assert_string_equal(reports, expected);
}

static void lines_are_formatted(void **state)
{
    static char text[20001];
    char expected[20010];
    struct world *world = *state;

    probe_line(world->loop, 1, PROBE_NOTE, "%s", "no probe yet");
    loop_set_probe(world->loop, &all_reports);
    assert_true(probe_takes_lines(world->loop));
    probe_line(world->loop, 7, PROBE_NOTE, "trying %s, %d%%", "x\ny", 5);
    probe_line(world->loop, 8, PROBE_NOTE, "%s", "");
    probe_line(world->loop, 7, PROBE_RECEIVED, "%s: %d", "Age", 5);
    assert_string_equal(reports, "*7 trying x\ny, 5%|*8 |<7 Age: 5|");
    *reports = '\0';
    memset(text, 'x', sizeof(text) - 1);
    probe_line(world->loop, 1, PROBE_NOTE, "%s", text);
    snprintf(expected, sizeof(expected), "*1 %s|", text);
    assert_string_equal(reports, expected); /* of any length */
}

static void blocks_are_split_into_lines(void **state)
{
    static const struct {
        const char *block, *lines;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ">3 GET / HTTP/1.1|>3 Host: a|>3 |"},
        {"GET / HTTP/1.1\r\n\r\n", ">3 GET / HTTP/1.1|>3 |"},
        {"GET /\r\n\r\na=1&b=2\r\nno line", ">3 GET /|>3 |"}, /* content is not reported */
        {"a\nb\n\n", ">3 a|>3 b|>3 |"},
        {"a", ">3 a|>3 |"}, /* a block without an empty line */
        {"", ">3 |"},
    };
    struct world *world = *state;

    loop_set_probe(world->loop, &all_reports);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        *reports = '\0';
        probe_block(world->loop, 3, PROBE_SENT, cases[i].block);
        assert_string_equal(reports, cases[i].lines);
    }
    *reports = '\0';
    probe_block(world->loop, 3, PROBE_RECEIVED, "a\r\n\r\n");
    assert_string_equal(reports, "<3 a|<3 |");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(turn_is_reported_in_order),
        CASE(turn_is_reported_once_with_its_lag),
        CASE(watch_that_yields_keeps_its_kind_and_name),
        CASE(end_has_the_name_of_the_beginning),
        CASE(probe_removed_in_a_callback_gets_no_more_reports),
        CASE(new_probe_gets_no_end_of_the_running_callback),
        CASE(missing_functions_are_not_called),
        CASE(change_of_state_is_reported_with_its_time),
        CASE(lines_are_formatted),
        CASE(blocks_are_split_into_lines),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}

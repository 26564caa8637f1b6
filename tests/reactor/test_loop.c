/* The seven steps of a turn, and what may be closed, put off or freed in each. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "reactor/loop.h"
#include "tests/support/calls.h"
#include "tests/support/fake_clock.h"

/* What happened, a letter each. */
static char said[64];

static void say(char letter)
{
    size_t length = strlen(said);

    if (length < sizeof(said) - 1) {
        said[length] = letter;
        said[length + 1] = '\0';
    }
}

static int setup(void **state)
{
    memset(said, 0, sizeof(said));
    *state = loop_new();
    return 0;
}

static int teardown(void **state)
{
    loop_free(*state);
    return 0;
}

/* A descriptor with something to read, watched. */
struct source {
    struct loop *loop;
    struct watch watch;
    int peer; /* the other end of a socketpair, or -1 */
    char letter;
    uint32_t events; /* the last that came */
    void (*act)(struct source *source);
    struct source *other;
};

static void on_source(void *owner, uint32_t events)
{
    struct source *source = owner;

    source->events = events;
    say(source->letter);
    if (source->act)
        source->act(source);
}

static void source_open(struct source *source, struct loop *loop, char letter, uint32_t interest)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    *source = (struct source){.loop = loop, .peer = pair[1], .letter = letter};
    watch_init(&source->watch, on_source, source, "test");
    assert_int_equal(source->watch.fd, -1);
    assert_int_equal(loop_watch(loop, &source->watch, pair[0], interest), 0);
    assert_int_equal(write(source->peer, "x", 1), 1);
}

static void source_close(struct source *source)
{
    loop_close(source->loop, &source->watch);
    close(source->peer);
}

/* A clock, a timer, a task and a deferred that say their letter. */
static nsec spoken_clock(void *arg)
{
    (void)arg;
    say('c');
    return 5;
}

static char *letter(char name)
{
    static char letters[128];

    letters[(int)name] = name;
    return &letters[(int)name];
}

static void say_letter(void *owner)
{
    say(*(const char *)owner);
}

static void steps_come_in_order(void **state)
{
    struct loop *loop = *state;
    struct source source;
    struct timer timer;
    struct task task;
    struct deferred_free deferred;

    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    loop_free_later(loop, &deferred, say_letter, letter('f'));
    task_init(&task, say_letter, letter('r'), "test");
    loop_defer(loop, &task);
    timer_init(&timer, say_letter, letter('t'), "test");
    loop_arm(loop, &timer, 5);
    loop_set_clock(loop, spoken_clock, NULL);
    memset(said, 0, sizeof(said));
    loop_turn(loop, NSEC_NEVER); /* a task is ready: it does not wait */
    assert_string_equal(said, "ctccerf");
    assert_true(loop_now(loop) == 5);
    loop_set_clock(loop, NULL, NULL);
    assert_true(loop_now(loop) > 5);
    source_close(&source);
}

/* Where no timer was due, the wait begins at once. */
static void clock_is_taken_again_after_timers_alone(void **state)
{
    struct loop *loop = *state;
    struct source source;
    struct timer timer;

    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    timer_init(&timer, say_letter, letter('t'), "test");
    loop_arm(loop, &timer, 6);
    loop_set_clock(loop, spoken_clock, NULL);
    memset(said, 0, sizeof(said));
    loop_turn(loop, 0);
    assert_string_equal(said, "cce");
    loop_cancel(loop, &timer);
    source_close(&source);
}

/* Lag. */

static nsec metered; /* what the meter was told last */

static void on_meter(void *owner, nsec lag)
{
    assert_ptr_equal(owner, &metered);
    metered = lag;
    say('m');
}

static const struct probe meter = {.owner = &metered, .turn = on_meter};

/* A loop that looks at 1 s of a clock which stands still, with a meter. */
static void begin_to_meter(struct loop *loop, struct fake_clock *clock)
{
    fake_clock_set(clock, loop, 0);
    loop_turn(loop, 0);
    loop_set_probe(loop, &meter);
    metered = NSEC_NEVER;
}

static void event_that_was_there_already_has_waited(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;

    begin_to_meter(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    clock.now += 5 * NSEC_PER_MS; /* a callback took so long */
    loop_turn(loop, 0);
    assert_string_equal(said, "me"); /* before the event is dispatched */
    assert_true(metered == 5 * NSEC_PER_MS);
    assert_true(loop_lag(loop) == 5 * NSEC_PER_MS);
    loop_turn(loop, 0); /* finds nothing, and lags by nothing */
    assert_string_equal(said, "me");
    assert_true(loop_lag(loop) == 0);
    loop_set_probe(loop, NULL);
    assert_int_equal(write(source.peer, "x", 1), 1);
    loop_turn(loop, 0);
    assert_string_equal(said, "mee");
    source_close(&source);
}

/* The wait took its time: the loop was there before the event. */
static void event_that_was_waited_for_has_not(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;

    begin_to_meter(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    clock.tick = NSEC_PER_MS;
    clock.now += 5 * NSEC_PER_MS;
    loop_turn(loop, 0);
    assert_string_equal(said, "me");
    assert_true(metered == 0);
    assert_true(loop_lag(loop) == 0);
    source_close(&source);
}

/* A timer that moves the clock, as one does whose callback takes long. */
struct slow_timer {
    struct timer timer;
    struct fake_clock *clock;
};

static void on_slow_timer(void *owner)
{
    struct slow_timer *slow = owner;

    say('s');
    slow->clock->now += 20 * NSEC_PER_MS;
}

static void timer_behind_a_long_callback_is_overdue(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct slow_timer slow = {.clock = &clock};
    struct timer next;

    begin_to_meter(loop, &clock);
    timer_init(&slow.timer, on_slow_timer, &slow, "test");
    timer_init(&next, say_letter, letter('n'), "test");
    loop_arm(loop, &slow.timer, clock.now);
    loop_arm(loop, &next, clock.now + 5 * NSEC_PER_MS);
    loop_turn(loop, 0);
    assert_string_equal(said, "s"); /* the deadline that passed is the next turn's, once */
    loop_turn(loop, 0);
    assert_string_equal(said, "snm");
    assert_true(metered == 15 * NSEC_PER_MS);
    loop_turn(loop, 0);
    assert_string_equal(said, "snm");
    assert_true(loop_lag(loop) == 0);
}

/* The process is stopped while it waits; an event comes meanwhile. The handler stands for both. */
static struct fake_clock *stopped_clock;
static int stopped_pipe;

static void on_stop(int number)
{
    (void)number;
    stopped_clock->now += 700 * NSEC_PER_MS;
    if (write(stopped_pipe, "x", 1) != 1)
        _exit(1);
}

static void stop_in_a_wait_is_lag(void **state)
{
    const struct itimerspec soon = {.it_value = {.tv_nsec = 20 * NSEC_PER_MS}};
    const struct sigaction action = {.sa_handler = on_stop};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;
    timer_t timer;

    begin_to_meter(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    loop_turn(loop, 0);
    stopped_clock = &clock;
    stopped_pipe = source.peer;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(said, "me"); /* it came back for the signal alone */
    loop_turn(loop, 0);
    assert_string_equal(said, "meme");
    assert_true(metered == 700 * NSEC_PER_MS);
    timer_delete(timer);
    source_close(&source);
}

static void timer_in_time_has_no_lag(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct timer timer;

    begin_to_meter(loop, &clock);
    timer_init(&timer, say_letter, letter('t'), "test");
    loop_arm(loop, &timer, clock.now);
    loop_turn(loop, 0);
    assert_string_equal(said, "t");
    assert_true(loop_lag(loop) == 0);
}

/* Two kinds of lag in one turn: the greater one counts. */
static void greater_lag_counts(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;
    struct timer timer;

    begin_to_meter(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    timer_init(&timer, say_letter, letter('t'), "test");
    loop_arm(loop, &timer, clock.now + 2 * NSEC_PER_MS);
    clock.now += 5 * NSEC_PER_MS;
    loop_turn(loop, 0);
    assert_string_equal(said, "tme");
    assert_true(metered == 5 * NSEC_PER_MS);
    source_close(&source);
}

static void close_other(struct source *source)
{
    loop_close(source->loop, &source->other->watch);
}

static void unwatch_other(struct source *source)
{
    if (source->other->watch.fd < 0)
        return;
    close(source->other->watch.fd);
    loop_unwatch(source->loop, &source->other->watch);
}

/* Both are ready in one batch; whichever comes first ends the other. */
static void event_of_a_closed_watch_is_dead(void **state)
{
    static void (*const ways[])(struct source *) = {close_other, unwatch_other};
    struct loop *loop = *state;

    for (size_t i = 0; i < LENGTH(ways); i++) {
        struct source a, b;

        source_open(&a, loop, 'a', WATCH_STREAM);
        source_open(&b, loop, 'b', WATCH_STREAM);
        a.act = b.act = ways[i];
        a.other = &b;
        b.other = &a;
        memset(said, 0, sizeof(said));
        unit_settle(loop);
        assert_int_equal(strlen(said), 1);
        source_close(&a);
        source_close(&b);
    }
}

static struct source heir; /* gets the number of a closed descriptor */

static void close_and_reuse(struct source *source)
{
    int fd = source->other->watch.fd, pair[2];

    loop_close(source->loop, &source->other->watch);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pair[0], fd);
    heir = (struct source){.loop = source->loop, .peer = pair[1], .letter = 'h'};
    watch_init(&heir.watch, on_source, &heir, "test");
    assert_int_equal(loop_watch(source->loop, &heir.watch, fd, EPOLLIN | EPOLLET), 0);
}

static void reused_number_gets_no_old_event(void **state)
{
    struct loop *loop = *state;
    struct source a, b;

    source_open(&a, loop, 'a', WATCH_STREAM);
    source_open(&b, loop, 'b', WATCH_STREAM);
    a.act = b.act = close_and_reuse;
    a.other = &b;
    b.other = &a;
    unit_settle(loop);
    assert_int_equal(strlen(said), 1);
    assert_int_equal(write(heir.peer, "x", 1), 1);
    unit_settle(loop);
    assert_int_equal(said[1], 'h');
    source_close(&a);
    source_close(&b);
    source_close(&heir);
}

static void close_self(struct source *source)
{
    loop_close(source->loop, &source->watch);
    loop_close(source->loop, &source->watch); /* nothing happens */
    assert_int_equal(source->watch.fd, -1);
}

static void callback_may_close_itself(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', EPOLLIN);
    a.act = close_self;
    unit_settle(loop);
    assert_string_equal(said, "a");
    source_close(&a);
}

static void on_changed(void *owner, uint32_t events)
{
    (void)owner;
    (void)events;
    say('n');
}

static void callback_and_interest_may_change(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', EPOLLIN);
    loop_turn(loop, 0);
    assert_string_equal(said, "a");
    assert_int_equal(a.events, EPOLLIN);
    loop_interest(loop, &a.watch, EPOLLOUT);
    loop_turn(loop, 0);
    assert_int_equal(a.events, EPOLLOUT);
    watch_set_owner(&a.watch, on_changed, &a, "test");
    loop_turn(loop, 0);
    assert_string_equal(said, "aan");
    loop_interest(loop, &a.watch, 0);
    loop_turn(loop, 0);
    assert_string_equal(said, "aan");
    source_close(&a);
}

static void unwatched_descriptor_stays_open(void **state)
{
    struct loop *loop = *state;
    struct source a;
    int fd;

    source_open(&a, loop, 'a', EPOLLIN);
    fd = a.watch.fd;
    loop_unwatch(loop, &a.watch);
    loop_unwatch(loop, &a.watch); /* nothing happens */
    unit_settle(loop);
    assert_string_equal(said, "");
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(loop_watch(loop, &a.watch, fd, EPOLLIN), 0);
    loop_turn(loop, 0);
    assert_string_equal(said, "a");
    source_close(&a);
}

static void regular_file_cannot_be_watched(void **state)
{
    struct loop *loop = *state;
    FILE *file = tmpfile();
    struct watch watch;

    assert_non_null(file);
    watch_init(&watch, on_changed, NULL, "test");
    assert_int_equal(loop_watch(loop, &watch, fileno(file), EPOLLIN), EPERM);
    assert_int_equal(watch.fd, -1);
    fclose(file);
}

/* The ready list. */

static void yield_twice(struct source *source)
{
    if (strlen(said) < 3)
        loop_yield(source->loop, &source->watch, 1u << (strlen(said) + 8));
}

static void watch_that_yields_comes_again(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', WATCH_STREAM);
    a.act = yield_twice;
    loop_turn(loop, NSEC_NEVER); /* the event, and what it put off to step 6 of this turn */
    assert_string_equal(said, "aa");
    assert_int_equal(a.events, 1u << 9);
    loop_turn(loop, NSEC_NEVER); /* put off in step 6: not before the next turn */
    assert_string_equal(said, "aaa");
    assert_int_equal(a.events, 1u << 10);
    unit_settle(loop);
    assert_string_equal(said, "aaa");
    source_close(&a);
}

static void events_of_the_ready_list_add_up(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', 0);
    loop_yield(loop, &a.watch, EPOLLIN);
    loop_yield(loop, &a.watch, EPOLLOUT);
    loop_turn(loop, 0);
    assert_string_equal(said, "a");
    assert_int_equal(a.events, EPOLLIN | EPOLLOUT);
    loop_yield(loop, &a.watch, 0);
    loop_turn(loop, 0);
    assert_string_equal(said, "aa");
    assert_int_equal(a.events, 0);
    source_close(&a);
}

static void closing_a_queued_watch_drops_it(void **state)
{
    struct loop *loop = *state;
    struct source a, b, c;

    source_open(&a, loop, 'a', 0);
    source_open(&b, loop, 'b', 0);
    source_open(&c, loop, 'c', 0);
    a.act = close_other;
    a.other = &b;
    loop_yield(loop, &a.watch, 0);
    loop_yield(loop, &b.watch, 0);
    loop_yield(loop, &c.watch, 0);
    unit_settle(loop);
    assert_string_equal(said, "ac");
    source_close(&a);
    source_close(&b);
    source_close(&c);
}

/* What was queued for a watch is not delivered to its next life. */
static void watched_anew_without_old_events(void **state)
{
    struct loop *loop = *state;
    struct source a;
    int fd;

    source_open(&a, loop, 'a', 0);
    fd = a.watch.fd;
    loop_yield(loop, &a.watch, EPOLLHUP);
    loop_unwatch(loop, &a.watch);
    unit_settle(loop);
    assert_string_equal(said, "");
    assert_int_equal(loop_watch(loop, &a.watch, fd, 0), 0);
    loop_yield(loop, &a.watch, EPOLLIN);
    unit_settle(loop);
    assert_string_equal(said, "a");
    assert_int_equal(a.events, EPOLLIN);
    source_close(&a);
}

static struct loop *task_loop;
static struct task tasks[3];

static void run_first(void *owner)
{
    (void)owner;
    say('0');
    loop_defer(task_loop, &tasks[0]); /* itself, for the next turn */
    loop_defer(task_loop, &tasks[2]); /* queued already, at first */
    loop_undefer(task_loop, &tasks[1]);
}

static void tasks_run_once_and_in_order(void **state)
{
    struct loop *loop = task_loop = *state;

    task_init(&tasks[0], run_first, NULL, "test");
    task_init(&tasks[1], say_letter, letter('1'), "test");
    task_init(&tasks[2], say_letter, letter('2'), "test");
    for (int i = 0; i < 3; i++)
        loop_defer(loop, &tasks[i]);
    loop_defer(loop, &tasks[1]);
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(said, "02");
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(said, "020");
    loop_undefer(loop, &tasks[0]);
    loop_undefer(loop, &tasks[0]); /* nothing happens */
    loop_undefer(loop, &tasks[2]);
    unit_settle(loop);
    assert_string_equal(said, "020");
}

/* Graves. */

static struct deferred_free two[2];
static struct loop *deferred_loop;

static void free_first(void *owner)
{
    (void)owner;
    say('f');
    loop_free_later(deferred_loop, &two[1], say_letter,
                    letter('g')); /* whose freeing closes something */
}

static void bury_in_callback(struct source *source)
{
    loop_free_later(source->loop, &two[0], free_first, NULL);
    loop_close(source->loop, &source->watch);
}

static void closed_dies_between_turns(void **state)
{
    struct loop *loop = deferred_loop = *state;
    struct source a, b;
    struct task task;

    source_open(&a, loop, 'a', WATCH_STREAM);
    source_open(&b, loop, 'a', WATCH_STREAM);
    a.act = b.act = bury_in_callback;
    b.act = NULL;
    task_init(&task, say_letter, letter('r'), "test");
    loop_defer(loop, &task);
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(said, "aarfg");
    source_close(&a);
    source_close(&b);
}

static void freeing_the_loop_frees_what_is_left(void **state)
{
    struct loop *loop = loop_new();
    struct deferred_free deferred;

    (void)state;
    loop_free_later(loop, &deferred, say_letter, letter('f'));
    loop_free(loop);
    assert_string_equal(said, "f");
}

/* Running, stopping, waiting. */

static void stop_loop(void *owner)
{
    say('s');
    loop_stop(owner);
}

static void run_ends_at_the_end_of_the_turn(void **state)
{
    struct loop *loop = *state;
    struct task stop, other;

    loop_stop(loop);
    loop_run(loop); /* returns at once */
    task_init(&stop, stop_loop, loop, "test");
    task_init(&other, say_letter, letter('o'), "test");
    loop_defer(loop, &stop);
    loop_defer(loop, &other);
    loop_run(loop);
    assert_string_equal(said, "so");
}

struct alarm_clock {
    struct timer timer;
    struct loop *loop;
    bool early;
    char letter;
};

static void on_alarm(void *owner)
{
    struct alarm_clock *one = owner;

    one->early = clock_now() < one->timer.deadline || loop_now(one->loop) < one->timer.deadline;
    say(one->letter);
    if (one->letter == 'z')
        loop_stop(one->loop);
}

/* Three timers, the latest armed first; true if they fire in order and none early. */
static bool timers_fire_in_order(struct loop *loop)
{
    static const nsec after[] = {3700 * NSEC_PER_US, 1400 * NSEC_PER_US, 200 * NSEC_PER_US};
    static const char letters[] = "zyx";
    struct alarm_clock clocks[LENGTH(after)] = {0};

    memset(said, 0, sizeof(said));
    for (size_t i = 0; i < LENGTH(after); i++) {
        clocks[i].loop = loop;
        clocks[i].letter = letters[i];
        timer_init(&clocks[i].timer, on_alarm, &clocks[i], "test");
        loop_arm(loop, &clocks[i].timer, clock_now() + after[i]);
    }
    loop_run(loop);
    CHILD_CHECK(!strcmp(said, "xyz"));
    for (size_t i = 0; i < LENGTH(after); i++)
        CHILD_CHECK(!clocks[i].early);
    return true;
}

static void timers_are_never_early(void **state)
{
    assert_true(timers_fire_in_order(*state));
    assert_int_equal(prctl(PR_GET_TIMERSLACK), 1);
}

/* From here on the kernel of this process knows no epoll_pwait2. */
static bool forbid_epoll_pwait2(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {LENGTH(filter), filter};

    CHILD_CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHILD_CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
    CHILD_CHECK(syscall(SYS_epoll_pwait2, -1, NULL, 0, NULL, NULL, 8) < 0 && errno == ENOSYS);
    return true;
}

static bool check_old_kernel(void)
{
    struct loop *loop = loop_new();
    int efd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    struct source source = {.loop = loop, .letter = 'e'};

    CHILD_CHECK(forbid_epoll_pwait2());
    watch_init(&source.watch, on_source, &source, "test");
    CHILD_CHECK(!loop_watch(loop, &source.watch, efd, EPOLLIN | EPOLLET));
    calls_reset();
    loop_turn(loop, NSEC_NEVER);
    CHILD_CHECK(!strcmp(said, "e")); /* the turn in which it was found out loses no event */
    CHILD_CHECK(timers_fire_in_order(loop));
    CHILD_CHECK(calls.epoll_pwait2 == 1); /* it changes once */
    loop_close(loop, &source.watch);
    loop_free(loop);
    return true;
}

static void old_kernel_waits_in_milliseconds(void **state)
{
    (void)state;
    unit_in_child(check_old_kernel);
}

static void fake_clock_moves_timers(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct timer timer;

    fake_clock_set(&clock, loop, 0);
    timer_init(&timer, say_letter, letter('t'), "test");
    loop_arm(loop, &timer, clock.now + 3600 * NSEC_PER_S);
    unit_settle(loop);
    assert_string_equal(said, "");
    clock.now += 3600 * NSEC_PER_S;
    assert_true(loop_clock(loop) == clock.now);
    assert_true(loop_now(loop) < clock.now);
    loop_turn(loop, 0);
    assert_string_equal(said, "t");
    loop_set_clock(loop, NULL, NULL);
}

/* --- more work than fits a turn --- */

#define MANY_TASKS 1000

static struct work {
    struct loop *loop;
    struct task tasks[MANY_TASKS];
    size_t order[MANY_TASKS]; /* of the tasks that ran */
    size_t ran;
    size_t ran_before_timer;
    size_t ran_before_free;
    struct timer timer;
    struct deferred_free deferred;
} work;

static void free_in_time(void *owner)
{
    (void)owner;
    work.ran_before_free = work.ran;
}

static void run_one(void *owner)
{
    struct task *task = owner;

    assert_true(work.ran < MANY_TASKS);
    if (!work.ran)
        loop_free_later(work.loop, &work.deferred, free_in_time, NULL);
    work.order[work.ran++] = (size_t)(task - work.tasks);
}

static void note_timer(void *owner)
{
    (void)owner;
    work.ran_before_timer = work.ran;
}

/* A turn that has more ready work than it should do at once: timers are served and memory is freed before
   the rest is run, in its order and once. */
static void turns_are_short(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    int turns = 0;

    memset(&work, 0, sizeof(work));
    work.loop = loop;
    fake_clock_set(&clock, loop, 1);
    timer_init(&work.timer, note_timer, NULL, "test");
    for (size_t i = 0; i < MANY_TASKS; i++) {
        task_init(&work.tasks[i], run_one, &work.tasks[i], "test");
        loop_defer(loop, &work.tasks[i]);
    }
    loop_arm(loop, &work.timer, loop_now(loop) + 1);
    for (; work.ran < MANY_TASKS && turns < MANY_TASKS; turns++)
        loop_turn(loop, NSEC_NEVER); /* it does not wait while work is ready */
    assert_true(turns > 1 && turns < MANY_TASKS);
    assert_true(work.ran_before_timer < MANY_TASKS / 5);
    assert_true(work.ran_before_free > 0 && work.ran_before_free < MANY_TASKS / 5);
    for (size_t i = 0; i < MANY_TASKS; i++)
        assert_int_equal(work.order[i], i);
    loop_set_clock(loop, NULL, NULL);
}

/* What is put off in step 6 belongs to the next turn, also where older work is left over. */
static void task_that_comes_back(void *owner)
{
    say('a');
    loop_defer(owner, &work.tasks[0]);
}

static void say_other(void *owner)
{
    (void)owner;
    say('b');
}

static void tasks_that_come_back_let_others_run(void **state)
{
    struct loop *loop = *state;

    memset(&work, 0, sizeof(work));
    task_init(&work.tasks[0], task_that_comes_back, loop, "test");
    task_init(&work.tasks[1], say_other, NULL, "test");
    loop_defer(loop, &work.tasks[0]);
    loop_defer(loop, &work.tasks[1]);
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    assert_string_equal(said, "aba");
    loop_undefer(loop, &work.tasks[0]);
}

static void buffer_is_all_there(void **state)
{
    memset(loop_buffer(*state), 0xa5, LOOP_BUFFER_BYTES);
    assert_ptr_equal(loop_buffer(*state), loop_buffer(*state));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(steps_come_in_order),
        CASE(clock_is_taken_again_after_timers_alone),
        CASE(event_that_was_there_already_has_waited),
        CASE(event_that_was_waited_for_has_not),
        CASE(timer_behind_a_long_callback_is_overdue),
        CASE(stop_in_a_wait_is_lag),
        CASE(timer_in_time_has_no_lag),
        CASE(greater_lag_counts),
        CASE(event_of_a_closed_watch_is_dead),
        CASE(reused_number_gets_no_old_event),
        CASE(callback_may_close_itself),
        CASE(callback_and_interest_may_change),
        CASE(unwatched_descriptor_stays_open),
        CASE(regular_file_cannot_be_watched),
        CASE(watch_that_yields_comes_again),
        CASE(events_of_the_ready_list_add_up),
        CASE(closing_a_queued_watch_drops_it),
        CASE(watched_anew_without_old_events),
        CASE(tasks_run_once_and_in_order),
        CASE(closed_dies_between_turns),
        CASE(freeing_the_loop_frees_what_is_left),
        CASE(run_ends_at_the_end_of_the_turn),
        CASE(timers_are_never_early),
        CASE(old_kernel_waits_in_milliseconds),
        CASE(fake_clock_moves_timers),
        CASE(turns_are_short),
        CASE(tasks_that_come_back_let_others_run),
        CASE(buffer_is_all_there),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}

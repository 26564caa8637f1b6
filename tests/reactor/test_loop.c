/* The seven steps of a turn, and which objects may be closed, deferred or freed in each. */
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

/* The callbacks that ran, in order: a letter each. */
static char trace[64];

static void trace_add(char letter)
{
    size_t length = strlen(trace);

    if (length < sizeof(trace) - 1) {
        trace[length] = letter;
        trace[length + 1] = '\0';
    }
}

static int setup(void **state)
{
    memset(trace, 0, sizeof(trace));
    *state = loop_new();
    return 0;
}

static int teardown(void **state)
{
    loop_free(*state);
    return 0;
}

/* A watched descriptor that is readable. */
struct source {
    struct loop *loop;
    struct watch watch;
    int peer; /* the other end of a socketpair, or -1 */
    char letter;
    uint32_t events; /* reported last */
    void (*act)(struct source *source);
    struct source *other;
};

static void on_source(void *owner, uint32_t events)
{
    struct source *source = owner;

    source->events = events;
    trace_add(source->letter);
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

/* Callbacks that add a letter to the trace: of the clock, of timers, tasks and deferred frees. */
static nsec tracing_clock(void *arg)
{
    (void)arg;
    trace_add('c');
    return 5;
}

static char *letter(char name)
{
    static char letters[128];

    letters[(int)name] = name;
    return &letters[(int)name];
}

static void trace_letter(void *owner)
{
    trace_add(*(const char *)owner);
}

static void steps_run_in_order(void **state)
{
    struct loop *loop = *state;
    struct source source;
    struct timer timer;
    struct task task;
    struct deferred_free deferred;

    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    loop_free_later(loop, &deferred, trace_letter, letter('f'));
    task_init(&task, trace_letter, letter('r'), "test");
    loop_defer(loop, &task);
    timer_init(&timer, trace_letter, letter('t'), "test");
    loop_arm(loop, &timer, 5);
    loop_set_clock(loop, tracing_clock, NULL);
    memset(trace, 0, sizeof(trace));
    loop_turn(loop, NSEC_NEVER); /* does not wait, because a task is ready */
    assert_string_equal(trace, "ctccerf");
    assert_true(loop_now(loop) == 5);
    loop_set_clock(loop, NULL, NULL);
    assert_true(loop_now(loop) > 5);
    source_close(&source);
}

/* If no timer is due, the clock is not read again before the wait. */
static void clock_is_read_again_only_after_timers(void **state)
{
    struct loop *loop = *state;
    struct source source;
    struct timer timer;

    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    timer_init(&timer, trace_letter, letter('t'), "test");
    loop_arm(loop, &timer, 6);
    loop_set_clock(loop, tracing_clock, NULL);
    memset(trace, 0, sizeof(trace));
    loop_turn(loop, 0);
    assert_string_equal(trace, "cce");
    loop_cancel(loop, &timer);
    source_close(&source);
}

/* Lag. */

static nsec reported_lag; /* the lag that the probe got last */

static void on_lag(void *owner, nsec lag)
{
    assert_ptr_equal(owner, &reported_lag);
    reported_lag = lag;
    trace_add('l');
}

static const struct probe lag_probe = {.owner = &reported_lag, .turn = on_lag};

/* Sets the loop's clock to 1 s, stopped, and its probe to lag_probe. */
static void set_lag_probe(struct loop *loop, struct fake_clock *clock)
{
    fake_clock_set(clock, loop, 0);
    loop_turn(loop, 0);
    loop_set_probe(loop, &lag_probe);
    reported_lag = NSEC_NEVER;
}

static void lag_of_an_event_that_was_pending(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;

    set_lag_probe(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    clock.now += 5 * NSEC_PER_MS; /* a callback that took 5 ms */
    loop_turn(loop, 0);
    assert_string_equal(trace, "le"); /* before the event is dispatched */
    assert_true(reported_lag == 5 * NSEC_PER_MS);
    assert_true(loop_lag(loop) == 5 * NSEC_PER_MS);
    loop_turn(loop, 0); /* no event: no lag */
    assert_string_equal(trace, "le");
    assert_true(loop_lag(loop) == 0);
    loop_set_probe(loop, NULL);
    assert_int_equal(write(source.peer, "x", 1), 1);
    loop_turn(loop, 0);
    assert_string_equal(trace, "lee");
    source_close(&source);
}

/* The event arrived during the wait, so it did not wait for the loop. */
static void no_lag_of_an_event_that_was_waited_for(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;

    set_lag_probe(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    clock.tick = NSEC_PER_MS;
    clock.now += 5 * NSEC_PER_MS;
    loop_turn(loop, 0);
    assert_string_equal(trace, "le");
    assert_true(reported_lag == 0);
    assert_true(loop_lag(loop) == 0);
    source_close(&source);
}

/* A timer whose callback takes 20 ms. */
struct slow_timer {
    struct timer timer;
    struct fake_clock *clock;
};

static void on_slow_timer(void *owner)
{
    struct slow_timer *slow = owner;

    trace_add('s');
    slow->clock->now += 20 * NSEC_PER_MS;
}

static void timer_after_a_long_callback_is_overdue(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct slow_timer slow = {.clock = &clock};
    struct timer next;

    set_lag_probe(loop, &clock);
    timer_init(&slow.timer, on_slow_timer, &slow, "test");
    timer_init(&next, trace_letter, letter('n'), "test");
    loop_arm(loop, &slow.timer, clock.now);
    loop_arm(loop, &next, clock.now + 5 * NSEC_PER_MS);
    loop_turn(loop, 0);
    /* the other deadline passed meanwhile: it is due in the next turn */
    assert_string_equal(trace, "s");
    loop_turn(loop, 0);
    assert_string_equal(trace, "snl");
    assert_true(reported_lag == 15 * NSEC_PER_MS);
    loop_turn(loop, 0);
    assert_string_equal(trace, "snl");
    assert_true(loop_lag(loop) == 0);
}

/* Simulates a process that is stopped during a wait, with an event meanwhile. */
static struct fake_clock *stopped_clock;
static int stopped_pipe;

static void on_stop(int number)
{
    (void)number;
    stopped_clock->now += 700 * NSEC_PER_MS;
    if (write(stopped_pipe, "x", 1) != 1)
        _exit(1);
}

static void stopped_process_is_reported_as_lag(void **state)
{
    const struct itimerspec soon = {.it_value = {.tv_nsec = 20 * NSEC_PER_MS}};
    const struct sigaction action = {.sa_handler = on_stop};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;
    timer_t timer;

    set_lag_probe(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    loop_turn(loop, 0);
    stopped_clock = &clock;
    stopped_pipe = source.peer;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(trace, "le"); /* the signal ended the wait; no event yet */
    loop_turn(loop, 0);
    assert_string_equal(trace, "lele");
    assert_true(reported_lag == 700 * NSEC_PER_MS);
    timer_delete(timer);
    source_close(&source);
}

static void timer_in_time_has_no_lag(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct timer timer;

    set_lag_probe(loop, &clock);
    timer_init(&timer, trace_letter, letter('t'), "test");
    loop_arm(loop, &timer, clock.now);
    loop_turn(loop, 0);
    assert_string_equal(trace, "t");
    assert_true(loop_lag(loop) == 0);
}

/* If a turn has two kinds of lag, the greater one is reported. */
static void greater_lag_is_reported(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct source source;
    struct timer timer;

    set_lag_probe(loop, &clock);
    source_open(&source, loop, 'e', EPOLLIN | EPOLLET);
    timer_init(&timer, trace_letter, letter('t'), "test");
    loop_arm(loop, &timer, clock.now + 2 * NSEC_PER_MS);
    clock.now += 5 * NSEC_PER_MS;
    loop_turn(loop, 0);
    assert_string_equal(trace, "tle");
    assert_true(reported_lag == 5 * NSEC_PER_MS);
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

/* Both watches are ready in the same turn; the first one closes the other. */
static void event_of_a_closed_watch_is_dropped(void **state)
{
    static void (*const closings[])(struct source *) = {close_other, unwatch_other};
    struct loop *loop = *state;

    for (size_t i = 0; i < LENGTH(closings); i++) {
        struct source a, b;

        source_open(&a, loop, 'a', WATCH_STREAM);
        source_open(&b, loop, 'b', WATCH_STREAM);
        a.act = b.act = closings[i];
        a.other = &b;
        b.other = &a;
        memset(trace, 0, sizeof(trace));
        unit_settle(loop);
        assert_int_equal(strlen(trace), 1);
        source_close(&a);
        source_close(&b);
    }
}

static struct source reused; /* reuses the number of a closed descriptor */

static void close_and_reuse(struct source *source)
{
    int fd = source->other->watch.fd, pair[2];

    loop_close(source->loop, &source->other->watch);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pair[0], fd);
    reused = (struct source){.loop = source->loop, .peer = pair[1], .letter = 'h'};
    watch_init(&reused.watch, on_source, &reused, "test");
    assert_int_equal(loop_watch(source->loop, &reused.watch, fd, EPOLLIN | EPOLLET), 0);
}

static void reused_descriptor_gets_no_old_event(void **state)
{
    struct loop *loop = *state;
    struct source a, b;

    source_open(&a, loop, 'a', WATCH_STREAM);
    source_open(&b, loop, 'b', WATCH_STREAM);
    a.act = b.act = close_and_reuse;
    a.other = &b;
    b.other = &a;
    unit_settle(loop);
    assert_int_equal(strlen(trace), 1);
    assert_int_equal(write(reused.peer, "x", 1), 1);
    unit_settle(loop);
    assert_int_equal(trace[1], 'h');
    source_close(&a);
    source_close(&b);
    source_close(&reused);
}

static void close_self(struct source *source)
{
    loop_close(source->loop, &source->watch);
    loop_close(source->loop, &source->watch); /* no effect */
    assert_int_equal(source->watch.fd, -1);
}

static void callback_may_close_itself(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', EPOLLIN);
    a.act = close_self;
    unit_settle(loop);
    assert_string_equal(trace, "a");
    source_close(&a);
}

static void on_changed(void *owner, uint32_t events)
{
    (void)owner;
    (void)events;
    trace_add('n');
}

static void callback_and_interest_may_change(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', EPOLLIN);
    loop_turn(loop, 0);
    assert_string_equal(trace, "a");
    assert_int_equal(a.events, EPOLLIN);
    loop_set_interest(loop, &a.watch, EPOLLOUT);
    loop_turn(loop, 0);
    assert_int_equal(a.events, EPOLLOUT);
    watch_set_owner(&a.watch, on_changed, &a, "test");
    loop_turn(loop, 0);
    assert_string_equal(trace, "aan");
    loop_set_interest(loop, &a.watch, 0);
    loop_turn(loop, 0);
    assert_string_equal(trace, "aan");
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
    loop_unwatch(loop, &a.watch); /* no effect */
    unit_settle(loop);
    assert_string_equal(trace, "");
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(loop_watch(loop, &a.watch, fd, EPOLLIN), 0);
    loop_turn(loop, 0);
    assert_string_equal(trace, "a");
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
    if (strlen(trace) < 3)
        loop_yield(source->loop, &source->watch, 1u << (strlen(trace) + 8));
}

static void watch_that_yields_is_called_again(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', WATCH_STREAM);
    a.act = yield_twice;
    loop_turn(loop, NSEC_NEVER); /* the event, then step 6 of the same turn */
    assert_string_equal(trace, "aa");
    assert_int_equal(a.events, 1u << 9);
    loop_turn(loop, NSEC_NEVER); /* yielded in step 6: called in the next turn */
    assert_string_equal(trace, "aaa");
    assert_int_equal(a.events, 1u << 10);
    unit_settle(loop);
    assert_string_equal(trace, "aaa");
    source_close(&a);
}

static void events_of_the_ready_list_are_combined(void **state)
{
    struct loop *loop = *state;
    struct source a;

    source_open(&a, loop, 'a', 0);
    loop_yield(loop, &a.watch, EPOLLIN);
    loop_yield(loop, &a.watch, EPOLLOUT);
    loop_turn(loop, 0);
    assert_string_equal(trace, "a");
    assert_int_equal(a.events, EPOLLIN | EPOLLOUT);
    loop_yield(loop, &a.watch, 0);
    loop_turn(loop, 0);
    assert_string_equal(trace, "aa");
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
    assert_string_equal(trace, "ac");
    source_close(&a);
    source_close(&b);
    source_close(&c);
}

/* Events that were queued before loop_unwatch are not delivered after the next loop_watch. */
static void watched_again_without_old_events(void **state)
{
    struct loop *loop = *state;
    struct source a;
    int fd;

    source_open(&a, loop, 'a', 0);
    fd = a.watch.fd;
    loop_yield(loop, &a.watch, EPOLLHUP);
    loop_unwatch(loop, &a.watch);
    unit_settle(loop);
    assert_string_equal(trace, "");
    assert_int_equal(loop_watch(loop, &a.watch, fd, 0), 0);
    loop_yield(loop, &a.watch, EPOLLIN);
    unit_settle(loop);
    assert_string_equal(trace, "a");
    assert_int_equal(a.events, EPOLLIN);
    source_close(&a);
}

static struct loop *task_loop;
static struct task tasks[3];

static void run_first(void *owner)
{
    (void)owner;
    trace_add('0');
    loop_defer(task_loop, &tasks[0]); /* itself: runs in the next turn */
    loop_defer(task_loop, &tasks[2]); /* in the first run it is already queued */
    loop_undefer(task_loop, &tasks[1]);
}

static void tasks_run_once_and_in_order(void **state)
{
    struct loop *loop = task_loop = *state;

    task_init(&tasks[0], run_first, NULL, "test");
    task_init(&tasks[1], trace_letter, letter('1'), "test");
    task_init(&tasks[2], trace_letter, letter('2'), "test");
    for (int i = 0; i < 3; i++)
        loop_defer(loop, &tasks[i]);
    loop_defer(loop, &tasks[1]);
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(trace, "02");
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(trace, "020");
    loop_undefer(loop, &tasks[0]);
    loop_undefer(loop, &tasks[0]); /* no effect */
    loop_undefer(loop, &tasks[2]);
    unit_settle(loop);
    assert_string_equal(trace, "020");
}

/* Deferred frees. */

static struct deferred_free two[2];
static struct loop *deferred_loop;

static void free_first(void *owner)
{
    (void)owner;
    trace_add('f');
    loop_free_later(deferred_loop, &two[1], trace_letter,
                    letter('g')); /* a free that defers another free */
}

static void free_later_in_callback(struct source *source)
{
    loop_free_later(source->loop, &two[0], free_first, NULL);
    loop_close(source->loop, &source->watch);
}

static void closed_objects_are_freed_at_the_end_of_the_turn(void **state)
{
    struct loop *loop = deferred_loop = *state;
    struct source a, b;
    struct task task;

    source_open(&a, loop, 'a', WATCH_STREAM);
    source_open(&b, loop, 'a', WATCH_STREAM);
    a.act = b.act = free_later_in_callback;
    b.act = NULL;
    task_init(&task, trace_letter, letter('r'), "test");
    loop_defer(loop, &task);
    loop_turn(loop, NSEC_NEVER);
    assert_string_equal(trace, "aarfg");
    source_close(&a);
    source_close(&b);
}

static void loop_free_runs_deferred_frees(void **state)
{
    struct loop *loop = loop_new();
    struct deferred_free deferred;

    (void)state;
    loop_free_later(loop, &deferred, trace_letter, letter('f'));
    loop_free(loop);
    assert_string_equal(trace, "f");
}

/* Running, stopping, waiting. */

static void stop_loop(void *owner)
{
    trace_add('s');
    loop_stop(owner);
}

static void run_ends_at_the_end_of_the_turn(void **state)
{
    struct loop *loop = *state;
    struct task stop, other;

    loop_stop(loop);
    loop_run(loop); /* returns immediately */
    task_init(&stop, stop_loop, loop, "test");
    task_init(&other, trace_letter, letter('o'), "test");
    loop_defer(loop, &stop);
    loop_defer(loop, &other);
    loop_run(loop);
    assert_string_equal(trace, "so");
}

struct test_timer {
    struct timer timer;
    struct loop *loop;
    bool early;
    char letter;
};

static void on_alarm(void *owner)
{
    struct test_timer *one = owner;

    one->early = clock_now() < one->timer.deadline || loop_now(one->loop) < one->timer.deadline;
    trace_add(one->letter);
    if (one->letter == 'z')
        loop_stop(one->loop);
}

/* Arms three timers, the latest first. Returns true if they fire in order and none is early. */
static bool timers_fire_in_order(struct loop *loop)
{
    static const nsec after[] = {3700 * NSEC_PER_US, 1400 * NSEC_PER_US, 200 * NSEC_PER_US};
    static const char letters[] = "zyx";
    struct test_timer clocks[LENGTH(after)] = {0};

    memset(trace, 0, sizeof(trace));
    for (size_t i = 0; i < LENGTH(after); i++) {
        clocks[i].loop = loop;
        clocks[i].letter = letters[i];
        timer_init(&clocks[i].timer, on_alarm, &clocks[i], "test");
        loop_arm(loop, &clocks[i].timer, clock_now() + after[i]);
    }
    loop_run(loop);
    CHILD_CHECK(!strcmp(trace, "xyz"));
    for (size_t i = 0; i < LENGTH(after); i++)
        CHILD_CHECK(!clocks[i].early);
    return true;
}

static void timers_are_never_early(void **state)
{
    assert_true(timers_fire_in_order(*state));
    assert_int_equal(prctl(PR_GET_TIMERSLACK), 1);
}

/* Makes epoll_pwait2 fail with ENOSYS in this process, as on old kernels. */
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
    CHILD_CHECK(!strcmp(trace, "e")); /* the turn that detects ENOSYS loses no event */
    CHILD_CHECK(timers_fire_in_order(loop));
    CHILD_CHECK(calls.epoll_pwait2 == 1); /* not called again after ENOSYS */
    loop_close(loop, &source.watch);
    loop_free(loop);
    return true;
}

static void old_kernel_waits_in_milliseconds(void **state)
{
    (void)state;
    unit_in_child(check_old_kernel);
}

static void timers_follow_the_fake_clock(void **state)
{
    struct loop *loop = *state;
    struct fake_clock clock;
    struct timer timer;

    fake_clock_set(&clock, loop, 0);
    timer_init(&timer, trace_letter, letter('t'), "test");
    loop_arm(loop, &timer, clock.now + 3600 * NSEC_PER_S);
    unit_settle(loop);
    assert_string_equal(trace, "");
    clock.now += 3600 * NSEC_PER_S;
    assert_true(loop_clock(loop) == clock.now);
    assert_true(loop_now(loop) < clock.now);
    loop_turn(loop, 0);
    assert_string_equal(trace, "t");
    loop_set_clock(loop, NULL, NULL);
}

/* More work than one turn runs. */

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

static void note_free(void *owner)
{
    (void)owner;
    work.ran_before_free = work.ran;
}

static void run_one(void *owner)
{
    struct task *task = owner;

    assert_true(work.ran < MANY_TASKS);
    if (!work.ran)
        loop_free_later(work.loop, &work.deferred, note_free, NULL);
    work.order[work.ran++] = (size_t)(task - work.tasks);
}

static void note_timer(void *owner)
{
    (void)owner;
    work.ran_before_timer = work.ran;
}

/* With more ready work than one turn runs, timers fire and memory is freed before the rest runs;
   the tasks run in order, once each. */
static void work_of_a_turn_is_limited(void **state)
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
        loop_turn(loop, NSEC_NEVER); /* does not wait while work is ready */
    assert_true(turns > 1 && turns < MANY_TASKS);
    assert_true(work.ran_before_timer < MANY_TASKS / 5);
    assert_true(work.ran_before_free > 0 && work.ran_before_free < MANY_TASKS / 5);
    for (size_t i = 0; i < MANY_TASKS; i++)
        assert_int_equal(work.order[i], i);
    loop_set_clock(loop, NULL, NULL);
}

/* A task that is deferred in step 6 runs in the next turn, after older tasks that are left over. */
static void run_again(void *owner)
{
    trace_add('a');
    loop_defer(owner, &work.tasks[0]);
}

static void run_other(void *owner)
{
    (void)owner;
    trace_add('b');
}

static void tasks_that_defer_themselves_let_others_run(void **state)
{
    struct loop *loop = *state;

    memset(&work, 0, sizeof(work));
    task_init(&work.tasks[0], run_again, loop, "test");
    task_init(&work.tasks[1], run_other, NULL, "test");
    loop_defer(loop, &work.tasks[0]);
    loop_defer(loop, &work.tasks[1]);
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    assert_string_equal(trace, "aba");
    loop_undefer(loop, &work.tasks[0]);
}

static void whole_buffer_is_writable(void **state)
{
    memset(loop_buffer(*state), 0xa5, LOOP_BUFFER_BYTES);
    assert_ptr_equal(loop_buffer(*state), loop_buffer(*state));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(steps_run_in_order),
        CASE(clock_is_read_again_only_after_timers),
        CASE(lag_of_an_event_that_was_pending),
        CASE(no_lag_of_an_event_that_was_waited_for),
        CASE(timer_after_a_long_callback_is_overdue),
        CASE(stopped_process_is_reported_as_lag),
        CASE(timer_in_time_has_no_lag),
        CASE(greater_lag_is_reported),
        CASE(event_of_a_closed_watch_is_dropped),
        CASE(reused_descriptor_gets_no_old_event),
        CASE(callback_may_close_itself),
        CASE(callback_and_interest_may_change),
        CASE(unwatched_descriptor_stays_open),
        CASE(regular_file_cannot_be_watched),
        CASE(watch_that_yields_is_called_again),
        CASE(events_of_the_ready_list_are_combined),
        CASE(closing_a_queued_watch_drops_it),
        CASE(watched_again_without_old_events),
        CASE(tasks_run_once_and_in_order),
        CASE(closed_objects_are_freed_at_the_end_of_the_turn),
        CASE(loop_free_runs_deferred_frees),
        CASE(run_ends_at_the_end_of_the_turn),
        CASE(timers_are_never_early),
        CASE(old_kernel_waits_in_milliseconds),
        CASE(timers_follow_the_fake_clock),
        CASE(work_of_a_turn_is_limited),
        CASE(tasks_that_defer_themselves_let_others_run),
        CASE(whole_buffer_is_writable),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}

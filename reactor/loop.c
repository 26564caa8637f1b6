/*
 * The loop, on top of epoll. Goals: loop_turn shows the seven steps of loop.h; waiting allocates
 * nothing; waits are as exact as the kernel's timers.
 *
 * Rejected: a table of callbacks indexed by descriptor (a number that is closed and reused would
 * get the events of the old file); timerfd (costs a system call for each change of the earliest
 * deadline; epoll_pwait2 takes the deadline as an argument).
 */
#include "reactor/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/memory.h"

/* A wait that returns within IMMEDIATE, plus IMMEDIATE_PER_EVENT for each event, did not sleep: its
   events were there before it began. */
#define IMMEDIATE           (3 * NSEC_PER_US)
#define IMMEDIATE_PER_EVENT (NSEC_PER_US / 2)

/* The limit is IMMEDIATE_AFTER_ABSENCE instead if the time since the last wait is LONG_ABSENCE or
   more, because the CPU caches are cold then, or if the wait returned EVENTS_PER_TURN events. */
#define LONG_ABSENCE            (10 * NSEC_PER_MS)
#define IMMEDIATE_AFTER_ABSENCE (200 * NSEC_PER_US)

/* Small, because deadlines are checked once per turn and one event may take 2 ms: a handshake. */
#define EVENTS_PER_TURN 16

/* Limit of the ready list's entries that one turn runs, for the same reason. */
#define READY_PER_TURN 64

#define EXIT_NO_LOOP 3 /* exit status: the loop cannot be set up */

struct loop {
    nsec now;                        /* read in step 1, 2 or 4 */
    nsec no_events_at;               /* when the kernel last had no event, as far as is known */
    nsec lag;                        /* of this turn */
    nsec (*clock)(void *);           /* NULL: clock_now */
    void *clock_arg;                 /* argument of `clock` */
    const struct probe *probe;       /* NULL: none */
    const struct probe *begun_probe; /* the probe that got the running callback's first report */
    enum probe_kind begun_kind;      /* kind of the running callback, as reported */
    const char *begun_name;          /* name of the running callback, as reported */
    struct timer_heap timers;
    struct link ready;              /* the ready list, of tasks */
    uint32_t turn;                  /* counts the runs of step 6 */
    struct deferred_free *deferred; /* freed in step 7 */
    int epoll_fd;
    bool stopped;     /* loop_stop was called */
    bool interrupted; /* a signal ended the last wait: the process may have been stopped in it */
    bool coarse;      /* epoll_pwait2 is not available: wait in whole milliseconds */
    unsigned char *buffer; /* LOOP_BUFFER_BYTES */
    struct epoll_event events[EVENTS_PER_TURN];
};

static void die(const char *call)
{
    perror(call);
    exit(EXIT_NO_LOOP);
}

struct loop *loop_new(void)
{
    struct loop *loop = memory_zeroed(sizeof(*loop));

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        die("firstbyte: epoll_create1");
    timer_heap_init(&loop->timers);
    list_init(&loop->ready);
    loop->buffer = memory_get(LOOP_BUFFER_BYTES);
    prctl(PR_SET_TIMERSLACK, 1UL);
    loop->now = loop->no_events_at = loop_clock(loop);
    return loop;
}

static void free_deferred(struct loop *loop)
{
    while (loop->deferred) {
        struct deferred_free *deferred = loop->deferred;

        loop->deferred = deferred->next;
        deferred->free_owner(deferred->owner);
    }
}

void loop_free(struct loop *loop)
{
    free_deferred(loop);
    close(loop->epoll_fd);
    free(loop->buffer);
    free(loop);
}

/* epoll_wait, for kernels before 5.11 and for valgrind. Rounds up, so it never returns early. */
static int wait_coarse(struct loop *loop, nsec wait)
{
    int ms = -1;

    if (wait != NSEC_NEVER) {
        nsec up = wait / NSEC_PER_MS + (wait % NSEC_PER_MS != 0);
        ms = up > 1000 ? 1000 : (int)up;
    }
    return epoll_wait(loop->epoll_fd, loop->events, EVENTS_PER_TURN, ms);
}

static int wait_exact(struct loop *loop, nsec wait)
{
    struct timespec span = {.tv_sec = (time_t)(wait / NSEC_PER_S),
                            .tv_nsec = (long)(wait % NSEC_PER_S)};

    return epoll_pwait2(loop->epoll_fd, loop->events, EVENTS_PER_TURN,
                        wait == NSEC_NEVER ? NULL : &span, NULL);
}

/* Step 3. Returns the number of events; 0 if a signal ended the wait. */
static int wait_for_events(struct loop *loop, nsec max_wait)
{
    nsec next = timer_next(&loop->timers), wait = max_wait;
    int count;

    if (!list_is_empty(&loop->ready) || loop->stopped || next <= loop->now)
        wait = 0;
    else if (next != NSEC_NEVER && next - loop->now < max_wait)
        wait = next - loop->now;

    if (!loop->coarse) {
        count = wait_exact(loop, wait);
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) /* old kernel, or a seccomp filter */
            loop->coarse = true;
    }
    if (loop->coarse)
        count = wait_coarse(loop, wait);
    if (count < 0 && errno != EINTR)
        die("firstbyte: epoll_wait");
    loop->interrupted = count < 0;
    return count < 0 ? 0 : count;
}

static void report_begin(struct loop *loop, enum probe_kind kind, const char *name)
{
    const struct probe *probe = loop->probe;

    if (!probe || !probe->callback)
        return;
    loop->begun_probe = probe;
    loop->begun_kind = kind;
    loop->begun_name = name;
    probe->callback(probe->owner, kind, name, false);
}

/* Uses copies: the callback may have changed or freed its timer, watch or task. */
static void report_end(struct loop *loop)
{
    const struct probe *probe = loop->begun_probe;

    if (!probe)
        return;
    loop->begun_probe = NULL;
    probe->callback(probe->owner, loop->begun_kind, loop->begun_name, true);
}

static void dispatch_events(struct loop *loop, int count)
{
    for (int i = 0; i < count; i++) {
        struct watch *watch = loop->events[i].data.ptr;

        if (watch->fd < 0) /* closed earlier in this turn */
            continue;
        report_begin(loop, PROBE_WATCH, watch->yielded.name);
        watch->ready(watch->owner, loop->events[i].events);
        report_end(loop);
    }
}

static void deliver_yielded(void *owner)
{
    struct watch *watch = owner;
    uint32_t events = watch->events;

    watch->events = 0;
    watch->ready(watch->owner, events);
}

/* Step 6. A task that is queued while this runs waits for the next turn. */
static void run_ready(struct loop *loop)
{
    uint32_t turn = ++loop->turn;

    for (int i = 0; i < READY_PER_TURN && !list_is_empty(&loop->ready); i++) {
        struct task *task = LIST_OWNER(loop->ready.next, struct task, link);

        if (task->turn == turn)
            break;
        loop_undefer(loop, task);
        report_begin(loop, task->run == deliver_yielded ? PROBE_WATCH : PROBE_TASK, task->name);
        task->run(task->owner);
        report_end(loop);
    }
}

/* The time by which a deadline has passed; 0 if it has not. */
static nsec overdue(const struct loop *loop, nsec deadline)
{
    return loop->now > deadline ? loop->now - deadline : 0;
}

static void fire_due(struct loop *loop)
{
    struct timer *timer;

    timer_collect(&loop->timers, loop->now);
    while ((timer = timer_take_due(&loop->timers))) {
        report_begin(loop, PROBE_TIMER, timer->name);
        timer->fire(timer->owner);
        report_end(loop);
    }
}

/* Step 2. Returns the time at which the wait begins. */
static nsec fire_timers(struct loop *loop)
{
    nsec next = timer_next(&loop->timers);

    loop->lag = overdue(loop, next);
    if (next <= loop->now) {
        fire_due(loop);
        loop->now = loop_clock(loop);
    }
    return loop->now;
}

/* Whether a wait that took `took` returned without sleeping. */
static bool was_immediate(nsec took, nsec since_no_events, int count)
{
    bool use_long = since_no_events >= LONG_ABSENCE || count == EVENTS_PER_TURN;

    return took <
           (use_long ? IMMEDIATE_AFTER_ABSENCE : IMMEDIATE + (nsec)count * IMMEDIATE_PER_EVENT);
}

/* Step 4, after a wait that began at `began` and returned `count` events. */
static void measure_lag(struct loop *loop, nsec began, int count)
{
    nsec lag = 0; /* without an event: the next turn reports a deadline that passed in the wait */
    nsec since_no_events = began - loop->no_events_at;
    bool immediate;

    loop->now = loop_clock(loop);
    immediate = was_immediate(loop->now - began, since_no_events, count);
    if (count && immediate)
        lag = since_no_events;
    else if (count)
        lag = overdue(loop, timer_next(&loop->timers));
    if (lag > loop->lag)
        loop->lag = lag;
    if (count < EVENTS_PER_TURN && !loop->interrupted) /* the wait returned every event */
        loop->no_events_at = loop->now;
    else if (!immediate && !loop->interrupted) /* the wait slept: it began without an event */
        loop->no_events_at = began;
    if (loop->probe && loop->probe->turn && (count || loop->lag))
        loop->probe->turn(loop->probe->owner, loop->lag);
}

void loop_turn(struct loop *loop, nsec max_wait)
{
    nsec began;
    int count;

    loop->now = loop_clock(loop);            /* 1 */
    began = fire_timers(loop);               /* 2 */
    count = wait_for_events(loop, max_wait); /* 3 */
    measure_lag(loop, began, count);         /* 4 */
    dispatch_events(loop, count);            /* 5 */
    run_ready(loop);                         /* 6 */
    free_deferred(loop);                     /* 7 */
}

void loop_run(struct loop *loop)
{
    while (!loop->stopped)
        loop_turn(loop, NSEC_NEVER);
    loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

nsec loop_now(const struct loop *loop)
{
    return loop->now;
}

nsec loop_clock(const struct loop *loop)
{
    return loop->clock ? loop->clock(loop->clock_arg) : clock_now();
}

void loop_set_clock(struct loop *loop, nsec (*clock)(void *arg), void *arg)
{
    loop->clock = clock;
    loop->clock_arg = arg;
    loop->now = loop->no_events_at = loop_clock(loop);
}

nsec loop_lag(const struct loop *loop)
{
    return loop->lag;
}

void loop_set_probe(struct loop *loop, const struct probe *probe)
{
    loop->probe = probe;
    loop->begun_probe = NULL; /* the new probe did not get the running callback's first report */
}

const struct probe *loop_probe(const struct loop *loop)
{
    return loop->probe;
}

unsigned char *loop_buffer(struct loop *loop)
{
    return loop->buffer;
}

void watch_init(struct watch *watch, watch_fn *ready, void *owner, const char *name)
{
    *watch = (struct watch){.ready = ready, .owner = owner, .fd = -1};
    task_init(&watch->yielded, deliver_yielded, watch, name);
}

void watch_set_owner(struct watch *watch, watch_fn *ready, void *owner, const char *name)
{
    watch->ready = ready;
    watch->owner = owner;
    watch->yielded.name = name;
}

int loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = watch};

    assert(watch->fd < 0 && fd >= 0);
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return errno;
    watch->fd = fd;
    watch->events = 0;
    return 0;
}

void loop_set_interest(struct loop *loop, struct watch *watch, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = watch};

    assert(watch->fd >= 0);
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
        die("firstbyte: epoll_ctl");
}

/* fd = -1 makes dispatch_events drop the events that the kernel has already returned. */
void loop_unwatch(struct loop *loop, struct watch *watch)
{
    if (watch->fd < 0)
        return;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    loop_undefer(loop, &watch->yielded);
    watch->fd = -1;
}

/* close() of the last descriptor of an open file also removes it from epoll. */
void loop_close(struct loop *loop, struct watch *watch)
{
    if (watch->fd < 0)
        return;
    close(watch->fd);
    loop_undefer(loop, &watch->yielded);
    watch->fd = -1;
}

void loop_yield(struct loop *loop, struct watch *watch, uint32_t events)
{
    watch->events |= events;
    loop_defer(loop, &watch->yielded);
}

void task_init(struct task *task, void (*run)(void *owner), void *owner, const char *name)
{
    assert(run);
    *task = (struct task){.run = run, .owner = owner, .name = name};
}

void loop_defer(struct loop *loop, struct task *task)
{
    if (task_is_queued(task))
        return;
    task->turn = loop->turn;
    list_put_last(&loop->ready, &task->link);
}

void loop_undefer(struct loop *loop, struct task *task)
{
    (void)loop;
    list_remove(&task->link);
}

void loop_free_later(struct loop *loop, struct deferred_free *deferred, void (*free_owner)(void *),
                     void *owner)
{
    *deferred =
        (struct deferred_free){.free_owner = free_owner, .owner = owner, .next = loop->deferred};
    loop->deferred = deferred;
}

void loop_arm(struct loop *loop, struct timer *timer, nsec deadline)
{
    timer_arm(&loop->timers, timer, deadline);
}

void loop_cancel(struct loop *loop, struct timer *timer)
{
    timer_cancel(&loop->timers, timer);
}

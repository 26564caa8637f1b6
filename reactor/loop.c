/*
 * The loop over epoll. Goals: a turn that reads as the seven steps of its header; no allocation
 * while waiting; waits as exact as the kernel's timers.
 *
 * Rejected: a table of callbacks by descriptor (a closed and reused number would get the old one's
 * events); timerfd (a system call for each change of the earliest deadline, where epoll_pwait2 takes
 * it along for nothing).
 */
#include "reactor/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/memory.h"

/* A wait that is over so soon, for each event it brought, had not begun to sleep: they were there before. */
#define AT_ONCE       (3 * NSEC_PER_US)
#define AT_ONCE_EVENT (NSEC_PER_US / 2)

/* After so long without a look no cache is as it was; there, and where many came, that wait takes longer. */
#define AWAY         (10 * NSEC_PER_MS)
#define AT_ONCE_LONG (200 * NSEC_PER_US)

/* Few, for deadlines are looked at once a turn and an event may cost two milliseconds: a handshake. */
#define EVENTS_A_TURN 16

/* Members of the ready list that one turn runs, for the same reason. The others keep their places. */
#define READY_A_TURN 64

struct loop {
    nsec now;                   /* of step 1, 2 or 4 */
    nsec drained;               /* of the last step 4 that left no event behind */
    nsec lag;                   /* of this turn */
    nsec (*clock)(void *);      /* NULL: clock_now */
    void *clock_arg;            /* its argument */
    const struct probe *probe;  /* NULL: none */
    const struct probe *begun;  /* to which the callback that runs was reported */
    enum probe_kind begun_kind; /* its kind, as reported */
    const char *begun_name;     /* its name, as reported */
    struct timer_heap timers;
    struct link ready;              /* the ready list, of tasks */
    uint32_t turn;                  /* counts the runs of step 6 */
    struct deferred_free *deferred; /* to be freed in step 7 */
    int epoll_fd;
    bool stopped; /* loop_stop was called */
    bool cut;     /* a signal ended the last wait: the process may have been stopped in it */
    bool coarse;  /* no epoll_pwait2 here: wait in whole milliseconds */
    unsigned char *buffer; /* LOOP_BUFFER_BYTES */
    struct epoll_event events[EVENTS_A_TURN];
};

static void die(const char *what)
{
    perror(what);
    exit(3); /* what cannot be set up */
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
    loop->now = loop->drained = loop_clock(loop);
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

/* epoll_wait for kernels before 5.11 and for valgrind; rounded up, so never early. */
static int wait_coarse(struct loop *loop, nsec wait)
{
    int ms = -1;

    if (wait != NSEC_NEVER) {
        nsec up = wait / NSEC_PER_MS + (wait % NSEC_PER_MS != 0);
        ms = up > 1000 ? 1000 : (int)up;
    }
    return epoll_wait(loop->epoll_fd, loop->events, EVENTS_A_TURN, ms);
}

static int wait_exact(struct loop *loop, nsec wait)
{
    struct timespec span = {.tv_sec = (time_t)(wait / NSEC_PER_S),
                            .tv_nsec = (long)(wait % NSEC_PER_S)};

    return epoll_pwait2(loop->epoll_fd, loop->events, EVENTS_A_TURN,
                        wait == NSEC_NEVER ? NULL : &span, NULL);
}

/* Returns the number of events; 0 where a signal came first. */
static int wait_for_events(struct loop *loop, nsec longest)
{
    nsec next = timer_next(&loop->timers), wait = longest;
    int count;

    if (!list_is_empty(&loop->ready) || loop->stopped || next <= loop->now)
        wait = 0;
    else if (next != NSEC_NEVER && next - loop->now < longest)
        wait = next - loop->now;

    if (!loop->coarse) {
        count = wait_exact(loop, wait);
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) /* old kernel, or its filter */
            loop->coarse = true;
    }
    if (loop->coarse)
        count = wait_coarse(loop, wait);
    if (count < 0 && errno != EINTR)
        die("firstbyte: epoll_wait");
    loop->cut = count < 0;
    return count < 0 ? 0 : count;
}

static void report_begin(struct loop *loop, enum probe_kind kind, const char *name)
{
    const struct probe *probe = loop->probe;

    if (!probe || !probe->callback)
        return;
    loop->begun = probe;
    loop->begun_kind = kind;
    loop->begun_name = name;
    probe->callback(probe->owner, kind, name, false);
}

/* What ran may have freed its timer or task, or passed its watch on: hence the copies. */
static void report_end(struct loop *loop)
{
    const struct probe *probe = loop->begun;

    if (!probe)
        return;
    loop->begun = NULL;
    probe->callback(probe->owner, loop->begun_kind, loop->begun_name, true);
}

static void dispatch_events(struct loop *loop, int count)
{
    for (int i = 0; i < count; i++) {
        struct watch *watch = loop->events[i].data.ptr;

        if (watch->fd < 0) /* it was closed earlier in this turn */
            continue;
        report_begin(loop, PROBE_WATCH, watch->again.name);
        watch->ready(watch->owner, loop->events[i].events);
        report_end(loop);
    }
}

static void deliver_again(void *owner)
{
    struct watch *watch = owner;
    uint32_t events = watch->events;

    watch->events = 0;
    watch->ready(watch->owner, events);
}

/* What joins the list from here on belongs to the next turn, at the earliest. */
static void run_ready(struct loop *loop)
{
    uint32_t next = ++loop->turn;

    for (int i = 0; i < READY_A_TURN && !list_is_empty(&loop->ready); i++) {
        struct task *task = LIST_OWNER(loop->ready.next, struct task, link);

        if (task->turn == next)
            break;
        loop_undefer(loop, task);
        report_begin(loop, task->run == deliver_again ? PROBE_WATCH : PROBE_TASK, task->name);
        task->run(task->owner);
        report_end(loop);
    }
}

/* How far a deadline has passed; 0 where it has not. */
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

/* Step 2. Returns when the wait begins: firing may have taken its time. */
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

/* Whether a wait was over so soon that it had not begun to sleep. */
static bool is_at_once(nsec took, nsec away, int count)
{
    bool longer = away >= AWAY || count == EVENTS_A_TURN;

    return took < (longer ? AT_ONCE_LONG : AT_ONCE + (nsec)count * AT_ONCE_EVENT);
}

/* Step 4, after a wait for `count` events. */
static void look(struct loop *loop, nsec began, int count)
{
    nsec late = 0; /* a deadline that has passed meanwhile is the next turn's */
    nsec away = began - loop->drained;
    bool at_once;

    loop->now = loop_clock(loop);
    at_once = is_at_once(loop->now - began, away, count);
    if (count && at_once)
        late = away;
    else if (count)
        late = overdue(loop, timer_next(&loop->timers));
    if (late > loop->lag)
        loop->lag = late;
    if (count < EVENTS_A_TURN && !loop->cut) /* else others may wait still */
        loop->drained = loop->now;
    else if (!at_once && !loop->cut) /* they came later than that */
        loop->drained = began;
    if (loop->probe && loop->probe->turn && (count || loop->lag))
        loop->probe->turn(loop->probe->owner, loop->lag);
}

void loop_turn(struct loop *loop, nsec longest)
{
    nsec began;
    int count;

    loop->now = loop_clock(loop);           /* 1 */
    began = fire_timers(loop);              /* 2 */
    count = wait_for_events(loop, longest); /* 3 */
    look(loop, began, count);               /* 4 */
    dispatch_events(loop, count);           /* 5 */
    run_ready(loop);                        /* 6 */
    free_deferred(loop);                    /* 7 */
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
    loop->now = loop->drained = loop_clock(loop);
}

nsec loop_lag(const struct loop *loop)
{
    return loop->lag;
}

void loop_set_probe(struct loop *loop, const struct probe *probe)
{
    loop->probe = probe;
    loop->begun = NULL; /* the new one knows of no callback that runs */
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
    task_init(&watch->again, deliver_again, watch, name);
}

void watch_set_owner(struct watch *watch, watch_fn *ready, void *owner, const char *name)
{
    watch->ready = ready;
    watch->owner = owner;
    watch->again.name = name;
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

void loop_interest(struct loop *loop, struct watch *watch, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = watch};

    assert(watch->fd >= 0);
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
        die("firstbyte: epoll_ctl");
}

/* Events already taken from the kernel are dropped by fd = -1. */
void loop_unwatch(struct loop *loop, struct watch *watch)
{
    if (watch->fd < 0)
        return;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    loop_undefer(loop, &watch->again);
    watch->fd = -1;
}

/* Closing the last descriptor of an open file takes it out of epoll: no system call for that. */
void loop_close(struct loop *loop, struct watch *watch)
{
    if (watch->fd < 0)
        return;
    close(watch->fd);
    loop_undefer(loop, &watch->again);
    watch->fd = -1;
}

void loop_yield(struct loop *loop, struct watch *watch, uint32_t events)
{
    watch->events |= events;
    loop_defer(loop, &watch->again);
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

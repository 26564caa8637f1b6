/*
 * The reactor: one thread waits for many descriptors and deadlines and calls their owners.
 *
 * A turn has seven steps:
 *   1. read the clock
 *   2. collect the timers that are due and fire them; if there were any, read the clock again
 *   3. wait for events until the next deadline; do not wait if the ready list is not empty
 *   4. read the clock
 *   5. call the watches of the events that the kernel returned
 *   6. run the ready list, at most 64 entries: watches that yielded and deferred tasks. The
 *      remaining entries run first in the next turn
 *   7. free the objects that were closed
 *
 * Timers and signals are served and memory is freed between two turns only. So a callback that
 * finds work in a loop of its own limits the work of one call and defers the rest.
 *
 * Watches, timers, tasks and deferred frees are members of their owners: waiting allocates nothing.
 * An object is freed in step 7 only. If a callback closes a watch, the kernel may already have
 * returned an event for it in this turn: the watch is still in memory, and the event is dropped.
 *
 * A loop has at most one observer, the probe (probe.h). The loop calls it in step 4 of each turn
 * that has events or a lag, around each callback of steps 2, 5 and 6, and when a state machine
 * reports a new state. Without a probe each of these points costs one branch.
 *
 * Nothing is global and nothing is thread-safe: a loop belongs to one thread. The program ends if
 * memory runs out, or if descriptors run out while a loop is created. A callback may call any
 * function except loop_turn, loop_run and loop_free.
 */
#ifndef REACTOR_LOOP_H
#define REACTOR_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/list.h"
#include "reactor/probe.h"
#include "reactor/timer.h"

struct loop;

/* Size of the receive buffer that all connections share. Its bytes are valid in one callback. */
#define LOOP_BUFFER_BYTES (64 * 1024)

/* The epoll events of a stream socket (SOCK_STREAM): registered once, edge-triggered. */
#define WATCH_STREAM (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

/* Deferred work. Runs in step 6 of the turn in which it was deferred; one turn later if it was
   deferred in step 6, or later still while the ready list has more entries than one turn runs. */
struct task {
    void (*run)(void *owner); /* the callback */
    void *owner;              /* argument of the callback */
    struct link link;         /* in the ready list while it is queued */
    const char *name;         /* static, for the probe */
    uint32_t turn;            /* loop's turn count when it was queued, modulo 2^32 */
};

/* Called with the epoll events of a descriptor, or with the events given to loop_yield. */
typedef void watch_fn(void *owner, uint32_t events);

struct watch {
    watch_fn *ready;     /* the callback; watch_set_owner changes it */
    void *owner;         /* argument of the callback */
    struct task yielded; /* queued by loop_yield; has the watch's name */
    uint32_t events;     /* events that the queued task will deliver */
    int fd;              /* -1: not registered; may be registered again in the next turn */
};

/* Member of an object that is freed between two turns. */
struct deferred_free {
    void (*free_owner)(void *owner); /* frees the owner, usually free() */
    void *owner;                     /* the object to free */
    struct deferred_free *next;      /* in the loop's list */
};

/* Creates a loop, which the caller frees with loop_free. Sets the thread's timer slack to 1 ns. */
struct loop *loop_new(void);

/* Runs step 7 and frees the loop. All watches and timers must have been removed from it before. */
void loop_free(struct loop *loop);

/* Runs turns until loop_stop is called. */
void loop_run(struct loop *loop);

/* Makes loop_run return at the end of this turn, or immediately if loop_run is called later. */
void loop_stop(struct loop *loop);

/* Runs one turn, which waits at most `max_wait`. */
void loop_turn(struct loop *loop, nsec max_wait);

/* The time read last, in step 1, 2 or 4. For timers only; time stamps read loop_clock. */
nsec loop_now(const struct loop *loop);

/* Reads the loop's clock: clock_now, or the function set by loop_set_clock. */
nsec loop_clock(const struct loop *loop);

/* For tests: replaces the clock; NULL restores clock_now. The duration of a wait stays real. */
void loop_set_clock(struct loop *loop, nsec (*clock)(void *arg), void *arg);

/*
 * The lag of this turn: an upper bound on how long its events or its earliest timer waited for the
 * loop, whatever delayed the loop. It is the longer of two times, each of which may be 0:
 * - if events were there before step 3: the time since the kernel last had no event for the loop
 * - the time by which the earliest deadline had passed
 * If a signal ended a wait, it is unknown whether the kernel had an event, because the process may
 * have been stopped during the wait (signal(7): SIGSTOP and SIGCONT end it with EINTR).
 */
nsec loop_lag(const struct loop *loop);

/* Sets the probe (probe.h) to which the loop reports; NULL: none. The caller keeps it alive until
   another one is set. May be called at any time, also in a callback. */
void loop_set_probe(struct loop *loop, const struct probe *probe);

/* The probe; NULL if there is none. */
const struct probe *loop_probe(const struct loop *loop);

/* Reports a change of state to the probe. Called by the one function that changes the state of a
   machine. Names are static. */
static inline void probe_state(const struct loop *loop, const char *machine, uint64_t number,
                               const char *from, const char *to)
{
    const struct probe *probe = loop_probe(loop);

    if (probe && probe->state)
        probe->state(probe->owner, machine, number, from, to, loop_clock(loop));
}

/* Whether the probe takes lines. If not, callers need not format any. */
static inline bool probe_takes_lines(const struct loop *loop)
{
    const struct probe *probe = loop_probe(loop);

    return probe && probe->line;
}

/* The loop's receive buffer of LOOP_BUFFER_BYTES. */
unsigned char *loop_buffer(struct loop *loop);

/* Initializes a watch. It must not be registered. `name` is static. */
void watch_init(struct watch *watch, watch_fn *ready, void *owner, const char *name);

/* Changes the callback, the owner and the static name of a watch, registered or not. */
void watch_set_owner(struct watch *watch, watch_fn *ready, void *owner, const char *name);

/* Registers `fd` for the epoll events `interest`. Returns 0 or an errno: EPERM for a regular file,
   ENOSPC over the limit of /proc/sys/fs/epoll/max_user_watches. */
int loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t interest);

/* Changes the epoll events of a level-triggered watch. */
void loop_set_interest(struct loop *loop, struct watch *watch, uint32_t interest);

/* Removes the watch, if it is registered, and leaves the descriptor open. No callback follows. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Removes the watch, if it is registered, and closes the descriptor. No callback follows. */
void loop_close(struct loop *loop, struct watch *watch);

/* Puts the watch into the ready list: step 6 calls it with `events`. */
void loop_yield(struct loop *loop, struct watch *watch, uint32_t events);

/* Whether the task is in the ready list. */
static inline bool task_is_queued(const struct task *task)
{
    return list_is_in(&task->link);
}

/* Initializes a task. It must not be queued. `name` is static. */
void task_init(struct task *task, void (*run)(void *owner), void *owner, const char *name);

/* Queues the task for step 6. Does nothing if it is already queued. */
void loop_defer(struct loop *loop, struct task *task);

/* Removes the task from the ready list. Does nothing if it is not queued. */
void loop_undefer(struct loop *loop, struct task *task);

/* Calls free_owner(owner) in step 7. */
void loop_free_later(struct loop *loop, struct deferred_free *deferred, void (*free_owner)(void *),
                     void *owner);

/* timer_arm and timer_cancel with the heap of this loop. */
void loop_arm(struct loop *loop, struct timer *timer, nsec deadline);
void loop_cancel(struct loop *loop, struct timer *timer);

#endif

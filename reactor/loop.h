/*
 * The reactor: one thread waits for many descriptors and deadlines and calls those who own them.
 *
 * A turn has seven steps:
 *   1. take the clock
 *   2. collect the timers that are due, then fire them; take the clock again where there were any
 *   3. wait for events, until the next deadline at the latest, not at all while work is ready
 *   4. take the clock
 *   5. dispatch the watches that the kernel named
 *   6. run the ready list: watches that yielded, and tasks put off to the end of the turn; 64 of them
 *      at most, the others are run first in the next turn
 *   7. free what was closed
 *
 * A callback that finds new work in its own loop limits how much of it one call does, and defers the
 * rest: timers and signals are served between two turns, and memory is freed there.
 *
 * Watches, timers, tasks and deferred are members of their owners: waiting allocates nothing. An
 * object dies in step 7 only. A watch closed in the course of a turn is never called again, not even
 * for an event that the kernel had already queued: its memory is still there to say so.
 *
 * A loop has at most one observer (probe.h). It is called in step 4 of each turn that found something,
 * around each callback of steps 2, 5 and 6, and where a machine reports its new state. Without one each
 * of these points costs one branch.
 *
 * Nothing here is global, and nothing is thread-safe: a loop belongs to its thread. Out of memory,
 * or out of descriptors when a loop is made, ends the program. Callbacks may do anything but call
 * loop_turn, loop_run or loop_free.
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

/* What the loop reads into; shared by all connections, its bytes are valid within one callback. */
#define LOOP_BUFFER_BYTES (64 * 1024)

/* The interest of a byte stream: registered once, edge-triggered, not touched until it closes. */
#define WATCH_STREAM (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

/* Work put off to step 6 of this turn (of the next one, when put off in step 6), or of a later one while
   many are ready. */
struct task {
    void (*run)(void *owner); /* who is called */
    void *owner;              /* its argument */
    struct link link;         /* in the ready list, while it is queued */
    const char *name;         /* static, for the probe */
    uint32_t turn;            /* the first turn whose step 6 may run it, modulo 2^32 */
};

/* Called with the epoll events of a descriptor, or with those given to loop_yield. */
typedef void watch_fn(void *owner, uint32_t events);

struct watch {
    watch_fn *ready;   /* who is called; changed by watch_set_owner */
    void *owner;       /* its argument */
    struct task again; /* its place in the ready list; has the watch's name */
    uint32_t events;   /* what the ready list will deliver */
    int fd;            /* -1 when not watched; not used again before the next turn */
};

/* Put into an object so that it can be freed between two turns. */
struct deferred_free {
    void (*free_owner)(void *owner); /* frees the owner, usually free() */
    void *owner;                     /* what is freed */
    struct deferred_free *next;      /* in the list */
};

/* A loop. Returns it; the caller frees it with loop_free. Sets the thread's timer slack to 1 ns. */
struct loop *loop_new(void);

/* Runs step 7 once more and frees the loop. Watches and timers must be out of it by then. */
void loop_free(struct loop *loop);

/* Turns until loop_stop. */
void loop_run(struct loop *loop);

/* Makes loop_run return at the end of this turn; called before loop_run, it returns at once. */
void loop_stop(struct loop *loop);

/* One turn, waiting no longer than `longest`. */
void loop_turn(struct loop *loop, nsec longest);

/* The time taken last, in step 1, 2 or 4; for timers only. A stamp reads loop_clock. */
nsec loop_now(const struct loop *loop);

/* Reads the loop's clock: clock_now, or what loop_set_clock put in its place. */
nsec loop_clock(const struct loop *loop);

/* Replaces the clock, for tests; `clock` NULL brings the real one back. Waits stay real. */
void loop_set_clock(struct loop *loop, nsec (*clock)(void *arg), void *arg);

/* How long what this turn found may have waited until the loop came: the time since the loop last looked,
   where events were there already when it looked again; or how far the earliest deadline had passed.
   0 where the loop was there first. A wait that a signal ended was no look: the process may have been stopped
   in it (signal(7): SIGSTOP and SIGCONT end it with EINTR). An upper bound, and a delay on this
   machine whatever caused it. */
nsec loop_lag(const struct loop *loop);

/* From now on the loop reports to `probe` (probe.h), which stays the caller's and must live until another
   is set; NULL ends it. May be called at any time, also in a callback. */
void loop_set_probe(struct loop *loop, const struct probe *probe);

/* The probe; NULL where there is none. */
const struct probe *loop_probe(const struct loop *loop);

/* Reports a change of state to the probe: to be called by the one function that changes the state of a
   machine. Names are static. */
static inline void probe_state(const struct loop *loop, const char *machine, uint64_t number,
                               const char *from, const char *to)
{
    const struct probe *probe = loop_probe(loop);

    if (probe && probe->state)
        probe->state(probe->owner, machine, number, from, to, loop_clock(loop));
}

/* Whether the probe takes lines: else what would format them is skipped. */
static inline bool probe_takes_lines(const struct loop *loop)
{
    const struct probe *probe = loop_probe(loop);

    return probe && probe->line;
}

/* The loop's shared buffer of LOOP_BUFFER_BYTES. */
unsigned char *loop_buffer(struct loop *loop);

/* Gives a watch that is not watched its callback. `name` is static. */
void watch_init(struct watch *watch, watch_fn *ready, void *owner, const char *name);

/* Gives any watch another owner with a callback and a static name. */
void watch_set_owner(struct watch *watch, watch_fn *ready, void *owner, const char *name);

/* Registers `fd` for `interest`. Returns 0, or the errno: EPERM for a regular file, ENOSPC over
   the limit of /proc/sys/fs/epoll/max_user_watches. */
int loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t interest);

/* Changes the interest of a level-triggered watch. Streams never need it. */
void loop_interest(struct loop *loop, struct watch *watch, uint32_t interest);

/* Takes the watch out and leaves the descriptor open. No callback comes after it. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Takes the watch out and closes the descriptor; nothing happens where it is not watched. */
void loop_close(struct loop *loop, struct watch *watch);

/* Puts the watch into the ready list: called in step 6 with `events`, even where no event comes. */
void loop_yield(struct loop *loop, struct watch *watch, uint32_t events);

/* Whether the task is put off and has not run yet. */
static inline bool task_is_queued(const struct task *task)
{
    return list_is_in(&task->link);
}

/* Gives a task that is not queued its callback. `name` is static. */
void task_init(struct task *task, void (*run)(void *owner), void *owner, const char *name);

/* Runs the task in step 6; once, however often it was asked for. */
void loop_defer(struct loop *loop, struct task *task);

/* Takes the task out again; nothing happens where it is not queued. */
void loop_undefer(struct loop *loop, struct task *task);

/* Calls free_owner(owner) in step 7. */
void loop_free_later(struct loop *loop, struct deferred_free *deferred, void (*free_owner)(void *),
                     void *owner);

void loop_arm(struct loop *loop, struct timer *timer, nsec deadline); /* timer_arm in this loop */
void loop_cancel(struct loop *loop, struct timer *timer);             /* timer_cancel */

#endif

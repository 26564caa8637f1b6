/*
 * Timers: absolute deadlines in an intrusive heap: the nodes are members of their owners, so arming
 * a timer allocates nothing. Arming is O(1); cancelling and taking the earliest are O(log n)
 * amortized.
 *
 * Timers with the same deadline fire in the order in which they were armed. All timers that are due
 * are collected before the first of them fires. A timer that is armed by a firing timer waits for
 * the next turn even if its deadline has passed, so that no callback can keep the loop in step 2
 * for ever.
 */
#ifndef REACTOR_TIMER_H
#define REACTOR_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"

/* Called once when the deadline has passed; the timer is idle by then and may be armed again. */
typedef void timer_fn(void *owner);

enum timer_state {
    TIMER_IDLE,  /* in no list */
    TIMER_ARMED, /* in the heap */
    TIMER_DUE,   /* collected, about to fire */
};

struct timer {
    nsec deadline;
    timer_fn *fire;   /* the callback */
    void *owner;      /* argument of the callback */
    const char *name; /* static, for the probe */
    union {
        struct {
            struct timer *child;   /* first child */
            struct timer *sibling; /* next sibling */
            struct timer *prev;    /* previous sibling, or the parent of a first child */
        };                         /* TIMER_ARMED: in the heap */
        struct link due;           /* TIMER_DUE: in the list of due timers */
    };
    uint32_t order; /* tie-break: the heap's `armed` when this timer was armed */
    enum timer_state state;
};

struct timer_heap {
    struct timer *root; /* the earliest; NULL if the heap is empty */
    struct link due;    /* timers that were collected and have not fired, in order */
    uint32_t armed;     /* number of timer_arm calls, modulo 2^32 */
};

/* Makes an empty heap. */
void timer_heap_init(struct timer_heap *heap);

/* Initializes an idle timer. `owner` is passed to `fire` and may be NULL; `name` is static. */
void timer_init(struct timer *timer, timer_fn *fire, void *owner, const char *name);

/* Arms an idle, armed or due timer for `deadline`; NSEC_NEVER cancels it. */
void timer_arm(struct timer_heap *heap, struct timer *timer, nsec deadline);

/* Makes an armed or due timer idle. Does nothing if it is idle. */
void timer_cancel(struct timer_heap *heap, struct timer *timer);

/* The earliest deadline; NSEC_NEVER if no timer is armed. */
nsec timer_next(const struct timer_heap *heap);

/* Collects the timers that are due at `now`. The caller takes and fires them; their callbacks may
   arm and cancel any timer. */
void timer_collect(struct timer_heap *heap, nsec now);

/* Removes the first collected timer, which becomes idle, and returns it; NULL if none is left. */
struct timer *timer_take_due(struct timer_heap *heap);

#endif

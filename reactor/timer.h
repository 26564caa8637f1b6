/*
 * Timers: absolute deadlines in a heap whose nodes are members of their owners, so that arming one
 * allocates nothing. Arming is O(1), cancelling and taking the earliest O(log n) amortized.
 *
 * Timers of one deadline fire in the order in which they were armed. Those that are due are
 * collected before the first of them fires: one that is armed by a firing timer waits for the next
 * turn even where its deadline has passed, so no callback can keep the loop in step 2 for ever.
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
    nsec deadline;    /* when it is due */
    timer_fn *fire;   /* what to call */
    void *owner;      /* its argument */
    const char *name; /* static, for the probe */
    union {
        struct {
            struct timer *child;   /* first child */
            struct timer *sibling; /* next sibling */
            struct timer *before;  /* previous sibling, or the parent of a first child */
        };                         /* in the heap */
        struct link due;           /* in the list of those that are due */
    };
    uint32_t order; /* tie-break: the count of armings before this one, modulo 2^32 */
    enum timer_state state;
};

struct timer_heap {
    struct timer *root; /* the earliest, NULL when empty */
    struct link due;    /* collected and not fired yet, in order */
    uint32_t armed;     /* how often a timer was armed: the next order */
};

/* An empty heap. */
void timer_heap_init(struct timer_heap *heap);

/* Gives an idle timer its callback. `owner` is passed to `fire` and may be NULL; `name` is static. */
void timer_init(struct timer *timer, timer_fn *fire, void *owner, const char *name);

/* Arms an idle, armed or due timer for `deadline`; NSEC_NEVER cancels it. */
void timer_arm(struct timer_heap *heap, struct timer *timer, nsec deadline);

/* Takes the timer out, wherever it is; nothing happens to an idle one. */
void timer_cancel(struct timer_heap *heap, struct timer *timer);

/* The earliest deadline, NSEC_NEVER where nothing is armed. */
nsec timer_next(const struct timer_heap *heap);

/* Collects all that are due at `now`. The caller takes and fires them; callbacks may arm and cancel any. */
void timer_collect(struct timer_heap *heap, nsec now);

/* Takes the first of those collected, which is idle then; NULL where none is left. */
struct timer *timer_take_due(struct timer_heap *heap);

#endif

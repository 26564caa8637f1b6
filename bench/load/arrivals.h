/*
 * Inside of the load generator: which request is due when, and how many there are left.
 *
 * It knows no clock and no connection: callers give the time, which never goes back. "Counted" are the
 * requests that are due when measuring has begun; only these belong to `requests`.
 */
#ifndef BENCH_LOAD_ARRIVALS_H
#define BENCH_LOAD_ARRIVALS_H

#include <stdbool.h>

#include "bench/load/schedule.h"

/* Written by its own functions alone. */
struct arrivals {
    bool open_loop;
    uint64_t requests;     /* counted ones; 0: no limit */
    uint64_t all_requests; /* of all shares together */
    nsec from, end;        /* of measuring; NSEC_NEVER: not known yet, or by number alone */
    uint64_t scheduled;    /* counted requests that were due; in a closed loop, that began */
    uint64_t begun, ended; /* of them: started; answered or failed */
    /* open loop */
    struct schedule queue;    /* what was not started yet */
    struct schedule due;      /* what was not counted as scheduled yet */
    struct schedule marks[2]; /* where it was a million times ago, and more, the older one first */
};

void arrivals_init(struct arrivals *arrivals, bool open_loop, uint64_t requests,
                   uint64_t all_requests);

/* The schedule of an open loop begins at `start`; what is due from `from` on, before `end`, is counted. A
   closed loop does not look at the schedule. */
void arrivals_begin(struct arrivals *arrivals, const struct schedule_options *schedule, nsec start,
                    nsec from, nsec end);

/* The run ends before measuring began: it begins at `from` in place of what was said. */
void arrivals_begin_early(struct arrivals *arrivals, nsec from);

/* Open loop: when the next request to be started was or is due; NSEC_NEVER where there is none any more. */
nsec arrivals_next(const struct arrivals *arrivals);

/* Open loop: when the next request that is not due yet will be; NSEC_NEVER likewise. */
nsec arrivals_next_due(const struct arrivals *arrivals);

/* Open loop: what is due until `now` is so from here on. Returns how many counted ones that are. */
uint64_t arrivals_pass(struct arrivals *arrivals, nsec now);

/* Open loop: takes the next request, which was due at the time given to arrivals_pass, to be started. Returns
   when it was due. */
nsec arrivals_take(struct arrivals *arrivals);

/* Open loop: how many wait that are due, before measuring began or after; the oldest of them, or where none
   does, the next, is due at. */
static inline uint64_t arrivals_waiting(const struct arrivals *arrivals)
{
    return arrivals->due.count - arrivals->queue.count;
}
static inline nsec arrivals_oldest(const struct arrivals *arrivals)
{
    return schedule_peek(&arrivals->queue);
}

/* Whether a closed loop has another request. */
static inline bool arrivals_has_more(const struct arrivals *arrivals)
{
    return !arrivals->requests || arrivals->begun < arrivals->requests;
}

/* A request that was due at `intended` starts. Returns whether it is counted. */
static inline bool arrivals_start(struct arrivals *arrivals, nsec intended)
{
    if (intended < arrivals->from)
        return false;
    arrivals->begun++;
    arrivals->scheduled += !arrivals->open_loop;
    return true;
}

/* A counted request has ended. */
static inline void arrivals_finish(struct arrivals *arrivals)
{
    arrivals->ended++;
}

/* Whether `requests` was given, and so many have ended. */
static inline bool arrivals_are_over(const struct arrivals *arrivals)
{
    return arrivals->requests && arrivals->ended == arrivals->requests;
}

/* Open loop: calls `each` with the age of the counted requests that wait, for so many of the same age at a
   time, as a histogram sees them. */
void arrivals_ages(const struct arrivals *arrivals, nsec now,
                   void (*each)(void *owner, nsec age, uint64_t count), void *owner);

/* When a run that ends now is over, for its rates. An open loop that was not stopped has at least the span of
   its schedule, and none but that where its time ends it. */
nsec arrivals_end(const struct arrivals *arrivals, nsec now);

#endif

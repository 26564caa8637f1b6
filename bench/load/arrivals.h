/*
 * Private to the load generator: when each request becomes due, and how many are left.
 *
 * The module has no clock and no connections: the caller passes the time, which never decreases. A
 * request is "counted" if it became due after measuring began; only counted requests are part of
 * `requests`.
 */
#ifndef BENCH_LOAD_ARRIVALS_H
#define BENCH_LOAD_ARRIVALS_H

#include <stdbool.h>

#include "bench/load/schedule.h"

/* Written only by the functions below. */
struct arrivals {
    bool open_loop;
    uint64_t requests;     /* maximum of counted requests; 0: no limit */
    uint64_t all_requests; /* of all shares together */
    nsec from, end;        /* of measuring; NSEC_NEVER: not known yet, or no time limit */
    uint64_t scheduled;    /* counted requests that became due; closed loop: that started */
    uint64_t begun, ended; /* of these: started; completed or failed */

    /* open loop */
    struct schedule queue; /* its next time is that of the next request to start */
    struct schedule due;   /* its next time is that of the next request that is not due yet */

    /* Poisson: copies of `due`, at least a million requests ago; the older one first. */
    struct schedule marks[2];
};

void arrivals_init(struct arrivals *arrivals, bool open_loop, uint64_t requests,
                   uint64_t all_requests);

/* The schedule of an open loop begins at `start`; requests that are due at `from` or later and
   before `end` are counted. A closed loop ignores the schedule. */
void arrivals_begin(struct arrivals *arrivals, const struct schedule_options *schedule, nsec start,
                    nsec from, nsec end);

/* Replaces `from`: the run ends before the warm-up is over. */
void arrivals_measure_from(struct arrivals *arrivals, nsec from);

/* Open loop: the intended start of the next request to start. NSEC_NEVER: there is none. */
nsec arrivals_next(const struct arrivals *arrivals);

/* Open loop: the intended start of the next request that is not due yet. NSEC_NEVER: there is
   none. */
nsec arrivals_next_due(const struct arrivals *arrivals);

/* Open loop: marks the requests up to `now` as due. Returns the number of counted requests among
   those that were not due before. */
uint64_t arrivals_update_due(struct arrivals *arrivals, nsec now);

/* Open loop: removes the next request from the queue. It must be due by the last call of
   arrivals_update_due. Returns its intended start. */
nsec arrivals_take(struct arrivals *arrivals);

/* Open loop: the number of requests that are due and have not started, counted or not. */
static inline uint64_t arrivals_waiting(const struct arrivals *arrivals)
{
    return arrivals->due.count - arrivals->queue.count;
}

/* Open loop: the intended start of the oldest request that waits; if none waits, of the next. */
static inline nsec arrivals_oldest_waiting(const struct arrivals *arrivals)
{
    return schedule_peek(&arrivals->queue);
}

/* Closed loop: whether another request may start. */
static inline bool arrivals_has_more(const struct arrivals *arrivals)
{
    return !arrivals->requests || arrivals->begun < arrivals->requests;
}

/* A request starts that was due at `intended`. Returns whether it is counted. */
static inline bool arrivals_count_start(struct arrivals *arrivals, nsec intended)
{
    if (intended < arrivals->from)
        return false;
    arrivals->begun++;
    arrivals->scheduled += !arrivals->open_loop;
    return true;
}

/* A counted request has ended. */
static inline void arrivals_count_end(struct arrivals *arrivals)
{
    arrivals->ended++;
}

/* Whether `requests` is a limit and that many have ended. */
static inline bool arrivals_all_ended(const struct arrivals *arrivals)
{
    return arrivals->requests && arrivals->ended == arrivals->requests;
}

/* Open loop: calls `each` for all counted requests that wait. `count` requests have the given age;
   ages in the same histogram bucket are combined. */
void arrivals_each_waiting(const struct arrivals *arrivals, nsec now,
                           void (*each)(void *owner, nsec age, uint64_t count), void *owner);

/* The end of the run for the computation of rates. A complete open loop lasts at least as long as
   its schedule, and never longer than its time limit. */
nsec arrivals_end_time(const struct arrivals *arrivals, nsec now);

#endif

/*
 * Inside of the load generator: when it was its own fault, or its connections', that a request was late.
 *
 * Times are given by the caller. Nothing is allocated: of many absences the longest are remembered.
 */
#ifndef BENCH_LOAD_STALLS_H
#define BENCH_LOAD_STALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define ABSENCES_MAX 16 /* remembered; of more, the shortest is forgotten */

/* From when to when the loop did not look. */
struct absence {
    nsec from, to;
};

struct absences {
    struct absence all[ABSENCES_MAX];
    size_t count;
};

void absences_note(struct absences *absences, nsec from, nsec to);

/* How long an absence still lasted at that time, the longest of several; 0: there was none. */
nsec absences_rest(const struct absences *absences, nsec at);

/* Forgets those that were over by then. */
void absences_forget(struct absences *absences, nsec until);

/* Of an open loop. Zeroed is its first state. */
struct stalls {
    struct absences absences; /* those that what waits is older than */
    nsec busy_since;          /* all connections, without a break; 0: they are not */
    nsec limited_until;       /* what was counted of that */
};

/* How late a request is by our own fault, that was due at `intended` and started `late` after it. Of one that
   `waited` until a connection was free that is the loop's `lag`, or its absence at the time at which it became
   due; of one that waited for a connection to be made, whose `lag` is 0, that absence alone. What is asked
   for next was intended later. */
nsec stalls_own_delay(struct stalls *stalls, nsec intended, nsec late, nsec lag, bool waited);

/* Whether another request would have to wait for a connection that is busy. */
void stalls_busy(struct stalls *stalls, bool busy, nsec now);

/* The request that is first in the queue, or was until now, waits for a connection since it was due, or since
   all are busy. Requests wait in their order, so that the time that is counted adds up. Returns how much
   of it since `from` was not returned yet. */
nsec stalls_limited(struct stalls *stalls, nsec intended, nsec from, nsec now);

#endif

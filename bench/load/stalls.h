/*
 * Private to the load generator: the part of a request's delay that was caused by the load
 * generator itself, or by its limit of connections.
 *
 * The caller passes the times. Nothing is allocated: only the longest absences are kept.
 */
#ifndef BENCH_LOAD_STALLS_H
#define BENCH_LOAD_STALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define ABSENCES_MAX 16 /* kept; if there are more, the shortest is dropped */

/* A time in which the loop did not run. */
struct absence {
    nsec from, to;
};

struct absences {
    struct absence all[ABSENCES_MAX];
    size_t count;
};

void absences_add(struct absences *absences, nsec from, nsec to);

/* The time from `at` to the end of the longest absence that includes `at`; 0: there is none. */
nsec absences_remaining(const struct absences *absences, nsec at);

/* Drops the absences that ended by `until`. */
void absences_drop(struct absences *absences, nsec until);

/* Of an open loop. Must be zeroed first. */
struct stalls {
    struct absences absences;
    nsec busy_since;    /* all connections are busy since then; 0: not all are busy */
    nsec limited_until; /* stalls_limited has returned the waits up to this time */
};

/* The part of the delay that the load generator caused. `late`: time between the intended
   start and the start. `waited`: the request waited for a free connection; then only the loop's
   `lag`, or its absence at the intended start, counts. A request that waited for a connection to
   open is passed with a `lag` of 0. Calls must be in the order of the intended starts. */
nsec stalls_send_delay(struct stalls *stalls, nsec intended, nsec late, nsec lag, bool waited);

/* Whether another request would have to wait for a busy connection. */
void stalls_set_busy(struct stalls *stalls, bool busy, nsec now);

/* The first request in the queue has waited for a connection since it was due, or since all
   connections became busy. Returns the part of this time after `from` that was not returned before:
   the results of all calls can be added. */
nsec stalls_limited(struct stalls *stalls, nsec intended, nsec from, nsec now);

#endif

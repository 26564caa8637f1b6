/*
 * The load generator: one loop, many connections to one origin, and a rule of when requests start.
 *
 * Closed loop: all connections are opened, as far as they can be, and then measuring begins; each sends
 * its next request when it has the answer to the last. Open loop:
 * requests are due by a schedule, whatever the server does. One that is due takes the connection that has
 * been idle longest; where all are busy another is opened, up to `connections`; what then still waits
 * is taken in the order of the intended times by whichever connection is free next.
 *
 * What happens is counted in a tally that is handed over once a second (LOAD_INTERVAL) and at the end. The
 * span of an open loop that comes to its end is that of its schedule, or longer where requests took longer:
 * five requests at ten a second are half a second, though the last begins at 400 ms.
 * Only requests that were due after the warm-up count, each as a whole.
 *
 * A load that reaches no server ends by itself: when none of the connections that were begun in the first
 * second, from the first of them on, could be made, none of them is pending, and none has timed out. Its
 * tally says so (gave_up).
 */
#ifndef BENCH_LOAD_LOAD_H
#define BENCH_LOAD_LOAD_H

#include "bench/load/options.h"
#include "bench/load/tally.h"
#include "http/dial/dialer.h"

#define LOAD_INTERVAL NSEC_PER_S

struct load;

/* Makes ready; nothing is sent yet. `interval` is called with each interval, whose tally is the load's
   own and is cleared after it; `done` once, after the last one, when all connections are closed: the load
   may be freed in it. `dialer` is borrowed. NULL where TLS cannot be set up, *why is then a sentence to be
   freed. */
struct load *load_new(const struct load_options *options, struct dialer *dialer,
                      void (*interval)(void *owner, const struct tally *tally),
                      void (*done)(void *owner), void *owner, char **why);

/* Begins. */
void load_start(struct load *load);

/* Ends it before its time, with a last interval. */
void load_stop(struct load *load);

void load_free(struct load *load); /* NULL is allowed */

#endif

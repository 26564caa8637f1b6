/*
 * The load generator: one loop, many connections to one origin, and a rule for when requests start.
 *
 * Closed loop: first all connections are opened, as far as possible; then measuring begins. Each
 * connection sends its next request when it has received the response to the previous one.
 *
 * Open loop: requests become due by a schedule that does not depend on the server. A due request
 * takes the connection that has been idle longest. If all connections are busy, another one is
 * opened, up to `connections`. Requests that still wait are started in the order of their intended
 * starts, each on the first connection that becomes free.
 *
 * With HTTP/2 a connection has up to `streams` requests in flight, but no more than the server
 * allows (SETTINGS). Requests beyond that limit wait. In a closed loop a request starts when it
 * gets a stream, and the wait before is counted as tally.slot_wait. In an open loop the wait is a
 * part of the latency, as any wait for a connection.
 *
 * The counts are in a tally, which is passed to the owner once per second (LOAD_INTERVAL) and at
 * the end. An open loop that completes lasts as long as its schedule, or longer if requests took
 * longer: five requests at ten per second last half a second, although the last one starts at
 * 400 ms. Only requests that became due after the warm-up are counted.
 *
 * A load that reaches no server ends early; see "trial" in connections.h. tally.gave_up is then the
 * error.
 */
#ifndef BENCH_LOAD_LOAD_H
#define BENCH_LOAD_LOAD_H

#include "bench/load/options.h"
#include "bench/load/tally.h"
#include "http/dial/dialer.h"

#define LOAD_INTERVAL NSEC_PER_S

struct load;

/* Creates a load; nothing is sent yet. `interval` is called after each interval; its tally belongs
   to the load and is cleared after the call. `done` is called once, after the last interval, when
   all connections are closed; the load may be freed in it. `dialer` is borrowed. Returns NULL if
   TLS cannot be set up; *why is then a sentence, which the caller frees. */
struct load *load_new(const struct load_options *options, struct dialer *dialer,
                      void (*interval)(void *owner, const struct tally *tally),
                      void (*done)(void *owner), void *owner, char **why);

void load_start(struct load *load);

/* Ends the run early; a last interval is reported. */
void load_stop(struct load *load);

void load_free(struct load *load); /* NULL is allowed */

#endif

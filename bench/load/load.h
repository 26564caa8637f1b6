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

#include "bench/load/schedule.h"
#include "bench/load/tally.h"
#include "bench/load/targets.h"
#include "http/dial/dialer.h"

#define LOAD_INTERVAL      NSEC_PER_S
#define LOAD_STAMPED_EVERY 16 /* connections, by default one in so many */

struct load_options {
    const struct targets *targets; /* borrowed */
    size_t connections;            /* at most, over 0 */

    bool open_loop;
    struct schedule_options schedule; /* of an open loop */
    uint64_t seed;                    /* of the choice of targets */

    nsec start;  /* open loop: when the schedule begins, for several processes alike; 0: at once */
    nsec warmup; /* not measured */
    nsec duration;         /* measured; NSEC_NEVER: until `requests` are done */
    uint64_t requests;     /* measured; 0: no limit. With it, the run ends when they have ended */
    uint64_t all_requests; /* of all shares together; 0: `requests` */
    nsec timeout;          /* of a request, over 0; NSEC_NEVER: none */

    nsec
        drain; /* when the run is over, and reported, connections stay until what was in flight has ended, for
                   so long at most; 0: they are closed at once */

    uint64_t requests_per_connection; /* then it is closed; 0: no limit */
    bool new_connections;   /* each request makes its own, and its time counts in the latency */
    unsigned pipeline;      /* requests in flight on a connection, over 0 */
    unsigned stamped_every; /* one connection in so many asks for kernel stamps; 0: none */
    unsigned
        resume_percent; /* of TLS connections that resume a session, where they can: 0 to 100 */

    const struct sock_from *sources; /* connections take turns; borrowed */
    size_t source_count;             /* 0: from anywhere */
};

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

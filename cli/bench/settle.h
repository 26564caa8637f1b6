/*
 * Waits until a server is idle. A rate above its capacity leaves a backlog: requests that it
 * handles after their connections have closed, or the memory of a rate limiter. The next run would
 * measure that backlog. So probes, one request at a time, are sent until one takes no longer than
 * the first probes.
 */
#ifndef CLI_BENCH_SETTLE_H
#define CLI_BENCH_SETTLE_H

#include "cli/bench/load_run.h"

#define SETTLE_TIME   (10 * NSEC_PER_S) /* for the first probes, and for each wait */
#define SETTLE_PROBES 3                 /* first probes; later ones are compared with the fastest */
/* The server is idle if a probe takes at most SETTLE_SLOWER times as long as the first one, or at
   most SETTLE_SLACK more, because chance matters more for a fast probe. */
#define SETTLE_SLOWER 2
#define SETTLE_SLACK  NSEC_PER_MS

struct settle {
    struct load_plan plan; /* the run's plan, reduced to one request on one connection */

    /* of the fastest of the first probes */
    nsec time;       /* from the intended start to the response, with the connection */
    nsec service;    /* from the send to the response */
    bool bad_status; /* the status was 400 or more */

    enum error error; /* why the last probe had no response; ERROR_NONE: it had one */
    bool interrupted; /* a signal came, or the rehearsal's process ended: stop */
    /* when the next run may begin, after settle_wait: a rate limiter has then forgotten the
       probe */
    nsec start;
};

/* Sends the first probes. False, with a diagnostic, if a run cannot be set up. If none had a
   response, `error` has the reason. */
bool settle_begin(struct settle *settle, const struct load_plan *plan);

/* Waits until the server is idle, at most until `deadline`; *settled is whether it is. False as
   above. */
bool settle_wait(struct settle *settle, nsec deadline, bool *settled);

#endif

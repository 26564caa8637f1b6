/*
 * Whether a server is idle again. A rate above what a server can do leaves a backlog behind:
 * requests that it works off after their connections have gone, or a limiter's memory of them. A
 * run that begins on it measures the run before. So one request at a time, a probe, is sent until
 * it takes no longer than one did at first.
 */
#ifndef CLI_BENCH_SETTLE_H
#define CLI_BENCH_SETTLE_H

#include "cli/bench/load_run.h"

#define SETTLE_TIME   (10 * NSEC_PER_S) /* for the first probes, and for each wait */
#define SETTLE_PROBES 3 /* at first; the fastest of them is what others are compared with */
#define SETTLE_SLOWER 2 /* times the first is still idle, and so is: */
#define SETTLE_SLACK  NSEC_PER_MS /* more than the first, for chance weighs more in a fast one */

struct settle {
    struct load_plan plan; /* of a probe: the run's, with one request on one connection */

    /* of the first probes */
    nsec time;    /* from when it was due until the response; the connection is part of it */
    nsec service; /* from when it was sent */
    bool wrong;   /* the status was 400 or more */

    enum error error; /* why the last probe had no response; ERROR_NONE: it had one */
    bool interrupted; /* a signal came, or the rehearsal's origin ended: nothing is to follow */
    nsec
        start; /* when the next run may begin, after settle_wait: a limiter has forgotten the probe then */
};

/* Sends the first probes. False where a run cannot be set up, which is said. Where none had a
   response, `error` says why. */
bool settle_begin(struct settle *settle, const struct load_plan *plan);

/* Waits until the server is idle, at most until `deadline`; *settled says whether it was. False as
   above. */
bool settle_wait(struct settle *settle, nsec deadline, bool *settled);

#endif

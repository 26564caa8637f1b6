/* Whether the client was the bottleneck of a run, and why. */
#ifndef BENCH_LOAD_VERDICT_H
#define BENCH_LOAD_VERDICT_H

#include "bench/load/tally.h"

#define VERDICT_MAX_BUSY       0.95                /* of a core, for one process */
#define VERDICT_MAX_STARVED    0.10                /* of the time, waiting for a core */
#define VERDICT_MAX_SUSPENDED  0.01                /* of the time, stopped */
#define VERDICT_MAX_SUSPENSION (100 * NSEC_PER_MS) /* a single stop */
#define VERDICT_MIN_SPAN       (100 * NSEC_PER_MS) /* in shorter runs, shares of time are ignored */
#define VERDICT_LATE           (1 * NSEC_PER_MS)   /* a later start is late */
#define VERDICT_MAX_LATE       0.01                /* of the starts */
#define VERDICT_MIN_LATE       10                  /* fewer late starts are ignored */
#define VERDICT_MAX_LIMITED    0.01 /* of the time, all connections busy and requests waiting */

enum verdict {
    VERDICT_OK,
    VERDICT_SATURATED, /* no CPU time left; remedy: a lower rate, or more processes */
    VERDICT_STARVED,   /* the thread waited for a core; remedy: a core of its own */
    VERDICT_SUSPENDED, /* stopped, by a signal or with the machine; remedy: repeat the run */
};

struct judgement {
    enum verdict verdict;
    bool busy;              /* the thread was over VERDICT_MAX_BUSY */
    bool late;              /* over VERDICT_MAX_LATE of the starts, and at least VERDICT_MIN_LATE */
    bool starved;           /* over VERDICT_MAX_STARVED, or the cause of half the late starts */
    bool suspended;         /* over its limits, or the cause of half the late starts */
    double busy_share;      /* of the time */
    double starved_share;   /* of the time */
    double suspended_share; /* of the time */
    double late_share;      /* of the starts; 0 in a closed loop */
    nsec suspension;        /* the longest stop */
};

/* Judges a whole run. With several processes, `busiest` is the share of the busiest one; otherwise
   it is ignored. Of several reasons, the one with the largest share of time is the verdict. */
struct judgement verdict_judge(const struct tally *tally, double busiest);

/* "ok", "saturated", "starved", "suspended". */
const char *verdict_name(enum verdict verdict);

/* Open loop: whether the number of connections was a limit, so that requests started late. It does
   not show whether the server could have handled more. */
bool verdict_limited(const struct tally *tally);

#endif

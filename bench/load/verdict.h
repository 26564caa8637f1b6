/* Was it the client that was measured, and why? What decides it, in one place. */
#ifndef BENCH_LOAD_VERDICT_H
#define BENCH_LOAD_VERDICT_H

#include "bench/load/tally.h"

#define VERDICT_MAX_BUSY       0.95 /* of a core, for one process */
#define VERDICT_MAX_STARVED    0.10 /* of the time, waiting for a core that others had */
#define VERDICT_MAX_SUSPENDED  0.01 /* of the time, stopped; or at once: */
#define VERDICT_MAX_SUSPENSION (100 * NSEC_PER_MS)
#define VERDICT_LEAST_SPAN     (100 * NSEC_PER_MS) /* a shorter run says nothing of shares of time */
#define VERDICT_LATE           (1 * NSEC_PER_MS)   /* later than that is late */
#define VERDICT_MAX_LATE       0.01                /* of the scheduled sends */
#define VERDICT_LEAST_LATE     10                  /* fewer late sends than these are chance */
#define VERDICT_MAX_LIMITED    0.01 /* of the time, with all connections busy and requests waiting */

/* What to do about it is another thing for each. */
enum verdict {
    VERDICT_OK,
    VERDICT_SATURATED, /* it had no time left: a lower rate, or more processes */
    VERDICT_STARVED,   /* others had its core: it needs one of its own */
    VERDICT_SUSPENDED, /* it was stopped, by a signal or with the machine: once more, undisturbed */
};

struct judgement {
    enum verdict verdict;
    bool busy; /* the thread was over VERDICT_MAX_BUSY */
    bool
        late; /* over VERDICT_MAX_LATE of the sends, and enough of them, were over VERDICT_LATE late */
    bool starved;           /* over VERDICT_MAX_STARVED, or that explains half of what was late */
    bool suspended;         /* over its limits, or that explains half of what was late */
    double busy_share;      /* of the time */
    double starved_share;   /* of the time */
    double suspended_share; /* of the time */
    double late_share;      /* of the sends; 0 in a closed loop */
    nsec suspension;        /* the longest at once */
};

/* Judges a whole run. Where it had several processes, `busiest` is the share of the busiest of them;
   else it is tally_busy. Of several reasons the one that took most of the time gives the verdict. */
struct judgement verdict_judge(const struct tally *tally, double busiest);

/* "ok", "saturated", "starved", "suspended". */
const char *verdict_name(enum verdict verdict);

/* Whether the number of connections was a limit, in an open loop: more of them would have sent requests when
   they were due. Whether the server could have done more is another question. */
bool verdict_limited(const struct tally *tally);

#endif

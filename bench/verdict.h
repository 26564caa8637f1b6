/* Was it the client that was measured? What decides it, in one place. */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include "bench/tally.h"

#define VERDICT_MOST_BUSY    0.95 /* of a core, for one process */
#define VERDICT_MOST_STARVED 0.10 /* of the time, waiting for a core that others had */
#define VERDICT_LEAST_SPAN   (100 * NSEC_PER_MS) /* a shorter run says nothing of shares of time */
#define VERDICT_LATE         (1 * NSEC_PER_MS)   /* later than that is late */
#define VERDICT_MOST_LATE    0.01                /* of the scheduled sends */

enum verdict { VERDICT_OK, VERDICT_SATURATED };

struct judgement {
    enum verdict verdict;
    bool busy;            /* the thread was over VERDICT_MOST_BUSY */
    bool late;            /* over VERDICT_MOST_LATE of the sends were over VERDICT_LATE late */
    bool starved;         /* the threads waited for a core over VERDICT_MOST_STARVED of the time */
    double busy_share;    /* of the time */
    double starved_share; /* likewise */
    double late_share;    /* of the sends; 0 in a closed loop */
};

/* Judges a whole run. Where it had several processes, `busiest` is the share of the busiest of them;
   else it is tally_busy. */
struct judgement verdict_judge(const struct tally *tally, double busiest);

#endif

/*
 * The knee of a server's curve: the highest rate at which it holds a limit. Rates are tried one
 * after the other, doubled while the limit holds, then halved in between, until the highest that
 * held and the lowest that did not lie within KNEE_CLOSE of each other. A rate that missed is tried
 * once more: one hiccup is not the server's limit. Each try begins when the server is idle again
 * (cli/bench/settle.h), or after SETTLE_TIME.
 */
#ifndef CLI_BENCH_KNEE_H
#define CLI_BENCH_KNEE_H

#include <stdio.h>

#include "cli/bench/load_run.h"

#define KNEE_FIRST_RATE 1000 /* where the options name none */
#define KNEE_CLOSE      0.05
#define KNEE_MAX_RATES  40
#define KNEE_MAX_TRIES  (2 * KNEE_MAX_RATES)

/* A try of a rate. */
struct knee_try {
    double rate, rps; /* asked for; what came */
    double measured;  /* nanoseconds, of what is limited; NaN: nothing */
    double wrong;     /* the share of requests that failed, or were answered 400 and up */
    double
        waiting; /* the share of requests that were due and not started at the end: over 1% of them
                         a queue grows, and the limit is not held */
    bool held;   /* the limit, and nothing waited or failed in the end */
    bool saturated; /* the verdict was not VERDICT_OK: the server may do better */
    bool
        limited; /* all connections were busy while requests waited, and the server was no slower than
                       when it was idle: with more of them it may do better */
    bool settled; /* the server was idle before */
};

struct knee {
    struct slo_part limit;
    struct knee_try tries[KNEE_MAX_TRIES];
    size_t count;
    double rate;      /* the highest that held; 0: none did */
    bool interrupted; /* the search did not end */
    bool saturated;   /* it ended where the client did */
    bool limited;     /* it ended where the connections did */
    enum error
        gave_up; /* no connection could be made, or no request had a response, for this reason: the search
                           did not end */
    bool ports, descriptors; /* ran out */
};

/* Searches; each try is told on `to` as it ends, unless that is NULL. False where a run cannot be
   set up, which is said. */
bool knee_find(struct knee *knee, const struct load_plan *plan, FILE *to);

/* What was found, behind the curve in the order of the rates; and the same as one JSON object,
   schema firstbyte.knee/1. */
void knee_curve(FILE *to, const struct knee *knee);
void knee_text(FILE *to, const struct knee *knee);
void knee_json(FILE *to, const struct knee *knee);

#endif

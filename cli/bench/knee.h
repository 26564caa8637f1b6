/*
 * Searches for the knee of a server: the highest rate at which a limit holds. Rates are tried one
 * after the other: doubled while the limit holds, then bisected, until the highest that held and
 * the lowest that missed are within KNEE_CLOSE of each other. A rate that missed is tried again,
 * because one stall is not the limit of the server. Each try begins when the server is idle
 * (cli/bench/settle.h), or after SETTLE_TIME.
 */
#ifndef CLI_BENCH_KNEE_H
#define CLI_BENCH_KNEE_H

#include <stdio.h>

#include "cli/bench/load_run.h"

#define KNEE_FIRST_RATE 1000 /* without --from-rate */
#define KNEE_CLOSE      0.05
#define KNEE_MAX_RATES  40
#define KNEE_MAX_TRIES  (2 * KNEE_MAX_RATES)

struct knee_try {
    double rate, rps;   /* intended; completed */
    double measured;    /* the limited latency in nanoseconds; NaN: no response */
    double error_share; /* share of requests that failed or had a status of 400 or more */
    /* share of requests that were due and not started at the end; over 1% is a growing queue,
       and the limit does not hold */
    double waiting;
    bool held;      /* the limit held, and no request waited or failed at the end */
    bool saturated; /* the verdict was not VERDICT_OK: the server may be faster */
    /* all connections were busy while requests waited, and the server was no slower than when
       idle: more connections may raise the rate */
    bool limited;
    bool settled; /* the server was idle at the start */
};

struct knee {
    struct slo_part limit;
    struct knee_try tries[KNEE_MAX_TRIES];
    size_t count;
    double rate;      /* the highest rate that held; 0: none */
    bool interrupted; /* a signal ended the search */
    bool saturated;   /* the client limits higher rates */
    bool limited;     /* the connections limit higher rates */
    /* no connection could be made, or no request had a response, for this reason: the search
       was ended */
    enum error gave_up;
    bool ports, descriptors; /* these ran out */
};

/* Searches. Each try is written to `to` when it ends; NULL: not written. False, with a diagnostic,
   if a run cannot be set up. */
bool knee_find(struct knee *knee, const struct load_plan *plan, FILE *to);

/* Write the curve in the order of the rates, the result, and both as one JSON object of schema
   firstbyte.knee/1. */
void knee_curve(FILE *to, const struct knee *knee);
void knee_text(FILE *to, const struct knee *knee);
void knee_json(FILE *to, const struct knee *knee);

#endif

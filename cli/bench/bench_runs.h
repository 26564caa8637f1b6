/* Several runs as text: a table with one line for each run, and the medians of the runs. */
#ifndef CLI_BENCH_BENCH_RUNS_H
#define CLI_BENCH_BENCH_RUNS_H

#include "cli/bench/bench_run.h"

/* The columns of figures: requests per second, and times in nanoseconds. */
enum bench_column { BENCH_RATE, BENCH_P50, BENCH_P99, BENCH_P999, BENCH_MAX, BENCH_COLUMNS };

/* The figures of the runs of one target, without a run that was interrupted. Zeroed: no run. */
struct bench_runs {
    double *values[BENCH_COLUMNS]; /* in each column one for each run; NaN: no response came */
    size_t count;
};

/* Writes what will be run, and the head of the table. Only the options in `run` are read. `other`
   is the URL of --vs; NULL: none. */
void bench_runs_begin(FILE *to, const struct bench_run *run, const char *other, bool color);

/* Adds a run and writes its line. `name` is "1", or "1 a" with --vs. */
void bench_runs_add(FILE *to, struct bench_runs *runs, const struct bench_run *run,
                    const char *name, bool color);

/* Writes the medians, if two runs or more are complete. `name` is "median", or "median a". */
void bench_runs_end(FILE *to, const struct bench_runs *runs, const char *name, bool color);

void bench_runs_free(struct bench_runs *runs);

#endif

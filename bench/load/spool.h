/*
 * The intervals of a run, one a second, kept until the report: an hour has 3,600 of them, a month
 * millions. Some are held in memory; more than that go to a file without a name in TMPDIR or /tmp.
 */
#ifndef BENCH_LOAD_SPOOL_H
#define BENCH_LOAD_SPOOL_H

#include "bench/load/tally.h"

#define SPOOL_HELD 600 /* in memory */

/* What is kept of a tally. */
struct interval {
    double from_s, to_s;
    uint64_t scheduled, waiting, started, completed, failed, in_flight;
    uint64_t bytes_in, bytes_out, connections;
    nsec p50, p90, p99, p999, max; /* of `latency`; 0 where nothing was answered */
    nsec lag_p99;                  /* of `lag` */
    double busy;                   /* tally_busy */
    double rps;                    /* completed, a second */
};

struct spool;

struct spool *spool_new(void);
void spool_free(struct spool *spool); /* NULL is allowed */

/* Adds an interval. What cannot be written is left out, and not counted: spool_error says so. */
void spool_add(struct spool *spool, const struct tally *tally);

size_t spool_count(const struct spool *spool);

/* The i-th, from 0. False where it cannot be read. */
bool spool_get(struct spool *spool, size_t i, struct interval *interval);

/* 0, or the errno of the first write or read that failed. */
int spool_error(const struct spool *spool);

#endif

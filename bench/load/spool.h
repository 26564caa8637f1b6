/*
 * Stores the intervals of a run until the report: one per second, so 3,600 per hour and millions
 * per month. The first SPOOL_HELD are in memory, the rest in an unnamed file in TMPDIR or /tmp.
 */
#ifndef BENCH_LOAD_SPOOL_H
#define BENCH_LOAD_SPOOL_H

#include "bench/load/tally.h"

#define SPOOL_HELD 600 /* in memory */

/* A summary of a tally. */
struct interval {
    double from_s, to_s;
    uint64_t scheduled, waiting, started, completed, failed, in_flight;
    uint64_t bytes_in, bytes_out, connections;
    nsec p50, p90, p99, p999, max; /* of `latency`; 0 if it is empty */
    nsec lag_p99;                  /* of `lag` */
    double busy;                   /* tally_busy */
    double rps;                    /* completed, per second */
};

struct spool;

struct spool *spool_new(void);
void spool_free(struct spool *spool); /* NULL is allowed */

/* Adds an interval. If it cannot be written it is dropped, and spool_error returns the reason. */
void spool_add(struct spool *spool, const struct tally *tally);

size_t spool_count(const struct spool *spool);

/* Reads the i-th interval, from 0. Returns false if it cannot be read. */
bool spool_get(struct spool *spool, size_t i, struct interval *interval);

/* 0, or the errno of the first write or read that failed. */
int spool_error(const struct spool *spool);

#endif

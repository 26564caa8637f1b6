/*
 * Writes an HdrHistogram log, version 1.3, with histograms in the V2 compressed encoding, as
 * HistogramLogReader reads it. Values are nanoseconds; the Interval_Max column is in milliseconds,
 * as in the HdrHistogram libraries.
 */
#ifndef BENCH_LOAD_HLOG_H
#define BENCH_LOAD_HLOG_H

#include "bench/load/histogram.h"

struct hlog;

/* Creates the file and writes the header lines. `wall_start` is the start of the run on the wall
   clock, in nanoseconds since 1970. Returns NULL if the file cannot be created; *error is then the
   errno. */
struct hlog *hlog_open(const char *path, uint64_t wall_start, int *error);

/* Adds an interval that began at `from` after the start of the run. */
void hlog_interval(struct hlog *hlog, nsec from, nsec length, const struct histogram *histogram);

/* Closes and frees. Returns 0, or the errno of the first write that failed. */
int hlog_close(struct hlog *hlog);

#endif

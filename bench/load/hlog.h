/*
 * Writes an HdrHistogram log, version 1.3, whose histograms are in the V2 compressed encoding: what
 * HistogramLogReader of that family's libraries reads back. Values are nanoseconds; the column of the
 * greatest is in milliseconds, as those libraries have it.
 */
#ifndef BENCH_LOAD_HLOG_H
#define BENCH_LOAD_HLOG_H

#include "bench/load/histogram.h"

struct hlog;

/* Creates the file, with the head of the log; `began` is the wall clock's time of the run's start, in
   nanoseconds since 1970. NULL where it cannot be written, *error is then the errno. */
struct hlog *hlog_open(const char *path, uint64_t began, int *error);

/* Adds an interval: when it began, after the run's start, and how long it was. */
void hlog_interval(struct hlog *hlog, nsec from, nsec length, const struct histogram *histogram);

/* Closes and frees. Returns 0, or the errno of the first write that failed: the file is not whole. */
int hlog_close(struct hlog *hlog);

#endif

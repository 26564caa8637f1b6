/*
 * A histogram of times, in nanoseconds: log buckets, each divided into 1,024 parts, so that a value is
 * known to 0.1% from 1 us to 1 h (below 2,048 ns it is exact). The memory is fixed, recording is a few
 * instructions, and adding two histograms gives exactly what one would have held: it loses nothing that
 * was not lost before.
 *
 * The layout is HdrHistogram's with a lowest value of 1 and three significant digits, so that its log
 * format can hold it as it is (bench/load/hlog.h). Nothing is dropped: what is over an hour is counted as
 * HISTOGRAM_MAX, and `clamped` says how many were.
 */
#ifndef BENCH_LOAD_HISTOGRAM_H
#define BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>

#include "base/clock.h"

#define HISTOGRAM_MAX        (3600 * NSEC_PER_S)
#define HISTOGRAM_PARTS_BITS 10 /* a bucket has 1,024 parts */
#define HISTOGRAM_PARTS      (1u << HISTOGRAM_PARTS_BITS)
#define HISTOGRAM_BUCKETS    32 /* the last reaches over an hour */
#define HISTOGRAM_COUNTS     ((HISTOGRAM_BUCKETS + 1) * HISTOGRAM_PARTS)

struct histogram {
    uint64_t count;                    /* of all values */
    uint64_t clamped;                  /* of those that were over HISTOGRAM_MAX */
    nsec min, max;                     /* exact; min is NSEC_NEVER and max 0 while there is none */
    uint32_t first, end;               /* the places of min and, one beyond, of max; else both 0 */
    uint64_t counts[HISTOGRAM_COUNTS]; /* by histogram_place */
};

/* The percentiles that reports show: X(member, percent, name). */
#define HISTOGRAM_PERCENTILES(X)                                                                   \
    X(p50, 50, "p50")                                                                              \
    X(p75, 75, "p75")                                                                              \
    X(p90, 90, "p90")                                                                              \
    X(p95, 95, "p95")                                                                              \
    X(p99, 99, "p99")                                                                              \
    X(p999, 99.9, "p99.9")                                                                         \
    X(p9999, 99.99, "p99.99")

struct histogram_summary {
    uint64_t count;
    nsec min, max; /* 0 where there is no value */
    double mean, stddev;
#define X(member, percent, name) nsec member;
    HISTOGRAM_PERCENTILES(X)
#undef X
};

struct histogram *histogram_new(void); /* empty */
void histogram_free(struct histogram *histogram);
void histogram_clear(struct histogram *histogram); /* costs what was touched, not all of it */

/* Where a value is counted; a value over HISTOGRAM_MAX must have been clamped. */
static inline uint32_t histogram_index(nsec value)
{
    uint32_t bucket =
        63 - HISTOGRAM_PARTS_BITS - (uint32_t)__builtin_clzll(value | (2 * HISTOGRAM_PARTS - 1));

    return (bucket << HISTOGRAM_PARTS_BITS) + (uint32_t)(value >> bucket);
}

/* Counts a value. Here, since it is called several times a request. */
static inline void histogram_record(struct histogram *histogram, nsec value)
{
    uint32_t index;

    if (__builtin_expect(value > HISTOGRAM_MAX, 0)) {
        value = HISTOGRAM_MAX;
        histogram->clamped++;
    }
    index = histogram_index(value);
    histogram->counts[index]++;
    histogram->count++;
    if (value < histogram->min) {
        histogram->min = value;
        histogram->first = index;
    }
    if (value >= histogram->max) { /* 0 is a value too */
        histogram->max = value;
        histogram->end = index + 1;
    }
}

/* Counts a value so many times, which may be 0. */
void histogram_record_many(struct histogram *histogram, nsec value, uint64_t times);

/* The least value that is counted as this one is: in the same place, clamped as it is or not. */
nsec histogram_least(nsec value);

/* Adds what the other holds. */
void histogram_add(struct histogram *to, const struct histogram *from);

/* Adds those whose place is over that of `value`. */
void histogram_add_over(struct histogram *to, const struct histogram *from, nsec value);

/* The values that are counted in one place lie from histogram_low to histogram_high, both included. */
nsec histogram_low(uint32_t index);
nsec histogram_high(uint32_t index);

/* The value that `percent` (0 to 100) of all values do not exceed: histogram_high of the place where
   that many are reached, never over max; 0 where there is no value. Of `percent` six decimals count. */
nsec histogram_at(const struct histogram *histogram, double percent);

/* How many values are at most `value`, as far as the places tell: its own place counts whole. */
uint64_t histogram_up_to(const struct histogram *histogram, nsec value);

/* All at once, in one pass. Mean and standard deviation (of all values, not of a sample of them) are
   those of the places' middles, which are never taken outside of min to max. */
void histogram_summarize(const struct histogram *histogram, struct histogram_summary *summary);

#endif

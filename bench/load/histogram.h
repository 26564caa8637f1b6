/*
 * A histogram of times in nanoseconds. Logarithmic buckets have 1,024 parts each, so the error of a
 * value is at most 0.1% up to 1 h (below 2,048 ns it is exact). The memory is fixed, recording
 * takes a few instructions, and the sum of two histograms is exact.
 *
 * The layout is that of HdrHistogram with a lowest value of 1 and three significant digits, so its
 * log format can represent it (bench/load/hlog.h). A value over an hour is counted as
 * HISTOGRAM_MAX, and in `clamped`.
 *
 * An "index" is the position of a part in `counts`.
 */
#ifndef BENCH_LOAD_HISTOGRAM_H
#define BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>

#include "base/clock.h"

#define HISTOGRAM_MAX        (3600 * NSEC_PER_S)
#define HISTOGRAM_PARTS_BITS 10 /* a bucket has 1,024 parts */
#define HISTOGRAM_PARTS      (1u << HISTOGRAM_PARTS_BITS)
#define HISTOGRAM_BUCKETS    32 /* the last one ends after an hour */
#define HISTOGRAM_COUNTS     ((HISTOGRAM_BUCKETS + 1) * HISTOGRAM_PARTS)

struct histogram {
    uint64_t count;                    /* of all values */
    uint64_t clamped;                  /* of the values over HISTOGRAM_MAX */
    nsec min, max;                     /* exact; if empty: NSEC_NEVER and 0 */
    uint32_t first, end;               /* index of min, index of max + 1; if empty: 0 and 0 */
    uint64_t counts[HISTOGRAM_COUNTS]; /* by histogram_index */
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
    nsec min, max; /* 0 if there are no values */
    double mean, stddev;
#define X(member, percent, name) nsec member;
    HISTOGRAM_PERCENTILES(X)
#undef X
};

struct histogram *histogram_new(void); /* empty */
void histogram_free(struct histogram *histogram);
void histogram_clear(struct histogram *histogram); /* writes only used parts */

/* The index of a value, which must not be over HISTOGRAM_MAX. */
static inline uint32_t histogram_index(nsec value)
{
    uint32_t bucket =
        63 - HISTOGRAM_PARTS_BITS - (uint32_t)__builtin_clzll(value | (2 * HISTOGRAM_PARTS - 1));

    return (bucket << HISTOGRAM_PARTS_BITS) + (uint32_t)(value >> bucket);
}

/* Inline because it is called several times per request. */
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

/* Records a value `times` times, which may be 0. */
void histogram_record_many(struct histogram *histogram, nsec value, uint64_t times);

/* The lowest value that has the same index, and is clamped if this value is. */
nsec histogram_lowest(nsec value);

void histogram_add(struct histogram *to, const struct histogram *from);

/* Adds the values whose index is over that of `value`. */
void histogram_add_over(struct histogram *to, const struct histogram *from, nsec value);

/* The lowest and the highest value with this index. */
nsec histogram_low(uint32_t index);
nsec histogram_high(uint32_t index);

/* The percentile `percent` (0 to 100): histogram_high of its index, but never over max. 0 if there
   are no values. `percent` is rounded to six decimals. */
nsec histogram_at(const struct histogram *histogram, double percent);

/* The number of values up to `value`, including all that have the same index. */
uint64_t histogram_up_to(const struct histogram *histogram, nsec value);

/* Computes the whole summary in one pass. Mean and standard deviation (of the population) use the
   middle of each part, limited to min and max. */
void histogram_summarize(const struct histogram *histogram, struct histogram_summary *summary);

#endif

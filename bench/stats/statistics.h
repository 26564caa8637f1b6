/*
 * Whether two samples differ. The samples are small, and their values are only known to be
 * independent: medians, the ratio of two medians with an interval, a rank test, and the correction
 * for several tests. All functions are pure.
 *
 * All values must be finite, and each sample must have at least one. Samples are not reordered.
 */
#ifndef BENCH_STATS_STATISTICS_H
#define BENCH_STATS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATISTICS_RESAMPLES  10000 /* of a bootstrap */
#define STATISTICS_CONFIDENCE 0.95  /* of its interval */
#define STATISTICS_EXACT_MAX  64    /* maximum of values in both samples for an exact p */

/* The middle value, or the mean of the two in the middle. */
double statistics_median(const double *values, size_t count);

struct statistics_ratio {
    double ratio;     /* of the medians; NaN if a value of the baseline is not over 0 */
    double low, high; /* interval of 95%; also NaN if a sample has only one value */
};

/* The ratio compared / baseline, with a percentile bootstrap interval: each sample is resampled
   independently, STATISTICS_RESAMPLES times. With few values the interval is too narrow: use it for
   the size of a difference, and the rank test to decide whether there is one. */
struct statistics_ratio statistics_ratio(const double *baseline, size_t baseline_count,
                                         const double *compared, size_t compared_count,
                                         uint64_t seed);

/* The result of the rank test (Mann-Whitney, Wilcoxon). */
struct statistics_rank {
    double u;   /* number of pairs in which the compared value is greater; a tie counts half */
    double p;   /* two-sided */
    bool exact; /* false: normal approximation */
};

/* Up to STATISTICS_EXACT_MAX values, p is twice the smaller tail of the permutation distribution of
   the mean ranks, which is exact with and without ties. Above that, p is the normal approximation,
   corrected for ties and for continuity. */
struct statistics_rank statistics_rank_test(const double *baseline, size_t baseline_count,
                                            const double *compared, size_t compared_count);

/* The minimum of the exact p for samples of these sizes, when their ranges do not overlap:
   2 / C(n + m, n), at most 1. Sizes 4 and 4: 0.029; sizes 3 and 3: 0.1. */
double statistics_min_p(size_t baseline_count, size_t compared_count);

/* The number of values that each sample needs so that one of `tests` differences can be significant
   at the level `alpha` (0 < alpha < 1): 4 for one test at 5%, 5 for up to six. */
size_t statistics_needed(size_t tests, double alpha);

/* Corrects the p of several tests (Holm), in place, for comparison with the level of all tests
   together. `count` may be 0. */
void statistics_holm(double *p, size_t count);

#endif

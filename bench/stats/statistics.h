/*
 * Are two samples different? Few values each, of which nothing is known but that they are independent:
 * medians, the ratio of two of them with its interval, a rank test, and the correction for asking several
 * questions at once. Pure functions: the same numbers in give the same numbers out, in each run.
 *
 * Every value is finite, and every sample has one at least, unless it says otherwise. Samples are not
 * reordered.
 */
#ifndef BENCH_STATS_STATISTICS_H
#define BENCH_STATS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATISTICS_RESAMPLES  10000 /* of a bootstrap */
#define STATISTICS_CONFIDENCE 0.95  /* of its interval */
#define STATISTICS_EXACT_MAX  64 /* values of both samples together whose ranks are counted out */

/* The middle value, or the mean of the two in the middle. */
double statistics_median(const double *values, size_t count);

/* How many times the median of one sample is that of another. */
struct statistics_ratio {
    double ratio;     /* of the medians; NaN where the baseline has a value that is not over 0 */
    double low, high; /* its interval of 95%; NaN too where a sample has one value alone */
};

/* The ratio compared / baseline. The interval is the percentile bootstrap's: each sample is drawn anew
   from itself, by itself, STATISTICS_RESAMPLES times. With few values it is narrower than it says: it
   shows how great a difference is, the rank test whether there is one. */
struct statistics_ratio statistics_ratio(const double *baseline, size_t baseline_count,
                                         const double *compared, size_t compared_count,
                                         uint64_t seed);

/* What the rank test (Mann and Whitney, Wilcoxon) found. */
struct statistics_rank {
    double u;   /* pairs in which the compared value is the greater; a tie is half of one */
    double p;   /* two-sided: how likely ranks this far apart are where there is no difference */
    bool exact; /* counted out; else the normal approximation */
};

/* Up to STATISTICS_EXACT_MAX values together every way to deal them into two such samples is counted,
   ties as they are (the permutation distribution of the mean ranks), and p is two times the smaller end
   of it: that is exact with ties and without.
   Above that, the normal approximation, corrected for ties and for continuity. */
struct statistics_rank statistics_rank_test(const double *baseline, size_t baseline_count,
                                            const double *compared, size_t compared_count);

/* The least exact p that samples of these sizes can have, where no value of one is among those of the
   other: 2 / C(n + m, n), at most 1. 4 and 4 have 0.029, 3 and 3 have 0.1. */
double statistics_least_p(size_t baseline_count, size_t compared_count);

/* How many values each of two samples needs so that one difference among `questions` can be shown at the
   level `alpha` (0 < alpha < 1): 4 for one question at 5%, 5 for up to six. */
size_t statistics_needed(size_t questions, double alpha);

/* Corrects the p of several questions (Holm): each becomes what can be compared with the level that is
   meant for all of them together. In place; none is fine. */
void statistics_holm(double *p, size_t count);

#endif

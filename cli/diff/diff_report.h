/* The result of a comparison of sets of runs, as text and as firstbyte.diff/1. */
#ifndef CLI_DIFF_DIFF_REPORT_H
#define CLI_DIFF_DIFF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/stats/statistics.h"
#include "cli/diff/diff_set.h"

#define DIFF_ALPHA 0.05 /* probability of a false difference */

/* The verdict of a metric, or of a set. */
enum diff_verdict {
    DIFF_VERDICT_NONE,
    DIFF_VERDICT_SLOWER,
    DIFF_VERDICT_FASTER,
    DIFF_VERDICT_NOT_JUDGED,
    DIFF_VERDICT_TOO_FEW
};

/* A metric of two sets. */
struct diff_measure {
    double baseline, compared;     /* medians; NaN: a run has no value */
    struct statistics_ratio ratio; /* compared / baseline */
    double p;                      /* corrected; NaN: not judged */
    bool is_more;                  /* the compared set has greater values, by rank */
    enum diff_verdict verdict;
};

/* A set compared with the baseline. */
struct diff_comparison {
    const struct diff_set *baseline, *compared; /* borrowed */
    struct diff_measure measure[DIFF_METRICS];
    enum diff_verdict verdict;
};

/* All comparisons. */
struct diff_comparisons {
    struct diff_comparison *list;
    size_t count;
    size_t judged; /* number of judged metrics of all pairs */
    size_t needed; /* runs that each set needs to show a difference */
    char **notes;  /* warnings, not escaped; owned */
    size_t noted;
};

/* Writes tables and sentences. Names of sets are untrusted and are escaped. */
void diff_report_text(const struct diff_comparisons *all, FILE *to);

/* Writes one object in one line. */
void diff_report_json(const struct diff_comparisons *all, FILE *to);

#endif

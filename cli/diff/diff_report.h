/* What a comparison of sets of runs came to, written for people and as firstbyte.diff/1. */
#ifndef CLI_DIFF_DIFF_REPORT_H
#define CLI_DIFF_DIFF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/stats/statistics.h"
#include "cli/diff/diff_set.h"

#define DIFF_ALPHA 0.05 /* how often runs without a difference may be told apart */

/* What is said of a metric, or of a set. */
enum diff_word { WORD_NONE, WORD_SLOWER, WORD_FASTER, WORD_NOT_JUDGED, WORD_TOO_FEW };

/* A metric of two sets. */
struct diff_measure {
    double baseline, compared;     /* medians; NaN: a run has no such number */
    struct statistics_ratio ratio; /* compared / baseline */
    double p;                      /* corrected; NaN: not judged */
    bool is_more;                  /* the compared set has the greater values, by its ranks */
    enum diff_word word;
};

/* A set that is compared with the first one. */
struct diff_comparison {
    const struct diff_set *baseline, *compared; /* borrowed */
    struct diff_measure measure[DIFF_METRICS];
    enum diff_word word;
};

/* All of them. */
struct diff_comparisons {
    struct diff_comparison *list;
    size_t count;
    size_t judged; /* metrics, of all pairs */
    size_t needed; /* runs that each set needs, so that a difference can be shown */
    char **notes;  /* warnings, as they are; owned */
    size_t noted;
};

/* Tables and sentences, which may have names from a stranger: they are shown by
   cli/output/text.h. */
void diff_report_text(const struct diff_comparisons *all, FILE *to);

/* One object in one line. */
void diff_report_json(const struct diff_comparisons *all, FILE *to);

#endif

/*
 * firstbyte diff: are sets of repeated runs different? Values inside of a run depend on each other,
 * so that a run is one value of the sample, however long it was.
 *
 * Judged are requests a second (but in an open loop whose schedule was met, where they are the
 * schedule), p50, p99, and the share of errors where any run has errors: by a rank test each, all
 * judged ones of all sets corrected together, at 5%. Other percentiles, the mean and the client's
 * CPU are shown alone: with each further question a difference is harder to show.
 */
#ifndef CLI_DIFF_DIFF_H
#define CLI_DIFF_DIFF_H

#include <stdio.h>

#include "cli/diff/diff_set.h"
#include "cli/types.h"

/* Compares sets in memory: two or more, each with a run or more, the first is the baseline.
   EXIT_SLOWER where one is shown to be slower, or to fail more, by any of the judged; else
   EXIT_FETCHED. With FORMAT_JSON it writes firstbyte.diff/1, else text. */
enum exit_status diff_sets(const struct diff_set *sets, size_t count, enum format format, FILE *to);

/* Reads the files, the first of which is the baseline, and compares them. EXIT_USAGE where one is
   refused, which is said on standard error; else as diff_sets. */
enum exit_status diff_files(char *const *files, size_t count, enum format format, FILE *to);

#endif

/*
 * firstbyte diff: compares sets of repeated runs. Values within a run depend on each other, so each
 * run is one value of the sample, whatever its length.
 *
 * Judged metrics: requests per second (except in open loops that met their schedule, which
 * determines them), p50, p99, and the share of errors if any run has errors. Each has a rank test;
 * all judged metrics of all sets are corrected together, at 5%. Other percentiles, the mean and the
 * client's CPU time are only shown: each further test makes it harder to show a difference.
 */
#ifndef CLI_DIFF_DIFF_H
#define CLI_DIFF_DIFF_H

#include <stdio.h>

#include "cli/diff/diff_set.h"
#include "cli/types.h"

/* Compares two or more sets in memory, each with at least one run. The first is the baseline.
   Writes firstbyte.diff/1 for FORMAT_JSON, else text. Returns EXIT_SLOWER if a set is shown to be
   slower or to fail more in a judged metric; else EXIT_FETCHED. */
enum exit_status diff_sets(const struct diff_set *sets, size_t count, enum format format, FILE *to);

/* Reads files, of which the first is the baseline, and compares them. Returns EXIT_USAGE, with a
   diagnostic, if a file is refused; else as diff_sets. */
enum exit_status diff_files(char *const *files, size_t count, enum format format, FILE *to);

#endif

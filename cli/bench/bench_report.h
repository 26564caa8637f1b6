/*
 * Writes the report of a run as text, as one JSON object of schema firstbyte.bench/1, or as CSV of
 * its intervals. docs/results.md describes each field.
 */
#ifndef CLI_BENCH_BENCH_REPORT_H
#define CLI_BENCH_BENCH_REPORT_H

#include <stdio.h>

#include "cli/bench/bench_run.h"

/* Writes the text. `columns` is the available width, 0: 80. At least 80 are used. */
void bench_report_text(FILE *to, const struct bench_run *run, bool color, size_t columns);

/* Writes one object in one line with a line end. Intervals that cannot be read are left out here
   and in the CSV: check spool_error afterwards. */
void bench_report_json(FILE *to, const struct bench_run *run);

/* Writes a header line, and a line for each interval, ended by CR LF (RFC 4180). */
void bench_report_csv(FILE *to, const struct bench_run *run);

#endif

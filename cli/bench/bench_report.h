/*
 * What a run of the load generator came to, written as text, as one JSON object of the schema
 * firstbyte.bench/1, or as CSV of its intervals. docs/results.md says what each field means.
 */
#ifndef CLI_BENCH_BENCH_REPORT_H
#define CLI_BENCH_BENCH_REPORT_H

#include <stdio.h>

#include "cli/bench/bench_run.h"

/* The report for people. `columns` is the width that it may take, 0: 80; less it does not do
   with. */
void bench_report_text(FILE *to, const struct bench_run *run, bool color, size_t columns);

/* One object in one line, closed with a newline. An interval that cannot be read is left out of it,
   and of the CSV: spool_error says so afterwards. */
void bench_report_json(FILE *to, const struct bench_run *run);

/* A head line, and a line for each interval, each closed with CR LF (RFC 4180). */
void bench_report_csv(FILE *to, const struct bench_run *run);

#endif

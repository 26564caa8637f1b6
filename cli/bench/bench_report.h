/*
 * What a run of the load generator came to, written as text, as one JSON object of the schema
 * firstbyte.bench/1, or as CSV of its intervals. README.md says what each field means.
 */
#ifndef CLI_BENCH_BENCH_REPORT_H
#define CLI_BENCH_BENCH_REPORT_H

#include <stdio.h>

#include "bench/load/slo.h"
#include "bench/load/spool.h"
#include "bench/load/tally.h"
#include "bench/load/verdict.h"
#include "cli/bench/load_run.h"

/* A run, for those who write about it; all is borrowed. */
struct bench_run {
    const struct load_plan *plan;
    const struct request_options *request;
    bool rehearsed;
    const char *url; /* of the first target, as shown */
    size_t targets;  /* how many there are */
    uint64_t began;  /* wall clock, nanoseconds since 1970 */
    const struct tally *total;
    struct spool *intervals;
    const struct slo *slo; /* judged; count 0: none was asked for */
    struct judgement judgement;
    bool interrupted; /* ^C: the report is of what was until then */
};

/* The report for people. `columns` is the width that it may take, 0: 80; less it does not do with. */
void bench_report_text(FILE *to, const struct bench_run *run, bool color, size_t columns);

/* One object in one line, closed with a newline. An interval that cannot be read is left out of it, and
   of the CSV: spool_error says so afterwards. */
void bench_report_json(FILE *to, const struct bench_run *run);

/* A head line, and a line for each interval, each closed with CR LF (RFC 4180). */
void bench_report_csv(FILE *to, const struct bench_run *run);

#endif

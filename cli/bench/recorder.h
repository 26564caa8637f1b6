/* Receives the intervals of a run: adds them to the total, stores them, writes an HdrHistogram log,
   and shows the live view. */
#ifndef CLI_BENCH_RECORDER_H
#define CLI_BENCH_RECORDER_H

#include "bench/load/hlog.h"
#include "bench/load/spool.h"
#include "bench/load/tally.h"
#include "cli/options/load_options.h"
#include "cli/output/live.h"

struct recorder {
    struct tally *total;
    struct spool *spool;
    struct hlog *hlog;   /* NULL: no --hlog */
    struct live *live;   /* NULL: no live view */
    const char *path;    /* path of the log */
    uint64_t wall_start; /* intended start of measuring: wall clock, nanoseconds since 1970 */
};

/* Opens a recorder with the warm-up, the log and the live view of `load`. False, with a diagnostic,
   if the log cannot be written. Call recorder_close in either case. */
bool recorder_open(struct recorder *recorder, const struct load_command *load);

/* Adds an interval. */
void recorder_interval(struct recorder *recorder, const struct tally *tally);

/* Ends the run: erases the live view and closes the log. False, with a diagnostic, if a part of the
   log or the intervals could not be written. */
bool recorder_end(struct recorder *recorder);

/* Frees the recorder. */
void recorder_close(struct recorder *recorder);

#endif

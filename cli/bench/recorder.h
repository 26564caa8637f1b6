/* Where the intervals of a run go: into its total, the intervals' own list, an HdrHistogram log,
   and the live view. */
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
    struct hlog *hlog; /* NULL: not asked for */
    struct live *live; /* NULL: no terminal */
    const char *path;  /* of the log */
    uint64_t began;    /* wall clock, nanoseconds since 1970: when measuring was to begin */
};

/* Begins, with the warm-up, the log and the live view of `load`. False where the log cannot be
   written, which is said; recorder_close is called in any case. */
bool recorder_open(struct recorder *recorder, const struct load_command *load);

/* Takes an interval. */
void recorder_interval(struct recorder *recorder, const struct tally *tally);

/* The run is over: takes the live view away and ends the log. False where not all of the log or of
   the intervals could be written, which is said. */
bool recorder_end(struct recorder *recorder);

/* Frees what is left. */
void recorder_close(struct recorder *recorder);

#endif

/* What a run of the load generator came to: what the reports are about. */
#ifndef CLI_BENCH_BENCH_RUN_H
#define CLI_BENCH_BENCH_RUN_H

#include "bench/load/slo.h"
#include "bench/load/spool.h"
#include "bench/load/tally.h"
#include "bench/load/verdict.h"
#include "cli/options/load_options.h"

/* A run, for those who write about it; all is borrowed. */
struct bench_run {
    const struct load_command *command; /* what was asked */
    const struct load_options *load;    /* the part of it that is the load's: command->run */
    const struct request_options *request;
    const char *unix_socket; /* NULL: none */
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

#endif

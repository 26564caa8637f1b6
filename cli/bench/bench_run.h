/* What a run of the load generator came to: what the reports are about. */
#ifndef CLI_BENCH_BENCH_RUN_H
#define CLI_BENCH_BENCH_RUN_H

#include "bench/load/slo.h"
#include "bench/load/spool.h"
#include "bench/load/tally.h"
#include "bench/load/verdict.h"
#include "cli/bench/load_run.h"

/* A run, for those who write about it; all is borrowed. */
struct bench_run {
    const struct load_plan *plan; /* what was asked */
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

#endif

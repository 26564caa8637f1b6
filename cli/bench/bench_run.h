/* A run of the load generator, as the reports read it. */
#ifndef CLI_BENCH_BENCH_RUN_H
#define CLI_BENCH_BENCH_RUN_H

#include "bench/load/slo.h"
#include "bench/load/spool.h"
#include "bench/load/tally.h"
#include "bench/load/verdict.h"
#include "cli/options/load_options.h"

/* All pointers are borrowed. */
struct bench_run {
    const struct load_command *command; /* the options */
    const struct load_options *load;    /* the options of the load: command->run */
    const struct request_options *request;
    const char *unix_socket; /* NULL: none */
    bool rehearsed;
    const char *url;     /* the first target's, without a password */
    size_t targets;      /* number of targets */
    uint64_t wall_start; /* wall clock, nanoseconds since 1970 */
    const struct tally *total;
    struct spool *intervals;
    const struct slo *slo; /* with results; count 0: no --slo */
    struct judgement judgement;
    bool interrupted; /* a signal ended the run: the report covers the time until then */
};

#endif

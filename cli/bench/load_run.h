/* One run of the load generator, in this process or in several. */
#ifndef CLI_BENCH_LOAD_RUN_H
#define CLI_BENCH_LOAD_RUN_H

#include "cli/bench/recorder.h"
#include "cli/network.h"
#include "cli/options/load_options.h"

/* The options of a run; all borrowed. */
struct load_plan {
    struct load_command load; /* with the targets */
    const struct network_options *network;
    const struct rehearsal *rehearsal;
};

/* The outcome of a run. */
struct load_outcome {
    nsec ended;        /* when the last interval ended; draining ends later */
    bool interrupted;  /* by a signal, perhaps before the start */
    bool origin_ended; /* the rehearsal's process ended by itself */
    bool lost;         /* a process failed: the figures are incomplete */
    double busiest;    /* share of time that the busiest process was on a core */
};

/* Runs the load and passes its intervals to the recorder. False, with a diagnostic, if it cannot be
   set up. */
bool load_run(const struct load_plan *plan, struct recorder *recorder,
              struct load_outcome *outcome);

#endif

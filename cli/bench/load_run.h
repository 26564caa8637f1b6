/* One run of the load generator: from a plan to a load, in this process or in several. */
#ifndef CLI_BENCH_LOAD_RUN_H
#define CLI_BENCH_LOAD_RUN_H

#include "cli/bench/recorder.h"
#include "cli/network.h"
#include "cli/options/load_options.h"

/* What the run is to be; all is borrowed. */
struct load_plan {
    struct load_command load; /* with the targets */
    const struct network_options *network;
    const struct rehearsal *rehearsal;
};

/* How it went. */
struct load_outcome {
    nsec ended;        /* when the last interval was over; what is drained ends later */
    bool interrupted;  /* by a signal, perhaps before it began */
    bool origin_ended; /* the rehearsal's, by itself */
    bool lost;         /* a process did not end well: the figures are not whole */
    double busiest;    /* the share of time for which the busiest process was on a core */
};

/* Runs it; intervals go to the recorder. False where it cannot be set up, which is said. */
bool load_run(const struct load_plan *plan, struct recorder *recorder,
              struct load_outcome *outcome);

#endif

/*
 * The live view of a load on a terminal: elapsed and remaining time, rate, percentiles so far,
 * errors, and a small graph of the rate in the last minute. It is redrawn in place after each
 * interval, and erased before the report.
 */
#ifndef CLI_OUTPUT_LIVE_H
#define CLI_OUTPUT_LIVE_H

#include "bench/load/tally.h"

struct live;

/* Starts the view. NULL if `fd` is not a terminal or a dumb one (TERM); the functions below accept
   NULL and do nothing. `duration` NSEC_NEVER and `requests` 0: no such limit. */
struct live *live_new(int fd, nsec duration, uint64_t requests, bool color);

/* Redraws the view: `interval` is the last interval, `total` is the run so far. */
void live_show(struct live *live, const struct tally *interval, const struct tally *total);

/* Erases the view and frees it. */
void live_free(struct live *live);

#endif

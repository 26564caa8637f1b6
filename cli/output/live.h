/*
 * The live view of a load on a terminal: elapsed time and what is left, rate, percentiles so far,
 * errors, and a small graph of the rate of the last minute. Drawn once an interval, in place, and
 * taken away before the report.
 */
#ifndef CLI_OUTPUT_LIVE_H
#define CLI_OUTPUT_LIVE_H

#include "bench/load/tally.h"

struct live;

/* Begins. Returns NULL where `fd` is no terminal or a dumb one (TERM); NULL is allowed below and
   nothing happens. `duration` NSEC_NEVER and `requests` 0: no limit of that kind. */
struct live *live_new(int fd, nsec duration, uint64_t requests, bool color);

/* Draws anew: `interval` is the last one, `total` all until now. */
void live_show(struct live *live, const struct tally *interval, const struct tally *total);

/* Takes it away and frees. */
void live_free(struct live *live);

#endif

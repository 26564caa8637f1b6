/*
 * The live view of a load on a terminal: the URL, elapsed and remaining time, rate, responses by
 * the class of their status, errors, percentiles so far, and a small graph of the rate in the last
 * minute. It is redrawn in place after each interval, and erased before the report. On a narrow
 * terminal the least important items of a line are left out.
 */
#ifndef CLI_OUTPUT_LIVE_H
#define CLI_OUTPUT_LIVE_H

#include "bench/load/tally.h"

struct live;

struct live_options {
    const char *url;   /* shown escaped */
    size_t others;     /* number of other targets */
    nsec duration;     /* NSEC_NEVER: no such limit */
    uint64_t requests; /* 0: no such limit */
    bool color;
};

/* Starts the view. The options are copied. NULL if `fd` is not a terminal or a dumb one (TERM); the
   functions below accept NULL and do nothing. */
struct live *live_new(int fd, const struct live_options *options);

/* Redraws the view: `interval` is the last interval, `total` is the run so far. */
void live_show(struct live *live, const struct tally *interval, const struct tally *total);

/* Erases the view and frees it. */
void live_free(struct live *live);

#endif

/*
 * A line on a terminal that says how far a run is: "1234 of 10000 done, 12 failed, 431/s, 256 in
 * flight, 0:20 left". It is drawn four times a second at most, by a timer of the loop, and taken
 * away before anything else is written to that terminal.
 */
#ifndef CLI_OUTPUT_PROGRESS_H
#define CLI_OUTPUT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "reactor/loop.h"

#define PROGRESS_INTERVAL (250 * NSEC_PER_MS)

struct progress;

/* Begins; the line appears after the first interval. `fd`, usually standard error, is borrowed.
   `total` is the number of sites, 0 where it is not known: then no time left is told. `in_flight`
   is asked for the number of sites under way when the line is made. Returns NULL where `fd` is no
   terminal, or a dumb one (TERM); NULL is allowed in all calls below and nothing happens. */
struct progress *progress_new(struct loop *loop, int fd, uint64_t total,
                              size_t (*in_flight)(void *owner), void *owner);

/* A site is done. */
void progress_count(struct progress *progress, bool failed);

/* Takes the line away, for something that is about to be written to the terminal, and puts it back
   below it: as it was, for only the timer makes it anew. Whole lines must be written in between;
   the timer does not draw then. */
void progress_hide(struct progress *progress);
void progress_show(struct progress *progress);

/* Both, for an output that writes at the end of the turn (output_end): the line is taken away now
   and comes back in step 6 of the turn, behind what was put off to it before this call. */
void progress_hide_for_flush(struct progress *progress);

/* Takes the line away and frees. */
void progress_free(struct progress *progress);

#endif

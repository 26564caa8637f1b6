/*
 * A progress line on a terminal: "1,234 of 10,000 done, 2xx 1,201, 5xx 21, 12 failed, 431/s, 256 in
 * flight, 0:20 left". A timer of the loop draws it at most four times per second. It is erased
 * before anything else is written to that terminal. On a narrow terminal the least important items
 * are left out.
 */
#ifndef CLI_OUTPUT_PROGRESS_H
#define CLI_OUTPUT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "reactor/loop.h"

#define PROGRESS_INTERVAL (250 * NSEC_PER_MS)

struct progress;

/* Starts the timer; the line appears after the first interval. `fd`, usually standard error, is
   borrowed. `total` is the number of sites; 0: not known, and no remaining time is shown.
   `in_flight` returns the number of sites in flight. NULL if `fd` is not a terminal or a dumb one
   (TERM); the functions below accept NULL and do nothing. */
struct progress *progress_new(struct loop *loop, int fd, uint64_t total,
                              size_t (*in_flight)(void *owner), void *owner);

/* Counts the sites that earlier runs of the same list reported; `failed` of them failed. The line
   then has "1,234 of 10,000 done (1,000 earlier)". At most once, before the first interval. */
void progress_count_earlier(struct progress *progress, uint64_t done, uint64_t failed);

/* Counts a site that is done. `status` is that of its response; 0: none. */
void progress_count(struct progress *progress, unsigned status, bool failed);

/* Erases the line before other output to the terminal, and shows it again below. Only whole lines
   may be written in between. The timer does not draw then. */
void progress_hide(struct progress *progress);
void progress_show(struct progress *progress);

/* Both, for an output that is written at the end of the turn (output_end): the line is erased now
   and shown in step 6 of the turn, after all tasks that were deferred before this call. */
void progress_hide_for_flush(struct progress *progress);

/* Erases the line and frees. */
void progress_free(struct progress *progress);

#endif

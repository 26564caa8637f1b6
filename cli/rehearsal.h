/*
 * The rehearsal's two sides. The parent starts this program again as `firstbyte origin`, in a session
 * of its own so that ^C does not reach it, and reads from a pipe where it listens and whom to trust.
 * The child ends when its standard input does: the other end of that pipe is the parent's alone, and
 * closes whatever becomes of it.
 */
#ifndef CLI_REHEARSAL_H
#define CLI_REHEARSAL_H

#include <sys/types.h>

#include "cli/options.h"
#include "http/dial.h"

struct rehearsal {
    pid_t child;
    int lifeline; /* closing it ends the child */
    struct dial_map map;
    char *authority; /* PEM */
};

/* Starts the origin for the sites of the options. False where it does not come up, which is said on
   standard error. Ended by rehearsal_stop. */
bool rehearsal_start(struct rehearsal *rehearsal, const struct options *options);

/* Ends the child and waits for it. */
void rehearsal_stop(struct rehearsal *rehearsal);

/* The child's side, and `firstbyte origin` by hand: runs until interrupted, or until standard input
   ends where the options have a lifeline. */
enum exit_status origin_run(const struct options *options);

#endif

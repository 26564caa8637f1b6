/*
 * The rehearsal's two sides. The parent starts this program again as `firstbyte origin`, in a session
 * of its own so that ^C does not reach it, and reads from a pipe where it listens and whom to trust.
 * The child ends when its standard input does: the other end of that pipe is the parent's alone, and
 * closes whatever becomes of it.
 */
#ifndef CLI_REHEARSAL_H
#define CLI_REHEARSAL_H

#include <sys/types.h>

#include "cli/types.h"
#include "http/dial/dialer.h"
#include "reactor/loop.h"

struct rehearsal {
    pid_t child;
    int lifeline; /* closing it ends the child */
    struct dial_map map;
    char *authority; /* PEM */
};

/* Starts the origin for the sites of the list, and of words for one URL more; `other` NULL: none. False
   where it does not come up, which is said on standard error. Ended by rehearsal_stop. */
bool rehearsal_start(struct rehearsal *rehearsal, const struct list_options *list,
                     const char *other);

/* Calls ended(owner, events) in the loop when the child ends by itself, whatever ends it; nothing happens
   where there is no child. Ended by loop_unwatch. Returns 0 or an errno. */
int rehearsal_watch(const struct rehearsal *rehearsal, struct loop *loop, struct watch *watch,
                    watch_fn *ended, void *owner);

/* Whether the child has ended by itself, without waiting; false where there is none. */
bool rehearsal_has_ended(const struct rehearsal *rehearsal);

/* Says on standard error how the child ended by itself, for which it waits. False where it has not. */
bool rehearsal_report_end(struct rehearsal *rehearsal);

/* Ends the child and waits for it. */
void rehearsal_stop(struct rehearsal *rehearsal);

/* The child's side, and `firstbyte origin` by hand: runs until interrupted, or until standard input
   ends where that is a lifeline. */
enum exit_status origin_run(const struct list_options *list, bool lifeline);

#endif

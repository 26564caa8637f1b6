/*
 * Both processes of a rehearsal. The parent starts this program again as `firstbyte origin`, in a
 * session of its own so that ^C does not reach it, and reads the child's addresses and authority
 * from a pipe. The child ends when its standard input ends. Only the parent has the other end of
 * that pipe, so the kernel closes it whenever the parent ends.
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

/* Whether the origin reads the list: true for words and for a regular file. Other files can be read
   only once, by the parent; the child then invents all sites. */
bool rehearsal_reads(const struct list_options *list);

/* Warns that the rehearse- keys of a list that the origin does not read have no effect. `line` is
   the first line whose site has such keys. */
void rehearsal_warn_ignored(const struct list_options *list, uint64_t line);

/* Starts the origin for the sites of the list. `other` is one more URL for a list of words; NULL:
   none. False, with a diagnostic, if it does not start. End it with rehearsal_stop. */
bool rehearsal_start(struct rehearsal *rehearsal, const struct list_options *list,
                     const char *other);

/* Calls ended(owner, events) in the loop when the child ends by itself. Does nothing if there is no
   child. End it with loop_unwatch. Returns 0 or an errno. */
int rehearsal_watch(const struct rehearsal *rehearsal, struct loop *loop, struct watch *watch,
                    watch_fn *ended, void *owner);

/* Whether the child has ended by itself. Does not wait. False if there is no child. */
bool rehearsal_has_ended(const struct rehearsal *rehearsal);

/* If the child has ended by itself, waits for it, reports on standard error how it ended, and
   returns true. */
bool rehearsal_report_end(struct rehearsal *rehearsal);

/* Ends the child and waits for it. */
void rehearsal_stop(struct rehearsal *rehearsal);

/* `firstbyte origin`, by hand or as the child: serves until it is interrupted or, with a lifeline,
   until standard input ends. */
enum exit_status origin_run(const struct list_options *list, bool lifeline);

#endif

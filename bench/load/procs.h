/*
 * A load in several processes: the parent forks them, and each measures its share by itself, in a loop
 * of its own. What it counted comes as a tally a second through a pipe, and the tallies of the same
 * second are joined into one, exactly. A process that dies takes nothing with it but what it had not
 * sent: the others go on, and which one it was and how it ended is reported. One that is stopped (SIGSTOP) may
 * be continued while others run; where all that still run are stopped for PROCS_STOPPED_TIME, they are killed.
 *
 * The parent forks before it starts a thread, and from its main thread: no child outlives that one.
 */
#ifndef BENCH_LOAD_PROCS_H
#define BENCH_LOAD_PROCS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench/load/tally.h"
#include "reactor/loop.h"

#define PROCS_STOPPED_TIME (3 * NSEC_PER_S)

struct procs_options {
    unsigned count; /* of the children, over 0 */

    /* Runs in the child number `index`, from 0; its return value is the exit status. Open are there the
       standard streams and `fd`, for procs_send; it does not close it. The signals of interrupts_set are blocked,
       so that none is missed before interrupt_start. What stdio holds back at the end is not written:
       it may be the parent's. */
    int (*child)(void *arg, unsigned index, int fd);
    void *arg;

    /* Called in the parent's loop: with each second's sum, of those who were still there, and once at
       the end, when all children were reaped. In `done` the procs may be freed. */
    void (*interval)(void *owner, const struct tally *joined);
    void (*done)(void *owner);
    void *owner;
};

/* How a child ended. */
enum proc_end {
    PROC_RUNS,      /* not yet */
    PROC_WELL,      /* with status 0, after whole tallies */
    PROC_STATUS,    /* with another status: `number` */
    PROC_SIGNAL,    /* killed by the signal `number` */
    PROC_STOPPED,   /* it was stopped when the others had ended, and was killed */
    PROC_MALFORMED, /* what it sent was not whole or no tally: it was killed, if need be */
};

/* A child. */
struct proc {
    pid_t pid; /* of no use any more when it has ended */
    enum proc_end end;
    int number;       /* of the status (-1: it could not be had) or signal */
    size_t intervals; /* that came from it */
    nsec cpu, span;   /* of all of them: time on a core, and time */
};

struct procs;

/* Starts the children. NULL where a pipe or a process cannot be had: *error is then the errno, and those
   that were started are gone. */
struct procs *procs_start(struct loop *loop, const struct procs_options *options, int *error);

/* Interrupts those that run, and continues those that are stopped: they end with a last interval. From a
   terminal they may get it twice: ^C goes to them too. */
void procs_stop(struct procs *procs);

/* Kills those that run, and frees at the end of the turn. NULL is allowed. Not in `interval`. */
void procs_free(struct procs *procs);

/* A child; borrowed. */
const struct proc *procs_child(const struct procs *procs, unsigned index);

/* How many ended otherwise than well. */
unsigned procs_failed(const struct procs *procs);

/* The share of its time for which the busiest of them was on a core, 0 to 1, for verdict_judge. */
double procs_busiest(const struct procs *procs);

/* In the child: hands a tally to the parent; waits until the pipe has taken it. Where the parent is gone
   the child ends here. */
void procs_send(int fd, const struct tally *tally);

#endif

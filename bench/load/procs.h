/*
 * A load in several processes. The parent forks children, and each runs its share of the load in
 * its own loop. Each child sends one tally per second through a pipe; the parent joins the tallies
 * of the same second. If a child dies, its sent tallies remain, the others continue, and its end is
 * reported. A child that is stopped (SIGSTOP) may be continued while others run; if all children
 * that still run are stopped for PROCS_STOPPED_TIME, they are killed.
 *
 * The parent must fork before it starts a thread, from its main thread: a child is killed when the
 * thread that forked it ends.
 */
#ifndef BENCH_LOAD_PROCS_H
#define BENCH_LOAD_PROCS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench/load/tally.h"
#include "reactor/loop.h"

#define PROCS_STOPPED_TIME (3 * NSEC_PER_S)

struct procs_options {
    unsigned count; /* of children, over 0 */

    /* Runs in child `index`, from 0; returns the exit status. Only the standard streams and `fd`
       are open; `fd` is for procs_send and must not be closed. The signals of interrupts_sigset are
       blocked until interrupt_start. Buffers of stdio are not flushed at the end, because they may
       contain output of the parent. */
    int (*child)(void *arg, unsigned index, int fd);
    void *arg;

    /* Called in the parent's loop: `interval` with the sum of each second; `done` once, when all
       children have been reaped. The procs may be freed in `done`. */
    void (*interval)(void *owner, const struct tally *joined);
    void (*done)(void *owner);
    void *owner;
};

enum proc_end {
    PROC_RUNNING,   /* has not ended */
    PROC_SUCCEEDED, /* exit status 0, all tallies complete */
    PROC_STATUS,    /* another exit status: `number` */
    PROC_SIGNAL,    /* killed by the signal `number` */
    PROC_STOPPED,   /* killed because it was stopped and all others had ended or were stopped */
    PROC_MALFORMED, /* killed because it sent a malformed or incomplete tally */
};

/* A child. */
struct proc {
    pid_t pid; /* invalid after its end */
    enum proc_end end;
    int number;       /* status (-1: unknown) or signal */
    size_t intervals; /* received */
    nsec cpu, span;   /* sums of their CPU times and their lengths */
};

struct procs;

/* Starts the children. Returns NULL if a pipe or a process cannot be created; *error is then the
   errno, and all children have been killed. */
struct procs *procs_start(struct loop *loop, const struct procs_options *options, int *error);

/* Interrupts the running children and continues the stopped ones; they end with a last interval.
   After ^C in a terminal a child may receive the signal twice. */
void procs_stop(struct procs *procs);

/* Kills the running children, and frees at the end of the turn. NULL is allowed. Must not be called
   in `interval`. */
void procs_free(struct procs *procs);

/* Borrowed. */
const struct proc *procs_child(const struct procs *procs, unsigned index);

/* The number of children whose end is neither PROC_RUNNING nor PROC_SUCCEEDED. */
unsigned procs_failed(const struct procs *procs);

/* The largest share of CPU time in a child's time, 0 to 1, for verdict_judge. */
double procs_busiest(const struct procs *procs);

/* In the child: sends a tally to the parent; blocks while the pipe is full. If the parent has
   ended, the child exits. */
void procs_send(int fd, const struct tally *tally);

#endif

/*
 * SIGINT and SIGTERM through a descriptor in the loop: they arrive between two callbacks, like any
 * other event, and no code of ours has to be safe against being interrupted.
 */
#ifndef REACTOR_INTERRUPT_H
#define REACTOR_INTERRUPT_H

#include <signal.h>

#include "reactor/loop.h"

struct interrupt {
    struct watch watch;                    /* of the signalfd */
    struct loop *loop;                     /* where it is watched */
    void (*came)(void *owner, int signal); /* what to call */
    void *owner;                           /* its argument */
    sigset_t before;                       /* the thread's mask, restored at the end */
};

/* Blocks both signals and calls came(owner, signal) in the loop for each that arrives. Returns 0 or
   an errno (EMFILE, ENFILE). Ended by interrupt_stop. */
int interrupt_start(struct interrupt *interrupt, struct loop *loop,
                    void (*came)(void *owner, int signal), void *owner);

/* Closes the descriptor and gives the signals back to who had them before. */
void interrupt_stop(struct interrupt *interrupt);

#endif

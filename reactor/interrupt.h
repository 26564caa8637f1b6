/*
 * SIGINT, SIGTERM and SIGHUP, handled from the first line of main to the last. In a loop they come
 * through a descriptor: they arrive between two callbacks, like any other event, and no code of ours
 * has to be safe against being interrupted. Outside a loop they end the program, until there is
 * something to report (interrupts_hold); from then on they wait for the next loop, or for
 * interrupts_pending. A signal that the caller ignores (as under nohup) stays ignored.
 */
#ifndef REACTOR_INTERRUPT_H
#define REACTOR_INTERRUPT_H

#include <signal.h>

#include "reactor/loop.h"

#define INTERRUPT_EXIT_STATUS 130

struct interrupt {
    struct watch watch;                    /* of the signalfd */
    struct loop *loop;                     /* where it is watched */
    void (*came)(void *owner, int signal); /* what to call */
    void *owner;                           /* its argument */
    sigset_t before;                       /* the thread's mask, restored at the end */
};

/* To be called first in main. A signal ends the program with INTERRUPT_EXIT_STATUS from now on. */
void interrupts_begin(void);

/* From now on a signal outside a loop is only noted; it also interrupts the system call under way. One
   that comes later than INTERRUPT_TWICE after it ends the program: somebody insists. */
void interrupts_hold(void);

#define INTERRUPT_TWICE (200 * NSEC_PER_MS) /* within that, it is one that was sent twice */

/* The signal that was noted and has not been delivered; 0: none. */
int interrupts_pending(void);

/* What happens to a signal outside a loop; for a handler of the caller's. */
void interrupts_note(int signal);

/* The signals that are handled: those of the three that are not ignored. */
void interrupts_set(sigset_t *set);

/* A signal to interrupt a child with: one of these, else SIGKILL. */
int interrupts_number(void);

/* Blocks the signals and calls came(owner, signal) in the loop for each that arrives, first for one that
   was noted before. Returns 0 or an errno (EMFILE, ENFILE). Ended by interrupt_stop. */
int interrupt_start(struct interrupt *interrupt, struct loop *loop,
                    void (*came)(void *owner, int signal), void *owner);

/* Closes the descriptor and gives the signals back to who had them before. */
void interrupt_stop(struct interrupt *interrupt);

#endif

/*
 * SIGINT, SIGTERM and SIGHUP, handled from the first line of main to the last. A loop receives them
 * through a descriptor, between two callbacks like any other event, so that no signal handler
 * interrupts a callback. Outside a loop they end the program. After interrupts_hold they are noted
 * instead, for the next loop or for interrupts_pending. A signal that is ignored when the program
 * starts, as under nohup, stays ignored.
 */
#ifndef REACTOR_INTERRUPT_H
#define REACTOR_INTERRUPT_H

#include <signal.h>

#include "reactor/loop.h"

#define INTERRUPT_EXIT_STATUS 130

struct interrupt {
    struct watch watch; /* of the signalfd */
    struct loop *loop;
    void (*on_signal)(void *owner, int signal); /* the callback */
    void *owner;                                /* argument of the callback */
    sigset_t old_mask;                          /* the thread's mask, restored by interrupt_stop */
};

/* Called first in main. From now on a signal ends the program with INTERRUPT_EXIT_STATUS. */
void interrupts_begin(void);

/* From now on a signal outside a loop is noted; it also interrupts a system call that is in
   progress. A second signal ends the program if it comes more than INTERRUPT_TWICE after the
   first. */
void interrupts_hold(void);

/* Two signals within this time count as one, which was sent twice. */
#define INTERRUPT_TWICE (200 * NSEC_PER_MS)

/* The signal that was noted and not delivered to a loop; 0: none. */
int interrupts_pending(void);

/* Handles a signal outside a loop; for callers with a signal handler of their own. */
void interrupts_note(int signal);

/* Fills `set` with the handled signals: those of the three that are not ignored. */
void interrupts_sigset(sigset_t *set);

/* The signal with which a child process is ended: a handled one; SIGKILL if none is handled. */
int interrupts_child_signal(void);

/* Blocks the signals until interrupt_stop and calls on_signal(owner, signal) in the loop for each
   one, also for one that was noted before. Returns 0 or an errno (EMFILE, ENFILE). */
int interrupt_start(struct interrupt *interrupt, struct loop *loop,
                    void (*on_signal)(void *owner, int signal), void *owner);

/* Closes the descriptor and restores the thread's signal mask. */
void interrupt_stop(struct interrupt *interrupt);

#endif

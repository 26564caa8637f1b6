/*
 * The observer of a loop: a table of functions that the loop calls while it runs. A loop has one
 * probe or none (loop_set_probe in loop.h); without one, each report costs one branch.
 *
 * Any function may be NULL: not called. Names are static strings and outlive the loop. A function
 * of the probe may remove or replace the probe. `callback`, `state` and `line` must not close, arm
 * or defer anything.
 */
#ifndef REACTOR_PROBE_H
#define REACTOR_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;

enum probe_kind {
    PROBE_TIMER, /* step 2 of a turn */
    PROBE_WATCH, /* step 5, or step 6 after loop_yield */
    PROBE_TASK,  /* step 6 */
};

enum probe_line_kind {
    PROBE_NOTE,     /* what the program does */
    PROBE_SENT,     /* a line of text that is sent */
    PROBE_RECEIVED, /* a line of text that was received */
};

struct probe {
    void *owner; /* first argument of each function */

    /* Called in step 4 of each turn that has events or a lag; `lag` is loop_lag. */
    void (*turn)(void *owner, nsec lag);

    /* Called before a callback (`ended` false) and after it (true), both times with the name that
       its watch, timer or task has before it. Not called after a callback that sets another
       probe. */
    void (*callback)(void *owner, enum probe_kind kind, const char *name, bool ended);

    /* Called when a state machine has changed its state, at the time `at`. `number` distinguishes
       the machines of one kind; 0 if they have no numbers. */
    void (*state)(void *owner, const char *machine, uint64_t number, const char *from,
                  const char *to, nsec at);

    /* Called with a line about the connection `number`, without its line end. The line may contain
       any byte. It is valid during the call. */
    void (*line)(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                 size_t length);
};

/* Formats a line as printf does and reports it. */
__attribute__((format(printf, 4, 5))) void probe_line(const struct loop *loop, uint64_t number,
                                                      enum probe_line_kind kind, const char *format,
                                                      ...);

/* Reports each line of a block, including the empty line that ends it. */
void probe_block(const struct loop *loop, uint64_t number, enum probe_line_kind kind,
                 const char *block);

#endif

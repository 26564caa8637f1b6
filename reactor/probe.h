/*
 * The observer of a loop: a table of functions that the loop calls as it runs. A loop has one probe or
 * none (loop_set_probe in loop.h); without one each point of report costs one branch.
 *
 * Any function may be NULL: not called. Names are static strings and outlive the loop. A function of the
 * probe may remove or replace the probe. It must not change what it observes: `callback` and `state`
 * close, arm and defer nothing.
 */
#ifndef REACTOR_PROBE_H
#define REACTOR_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum probe_kind {
    PROBE_TIMER, /* step 2 of a turn */
    PROBE_WATCH, /* step 5, or step 6 after loop_again */
    PROBE_TASK,  /* step 6 */
};

struct probe {
    void *owner; /* first argument of each function */

    /* Called in step 4 of each turn that found something; `lag` is loop_lag. */
    void (*turn)(void *owner, nsec lag);

    /* Called before a callback (`ended` false) and after it (true), with the name that its watch, timer
       or task has before. The second call is omitted where the callback set another probe. */
    void (*callback)(void *owner, enum probe_kind kind, const char *name, bool ended);

    /* Called when a state machine has changed its state at the time `at`. `number` distinguishes the
       objects of one kind of machine; 0 where they have none. */
    void (*state)(void *owner, const char *machine, uint64_t number, const char *from,
                  const char *to, nsec at);
};

#endif

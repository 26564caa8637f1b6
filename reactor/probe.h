/*
 * The observer of a loop: a table of functions that the loop calls as it runs. A loop has one probe or
 * none (loop_set_probe in loop.h); without one each point of report costs one branch.
 *
 * Any function may be NULL: not called. Names are static strings and outlive the loop. A function of the
 * probe may remove or replace the probe. It must not change what it observes: `callback`, `state`
 * and `line` close, arm and defer nothing.
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

    /* Called in step 4 of each turn that found something; `lag` is loop_lag. */
    void (*turn)(void *owner, nsec lag);

    /* Called before a callback (`ended` false) and after it (true), with the name that its watch, timer
       or task has before. The second call is omitted where the callback set another probe. */
    void (*callback)(void *owner, enum probe_kind kind, const char *name, bool ended);

    /* Called when a state machine has changed its state at the time `at`. `number` distinguishes the
       objects of one kind of machine; 0 where they have none. */
    void (*state)(void *owner, const char *machine, uint64_t number, const char *from,
                  const char *to, nsec at);

    /* Called with a line about the connection `number`, without a line end and as it was received: it may
       contain any byte. It is valid during the call. */
    void (*line)(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                 size_t length);
};

/* Reports a line, formatted as by printf. */
__attribute__((format(printf, 4, 5))) void probe_line(const struct loop *loop, uint64_t number,
                                                      enum probe_line_kind kind, const char *format,
                                                      ...);

/* Reports each line of a block that ends with an empty line. */
void probe_block(const struct loop *loop, uint64_t number, enum probe_line_kind kind,
                 const char *block);

#endif

/*
 * For every unit test: cmocka with the headers that it needs, a time limit, a loop turned until a
 * condition is true, a forked child for irreversible effects.
 */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reactor/loop.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* A pseudo-random number; each run gets the same sequence. */
uint32_t unit_random(void);

/* Ends the program after 30 seconds, or UNIT_SECONDS of the environment. main calls it first. */
void unit_time_limit(void);

/* Runs check() in a forked child, and fails unless it returns true. check() uses CHILD_CHECK,
   because cmocka's assertions would jump back into the parent's list of tests. */
void unit_in_child(bool (*check)(void));

/* In a child: if the condition is false, prints its location and returns false. */
#define CHILD_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("%s:%d: %s\n", __FILE__, __LINE__, #condition);                            \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* Turns the loop until the condition is true; fails after 1000 turns. */
#define TURN_UNTIL(loop, condition)                                                                \
    do {                                                                                           \
        for (int turns_ = 0; !(condition); turns_++) {                                             \
            if (turns_ > 1000)                                                                     \
                fail_msg("never true: %s", #condition);                                            \
            loop_turn(loop, 10 * NSEC_PER_MS);                                                     \
        }                                                                                          \
    } while (0)

/* Creates an empty file in TMPDIR. Writes its path, returns its descriptor. */
int unit_file(char *path, size_t room);

/* Turns the loop ten times without waiting, so that all pending events are handled. */
void unit_settle(struct loop *loop);

#endif

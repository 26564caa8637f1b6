/*
 * What every unit test needs: cmocka with the headers it wants, a time limit, a loop that is turned
 * until something holds, a forked child for what cannot be undone.
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

/* A pseudo-random number, the same row of them in each run. */
uint32_t unit_random(void);

/* Ends the program after half a minute (UNIT_SECONDS in the environment says otherwise). To be
   called first in main. */
void unit_time_limit(void);

/* Runs check() in a forked child. Fails unless it returns true. cmocka's assertions would jump back
   into the parent's list of tests: check() uses CHILD_CHECK instead. */
void unit_in_child(bool (*check)(void));

/* In a child: leaves the function with false, and says where. */
#define CHILD_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("%s:%d: %s\n", __FILE__, __LINE__, #condition);                            \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* Turns the loop until the condition holds. */
#define TURN_UNTIL(loop, condition)                                                                \
    do {                                                                                           \
        for (int turns_ = 0; !(condition); turns_++) {                                             \
            if (turns_ > 1000)                                                                     \
                fail_msg("never came: %s", #condition);                                            \
            loop_turn(loop, 10 * NSEC_PER_MS);                                                     \
        }                                                                                          \
    } while (0)

/* A new, empty file in TMPDIR: writes its name, returns its descriptor. */
int unit_file(char *path, size_t room);

/* Turns the loop a few times, without waiting: what could happen has happened then. */
void unit_settle(struct loop *loop);

#endif

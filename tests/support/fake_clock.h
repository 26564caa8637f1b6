/* Clocks that advance only when the test sets them, or by a tick each time they are read. */
#ifndef SUPPORT_FAKE_CLOCK_H
#define SUPPORT_FAKE_CLOCK_H

#include "reactor/loop.h"

struct fake_clock {
    nsec now;  /* the current time */
    nsec tick; /* added after each reading */
};

/* Installs the clock in the loop, set to one second. */
void fake_clock_set(struct fake_clock *clock, struct loop *loop, nsec tick);

/* Stops the wall clock at these seconds since 1970. fake_wall_end restores the system's clock. */
void fake_wall_set(int64_t unix_s);
void fake_wall_end(void);

#endif

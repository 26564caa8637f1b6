/* Clocks that go only when they are told to, or by a tick each time they are read. */
#ifndef SUPPORT_FAKE_CLOCK_H
#define SUPPORT_FAKE_CLOCK_H

#include "reactor/loop.h"

struct fake_clock {
    nsec now;  /* what it shows */
    nsec tick; /* added after each reading */
};

/* Puts the clock into the loop, at one second past its zero. */
void fake_clock_set(struct fake_clock *clock, struct loop *loop, nsec tick);

/* The wall clock shows these seconds since 1970, until it is set again or, with fake_wall_end, the
   system's is back. */
void fake_wall_set(int64_t unix_s);
void fake_wall_end(void);

#endif

/* A clock that goes only when it is told to, or by a tick each time it is read. */
#ifndef SUPPORT_FAKE_CLOCK_H
#define SUPPORT_FAKE_CLOCK_H

#include "reactor/loop.h"

struct fake_clock {
    nsec now;  /* what it shows */
    nsec tick; /* added after each reading */
};

/* Puts the clock into the loop, at one second past its zero. */
void fake_clock_set(struct fake_clock *clock, struct loop *loop, nsec tick);

#endif

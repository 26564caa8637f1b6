/* The monotonic clock, read each time a thing happens; the loop keeps a copy for its timers. */
#include "base/clock.h"

#include <time.h>

nsec clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (nsec)now.tv_sec * NSEC_PER_S + (nsec)now.tv_nsec;
}

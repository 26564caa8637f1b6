/* The system's clocks. The loop keeps a copy of the monotonic one for its timers. */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static uint64_t (*wall_of_test)(void *arg); /* NULL: the system's */
static void *wall_arg;

static uint64_t read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * NSEC_PER_S + (uint64_t)now.tv_nsec;
}

nsec clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

nsec clock_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_wall_ns(void)
{
    return wall_of_test ? wall_of_test(wall_arg) : read_clock(CLOCK_REALTIME);
}

int64_t clock_unix_s(void)
{
    return wall_of_test ? (int64_t)(wall_of_test(wall_arg) / NSEC_PER_S) : (int64_t)time(NULL);
}

void clock_replace_wall(uint64_t (*wall_ns)(void *arg), void *arg)
{
    wall_of_test = wall_ns;
    wall_arg = arg;
}

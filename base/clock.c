/* The system clocks. The loop keeps the monotonic time that it read last, for its timers. */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static uint64_t (*test_wall_clock)(void *arg); /* NULL: the system clock is used */
static void *test_wall_arg;

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
    return test_wall_clock ? test_wall_clock(test_wall_arg) : read_clock(CLOCK_REALTIME);
}

int64_t clock_unix_s(void)
{
    return test_wall_clock ? (int64_t)(clock_wall_ns() / NSEC_PER_S) : (int64_t)time(NULL);
}

void clock_replace_wall(uint64_t (*wall_ns)(void *arg), void *arg)
{
    test_wall_clock = wall_ns;
    test_wall_arg = arg;
}

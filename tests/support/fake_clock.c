#include "tests/support/fake_clock.h"

static uint64_t wall_ns;

static nsec read_clock(void *arg)
{
    struct fake_clock *clock = arg;
    nsec now = clock->now;

    clock->now += clock->tick;
    return now;
}

void fake_clock_set(struct fake_clock *clock, struct loop *loop, nsec tick)
{
    *clock = (struct fake_clock){.now = NSEC_PER_S, .tick = tick};
    loop_set_clock(loop, read_clock, clock);
}

static uint64_t read_wall(void *arg)
{
    return *(const uint64_t *)arg;
}

void fake_wall_set(int64_t unix_s)
{
    wall_ns = (uint64_t)unix_s * NSEC_PER_S;
    clock_replace_wall(read_wall, &wall_ns);
}

void fake_wall_end(void)
{
    clock_replace_wall(NULL, NULL);
}

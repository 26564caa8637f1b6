#include "tests/support/fake_clock.h"

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

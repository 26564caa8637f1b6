/*
 * When requests are to be sent in an open loop: a sequence of intended times that depends on nothing
 * but its options, so that it is its own queue. Whoever is late asks for the next time all the same;
 * what waits is not stored anywhere, however long the stall.
 *
 * The rate may change over time: with L(t) the number of requests due until t, the integral of the
 * rate, the i-th request is due where L(t) reaches i (constant arrival), or the sum of i exponential
 * gaps of mean 1 (Poisson, also of a rate that changes).
 */
#ifndef BENCH_SCHEDULE_H
#define BENCH_SCHEDULE_H

#include "reactor/clock.h"

enum arrival { ARRIVAL_CONSTANT, ARRIVAL_POISSON };

struct schedule_options {
    enum arrival arrival;
    double from_rate;       /* requests a second, over 0, of all shares together */
    double to_rate;         /* from the end of the ramp on */
    nsec ramp;              /* how long it takes to get there; 0: to_rate at once */
    uint64_t seed;          /* of Poisson's gaps */
    unsigned share, shares; /* ours of so many. Constant: every shares-th time of the whole, so that
                               all together are the whole; Poisson: the rate's part, with gaps of its
                               own. shares is over 0, share below it */
};

struct schedule {
    struct schedule_options options;
    nsec start;
    uint64_t count;  /* of times given out */
    double reached;  /* Poisson: the sum of gaps so far */
    uint64_t random; /* the state of the generator */
    nsec next;       /* the time that is due next */
};

/* Begins at `start`. The first time is the start itself for a constant arrival's share 0. */
void schedule_start(struct schedule *schedule, const struct schedule_options *options, nsec start);

/* When the next request is intended, without taking it. Never before the one before. */
static inline nsec schedule_peek(const struct schedule *schedule)
{
    return schedule->next;
}

/* Takes it. */
nsec schedule_take(struct schedule *schedule);

/* A number from a generator of one word (splitmix64): for gaps, and for choices that must be the same in
   every run with that seed. */
uint64_t schedule_random(uint64_t *state);

#endif

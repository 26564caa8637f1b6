/*
 * When requests are to be sent in an open loop: a sequence of intended times that depends on nothing
 * but its options, so that it is its own queue. Whoever is late asks for the next time all the same;
 * what waits is not stored anywhere, however long the stall.
 *
 * The rate may change over time: with L(t) the number of requests due until t, the integral of the
 * rate, the i-th request is due where L(t) reaches i (constant arrival), or the sum of i exponential
 * gaps of mean 1 (Poisson, also of a rate that changes).
 */
#ifndef BENCH_LOAD_SCHEDULE_H
#define BENCH_LOAD_SCHEDULE_H

#include "base/clock.h"

enum arrival_process { ARRIVAL_CONSTANT, ARRIVAL_POISSON };

struct schedule_options {
    enum arrival_process arrival;
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
    uint64_t count;     /* of times given out */
    double reached;     /* Poisson: the sum of gaps so far */
    uint64_t random;    /* the state of the generator */
    double first, step; /* constant: the i-th time is that of first + i * step requests */
    nsec next;          /* the time that is due next */
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

/* Takes all times up to `until`, which is included and not NSEC_NEVER, but `most` at most. Returns how many
   they were. Of a constant arrival the cost grows with the logarithm of that number, of Poisson with the
   number. */
uint64_t schedule_skip(struct schedule *schedule, nsec until, uint64_t max);

/* Of two states of one Poisson schedule, the later one second: one that gives as many times as lie between
   them, at even distances, in place of those by chance. It begins with the next time of the first. Of n times
   the i-th is off by sqrt(i * (n - i) / n) gaps in the mean. */
struct schedule schedule_even(const struct schedule *from, const struct schedule *to);

/* When a schedule of so many requests that are due at `from` or later is over, of all shares together: when
   the one behind the last would be due. Constant arrival alone. */
nsec schedule_end(const struct schedule *schedule, nsec from, uint64_t requests);

#endif

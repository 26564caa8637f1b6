/*
 * The intended starts of an open loop: a sequence of times that depends only on its options.
 * Waiting requests need no storage: a caller that is late takes the next time later, and gets the
 * same time.
 *
 * The rate may change over time. L(t), the integral of the rate, is the number of requests due
 * until t. The i-th request is due when L(t) reaches i (constant arrival), or when L(t) reaches the
 * sum of i exponential gaps of mean 1 (Poisson arrival).
 */
#ifndef BENCH_LOAD_SCHEDULE_H
#define BENCH_LOAD_SCHEDULE_H

#include "base/clock.h"

enum arrival_process { ARRIVAL_CONSTANT, ARRIVAL_POISSON };

struct schedule_options {
    enum arrival_process arrival;
    double from_rate; /* requests per second, over 0, of all shares together */
    double to_rate;   /* after the ramp */
    nsec ramp;        /* duration of the change; 0: to_rate from the start */
    uint64_t seed;    /* of the Poisson gaps */

    /* This schedule is number `share` of `shares`, counted from 0. Constant: every shares-th time
       of the whole sequence. Poisson: an independent sequence with its part of the rate. */
    unsigned share, shares;
};

struct schedule {
    struct schedule_options options;
    nsec start;
    uint64_t count;     /* of times taken */
    double reached;     /* Poisson: the sum of gaps so far */
    uint64_t random;    /* Poisson: state of the random numbers */
    double first, step; /* constant: the i-th time is when first + i * step requests are due */
    nsec next;          /* the next time */
};

/* Begins at `start`. With constant arrival, the first time of share 0 is `start`. */
void schedule_start(struct schedule *schedule, const struct schedule_options *options, nsec start);

/* The next time, without taking it. Times never decrease. */
static inline nsec schedule_peek(const struct schedule *schedule)
{
    return schedule->next;
}

/* Takes the next time. */
nsec schedule_take(struct schedule *schedule);

/* Takes all times up to and including `until`, at most `max`; `until` is not NSEC_NEVER. Returns
   their number n. The cost is O(log n) with constant arrival, O(n) with Poisson. */
uint64_t schedule_skip(struct schedule *schedule, nsec until, uint64_t max);

/* `from` and `to` are an earlier and a later state of one Poisson schedule. Returns a schedule with
   the same number of times between them, at equal distances; it begins with the next time of
   `from`. Of n times the i-th has a mean error of sqrt(i * (n - i) / n) gaps. */
struct schedule schedule_even(const struct schedule *from, const struct schedule *to);

/* The end of a schedule that has `requests` times at `from` or later, in all shares together: the
   time of the next request after them. Only with constant arrival. */
nsec schedule_end(const struct schedule *schedule, nsec from, uint64_t requests);

#endif

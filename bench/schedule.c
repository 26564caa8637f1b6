/*
 * Each time is computed from the number of requests due before it, never from the time before: what is
 * rounded in one is not carried into the next, and the billionth is as exact as the first.
 *
 * Between the ends of a ramp the rate is linear, so that the number due is a square of the time, and
 * its inverse a square root. It is counted from the slower end: from there all terms have one sign.
 * Behind a ramp, and without one, the rate is constant. A quotient there may have more digits than a
 * double, for nanoseconds of a long run do: it is taken as whole seconds, and what remains apart.
 *
 * Rejected: long double, which would need no such care on x86, but is slow on other machines and no
 * longer than a double on some; and a table of times, which is neither small nor endless.
 */
#include "bench/schedule.h"

#include <math.h>

#include "http/retry.h"

#define GAP_STEPS    0x1p-53 /* of a random number in [0, 1) that a double can tell apart */
#define SPARE_BITS   11      /* of 64 random ones, beyond those */
#define SECONDS_MOST (NSEC_NEVER / NSEC_PER_S - 1)

/* How many nanoseconds `requests` take at a constant rate. */
static nsec at_rate(double requests, double rate)
{
    double seconds = floor(requests / rate);

    if (!(seconds < (double)SECONDS_MOST))
        return NSEC_NEVER;
    /* what remains is exact; it may lie a little outside of a second, where the quotient was rounded */
    return (nsec)seconds * NSEC_PER_S +
           (nsec)llround(fma(-seconds, rate, requests) / rate * (double)NSEC_PER_S);
}

/* How long `requests` take while the rate goes up linearly by `slope` a second, from `rate`. */
static double up_from(double requests, double rate, double slope)
{
    return 2 * requests / (rate + sqrt(rate * rate + 2 * slope * requests));
}

/* When so many requests are due, after the start. */
static nsec due(const struct schedule_options *options, double requests)
{
    double from = options->from_rate, to = options->to_rate;
    double seconds = (double)options->ramp / (double)NSEC_PER_S;
    double ramped = (from + to) / 2 * seconds; /* due when the ramp ends */
    double at;

    if (requests >= ramped) /* where there is no ramp, at once */
        return clock_after(options->ramp, at_rate(requests - ramped, to));
    at = to >= from ? up_from(requests, from, (to - from) / seconds)
                    : seconds - up_from(ramped - requests, to, (from - to) / seconds);
    return (nsec)llround(at * (double)NSEC_PER_S);
}

/* An exponential gap of mean 1. */
static double gap(uint64_t *state)
{
    return -log1p(-(double)(schedule_random(state) >> SPARE_BITS) * GAP_STEPS);
}

static void prepare(struct schedule *schedule)
{
    const struct schedule_options *options = &schedule->options;
    double requests;
    nsec next;

    if (options->arrival == ARRIVAL_POISSON) {
        schedule->reached += gap(&schedule->random);
        requests = schedule->reached * options->shares;
    } else {
        requests = (double)(options->share + schedule->count * options->shares);
    }
    next = clock_after(schedule->start, due(options, requests));
    if (next > schedule->next) /* the last nanosecond of a ramp may be rounded up */
        schedule->next = next;
}

/* Where the generator of a share begins: far from those of the other shares, which would else give the
   same row, shifted. */
static uint64_t seed_of(const struct schedule_options *options)
{
    uint64_t seed = options->seed, state = schedule_random(&seed) + options->share;

    return schedule_random(&state);
}

void schedule_start(struct schedule *schedule, const struct schedule_options *options, nsec start)
{
    *schedule = (struct schedule){.options = *options, .start = start, .next = start};
    schedule->random = seed_of(options);
    prepare(schedule);
}

nsec schedule_take(struct schedule *schedule)
{
    nsec taken = schedule->next;

    schedule->count++;
    prepare(schedule);
    return taken;
}

uint64_t schedule_random(uint64_t *state)
{
    return retry_random(state);
}

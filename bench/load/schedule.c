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
#include "bench/load/schedule.h"

#include <math.h>
#include <stdbool.h>

#include "base/random.h"

#define GAP_STEPS   0x1p-53 /* of a random number in [0, 1) that a double can tell apart */
#define SPARE_BITS  11      /* of 64 random ones, beyond those */
#define FEW         8       /* times that are taken one by one before others are skipped */
#define SECONDS_MAX (NSEC_NEVER / NSEC_PER_S - 1)

/* How many nanoseconds `requests` take at a constant rate. */
static nsec at_rate(double requests, double rate)
{
    double seconds = floor(requests / rate);

    if (!(seconds < (double)SECONDS_MAX))
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
    return -log1p(-(double)(random_next(state) >> SPARE_BITS) * GAP_STEPS);
}

/* The i-th time of a constant arrival. */
static nsec time_of(const struct schedule *schedule, uint64_t i)
{
    return clock_after(schedule->start,
                       due(&schedule->options, schedule->first + (double)i * schedule->step));
}

static void prepare(struct schedule *schedule)
{
    const struct schedule_options *options = &schedule->options;
    nsec next;

    if (options->arrival == ARRIVAL_POISSON) {
        schedule->reached += gap(&schedule->random);
        next = clock_after(schedule->start, due(options, schedule->reached * options->shares));
    } else {
        next = time_of(schedule, schedule->count);
    }
    if (next > schedule->next) /* the last nanosecond of a ramp may be rounded up */
        schedule->next = next;
}

/* Where the generator of a share begins: far from those of the other shares, which would else give the
   same row, shifted. */
static uint64_t seed_of(const struct schedule_options *options)
{
    uint64_t seed = options->seed, state = random_next(&seed) + options->share;

    return random_next(&state);
}

void schedule_start(struct schedule *schedule, const struct schedule_options *options, nsec start)
{
    *schedule = (struct schedule){.options = *options,
                                  .start = start,
                                  .next = start,
                                  .first = options->share,
                                  .step = options->shares};
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

/* How many times of a constant arrival are up to `until`, `most` at most; the next one is. Doubled until it
   is too many, then halved in between. */
static uint64_t count_until(const struct schedule *schedule, nsec until, uint64_t max)
{
    uint64_t some = 1, step = 1, many;

    while (step <= max - some && time_of(schedule, schedule->count + some + step - 1) <= until) {
        some += step;
        step *= 2;
    }
    many = step <= max - some ? some + step : max + 1;
    while (many - some > 1) {
        uint64_t middle = some + (many - some) / 2;

        if (time_of(schedule, schedule->count + middle - 1) <= until)
            some = middle;
        else
            many = middle;
    }
    return some;
}

uint64_t schedule_skip(struct schedule *schedule, nsec until, uint64_t max)
{
    bool constant = schedule->options.arrival == ARRIVAL_CONSTANT;
    uint64_t singles = constant && max > FEW ? FEW : max, count, rest;

    for (count = 0; count < singles && schedule->next <= until; count++)
        schedule_take(schedule);
    if (count == max || schedule->next > until)
        return count;
    rest = count_until(schedule, until, max - count);
    schedule->count += rest - 1;
    schedule_take(schedule);
    return count + rest;
}

struct schedule schedule_even(const struct schedule *from, const struct schedule *to)
{
    unsigned shares = from->options.shares;
    struct schedule even = *from;

    even.options.arrival = ARRIVAL_CONSTANT;
    even.step = (to->reached - from->reached) * shares / (double)(to->count - from->count);
    even.first = from->reached * shares - (double)from->count * even.step;
    return even;
}

nsec schedule_end(const struct schedule *schedule, nsec from, uint64_t requests)
{
    struct schedule_options whole = schedule->options;
    struct schedule all;

    whole.share = 0;
    whole.shares = 1;
    schedule_start(&all, &whole, schedule->start);
    schedule_skip(&all, from - 1, UINT64_MAX - 1);
    return time_of(&all, all.count + requests);
}

/*
 * Each time is computed from the number of requests due before it, never from the previous time, so
 * rounding errors do not add up.
 *
 * In a ramp the rate is linear: the number of due requests is quadratic in time, and its inverse is
 * a square root. It is computed from the slower end, where all terms have the same sign. After the
 * ramp the rate is constant. The nanoseconds of a long run do not fit into a double, so whole
 * seconds and the rest are computed separately.
 *
 * Rejected: long double, which is slow on some machines and no longer than a double on others; and
 * a table of times, which would be large and limited.
 */
#include "bench/load/schedule.h"

#include <math.h>
#include <stdbool.h>

#include "base/random.h"

#define GAP_STEPS   0x1p-53 /* distance of two random doubles in [0, 1) */
#define SPARE_BITS  11      /* of 64 random bits, not needed for that */
#define SINGLES_MAX 8       /* times that are taken one by one before others are skipped */
#define SECONDS_MAX (NSEC_NEVER / NSEC_PER_S - 1)

/* The duration of `requests` at a constant rate. */
static nsec at_rate(double requests, double rate)
{
    double seconds = floor(requests / rate);

    if (!(seconds < (double)SECONDS_MAX))
        return NSEC_NEVER;
    /* the rest is exact; if the quotient was rounded, it may be below 0 or over a second */
    return (nsec)seconds * NSEC_PER_S +
           (nsec)llround(fma(-seconds, rate, requests) / rate * (double)NSEC_PER_S);
}

/* The duration of `requests` in seconds; the rate increases from `rate` by `slope` per second. */
static double up_from(double requests, double rate, double slope)
{
    return 2 * requests / (rate + sqrt(rate * rate + 2 * slope * requests));
}

/* The time after the start at which `requests` are due. */
static nsec due(const struct schedule_options *options, double requests)
{
    double from = options->from_rate, to = options->to_rate;
    double seconds = (double)options->ramp / (double)NSEC_PER_S;
    double ramped = (from + to) / 2 * seconds; /* requests due when the ramp ends */
    double at;

    if (requests >= ramped) /* always true without a ramp */
        return clock_after(options->ramp, at_rate(requests - ramped, to));
    at = to >= from ? up_from(requests, from, (to - from) / seconds)
                    : seconds - up_from(ramped - requests, to, (from - to) / seconds);
    return (nsec)llround(at * (double)NSEC_PER_S);
}

/* A random gap, exponentially distributed with the mean 1. */
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

/* The first state of the random numbers of a share. It is far from those of the other shares;
   otherwise the shares would have the same sequence, shifted. */
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

/* Constant arrival: the number of times up to `until`, at most `max`; at least one. The number is
   doubled until it is too large, then found by bisection. */
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
    uint64_t singles = constant && max > SINGLES_MAX ? SINGLES_MAX : max, count, rest;

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

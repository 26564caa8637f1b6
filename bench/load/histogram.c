/*
 * Sums, percentiles and the summary. Each pass visits only the indexes from min to max, because the
 * array is long and the times of a run are close together.
 *
 * Rejected: an exact sum and sum of squares. They would make mean and deviation exact, but each
 * record would cost more, the squares of nanoseconds overflow, and the log (bench/load/hlog.h)
 * cannot hold them, so another tool would show another mean for the same run.
 */
#include "bench/load/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PERCENT_UNITS UINT64_C(1000000) /* percentages are computed in millionths */

struct histogram *histogram_new(void)
{
    struct histogram *histogram = memory_zeroed(sizeof(*histogram));

    histogram->min = NSEC_NEVER;
    return histogram;
}

void histogram_free(struct histogram *histogram)
{
    free(histogram);
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram->counts + histogram->first, 0,
           (histogram->end - histogram->first) * sizeof(*histogram->counts));
    histogram->count = histogram->clamped = 0;
    histogram->min = NSEC_NEVER;
    histogram->max = 0;
    histogram->first = histogram->end = 0;
}

void histogram_record_many(struct histogram *histogram, nsec value, uint64_t times)
{
    if (!times)
        return;
    histogram_record(histogram, value);
    times--;
    histogram->clamped += value > HISTOGRAM_MAX ? times : 0;
    histogram->counts[histogram_index(nsec_min(value, HISTOGRAM_MAX))] += times;
    histogram->count += times;
}

nsec histogram_lowest(nsec value)
{
    return value > HISTOGRAM_MAX ? HISTOGRAM_MAX + 1 : histogram_low(histogram_index(value));
}

void histogram_add(struct histogram *to, const struct histogram *from)
{
    if (!from->count)
        return;
    for (uint32_t index = from->first; index < from->end; index++)
        to->counts[index] += from->counts[index];
    to->count += from->count;
    to->clamped += from->clamped;
    if (from->min < to->min) {
        to->min = from->min;
        to->first = from->first;
    }
    if (from->max >= to->max) {
        to->max = from->max;
        to->end = from->end;
    }
}

/* The percentile value of an index. */
static nsec value_at(const struct histogram *histogram, uint32_t index)
{
    return nsec_min(histogram_high(index), histogram->max);
}

void histogram_add_over(struct histogram *to, const struct histogram *from, nsec value)
{
    uint32_t index = histogram_index(nsec_min(value, HISTOGRAM_MAX)) + 1;

    for (index = index > from->first ? index : from->first; index < from->end; index++)
        histogram_record_many(to, value_at(from, index), from->counts[index]);
}

/* An index holds 2^width_bits values. */
static uint32_t width_bits(uint32_t index)
{
    return index < 2 * HISTOGRAM_PARTS ? 0 : (index >> HISTOGRAM_PARTS_BITS) - 1;
}

nsec histogram_low(uint32_t index)
{
    uint32_t bits = width_bits(index);

    return (nsec)(index - (bits << HISTOGRAM_PARTS_BITS)) << bits;
}

nsec histogram_high(uint32_t index)
{
    return histogram_low(index) + (UINT64_C(1) << width_bits(index)) - 1;
}

/* The nearest rank of a percentile, from 1. Computed with integers: the double 99.9 / 100 is a
   little over 0.999, and its product with 1,000 would be rounded up to 1,000. */
static uint64_t rank_of(uint64_t count, double percent)
{
    const uint64_t whole = 100 * PERCENT_UNITS;
    uint64_t units;
    __uint128_t rank;

    if (!(percent > 0))
        return 1;
    if (percent >= 100)
        return count;
    units = (uint64_t)llround(percent * (double)PERCENT_UNITS);
    rank = ((__uint128_t)count * units + whole - 1) / whole;
    return rank ? (uint64_t)rank : 1;
}

nsec histogram_at(const struct histogram *histogram, double percent)
{
    uint64_t rank, reached = 0;

    if (!histogram->count)
        return 0;
    rank = rank_of(histogram->count, percent);
    for (uint32_t index = histogram->first; index < histogram->end; index++) {
        reached += histogram->counts[index];
        if (reached >= rank)
            return value_at(histogram, index);
    }
    return histogram->max;
}

uint64_t histogram_up_to(const struct histogram *histogram, nsec value)
{
    uint64_t reached = 0;
    uint32_t end;

    if (value >= histogram->max)
        return histogram->count;
    end = histogram_index(value) + 1;
    for (uint32_t index = histogram->first; index < end; index++)
        reached += histogram->counts[index];
    return reached;
}

/* A percentile to compute. */
struct mark {
    uint64_t rank; /* from 1 */
    nsec *value;   /* the result */
};

/* Welford's method, because a difference of two large sums of squares would lose most digits. */
struct moments {
    double count; /* number of values */
    double mean;
    double squares; /* sum of the squared distances from the mean */
};

static void moments_add(struct moments *moments, double value, double count)
{
    double distance = value - moments->mean;

    moments->count += count;
    moments->mean += distance * count / moments->count;
    moments->squares += distance * (value - moments->mean) * count;
}

/* The middle of an index's values between min and max. */
static double middle(const struct histogram *histogram, uint32_t index)
{
    nsec low = nsec_max(histogram_low(index), histogram->min), high = value_at(histogram, index);

    return (double)low + (double)(high - low) / 2;
}

void histogram_summarize(const struct histogram *histogram, struct histogram_summary *summary)
{
#define X(member, percent, name) {rank_of(histogram->count, percent), &summary->member},
    const struct mark marks[] = {HISTOGRAM_PERCENTILES(X){UINT64_MAX, NULL}};
#undef X
    const struct mark *mark = marks;
    struct moments moments = {0};
    uint64_t reached = 0;

    *summary = (struct histogram_summary){0};
    if (!histogram->count)
        return;
    for (uint32_t index = histogram->first; index < histogram->end; index++) {
        uint64_t count = histogram->counts[index];

        if (!count)
            continue;
        reached += count;
        for (; mark->rank <= reached; mark++)
            *mark->value = value_at(histogram, index);
        moments_add(&moments, middle(histogram, index), (double)count);
    }
    summary->count = histogram->count;
    summary->min = histogram->min;
    summary->max = histogram->max;
    summary->mean = moments.mean;
    summary->stddev = sqrt(moments.squares / moments.count);
}

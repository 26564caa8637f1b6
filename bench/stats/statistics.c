/*
 * Statistics of small samples. Rejected: Student's t, because times are not normally distributed,
 * and one disturbed run changes it; and BCa intervals, because their acceleration is estimated by
 * leaving out one value, which is meaningless for a median.
 */
#include "bench/stats/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

static int by_value(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;

    return (a > b) - (a < b);
}

/* A sorted copy, which the caller frees. */
static double *sorted(const double *values, size_t count)
{
    double *copy = memory_grow(NULL, count, sizeof(*copy));

    memcpy(copy, values, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), by_value);
    return copy;
}

/* The median of sorted values. */
static double median_of_sorted(const double *values, size_t count)
{
    double low = values[(count - 1) / 2], high = values[count / 2];

    return low + (high - low) / 2;
}

double statistics_median(const double *values, size_t count)
{
    double *copy = sorted(values, count), median = median_of_sorted(copy, count);

    free(copy);
    return median;
}

/* --- the bootstrap --- */

/* A sample to draw from. */
struct urn {
    double *values;  /* sorted */
    uint32_t *drawn; /* number of draws of each value in the current resample */
    size_t count;
};

static struct urn urn_new(const double *values, size_t count)
{
    return (struct urn){sorted(values, count), memory_grow(NULL, count, sizeof(uint32_t)), count};
}

static void urn_free(struct urn *urn)
{
    free(urn->values);
    free(urn->drawn);
}

/* The drawn value with this rank, from 0. */
static double drawn_at(const struct urn *urn, size_t rank)
{
    size_t i = 0;

    for (size_t count = urn->drawn[0]; count <= rank; count += urn->drawn[i])
        i++;
    return urn->values[i];
}

/* The median of a resample. The draws are counted, so no sort is needed. */
static double draw_median(struct urn *urn, uint64_t *random)
{
    double low, high;

    memset(urn->drawn, 0, urn->count * sizeof(*urn->drawn));
    for (size_t i = 0; i < urn->count; i++)
        urn->drawn[((random_next(random) >> 32) * urn->count) >> 32]++;
    low = drawn_at(urn, (urn->count - 1) / 2);
    high = urn->count % 2 ? low : drawn_at(urn, urn->count / 2);
    return low + (high - low) / 2;
}

static void resample(struct statistics_ratio *found, struct urn *baseline, struct urn *compared,
                     uint64_t seed)
{
    const size_t outside = (size_t)(STATISTICS_RESAMPLES * (1 - STATISTICS_CONFIDENCE) / 2 + 0.5);
    double *ratios = memory_grow(NULL, STATISTICS_RESAMPLES, sizeof(*ratios));

    for (size_t i = 0; i < STATISTICS_RESAMPLES; i++) {
        double below = draw_median(baseline, &seed);

        ratios[i] = draw_median(compared, &seed) / below;
    }
    qsort(ratios, STATISTICS_RESAMPLES, sizeof(*ratios), by_value);
    found->low = ratios[outside];
    found->high = ratios[STATISTICS_RESAMPLES - 1 - outside];
    free(ratios);
}

struct statistics_ratio statistics_ratio(const double *baseline, size_t baseline_count,
                                         const double *compared, size_t compared_count,
                                         uint64_t seed)
{
    struct statistics_ratio found = {NAN, NAN, NAN};
    struct urn below = urn_new(baseline, baseline_count), above = urn_new(compared, compared_count);

    if (below.values[0] > 0) {
        found.ratio = median_of_sorted(above.values, above.count) /
                      median_of_sorted(below.values, below.count);
        if (below.count > 1 && above.count > 1)
            resample(&found, &below, &above, seed);
    }
    urn_free(&below);
    urn_free(&above);
    return found;
}

/* --- the rank test --- */

/* A value of either sample. */
struct ranked {
    double value;  /* first, for by_value */
    bool compared; /* of the compared sample */
    size_t twice;  /* twice its rank from 1: an integer, because ties have their mean rank */
};

struct ranking {
    struct ranked *all;
    size_t baseline, compared; /* number of values */
    size_t compared_twice;     /* sum of `twice` of the compared sample */
    double tied;               /* the sum of t^3 - t, for each group of t equal values */
};

static void take(struct ranking *ranking, const double *values, size_t count, bool compared)
{
    struct ranked *to = ranking->all + (compared ? ranking->baseline : 0);

    for (size_t i = 0; i < count; i++)
        to[i] = (struct ranked){.value = values[i], .compared = compared};
}

/* Sets the ranks of the sorted values. */
static void set_ranks(struct ranking *ranking)
{
    size_t total = ranking->baseline + ranking->compared, end;

    for (size_t i = 0; i < total; i = end) {
        double ties;

        for (end = i + 1; end < total && !(ranking->all[end].value > ranking->all[i].value);)
            end++;
        for (size_t k = i; k < end; k++) {
            ranking->all[k].twice = i + 1 + end;
            ranking->compared_twice += ranking->all[k].compared ? i + 1 + end : 0;
        }
        ties = (double)(end - i);
        ranking->tied += ties * ties * ties - ties;
    }
}

/* Dynamic programming: ways[j * (max + 1) + sum] is the number of ways to choose j of the values so
   far with this sum of ranks. Adds one value. */
static void add_choice(double *ways, size_t chosen, size_t max, size_t rank)
{
    for (size_t j = chosen; j > 0; j--) {
        double *with = ways + j * (max + 1);
        const double *without = with - (max + 1);

        for (size_t sum = rank; sum <= max; sum++)
            with[sum] += without[sum - rank];
    }
}

/* The exact p: over all ways to choose as many values as the smaller sample has, twice the smaller
   share of rank sums at most, or at least, as large as its own. The distance from the mean is not
   used, because with ties the distribution is not symmetric. */
static double exact_p(const struct ranking *ranking)
{
    bool is_compared = ranking->compared < ranking->baseline;
    size_t total = ranking->baseline + ranking->compared, max = total * (total + 1);
    size_t chosen = is_compared ? ranking->compared : ranking->baseline;
    size_t own = is_compared ? ranking->compared_twice : max - ranking->compared_twice;
    double *ways = memory_zeroed((chosen + 1) * (max + 1) * sizeof(*ways));
    const double *row = ways + chosen * (max + 1);
    double low = 0, high = 0, all = 0;

    ways[0] = 1;
    for (size_t i = 0; i < total; i++)
        add_choice(ways, chosen, max, ranking->all[i].twice);
    for (size_t sum = 0; sum <= max; sum++) {
        all += row[sum];
        low += sum <= own ? row[sum] : 0;
        high += sum >= own ? row[sum] : 0;
    }
    free(ways);
    return fmin(2 * fmin(low, high) / all, 1);
}

/* The normal approximation of U. */
static double approximate_p(const struct ranking *ranking, double u)
{
    double n = (double)ranking->baseline, m = (double)ranking->compared, total = n + m;
    double variance = n * m / 12 * (total + 1 - ranking->tied / (total * (total - 1)));
    double distance = fabs(u - n * m / 2);
    double beyond = fmax(distance - 0.5, 0); /* continuity correction */

    return variance > 0 ? erfc(beyond / sqrt(2 * variance)) : 1;
}

struct statistics_rank statistics_rank_test(const double *baseline, size_t baseline_count,
                                            const double *compared, size_t compared_count)
{
    size_t total = baseline_count + compared_count;
    struct ranking ranking = {.baseline = baseline_count, .compared = compared_count};
    struct statistics_rank found = {.exact = total <= STATISTICS_EXACT_MAX};

    ranking.all = memory_grow(NULL, total, sizeof(*ranking.all));
    take(&ranking, baseline, baseline_count, false);
    take(&ranking, compared, compared_count, true);
    qsort(ranking.all, total, sizeof(*ranking.all), by_value);
    set_ranks(&ranking);
    found.u = (double)(ranking.compared_twice - compared_count * (compared_count + 1)) / 2;
    found.p = found.exact ? exact_p(&ranking) : approximate_p(&ranking, found.u);
    free(ranking.all);
    return found;
}

double statistics_min_p(size_t baseline_count, size_t compared_count)
{
    double min = 2;

    for (size_t i = 1; i <= baseline_count; i++)
        min *= (double)i / (double)(compared_count + i);
    return fmin(min, 1);
}

/* --- several tests --- */

size_t statistics_needed(size_t tests, double alpha)
{
    size_t count = 1;

    while ((double)tests * statistics_min_p(count, count) > alpha)
        count++;
    return count;
}

static int by_pointed_value(const void *one, const void *other)
{
    return by_value(*(double *const *)one, *(double *const *)other);
}

void statistics_holm(double *p, size_t count)
{
    double **order = memory_grow(NULL, count, sizeof(*order));
    double floor = 0; /* the corrected values must not decrease */

    for (size_t i = 0; i < count; i++)
        order[i] = &p[i];
    qsort(order, count, sizeof(*order), by_pointed_value);
    for (size_t i = 0; i < count; i++) {
        floor = fmin(fmax(*order[i] * (double)(count - i), floor), 1);
        *order[i] = floor;
    }
    free(order);
}

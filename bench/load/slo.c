/*
 * Numbers are parsed as in base/parse.c, with a single division, so that "99.9" is the same double
 * as in C. A limit over HISTOGRAM_MAX is an error, because it would always be held.
 */
#include "bench/load/slo.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/parse.h"

#define MAX_DIGITS      15 /* exact in a double */
#define MAX_VALUE_BYTES 32

/* Parses a decimal number of `length` characters and divides it by `unit`. */
static bool decimal_parse(const char *text, size_t length, double unit, double *value)
{
    double digits = 0, scale = unit;
    bool point = false, any = false;

    if (length > MAX_DIGITS + 1)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(text[i]))
            return false;
        any = true;
        digits = digits * 10 + (text[i] - '0');
        scale *= point ? 10 : 1;
    }
    *value = digits / scale;
    return any;
}

static const char *read_time(struct slo_part *part, const char *text)
{
    nsec limit;

    if (!duration_parse(text, &limit))
        return "percentiles, mean and max need a time with its unit, as in p99=5ms";
    if (!limit)
        return "a time of 0 cannot be held";
    if (limit > HISTOGRAM_MAX)
        return "a time over 1h is not measured, so it cannot be a limit";
    part->limit = (double)limit;
    return NULL;
}

static const char *read_share(struct slo_part *part, const char *text)
{
    size_t length = strlen(text);
    bool percent = length && text[length - 1] == '%';

    if (!decimal_parse(text, length - percent, percent ? 100 : 1, &part->limit))
        return "errors need a share of the requests, as in errors=0, errors=0.001 or errors=0.1%";
    if (percent && part->limit > 1)
        return "errors cannot be over 100%";
    if (!percent && part->limit >= 1)
        return "errors are a share of the requests, below 1; with a % they are a percentage";
    return NULL;
}

static const char *read_rate(struct slo_part *part, const char *text)
{
    if (!decimal_parse(text, strlen(text), 1, &part->limit))
        return "rps needs a number, as in rps=10000";
    return part->limit > 0 ? NULL : "rps must be over 0";
}

/* "p99.9=". */
static const char *read_percentile(struct slo_part *part, const char *text)
{
    const char *percent = part->name + 1;

    part->kind = SLO_PERCENTILE;
    if (part->name[0] != 'p' || !decimal_parse(percent, strlen(percent), 1, &part->percent))
        return "a limit is p50, p99.9 or any other percentile, mean, max, errors or rps";
    if (part->percent <= 0 || part->percent >= 100)
        return "a percentile is over 0 and below 100; use max for the maximum";
    return read_time(part, text);
}

static const char *read_value(struct slo_part *part, const char *text)
{
    static const struct {
        const char *name;
        enum slo_kind kind;
        const char *(*read)(struct slo_part *part, const char *text);
    } names[] = {{"mean", SLO_MEAN, read_time},
                 {"max", SLO_MAX, read_time},
                 {"errors", SLO_ERRORS, read_share},
                 {"rps", SLO_RPS, read_rate}};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(part->name, names[i].name)) {
            part->kind = names[i].kind;
            return names[i].read(part, text);
        }
    return read_percentile(part, text);
}

/* "name=value". */
static const char *read_part(struct slo_part *part, const char *text, size_t length)
{
    const char *equals = memchr(text, '=', length);
    size_t name_bytes = equals ? (size_t)(equals - text) : length;
    size_t value_bytes = equals ? length - name_bytes - 1 : 0;
    char value[MAX_VALUE_BYTES];

    *part = (struct slo_part){.measured = NAN};
    if (!equals || !name_bytes || !value_bytes)
        return "limits are NAME=VALUE, separated by commas: p99=5ms,errors=0.1%";
    if (name_bytes >= sizeof(part->name) || value_bytes >= sizeof(value))
        return "a name or a limit is too long";
    memcpy(part->name, text, name_bytes);
    memcpy(value, equals + 1, value_bytes);
    value[value_bytes] = '\0';
    return read_value(part, value);
}

static const char *add_part(struct slo *slo, const struct slo_part *part)
{
    for (size_t i = 0; i < slo->count; i++)
        if (slo->part[i].kind == part->kind && slo->part[i].percent == part->percent)
            return "a limit occurs twice";
    if (slo->count == SLO_MAX_PARTS)
        return "there are more than 16 limits";
    slo->part[slo->count++] = *part;
    return NULL;
}

const char *slo_parse(struct slo *slo, const char *text)
{
    const char *why, *end;

    *slo = (struct slo){0};
    do {
        struct slo_part part;

        end = strchrnul(text, ',');
        why = read_part(&part, text, (size_t)(end - text));
        if (!why)
            why = add_part(slo, &part);
        text = end + 1;
    } while (!why && *end);
    if (why)
        slo->count = 0;
    return why;
}

uint64_t tally_error_count(const struct tally *tally)
{
    uint64_t errors = tally->failed;

    for (size_t status = SLO_ERROR_STATUS; status < TALLY_STATUSES; status++)
        errors += tally->status[status];
    return errors;
}

uint64_t tally_ended(const struct tally *tally)
{
    return tally->completed + tally->failed;
}

static double measure_latency(const struct slo_part *part, const struct histogram *latency)
{
    struct histogram_summary summary;

    if (!latency->count)
        return NAN;
    if (part->kind == SLO_PERCENTILE)
        return (double)histogram_at(latency, part->percent);
    if (part->kind == SLO_MAX)
        return (double)latency->max;
    histogram_summarize(latency, &summary);
    return summary.mean;
}

/* Includes the requests in flight at the end of a closed loop that are older than the limit: their
   latency is at least their age. Younger ones may still hold the limit, and are left out. */
static double measure_all(const struct slo_part *part, const struct tally *tally)
{
    const struct histogram *unfinished = tally->unfinished;
    struct histogram *all;
    double measured;

    if (!unfinished->count || (double)unfinished->max <= part->limit)
        return measure_latency(part, tally->latency);
    all = histogram_new();
    histogram_add(all, tally->latency);
    histogram_add_over(all, unfinished, (nsec)part->limit);
    measured = measure_latency(part, all);
    histogram_free(all);
    return measured;
}

static double measure(const struct slo_part *part, const struct tally *tally)
{
    uint64_t ended = tally_ended(tally);

    if (part->kind == SLO_ERRORS)
        return ended ? (double)tally_error_count(tally) / (double)ended : NAN;
    if (part->kind == SLO_RPS)
        return tally->to > tally->from ? tally_per_second(tally, tally->completed) : NAN;
    return measure_all(part, tally);
}

/* Whether the rate reaches the limit. The span of a schedule is rounded to a nanosecond; the
   rounding must not decide. */
static bool reaches_rate(double limit, const struct tally *tally)
{
    nsec span = tally->to - tally->from;

    return span && (double)tally->completed * NSEC_PER_S >= limit * (double)(span - 1);
}

/* Whether the server alone has missed the limit. Errors do not depend on delays of the client, and
   neither do the kernel's timestamps. */
static bool is_caused_by_server(const struct slo_part *part, const struct tally *tally)
{
    if (part->kind == SLO_ERRORS)
        return tally_ended(tally) > 0;
    return part->kind == SLO_MAX && (double)tally->proven > part->limit;
}

bool slo_judge(struct slo *slo, const struct tally *tally)
{
    bool all = true;

    for (size_t i = 0; i < slo->count; i++) {
        struct slo_part *part = &slo->part[i];

        part->measured = measure(part, tally);
        /* a comparison with NaN is false */
        part->held = part->kind == SLO_RPS ? reaches_rate(part->limit, tally)
                                           : part->measured <= part->limit;
        part->proven = !part->held && is_caused_by_server(part, tally);
        all = all && part->held;
    }
    return all;
}

bool slo_is_proven(const struct slo *slo)
{
    for (size_t i = 0; i < slo->count; i++)
        if (slo->part[i].proven)
            return true;
    return false;
}

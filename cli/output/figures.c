/*
 * How figures are rounded. Rejected: fixed units and decimals. A percentile of 250 us and a stall
 * of 2 s stand in one column, and more than three digits are more precise than the sample.
 */
#include "cli/output/figures.h"

#include <math.h>
#include <stdio.h>

#define THOUSAND 1000.0
#define EIGHTHS  8

/* The number of decimals for three digits, one less for a value that is rounded up to 10 or 100. */
static int decimals(double value)
{
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

/* Formats three digits, in a unit for values below 1,000. The first unit has no decimals. */
static struct figure in_units(double value, const char *const *units, size_t count)
{
    struct figure figure;
    size_t unit = 0;

    if (isnan(value) || value < 0) {
        snprintf(figure.text, sizeof(figure.text), "-");
        return figure;
    }
    for (; unit + 1 < count && value >= THOUSAND - 0.5; unit++)
        value /= THOUSAND;
    snprintf(figure.text, sizeof(figure.text), "%.*f %s", unit ? decimals(value) : 0, value,
             units[unit]);
    return figure;
}

struct figure figure_span(double nanoseconds)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};

    return in_units(nanoseconds, units, sizeof(units) / sizeof(*units));
}

struct figure figure_bytes(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};

    return in_units(bytes, units, sizeof(units) / sizeof(*units));
}

struct figure figure_count(uint64_t count)
{
    struct figure figure;
    char digits[FIGURE_BYTES], *to = figure.text;
    int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return figure;
}

struct figure figure_rate(double rate)
{
    struct figure figure;

    if (isnan(rate) || rate < 0)
        rate = 0;
    if (rate >= 99.95)
        return figure_count(rate < (double)UINT64_MAX ? (uint64_t)(rate + 0.5) : UINT64_MAX);
    if (rate > 0 && rate < 0.095) /* fixed decimals would leave fewer than three digits */
        snprintf(figure.text, sizeof(figure.text), "%.3g", rate);
    else
        snprintf(figure.text, sizeof(figure.text), "%.*f", rate > 0 ? decimals(rate) : 0, rate);
    return figure;
}

struct figure figure_share(double share)
{
    struct figure figure;
    double percent = 100 * share;

    if (isnan(percent) || percent < 0)
        percent = 0;
    if (percent > 0 && percent < 0.005)
        snprintf(figure.text, sizeof(figure.text), "<0.01%%");
    else if (percent > 99.95 && percent < 100)
        snprintf(figure.text, sizeof(figure.text), "%.2f%%", percent < 99.99 ? percent : 99.99);
    else
        snprintf(figure.text, sizeof(figure.text), "%.*f%%",
                 percent == 0 || percent >= 100 ? 0
                 : percent < 0.995              ? 2
                                                : 1,
                 percent);
    return figure;
}

const char *figure_across(unsigned eighths, bool utf8)
{
    static const char *const blocks[EIGHTHS + 1] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    static const char *const ascii[EIGHTHS + 1] = {"", "-", "-", "-", "=", "=", "=", "=", "#"};

    return (utf8 ? blocks : ascii)[eighths < EIGHTHS ? eighths : EIGHTHS];
}

const char *figure_upward(unsigned eighths, bool utf8)
{
    static const char *const blocks[EIGHTHS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[EIGHTHS + 1] = {" ", ".", ".", ".", ":", ":", ":", ":", "#"};

    return (utf8 ? blocks : ascii)[eighths < EIGHTHS ? eighths : EIGHTHS];
}

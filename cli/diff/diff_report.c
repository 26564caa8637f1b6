/* One table of metrics for text and JSON. */
#include "cli/diff/diff_report.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "cli/output/figures.h"
#include "cli/output/json.h"
#include "cli/output/text.h"

/* What the values of a metric are. */
enum unit { UNIT_RATE, UNIT_MICROSECONDS, UNIT_SHARE };

static const struct {
    const char *key, *shown;
    enum unit unit;
    const char *less, *more;
} metrics[DIFF_METRICS] = {
    [DIFF_RPS] = {"rps", "requests/s", UNIT_RATE, "slower", "faster"},
    [DIFF_P50] = {"p50", "p50", UNIT_MICROSECONDS, "faster", "slower"},
    [DIFF_P90] = {"p90", "p90", UNIT_MICROSECONDS, "faster", "slower"},
    [DIFF_P99] = {"p99", "p99", UNIT_MICROSECONDS, "faster", "slower"},
    [DIFF_P999] = {"p99.9", "p99.9", UNIT_MICROSECONDS, "faster", "slower"},
    [DIFF_MEAN] = {"mean", "mean", UNIT_MICROSECONDS, "faster", "slower"},
    [DIFF_CPU] = {"cpu", "CPU/request", UNIT_MICROSECONDS, "less", "more"},
    [DIFF_ERRORS] = {"errors", "errors", UNIT_SHARE, "fewer", "more"},
};

static void show(FILE *to, const char *text)
{
    text_show(to, text, strlen(text), TEXT_ALL);
}

static const char *runs(size_t count)
{
    return count == 1 ? "run" : "runs";
}

static struct figure figure_of(enum diff_metric metric, double value)
{
    if (!isfinite(value))
        return (struct figure){"-"};
    switch (metrics[metric].unit) {
    case UNIT_RATE: return figure_rate(value);
    case UNIT_SHARE: return figure_share(value);
    default: return figure_span(value * (double)NSEC_PER_US);
    }
}

static void put_ratio(FILE *to, double ratio)
{
    if (!isfinite(ratio))
        fprintf(to, " %7s", "-");
    else if (ratio < 10)
        fprintf(to, " %7.3f", ratio);
    else
        fprintf(to, " %7s", figure_rate(ratio).text);
}

/* Writes a corrected p, never as 0. */
static void put_p(FILE *to, double p)
{
    if (isnan(p))
        fprintf(to, " %8s", "-");
    else if (p < 0.0001)
        fprintf(to, " %8s", "<0.0001");
    else
        fprintf(to, " %8.4f", p);
}

static const char *verdict_text(enum diff_metric metric, const struct diff_measure *measure)
{
    switch (measure->verdict) {
    case DIFF_VERDICT_NOT_JUDGED: return "not judged";
    case DIFF_VERDICT_SLOWER:
    case DIFF_VERDICT_FASTER: return measure->is_more ? metrics[metric].more : metrics[metric].less;
    default: return "none shown";
    }
}

static void put_row(FILE *to, enum diff_metric metric, const struct diff_measure *measure)
{
    fprintf(to, "%-12s %11s %11s", metrics[metric].shown, figure_of(metric, measure->baseline).text,
            figure_of(metric, measure->compared).text);
    put_ratio(to, measure->ratio.ratio);
    put_ratio(to, measure->ratio.low);
    put_ratio(to, measure->ratio.high);
    put_p(to, measure->p);
    fprintf(to, " %s\n", verdict_text(metric, measure));
}

/* Writes the metrics with this verdict, as "slower by p99, errors", or nothing. */
static void put_reasons(FILE *to, const struct diff_comparison *pair, enum diff_verdict verdict,
                        const char *lead)
{
    for (int metric = 0; metric < DIFF_METRICS; metric++) {
        if (pair->measure[metric].verdict != verdict)
            continue;
        fprintf(to, "%s%s", lead, metrics[metric].key);
        lead = ", ";
    }
}

static void put_verdict(FILE *to, const struct diff_comparisons *all,
                        const struct diff_comparison *pair)
{
    show(to, pair->compared->name);
    fputs(": ", to);
    switch (pair->verdict) {
    case DIFF_VERDICT_SLOWER:
        put_reasons(to, pair, DIFF_VERDICT_SLOWER, "slower by ");
        put_reasons(to, pair, DIFF_VERDICT_FASTER, "; faster by ");
        break;
    case DIFF_VERDICT_FASTER: put_reasons(to, pair, DIFF_VERDICT_FASTER, "faster by "); break;
    case DIFF_VERDICT_TOO_FEW:
        fprintf(to,
                "too few runs: %zu and %zu runs cannot show any difference.\n"
                "Each set needs %zu runs (bench --repeat %zu)",
                pair->baseline->count, pair->compared->count, all->needed, all->needed);
        break;
    case DIFF_VERDICT_NOT_JUDGED: fputs("nothing to judge: there are no measurements", to); break;
    default: fputs("no difference shown", to);
    }
    fputc('\n', to);
}

void diff_report_text(const struct diff_comparisons *all, FILE *to)
{
    for (size_t i = 0; i < all->noted; i++) {
        fputs("warning: ", to);
        show(to, all->notes[i]);
        fputc('\n', to);
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct diff_comparison *pair = &all->list[i];
        size_t baseline = pair->baseline->count, compared = pair->compared->count;

        fputs(i || all->noted ? "\n" : "", to);
        show(to, pair->compared->name);
        fprintf(to, " (%s %s) against ", figure_count(compared).text, runs(compared));
        show(to, pair->baseline->name);
        fprintf(to, " (%s %s)\n", figure_count(baseline).text, runs(baseline));
        fprintf(to, "%-12s %11s %11s %7s %15s %8s\n", "median", "baseline", "compared", "ratio",
                "95% interval", "p");
        for (int metric = 0; metric < DIFF_METRICS; metric++)
            put_row(to, (enum diff_metric)metric, &pair->measure[metric]);
        put_verdict(to, all, pair);
    }
    fprintf(to, "\np: Mann-Whitney, %zu judged together (Holm); below %g is a difference\n",
            all->judged, DIFF_ALPHA);
}

/* --- for machines --- */

/* Nine digits: more than a clock has, and the same on each machine. */
#define DIGITS 9

static const char *const verdict_names[] = {[DIFF_VERDICT_NONE] = "none",
                                            [DIFF_VERDICT_SLOWER] = "slower",
                                            [DIFF_VERDICT_FASTER] = "faster",
                                            [DIFF_VERDICT_NOT_JUDGED] = "not_judged",
                                            [DIFF_VERDICT_TOO_FEW] = "too_few_runs"};

static void put_set(struct json *json, const struct diff_set *set)
{
    json_string(json, "name", set->name);
    json_unsigned(json, "runs", set->count);
}

static void put_measure_json(struct json *json, enum diff_metric metric,
                             const struct diff_measure *measure)
{
    json_object(json, metrics[metric].key);
    json_string(json, "verdict", verdict_names[measure->verdict]);
    json_digits(json, "baseline", measure->baseline, DIGITS);
    json_digits(json, "compared", measure->compared, DIGITS);
    json_digits(json, "ratio", measure->ratio.ratio, DIGITS);
    json_digits(json, "low", measure->ratio.low, DIGITS);
    json_digits(json, "high", measure->ratio.high, DIGITS);
    json_digits(json, "p", measure->p, DIGITS);
    json_object_end(json);
}

static void put_comparison_json(struct json *json, const struct diff_comparison *pair)
{
    json_object(json, NULL);
    put_set(json, pair->compared);
    json_string(json, "verdict", verdict_names[pair->verdict]);
    json_object(json, "metrics");
    for (int metric = 0; metric < DIFF_METRICS; metric++)
        put_measure_json(json, (enum diff_metric)metric, &pair->measure[metric]);
    json_object_end(json);
    json_object_end(json);
}

void diff_report_json(const struct diff_comparisons *all, FILE *to)
{
    struct json json;

    json_begin(&json, to);
    json_object(&json, NULL);
    json_string(&json, "schema", "firstbyte.diff/1");
    json_object(&json, "baseline");
    put_set(&json, all->list[0].baseline);
    json_object_end(&json);
    json_digits(&json, "alpha", DIFF_ALPHA, DIGITS);
    json_unsigned(&json, "judged", all->judged);
    json_unsigned(&json, "runs_needed", all->needed);
    json_array(&json, "comparisons");
    for (size_t i = 0; i < all->count; i++)
        put_comparison_json(&json, &all->list[i]);
    json_array_end(&json);
    json_array(&json, "warnings");
    for (size_t i = 0; i < all->noted; i++)
        json_string(&json, NULL, all->notes[i]);
    json_array_end(&json);
    json_object_end(&json);
    json_end(&json);
}

/*
 * Compares sets of runs in three steps: each metric of each pair by itself, then all that are judged
 * together (Holm), then a word for each pair. Rejected: to judge all that is in a report. Of eight
 * metrics five repeats could show no difference at all.
 */
#include "cli/diff/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench/stats/statistics.h"
#include "cli/output/diagnostic.h"
#include "cli/output/json.h"
#include "cli/output/text.h"

#define SEED       1 /* of the intervals: the same runs give the same numbers */
#define MOST_NOTES 4 /* lines of warnings that a set can have */

/* What is said of a metric, or of a set. */
enum word { WORD_NONE, WORD_SLOWER, WORD_FASTER, WORD_NOT_JUDGED, WORD_TOO_FEW };

/* A metric of two sets. */
struct measure {
    double baseline, compared;     /* medians; NaN: a run has no such number */
    struct statistics_ratio ratio; /* compared / baseline */
    double p;                      /* corrected; NaN: not judged */
    bool is_more;                  /* the compared set has the greater values, by its ranks */
    enum word word;
};

/* A set that is compared with the first one. */
struct comparison {
    const struct diff_set *baseline, *compared; /* borrowed */
    struct measure measure[DIFF_METRICS];
    enum word word;
};

/* All of them. */
struct comparisons {
    struct comparison *list;
    size_t count;
    size_t judged; /* metrics, of all pairs */
    size_t needed; /* runs that each set needs, so that a difference can be shown */
    char **notes;  /* warnings, as they are; owned */
    size_t noted;
};

/* A metric for people and machines. */
static const struct {
    const char *key, *shown;
    int digits;    /* behind the point, for people */
    double factor; /* from its unit to the one that is shown */
    const char *less, *more;
} metrics[DIFF_METRICS] = {
    [DIFF_RPS] = {"rps", "requests/s", 1, 1, "slower", "faster"},
    [DIFF_P50] = {"p50", "p50 us", 1, 1, "faster", "slower"},
    [DIFF_P90] = {"p90", "p90 us", 1, 1, "faster", "slower"},
    [DIFF_P99] = {"p99", "p99 us", 1, 1, "faster", "slower"},
    [DIFF_P999] = {"p99.9", "p99.9 us", 1, 1, "faster", "slower"},
    [DIFF_MEAN] = {"mean", "mean us", 1, 1, "faster", "slower"},
    [DIFF_CPU] = {"cpu", "CPU us", 2, 1, "less", "more"},
    [DIFF_ERRORS] = {"errors", "errors %", 3, 100, "fewer", "more"},
};

/* --- the numbers --- */

/* A metric of each run, to be freed; NULL where a run has none. */
static double *sample(const struct diff_set *set, enum diff_metric metric)
{
    double *values = memory_grow(NULL, set->count, sizeof(*values));

    for (size_t i = 0; i < set->count; i++) {
        values[i] = set->runs[i].value[metric];
        if (isnan(values[i])) {
            free(values);
            return NULL;
        }
    }
    return values;
}

/* Whether every run followed a schedule and kept up with it. */
static bool was_met(const struct diff_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (!set->runs[i].open_loop || set->runs[i].waited)
            return false;
    return true;
}

static bool has_some(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] > 0)
            return true;
    return false;
}

/* Whether a metric decides. It depends on both sets together alone, so that it favours neither. */
static bool is_judged(const struct comparison *pair, enum diff_metric metric,
                      const double *baseline, const double *compared)
{
    switch (metric) {
    case DIFF_RPS: return !was_met(pair->baseline) || !was_met(pair->compared);
    case DIFF_P50:
    case DIFF_P99: return true;
    case DIFF_ERRORS:
        return has_some(baseline, pair->baseline->count) ||
               has_some(compared, pair->compared->count);
    default: return false;
    }
}

static void measure(struct comparison *pair, enum diff_metric metric)
{
    struct measure *found = &pair->measure[metric];
    size_t baseline_count = pair->baseline->count, compared_count = pair->compared->count;
    double *baseline = sample(pair->baseline, metric), *compared = sample(pair->compared, metric);

    *found = (struct measure){NAN, NAN, {NAN, NAN, NAN}, NAN, false, WORD_NOT_JUDGED};
    if (baseline)
        found->baseline = statistics_median(baseline, baseline_count);
    if (compared)
        found->compared = statistics_median(compared, compared_count);
    if (baseline && compared) {
        struct statistics_rank rank =
            statistics_rank_test(baseline, baseline_count, compared, compared_count);

        found->ratio = statistics_ratio(baseline, baseline_count, compared, compared_count, SEED);
        found->is_more = rank.u * 2 > (double)baseline_count * (double)compared_count;
        if (is_judged(pair, metric, baseline, compared)) {
            found->p = rank.p;
            found->word = WORD_NONE;
        }
    }
    free(baseline);
    free(compared);
}

/* --- the words --- */

/* Corrects all that is judged, together. */
static void correct(struct comparisons *all)
{
    double *p = memory_grow(NULL, all->count * DIFF_METRICS, sizeof(*p));
    size_t next = 0;

    for (size_t i = 0; i < all->count * DIFF_METRICS; i++) {
        const struct measure *one = &all->list[i / DIFF_METRICS].measure[i % DIFF_METRICS];

        if (one->word != WORD_NOT_JUDGED)
            p[all->judged++] = one->p;
    }
    statistics_holm(p, all->judged);
    for (size_t i = 0; i < all->count * DIFF_METRICS; i++) {
        struct measure *one = &all->list[i / DIFF_METRICS].measure[i % DIFF_METRICS];

        if (one->word != WORD_NOT_JUDGED)
            one->p = p[next++];
    }
    free(p);
    all->needed = statistics_needed(all->judged ? all->judged : 1, DIFF_ALPHA);
}

/* Whether the clearest difference would be shown. */
static bool is_enough(const struct comparisons *all, const struct comparison *pair)
{
    return (double)all->judged * statistics_least_p(pair->baseline->count, pair->compared->count) <=
           DIFF_ALPHA;
}

/* Slower by one metric is slower, whatever the others say. */
static void decide(const struct comparisons *all, struct comparison *pair)
{
    bool judged = false;

    pair->word = WORD_NONE;
    for (int metric = 0; metric < DIFF_METRICS; metric++) {
        struct measure *one = &pair->measure[metric];

        judged |= one->word != WORD_NOT_JUDGED;
        if (one->word == WORD_NOT_JUDGED || one->p > DIFF_ALPHA)
            continue;
        one->word = one->is_more == (metric == DIFF_RPS) ? WORD_FASTER : WORD_SLOWER;
        if (pair->word != WORD_SLOWER)
            pair->word = one->word;
    }
    if (!judged)
        pair->word = WORD_NOT_JUDGED;
    else if (pair->word == WORD_NONE && !is_enough(all, pair))
        pair->word = WORD_TOO_FEW;
}

/* --- what people should know before they believe it --- */

static FILE *begin_note(struct comparisons *all)
{
    static size_t length; /* nobody asks */

    return memory_stream(&all->notes[all->noted++], &length);
}

/* Names the runs of a set of which something holds, if there are any. */
static void note_runs(struct comparisons *all, const struct diff_set *set, const char *what,
                      bool (*holds)(const struct diff_run *run))
{
    size_t count = 0;
    FILE *to = NULL;

    for (size_t i = 0; i < set->count; i++) {
        if (!holds(&set->runs[i]))
            continue;
        if (!to) {
            to = begin_note(all);
            fprintf(to, "%s: %s: run", set->name, what);
        }
        fprintf(to, "%s %zu", count++ ? "," : "", i + 1);
    }
    if (to)
        fclose(to);
}

static bool is_saturated(const struct diff_run *run)
{
    return run->saturated;
}

static bool is_interrupted(const struct diff_run *run)
{
    return run->interrupted;
}

/* Takes back a note that turned out to be none. */
static void drop_note(struct comparisons *all, FILE *note)
{
    fclose(note);
    free(all->notes[--all->noted]);
}

/* The first run of a set that is not like its first one. */
static void note_mixed(struct comparisons *all, const struct diff_set *set)
{
    for (size_t i = 1; i < set->count; i++) {
        FILE *to = begin_note(all);

        fprintf(to, "%s: runs 1 and %zu were asked for different things: ", set->name, i + 1);
        if (diff_run_differs(&set->runs[0], &set->runs[i], false, to)) {
            fclose(to);
            return;
        }
        drop_note(all, to);
    }
}

static void note_set(struct comparisons *all, const struct diff_set *set)
{
    note_runs(all, set, "the client was the bottleneck, not the server", is_saturated);
    note_runs(all, set, "interrupted before its time", is_interrupted);
    note_mixed(all, set);
}

static void note_all(struct comparisons *all, const struct diff_set *sets, size_t count)
{
    all->notes = memory_grow(NULL, count * MOST_NOTES, sizeof(*all->notes));
    for (size_t i = 0; i < count; i++) {
        FILE *to;

        note_set(all, &sets[i]);
        if (!i)
            continue;
        to = begin_note(all);
        fprintf(to, "%s and %s were asked for different things: ", sets[0].name, sets[i].name);
        if (diff_run_differs(&sets[0].runs[0], &sets[i].runs[0], true, to))
            fclose(to);
        else
            drop_note(all, to);
    }
}

/* --- for people --- */

static void show(FILE *to, const char *text)
{
    text_show(to, text, strlen(text), TEXT_ALL);
}

static const char *runs(size_t count)
{
    return count == 1 ? "run" : "runs";
}

static void put_cell(FILE *to, int width, int digits, double value)
{
    if (isfinite(value))
        fprintf(to, " %*.*f", width, digits, value);
    else
        fprintf(to, " %*s", width, "-");
}

/* A corrected p, never as 0. */
static void put_p(FILE *to, double p)
{
    if (isnan(p))
        fprintf(to, " %8s", "-");
    else if (p < 0.0001)
        fprintf(to, " %8s", "<0.0001");
    else
        fprintf(to, " %8.4f", p);
}

static const char *word_of(enum diff_metric metric, const struct measure *measure)
{
    switch (measure->word) {
    case WORD_NOT_JUDGED: return "not judged";
    case WORD_SLOWER:
    case WORD_FASTER: return measure->is_more ? metrics[metric].more : metrics[metric].less;
    default: return "none shown";
    }
}

static void put_row(FILE *to, enum diff_metric metric, const struct measure *measure)
{
    fprintf(to, "%-12s", metrics[metric].shown);
    put_cell(to, 11, metrics[metric].digits, measure->baseline * metrics[metric].factor);
    put_cell(to, 11, metrics[metric].digits, measure->compared * metrics[metric].factor);
    put_cell(to, 7, 3, measure->ratio.ratio);
    put_cell(to, 7, 3, measure->ratio.low);
    put_cell(to, 7, 3, measure->ratio.high);
    put_p(to, measure->p);
    fprintf(to, " %s\n", word_of(metric, measure));
}

/* The metrics that say so, as "p99, errors". */
static void put_reasons(FILE *to, const struct comparison *pair, enum word word)
{
    const char *before = "";

    for (int metric = 0; metric < DIFF_METRICS; metric++) {
        if (pair->measure[metric].word != word)
            continue;
        fprintf(to, "%s%s", before, metrics[metric].key);
        before = ", ";
    }
}

static bool has_word(const struct comparison *pair, enum word word)
{
    for (int metric = 0; metric < DIFF_METRICS; metric++)
        if (pair->measure[metric].word == word)
            return true;
    return false;
}

static void put_verdict(FILE *to, const struct comparisons *all, const struct comparison *pair)
{
    show(to, pair->compared->name);
    fputs(": ", to);
    switch (pair->word) {
    case WORD_SLOWER:
        fputs("slower by ", to);
        put_reasons(to, pair, WORD_SLOWER);
        if (has_word(pair, WORD_FASTER)) {
            fputs("; faster by ", to);
            put_reasons(to, pair, WORD_FASTER);
        }
        break;
    case WORD_FASTER:
        fputs("faster by ", to);
        put_reasons(to, pair, WORD_FASTER);
        break;
    case WORD_TOO_FEW:
        fprintf(to,
                "too few runs: no difference can be shown by %zu and %zu, however great.\n"
                "Each set needs %zu runs for that (bench --repeat %zu)",
                pair->baseline->count, pair->compared->count, all->needed, all->needed);
        break;
    case WORD_NOT_JUDGED: fputs("nothing to judge: nothing was measured", to); break;
    default: fputs("no difference shown", to);
    }
    fputc('\n', to);
}

static void put_text(FILE *to, const struct comparisons *all)
{
    for (size_t i = 0; i < all->noted; i++) {
        fputs("warning: ", to);
        show(to, all->notes[i]);
        fputc('\n', to);
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct comparison *pair = &all->list[i];
        size_t baseline = pair->baseline->count, compared = pair->compared->count;

        fputs(i || all->noted ? "\n" : "", to);
        show(to, pair->compared->name);
        fprintf(to, " (%zu %s) against ", compared, runs(compared));
        show(to, pair->baseline->name);
        fprintf(to, " (%zu %s)\n", baseline, runs(baseline));
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

/* Nine digits: more than any clock has, and the same on each machine. */
#define DIGITS 9

static void put_set(struct json *json, const struct diff_set *set)
{
    json_string(json, "name", set->name);
    json_unsigned(json, "runs", set->count);
}

static void put_measure_json(struct json *json, enum diff_metric metric,
                             const struct measure *measure)
{
    static const char *const words[] = {"none", "slower", "faster", "not_judged"};

    json_object(json, metrics[metric].key);
    json_string(json, "verdict", words[measure->word]);
    json_digits(json, "baseline", measure->baseline, DIGITS);
    json_digits(json, "compared", measure->compared, DIGITS);
    json_digits(json, "ratio", measure->ratio.ratio, DIGITS);
    json_digits(json, "low", measure->ratio.low, DIGITS);
    json_digits(json, "high", measure->ratio.high, DIGITS);
    json_digits(json, "p", measure->p, DIGITS);
    json_object_end(json);
}

static void put_comparison_json(struct json *json, const struct comparison *pair)
{
    static const char *const words[] = {"none", "slower", "faster", "not_judged", "too_few_runs"};

    json_object(json, NULL);
    put_set(json, pair->compared);
    json_string(json, "verdict", words[pair->word]);
    json_object(json, "metrics");
    for (int metric = 0; metric < DIFF_METRICS; metric++)
        put_measure_json(json, (enum diff_metric)metric, &pair->measure[metric]);
    json_object_end(json);
    json_object_end(json);
}

static void put_json(FILE *to, const struct comparisons *all)
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

/* --- both ways in --- */

enum exit_status diff_sets(const struct diff_set *sets, size_t count, enum format format, FILE *to)
{
    struct comparisons all = {.count = count - 1};
    enum exit_status status = EXIT_FETCHED;

    all.list = memory_grow(NULL, all.count, sizeof(*all.list));
    for (size_t i = 0; i < all.count; i++) {
        all.list[i] = (struct comparison){.baseline = &sets[0], .compared = &sets[i + 1]};
        for (int metric = 0; metric < DIFF_METRICS; metric++)
            measure(&all.list[i], (enum diff_metric)metric);
    }
    correct(&all);
    for (size_t i = 0; i < all.count; i++) {
        decide(&all, &all.list[i]);
        if (all.list[i].word == WORD_SLOWER)
            status = EXIT_SLOWER;
    }
    note_all(&all, sets, count);
    (format == FORMAT_JSON ? put_json : put_text)(to, &all);
    for (size_t i = 0; i < all.noted; i++)
        free(all.notes[i]);
    free(all.notes);
    free(all.list);
    return status;
}

enum exit_status diff_files(const struct diff_options *options)
{
    struct diff_set *sets = memory_zeroed(options->file_count * sizeof(*sets));
    enum exit_status status = EXIT_FETCHED;
    char *why = NULL;

    for (size_t i = 0; i < options->file_count && !why; i++) {
        if (diff_set_read(&sets[i], options->files[i], &why))
            continue;
        complain(options->files[i], why);
        status = EXIT_USAGE;
    }
    if (status == EXIT_FETCHED)
        status = diff_sets(sets, options->file_count, options->format, options->to);
    for (size_t i = 0; i < options->file_count; i++)
        diff_set_free(&sets[i]);
    free(sets);
    free(why);
    return status;
}

/*
 * Compares sets of runs in three steps: each metric of each pair alone, then the correction of all
 * judged metrics together (Holm), then a verdict for each pair. Rejected: judging every metric of a
 * report. With eight metrics, five repeats could not show any difference.
 */
#include "cli/diff/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench/stats/statistics.h"
#include "cli/diff/diff_report.h"
#include "cli/output/diagnostic.h"

#define SEED      1 /* for the intervals: the same runs give the same numbers */
#define MAX_NOTES 4 /* warnings of one set */

/* --- metrics --- */

/* Returns a metric of each run, or NULL if a run has none. Free it. */
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

/* Whether every run had an open loop and met its schedule. */
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

/* Whether a metric is judged. It depends on both sets together, so that it favours neither. */
static bool is_judged(const struct diff_comparison *pair, enum diff_metric metric,
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

static void measure(struct diff_comparison *pair, enum diff_metric metric)
{
    struct diff_measure *found = &pair->measure[metric];
    size_t baseline_count = pair->baseline->count, compared_count = pair->compared->count;
    double *baseline = sample(pair->baseline, metric), *compared = sample(pair->compared, metric);

    *found = (struct diff_measure){NAN, NAN, {NAN, NAN, NAN}, NAN, false, DIFF_VERDICT_NOT_JUDGED};
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
            found->verdict = DIFF_VERDICT_NONE;
        }
    }
    free(baseline);
    free(compared);
}

/* --- verdicts --- */

/* Corrects the p values of all judged metrics together. */
static void correct(struct diff_comparisons *all)
{
    double *p = memory_grow(NULL, all->count * DIFF_METRICS, sizeof(*p));
    size_t next = 0;

    for (size_t i = 0; i < all->count * DIFF_METRICS; i++) {
        const struct diff_measure *one = &all->list[i / DIFF_METRICS].measure[i % DIFF_METRICS];

        if (one->verdict != DIFF_VERDICT_NOT_JUDGED)
            p[all->judged++] = one->p;
    }
    statistics_holm(p, all->judged);
    for (size_t i = 0; i < all->count * DIFF_METRICS; i++) {
        struct diff_measure *one = &all->list[i / DIFF_METRICS].measure[i % DIFF_METRICS];

        if (one->verdict != DIFF_VERDICT_NOT_JUDGED)
            one->p = p[next++];
    }
    free(p);
    all->needed = statistics_needed(all->judged ? all->judged : 1, DIFF_ALPHA);
}

/* Whether there are enough runs to show the clearest difference. */
static bool is_enough(const struct diff_comparisons *all, const struct diff_comparison *pair)
{
    return (double)all->judged * statistics_min_p(pair->baseline->count, pair->compared->count) <=
           DIFF_ALPHA;
}

/* Decides the verdict of a pair: slower in one metric is slower, whatever the other metrics are. */
static void decide(const struct diff_comparisons *all, struct diff_comparison *pair)
{
    bool judged = false;

    pair->verdict = DIFF_VERDICT_NONE;
    for (int metric = 0; metric < DIFF_METRICS; metric++) {
        struct diff_measure *one = &pair->measure[metric];

        judged |= one->verdict != DIFF_VERDICT_NOT_JUDGED;
        if (one->verdict == DIFF_VERDICT_NOT_JUDGED || one->p > DIFF_ALPHA)
            continue;
        one->verdict =
            one->is_more == (metric == DIFF_RPS) ? DIFF_VERDICT_FASTER : DIFF_VERDICT_SLOWER;
        if (pair->verdict != DIFF_VERDICT_SLOWER)
            pair->verdict = one->verdict;
    }
    if (!judged)
        pair->verdict = DIFF_VERDICT_NOT_JUDGED;
    else if (pair->verdict == DIFF_VERDICT_NONE && !is_enough(all, pair))
        pair->verdict = DIFF_VERDICT_TOO_FEW;
}

/* --- warnings --- */

static FILE *begin_note(struct diff_comparisons *all)
{
    static size_t length; /* required by memory_stream, not used */

    return memory_stream(&all->notes[all->noted++], &length);
}

/* Adds a warning with the runs of a set for which `holds` is true, if there are any. */
static void note_runs(struct diff_comparisons *all, const struct diff_set *set, const char *what,
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

/* Adds a warning about options that differ between two runs. False if none does. Frees `runs`. */
static bool note_difference(struct diff_comparisons *all, char *runs, const struct diff_run *one,
                            const struct diff_run *other, bool two_servers)
{
    FILE *to = begin_note(all);
    size_t count;

    fprintf(to, "%s have different options: ", runs);
    count = diff_run_differs(one, other, two_servers, to);
    fclose(to);
    free(runs);
    if (!count)
        free(all->notes[--all->noted]);
    return count;
}

/* Adds a warning for the first run of a set whose options differ from those of run 1. */
static void note_mixed(struct diff_comparisons *all, const struct diff_set *set)
{
    for (size_t i = 1; i < set->count; i++)
        if (note_difference(all, memory_print("%s: runs 1 and %zu", set->name, i + 1),
                            &set->runs[0], &set->runs[i], false))
            return;
}

static void note_all(struct diff_comparisons *all, const struct diff_set *sets, size_t count)
{
    all->notes = memory_grow(NULL, count * MAX_NOTES, sizeof(*all->notes));
    for (size_t i = 0; i < count; i++) {
        note_runs(all, &sets[i], "the client was the bottleneck, not the server", is_saturated);
        note_runs(all, &sets[i], "interrupted early", is_interrupted);
        note_mixed(all, &sets[i]);
        if (i)
            note_difference(all, memory_print("%s and %s", sets[0].name, sets[i].name),
                            &sets[0].runs[0], &sets[i].runs[0], true);
    }
}

/* --- entry points --- */

enum exit_status diff_sets(const struct diff_set *sets, size_t count, enum format format, FILE *to)
{
    struct diff_comparisons all = {.count = count - 1};
    enum exit_status status = EXIT_FETCHED;

    all.list = memory_grow(NULL, all.count, sizeof(*all.list));
    for (size_t i = 0; i < all.count; i++) {
        all.list[i] = (struct diff_comparison){.baseline = &sets[0], .compared = &sets[i + 1]};
        for (int metric = 0; metric < DIFF_METRICS; metric++)
            measure(&all.list[i], (enum diff_metric)metric);
    }
    correct(&all);
    for (size_t i = 0; i < all.count; i++) {
        decide(&all, &all.list[i]);
        if (all.list[i].verdict == DIFF_VERDICT_SLOWER)
            status = EXIT_SLOWER;
    }
    note_all(&all, sets, count);
    (format == FORMAT_JSON ? diff_report_json : diff_report_text)(&all, to);
    for (size_t i = 0; i < all.noted; i++)
        free(all.notes[i]);
    free(all.notes);
    free(all.list);
    return status;
}

enum exit_status diff_files(char *const *files, size_t count, enum format format, FILE *to)
{
    struct diff_set *sets = memory_zeroed(count * sizeof(*sets));
    enum exit_status status = EXIT_FETCHED;
    char *why;

    for (size_t i = 0; i < count && status == EXIT_FETCHED; i++)
        if (!diff_set_read(&sets[i], files[i], &why)) {
            complain_and_free(files[i], why);
            status = EXIT_USAGE;
        }
    if (status == EXIT_FETCHED)
        status = diff_sets(sets, count, format, to);
    for (size_t i = 0; i < count; i++)
        diff_set_free(&sets[i]);
    free(sets);
    return status;
}

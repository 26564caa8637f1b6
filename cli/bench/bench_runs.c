/*
 * Rejected: a short report for each run. Twenty lines for each of ten runs cannot be compared by
 * eye.
 */
#include "cli/bench/bench_runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/bench/bench_page.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

#define NAME_COLUMNS   9
#define FIGURE_COLUMNS 11
#define NOTES_COLUMNS  (80 - NAME_COLUMNS - BENCH_COLUMNS * FIGURE_COLUMNS)

static const char *const heads[BENCH_COLUMNS] = {"requests/s", "p50", "p99", "p99.9", "max"};

static void put_shade(FILE *to, bool color, const char *sequence)
{
    if (color)
        fputs(sequence, to);
}

static void put_url(FILE *to, const char *label, const char *url)
{
    fputs(label, to);
    text_show(to, url, strlen(url), TEXT_ALL);
    putc('\n', to);
}

void bench_runs_begin(FILE *to, const struct bench_run *run, const char *other, bool color)
{
    const struct page page = {
        .to = to, .run = run, .duration = run->load->requests ? 0 : (double)run->load->duration};
    char text[NOTE_BYTES] = "";

    put_shade(to, color, SHADE_BOLD);
    put_url(to, other ? "a: " : run->rehearsed ? "the embedded origin, " : "", run->url);
    if (other)
        put_url(to, "b: ", other);
    put_shade(to, color, SHADE_NONE);
    bench_describe(&page, text);
    fprintf(to, "%s; %u runs%s\n\n", text, run->command->repeat,
            other ? " of each, alternately" : "");
    put_shade(to, color, SHADE_DIM);
    fprintf(to, "%-*s", NAME_COLUMNS, "run");
    for (int i = 0; i < BENCH_COLUMNS; i++)
        fprintf(to, "%*s", FIGURE_COLUMNS, heads[i]);
    fprintf(to, "  notes");
    put_shade(to, color, SHADE_NONE);
    putc('\n', to);
}

static void put_figures(FILE *to, const char *name, const double *values)
{
    fprintf(to, "%-*s%*s", NAME_COLUMNS, name, FIGURE_COLUMNS,
            figure_rate(values[BENCH_RATE]).text);
    for (int i = BENCH_RATE + 1; i < BENCH_COLUMNS; i++)
        fprintf(to, "%*s", FIGURE_COLUMNS, isnan(values[i]) ? "-" : figure_span(values[i]).text);
}

static bool is_missed(const struct slo *slo)
{
    for (size_t i = 0; i < slo->count; i++)
        if (!slo->part[i].held)
            return true;
    return false;
}

/* Appends the number of errors, and the most frequent error or status. */
static void add_errors(char *text, const struct tally *total)
{
    uint64_t errors = tally_error_count(total), most = 0;
    char name[32] = "";

    for (unsigned i = SLO_ERROR_STATUS; i < TALLY_STATUSES; i++) {
        if (total->status[i] <= most)
            continue;
        most = total->status[i];
        snprintf(name, sizeof(name), "%03u", i);
    }
    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        if (total->errors[i] <= most)
            continue;
        most = total->errors[i];
        snprintf(name, sizeof(name), "%s", error_code(i));
    }
    if (errors)
        page_add(text, ", %s error%s (%s%s)", figure_count(errors).text, errors == 1 ? "" : "s",
                 most < errors ? "most: " : "", name);
}

/* Writes the notes that limit the meaning of the run's figures. */
static void put_notes(FILE *to, const struct bench_run *run, bool color)
{
    enum verdict verdict = run->judgement.verdict;
    char text[NOTE_BYTES] = "";

    if (verdict != VERDICT_OK)
        page_add(text, ", client %s", verdict_name(verdict));
    else if (verdict_limited(run->total))
        page_add(text, ", limited by -c");
    if (!run->total->completed)
        page_add(text, ", no response");
    add_errors(text, run->total);
    if (is_missed(run->slo))
        page_add(text, ", SLO missed");
    if (run->interrupted)
        page_add(text, ", interrupted");
    if (run->total->gave_up)
        page_add(text, ", stopped");
    if (strlen(text) > NOTES_COLUMNS) /* on a line of their own */
        fprintf(to, "\n%*s", NAME_COLUMNS, "");
    put_shade(to, color, !*text ? SHADE_GREEN : SHADE_RED);
    fprintf(to, "  %s", *text ? text + 2 : "ok");
    put_shade(to, color, SHADE_NONE);
    putc('\n', to);
}

/* Keeps the figures of a run for the medians. */
static void keep(struct bench_runs *runs, const double *values)
{
    for (int i = 0; i < BENCH_COLUMNS; i++) {
        runs->values[i] = memory_grow(runs->values[i], runs->count + 1, sizeof(double));
        runs->values[i][runs->count] = values[i];
    }
    runs->count++;
}

void bench_runs_add(FILE *to, struct bench_runs *runs, const struct bench_run *run,
                    const char *name, bool color)
{
    static const double percents[BENCH_COLUMNS] = {
        [BENCH_P50] = 50, [BENCH_P99] = 99, [BENCH_P999] = 99.9, [BENCH_MAX] = 100};
    const struct histogram *latency = run->total->latency;
    double values[BENCH_COLUMNS];

    values[BENCH_RATE] = tally_per_second(run->total, run->total->completed);
    for (int i = BENCH_RATE + 1; i < BENCH_COLUMNS; i++)
        values[i] = latency->count ? (double)histogram_at(latency, percents[i]) : NAN;
    put_figures(to, name, values);
    put_notes(to, run, color);
    if (!run->interrupted)
        keep(runs, values);
}

/* NaN comes last. */
static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;

    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

void bench_runs_end(FILE *to, const struct bench_runs *runs, const char *name, bool color)
{
    double medians[BENCH_COLUMNS];

    if (runs->count < 2)
        return;
    for (int i = 0; i < BENCH_COLUMNS; i++)
        medians[i] = median(runs->values[i], runs->count);
    put_shade(to, color, SHADE_BOLD);
    put_figures(to, name, medians);
    put_shade(to, color, SHADE_NONE);
    putc('\n', to);
}

void bench_runs_free(struct bench_runs *runs)
{
    for (int i = 0; i < BENCH_COLUMNS; i++)
        free(runs->values[i]);
    *runs = (struct bench_runs){0};
}

/* The latency table, the histogram, and the longest gap between two responses. */
#include <string.h>

#include "cli/bench/bench_page.h"
#include "cli/output/chart.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"

#define CELL_COLUMNS 14 /* of the table of latencies */
#define UNIT_COLUMNS 3  /* " ms", in each cell */

/* A gap between two responses is reported as hidden by a closed loop's percentiles if it is over
   ten times p99 and over a hundredth of the run. */
#define GAP_OVER_P99 10
#define GAP_OVER_RUN 0.01

/* Writes a figure with its digits and unit aligned in the column. */
static void put_span(const struct page *page, double span, bool last)
{
    struct figure figure = figure_span(span);
    int digits = (int)strcspn(figure.text, " ");

    fprintf(page->to, "%*.*s%-*s", CELL_COLUMNS - UNIT_COLUMNS, digits, figure.text,
            last ? 0 : UNIT_COLUMNS, figure.text + digits);
}

/* A column of the table of latencies. */
struct column {
    const char *name;
    const struct histogram *histogram;
    struct histogram_summary summary;
};

#define MAX_LATENCIES 4

/* Chooses the columns that have values, and always the first. Returns their number. */
static size_t choose_columns(const struct page *page, struct column *columns)
{
    const struct tally *total = page->total;
    bool open = page->run->load->open_loop;
    const struct column all[MAX_LATENCIES] = {
        {.name = open ? "corrected" : "latency", .histogram = total->latency},
        {.name = "raw", .histogram = total->raw},
        {.name = "kernel", .histogram = total->kernel_latency},
        {.name = "client delay", .histogram = total->client_delay},
    };
    size_t count = 0;

    for (size_t i = 0; i < MAX_LATENCIES; i++) {
        if (i && (!all[i].histogram->count || (all[i].histogram == total->raw && !open)))
            continue;
        columns[count] = all[i];
        histogram_summarize(all[i].histogram, &columns[count++].summary);
    }
    return count;
}

static void put_latency_row(const struct page *page, const char *name, const struct column *columns,
                            size_t count, double (*value)(const struct histogram_summary *summary))
{
    fprintf(page->to, "  %-*s", LABEL_COLUMNS - 5, name);
    for (size_t i = 0; i < count; i++)
        put_span(page, value(&columns[i].summary), i == count - 1);
    page_put(page, "\n");
}

/* The rows of the table. */
#define ROWS(X)                                                                                    \
    X(min, 0, "min")                                                                               \
    HISTOGRAM_PERCENTILES(X)                                                                       \
    X(max, 100, "max")                                                                             \
    X(mean, 0, "mean")                                                                             \
    X(stddev, 0, "stddev")

#define X(member, percent, name)                                                                   \
    static double member##_of(const struct histogram_summary *summary)                             \
    {                                                                                              \
        return (double)summary->member;                                                            \
    }
ROWS(X)
#undef X

static void put_latency_head(const struct page *page, const struct column *columns, size_t count)
{
    page_shaded(page, SHADE_BOLD, "%-*s", LABEL_COLUMNS - 3,
                page->run->load->open_loop || count == 1 ? "Latency" : "");
    page_shade(page, SHADE_DIM);
    for (size_t i = 0; i < count && count > 1; i++)
        fprintf(page->to, "%*s", CELL_COLUMNS, columns[i].name);
    page_shade(page, SHADE_NONE);
    page_put(page, "\n");
}

static void put_latency_table(const struct page *page, const struct column *columns, size_t count)
{
    put_latency_head(page, columns, count);
#define X(member, percent, name) put_latency_row(page, name, columns, count, member##_of);
    ROWS(X)
#undef X
}

void bench_put_clamped(const struct page *page)
{
    uint64_t clamped = page->total->latency->clamped;

    if (clamped)
        page_shaded(page, SHADE_YELLOW,
                    "  %s of them took over an hour, and %s counted as an hour.\n",
                    figure_count(clamped).text, clamped == 1 ? "is" : "are");
}

#define ROUNDING 1e-6 /* 100 - 99.9 is a little less than 0.1 */

/* The rows of a short table, with the order in which they are chosen: a table of N rows has those
   with a rank of at most N. */
static const struct short_row {
    const char *name;
    double (*value)(const struct histogram_summary *summary);
    double percent;
    size_t rank;
} short_rows[] = {
    {"p50", p50_of, 50, 2},      {"p90", p90_of, 90, 4}, {"p99", p99_of, 99, 3},
    {"p99.9", p999_of, 99.9, 5}, {"max", max_of, 0, 1},
};

/* Whether a percentile of `count` values can be less than their maximum. */
static bool is_below_max(uint64_t count, double percent)
{
    return (double)count * (100 - percent) >= 100 - ROUNDING;
}

void bench_put_percentiles(const struct page *page)
{
    struct column columns[MAX_LATENCIES];
    size_t count;

    if (!page->total->latency->count) {
        page_line(page, "Latency", "", "no response came");
        return;
    }
    count = choose_columns(page, columns);
    put_latency_head(page, columns, count);
    for (size_t i = 0; i < sizeof(short_rows) / sizeof(*short_rows); i++) {
        const struct short_row *row = &short_rows[i];

        if (row->rank < page->max_lines && is_below_max(page->total->latency->count, row->percent))
            put_latency_row(page, row->name, columns, count, row->value);
    }
}

static void put_note(const struct page *page, const char *text)
{
    page_put(page, "  ");
    page_words(page, SHADE_DIM, 2, 2, text);
}

/* Writes a note if there are so few values that a percentile is the greatest of them. */
static void put_note_of_few(const struct page *page)
{
    uint64_t count = page->total->latency->count;
    char text[NOTE_BYTES] = "";

#define X(member, percent, name)                                                                   \
    if (!*text && !is_below_max(count, percent))                                                   \
        page_add(text, "Of %s value%s, " name " and above %s the greatest.",                       \
                 figure_count(count).text, count == 1 ? "" : "s", "are");
    HISTOGRAM_PERCENTILES(X)
#undef X
    if (*text)
        put_note(page, text);
}

/* Writes notes about the columns and about unexpected values in them. */
static void put_latency_notes(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    if (page->run->load->open_loop)
        put_note(page,
                 "corrected: from the intended start of the request; raw: from its actual start.");
    if (total->kernel_latency->count) {
        page_add(
            text,
            "kernel: until the kernel received the response; client delay: from then until this "
            "program read it. Of %s responses with a kernel stamp.",
            figure_count(total->kernel_latency->count).text);
        put_note(page, text);
    }
    if (total->latency->count > total->completed) {
        *text = '\0';
        page_add(text, "%s requests had no response, and count with their age at the end.",
                 figure_count(total->latency->count - total->completed).text);
        put_note(page, text);
    }
    put_note_of_few(page);
}

void bench_put_latency(const struct page *page)
{
    struct column columns[MAX_LATENCIES];

    page_put(page, "\n");
    if (!page->total->latency->count) {
        page_line(page, "Latency", "", "no response came");
        return;
    }
    put_latency_table(page, columns, choose_columns(page, columns));
    put_latency_notes(page);
    bench_put_clamped(page);
    page_put(page, "\n");
    page_words(page, SHADE_BOLD, 0, 0,
               page->run->load->open_loop ? "Corrected latency" : "Latency");
    chart_draw(page->to, page->total->latency, page->color, page->columns);
}

static bool gap_is_remarkable(const struct page *page)
{
    nsec p99 = histogram_at(page->total->latency, 99), gap = page->total->gap;

    return gap / GAP_OVER_P99 > p99 && (double)gap > GAP_OVER_RUN * page->duration;
}

/* Whether the client did not read for at least half of the gap, which then is not the server's. */
static bool client_caused_gap(const struct tally *total)
{
    return total->gap_absent >= total->gap / 2;
}

void bench_put_gap(const struct page *page)
{
    const struct tally *total = page->total;
    struct figure gap = figure_span((double)total->gap);
    struct figure at = figure_span((double)total->gap_at);

    if (!total->gap || !total->completed)
        return;
    if (total->gap_absent && client_caused_gap(total))
        page_line(page, "Longest gap", SHADE_YELLOW,
                  "%s between two responses, at %s: for %s of it the client itself did not read.",
                  gap.text, at.text, figure_span((double)total->gap_absent).text);
    else if (!page->run->load->open_loop && gap_is_remarkable(page))
        page_line(
            page, "Longest gap", SHADE_YELLOW,
            "%s between two responses, at %s: %s of the run. The percentiles of a closed loop "
            "hide it; an open loop (-R) shows it.",
            gap.text, at.text, figure_share((double)total->gap / page->duration).text);
    else
        page_line(page, "Longest gap", SHADE_DIM, "%s between two responses, at %s", gap.text,
                  at.text);
}

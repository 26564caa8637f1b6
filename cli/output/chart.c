/*
 * The limits of the rows are preferred numbers (ISO 3), in the finest series whose rows fit a
 * screen. So a distribution with several modes, or a stall of seconds among responses of
 * microseconds, keeps its shape. Rejected: rows of equal width, because a long tail leaves one bar
 * with all values; a logarithmic bar, because one slow response looks like a tenth of all.
 */
#include "cli/output/chart.h"

#include <string.h>

#include "cli/output/figures.h"
#include "cli/output/terminal.h"

#define MAX_ROWS    18    /* drawn */
#define MAX_STEPS   512   /* of the finest series, from the minimum to the maximum */
#define SMALL_SHARE 0.001 /* share of all values; smaller rows are joined */
#define EIGHTHS     8     /* of a character */

#define LIMIT_COLUMNS 9
#define COUNT_COLUMNS 14
#define SHARE_COLUMNS 8
#define MARK_COLUMNS  11
#define MIN_BAR       10

/* The steps of a decade, in nanoseconds from 100 ns. */
struct series {
    unsigned steps;
    unsigned short step[40];
};

static const struct series all_series[] = {
    {40, {100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212,
          224, 236, 250, 265, 280, 300, 315, 335, 355, 375, 400, 425, 450, 475,
          500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950}},
    {20, {100, 112, 125, 140, 160, 180, 200, 224, 250, 280,
          315, 355, 400, 450, 500, 560, 630, 710, 800, 900}},
    {10, {100, 125, 160, 200, 250, 315, 400, 500, 630, 800}},
    {5, {100, 160, 250, 400, 630}},
    {3, {100, 200, 500}},
    {1, {100}},
};

struct row {
    nsec limit;     /* the greatest value that the row may have */
    uint64_t count; /* number of values */
    uint64_t until; /* values in this row and all rows above */
};

struct chart {
    struct row row[MAX_STEPS];
    size_t count;
    uint64_t max; /* the highest count of a row */
    bool utf8;    /* otherwise it is drawn in ASCII */
};

static nsec limit_of(const struct series *series, size_t i)
{
    nsec limit = series->step[i % series->steps];

    for (size_t decade = i / series->steps; decade; decade--)
        limit *= 10;
    return limit;
}

/* Whether a row of few values takes in the next values: so a tail needs few rows. */
static bool joins(const struct row *row, uint64_t more, uint64_t all)
{
    return row->count && more && (double)(row->count + more) < SMALL_SHARE * (double)all;
}

static void add_row(struct chart *chart, const struct histogram *histogram, nsec limit)
{
    struct row *last = chart->count ? &chart->row[chart->count - 1] : NULL;
    uint64_t prev = last ? last->until : 0, until = histogram->count;

    if (limit < histogram->max)
        until = histogram_up_to(histogram, limit);
    else
        limit = histogram->max;
    if (last && joins(last, until - prev, histogram->count))
        prev -= last->count;
    else
        last = &chart->row[chart->count++];
    *last = (struct row){limit, until - prev, until};
    chart->max = last->count > chart->max ? last->count : chart->max;
}

/* Divides the values by a series. Returns the number of rows to draw. */
static size_t divide(struct chart *chart, const struct histogram *histogram,
                     const struct series *series)
{
    size_t step = 0, drawn = 0;

    memset(chart, 0, sizeof(*chart));
    while (limit_of(series, step) < histogram->min)
        step++;
    while (!chart->count || chart->row[chart->count - 1].until < histogram->count)
        add_row(chart, histogram, limit_of(series, step++));
    for (size_t i = 0; i < chart->count; i++)
        drawn += chart->row[i].count || !i || chart->row[i - 1].count;
    return drawn;
}

/* Writes the percentiles in a row: "p50", or the first and the last of several: "p90-max". */
static void mark(const struct chart *chart, size_t i, char *to, size_t room)
{
    static const struct {
        double percent;
        const char *name;
    } marks[] = {{50, "p50"}, {90, "p90"}, {99, "p99"}, {99.9, "p99.9"}, {100, "max"}};
    double all = (double)chart->row[chart->count - 1].until;
    double prev = i ? (double)chart->row[i - 1].until : 0;
    double until = (double)chart->row[i].until;
    const char *first = NULL, *last = NULL;

    for (size_t m = 0; m < sizeof(marks) / sizeof(*marks); m++) {
        double rank = marks[m].percent / 100 * all;

        if (rank <= prev || rank > until)
            continue;
        first = first ? first : marks[m].name;
        last = marks[m].name;
    }
    snprintf(to, room, "%s%s%s", first ? first : "", first != last ? "-" : "",
             first != last ? last : "");
}

static void put_limit(FILE *to, nsec limit)
{
    struct figure span = figure_span((double)limit);
    int digits = (int)strcspn(span.text, " ");

    fprintf(to, "%*.*s%-3s", LIMIT_COLUMNS - 3, digits, span.text, span.text + digits);
}

/* Returns the columns of the bar. A count over 0 has a bar of at least an eighth. */
static size_t put_bar(FILE *to, const struct chart *chart, uint64_t count, size_t width)
{
    size_t eighths = (size_t)((double)count / (double)chart->max * (double)(width * EIGHTHS) + 0.5);

    if (count && !eighths)
        eighths = 1;
    for (size_t i = 0; i < eighths / EIGHTHS; i++)
        fputs(figure_across(EIGHTHS, chart->utf8), to);
    fputs(figure_across(eighths % EIGHTHS, chart->utf8), to);
    return (eighths + EIGHTHS - 1) / EIGHTHS;
}

static void put_row(FILE *to, const struct chart *chart, size_t i, bool color, size_t width)
{
    const struct row *row = &chart->row[i];
    double share = (double)row->count / (double)chart->row[chart->count - 1].until;
    char names[MARK_COLUMNS + 1];
    size_t taken;

    mark(chart, i, names, sizeof(names));
    put_limit(to, row->limit);
    fprintf(to, " %s", color ? SHADE_CYAN : "");
    taken = put_bar(to, chart, row->count, width);
    fprintf(to, "%s%*s%*s%*s", color ? SHADE_NONE : "", (int)(width - taken), "", COUNT_COLUMNS,
            figure_count(row->count).text, SHARE_COLUMNS, figure_share(share).text);
    fprintf(to, "%s%s\n", *names ? "  " : "", names);
}

void chart_draw(FILE *to, const struct histogram *histogram, bool color, size_t columns)
{
    size_t others = LIMIT_COLUMNS + 1 + COUNT_COLUMNS + SHARE_COLUMNS + MARK_COLUMNS;
    size_t width = columns > others + MIN_BAR ? columns - others : MIN_BAR;
    size_t series = 0, last = sizeof(all_series) / sizeof(*all_series) - 1;
    struct chart chart;

    if (!histogram->count)
        return;
    while (divide(&chart, histogram, &all_series[series]) > MAX_ROWS && series < last)
        series++;
    chart.utf8 = terminal_is_utf8();
    fprintf(to, "%s%*s%*s%*s%s\n", color ? SHADE_DIM : "", LIMIT_COLUMNS, "up to ",
            (int)width + 1 + COUNT_COLUMNS, "count", SHARE_COLUMNS, "share",
            color ? SHADE_NONE : "");
    for (size_t i = 0; i < chart.count; i++) {
        bool empty = !chart.row[i].count;

        if (empty && i && !chart.row[i - 1].count)
            continue; /* several empty rows are drawn as one */
        if (empty && i + 1 < chart.count && !chart.row[i + 1].count)
            fprintf(to, "%*s%s\n", LIMIT_COLUMNS - 4, "", chart.utf8 ? "⋮" : ":");
        else
            put_row(to, &chart, i, color, width);
    }
}

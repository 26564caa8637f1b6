/* Results as lines of text, or of cells, coloured if wanted. */
#include <string.h>

#include "cli/output/figures.h"
#include "cli/output/report.h"
#include "cli/output/report_format.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

#define RACE_EQUAL       0.005              /* a smaller relative difference is none */
#define RACE_MIN_BOUNDED (10 * NSEC_PER_MS) /* in a shorter half the bound has no meaning */

static void put_spaces(FILE *to, size_t count)
{
    while (count--)
        putc_unlocked(' ', to);
}

static void put_number(FILE *to, uint64_t number, int digits)
{
    char room[20], *end = room + sizeof(room), *at = report_digits(end, number, digits);

    text_plain(to, at, (size_t)(end - at));
}

/* Returns the colour of a value, or "". */
static const char *shade_of(const struct report *report, enum field field,
                            const struct value *value)
{
    if (!report->color)
        return "";
    if (field_rows[field].parent == FIELD_ERROR)
        return SHADE_RED;
    if (field == FIELD_CERT_WARNING && value->kind == VALUE_TRUTH && value->number)
        return SHADE_YELLOW;
    if (value->kind == VALUE_STATUS)
        return value->number >= 400   ? SHADE_YELLOW
               : value->number >= 300 ? SHADE_CYAN
                                      : SHADE_GREEN;
    return value->kind == VALUE_SPAN ? SHADE_DIM : "";
}

static void end_shade(FILE *to, const char *shade)
{
    if (*shade)
        put(to, SHADE_NONE);
}

static void put_message(const struct report *report, FILE *to, struct view *view)
{
    struct value message = view_value(view, FIELD_ERROR_MESSAGE);
    const char *shade = shade_of(report, FIELD_ERROR_MESSAGE, &message);

    put(to, shade);
    put(to, "error: ");
    text_show(to, message.text, message.length, TEXT_ALL);
    end_shade(to, shade);
}

/* Cells of a table, of CSV (RFC 4180), or of --fields with tabs, which no value contains */

static const struct {
    char between, none; /* `none` is written for a missing value; 0: nothing */
    const char *end;
} marks[] = {
    [FORMAT_TEXT] = {'\t', '-', "\n"},
    [FORMAT_TABLE] = {' ', '-', "\n"},
    [FORMAT_CSV] = {',', 0, "\r\n"},
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t report_width(const struct report *report, enum field field, bool *right)
{
    int columns = field_rows[field].columns;

    *right = columns > 0;
    if (columns == COLUMNS_URL)
        return report->url_columns;
    if (columns == -COLUMNS_PREVIEW)
        return larger(report->preview_columns, strlen(field_rows[field].key));
    return (size_t)(columns < 0 ? -columns : columns);
}

/* Writes text that needs no escaping into its column. Inline, because most cells call it. */
static inline void put_aligned(FILE *to, const char *at, size_t length, size_t width, bool right)
{
    size_t pad = width > length ? width - length : 0;

    put_spaces(to, right ? pad : 0);
    text_plain(to, at, length);
    put_spaces(to, right ? 0 : pad);
}

static void put_text(enum format format, FILE *to, const struct value *value, size_t width)
{
    if (format == FORMAT_TABLE)
        text_cell(to, value->text, value->length, value->max, width);
    else if (format == FORMAT_CSV)
        text_csv(to, value->text, value->length, value->max);
    else
        text_show(to, value->text, value->length, value->max);
}

static void put_cell(const struct report *report, FILE *to, struct view *view, enum field field)
{
    struct value value = view_value(view, field);
    const char *shade = shade_of(report, field, &value), *none = &marks[report->format].none;
    struct spelled spelled;
    bool right = false;
    size_t width = report->format == FORMAT_TABLE ? report_width(report, field, &right) : 0;

    if (*shade)
        put(to, shade);
    report_spell(&spelled, &value);
    if (value.kind == VALUE_TEXT)
        put_text(report->format, to, &value, width);
    else if (spelled.at)
        put_aligned(to, spelled.at, spelled.length, width, right);
    else
        put_aligned(to, none, *none != 0, width, right);
    end_shade(to, shade);
}

/* Writes a failure into the rest of a row on a terminal: as much of the sentence and the time, or
   else of the code, as fits. */
static void put_failure_within(const struct report *report, FILE *to, struct view *view,
                               size_t columns)
{
    static const char lead[] = "error: ";
    struct value message = view_value(view, FIELD_ERROR_MESSAGE);
    const char *code = error_code(view->result->error);
    const char *shade = shade_of(report, FIELD_ERROR_MESSAGE, &message);
    nsec elapsed = result_elapsed(view->result);
    size_t width = strlen(lead) + text_width(message.text, message.length);
    char time[64];

    snprintf(time, sizeof(time), " in %s", figure_span((double)elapsed).text);
    if (width <= columns) {
        put_message(report, to, view);
        put(to, width + strlen(time) <= columns ? time : "");
        return;
    }
    put(to, shade);
    put(to, strlen(lead) + strlen(code) <= columns ? lead : "");
    text_show(to, code, strlen(code), columns);
    end_shade(to, shade);
}

/* The columns of the first `count` cells of a row, with the blank after each. */
static size_t columns_before(const struct report *report, size_t count)
{
    size_t columns = 0;
    bool right;

    for (size_t i = 0; i < count; i++)
        columns += report_width(report, report->columns.list[i], &right) + 1;
    return columns;
}

void report_put_cells(const struct report *report, FILE *to, struct view *view)
{
    bool has_error = report->format == FORMAT_TABLE && view->result->error && !report->chosen;

    for (size_t i = 0; i < report->columns.count; i++) {
        enum field field = report->columns.list[i];

        if (i)
            putc_unlocked(marks[report->format].between, to);
        if (field == FIELD_SNIPPET && has_error && report->terminal_columns) {
            put_failure_within(report, to, view,
                               report->terminal_columns - columns_before(report, i));
            break;
        }
        if (field == FIELD_SNIPPET && has_error) {
            put_message(report, to, view);
            put(to, " in ");
            put(to, figure_span((double)result_elapsed(view->result)).text);
            break;
        }
        put_cell(report, to, view, field);
    }
    put(to, marks[report->format].end);
}

void report_put_header(const struct report *report, FILE *to)
{
    for (size_t i = 0; i < report->columns.count; i++) {
        enum field field = report->columns.list[i];
        const char *key = field_rows[field].key, *name = field_rows[field].name;
        bool right;
        size_t width = report_width(report, field, &right);

        if (i)
            putc_unlocked(marks[report->format].between, to);
        if (report->format == FORMAT_CSV)
            put(to, name);
        else
            put_aligned(to, key, strlen(key), width, right);
    }
    put(to, marks[report->format].end);
}

/* Lines */

/* Writes " in 0:00:00.798940s". */
static void put_elapsed(FILE *to, nsec elapsed)
{
    uint64_t us = elapsed / NSEC_PER_US, s = us / 1000000;

    put(to, " in ");
    put_number(to, s / 3600, 1);
    put(to, ":");
    put_number(to, s / 60 % 60, 2);
    put(to, ":");
    put_number(to, s % 60, 2);
    put(to, ".");
    put_number(to, us % 1000000, 6);
    put(to, "s");
}

/* Writes " (status 500)" for 400 or more, unless the error message has it already. */
static void put_status(FILE *to, const struct result *result, const char *shade)
{
    if (result->status < 400 || result->error == ERROR_STATUS)
        return;
    put(to, shade);
    put(to, " (status ");
    put_number(to, result->status, 1);
    put(to, ")");
    end_shade(to, shade);
}

/* Writes " rtt 123 us/45.0 us retrans 0 mss 1448". */
static void put_tcp(FILE *to, const struct tcp_facts *tcp)
{
    put(to, " rtt ");
    put(to, figure_span((double)(tcp->rtt_us * NSEC_PER_US)).text);
    put(to, "/");
    put(to, figure_span((double)(tcp->rttvar_us * NSEC_PER_US)).text);
    put(to, " retrans ");
    put_number(to, tcp->retransmits, 1);
    put(to, " mss ");
    put_number(to, tcp->mss_bytes, 1);
}

/* Writes " (certificate expires in 13 days)". */
static void put_warning(const struct report *report, FILE *to, struct view *view)
{
    struct value days = view_value(view, FIELD_DAYS_LEFT);
    struct value warning = view_value(view, FIELD_CERT_WARNING);
    const char *shade = shade_of(report, FIELD_CERT_WARNING, &warning);

    if (warning.kind != VALUE_TRUTH || !warning.number)
        return;
    put(to, shade);
    if (days.number < 0) {
        put(to, " (certificate has expired)");
    } else {
        put(to, " (certificate expires in ");
        put_number(to, (uint64_t)days.number, 1);
        put(to, days.number == 1 ? " day)" : " days)");
    }
    end_shade(to, shade);
}

void report_put_text(const struct report *report, FILE *to, struct view *view)
{
    const struct result *result = view->result;
    struct value url = view_value(view, FIELD_URL), status = view_value(view, FIELD_STATUS);
    const char *status_shade = shade_of(report, FIELD_STATUS, &status), *shade = status_shade;

    text_cell(to, url.text, url.length, url.max, REPORT_URL_COLUMNS);
    put(to, ": ");
    if (result->error) {
        put_message(report, to, view);
    } else {
        struct value snippet = view_value(view, FIELD_SNIPPET);

        put(to, shade);
        text_show(to, snippet.text, snippet.length, snippet.max);
        end_shade(to, shade);
    }
    shade = report->color ? SHADE_DIM : "";
    put(to, shade);
    put_elapsed(to, result_elapsed(result));
    if (report->values.tcp_info && result->tcp.known)
        put_tcp(to, &result->tcp);
    end_shade(to, shade);
    put_status(to, result, status_shade);
    put_warning(report, to, view);
    putc_unlocked('\n', to);
}

/* The bound is "about", with one decimal place: the blocking half measured the slowest site, and
   the same site may be a little quicker in the other half, so that a speedup can exceed the bound
   by some thousandths. The longest time in the other half is no better bound: it includes the time
   that a site waits there for other sites. */
static void write_speedup(FILE *to, const struct race_totals *totals)
{
    double speedup = ratio(totals->blocking, totals->reactor);

    if (speedup < 1 / (1 + RACE_EQUAL)) {
        fprintf(to, "%.2fx slower\n", ratio(totals->reactor, totals->blocking));
        return;
    }
    if (speedup < 1 + RACE_EQUAL)
        fputs("equally fast", to);
    else
        fprintf(to, "%.2fx faster", speedup);
    if (totals->blocking >= RACE_MIN_BOUNDED && totals->reactor >= RACE_MIN_BOUNDED)
        fprintf(to,
                "; the slowest site alone took %.6f seconds, so at most about %.1fx is possible",
                clock_seconds(totals->slowest), ratio(totals->blocking, totals->slowest));
    putc('\n', to);
}

void report_race_text(FILE *to, const struct race_totals *totals)
{
    fprintf(to, "Synchronous example took %.6f seconds\n", clock_seconds(totals->blocking));
    fprintf(to, "Asynchronous example took %.6f seconds\n", clock_seconds(totals->reactor));
    if (totals->blocking && totals->reactor)
        write_speedup(to, totals);
}

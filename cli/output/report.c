/*
 * The only writer of results chooses the fields here. cli/output/result_fields has their values,
 * report_text and report_json the formats; cli/output/text makes text from a server safe.
 */
#include "cli/output/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/output/report_format.h"

/* The default fields of a format, as in --fields. */
#define CSV_FIELDS                                                                                 \
    "url,status,error.code,error.message,snippet,elapsed_ms,body_bytes,address,final_url,"         \
    "redirects,attempts,timings"
#define TABLE_FIELDS    "url,status,snippet,elapsed_ms,timings"
#define RACE_FIELDS     "mode"
#define REDIRECT_FIELDS "url,status,address,timings"
#define ATTEMPT_FIELDS  "url,status,error,address,timings"

/* The columns of texts in a table on a terminal. */
#define MIN_URL_COLUMNS     20
#define MAX_URL_COLUMNS     80
#define MIN_PREVIEW_COLUMNS 10

/* Appends a field if it is not in the list. An object is replaced by its fields, unless `whole`. */
static void add_field(struct columns *columns, enum field field, bool whole)
{
    if (field_is_object(field) && !whole) {
        for (enum field i = field + 1; i < FIELD_COUNT; i++)
            if (field_rows[i].parent == field)
                add_field(columns, i, false);
        return;
    }
    for (size_t i = 0; i < columns->count; i++)
        if (columns->list[i] == field)
            return;
    columns->list[columns->count++] = field;
}

/* Appends the known fields of a list of names. Returns the first unknown name, or NULL. */
static const char *add_names(struct columns *columns, const char *names, bool whole)
{
    const char *unknown = NULL;

    for (const char *at = names;; at++) {
        size_t length = strcspn(at, ",");
        enum field field;

        if (field_find(at, length, &field))
            add_field(columns, field, whole);
        else if (!unknown)
            unknown = at;
        at += length;
        if (!*at)
            return unknown;
    }
}

/* Appends the default fields of the format. */
static void add_defaults(struct report *report, bool race)
{
    struct columns *columns = &report->columns;

    if (report->format == FORMAT_JSON) {
        for (enum field i = 0; i < FIELD_COUNT; i++)
            if (field_rows[i].parent == FIELD_RESULT)
                add_field(columns, i, true);
    } else {
        if (race)
            add_names(columns, RACE_FIELDS, false);
        add_names(columns, report->format == FORMAT_CSV ? CSV_FIELDS : TABLE_FIELDS, false);
    }
}

/* The width of a row of a table. */
static size_t row_width(const struct report *report)
{
    size_t width = 0;
    bool right;

    for (size_t i = 0; i < report->columns.count; i++)
        width += (i != 0) + report_width(report, report->columns.list[i], &right);
    return width;
}

static bool is_url(enum field field)
{
    return field_rows[field].columns == COLUMNS_URL && !field_is_object(field);
}

/* Divides the columns that are left: to the snippet, up to the preview, then to URLs. */
static void widen(struct report *report, size_t left)
{
    size_t urls = 0;

    for (size_t i = 0; i < report->columns.count; i++) {
        enum field field = report->columns.list[i];

        urls += is_url(field);
        if (field == FIELD_SNIPPET && report->preview_columns < report->values.preview) {
            size_t wanted = report->values.preview - report->preview_columns;
            size_t more = wanted < left ? wanted : left;

            report->preview_columns += more;
            left -= more;
        }
    }
    if (urls)
        report->url_columns += left / urls;
    if (report->url_columns > MAX_URL_COLUMNS)
        report->url_columns = MAX_URL_COLUMNS;
}

/* Fits a table to a terminal. URLs and the snippet become narrower, then the last fields are left
   out: no number is cut, and no row continues on a second line. */
static void fit(struct report *report, size_t terminal_columns)
{
    size_t width;

    report->url_columns = MIN_URL_COLUMNS;
    if (report->preview_columns > MIN_PREVIEW_COLUMNS)
        report->preview_columns = MIN_PREVIEW_COLUMNS;
    while ((width = row_width(report)) > terminal_columns && report->columns.count > 1)
        report->columns.count--;
    if (width <= terminal_columns)
        widen(report, terminal_columns - width);
    else
        report->url_columns = terminal_columns;
}

struct report *report_new(const struct report_options *options)
{
    struct report *report = memory_zeroed(sizeof(*report));
    bool json = options->format == FORMAT_JSON;

    report->format = options->format;
    report->values = options->values;
    report->chosen = options->fields.count;
    report->color = options->color && options->format != FORMAT_CSV;
    for (size_t i = 0; i < options->fields.count; i++)
        add_names(&report->columns, options->fields.list[i], json);
    if (!report->chosen)
        add_defaults(report, options->race);
    add_names(&report->redirect, REDIRECT_FIELDS, true);
    add_names(&report->attempt, ATTEMPT_FIELDS, true);
    report->url_columns = REPORT_URL_COLUMNS;
    report->preview_columns = options->values.preview;
    report->terminal_columns = report->format == FORMAT_TABLE ? options->terminal_columns : 0;
    if (report->terminal_columns)
        fit(report, report->terminal_columns);
    return report;
}

void report_free(struct report *report)
{
    free(report);
}

void report_begin(const struct report *report, FILE *to)
{
    if (report->format == FORMAT_CSV || report->format == FORMAT_TABLE)
        report_put_header(report, to);
}

void report_result(const struct report *report, FILE *to, const struct result *result)
{
    struct view view;

    view_open(&view, result, &report->values);
    switch (report->format) {
    case FORMAT_TEXT:
        (report->chosen ? report_put_cells : report_put_text)(report, to, &view);
        break;
    case FORMAT_TABLE:
    case FORMAT_CSV: report_put_cells(report, to, &view); break;
    case FORMAT_JSON: report_put_json(report, to, &view); break;
    }
}

const char *report_check_fields(const char *names)
{
    struct columns columns = {.count = 0};

    return add_names(&columns, names, true);
}

void report_list_fields(FILE *to)
{
    for (enum field i = 0; i < FIELD_COUNT; i++) {
        put(to, field_rows[i].name);
        putc_unlocked('\n', to);
    }
}

/*
 * The only place that writes results. What a server sent passes through cli/output/text, what a field is
 * called and is worth comes from cli/output/result_fields; here is how each format writes a value.
 */
#include "cli/output/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

/* The fields that a format has of its own, as --fields would name them. */
#define CSV_FIELDS                                                                                 \
    "url,status,error.code,error.message,snippet,elapsed_ms,body_bytes,address,final_url,"         \
    "redirects,attempts,timings"
#define TABLE_FIELDS    "url,status,snippet,elapsed_ms,timings"
#define RACE_FIELDS     "mode"
#define REDIRECT_FIELDS "url,status,address,timings"
#define ATTEMPT_FIELDS  "url,status,error,address,timings"

/* A table's URL on a terminal. */
#define LEAST_URL_COLUMNS 20
#define MOST_URL_COLUMNS  80

struct columns {
    enum field list[FIELD_COUNT];
    size_t count;
};

struct report {
    enum format format;
    struct fields_options values;
    struct columns columns;
    struct columns redirect, attempt; /* of a leg in JSON */
    bool chosen;                      /* the fields were, by name */
    bool color;                       /* CSV and JSON never look at it */
    size_t url_columns;
};

/* fprintf would be half of what a plain fetch costs outside the kernel. */
static void put(FILE *to, const char *text)
{
    fputs_unlocked(text, to);
}

/* A few bytes: of names and numbers, a call of fwrite would cost more than all else. */
static void put_bytes(FILE *to, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        putc_unlocked(bytes[i], to);
}

static void put_spaces(FILE *to, size_t count)
{
    while (count--)
        putc_unlocked(' ', to);
}

/* Writes a number that ends before `end`, with zeros in front up to `digits`. Returns where it begins. */
static char *digits_before(char *end, uint64_t number, int digits)
{
    for (; number || digits > 0; digits--, number /= 10)
        *--end = (char)('0' + number % 10);
    return end;
}

static void put_number(FILE *to, uint64_t number, int digits)
{
    char room[20], *end = room + sizeof(room), *at = digits_before(end, number, digits);

    put_bytes(to, at, (size_t)(end - at));
}

/* Milliseconds with the microseconds kept. */
static void put_ms(FILE *to, uint64_t us)
{
    put_number(to, us / 1000, 1);
    put(to, ".");
    put_number(to, us % 1000, 3);
}

/* A value in characters that need no escaping. */
struct spelled {
    const char *at; /* NULL: it has none */
    size_t length;
    char room[32];
};

/* A year has four digits at least (RFC 3339), which those of strftime have not. */
static void spell_date(struct spelled *spelled, int64_t unix_time)
{
    time_t seconds = unix_time;
    struct tm parts;

    spelled->length = 0;
    if (gmtime_r(&seconds, &parts))
        spelled->length = (size_t)snprintf(spelled->room, sizeof(spelled->room), "%04lld",
                                           parts.tm_year + 1900LL);
    if (spelled->length)
        spelled->length +=
            strftime(spelled->room + spelled->length, sizeof(spelled->room) - spelled->length,
                     "-%m-%dT%H:%M:%SZ", &parts);
    spelled->at = spelled->length ? spelled->room : NULL;
}

static void spell_number(struct spelled *spelled, const struct value *value)
{
    char *end = spelled->room + sizeof(spelled->room), *at;
    bool negative = value->number < 0;
    uint64_t number = negative ? -(uint64_t)value->number : (uint64_t)value->number;

    if (value->kind == VALUE_SPAN) {
        at = digits_before(end, number / NSEC_PER_US % 1000, 3);
        *--at = '.';
        at = digits_before(at, number / NSEC_PER_MS, 1);
    } else {
        at = digits_before(end, number, 1);
    }
    if (negative)
        *--at = '-';
    spelled->at = at;
    spelled->length = (size_t)(end - at);
}

static void spell(struct spelled *spelled, const struct value *value)
{
    switch (value->kind) {
    case VALUE_ABSENT:
    case VALUE_NULL:
    case VALUE_TEXT:
    case VALUE_OBJECT: spelled->at = NULL; return;
    case VALUE_DATE: spell_date(spelled, value->number); return;
    case VALUE_WORD: spelled->at = value->text; break;
    case VALUE_TRUTH: spelled->at = value->number ? "true" : "false"; break;
    case VALUE_NUMBER:
    case VALUE_STATUS:
    case VALUE_SPAN:
    case VALUE_NAMES:
    case VALUE_REDIRECTS:
    case VALUE_ATTEMPTS: spell_number(spelled, value); return;
    }
    spelled->length = strlen(spelled->at);
}

/* JSON */

static void put_json(const struct report *report, FILE *to, struct view *view,
                     const struct value *value);

/* "version":value; with `whole` the dotted name. */
static void put_member(const struct report *report, FILE *to, struct view *view, enum field field,
                       bool whole, const struct value *value)
{
    size_t bytes;
    const char *member = field_member(field, whole, &bytes);

    put_bytes(to, member, bytes);
    put_json(report, to, view, value);
}

static void put_object(const struct report *report, FILE *to, struct view *view, enum field object)
{
    char lead = '{';

    for (enum field i = object + 1; i < FIELD_COUNT && field_parent(i) == object; i++) {
        struct value value = view_value(view, i);

        putc_unlocked(lead, to);
        put_member(report, to, view, i, false, &value);
        lead = ',';
    }
    putc_unlocked('}', to);
}

/* An object of these fields, without the brace that closes it; the first of them is never absent. */
static void put_members(const struct report *report, FILE *to, struct view *view,
                        const struct columns *columns, bool absent_too)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct value value = view_value(view, columns->list[i]);

        if (value.kind == VALUE_ABSENT && !absent_too)
            continue;
        putc_unlocked(i ? ',' : '{', to);
        put_member(report, to, view, columns->list[i], true, &value);
    }
}

/* A leg has no fields of its own: it is looked at as a result. */
static void put_leg(const struct report *report, FILE *to, const struct leg *leg)
{
    struct site site = {.url = {.shown = leg->url}};
    struct result result = {.site = &site,
                            .status = leg->status,
                            .error = leg->error,
                            .phase = leg->phase,
                            .detail = leg->detail,
                            .address = leg->address,
                            .stamps = leg->stamps};
    struct view view;

    view_open(&view, &result, &report->values);
    put_members(report, to, &view, leg->redirect ? &report->redirect : &report->attempt, true);
    if (!leg->redirect) {
        put(to, ",\"waited_ms\":");
        put_ms(to, leg->waited / NSEC_PER_US);
    }
    putc_unlocked('}', to);
}

static void put_legs(const struct report *report, FILE *to, const struct result *result,
                     bool redirects)
{
    const char *lead = "";

    putc_unlocked('[', to);
    for (size_t i = 0; i < result->leg_count; i++) {
        if (result->legs[i].redirect != redirects)
            continue;
        put(to, lead);
        put_leg(report, to, &result->legs[i]);
        lead = ",";
    }
    putc_unlocked(']', to);
}

static void put_names(FILE *to, const struct tls_certificate *certificate)
{
    putc_unlocked('[', to);
    for (size_t i = 0; i < certificate->name_count; i++) {
        const char *name = certificate->names[i];

        put(to, i ? "," : "");
        text_json(to, name, strlen(name), TEXT_ALL);
    }
    putc_unlocked(']', to);
}

static void put_json(const struct report *report, FILE *to, struct view *view,
                     const struct value *value)
{
    bool quoted = value->kind == VALUE_WORD || value->kind == VALUE_DATE;
    struct spelled spelled;

    switch (value->kind) {
    case VALUE_TEXT: text_json(to, value->text, value->length, value->most); return;
    case VALUE_OBJECT: put_object(report, to, view, value->object); return;
    case VALUE_NAMES: put_names(to, view->result->tls.certificate); return;
    case VALUE_REDIRECTS: put_legs(report, to, view->result, true); return;
    case VALUE_ATTEMPTS: put_legs(report, to, view->result, false); return;
    default: break;
    }
    spell(&spelled, value);
    if (!spelled.at) {
        put_bytes(to, "null", 4);
        return;
    }
    if (quoted)
        putc_unlocked('"', to);
    put_bytes(to, spelled.at, spelled.length);
    if (quoted)
        putc_unlocked('"', to);
}

static void put_json_line(const struct report *report, FILE *to, struct view *view)
{
    put_members(report, to, view, &report->columns, report->chosen);
    put(to, "}\n");
}

/* CSV */

static void put_csv_line(const struct report *report, FILE *to, struct view *view)
{
    for (size_t i = 0; i < report->columns.count; i++) {
        struct value value = view_value(view, report->columns.list[i]);
        struct spelled spelled;

        if (i)
            putc_unlocked(',', to);
        spell(&spelled, &value);
        if (value.kind == VALUE_TEXT)
            text_csv(to, value.text, value.length, value.most);
        else if (spelled.at)
            put_bytes(to, spelled.at, spelled.length);
    }
    put(to, "\r\n");
}

static void put_csv_header(const struct report *report, FILE *to)
{
    for (size_t i = 0; i < report->columns.count; i++) {
        put(to, i ? "," : "");
        put(to, field_name(report->columns.list[i]));
    }
    put(to, "\r\n");
}

/* For people */

/* The colour of a value; "" for none. */
static const char *shade_of(const struct report *report, enum field field,
                            const struct value *value)
{
    if (!report->color)
        return "";
    if (field_parent(field) == FIELD_ERROR)
        return SHADE_RED;
    if (field == FIELD_CERT_WARNING && value->kind == VALUE_TRUTH && value->number)
        return SHADE_YELLOW;
    if (value->kind == VALUE_STATUS)
        return value->number >= 400   ? SHADE_YELLOW
               : value->number >= 300 ? SHADE_CYAN
                                      : SHADE_GREEN;
    return value->kind == VALUE_SPAN ? SHADE_DIM : "";
}

static void put_unshaded(FILE *to, const char *shade)
{
    if (*shade)
        put(to, SHADE_NONE);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* How many columns a field takes in a table, and whether it stands at the right of them. */
static size_t width_of(const struct report *report, enum field field, bool *right)
{
    int columns = field_columns(field);

    *right = columns > 0;
    if (columns == COLUMNS_URL)
        return report->url_columns;
    if (columns == -COLUMNS_PREVIEW)
        return larger(report->values.preview, strlen(field_key(field)));
    return (size_t)(columns < 0 ? -columns : columns);
}

/* A word of ours in its column. */
static void put_aligned(FILE *to, const char *at, size_t length, size_t width, bool right)
{
    size_t pad = width > length ? width - length : 0;

    put_spaces(to, right ? pad : 0);
    put_bytes(to, at, length);
    put_spaces(to, right ? 0 : pad);
}

static void put_cell(const struct report *report, FILE *to, struct view *view, enum field field)
{
    struct value value = view_value(view, field);
    const char *shade = shade_of(report, field, &value);
    struct spelled spelled;
    bool right;
    size_t width = width_of(report, field, &right);

    put(to, shade);
    spell(&spelled, &value);
    if (value.kind == VALUE_TEXT)
        text_cell(to, value.text, value.length, value.most, width);
    else if (spelled.at)
        put_aligned(to, spelled.at, spelled.length, width, right);
    else
        put_aligned(to, "-", 1, width, right);
    put_unshaded(to, shade);
}

static void put_message(const struct report *report, FILE *to, struct view *view)
{
    struct value message = view_value(view, FIELD_ERROR_MESSAGE);
    const char *shade = shade_of(report, FIELD_ERROR_MESSAGE, &message);

    put(to, shade);
    put(to, "error: ");
    text_show(to, message.text, message.length, TEXT_ALL);
    put_unshaded(to, shade);
}

static void put_row(const struct report *report, FILE *to, struct view *view)
{
    const struct columns *columns = &report->columns;

    for (size_t i = 0; i < columns->count; i++) {
        if (i)
            putc_unlocked(' ', to);
        if (columns->list[i] == FIELD_SNIPPET && view->result->error && !report->chosen) {
            put_message(report, to, view);
            put(to, " in ");
            put_ms(to, result_elapsed(view->result) / NSEC_PER_US);
            put(to, " ms");
            break;
        }
        put_cell(report, to, view, columns->list[i]);
    }
    putc_unlocked('\n', to);
}

static void put_table_header(const struct report *report, FILE *to)
{
    const struct columns *columns = &report->columns;

    for (size_t i = 0; i < columns->count; i++) {
        const char *key = field_key(columns->list[i]);
        bool right;
        size_t width = width_of(report, columns->list[i], &right);

        put(to, i ? " " : "");
        put_aligned(to, key, strlen(key), width, right);
    }
    putc_unlocked('\n', to);
}

/* The chosen fields between tabs, which no value holds. */
static void put_tabbed(const struct report *report, FILE *to, struct view *view)
{
    for (size_t i = 0; i < report->columns.count; i++) {
        enum field field = report->columns.list[i];
        struct value value = view_value(view, field);
        const char *shade = shade_of(report, field, &value);
        struct spelled spelled;

        put(to, i ? "\t" : "");
        put(to, shade);
        spell(&spelled, &value);
        if (value.kind == VALUE_TEXT)
            text_show(to, value.text, value.length, value.most);
        else if (spelled.at)
            put_bytes(to, spelled.at, spelled.length);
        else
            putc_unlocked('-', to);
        put_unshaded(to, shade);
    }
    putc_unlocked('\n', to);
}

/* " in 0:00:00.798940s" */
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

/* " (status 500)", where that is an error which the line does not have yet. */
static void put_status(FILE *to, const struct result *result, const char *shade)
{
    if (result->status < 400 || result->error == ERROR_STATUS)
        return;
    put(to, shade);
    put(to, " (status ");
    put_number(to, result->status, 1);
    put(to, ")");
    put_unshaded(to, shade);
}

/* " rtt 0.123/0.045ms retrans 0 mss 1448" */
static void put_tcp(FILE *to, const struct tcp_facts *tcp)
{
    put(to, " rtt ");
    put_ms(to, tcp->rtt_us);
    put(to, "/");
    put_ms(to, tcp->rttvar_us);
    put(to, "ms retrans ");
    put_number(to, tcp->retransmits, 1);
    put(to, " mss ");
    put_number(to, tcp->mss_bytes, 1);
}

/* " (certificate expires in 13 days)" */
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
    put_unshaded(to, shade);
}

static void put_text(const struct report *report, FILE *to, struct view *view)
{
    const struct result *result = view->result;
    struct value status = view_value(view, FIELD_STATUS);
    const char *status_shade = shade_of(report, FIELD_STATUS, &status), *shade = status_shade;

    text_column(to, result->site->url.shown, REPORT_URL_COLUMNS);
    put(to, ": ");
    if (result->error) {
        put_message(report, to, view);
    } else {
        struct value snippet = view_value(view, FIELD_SNIPPET);

        put(to, shade);
        text_show(to, snippet.text, snippet.length, snippet.most);
        put_unshaded(to, shade);
    }
    shade = report->color ? SHADE_DIM : "";
    put(to, shade);
    put_elapsed(to, result_elapsed(result));
    if (report->values.tcp_info && result->tcp.known)
        put_tcp(to, &result->tcp);
    put_unshaded(to, shade);
    put_status(to, result, status_shade);
    put_warning(report, to, view);
    putc_unlocked('\n', to);
}

/* Setting up */

/* Appends a field that is not there yet; an object as what is in it, where it is not `whole`. */
static void add_field(struct columns *columns, enum field field, bool whole)
{
    if (field_is_object(field) && !whole) {
        for (enum field i = field + 1; i < FIELD_COUNT; i++)
            if (field_parent(i) == field)
                add_field(columns, i, false);
        return;
    }
    for (size_t i = 0; i < columns->count; i++)
        if (columns->list[i] == field)
            return;
    columns->list[columns->count++] = field;
}

/* Appends the fields of a list of names; what is none is passed over. Returns the first such. */
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

/* What a format has of its own. */
static void add_defaults(struct report *report, bool race)
{
    struct columns *columns = &report->columns;

    if (report->format == FORMAT_JSON) {
        for (enum field i = 0; i < FIELD_COUNT; i++)
            if (field_parent(i) == FIELD_RESULT)
                add_field(columns, i, true);
    } else {
        if (race)
            add_names(columns, RACE_FIELDS, false);
        add_names(columns, report->format == FORMAT_CSV ? CSV_FIELDS : TABLE_FIELDS, false);
    }
}

/* What the other columns of a table leave of the terminal is for the URLs. */
static size_t room_for_urls(const struct report *report, size_t terminal_columns)
{
    size_t taken = 0, urls = 0, room;
    bool right;

    for (size_t i = 0; i < report->columns.count; i++) {
        enum field field = report->columns.list[i];

        urls += field_columns(field) == COLUMNS_URL;
        taken += (i != 0) + (field_columns(field) ? width_of(report, field, &right) : 0);
    }
    if (!terminal_columns || !urls)
        return REPORT_URL_COLUMNS;
    room = terminal_columns > taken ? (terminal_columns - taken) / urls : 0;
    return room < LEAST_URL_COLUMNS  ? LEAST_URL_COLUMNS
           : room > MOST_URL_COLUMNS ? MOST_URL_COLUMNS
                                     : room;
}

struct report *report_new(const struct report_options *options)
{
    struct report *report = memory_zeroed(sizeof(*report));
    bool json = options->format == FORMAT_JSON;

    report->format = options->format;
    report->values = options->values;
    report->chosen = options->fields.count;
    report->color = options->color;
    for (size_t i = 0; i < options->fields.count; i++)
        add_names(&report->columns, options->fields.list[i], json);
    if (!report->chosen)
        add_defaults(report, options->race);
    add_names(&report->redirect, REDIRECT_FIELDS, true);
    add_names(&report->attempt, ATTEMPT_FIELDS, true);
    report->url_columns = room_for_urls(report, options->terminal_columns);
    return report;
}

void report_free(struct report *report)
{
    free(report);
}

void report_begin(const struct report *report, FILE *to)
{
    if (report->format == FORMAT_CSV)
        put_csv_header(report, to);
    else if (report->format == FORMAT_TABLE)
        put_table_header(report, to);
}

void report_result(const struct report *report, FILE *to, const struct result *result)
{
    struct view view;

    view_open(&view, result, &report->values);
    switch (report->format) {
    case FORMAT_TEXT: (report->chosen ? put_tabbed : put_text)(report, to, &view); break;
    case FORMAT_TABLE: put_row(report, to, &view); break;
    case FORMAT_JSON: put_json_line(report, to, &view); break;
    case FORMAT_CSV: put_csv_line(report, to, &view); break;
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
        put(to, field_name(i));
        putc_unlocked('\n', to);
    }
}

static double seconds(nsec span)
{
    return (double)span / (double)NSEC_PER_S;
}

static double ratio(nsec a, nsec b)
{
    return b ? (double)a / (double)b : 0;
}

void report_race_text(FILE *to, const struct race_totals *totals)
{
    fprintf(to, "Synchronous example took %.6f seconds\n", seconds(totals->blocking));
    fprintf(to, "Asynchronous example took %.6f seconds\n", seconds(totals->reactor));
    fprintf(to,
            "%.2fx faster; the slowest site alone took %.6f seconds, so %.2fx is the most that any "
            "order can give\n",
            ratio(totals->blocking, totals->reactor), seconds(totals->slowest),
            ratio(totals->blocking, totals->slowest));
}

void report_race_json(FILE *to, const struct race_totals *totals)
{
    fprintf(to,
            "{\"schema\":\"firstbyte.race/1\",\"sync_s\":%.6f,\"async_s\":%.6f,\"speedup\":%.4f,"
            "\"slowest_s\":%.6f,\"bound\":%.4f}\n",
            seconds(totals->blocking), seconds(totals->reactor),
            ratio(totals->blocking, totals->reactor), seconds(totals->slowest),
            ratio(totals->blocking, totals->slowest));
}

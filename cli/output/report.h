/* Results as lines: text, a table, CSV or JSON. docs/results.md describes each field. */
#ifndef CLI_OUTPUT_REPORT_H
#define CLI_OUTPUT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/output/result_fields.h"
#include "cli/types.h"
#include "http/result.h"

#define REPORT_URL_COLUMNS 30

struct report_options {
    enum format format;
    struct texts fields; /* lists of names, "url,tls.version", checked; empty: the default */
    struct fields_options values;
    bool race;               /* results of both halves of a race: each row has its mode */
    bool color;              /* terminal_wants_color; ignored for CSV and JSON */
    size_t terminal_columns; /* of a table; its last fields may be left out. 0: no limit */
};

struct report;

/* The options are copied. A name that is given twice counts once. */
struct report *report_new(const struct report_options *options);
void report_free(struct report *report); /* NULL is allowed */

/* The header line of CSV and of a table; nothing in the other formats. */
void report_begin(const struct report *report, FILE *to);

/*
 * Writes one result with its line end:
 *   text   "https://www.python.org/       : <!doctype  in 0:00:00.798940s", then, if wanted, TCP
 *          figures of the kernel, a status of 400 or more, and a warning of the certificate. With
 *          --fields: their values, separated by tabs, "-" for a missing value
 *   table  a column for each field, "-" for a missing value; a failure has its message instead of
 *          the columns after the status
 *   CSV    RFC 4180, lines end with CR LF; a missing value is empty. A text is quoted and cannot be
 *          read as a formula
 *   JSON   an object of schema firstbyte.fetch/1; with --fields only these, by their dotted names
 * Lists are written only in JSON; other formats have their lengths. Objects are written only in
 * JSON; other formats have their fields.
 */
void report_result(const struct report *report, FILE *to, const struct result *result);

/* Checks a list of names as in --fields. Returns NULL if all are known; else the first unknown
   name, which ends at the next comma or NUL. */
const char *report_check_fields(const char *names);

/* Writes the names of all fields, one per line. */
void report_list_fields(FILE *to);

/* The totals of a race. */
struct race_totals {
    nsec blocking; /* the synchronous half */
    nsec reactor;  /* the asynchronous half */
    nsec slowest;  /* the slowest site of the synchronous half */
};

/* Writes the totals of a race as text, and as schema firstbyte.race/1. */
void report_race_text(FILE *to, const struct race_totals *totals);
void report_race_json(FILE *to, const struct race_totals *totals);

#endif

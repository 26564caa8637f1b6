/* Results as lines: text, a table, CSV or JSON. docs/results.md says what each field means. */
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
    struct texts fields; /* lists of names, "url,tls.version", checked; none: those of the format */
    struct fields_options values;
    bool race;               /* results of both halves come: a row says of which it is */
    bool color;              /* terminal_wants_color; CSV and JSON have none all the same */
    size_t terminal_columns; /* what a table may take, terminal_columns; 0: any */
};

/* How results are written. */
struct report;

/* What it needs of the options is copied. A name that is given twice counts once. */
struct report *report_new(const struct report_options *options);
void report_free(struct report *report); /* NULL is allowed */

/* The header line of CSV and of a table; nothing in the other formats. */
void report_begin(const struct report *report, FILE *to);

/*
 * One result, with its line end:
 *   text   "https://www.python.org/       : <!doctype  in 0:00:00.798940s", and where they were asked
 *          for, what the kernel knows of the connection, then a status of 400 and up, and a
 *          warning of the certificate where it was asked for. With fields:
 *          their values between tabs, "-" for one that there is not
 *   table  a column a field, "-" for a value that there is not; a failure says why in the place of
 *          all that follows the status
 *   CSV    RFC 4180, each line closed with CR LF; a value that there is not is empty. A text is quoted
 *          and cannot become a formula
 *   JSON   an object, schema firstbyte.fetch/1; with fields exactly those, by their dotted names
 * Only JSON holds lists, elsewhere their lengths stand; and only JSON holds objects, elsewhere each
 * field in them is one of its own.
 */
void report_result(const struct report *report, FILE *to, const struct result *result);

/* Reads "url,tls.version" as --fields has it. NULL where all are fields; else the first that is
   none, which ends with its text or at the next comma. */
const char *report_check_fields(const char *names);

/* Writes the names of all fields, one a line. */
void report_list_fields(FILE *to);

/* The totals of a race. */
struct race_totals {
    nsec blocking; /* the synchronous half */
    nsec reactor;  /* the asynchronous half */
    nsec slowest;  /* the slowest site, fetched alone */
};

/* The race's closing lines, and schema firstbyte.race/1. */
void report_race_text(FILE *to, const struct race_totals *totals);
void report_race_json(FILE *to, const struct race_totals *totals);

#endif

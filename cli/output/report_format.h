/* Declarations that the formats of cli/output/report share; private to them. */
#ifndef CLI_OUTPUT_REPORT_FORMAT_H
#define CLI_OUTPUT_REPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/output/result_fields.h"
#include "cli/types.h"

struct columns {
    enum field list[FIELD_COUNT];
    size_t count;
};

struct report {
    enum format format;
    struct fields_options values;
    struct columns columns;
    struct columns redirect, attempt; /* the fields of a redirect or an earlier attempt in JSON */
    bool chosen;                      /* the fields were chosen with --fields */
    bool color;                       /* false for CSV; JSON ignores it */
    size_t url_columns, preview_columns; /* the widths of these columns in a table */
    size_t terminal_columns;             /* of a table; 0: no limit */
};

/* Faster than fprintf, which would take half of the CPU time of a plain fetch outside the
   kernel. */
static inline void put(FILE *to, const char *text)
{
    fputs_unlocked(text, to);
}

static inline double ratio(nsec a, nsec b)
{
    return b ? (double)a / (double)b : 0;
}

/* A value as text that needs no escaping. */
struct spelled {
    const char *at; /* NULL: no such text */
    size_t length;
    char room[32];
};

/* Sets `at` to NULL for texts and objects. */
void report_spell(struct spelled *spelled, const struct value *value);

/* Writes a number that ends before `end`, with leading zeros up to `digits`. Returns its start. */
char *report_digits(char *end, uint64_t number, int digits);

/* The width of a field in a table, and whether it is right-aligned. */
size_t report_width(const struct report *report, enum field field, bool *right);

/* Write one result in each format, and the heading. Cells are a table, CSV, or fields of --fields
   as text. */
void report_put_text(const struct report *report, FILE *to, struct view *view);
void report_put_cells(const struct report *report, FILE *to, struct view *view);
void report_put_header(const struct report *report, FILE *to);
void report_put_json(const struct report *report, FILE *to, struct view *view);

#endif

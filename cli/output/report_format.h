/* What the formats of cli/output/report share; for its files only. */
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
    struct columns redirect, attempt; /* of a leg in JSON */
    bool chosen;                      /* the fields were, by name */
    bool color;                       /* never in CSV; JSON does not look at it */
    size_t url_columns;
};

/* fprintf would be half of what a plain fetch costs outside the kernel. */
static inline void put(FILE *to, const char *text)
{
    fputs_unlocked(text, to);
}

static inline double ratio(nsec a, nsec b)
{
    return b ? (double)a / (double)b : 0;
}

/* A value in characters that need no escaping. */
struct spelled {
    const char *at; /* NULL: it has none */
    size_t length;
    char room[32];
};

/* Texts and objects have none. */
void report_spell(struct spelled *spelled, const struct value *value);

/* Writes a number that ends before `end`, with zeros in front up to `digits`. Returns where it
   begins. */
char *report_digits(char *end, uint64_t number, int digits);

/* How many columns a field takes in a table, and whether it stands at the right of them. */
size_t report_width(const struct report *report, enum field field, bool *right);

/* One result in each format (a table, CSV and chosen fields are cells), and what stands above them
   all. */
void report_put_text(const struct report *report, FILE *to, struct view *view);
void report_put_cells(const struct report *report, FILE *to, struct view *view);
void report_put_header(const struct report *report, FILE *to);
void report_put_json(const struct report *report, FILE *to, struct view *view);

#endif

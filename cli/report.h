/* Results as text or JSON lines. README.md says what each field means. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdio.h>

#include "http/result.h"

#define REPORT_PREVIEW_CHARACTERS 10
#define REPORT_URL_COLUMNS        30

/* The totals of a race. */
struct race_totals {
    nsec blocking; /* the synchronous half */
    nsec reactor;  /* the asynchronous half */
    nsec slowest;  /* the slowest site, fetched alone */
};

/* "https://www.python.org/       : <!doctype  in 0:00:00.798940s", with its line end. */
void report_text(FILE *to, const struct result *result);

/* One object on one line, schema firstbyte.fetch/1. */
void report_json(FILE *to, const struct result *result);

/* The race's closing lines, and schema firstbyte.race/1. */
void report_race_text(FILE *to, const struct race_totals *totals);
void report_race_json(FILE *to, const struct race_totals *totals);

#endif

/* Reports the bad lines of a list, or bad URLs of the command line, all in one run, so that a user
   can correct them together. */
#ifndef CLI_LIST_BAD_LINES_H
#define CLI_LIST_BAD_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "http/site.h"

#define BAD_LINES_SHOWN 20 /* further bad lines are only counted */

/* Initialize with {.file = ...}. */
struct bad_lines {
    const char *file; /* the list's name, for the summary; NULL: the command line */
    size_t count;
};

/* Counts a bad line, and reports it on standard error if it is one of the first BAD_LINES_SHOWN. */
void bad_lines_add(struct bad_lines *bad, const struct site *site);

/* The same with a name and a reason of the caller. */
void bad_lines_add_as(struct bad_lines *bad, const char *name, const char *why);

/* Call after the last line. Reports the count if not all were shown. True if there were none. */
bool bad_lines_end(const struct bad_lines *bad);

/* The list's name in messages: "-" is standard input. */
const char *bad_lines_file(const char *file);

#endif

/* The bad lines of a list, or URLs of the command line: reported all at once, so that they can be put right
   at once. */
#ifndef CLI_LIST_BAD_LINES_H
#define CLI_LIST_BAD_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "http/site.h"

#define BAD_LINES_SHOWN 20 /* of more, the number alone */

/* Begins as {.file = ...}. */
struct bad_lines {
    const char *file; /* the list's name, for the number; NULL: URLs of the command line */
    size_t count;
};

/* One that is no site; says so on standard error, if it is one of the first. */
void bad_lines_add(struct bad_lines *bad, const struct site *site);

/* The same, where it is the caller who says why. */
void bad_lines_add_as(struct bad_lines *bad, const char *what, const char *why);

/* After the last: says how many there are in all, where not all were shown. True where there were none. */
bool bad_lines_end(const struct bad_lines *bad);

/* What the list is called on standard error: "-" is standard input. */
const char *bad_lines_file(const char *file);

#endif

/*
 * Messages to people, on standard error: "firstbyte: ...", a line each. A caller that shows a
 * progress line hides it first (cli/output/progress.h).
 */
#ifndef CLI_OUTPUT_DIAGNOSTIC_H
#define CLI_OUTPUT_DIAGNOSTIC_H

#include <stdbool.h>

/* As printf, between "firstbyte: " and a line end. Texts from outside are shown as they are. */
void diagnostic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says "firstbyte: what: why", with what came from outside escaped; the reason may be empty.
   Returns false, for the caller's. */
bool complain(const char *what, const char *why);

/* The same, and frees `why`. True, with nothing said, where that is NULL: nothing went wrong. */
bool complain_and_free(const char *what, char *why);

#endif

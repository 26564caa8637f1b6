/*
 * Messages to people on standard error: "firstbyte: ...", one line each. A caller that shows a
 * progress line hides it first (cli/output/progress.h).
 */
#ifndef CLI_OUTPUT_DIAGNOSTIC_H
#define CLI_OUTPUT_DIAGNOSTIC_H

#include <stdbool.h>

/* Writes "firstbyte: ", the text as printf formats it, and a line end. Arguments are not
   escaped. */
void diagnostic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes "firstbyte: subject: why", both escaped; `why` may be empty. Returns false, so that a
   caller can return it. */
bool complain(const char *subject, const char *why);

/* The same, and frees `why`. If `why` is NULL, writes nothing and returns true. */
bool complain_and_free(const char *subject, char *why);

#endif

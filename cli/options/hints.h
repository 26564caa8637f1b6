/* Hints on standard error at options that are valid, but may have another effect than the user
   expects. With --quiet there are none. */
#ifndef CLI_OPTIONS_HINTS_H
#define CLI_OPTIONS_HINTS_H

#include "cli/options/options.h"

void hint_at_pipe(const struct options *options);   /* standard input is a pipe, and is not read */
void hint_at_files(const struct options *options);  /* a URL is the name of a file */
void hint_at_fields(const struct options *options); /* a field of fetch that HTTP/2 forbids */

#endif

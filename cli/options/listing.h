/* The table of options as text: descriptions, mdoc for the manual page, a completion for bash. */
#ifndef CLI_OPTIONS_LISTING_H
#define CLI_OPTIONS_LISTING_H

#include <stdio.h>

#include "cli/options/option_table.h"

/* "-f, --file FILE". To be freed. */
char *listing_names(const struct option_row *row);

/* One option with its description, for 80 columns. */
void listing_option(const struct option_row *row, FILE *to);

/* All options by group, with the commands that have them. */
void listing_options(FILE *to);

/* The option list of man/firstbyte.1, in mdoc. */
void listing_mdoc(FILE *to);

/* The script for bash. */
void listing_completion(FILE *to);

#endif

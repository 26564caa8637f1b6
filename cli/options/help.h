/* What --help prints: a screen of 80 by 24 for each. */
#ifndef CLI_OPTIONS_HELP_H
#define CLI_OPTIONS_HELP_H

#include "cli/types.h"

/* What is said where nothing was given: a few lines. */
extern const char help_usage[];

/* The whole text; it ends with a newline. */
const char *help_text(enum command command);

#endif

/* What --help prints: a screen of 80 by 24 for each. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/options.h"

/* The whole text; it ends with a newline. */
const char *help_text(enum command command);

#endif

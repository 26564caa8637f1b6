/* The screens of help, which fit a terminal of 80 by 24. */
#ifndef CLI_OPTIONS_HELP_H
#define CLI_OPTIONS_HELP_H

#include <stdio.h>

#include "cli/options/readers.h"
#include "cli/types.h"

/* Printed if the command line is empty; a few lines. */
extern const char help_usage[];

/* The commands. */
void help_overview(FILE *to);

/* The options of a command, with examples. */
void help_command(enum command command, FILE *to);

/* Prints `firstbyte help [TOPIC]` on standard output; NULL: without a topic. False if the topic is
   unknown; that is printed on standard error. */
bool help_topic(const char *topic);

/* --help and --version; the command of the options becomes COMMAND_NONE. */
reader_fn print_help, print_version;

#endif

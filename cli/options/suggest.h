/*
 * Suggestions for an unknown option or command: one with a similar name, or the option that
 * replaces an option of curl, wrk, hey, oha or ab.
 */
#ifndef CLI_OPTIONS_SUGGEST_H
#define CLI_OPTIONS_SUGGEST_H

#include "cli/types.h"

/* The option of the command with a similar name, without "--"; NULL: none is similar. */
const char *suggest_option(enum command command, const char *name);

/* The command with a similar name; NULL: none is similar, or the word is a command. */
const char *suggest_command(const char *word);

/* The replacement of an option of another program, which is written with its dashes: a sentence to
   be freed, or NULL. */
char *suggest_for_foreign(enum command command, const char *option);

#endif

/*
 * What was probably meant by an option or a word that is unknown: one with a similar name, or the
 * option here for one of curl, wrk, hey, oha or ab.
 */
#ifndef CLI_OPTIONS_SUGGEST_H
#define CLI_OPTIONS_SUGGEST_H

#include "cli/types.h"

/* The option of the command with a similar name, without "--"; NULL: none is similar. */
const char *suggest_option(enum command command, const char *name);

/* The command with a similar name; NULL: none is similar, or the word is a command. */
const char *suggest_command(const char *word);

/* What to use here instead of an option of another program, written with its dashes: a sentence to
   be freed, or NULL. */
char *suggest_for_foreign(enum command command, const char *option);

#endif

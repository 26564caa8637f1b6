/*
 * The table of options. The parser, the screens of help, the option list of man/firstbyte.1 and the
 * shell completion read it. An option whose meaning differs between commands has a row for each.
 */
#ifndef CLI_OPTIONS_OPTION_TABLE_H
#define CLI_OPTIONS_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/types.h"

#define COMMAND_COUNT ((size_t)COMMAND_NONE)

/* Maximum number of characters in a description. */
#define OPTION_MAX_DESCRIPTION 78

/* Names of the commands, by enum command. */
extern const char *const command_names[];

enum option_group {
    GROUP_SITES,
    GROUP_TARGETS,
    GROUP_REQUESTS,
    GROUP_BODIES,
    GROUP_LIMITS,
    GROUP_LOAD,
    GROUP_HTTP2,
    GROUP_LENGTH,
    GROUP_REUSE,
    GROUP_MEASURING,
    GROUP_TIMEOUTS,
    GROUP_ADDRESSES,
    GROUP_TLS,
    GROUP_OUTPUT,
    GROUP_INTERNAL, /* used by the program itself, and not documented */
    GROUP_COUNT
};

/* Titles, by enum option_group. */
extern const char *const group_titles[];

struct given;

/* Reads a value (cli/options/readers.h). False if the value is refused; the reason is printed. */
typedef bool reader_fn(const struct given *given);

struct option_row {
    /* for the parser */
    const char *name;  /* without "--" */
    int letter;        /* 0: it has none */
    unsigned commands; /* a bit for each command that has it: 1 << COMMAND_FETCH and so on */
    reader_fn *read;
    size_t offset, bytes;     /* of the field in struct options */
    uint64_t low, high;       /* see the reader */
    const char *const *words; /* of a choice, ended by NULL */

    /* for people */
    enum option_group group;
    const char *argument; /* "FILE"; NULL: the option takes no value */
    const char *initial;  /* the value if the option is not given; NULL: see the description */
    const char
        *description;    /* one line, at most OPTION_MAX_DESCRIPTION characters, without a period */
    const char *foreign; /* names of the same option in other programs; NULL: none */
};

extern const struct option_row option_table[];
extern const size_t option_count;

static inline bool option_belongs(const struct option_row *row, enum command command)
{
    return row->commands >> command & 1;
}

/* The commands that have an option of this name, in whichever row. */
unsigned option_commands(const char *name);

#endif

/* Properties of a terminal, and its control sequences (ECMA-48). No other file contains one. */
#ifndef CLI_OUTPUT_TERMINAL_H
#define CLI_OUTPUT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/types.h"

#define SHADE_RED    "\033[31m"
#define SHADE_GREEN  "\033[32m"
#define SHADE_YELLOW "\033[33m"
#define SHADE_CYAN   "\033[36m"
#define SHADE_BOLD   "\033[1m"
#define SHADE_DIM    "\033[2m"
#define SHADE_NONE   "\033[0m"

/* Erase to the end of the line, and to the end of the screen. */
#define ERASE_LINE  "\033[K"
#define ERASE_BELOW "\033[J"

/* A printf format: moves the cursor up by a size_t of lines. */
#define CURSOR_UP "\033[%zuA"

/* Whether lines at `fd` can be erased: it is a terminal, and TERM is not "dumb". */
bool terminal_can_erase(int fd);

/* Whether output to `fd` is coloured. COLOR_AUTO: it is a terminal that is not dumb, and NO_COLOR
   is unset or empty. */
bool terminal_wants_color(enum color color, int fd);

/* Whether the character set of the locale is UTF-8: the name in LC_ALL, or else LC_CTYPE, or else
   LANG, has this word. Otherwise bars and graphs are drawn in ASCII, in files too. */
bool terminal_is_utf8(void);

/* The columns of the terminal at `fd`, or COLUMNS of the environment. 0: not a terminal, or not
   known. */
size_t terminal_columns(int fd);

#endif

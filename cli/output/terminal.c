/*
 * Reads the environment at each call. Rejected: terminfo. All terminals know the sequences used.
 * Rejected: setlocale and nl_langinfo. A machine may lack the locale that ssh passes to it, and the
 * character set would then be ASCII, although the terminal shows UTF-8.
 */
#include "cli/output/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_given(const char *value)
{
    return value && *value;
}

bool terminal_can_erase(int fd)
{
    const char *term = getenv("TERM");

    return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

bool terminal_wants_color(enum color color, int fd)
{
    const char *no_color = getenv("NO_COLOR");

    if (color != COLOR_AUTO)
        return color == COLOR_ALWAYS;
    return terminal_can_erase(fd) && !is_given(no_color);
}

bool terminal_is_utf8(void)
{
    const char *locale = getenv("LC_ALL");

    if (!is_given(locale))
        locale = getenv("LC_CTYPE");
    if (!is_given(locale))
        locale = getenv("LANG");
    return is_given(locale) && (strcasestr(locale, "utf-8") || strcasestr(locale, "utf8"));
}

size_t terminal_columns(int fd)
{
    struct winsize size;
    const char *given = getenv("COLUMNS");
    unsigned long columns = given ? strtoul(given, NULL, 10) : 0;

    if (ioctl(fd, TIOCGWINSZ, &size))
        return 0;
    return columns && columns <= UINT16_MAX ? columns : size.ws_col;
}

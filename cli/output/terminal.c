/* Reads the environment at each call. Rejected: terminfo. All terminals know the sequences used. */
#include "cli/output/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
    return terminal_can_erase(fd) && !(no_color && *no_color);
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

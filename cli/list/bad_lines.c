/* Each bad line is reported when it is read: neither the list nor its bad lines are stored. */
#include "cli/list/bad_lines.h"

#include <stdio.h>
#include <string.h>

#include "cli/output/diagnostic.h"
#include "cli/output/figures.h"

void bad_lines_add_as(struct bad_lines *bad, const char *name, const char *why)
{
    if (bad->count++ < BAD_LINES_SHOWN)
        complain(name, why);
}

void bad_lines_add(struct bad_lines *bad, const struct site *site)
{
    if (bad->file)
        bad_lines_add_as(bad, site->line_error, site->url.shown);
    else
        bad_lines_add_as(bad, site->url.shown, site->line_error);
}

bool bad_lines_end(const struct bad_lines *bad)
{
    char why[80];

    if (bad->count > BAD_LINES_SHOWN) {
        snprintf(why, sizeof(why), "%s are bad, of which the first %d are shown",
                 figure_count(bad->count).text, BAD_LINES_SHOWN);
        complain(bad->file ? bad->file : "URLs", why);
    }
    return !bad->count;
}

const char *bad_lines_file(const char *file)
{
    return file && !strcmp(file, "-") ? "standard input" : file;
}

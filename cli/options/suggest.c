/*
 * The rows of the option table have the names that other programs have for the same option. The
 * options of other programs that need a sentence are here.
 */
#include "cli/options/suggest.h"

#include <string.h>

#include "base/memory.h"
#include "cli/options/option_table.h"

#define MAX_NAME_BYTES 32 /* of names that are compared */

/* Options of other programs that no option here replaces. */
static const struct foreign_option {
    const char *names; /* separated by blanks */
    unsigned commands;
    const char *advice;
} foreign_options[] = {
    {"-L --location --location-trusted", 1 << COMMAND_FETCH,
     "redirects are followed; --no-location stops that"},
    {"-L --location", 1 << COMMAND_RACE, "a race does not follow redirects"},
    {"-L --latency", 1 << COMMAND_BENCH, "the report always has the latency"},
    {"--location", 1 << COMMAND_BENCH, "a load does not follow redirects"},
    {"--latency-correction --u_latency -U", 1 << COMMAND_BENCH,
     "with -R the latency is always corrected"},
    {"-i --include -D --dump-header", 1 << COMMAND_FETCH,
     "use -v, --verbose to see the heads of responses"},
    {"-i", 1 << COMMAND_BENCH, "use -I, --head for HEAD requests"},
    {"-C", 1 << COMMAND_BENCH, "use -b 'A=1', --cookie"},
    {"-m", 1 << COMMAND_FETCH | 1 << COMMAND_RACE,
     "use -X METHOD for the method, or -T TIME for the time limit"},
    {"-w", 1 << COMMAND_BENCH,
     "use --window BYTES for the window of a stream, or --format for the report"},
    {"-W --connection-window-bits", 1 << COMMAND_BENCH,
     "the window of a connection is 16M, or --window if that is larger"},
    {"-t", 1 << COMMAND_FETCH | 1 << COMMAND_RACE,
     "use -T TIME for the time limit, or -c N for the concurrency"},
    {"--compressed", 1 << COMMAND_FETCH | 1 << COMMAND_RACE,
     "compressed bodies are always requested and decoded"},
    {"-Z --parallel", 1 << COMMAND_FETCH, "all URLs are fetched at once; -c N limits how many"},
    {"-S --show-error", 1 << COMMAND_FETCH | 1 << COMMAND_RACE | 1 << COMMAND_BENCH,
     "errors are always shown"},
    {"-r --range", 1 << COMMAND_FETCH, "use -H 'Range: bytes=0-99'"},
    {"-e --referer", 1 << COMMAND_FETCH, "use -H 'Referer: URL'"},
    {"-F --form -G --get", 1 << COMMAND_FETCH, "use --data, or a query in the URL"},
    {"--json", 1 << COMMAND_FETCH | 1 << COMMAND_BENCH,
     "use --data TEXT -H 'Content-Type: application/json'; results: --format json"},
    {"--http1.0", 1 << COMMAND_FETCH | 1 << COMMAND_RACE | 1 << COMMAND_BENCH,
     "HTTP/1.0 is not supported"},
    {"--http3 --http3-only", 1 << COMMAND_FETCH | 1 << COMMAND_RACE | 1 << COMMAND_BENCH,
     "HTTP/3 is not supported"},
    {"-O --remote-name", 1 << COMMAND_FETCH, "bodies are not saved; -o FILE is for the results"},
};

/* --- similar names --- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many insertions, removals, changes and swaps of neighbours turn one name into the other
   (optimal string alignment). */
static size_t distance(const char *one, const char *other)
{
    size_t rows[3][MAX_NAME_BYTES + 1], length = strlen(other);
    size_t *last = rows[0], *prev = rows[1], *now = rows[2];

    for (size_t j = 0; j <= length; j++)
        now[j] = j;
    for (size_t i = 1; one[i - 1]; i++) {
        size_t *spare = last;

        last = prev;
        prev = now;
        now = spare;
        now[0] = i;
        for (size_t j = 1; j <= length; j++) {
            bool same = one[i - 1] == other[j - 1];

            now[j] = least(least(prev[j], now[j - 1]) + 1, prev[j - 1] + !same);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                now[j] = least(now[j], last[j - 2] + 1);
        }
    }
    return now[length];
}

/* The maximum of changes with which a name is still similar. */
static size_t limit_of(const char *name)
{
    return strlen(name) < 4 ? 1 : 2;
}

/* Replaces *best by the candidate if that is more similar to the name. */
static void compare(const char *name, const char *candidate, const char **best, size_t *changes)
{
    size_t found;

    if (strlen(candidate) > MAX_NAME_BYTES)
        return;
    found = distance(name, candidate);
    if (found >= *changes)
        return;
    *changes = found;
    *best = candidate;
}

const char *suggest_option(enum command command, const char *name)
{
    size_t changes = limit_of(name) + 1;
    const char *best = NULL;

    for (size_t i = 0; i < option_count; i++)
        if (option_belongs(&option_table[i], command) && option_table[i].group != GROUP_INTERNAL)
            compare(name, option_table[i].name, &best, &changes);
    return best;
}

const char *suggest_command(const char *word)
{
    size_t changes = limit_of(word) + 1;
    const char *best = NULL;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        compare(word, command_names[i], &best, &changes);
    compare(word, "help", &best, &changes);
    return changes ? best : NULL;
}

/* --- options of other programs --- */

/* Whether a list of names, separated by blanks, has this one. */
static bool has_name(const char *names, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = names; at && (at = strstr(at, name)); at += length)
        if ((at == names || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

/* "use -d TIME, --duration TIME" */
static char *advice_of_row(const struct option_row *row)
{
    const char *argument = row->argument ? row->argument : "";
    const char *blank = row->argument ? " " : "";

    if (!row->letter)
        return memory_print("use --%s%s%s", row->name, blank, argument);
    return memory_print("use -%c%s%s, --%s", row->letter, blank, argument, row->name);
}

char *suggest_for_foreign(enum command command, const char *option)
{
    for (size_t i = 0; i < option_count; i++)
        if (option_belongs(&option_table[i], command) && has_name(option_table[i].foreign, option))
            return advice_of_row(&option_table[i]);
    for (size_t i = 0; i < sizeof(foreign_options) / sizeof(*foreign_options); i++)
        if (foreign_options[i].commands >> command & 1 &&
            has_name(foreign_options[i].names, option))
            return memory_print("%s", foreign_options[i].advice);
    return NULL;
}

/*
 * Screens are made from the table of options. If a command has few options, its screen shows their
 * descriptions. The descriptions of more options would not fit; these are listed by group.
 */
#include "cli/options/help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/options/listing.h"
#include "dns/resolver.h"
#include "http/h1/h1_parser.h"
#include "http/h2/h2.h"
#include "tls/tls.h"

#define MAX_COLUMNS   80
#define INDENT        10 /* columns of a title */
#define MAX_DESCRIBED 8  /* options of a command that shows their descriptions */

const char help_usage[] =
    "Usage: firstbyte [OPTION]... URL...      fetch all URLs at once, one line each\n"
    "       firstbyte [OPTION]... -f FILE     fetch a list, one URL per line; - is stdin\n"
    "       firstbyte race|bench|origin|diff  other commands; see 'firstbyte help'\n"
    "       firstbyte --rehearse              the sites of sites.conf, without a network\n";

static const char help_values[] =
    "TIME 250ms, 5s, 1m; RATE 20, 30/m or 100/h; BYTES 64K, 1M; DAYS 30d";

struct screen {
    const char *usage, *purpose, *statuses;
    const char *examples;
    const char *values; /* of the kinds that the options have; NULL: not shown */
};

static const struct screen screens[] = {
    [COMMAND_FETCH] =
        {
            "firstbyte [fetch] [OPTION]... [URL...]",
            "fetch sites at once, one line each",
            "0 all fetched, 1 some failed, 2 usage, 3 setup, 130 interrupted",
            "firstbyte -f list --fail --fields status,url --order input\n",
            help_values,
        },
    [COMMAND_RACE] =
        {
            "firstbyte race [OPTION]... [URL...]",
            "fetch sites one after the other, then at once, and compare the times",
            "0 all fetched, 1 some failed, 2 usage, 3 setup, 130 interrupted",
            "firstbyte race --rehearse\n"
            "firstbyte race -c 4 https://a.example/ https://b.example/\n"
            "firstbyte race -f list --format json\n",
            "TIME 250ms, 5s, 1m; BYTES 64K, 1M; DAYS 30d",
        },
    [COMMAND_BENCH] =
        {
            "firstbyte bench [OPTION]... [URL...]  no URL: embedded origin, -R 5000",
            "put a load on a server and measure it",
            "0 measured, 1 no response, 2 usage, 3 setup, 4 SLO, 5 client, 6 slower",
            "firstbyte bench -R 5000 -d 30s --slo p99=20ms http://127.0.0.1:8080/\n"
            "firstbyte bench --find-knee p99=20ms -d 3s http://127.0.0.1:8080/\n",
            "TIME 250ms, 5s; RATE 5000, 30/m; LIMIT p99=5ms, max=1s, errors=0.1%",
        },
    [COMMAND_ORIGIN] =
        {
            "firstbyte origin [-f FILE] [URL...]",
            "run the embedded origin server until a signal ends it",
            "0 ended by a signal, 2 usage, 3 setup",
            "firstbyte origin -f sites.conf\n"
            "firstbyte origin http://a.example/ https://b.example/\n",
            NULL,
        },
    [COMMAND_DIFF] =
        {
            "firstbyte diff [OPTION]... A.json B.json...",
            "compare sets of runs of bench; the first file is the baseline",
            "0 no set is slower, 2 usage or a bad file, 6 a set is slower",
            "firstbyte bench --repeat 5 --format json -o old.json http://127.0.0.1/\n"
            "firstbyte bench --repeat 5 --format json -o new.json http://127.0.0.1/\n"
            "firstbyte diff old.json new.json\n",
            NULL,
        },
};

/* Lines of a text with a title before the first of them. */
static void print_lines(const char *title, const char *text, FILE *to)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        fprintf(to, "%-*s%.*s\n", INDENT, title, (int)length, text);
        text += length + (text[length] == '\n');
        title = "";
    }
}

/* --- the options of a command --- */

/* The options of a group, separated by two blanks, in lines of MAX_COLUMNS. */
static void print_group(enum option_group group, enum command command, FILE *to)
{
    int column = 0;

    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];
        bool shows_initial = row->initial && !row->words;
        char *names, *text;

        if (row->group != group || !option_belongs(row, command))
            continue;
        names = listing_names(row);
        text = shows_initial ? memory_print("%s (%s)", names, row->initial)
                             : memory_print("%s", names);
        if (!column)
            column = fprintf(to, "%-*s", INDENT, group_titles[group]);
        else if (column + 2 + (int)strlen(text) > MAX_COLUMNS)
            column = fprintf(to, "\n%-*s", INDENT, "") - 1;
        else
            column += fprintf(to, "  ");
        column += fprintf(to, "%s", text);
        free(text);
        free(names);
    }
    if (column)
        fputc('\n', to);
}

static size_t documented_options(enum command command)
{
    size_t count = 0;

    for (size_t i = 0; i < option_count; i++)
        count +=
            option_belongs(&option_table[i], command) && option_table[i].group != GROUP_INTERNAL;
    return count;
}

void help_command(enum command command, FILE *to)
{
    const struct screen *screen = &screens[command];

    fprintf(to, "Usage: %s\n", screen->usage);
    if (documented_options(command) <= MAX_DESCRIBED) {
        fprintf(to, "\n%c%s.\n\n", toupper(*screen->purpose), screen->purpose + 1);
        for (size_t i = 0; i < option_count; i++)
            if (option_belongs(&option_table[i], command) &&
                option_table[i].group != GROUP_INTERNAL)
                listing_option(&option_table[i], to);
        fputc('\n', to);
    } else {
        for (enum option_group group = 0; group < GROUP_INTERNAL; group++)
            print_group(group, command, to);
    }
    if (screen->values)
        print_lines("Values", screen->values, to);
    print_lines("Exit", screen->statuses, to);
    print_lines("Examples", screen->examples, to);
    if (command == COMMAND_FETCH)
        print_lines("See also", "firstbyte help; firstbyte bench --help; firstbyte help options",
                    to);
}

/* --- topics --- */

void help_overview(FILE *to)
{
    fputs("Usage: firstbyte [COMMAND] [OPTION]... [URL...]\n\n"
          "Commands (the default is fetch):\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-6s  %s\n", command_names[i], screens[i].purpose);
    fprintf(to, "\nValues: %s\n", help_values);
    fputs("\nHelp:\n"
          "  firstbyte COMMAND --help    the options of a command, on one screen\n"
          "  firstbyte help options      a description of every option\n"
          "  firstbyte help completion   a completion script for bash\n"
          "  man firstbyte               the manual\n"
          "  man firstbyte-sites.conf    the manual of the list of sites\n"
          "\nExamples:\n"
          "  firstbyte https://example.org/\n"
          "  firstbyte race --rehearse\n"
          "  firstbyte bench -d 2s http://127.0.0.1/\n",
          to);
}

bool help_topic(const char *topic)
{
    static const struct {
        const char *name;
        void (*print)(FILE *to);
    } topics[] = {
        {.name = "options", .print = listing_options},
        {.name = "completion", .print = listing_completion},
        {.name = "mdoc", .print = listing_mdoc},
    };

    if (!topic) {
        help_overview(stdout);
        return true;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(topic, command_names[i]) != 0)
            continue;
        help_command((enum command)i, stdout);
        return true;
    }
    for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++) {
        if (strcmp(topic, topics[i].name) != 0)
            continue;
        topics[i].print(stdout);
        return true;
    }
    return refuse("help", topic,
                  "must be fetch, race, bench, origin, diff, options, completion or mdoc");
}

bool print_help(const struct given *given)
{
    help_command(given->options->command, stdout);
    given->options->command = COMMAND_NONE;
    return true;
}

bool print_version(const struct given *given)
{
    printf("firstbyte %s\n%s\nllhttp %s\nnghttp2 %s\nc-ares %s\n", FIRSTBYTE_VERSION, tls_version(),
           h1_parser_version(), h2_library_version(), resolver_version());
    given->options->command = COMMAND_NONE;
    return true;
}

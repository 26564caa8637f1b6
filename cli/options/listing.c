/*
 * This file names no option: a new row of the table appears in all of these texts. The completion
 * of a value follows from the row's argument: for FILE, STATE and PATH it is a file, for DIR a
 * directory, and for "text|json" one of these words. Words in upper case are not offered.
 */
#include "cli/options/listing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define DESCRIPTION_COLUMN 30
#define MAX_COLUMNS        80

char *listing_names(const struct option_row *row)
{
    const char *argument = row->argument ? row->argument : "";
    const char *blank = row->argument ? " " : "";

    return row->letter ? memory_print("-%c, --%s%s%s", row->letter, row->name, blank, argument)
                       : memory_print("--%s%s%s", row->name, blank, argument);
}

/* "fetch, race". To be freed. */
static char *names_of_commands(unsigned commands, const char *separator)
{
    char *text;
    size_t length;
    FILE *to = memory_stream(&text, &length);
    bool first = true;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (!(commands >> i & 1))
            continue;
        fprintf(to, "%s%s", first ? "" : separator, command_names[i]);
        first = false;
    }
    fclose(to);
    return text;
}

/* --- for people --- */

/* Words from DESCRIPTION_COLUMN on. */
static void print_wrapped(const char *text, FILE *to)
{
    int column = DESCRIPTION_COLUMN;

    while (*text) {
        int length = (int)strcspn(text, " ");
        bool first = column == DESCRIPTION_COLUMN;

        if (!first && column + 1 + length > MAX_COLUMNS) {
            fprintf(to, "\n%*s", DESCRIPTION_COLUMN, "");
            column = DESCRIPTION_COLUMN;
            first = true;
        }
        column += fprintf(to, "%s%.*s", first ? "" : " ", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', to);
}

void listing_option(const struct option_row *row, FILE *to)
{
    char *names = listing_names(row);
    char *text = row->initial ? memory_print("%s (%s)", row->description, row->initial)
                              : memory_print("%s", row->description);
    int column = fprintf(to, "  %s%s", row->letter ? "" : "    ", names);

    if (column + 2 > DESCRIPTION_COLUMN) {
        fputc('\n', to);
        column = 0;
    }
    fprintf(to, "%*s", DESCRIPTION_COLUMN - column, "");
    print_wrapped(text, to);
    free(names);
    free(text);
}

void listing_options(FILE *to)
{
    for (enum option_group group = 0; group < GROUP_INTERNAL; group++) {
        unsigned commands = 0;

        fprintf(to, "%s%s\n", group ? "\n" : "", group_titles[group]);
        for (size_t i = 0; i < option_count; i++) {
            const struct option_row *row = &option_table[i];
            char *names;

            if (row->group != group)
                continue;
            if (row->commands != commands) {
                names = names_of_commands(row->commands, ", ");
                fprintf(to, " %s:\n", names);
                free(names);
            }
            commands = row->commands;
            listing_option(row, to);
        }
    }
}

/* --- mdoc --- */

/* A sentence of a description. The hyphens of an option are escaped, so that it can be copied
   from the page. */
static void print_mdoc_sentence(const char *text, FILE *to)
{
    bool option = false;

    fputc(toupper(*text), to);
    for (const char *at = text + 1; *at; at++) {
        option = *at == '-' && (option || at[-1] == ' ') && at[1] != ' ';
        fprintf(to, "%s%c", option ? "\\" : "", *at);
    }
    fputs(".\n", to);
}

static void print_mdoc_option(const struct option_row *row, FILE *to)
{
    const char *argument = row->argument;
    char *commands = names_of_commands(row->commands, " , ");

    fputs(".It ", to);
    if (row->letter)
        fprintf(to, "Fl %c , ", row->letter);
    fprintf(to, "Fl -%s", row->name);
    if (argument && *argument == '\'') /* quotes of the shell */
        fprintf(to, " Ar \"%.*s\"", (int)strlen(argument) - 2, argument + 1);
    else if (argument)
        fprintf(to, " Ar %s", argument);
    fprintf(to, "\n.Pq Cm %s\n", commands);
    print_mdoc_sentence(row->description, to);
    if (row->initial)
        fprintf(to, "The default is\n.Ql %s .\n", row->initial);
    free(commands);
}

void listing_mdoc(FILE *to)
{
    for (enum option_group group = 0; group < GROUP_INTERNAL; group++) {
        fprintf(to, ".Ss %s\n.Bl -tag -width Ds\n", group_titles[group]);
        for (size_t i = 0; i < option_count; i++)
            if (option_table[i].group == group)
                print_mdoc_option(&option_table[i], to);
        fputs(".El\n", to);
    }
}

/* --- bash --- */

static bool is_file(const char *argument)
{
    static const char *const files[] = {"FILE", "STATE", "PATH", "DIR"};

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        if (!strcmp(argument, files[i]))
            return true;
    return false;
}

/* The pattern of an option in a case of the shell: "-f|--file". */
static void print_pattern(const struct option_row *row, FILE *to)
{
    if (row->letter)
        fprintf(to, "-%c|", row->letter);
    fprintf(to, "--%s", row->name);
}

/* Prints the completion of an option's value. */
static void print_value(const struct option_row *row, FILE *to)
{
    const char *at = row->argument;

    fputs("        ", to);
    print_pattern(row, to);
    if (is_file(row->argument)) {
        fprintf(to, ") files=%s ;;\n", !strcmp(row->argument, "DIR") ? "-d" : "-f");
        return;
    }
    fputs(") values='", to);
    for (bool first = true; strchr(row->argument, '|') && *at;) {
        int length = (int)strcspn(at, "|");

        if (!isupper(*at) && *at != '@') {
            fprintf(to, "%s%.*s", first ? "" : " ", length, at);
            first = false;
        }
        at += length + (at[length] == '|');
    }
    fputs("' ;;\n", to);
}

static void print_command(enum command command, FILE *to)
{
    bool first = true;

    fprintf(to, "    %s)\n        options='", command_names[command]);
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];

        if (!option_belongs(row, command) || row->group == GROUP_INTERNAL)
            continue;
        fprintf(to, "%s--%s", first ? "" : " ", row->name);
        if (row->letter)
            fprintf(to, " -%c", row->letter);
        first = false;
    }
    fputs("'\n        case $option in\n", to);
    for (size_t i = 0; i < option_count; i++)
        if (option_belongs(&option_table[i], command) && option_table[i].argument)
            print_value(&option_table[i], to);
    fputs("        *) option= ;;\n        esac\n        ;;\n", to);
}

void listing_completion(FILE *to)
{
    char *commands = names_of_commands((1U << COMMAND_COUNT) - 1, " ");
    char *pattern = names_of_commands((1U << COMMAND_COUNT) - 1, "|");

    fprintf(to,
            "# shellcheck shell=bash disable=SC2207\n"
            "# Completion of firstbyte's command line. Made by: firstbyte help completion\n"
            "_firstbyte() {\n"
            "    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}\n"
            "    local command=fetch options='' values='' files=''\n"
            "    # bash makes a word of the = in --option=value\n"
            "    [ \"$word\" != = ] || word=\n"
            "    [ \"$option\" != = ] || option=${COMP_WORDS[COMP_CWORD - 2]}\n"
            "    if [ \"$COMP_CWORD\" -gt 1 ]; then\n"
            "        case ${COMP_WORDS[1]} in\n"
            "        %s) command=${COMP_WORDS[1]} ;;\n"
            "        help)\n"
            "            [ \"$COMP_CWORD\" -gt 2 ] ||\n"
            "                COMPREPLY=($(compgen -W '%s options completion mdoc' -- \"$word\"))\n"
            "            return\n"
            "            ;;\n"
            "        esac\n"
            "    fi\n"
            "    case $command in\n",
            pattern, commands);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        print_command((enum command)i, to);
    fprintf(to,
            "    esac\n"
            "    if [ -z \"$option\" ]; then\n"
            "        if [[ $word == -* ]]; then\n"
            "            values=$options\n"
            "        elif [ \"$COMP_CWORD\" = 1 ]; then\n"
            "            values='%s help'\n"
            "        elif [ \"$command\" = diff ]; then\n"
            "            files=-f\n"
            "        fi\n"
            "    fi\n"
            "    if [ -n \"$files\" ]; then\n"
            "        compopt -o filenames 2>/dev/null\n"
            "        COMPREPLY=($(compgen \"$files\" -- \"$word\"))\n"
            "    else\n"
            "        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
            "    fi\n"
            "}\n"
            "complete -F _firstbyte firstbyte\n",
            commands);
    free(commands);
    free(pattern);
}

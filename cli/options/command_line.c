/* Rejected: hiding a secret behind asterisks. The pasted command would fail. */
#include "cli/options/command_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Characters that a shell does not interpret, besides letters and digits. */
#define PLAIN "%+,-./:=_"

static bool is_printable(const char *word)
{
    for (; *word; word++)
        if (*word < ' ' || *word > '~')
            return false;
    return true;
}

/* Whether it is a URL or a proxy with a user name or a query: they may hold a password or a
   token. */
static bool may_hold_secret(const char *word)
{
    return strpbrk(word, "@?");
}

static bool is_plain(const char *word)
{
    const char *at = word;

    while (isalnum((unsigned char)*at) || (*at && strchr(PLAIN, *at)))
        at++;
    return *word && !*at;
}

/* Writes the word in single quotes; a single quote is written as '\''. */
static void write_quoted(FILE *to, const char *word)
{
    putc('\'', to);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", to);
        else
            putc(*word, to);
    putc('\'', to);
}

char *command_line_quote(int argc, char *const *argv)
{
    char *text;
    size_t length;
    FILE *to;

    for (int i = 0; i < argc; i++)
        if (!is_printable(argv[i]) || may_hold_secret(argv[i]))
            return NULL;
    to = memory_stream(&text, &length);
    for (int i = 0; i < argc; i++) {
        if (i)
            putc(' ', to);
        if (is_plain(argv[i]))
            fputs(argv[i], to);
        else
            write_quoted(to, argv[i]);
    }
    fclose(to);
    return text;
}

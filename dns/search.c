/* Reads the "search", "domain" and "options" lines; c-ares reads the other lines. */
#include "dns/search.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

#define MAX_FILE_BYTES (64 * 1024)
#define MAX_DOTS       15 /* as in libresolv */
#define BLANKS         " \t\r"

void search_free(struct search *search)
{
    for (unsigned i = 0; i < search->count; i++)
        free(search->domains[i]);
    free(search->domains);
    *search = (struct search){.dots = 1};
}

static void take_domains(struct search *search, char *words, unsigned max)
{
    char *rest = NULL;
    unsigned dots = search->dots;

    search_free(search);
    search->dots = dots;
    for (char *word = strtok_r(words, BLANKS, &rest); word && search->count < max;
         word = strtok_r(NULL, BLANKS, &rest)) {
        search->domains = memory_grow(search->domains, search->count + 1, sizeof(*search->domains));
        search->domains[search->count++] = memory_text(word, strlen(word));
    }
}

static void take_options(struct search *search, char *words)
{
    static const char name[] = "ndots:";
    char *rest = NULL;

    for (char *word = strtok_r(words, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
        unsigned long dots;

        if (strncmp(word, name, strlen(name)) != 0)
            continue;
        dots = strtoul(word + strlen(name), NULL, 10);
        search->dots = dots < MAX_DOTS ? (unsigned)dots : MAX_DOTS;
    }
}

static void take_line(struct search *search, char *line)
{
    size_t length = strcspn(line, BLANKS);
    char *words = line + length + (line[length] != '\0');

    line[length] = '\0';
    if (!strcmp(line, "search"))
        take_domains(search, words, SEARCH_MAX_DOMAINS);
    else if (!strcmp(line, "domain"))
        take_domains(search, words, 1);
    else if (!strcmp(line, "options"))
        take_options(search, words);
}

void search_parse(struct search *search, const char *text)
{
    char *copy = memory_text(text, strlen(text)), *rest = NULL;

    *search = (struct search){.dots = 1};
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        take_line(search, line);
    free(copy);
}

void search_read(struct search *search, const char *path)
{
    size_t length;
    char *text = file_read(path, MAX_FILE_BYTES, &length);

    search_parse(search, text ? text : "");
    free(text);
}

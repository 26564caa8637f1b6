/*
 * The command line: any options with any values. A line of the input is an argument. Refused
 * arguments have an error on standard error; accepted options are valid. No file is read: an "@"
 * that could begin a value is replaced.
 */
#include "tests/fuzz/fuzz.h"

#include <getopt.h>

#include "cli/options/options.h"
#include "http/dial/proxy.h"
#include "http/fields.h"
#include "http/request.h"

#define MAX_WORDS 64

/* A value is a word, or it follows "=" or the letter of an option. */
static void hide_files(char *word)
{
    bool letters = word[0] == '-' && word[1] != '-';

    for (char *at = word; *at; at++)
        if (*at == '@' && (at == word || at[-1] == '=' || letters))
            *at = 'A';
}

static int take_words(char **words, struct part rest)
{
    static char program[] = "firstbyte";
    int count = 0;

    for (words[count++] = memory_text(program, strlen(program)); rest.size && count < MAX_WORDS;) {
        struct part line = part_line(&rest);

        words[count] = part_text(&line);
        hide_files(words[count++]);
    }
    words[count] = NULL;
    return count;
}

/* Reads a copy of the list, because getopt reorders it and options_read replaces words. */
static bool read_words(struct options *options, int count, char **words)
{
    char *order[MAX_WORDS + 1], *printed = NULL;
    size_t length;
    FILE *errors = stderr, *output = stdout, *null = fopen("/dev/null", "w");
    bool accepted;

    MUST(null);
    memcpy(order, words, (size_t)(count + 1) * sizeof(*order));
    optind = 0; /* resets getopt */
    stdout = null;
    stderr = open_memstream(&printed, &length);
    accepted = options_read(options, count, order);
    fclose(stderr);
    stderr = errors;
    stdout = output;
    fclose(null);
    MUST(accepted || (length > strlen("firstbyte: ") && printed[length - 1] == '\n'));
    free(printed);
    return accepted;
}

/* Accepted options meet the conditions of the functions that use them. */
static void check_options(const struct options *options)
{
    char why[PROXIES_WHY_BYTES];
    const char *headers = options->request.headers;
    struct request_field line;

    while (fields_next(&headers, &line))
        MUST(!request_check_header(line.text, line.bytes - strlen("\r\n")));
    MUST(!options->request.method || request_is_method(options->request.method));
    MUST(!options->request.cookie || !strpbrk(options->request.cookie, "\r\n"));
    MUST(options->concurrency && options->concurrency <= 1000000);
    if (options->network.proxy) {
        struct proxies *proxies =
            proxies_new(options->network.proxy, options->network.noproxy, getenv, why);

        MUST(proxies);
        MUST(proxies_any(proxies) == (*options->network.proxy != '\0'));
        proxies_free(proxies);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part rest = {data, size};
    char *words[MAX_WORDS + 1];
    int count = take_words(words, rest);
    struct options options;

    if (read_words(&options, count, words) && options.command != COMMAND_NONE)
        check_options(&options);
    options_free(&options);
    for (int i = 0; i < count; i++)
        free(words[i]);
    return 0;
}

/*
 * The command line: every option with every value, and what is made of those that are taken. A line
 * of the input is a word. What is refused is said on standard error. No file is read: an "@" that
 * could begin a value is put out.
 */
#include "tests/fuzz/fuzz.h"

#include <getopt.h>

#include "cli/options/options.h"
#include "http/dial/proxy.h"
#include "http/fields.h"
#include "http/request.h"

#define MAX_WORDS 64

/* A value stands alone, behind "=", or behind a letter. */
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

/* getopt moves the words, and the program's name and that of the command are replaced. */
static bool read_words(struct options *options, int count, char **words)
{
    char *order[MAX_WORDS + 1], *said = NULL;
    size_t length;
    FILE *errors = stderr, *output = stdout, *null = fopen("/dev/null", "w");
    bool taken;

    MUST(null);
    memcpy(order, words, (size_t)(count + 1) * sizeof(*order));
    optind = 0; /* getopt begins anew */
    stdout = null;
    stderr = open_memstream(&said, &length);
    taken = options_read(options, count, order);
    fclose(stderr);
    stderr = errors;
    stdout = output;
    fclose(null);
    MUST(taken || (length > strlen("firstbyte: ") && said[length - 1] == '\n'));
    free(said);
    return taken;
}

/* What was taken is sound for those who use it. */
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

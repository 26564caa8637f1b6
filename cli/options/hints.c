/* Each hint is one message; the command continues. Rejected: refusing such command lines, because
   each of them may be meant. */
#include "cli/options/hints.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output/diagnostic.h"
#include "http/h2/h2.h"

/* Without a list or a URL, input from a pipe was probably meant as the list. A race cannot read it,
   because it reads its list twice. */
void hint_at_pipe(const struct options *options)
{
    struct stat input;

    if (!options->list.file && !options->list.word_count && !options->output.quiet &&
        (options->command == COMMAND_FETCH || options->command == COMMAND_BENCH) &&
        !fstat(STDIN_FILENO, &input) && S_ISFIFO(input.st_mode))
        diagnostic("standard input is a pipe and is not read; -f - reads a list from it");
}

/* A URL that is also the name of a file was probably meant as a list. */
void hint_at_files(const struct options *options)
{
    const struct list_options *list = &options->list;

    if (options->command == COMMAND_DIFF || options->command == COMMAND_ORIGIN ||
        options->output.quiet)
        return;
    for (size_t i = 0; i < list->word_count; i++)
        if (!access(list->words[i], F_OK))
            diagnostic("%s: taken as a URL; -f %s reads the file of that name", list->words[i],
                       list->words[i]);
}

/* Whether a request may be sent by HTTP/2: not if all URLs are known to be http without prior
   knowledge. */
static bool may_use_http2(const struct options *options)
{
    const struct list_options *list = &options->list;

    if (options->command != COMMAND_FETCH || options->versions == HTTP_1_1_ONLY)
        return false;
    if (list->file || !list->word_count || options->versions == HTTP_2_ASSUMED)
        return true;
    for (size_t i = 0; i < list->word_count; i++)
        if (strncasecmp(list->words[i], "http:", 5) != 0)
            return true;
    return false;
}

/* A field that HTTP/2 forbids is sent with HTTP/1.1 only. */
void hint_at_fields(const struct options *options)
{
    size_t length;
    const char *field = h2_forbidden_field(options->request.headers, &length);

    if (field && may_use_http2(options) && !options->output.quiet)
        diagnostic("--header %.*s: HTTP/2 does not allow this field; it is sent with HTTP/1.1 only",
                   (int)length, field);
}

/* Allocates memory: base/memory.c and cli/output/output.c write messages without it. */
#include "cli/output/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/output/text.h"

static const char name[] = "firstbyte: ";

void diagnostic(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        memory_exhausted();
    va_end(arguments);
    fprintf(stderr, "%s%s\n", name, text); /* one system call: lines of processes do not mix */
    free(text);
}

bool complain(const char *subject, const char *why)
{
    fputs(name, stderr);
    text_show(stderr, subject, strlen(subject), TEXT_ALL);
    if (*why)
        fputs(": ", stderr);
    text_show(stderr, why, strlen(why), TEXT_ALL);
    putc('\n', stderr);
    return false;
}

bool complain_and_free(const char *subject, char *why)
{
    if (!why)
        return true;
    complain(subject, why);
    free(why);
    return false;
}

/* A line is formatted only if the probe takes lines. */
#include "reactor/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "reactor/loop.h"

void probe_line(const struct loop *loop, uint64_t number, enum probe_line_kind kind,
                const char *format, ...)
{
    const struct probe *probe = loop_probe(loop);
    va_list arguments;
    char *text;
    int length;

    if (!probe || !probe->line)
        return;
    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        memory_exhausted();
    probe->line(probe->owner, number, kind, text, (size_t)length);
    free(text);
}

void probe_block(const struct loop *loop, uint64_t number, enum probe_line_kind kind,
                 const char *block)
{
    const struct probe *probe = loop_probe(loop);

    if (!probe || !probe->line)
        return;
    for (size_t length = 1; length;) {
        length = strcspn(block, "\r\n");
        probe->line(probe->owner, number, kind, block, length);
        block += length;
        block += *block == '\r';
        block += *block == '\n';
    }
}

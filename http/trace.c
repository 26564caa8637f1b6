/* Lines for a trace, put together only where there is one. */
#include "http/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void trace_print(const struct trace *trace, uint64_t connection, enum trace_kind kind,
                 const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    if (!trace)
        return;
    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        memory_exhausted();
    trace->line(trace->owner, connection, kind, text, (size_t)length);
    free(text);
}

void trace_block(const struct trace *trace, uint64_t connection, enum trace_kind kind,
                 const char *block)
{
    if (!trace)
        return;
    for (size_t length = 1; length;) {
        length = strcspn(block, "\r\n");
        trace->line(trace->owner, connection, kind, block, length);
        block += length;
        block += *block == '\r';
        block += *block == '\n';
    }
}

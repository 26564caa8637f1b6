/* What happens on a connection, told line by line to whoever wants to see it, as `curl -v` shows it.
   The text is as it came: whoever prints it makes it fit to be shown. */
#ifndef HTTP_TRACE_H
#define HTTP_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum trace_kind {
    TRACE_NOTE,     /* what the client does */
    TRACE_REQUEST,  /* a line that is sent */
    TRACE_RESPONSE, /* a line that came */
};

struct trace {
    /* `connection` counts from 1; the text has no line end. */
    void (*line)(void *owner, uint64_t connection, enum trace_kind kind, const char *text,
                 size_t length);
    void *owner; /* its argument */
};

/* Tells a line put together as by printf. Nothing happens where `trace` is NULL. */
__attribute__((format(printf, 4, 5))) void trace_print(const struct trace *trace,
                                                       uint64_t connection, enum trace_kind kind,
                                                       const char *format, ...);

/* The same of what the client does, and of a line that came. */
#define trace_note(trace, connection, ...) trace_print(trace, connection, TRACE_NOTE, __VA_ARGS__)
#define trace_answer(trace, connection, ...)                                                       \
    trace_print(trace, connection, TRACE_RESPONSE, __VA_ARGS__)

/* Tells each line of a block that is closed with an empty one. Likewise. */
void trace_block(const struct trace *trace, uint64_t connection, enum trace_kind kind,
                 const char *block);

#endif

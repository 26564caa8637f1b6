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
__attribute__((format(printf, 3, 4))) void trace_note(const struct trace *trace,
                                                      uint64_t connection, const char *format, ...);

/* Tells a line that came, likewise. */
__attribute__((format(printf, 3, 4))) void
trace_answer(const struct trace *trace, uint64_t connection, const char *format, ...);

/* Tells each line of a block that is closed with an empty one. Likewise. */
void trace_block(const struct trace *trace, uint64_t connection, enum trace_kind kind,
                 const char *block);

#endif

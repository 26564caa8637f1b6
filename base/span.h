/*
 * A piece of a longer text: the bytes from `at` up to `end`. Nothing is copied, and no NUL closes it.
 * Both are NULL where there is no text at all. Texts are compared without regard to ASCII case.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
    const char *at, *end;
};

static inline struct span span_of(const char *text, size_t bytes)
{
    return (struct span){text, text + bytes};
}

static inline size_t span_bytes(struct span span)
{
    return (size_t)(span.end - span.at);
}

static inline bool span_starts(struct span span, const char *text)
{
    size_t bytes = strlen(text);

    return span_bytes(span) >= bytes && !strncasecmp(span.at, text, bytes);
}

static inline bool span_ends(struct span span, const char *text)
{
    size_t bytes = strlen(text);

    return span_bytes(span) >= bytes && !strncasecmp(span.end - bytes, text, bytes);
}

/* Whether it is that text. */
static inline bool span_is(struct span span, const char *text)
{
    return span_bytes(span) == strlen(text) && span_starts(span, text);
}

/* Whether the two are the same text. */
static inline bool span_same(struct span one, struct span other)
{
    size_t bytes = span_bytes(one);

    return bytes == span_bytes(other) && (!bytes || !strncasecmp(one.at, other.at, bytes));
}

/* Where the byte is for the first time; NULL: nowhere. */
static inline const char *span_find(struct span span, char byte)
{
    return span_bytes(span) ? memchr(span.at, byte, span_bytes(span)) : NULL;
}

/* Without the bytes at both ends of which `drops` is true. */
static inline struct span span_trim(struct span span, bool (*drops)(char byte))
{
    while (span.at < span.end && drops(*span.at))
        span.at++;
    while (span.at < span.end && drops(span.end[-1]))
        span.end--;
    return span;
}

/* Takes what is before the next `mark` off `rest`, which then begins behind the mark; all where there is
   none. */
static inline struct span span_take(struct span *rest, char mark)
{
    const char *found = span_find(*rest, mark);
    struct span taken = {rest->at, found ? found : rest->end};

    rest->at = found ? found + 1 : rest->end;
    return taken;
}

/* Copies the bytes to `to`, which has room for them, and returns where they end there. */
static inline char *span_put(char *to, struct span span)
{
    return mempcpy(to, span.at, span_bytes(span));
}

#endif

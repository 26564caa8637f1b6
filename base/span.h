/*
 * A part of a longer text: the bytes from `at` up to `end`, not copied and without a NUL at the
 * end. Both pointers are NULL if there is no text. Comparisons ignore ASCII case.
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

/* Whether the span equals `text`. */
static inline bool span_is(struct span span, const char *text)
{
    return span_bytes(span) == strlen(text) && span_starts(span, text);
}

/* Whether the two spans are equal. */
static inline bool span_same(struct span one, struct span other)
{
    size_t bytes = span_bytes(one);

    return bytes == span_bytes(other) && (!bytes || !strncasecmp(one.at, other.at, bytes));
}

/* The address of the first occurrence of `byte`; NULL if there is none. */
static inline const char *span_find(struct span span, char byte)
{
    return span_bytes(span) ? memchr(span.at, byte, span_bytes(span)) : NULL;
}

/* The span without the bytes at both ends for which `drops` returns true. */
static inline struct span span_trim(struct span span, bool (*drops)(char byte))
{
    while (span.at < span.end && drops(*span.at))
        span.at++;
    while (span.at < span.end && drops(span.end[-1]))
        span.end--;
    return span;
}

/* Returns the bytes before the next `mark` and moves the start of *rest past the mark. Without a
   mark, returns all bytes and leaves *rest empty. */
static inline struct span span_take(struct span *rest, char mark)
{
    const char *found = span_find(*rest, mark);
    struct span taken = {rest->at, found ? found : rest->end};

    rest->at = found ? found + 1 : rest->end;
    return taken;
}

/* Copies the bytes to `to`, which must have room, and returns the end of the copy. */
static inline char *span_put(char *to, struct span span)
{
    return mempcpy(to, span.at, span_bytes(span));
}

#endif

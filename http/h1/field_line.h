/* A field line of a response (RFC 9112, section 5), without its end, taken apart. */
#ifndef HTTP_H1_FIELD_LINE_H
#define HTTP_H1_FIELD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

/* Fields that say where the message ends, and whether another one may follow. */
enum field_use {
    FIELD_OTHER,
    FIELD_LENGTH,     /* Content-Length */
    FIELD_CODING,     /* Transfer-Encoding */
    FIELD_CONNECTION, /* Connection, Proxy-Connection */
};

struct field_line_parts {
    const char *name, *value;       /* in the line */
    size_t name_bytes, value_bytes; /* the name may be empty */
    bool blank_before_mark;         /* between name and colon (section 5.1: to be taken off) */
};

/* Takes a line apart, into a name without blanks behind it and a value with the blanks around it.
   False: it has no colon. Inline: nothing else is done with most lines. */
static inline bool field_line_split(struct field_line_parts *parts, const char *line, size_t bytes)
{
    const char *mark = memchr(line, ':', bytes), *name_end = mark;

    if (!mark)
        return false;
    while (name_end > line && is_blank(name_end[-1]))
        name_end--;
    parts->name = line;
    parts->name_bytes = (size_t)(name_end - line);
    parts->value = mark + 1;
    parts->value_bytes = (size_t)(line + bytes - parts->value);
    parts->blank_before_mark = name_end < mark;
    return true;
}

/* Takes the blanks around the value off. */
void field_line_trim(struct field_line_parts *parts);

/* As field_line_use, of a name that has the length of one of them. */
enum field_use field_line_named_use(const struct field_line_parts *parts);

/* What the field says. Inline: most fields are of other lengths. */
static inline enum field_use field_line_use(const struct field_line_parts *parts)
{
    const unsigned lengths =
        1u << (sizeof("Connection") - 1) | 1u << (sizeof("Content-Length") - 1) |
        1u << (sizeof("Proxy-Connection") - 1) | 1u << (sizeof("Transfer-Encoding") - 1);
    size_t bytes = parts->name_bytes;

    return bytes < 32 && lengths >> bytes & 1 ? field_line_named_use(parts) : FIELD_OTHER;
}

/* Whether the name is a token (RFC 9110, section 5.6.2). */
bool field_line_has_token(const struct field_line_parts *parts);

/* Whether the value has a control character, other than a tab. */
bool field_line_has_control(const struct field_line_parts *parts);

/* Whether the value, a list of tokens, has this one (RFC 9110, section 5.6.1). */
bool field_line_lists(const struct field_line_parts *parts, const char *token);

/* Reads the value of Content-Length: a number, or a list of equal ones (section 6.3). NULL: it is
   good; else what is wrong with it, static. */
const char *field_line_length(const struct field_line_parts *parts, uint64_t *length);

#endif

/* A field line of a response (RFC 9112, section 5), without its line end, split into its parts. */
#ifndef HTTP_H1_FIELD_LINE_H
#define HTTP_H1_FIELD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

/* Fields that determine where the message ends, and whether another one may follow. */
enum field_use {
    FIELD_OTHER,
    FIELD_LENGTH,     /* Content-Length */
    FIELD_CODING,     /* Transfer-Encoding */
    FIELD_CONNECTION, /* Connection, Proxy-Connection */
};

struct field_line_parts {
    const char *name, *value;       /* point into the line */
    size_t name_bytes, value_bytes; /* the name may be empty */
    bool blank_before_colon;        /* between name and colon (section 5.1: must be removed) */
};

/* Splits a line into a name without trailing blanks and a value that keeps its blanks. False: the
   line has no colon. Inline: most lines need nothing else. */
static inline bool field_line_split(struct field_line_parts *parts, const char *line, size_t bytes)
{
    const char *colon = memchr(line, ':', bytes), *name_end = colon;

    if (!colon)
        return false;
    while (name_end > line && is_blank(name_end[-1]))
        name_end--;
    parts->name = line;
    parts->name_bytes = (size_t)(name_end - line);
    parts->value = colon + 1;
    parts->value_bytes = (size_t)(line + bytes - parts->value);
    parts->blank_before_colon = name_end < colon;
    return true;
}

/* Removes the blanks around the value. */
void field_line_trim(struct field_line_parts *parts);

/* Like field_line_use, for a name as long as the name of one of these fields. */
enum field_use field_line_use_of_name(const struct field_line_parts *parts);

/* The use of the field. Inline: the length of the name excludes most fields. */
static inline enum field_use field_line_use(const struct field_line_parts *parts)
{
    const unsigned lengths =
        1u << (sizeof("Connection") - 1) | 1u << (sizeof("Content-Length") - 1) |
        1u << (sizeof("Proxy-Connection") - 1) | 1u << (sizeof("Transfer-Encoding") - 1);
    size_t bytes = parts->name_bytes;

    return bytes < 32 && lengths >> bytes & 1 ? field_line_use_of_name(parts) : FIELD_OTHER;
}

/* Whether the name is a token (RFC 9110, section 5.6.2). */
bool field_line_has_token(const struct field_line_parts *parts);

/* Whether the value has a control character other than a tab. */
bool field_line_has_control(const struct field_line_parts *parts);

/* Whether the value, a list of tokens, contains this one (RFC 9110, section 5.6.1). */
bool field_line_lists(const struct field_line_parts *parts, const char *token);

/* Reads the value of Content-Length: a number, or a list of equal numbers (section 6.3). Returns
   NULL, or why it is malformed: a static text. */
const char *field_line_length(const struct field_line_parts *parts, uint64_t *length);

#endif

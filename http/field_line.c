/* What is wrong with a field that is not used is not looked for: most lines are only taken apart. */
#include "http/field_line.h"

#include <string.h>
#include <strings.h>

#include "http/digits.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* By the length of the name, which differs. */
static enum field_use use_of(const char *name, size_t bytes)
{
    switch (bytes) {
    case sizeof("Connection") - 1:
        return strncasecmp(name, "Connection", bytes) ? FIELD_OTHER : FIELD_CONNECTION;
    case sizeof("Proxy-Connection") - 1:
        return strncasecmp(name, "Proxy-Connection", bytes) ? FIELD_OTHER : FIELD_CONNECTION;
    case sizeof("Content-Length") - 1:
        return strncasecmp(name, "Content-Length", bytes) ? FIELD_OTHER : FIELD_LENGTH;
    case sizeof("Transfer-Encoding") - 1:
        return strncasecmp(name, "Transfer-Encoding", bytes) ? FIELD_OTHER : FIELD_CODING;
    default: return FIELD_OTHER;
    }
}

bool field_line_split(struct field_line_parts *parts, const char *line, size_t bytes)
{
    const char *mark = memchr(line, ':', bytes), *name_end = mark, *value, *end = line + bytes;

    if (!mark)
        return false;
    while (name_end > line && is_blank(name_end[-1]))
        name_end--;
    for (value = mark + 1; value < end && is_blank(*value);)
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    *parts = (struct field_line_parts){
        .name = line,
        .name_bytes = (size_t)(name_end - line),
        .value = value,
        .value_bytes = (size_t)(end - value),
        .blank_before_mark = name_end < mark,
        .use = use_of(line, (size_t)(name_end - line)),
    };
    return true;
}

bool field_line_has_token(const struct field_line_parts *parts)
{
    static const bool is_token[256] = {
        ['!'] = true, ['#' ... '\''] = true, ['*'] = true,         ['+'] = true, ['-'] = true,
        ['.'] = true, ['0' ... '9'] = true,  ['A' ... 'Z'] = true, ['^'] = true, ['_'] = true,
        ['`'] = true, ['a' ... 'z'] = true,  ['|'] = true,         ['~'] = true,
    };

    for (size_t i = 0; i < parts->name_bytes; i++)
        if (!is_token[(unsigned char)parts->name[i]])
            return false;
    return parts->name_bytes > 0;
}

bool field_line_has_control(const struct field_line_parts *parts)
{
    for (size_t i = 0; i < parts->value_bytes; i++) {
        unsigned char byte = (unsigned char)parts->value[i];

        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return true;
    }
    return false;
}

/* Takes one number. */
static const char *take_number(const char **at, const char *end, uint64_t *number)
{
    *number = 0;
    if (*at == end || !is_digit(**at))
        return "Content-Length is not a number";
    for (; *at < end && is_digit(**at); *at += 1) {
        unsigned digit = (unsigned)(**at - '0');

        if (*number > (UINT64_MAX - digit) / 10)
            return "Content-Length is out of range";
        *number = 10 * *number + digit;
    }
    return NULL;
}

const char *field_line_length(const struct field_line_parts *parts, uint64_t *length)
{
    const char *at = parts->value, *end = at + parts->value_bytes;

    for (bool first = true;; first = false) {
        uint64_t number;
        const char *why = take_number(&at, end, &number);

        if (why)
            return why;
        if (!first && number != *length)
            return "Content-Length has different values";
        *length = number;
        while (at < end && is_blank(*at))
            at++;
        if (at == end)
            return NULL;
        if (*at++ != ',')
            return "Content-Length is not a number";
        while (at < end && is_blank(*at))
            at++;
    }
}

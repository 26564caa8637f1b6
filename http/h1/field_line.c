/* A field that is not used is not checked: most lines are only split. */
#include "http/h1/field_line.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"

/* Removes the blanks around a text. */
static void trim(const char **at, size_t *bytes)
{
    while (*bytes && is_blank(**at)) {
        *at += 1;
        *bytes -= 1;
    }
    while (*bytes && is_blank((*at)[*bytes - 1]))
        *bytes -= 1;
}

void field_line_trim(struct field_line_parts *parts)
{
    trim(&parts->value, &parts->value_bytes);
}

static bool is(const char *text, size_t bytes, const char *wanted)
{
    return bytes == strlen(wanted) && !strncasecmp(text, wanted, bytes);
}

/* The names differ in length, so the length is compared first. */
enum field_use field_line_use_of_name(const struct field_line_parts *parts)
{
    const char *name = parts->name;
    size_t bytes = parts->name_bytes;

    switch (bytes) {
    case sizeof("Connection") - 1:
        return is(name, bytes, "Connection") ? FIELD_CONNECTION : FIELD_OTHER;
    case sizeof("Proxy-Connection") - 1:
        return is(name, bytes, "Proxy-Connection") ? FIELD_CONNECTION : FIELD_OTHER;
    case sizeof("Content-Length") - 1:
        return is(name, bytes, "Content-Length") ? FIELD_LENGTH : FIELD_OTHER;
    case sizeof("Transfer-Encoding") - 1:
        return is(name, bytes, "Transfer-Encoding") ? FIELD_CODING : FIELD_OTHER;
    default: return FIELD_OTHER;
    }
}

bool field_line_lists(const struct field_line_parts *parts, const char *token)
{
    const char *at = parts->value, *end = at + parts->value_bytes;

    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *text = at;
        size_t bytes = (size_t)((comma ? comma : end) - at);

        at += bytes + 1;
        trim(&text, &bytes);
        if (is(text, bytes, token))
            return true;
    }
    return false;
}

bool field_line_has_token(const struct field_line_parts *parts)
{
    return is_token(parts->name, parts->name_bytes);
}

bool field_line_has_control(const struct field_line_parts *parts)
{
    return has_control_byte(parts->value, parts->value_bytes);
}

/* Reads one number. */
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

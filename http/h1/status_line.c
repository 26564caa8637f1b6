/*
 * llhttp parses and validates the status line. The reason phrase is then read from the line itself,
 * which is in one piece.
 */
#include "http/h1/status_line.h"

#include <string.h>

#include "base/bytes.h"

bool status_line_may_become(const char *text, size_t bytes)
{
    static const char start[] = "HTTP/";
    size_t count = bytes < sizeof(start) - 1 ? bytes : sizeof(start) - 1;

    return !count || *text == '\r' || !memcmp(text, start, count);
}

/* The reason phrase follows the version and the status code. */
const char *status_line_reason(const char *text, size_t bytes, size_t *reason_bytes)
{
    const char *at = text, *end = text + bytes;

    while (at < end && *at != ' ')
        at++;
    while (at < end && *at == ' ')
        at++;
    while (at < end && is_digit(*at))
        at++;
    while (at < end && is_blank(*at))
        at++;
    while (at < end && is_blank(end[-1]))
        end--;
    *reason_bytes = (size_t)(end - at);
    return at;
}

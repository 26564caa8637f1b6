/* Digits: of numbers, and of the percent-encoding in URLs (RFC 3986, section 2.1). */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdbool.h>

static inline bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* What a hexadecimal digit counts, or -1. */
static inline int hex_digit(char byte)
{
    if (is_digit(byte))
        return byte - '0';
    byte |= 32;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Takes one byte, or the one that "%41" stands for. A "%" that begins nothing stands for itself. */
static inline char take_decoded(const char **at, const char *end)
{
    const char *text = *at;

    if (*text == '%' && end - text > 2 && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0) {
        *at += 3;
        return (char)(hex_digit(text[1]) * 16 + hex_digit(text[2]));
    }
    *at += 1;
    return *text;
}

/* Writes a number in decimal, closed with a NUL, and returns its end. snprintf would be a sixth of a
   URL's whole parse. */
static inline char *put_number(char *to, unsigned number)
{
    unsigned unit = 1;

    while (number / unit >= 10)
        unit *= 10;
    for (; unit; unit /= 10)
        *to++ = (char)('0' + number / unit % 10);
    *to = '\0';
    return to;
}

#endif

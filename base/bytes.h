/*
 * Classes of ASCII bytes in text, in HTTP header fields (RFC 9110, section 5.6) and in URLs (RFC
 * 3986, section 2.1). <ctype.h> is not used: it depends on the locale.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

static inline bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool is_letter(char byte)
{
    return (byte | 32) >= 'a' && (byte | 32) <= 'z';
}

static inline char to_lower(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte | 32 : byte);
}

/* Optional white space: a space or a tab. */
static inline bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* A control character other than a tab. */
static inline bool is_control(char byte)
{
    return ((unsigned char)byte < ' ' && byte != '\t') || byte == 0x7f;
}

/* A space, or a control character other than DEL. They are removed from both ends of a URL. */
static inline bool is_space_or_control(char byte)
{
    return (unsigned char)byte <= ' ';
}

/* Whether the bytes are a token: at least one byte, and only bytes that a token may contain. */
static inline bool is_token(const char *bytes, size_t count)
{
    static const bool allowed[256] = {
        ['!'] = true, ['#' ... '\''] = true, ['*'] = true,         ['+'] = true, ['-'] = true,
        ['.'] = true, ['0' ... '9'] = true,  ['A' ... 'Z'] = true, ['^'] = true, ['_'] = true,
        ['`'] = true, ['a' ... 'z'] = true,  ['|'] = true,         ['~'] = true,
    };

    for (size_t i = 0; i < count; i++)
        if (!allowed[(unsigned char)bytes[i]])
            return false;
    return count > 0;
}

/* Whether one of the bytes is a control character other than a tab. */
static inline bool has_control_byte(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_control(bytes[i]))
            return true;
    return false;
}

/* The value of a hexadecimal digit; -1 if the byte is not one. */
static inline int hex_digit(char byte)
{
    if (is_digit(byte))
        return byte - '0';
    byte |= 32;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Returns the next byte of *at and advances *at past it. An escape such as "%41" is decoded to one
   byte; a "%" without two hexadecimal digits after it is returned unchanged. */
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

/* Writes a decimal number with a NUL after it and returns the address of the NUL. snprintf took
   a sixth of the time of parsing a URL. */
static inline char *put_decimal(char *to, unsigned number)
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

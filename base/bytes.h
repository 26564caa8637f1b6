/* Classes of bytes in HTTP fields (RFC 9110, section 5.6). */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* Optional white space: a space or a tab. */
static inline bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Whether all of the bytes may be in a token, and there is at least one. */
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

/* Whether a control character other than a tab is among the bytes. */
static inline bool has_control_byte(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return true;
    }
    return false;
}

#endif

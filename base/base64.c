/* Three bytes become four digits; "=" stands for each digit that an incomplete group does not need.
   There is no decoder: the program never receives Base64. */
#include "base/base64.h"

#include "base/memory.h"

char *base64_encode(const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = memory_get((length + 2) / 3 * 4 + 1), *to = text;

    for (size_t i = 0; i < length; i += 3) {
        size_t count = length - i < 3 ? length - i : 3;
        unsigned group = (unsigned)(unsigned char)bytes[i] << 16;

        if (count > 1)
            group |= (unsigned)(unsigned char)bytes[i + 1] << 8;
        if (count > 2)
            group |= (unsigned char)bytes[i + 2];
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = count > 1 ? digits[group >> 6 & 63] : '=';
        *to++ = count > 2 ? digits[group & 63] : '=';
    }
    *to = '\0';
    return text;
}

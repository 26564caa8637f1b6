/* Three bytes become four digits; what is missing of the last three is told by "=". There is no
   decoder, for nobody sends us base64. */
#include "base/base64.h"

#include "base/memory.h"

char *base64_encode(const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = memory_get((length + 2) / 3 * 4 + 1), *to = text;

    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i < 3 ? length - i : 3;
        unsigned three = (unsigned)(unsigned char)bytes[i] << 16;

        if (have > 1)
            three |= (unsigned)(unsigned char)bytes[i + 1] << 8;
        if (have > 2)
            three |= (unsigned char)bytes[i + 2];
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = have > 1 ? digits[three >> 6 & 63] : '=';
        *to++ = have > 2 ? digits[three & 63] : '=';
    }
    *to = '\0';
    return text;
}

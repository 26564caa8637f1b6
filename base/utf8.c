/* A decoder without tables, because most text is ASCII. */
#include "base/utf8.h"

/* Returns the length of a character with this first byte; 0 if no character begins with it. The
   range of the second byte excludes overlong forms, surrogates and values over U+10FFFF (RFC 3629,
   section 4). */
static size_t size_of(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t utf8_next(const unsigned char *bytes, size_t count, uint32_t *character, bool *whole)
{
    unsigned char low, high;
    size_t size = size_of(bytes[0], &low, &high), taken = 1;
    uint32_t bits = size > 1 ? bytes[0] & 0x7fu >> size : bytes[0];

    for (; taken < size && taken < count; taken++) {
        if (bytes[taken] < low || bytes[taken] > high)
            break;
        bits = bits << 6 | (bytes[taken] & 0x3fu);
        low = 0x80;
        high = 0xbf;
    }
    *character = taken == size ? bits : UTF8_REPLACEMENT;
    *whole = taken >= size || taken < count;
    return taken;
}

char *utf8_put(char *to, uint32_t character)
{
    int more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;

    *to++ = (char)(more ? (0xf0u << (3 - more) & 0xf0) | character >> 6 * more : character);
    while (more--)
        *to++ = (char)(0x80 | (character >> 6 * more & 0x3f));
    return to;
}

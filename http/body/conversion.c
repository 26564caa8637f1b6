/*
 * iconv is given a few bytes at a time and always has room for all that they can become. Letting it
 * stop for want of room was rejected: the C library then undoes a part of its work, and that has
 * often been where its mistakes were.
 */
#include "http/body/conversion.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

#define MODULE_ROOM_BYTES (1024 * 1024)
#define MAX_AT_ONCE       64 /* bytes that iconv is given */

/* A byte becomes one character of three bytes at most (longer ones come of two), and one that the
   converter kept back may come before it. */
_Static_assert(CONVERSION_ROOM >= 4 * MAX_AT_ONCE + 64, "iconv never wants for room");

struct conversion {
    iconv_t iconv;
    const struct charset *charset;
    char held[MAX_AT_ONCE]; /* not converted yet: an incomplete character */
    size_t held_bytes;
};

/* A piece of output under way. */
struct conversion_output {
    char *at;
    size_t room;
};

/* Whether a module of iconv, the largest with its tables, could have been loaded. glibc says EINVAL where it
   found no memory for one, as it does for a set that it does not know. */
static bool has_room_for_module(void)
{
    void *volatile room = malloc(MODULE_ROOM_BYTES); /* volatile: it is not optimized away */

    free(room);
    return room;
}

struct conversion *conversion_new(const struct charset *charset)
{
    struct conversion *conversion;
    iconv_t iconv;

    if (!charset->iconv)
        return NULL;
    iconv = iconv_open("UTF-8", charset->iconv);
    if ((intptr_t)iconv == -1 && (errno == ENOMEM || !has_room_for_module()))
        memory_exhausted();
    if ((intptr_t)iconv == -1)
        return NULL;
    conversion = memory_get(sizeof(*conversion));
    conversion->iconv = iconv;
    conversion->charset = charset;
    conversion->held_bytes = 0;
    return conversion;
}

static void put_char(struct conversion_output *output, uint32_t character)
{
    char *end = utf8_put(output->at, character);

    output->room -= (size_t)(end - output->at);
    output->at = end;
}

/* What the standard makes of a byte that iconv refuses at the beginning of a character: the euro sign of
   Microsoft's gbk; of an old set of Windows the control of the same number, where it has no character;
   a point of Hebrew that the C library has not. 0: it is wrong in the standard too. */
static unsigned char_of_refused(const struct charset *charset, unsigned char byte)
{
    bool windows = charset->form == CHARSET_SINGLE && !strncmp(charset->name, "windows-", 8);

    if (byte == 0x80 && !strcmp(charset->iconv, "GB18030"))
        return 0x20ac;
    if (byte == 0xca && !strcmp(charset->iconv, "CP1255"))
        return 0x05ba;
    if ((byte == 0x80 && !strcmp(charset->iconv, "CP932")) ||
        (windows && byte >= 0x80 && byte < 0xa0))
        return byte;
    return 0;
}

/* Some converters keep a character until they know that nothing combines with it. */
static void put_kept(struct conversion *conversion, struct conversion_output *output)
{
    iconv(conversion->iconv, NULL, NULL, &output->at, &output->room);
}

/* iconv refused what stands at `at`: how many bytes of it one U+FFFD stands for. A byte that could
   begin a character takes the next one with it, unless that is good by itself. */
static size_t bad_bytes(struct conversion *conversion, const char *at, size_t left)
{
    unsigned char first = (unsigned char)at[0], second = left > 1 ? (unsigned char)at[1] : 0;
    char one = at[0], *in = &one, nowhere[CONVERSION_ROOM], *out = nowhere;
    size_t in_left = 1, room = sizeof(nowhere);
    bool begins_one =
        iconv(conversion->iconv, &in, &in_left, &out, &room) == (size_t)-1 && errno == EINVAL;

    if (left < 2 || !begins_one)
        return 1;
    switch (conversion->charset->form) {
    case CHARSET_SINGLE: break;
    case CHARSET_MULTI: return second >= 0x80 ? 2 : 1;
    case CHARSET_WIDE: return 2;
    case CHARSET_SHIFTED: return first > ' ' && second > ' ' && second < 0x7f ? 2 : 1;
    }
    return 1;
}

/* Converts what is held, until the rest is an incomplete character. */
static void convert_held(struct conversion *conversion, struct conversion_output *output)
{
    char *in = conversion->held;
    size_t left = conversion->held_bytes, bad;
    unsigned code;

    while (left && iconv(conversion->iconv, &in, &left, &output->at, &output->room) == (size_t)-1) {
        if (errno != EILSEQ)
            break;
        if (conversion->charset->form != CHARSET_SHIFTED)
            put_kept(conversion, output); /* this would undo a shift */
        code = char_of_refused(conversion->charset, (unsigned char)*in);
        bad = code ? 1 : bad_bytes(conversion, in, left);
        put_char(output, code ? code : UTF8_REPLACEMENT);
        in += bad;
        left -= bad;
    }
    if (left == sizeof(conversion->held)) /* no character is so long */
        left = 0;
    memmove(conversion->held, in, left);
    conversion->held_bytes = left;
}

size_t conversion_step(struct conversion *conversion, const unsigned char **bytes, size_t *count,
                       unsigned char *to)
{
    struct conversion_output output = {(char *)to, CONVERSION_ROOM};
    size_t room = sizeof(conversion->held) - conversion->held_bytes;
    size_t taken = *count < room ? *count : room;

    memcpy(conversion->held + conversion->held_bytes, *bytes, taken);
    conversion->held_bytes += taken;
    *bytes += taken;
    *count -= taken;
    convert_held(conversion, &output);
    return CONVERSION_ROOM - output.room;
}

size_t conversion_end(struct conversion *conversion, bool cut, unsigned char *to)
{
    struct conversion_output output = {(char *)to, CONVERSION_ROOM};

    put_kept(conversion, &output);
    if (conversion->held_bytes && !cut)
        put_char(&output, UTF8_REPLACEMENT);
    conversion->held_bytes = 0;
    return CONVERSION_ROOM - output.room;
}

void conversion_free(struct conversion *conversion)
{
    if (!conversion)
        return;
    iconv_close(conversion->iconv);
    free(conversion);
}

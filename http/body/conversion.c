/*
 * iconv gets a few bytes at a time, and always enough output space for them. Rejected: letting it
 * stop when the output is full; the C library then has to undo work, which has often been faulty.
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
#define MAX_INPUT_BYTES   64 /* input bytes for one call of iconv */

/* A byte becomes at most one character of three bytes (longer characters come from two bytes), and
   a character that the converter kept may precede it. */
_Static_assert(CONVERSION_ROOM >= 4 * MAX_INPUT_BYTES + 64, "iconv always has enough space");

struct conversion {
    iconv_t iconv;
    const struct charset *charset;
    char pending[MAX_INPUT_BYTES]; /* an incomplete character */
    size_t pending_bytes;
};

/* The output of one step. */
struct conversion_output {
    char *at;
    size_t room;
};

/* Whether memory for an iconv module, the largest with its tables, is available. glibc returns
   EINVAL without memory for a module, as it does for an unknown set. */
static bool has_room_for_module(void)
{
    /* volatile prevents its removal by the optimizer */
    void *volatile room = malloc(MODULE_ROOM_BYTES);

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
    conversion->pending_bytes = 0;
    return conversion;
}

static void put_char(struct conversion_output *output, uint32_t character)
{
    char *end = utf8_put(output->at, character);

    output->room -= (size_t)(end - output->at);
    output->at = end;
}

/* The standard's character for a byte that iconv refuses at the start of a character: the euro sign
   of Microsoft's gbk; a control character for an unassigned byte of an old Windows set; a Hebrew
   point that the C library lacks. 0: the byte is invalid in the standard too. */
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

/* Writes the character that some converters keep until they know that nothing combines with it. */
static void put_kept(struct conversion *conversion, struct conversion_output *output)
{
    iconv(conversion->iconv, NULL, NULL, &output->at, &output->room);
}

/* The number of invalid bytes at `at` that one U+FFFD replaces. A byte that could begin a character
   includes the next one, unless that one is valid alone. */
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

/* Converts the pending bytes, until the rest is an incomplete character. */
static void convert_pending(struct conversion *conversion, struct conversion_output *output)
{
    char *in = conversion->pending;
    size_t left = conversion->pending_bytes, bad;
    unsigned code;

    while (left && iconv(conversion->iconv, &in, &left, &output->at, &output->room) == (size_t)-1) {
        if (errno != EILSEQ)
            break;
        if (conversion->charset->form != CHARSET_SHIFTED)
            put_kept(conversion, output); /* not for shifted sets: it would reset the shift state */
        code = char_of_refused(conversion->charset, (unsigned char)*in);
        bad = code ? 1 : bad_bytes(conversion, in, left);
        put_char(output, code ? code : UTF8_REPLACEMENT);
        in += bad;
        left -= bad;
    }
    if (left == sizeof(conversion->pending)) /* no character is this long */
        left = 0;
    memmove(conversion->pending, in, left);
    conversion->pending_bytes = left;
}

size_t conversion_step(struct conversion *conversion, const unsigned char **bytes, size_t *count,
                       unsigned char *to)
{
    struct conversion_output output = {(char *)to, CONVERSION_ROOM};
    size_t room = sizeof(conversion->pending) - conversion->pending_bytes;
    size_t taken = *count < room ? *count : room;

    memcpy(conversion->pending + conversion->pending_bytes, *bytes, taken);
    conversion->pending_bytes += taken;
    *bytes += taken;
    *count -= taken;
    convert_pending(conversion, &output);
    return CONVERSION_ROOM - output.room;
}

size_t conversion_end(struct conversion *conversion, bool cut, unsigned char *to)
{
    struct conversion_output output = {(char *)to, CONVERSION_ROOM};

    put_kept(conversion, &output);
    if (conversion->pending_bytes && !cut)
        put_char(&output, UTF8_REPLACEMENT);
    conversion->pending_bytes = 0;
    return CONVERSION_ROOM - output.room;
}

void conversion_free(struct conversion *conversion)
{
    if (!conversion)
        return;
    iconv_close(conversion->iconv);
    free(conversion);
}

/* A decoder that knows no locale, and the three ways in which text leaves the program. */
#include "cli/text.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT UINT32_C(0xfffd)

/* What the first byte of a sequence says: its length, its payload, and the range of the second byte,
   which keeps out surrogates, overlong forms and what is over U+10FFFF. 0: not a first byte. */
static size_t lead(unsigned char byte, uint32_t *bits, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) {
        *bits = byte & 0x1fu;
        return 2;
    }
    if (byte >= 0xe0 && byte <= 0xef) {
        *bits = byte & 0x0fu;
        *low = byte == 0xe0 ? 0xa0 : 0x80;
        *high = byte == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (byte >= 0xf0 && byte <= 0xf4) {
        *bits = byte & 0x07u;
        *low = byte == 0xf0 ? 0x90 : 0x80;
        *high = byte == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

size_t text_next(const unsigned char *bytes, size_t length, uint32_t *character)
{
    unsigned char low, high;
    uint32_t bits = 0;
    size_t size, taken = 1;

    *character = bytes[0];
    if (bytes[0] < 0x80)
        return 1;
    size = lead(bytes[0], &bits, &low, &high);
    for (; taken < size && taken < length; taken++) {
        if (bytes[taken] < low || bytes[taken] > high)
            break;
        bits = bits << 6 | (bytes[taken] & 0x3fu);
        low = 0x80;
        high = 0xbf;
    }
    *character = taken == size ? bits : REPLACEMENT;
    return taken;
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* Marks that reorder what stands around them (Unicode, bidirectional formatting), and the two
   separators that end a line. */
static bool is_disguise(uint32_t character)
{
    return (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069) || character == 0x200e ||
           character == 0x200f || character == 0x061c || character == 0x2028 || character == 0x2029;
}

static void put(FILE *to, uint32_t character)
{
    if (character < 0x80) {
        putc_unlocked((int)character, to);
    } else if (character < 0x800) {
        putc_unlocked((int)(0xc0 | character >> 6), to);
        putc_unlocked((int)(0x80 | (character & 0x3f)), to);
    } else {
        if (character < 0x10000) {
            putc_unlocked((int)(0xe0 | character >> 12), to);
        } else {
            putc_unlocked((int)(0xf0 | character >> 18), to);
            putc_unlocked((int)(0x80 | (character >> 12 & 0x3f)), to);
        }
        putc_unlocked((int)(0x80 | (character >> 6 & 0x3f)), to);
        putc_unlocked((int)(0x80 | (character & 0x3f)), to);
    }
}

/* How many bytes from `at` on are plain in any form: printable ASCII without quote and backslash. */
static size_t plain_run(const unsigned char *at, size_t length)
{
    size_t run = 0;

    while (run < length && at[run] >= ' ' && at[run] < 0x7f && at[run] != '"' && at[run] != '\\')
        run++;
    return run;
}

static size_t columns_of(uint32_t character)
{
    return is_control(character)    ? sizeof("\\x1b") - 1
           : is_disguise(character) ? sizeof("\\u202e") - 1
                                    : 1;
}

static void show(FILE *to, uint32_t character)
{
    if (is_control(character))
        fprintf(to, "\\x%02x", (unsigned)character);
    else if (is_disguise(character))
        fprintf(to, "\\u%04x", (unsigned)character);
    else
        put(to, character);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Writes characters until one is over the limits. Returns the columns. */
static size_t show_within(FILE *to, const unsigned char *at, size_t length, size_t most,
                          size_t width)
{
    const unsigned char *end = at + length;
    size_t columns = 0;

    for (size_t i = 0; at < end && i < most && columns < width; i++) {
        size_t left = (size_t)(end - at), room = width - columns;
        size_t run = plain_run(at, least(left, least(most - i, room)));
        uint32_t character;

        if (run) {
            fwrite_unlocked(at, 1, run, to);
            at += run;
            columns += run;
            i += run - 1;
            continue;
        }
        at += text_next(at, left, &character);
        if (columns_of(character) > room)
            break;
        show(to, character);
        columns += columns_of(character);
    }
    return columns;
}

size_t text_show(FILE *to, const void *bytes, size_t length, size_t most)
{
    return show_within(to, bytes, length, most, SIZE_MAX);
}

static void put_json(FILE *to, uint32_t character)
{
    switch (character) {
    case '"': fputs_unlocked("\\\"", to); return;
    case '\\': fputs_unlocked("\\\\", to); return;
    case '\n': fputs_unlocked("\\n", to); return;
    case '\r': fputs_unlocked("\\r", to); return;
    case '\t': fputs_unlocked("\\t", to); return;
    default: break;
    }
    if (is_control(character) || is_disguise(character))
        fprintf(to, "\\u%04x", (unsigned)character);
    else
        put(to, character);
}

void text_json(FILE *to, const void *bytes, size_t length, size_t most)
{
    const unsigned char *at = bytes, *end = at + length;

    putc_unlocked('"', to);
    for (size_t i = 0; at < end && i < most; i++) {
        size_t left = (size_t)(end - at), run = plain_run(at, least(left, most - i));
        uint32_t character;

        fwrite_unlocked(at, 1, run, to);
        at += run;
        i += run;
        if (at == end || i == most)
            break;
        at += text_next(at, (size_t)(end - at), &character);
        put_json(to, character);
    }
    putc_unlocked('"', to);
}

void text_column(FILE *to, const char *text, size_t width)
{
    size_t columns = show_within(to, (const unsigned char *)text, strlen(text), TEXT_ALL, width);

    for (; columns < width; columns++)
        putc_unlocked(' ', to);
}

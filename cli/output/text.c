/*
 * Escapes text for each kind of output. libutf8proc has the width of a character. Rejected:
 * wcwidth. It depends on a locale, which this program does not set and a machine may lack.
 */
#include "cli/output/text.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

#define FIRST_MARK 0x300 /* the first combining character */

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* Whether a character reorders others (bidirectional formatting), or separates lines (U+2028/9). */
static bool is_reordering(uint32_t character)
{
    return (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069) || character == 0x200e ||
           character == 0x200f || character == 0x061c || character == 0x2028 || character == 0x2029;
}

static void put(FILE *to, uint32_t character)
{
    char bytes[4];

    fwrite_unlocked(bytes, 1, (size_t)(utf8_put(bytes, character) - bytes), to);
}

/* The number of bytes that need no escaping in any format: ASCII without quote and backslash. */
static size_t plain_run(const unsigned char *at, size_t length)
{
    size_t run = 0;

    while (run < length && at[run] >= ' ' && at[run] < 0x7f && at[run] != '"' && at[run] != '\\')
        run++;
    return run;
}

/* Vowels and final consonants of Hangul, which are drawn into the syllable before them. */
static bool is_conjoining(uint32_t character)
{
    return character >= 0x1160 && character <= 0x11ff;
}

/* Planes whose unassigned characters are wide too (Unicode Standard Annex 11). */
static bool is_wide_plane(uint32_t character)
{
    return character >= 0x20000 && character <= 0x3fffd;
}

size_t text_columns(uint32_t character)
{
    if (is_control(character))
        return sizeof("\\x1b") - 1;
    if (character < FIRST_MARK)
        return 1;
    if (is_reordering(character))
        return sizeof("\\u202e") - 1;
    if (is_conjoining(character))
        return 0;
    return is_wide_plane(character) ? 2 : (size_t)utf8proc_charwidth((int32_t)character);
}

/* Writes a backslash, `letter`, and the character in hexadecimal digits. */
static void put_escape(FILE *to, char letter, uint32_t character, int digits)
{
    putc_unlocked('\\', to);
    putc_unlocked(letter, to);
    while (digits-- > 0)
        putc_unlocked("0123456789abcdef"[character >> 4 * digits & 0xf], to);
}

static void show(FILE *to, uint32_t character)
{
    if (is_control(character))
        put_escape(to, 'x', character, 2);
    else if (is_reordering(character))
        put_escape(to, 'u', character, 4);
    else
        put(to, character);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Writes characters up to both limits, others than plain ones by put_one. Returns their columns. */
static size_t put_within(FILE *to, const void *bytes, size_t length, size_t max, size_t width,
                         void (*put_one)(FILE *to, uint32_t character))
{
    const unsigned char *at = bytes, *end = at + length;
    size_t columns = 0;

    /* combining characters may follow the last column */
    for (size_t i = 0; at < end && i < max; i++) {
        size_t left = (size_t)(end - at), room = width - columns;
        size_t run = plain_run(at, smaller(left, smaller(max - i, room)));
        uint32_t character;
        bool whole;

        if (run) {
            fwrite_unlocked(at, 1, run, to);
            at += run;
            columns += run;
            i += run - 1;
            continue;
        }
        at += utf8_next(at, left, &character, &whole);
        if (text_columns(character) > room)
            break;
        put_one(to, character);
        columns += text_columns(character);
    }
    return columns;
}

size_t text_show(FILE *to, const void *bytes, size_t length, size_t max)
{
    return put_within(to, bytes, length, max, SIZE_MAX, show);
}

size_t text_width(const void *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = at + length;
    size_t columns = 0;

    while (at < end) {
        uint32_t character;
        bool whole;

        at += utf8_next(at, (size_t)(end - at), &character, &whole);
        columns += text_columns(character);
    }
    return columns;
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
    if (is_control(character) || is_reordering(character))
        put_escape(to, 'u', character, 4);
    else
        put(to, character);
}

void text_json(FILE *to, const void *bytes, size_t length, size_t max)
{
    putc_unlocked('"', to);
    put_within(to, bytes, length, max, SIZE_MAX, put_json);
    putc_unlocked('"', to);
}

static void put_csv(FILE *to, uint32_t character)
{
    if (character == '"')
        putc_unlocked('"', to);
    show(to, character);
}

/* Whether a spreadsheet takes this first character, in some also full-width, for a formula. */
static bool begins_formula(uint32_t character)
{
    return character == '=' || character == '+' || character == '-' || character == '@' ||
           character == 0xff1d || character == 0xff0b || character == 0xff0d || character == 0xff20;
}

void text_csv(FILE *to, const void *bytes, size_t length, size_t max)
{
    uint32_t first = ' ';
    bool whole;

    if (length && max)
        utf8_next(bytes, length, &first, &whole);
    putc_unlocked('"', to);
    if (begins_formula(first))
        putc_unlocked('\'', to);
    put_within(to, bytes, length, max, SIZE_MAX, put_csv);
    putc_unlocked('"', to);
}

void text_cell(FILE *to, const void *bytes, size_t length, size_t max, size_t width)
{
    size_t columns = put_within(to, bytes, length, max, width, show);

    for (; columns < width; columns++)
        putc_unlocked(' ', to);
}

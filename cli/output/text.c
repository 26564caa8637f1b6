/*
 * A decoder that knows no locale, and the ways in which text leaves the program. For the width of a
 * character wcwidth was rejected: it asks a locale, which the program has none of and a machine may
 * lack. The short tables here know whole blocks and the marks of the scripts most in use; terminals
 * do not agree among themselves on more.
 */
#include "cli/output/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define REPLACEMENT UINT32_C(0xfffd)

struct range {
    uint32_t first, last;
};

/* Marks that are drawn upon the character before them, and signs that are not drawn at all: those of
   Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Bengali, Tamil, Thai, Lao, Hangul, Kana. */
static const struct range zero_columns[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf}, {0x05c1, 0x05c2},
    {0x05c4, 0x05c5},   {0x05c7, 0x05c7}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670},
    {0x06d6, 0x06dc},   {0x06df, 0x06e4}, {0x06e7, 0x06e8}, {0x06ea, 0x06ed}, {0x0900, 0x0902},
    {0x093a, 0x093a},   {0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0951, 0x0957},
    {0x0962, 0x0963},   {0x0981, 0x0981}, {0x09bc, 0x09bc}, {0x09c1, 0x09c4}, {0x09cd, 0x09cd},
    {0x0bc0, 0x0bc0},   {0x0bcd, 0x0bcd}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x0eb1, 0x0eb1},   {0x0eb4, 0x0ebc}, {0x0ec8, 0x0ecd}, {0x1160, 0x11ff}, {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},   {0x200b, 0x200d}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x302a, 0x302d},
    {0x3099, 0x309a},   {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0001, 0xe007f},
    {0xe0100, 0xe01ef},
};

/* East Asian Wide and Fullwidth (Unicode, annex 11); most of the emoji are. */
static const struct range two_columns[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4c6},   {0xa960, 0xa97c},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},
    {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x1b2fb}, {0x1f004, 0x1f004},
    {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f64f},
    {0x1f680, 0x1f6fc}, {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff},
    {0x20000, 0x3fffd},
};

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

static int compare(const void *key, const void *element)
{
    const uint32_t *character = key;
    const struct range *range = element;

    return *character < range->first ? -1 : *character > range->last;
}

#define AMONG(character, ranges)                                                                   \
    bsearch(&(character), ranges, sizeof(ranges) / sizeof(*(ranges)), sizeof(*(ranges)), compare)

size_t text_columns(uint32_t character)
{
    if (is_control(character))
        return sizeof("\\x1b") - 1;
    if (character < zero_columns[0].first)
        return 1;
    if (is_disguise(character))
        return sizeof("\\u202e") - 1;
    if (AMONG(character, zero_columns))
        return 0;
    return AMONG(character, two_columns) ? 2 : 1;
}

/* A backslash, `letter`, and the character in hexadecimal digits. */
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
    else if (is_disguise(character))
        put_escape(to, 'u', character, 4);
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

    for (size_t i = 0; at < end && i < most; i++) { /* marks may follow the last column */
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
        if (text_columns(character) > room)
            break;
        show(to, character);
        columns += text_columns(character);
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
        put_escape(to, 'u', character, 4);
    else
        put(to, character);
}

/* Writes characters: those that are not plain by put_one. */
static void put_all(FILE *to, const void *bytes, size_t length, size_t most,
                    void (*put_one)(FILE *to, uint32_t character))
{
    const unsigned char *at = bytes, *end = at + length;

    for (size_t i = 0; at < end && i < most; i++) {
        size_t left = (size_t)(end - at), run = plain_run(at, least(left, most - i));
        uint32_t character;

        fwrite_unlocked(at, 1, run, to);
        at += run;
        i += run;
        if (at == end || i == most)
            break;
        at += text_next(at, (size_t)(end - at), &character);
        put_one(to, character);
    }
}

void text_json(FILE *to, const void *bytes, size_t length, size_t most)
{
    putc_unlocked('"', to);
    put_all(to, bytes, length, most, put_json);
    putc_unlocked('"', to);
}

static void put_csv(FILE *to, uint32_t character)
{
    if (character == '"')
        putc_unlocked('"', to);
    show(to, character);
}

/* What a spreadsheet takes for the beginning of a formula; full-width forms too, which some fold. */
static bool begins_formula(uint32_t character)
{
    return character == '=' || character == '+' || character == '-' || character == '@' ||
           character == 0xff1d || character == 0xff0b || character == 0xff0d || character == 0xff20;
}

void text_csv(FILE *to, const void *bytes, size_t length, size_t most)
{
    uint32_t first = ' ';

    if (length && most)
        text_next(bytes, length, &first);
    putc_unlocked('"', to);
    if (begins_formula(first))
        putc_unlocked('\'', to);
    put_all(to, bytes, length, most, put_csv);
    putc_unlocked('"', to);
}

void text_cell(FILE *to, const void *bytes, size_t length, size_t most, size_t width)
{
    size_t columns = show_within(to, bytes, length, most, width);

    for (; columns < width; columns++)
        putc_unlocked(' ', to);
}

void text_column(FILE *to, const char *text, size_t width)
{
    text_cell(to, text, strlen(text), TEXT_ALL, width);
}

char *text_complaint(const char *subject, const char *why)
{
    return memory_print("%s: %s", subject, why);
}

/*
 * Makes text from the network safe to show. Control and escape characters, C1 included, are shown
 * as \x1b; characters that change the direction of writing as \u202e; bytes that are not UTF-8 as
 * U+FFFD. Limits count characters: a character is never cut.
 */
#ifndef CLI_OUTPUT_TEXT_H
#define CLI_OUTPUT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_ALL SIZE_MAX

/* Writes a few bytes unchanged. For short texts this is faster than fwrite. */
static inline void text_plain(FILE *to, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        putc_unlocked(bytes[i], to);
}

/* The columns of a character on a terminal: the length of its escape, 0 for a combining character,
   2 for a wide East Asian one, else 1. */
size_t text_columns(uint32_t character);

/* The columns that text_show takes for the whole text. */
size_t text_width(const void *bytes, size_t length);

/* Writes at most `max` characters for a terminal or a log. Returns the columns that they take. */
size_t text_show(FILE *to, const void *bytes, size_t length, size_t max);

/* Writes at most `max` characters as a JSON string with quotes (RFC 8259). */
void text_json(FILE *to, const void *bytes, size_t length, size_t max);

/* Writes at most `max` characters, escaped, as a cell with quotes (RFC 4180). A ' is put before
   text that a spreadsheet would read as a formula: it begins with = + - or @. TAB and CR, which
   have the same effect, are written as \x09 and \x0d. */
void text_csv(FILE *to, const void *bytes, size_t length, size_t max);

/* Writes at most `max` characters, escaped, padded or cut to `width` columns. */
void text_cell(FILE *to, const void *bytes, size_t length, size_t max, size_t width);

#endif

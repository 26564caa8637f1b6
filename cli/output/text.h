/*
 * Text that came from a stranger, made fit to be shown. Control and escape characters, C1 included,
 * are shown as \x1b; the marks that turn the direction of writing as \u202e; bytes that are not
 * UTF-8 as U+FFFD. Ten characters are ten characters: never bytes, never cut inside one.
 */
#ifndef CLI_OUTPUT_TEXT_H
#define CLI_OUTPUT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_ALL SIZE_MAX

/* Writes a few bytes as they are: of names and numbers, a call of fwrite would cost more than all
   else. */
static inline void text_plain(FILE *to, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        putc_unlocked(bytes[i], to);
}

/* How many columns a character takes on a terminal when it is shown: all of its escape, 0 for a
   mark upon the character before it, 2 for an East Asian wide one, else 1. */
size_t text_columns(uint32_t character);

/* Writes at most `most` characters for a terminal or a log. Returns how many columns they take
   there. */
size_t text_show(FILE *to, const void *bytes, size_t length, size_t max);

/* Writes at most `most` characters as a JSON string in its quotes (RFC 8259). */
void text_json(FILE *to, const void *bytes, size_t length, size_t max);

/* Writes at most `most` characters, shown, as a cell in its quotes (RFC 4180). One that a
   spreadsheet would take for a formula, for it begins with = + - or @, is put behind a '. TAB and
   CR, which do the same, are shown as \x09 and \x0d. */
void text_csv(FILE *to, const void *bytes, size_t length, size_t max);

/* Writes at most `most` characters, shown, padded to `width` columns, or cut before the character
   that goes beyond. */
void text_cell(FILE *to, const void *bytes, size_t length, size_t max, size_t width);

#endif

/*
 * Finds invisible errors that editors, clipboards and other systems leave in a list: encodings that
 * are not UTF-8, stray CRs, blanks that are not U+0020, invisible characters. A URL parser would
 * remove or encode them, and another page would be fetched.
 */
#ifndef CLI_LIST_STRAY_H
#define CLI_LIST_STRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Returns NULL, or a sentence that names the encoding, if the first bytes of a list are UTF-16 or
   UTF-32, with or without a byte order mark. */
const char *stray_encoding(const char *bytes, size_t length);

/* Returns NULL, or a sentence if the line, without its line end, contains a CR. */
const char *stray_line_end(const char *line, size_t length);

/* Returns NULL, or a sentence that names the stray character at `at`. `end` is the end of the
   line. */
const char *stray_character(const char *at, const char *end);

#endif

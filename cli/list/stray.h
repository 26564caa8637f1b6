/*
 * What editors, clipboards and other systems leave in a list without being visible: encodings that are not
 * UTF-8, line ends that are none here, blanks that look like blanks and are not, invisible characters.
 * A URL parser would drop or encode them, and another page would be fetched.
 */
#ifndef CLI_LIST_STRAY_H
#define CLI_LIST_STRAY_H

#include <stdbool.h>
#include <stddef.h>

/* NULL, or a sentence that names the encoding: the first bytes of a list are UTF-16 or UTF-32, with or
   without a byte order mark. */
const char *stray_encoding(const char *bytes, size_t length);

/* NULL, or a sentence: there is a CR in the line, which has no line end any more. */
const char *stray_line_end(const char *line, size_t length);

/* NULL, or a sentence that names the character which begins at `at`; `end` is the line's. */
const char *stray_character(const char *at, const char *end);

#endif

/* UTF-8 (RFC 3629), one character at a time. No locale is asked. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT UINT32_C(0xfffd) /* is shown for what is no character */

/* Reads one character from `count` bytes, over 0. Returns how many it has; where they are not UTF-8, how
   many the maximal part of one has (Unicode, section 3.9), and *character is UTF8_REPLACEMENT. *whole is
   false where the bytes end before the character does. */
size_t utf8_next(const unsigned char *bytes, size_t count, uint32_t *character, bool *whole);

/* Writes a character in 1 to 4 bytes and returns where they end. */
char *utf8_put(char *to, uint32_t character);

#endif

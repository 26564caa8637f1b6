/* UTF-8 (RFC 3629), one character at a time, independent of the locale. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT UINT32_C(0xfffd) /* replaces bytes that are not UTF-8 */

/* Decodes one character from `count` bytes, at least one, and returns its length in bytes. If the
   bytes are not UTF-8, sets *character to UTF8_REPLACEMENT and returns the length of the maximal
   subpart (Unicode, section 3.9). *whole is false if the bytes end inside the character. */
size_t utf8_next(const unsigned char *bytes, size_t count, uint32_t *character, bool *whole);

/* Writes a character in 1 to 4 bytes and returns the end of them. */
char *utf8_put(char *to, uint32_t character);

#endif

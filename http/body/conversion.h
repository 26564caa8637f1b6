/* Converts a text to UTF-8 with the C library's iconv, from pieces of any size. */
#ifndef HTTP_BODY_CONVERSION_H
#define HTTP_BODY_CONVERSION_H

#include "http/body/charset.h"

/* The maximum output of one step, including pending bytes. */
#define CONVERSION_ROOM 512

/* A conversion. Invalid input becomes U+FFFD. */
struct conversion;

/* NULL: the C library does not have this character set, or it is UTF-8. Free with conversion_free.
   Takes less than a microsecond. */
struct conversion *conversion_new(const struct charset *charset);

/* Converts at least one of the bytes; *bytes and *count advance past the consumed ones. An
   incomplete character at the end is kept for the next step. Returns the number of bytes written to
   `to`, which has space for CONVERSION_ROOM; they are complete characters of valid UTF-8. */
size_t conversion_step(struct conversion *conversion, const unsigned char **bytes, size_t *count,
                       unsigned char *to);

/* Ends the text: writes pending bytes. `cut`: the text is truncated, and an incomplete character is
   omitted. */
size_t conversion_end(struct conversion *conversion, bool cut, unsigned char *to);

/* NULL is allowed. */
void conversion_free(struct conversion *conversion);

#endif

/* A text converted to UTF-8 by the C library's iconv, in pieces cut anywhere. */
#ifndef HTTP_BODY_CONVERSION_H
#define HTTP_BODY_CONVERSION_H

#include "http/body/charset.h"

/* Room for what one step may make: its bytes, and what was held back before. */
#define CONVERSION_ROOM 512

/* A conversion under way. What is not a character becomes U+FFFD. */
struct conversion;

/* NULL: the C library has not this character set (or it is UTF-8). Ended by conversion_free. Takes
   less than a microsecond. */
struct conversion *conversion_new(const struct charset *charset);

/* Converts some of the bytes, at least one; *bytes and *count move on past them. An incomplete
   character at the end is held back. Returns how many bytes were written to `to`, which has room for
   CONVERSION_ROOM; they are whole characters of valid UTF-8. */
size_t conversion_step(struct conversion *conversion, const unsigned char **bytes, size_t *count,
                       unsigned char *to);

/* The text ends here: writes what was held back. `cut`: the end is not the text's own, and an
   incomplete character is left out. */
size_t conversion_end(struct conversion *conversion, bool cut, unsigned char *to);

/* NULL is allowed. */
void conversion_free(struct conversion *conversion);

#endif

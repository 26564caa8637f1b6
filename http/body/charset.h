/*
 * The character set of a body: recognised as the WHATWG's Encoding and HTML standards do it (its
 * label, a byte order mark, what a page says of itself), and converted to UTF-8 by the C library's
 * iconv. A label is looked up in a table of ours and never reaches iconv.
 */
#ifndef HTTP_BODY_CHARSET_H
#define HTTP_BODY_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#define CHARSET_SCAN_BYTES 1024 /* of a page, in which it may say its character set */

struct charset {
    const char *name;   /* "windows-1252": the standard's own, in lower case */
    const char *iconv;  /* its name there; NULL: UTF-8, which needs no conversion */
    const char *labels; /* what else it is called, in lower case between blanks */
    enum {
        CHARSET_SINGLE,  /* a byte a character */
        CHARSET_MULTI,   /* one byte, or several of which the first is over 0x7f */
        CHARSET_WIDE,    /* two bytes, or twice two */
        CHARSET_SHIFTED, /* escape sequences change what a byte means */
    } form;
};

extern const struct charset charset_utf8;

/* By a label, in any case, with or without white space around. NULL: none that is known. */
const struct charset *charset_of_label(const char *label, size_t length);

/* What a Content-Type field declares (RFC 9110, section 8.3.2), quoted or not. NULL: nothing, or a
   label that is not known. The field may be NULL. */
const struct charset *charset_of_type(const char *content_type);

/* Is a body of this type a page that may say its character set itself? HTML, XML, and what has no
   type; not text/plain, JSON, images. The field may be NULL. */
bool charset_is_page(const char *content_type);

enum charset_mark {
    CHARSET_NO_MARK,
    CHARSET_MAYBE_MARK, /* too few bytes to tell */
    CHARSET_MARK,
};

/* Does the body begin with a byte order mark? Then *charset is set, and *mark_bytes to its length. */
enum charset_mark charset_of_mark(const unsigned char *bytes, size_t count,
                                  const struct charset **charset, size_t *mark_bytes);

/* What a page says in its first bytes, of which CHARSET_SCAN_BYTES at most are looked at: in a meta
   element, or in its XML declaration. NULL: nothing. */
const struct charset *charset_scan(const unsigned char *bytes, size_t count);

/* Room for what one conversion may make: its bytes, and what was held back before. */
#define CHARSET_ROOM 512

/* A conversion to UTF-8 under way. What is not a character becomes U+FFFD. */
struct conversion;

/* NULL: the C library has not this character set (or it is UTF-8). Ended by conversion_free. Takes
   less than a microsecond. */
struct conversion *conversion_new(const struct charset *charset);

/* Converts some of the bytes, at least one; *bytes and *count move on past them. An incomplete
   character at the end is held back. Returns how many bytes were written to `to`, which has room for
   CHARSET_ROOM; they are whole characters of valid UTF-8. */
size_t conversion_step(struct conversion *conversion, const unsigned char **bytes, size_t *count,
                       unsigned char *to);

/* The text ends here: writes what was held back. `cut`: the end is not the text's own, and an
   incomplete character is left out. */
size_t conversion_end(struct conversion *conversion, bool cut, unsigned char *to);

/* NULL is allowed. */
void conversion_free(struct conversion *conversion);

/* How many of `count` bytes, over 0, are the next character, or, where they are not UTF-8, the
   maximal part of one, shown as one U+FFFD (Unicode, section 3.9). *whole is false where the bytes end
   before the character does. */
size_t utf8_next(const unsigned char *bytes, size_t count, bool *whole);

#endif

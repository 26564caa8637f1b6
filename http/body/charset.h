/*
 * The character set of a body, recognised as the WHATWG's Encoding standard does it: by a label, or by a
 * byte order mark. A label is looked up in a table of ours and never reaches iconv. What a page says of
 * itself is http/body/page_charset.h's, the conversion http/body/conversion.h's.
 */
#ifndef HTTP_BODY_CHARSET_H
#define HTTP_BODY_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/span.h"

struct charset {
    const char *name;   /* "windows-1252": the standard's own, in lower case */
    const char *iconv;  /* its name there; NULL: UTF-8, which needs no conversion */
    const char *labels; /* what else it is called, in lower case, separated by blanks */
    enum {
        CHARSET_SINGLE,  /* a byte a character */
        CHARSET_MULTI,   /* one byte, or several of which the first is over 0x7f */
        CHARSET_WIDE,    /* two bytes, or twice two */
        CHARSET_SHIFTED, /* escape sequences change what a byte means */
    } form;
};

extern const struct charset charset_utf8;

/* White space around a label, and in a page. */
static inline bool is_html_space(char byte)
{
    return is_blank(byte) || byte == '\n' || byte == '\f' || byte == '\r';
}

/* By a label, in any case, with or without white space around. NULL: none that is known. */
const struct charset *charset_of_label(struct span label);

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

#endif

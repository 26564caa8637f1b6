/*
 * The character set of a body, determined as in the WHATWG Encoding standard: by a label, or by a
 * byte order mark. A label is looked up in a table and never passed to iconv.
 * http/body/page_charset.h finds the declaration inside a page, http/body/conversion.h converts.
 */
#ifndef HTTP_BODY_CHARSET_H
#define HTTP_BODY_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/span.h"

struct charset {
    const char *name;   /* "windows-1252": the name in the standard, in lower case */
    const char *iconv;  /* the name for iconv; NULL: UTF-8, which needs no conversion */
    const char *labels; /* other labels, in lower case, separated by blanks */
    enum {
        CHARSET_SINGLE,  /* one byte per character */
        CHARSET_MULTI,   /* one byte, or several, the first above 0x7f */
        CHARSET_WIDE,    /* two or four bytes */
        CHARSET_SHIFTED, /* escape sequences change the meaning of bytes */
    } form;
};

extern const struct charset charset_utf8;

/* White space around a label and in a page. */
static inline bool is_html_space(char byte)
{
    return is_blank(byte) || byte == '\n' || byte == '\f' || byte == '\r';
}

/* Finds a label, without regard to case or white space around it. NULL: unknown. */
const struct charset *charset_of_label(struct span label);

/* The charset parameter of a Content-Type field (RFC 9110, section 8.3.2), quoted or not. NULL:
   none, or an unknown label. The field may be NULL. */
const struct charset *charset_of_type(const char *content_type);

/* Whether a body of this type is a page that may declare its character set: HTML, XML, or no type;
   not text/plain, JSON, images. The field may be NULL. */
bool charset_is_page(const char *content_type);

enum charset_mark {
    CHARSET_NO_MARK,
    CHARSET_MAYBE_MARK, /* too few bytes to decide */
    CHARSET_MARK,
};

/* Looks for a byte order mark at the start of the body. If there is one, sets *charset, and
   *mark_bytes to its length. */
enum charset_mark charset_of_mark(const unsigned char *bytes, size_t count,
                                  const struct charset **charset, size_t *mark_bytes);

#endif

/*
 * The first characters of a body as UTF-8 text. Content codings are removed, and the character set
 * is determined and converted, only as far as needed. The body arrives in pieces of any
 * size, and the text does not depend on them.
 *
 * The character set is that of a byte order mark; else of Content-Type; else of the page's own
 * declaration in its first 1024 bytes; else UTF-8. A UTF-8 text is unchanged: its invalid bytes
 * count as the U+FFFD that they are shown as. Any other text becomes valid UTF-8.
 *
 * A short text of a page that is declared as UTF-8 and has no coding costs a copy, and no
 * allocation.
 */
#ifndef HTTP_BODY_PREVIEW_H
#define HTTP_BODY_PREVIEW_H

#include "http/body/charset.h"
#include "http/body/coding.h"
#include "http/body/conversion.h"

#define PREVIEW_MAX_CHARACTERS 65536
#define PREVIEW_SHORT_BYTES    64 /* a text up to this size is stored in the struct */

enum preview_status {
    PREVIEW_MORE,      /* more input is needed */
    PREVIEW_READY,     /* the text is complete, or its part before a coding error */
    PREVIEW_MALFORMED, /* a content coding is malformed before the first character */
};

/* All fields are private. The struct may be moved; of two copies only one may be used. */
struct preview {
    enum preview_status status;
    struct coding_list codings;
    bool scans; /* the page's own declaration is searched for */
    /* The character set that is used, when `charset_known`; before, the one of Content-Type. */
    const struct charset *charset;
    bool charset_known;
    struct decoder *decoder; /* NULL before the first byte of an encoded body */
    unsigned char *head;     /* bytes received before the set is known; NULL: none */
    size_t head_bytes;
    struct conversion *conversion; /* NULL: UTF-8 */
    size_t convertible;            /* bytes that may still be converted */
    size_t max, characters;        /* of the text: wanted, complete */
    unsigned char short_text[PREVIEW_SHORT_BYTES];
    unsigned char *long_text; /* NULL: the text is in `short_text` */
    size_t room, used;        /* of the text: allocated, used */
    size_t complete_bytes;    /* of the text, up to its last complete character */
};

/* Initializes any struct for a body of which 1 to PREVIEW_MAX_CHARACTERS characters are wanted. The
   two fields, NULL if absent, are not kept; the values of several Content-Encoding lines are joined
   by commas. Allocates nothing. */
void preview_start(struct preview *preview, size_t characters, const char *content_type,
                   const char *content_encoding);

/* Reads a piece of the body, without transfer coding. After READY or MALFORMED this costs and
   changes nothing. */
enum preview_status preview_feed(struct preview *preview, const unsigned char *bytes, size_t count);

/* Ends the body: READY, or MALFORMED if it was so before. If the body was not `complete`, or a
   content coding ended early, an incomplete last character is omitted. */
enum preview_status preview_finish(struct preview *preview, bool complete);

/* After READY or MALFORMED: the text, of `*bytes` bytes, without a NUL. Valid as long as the
   preview. */
const unsigned char *preview_text(const struct preview *preview, size_t *bytes);

/* The original character set: "utf-8", "windows-1252"; static. */
const char *preview_charset(const struct preview *preview);

/* Frees its memory, in any state; it can be started again. A zeroed struct is allowed. */
void preview_free(struct preview *preview);

#endif

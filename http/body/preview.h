/*
 * The first characters of a body as UTF-8 text: content codings taken off, the character set
 * recognised and converted, as far as they are needed and no further. It is told of the body as it
 * comes, in pieces cut anywhere; the text does not depend on the cuts.
 *
 * The character set is that of a byte order mark; else what Content-Type declares; else what a page
 * says of itself in its first 1024 bytes; else UTF-8. A text in UTF-8 stays as it came: bytes in it
 * that are no characters count as the U+FFFD that they will be shown as. Any other text becomes valid
 * UTF-8.
 *
 * A short text of a declared UTF-8 page without a coding costs a copy, and no memory of its own.
 */
#ifndef HTTP_BODY_PREVIEW_H
#define HTTP_BODY_PREVIEW_H

#include "http/body/charset.h"
#include "http/body/coding.h"
#include "http/body/conversion.h"

#define PREVIEW_MAX_CHARACTERS 65536
#define PREVIEW_NEAR_BYTES     64 /* a text that needs no more stays in the struct */

enum preview_status {
    PREVIEW_MORE,      /* give what comes next */
    PREVIEW_READY,     /* the text is there, or what came of it before a coding broke */
    PREVIEW_MALFORMED, /* a content coding is, and no character came before */
};

/* All is private. It may be moved and copied as long as only one copy goes on. */
struct preview {
    enum preview_status status;
    struct coding_list codings;
    bool scans;                    /* what the page says of itself is asked for */
    const struct charset *charset; /* declared; when it is settled, the one that is used */
    bool settled;
    struct decoder *decoder; /* NULL before the first byte of a coded body */
    unsigned char *head;     /* what came while it is not settled; NULL: nothing */
    size_t head_bytes;
    struct conversion *conversion; /* NULL: UTF-8 */
    size_t convertible;            /* bytes that may still go into it */
    size_t max, characters;        /* of the text: wanted, there */
    unsigned char near[PREVIEW_NEAR_BYTES];
    unsigned char *far; /* the text; NULL: it is near */
    size_t room, used;  /* bytes of the text */
    size_t whole;       /* of them, in `characters` */
};

/* Makes ready, with anything in the struct before, for a body of which 1 to PREVIEW_MAX_CHARACTERS
   characters are wanted. The two fields, NULL where the head had none, are not kept; the values of
   several Content-Encoding lines are one, joined by commas. Allocates nothing. */
void preview_start(struct preview *preview, size_t characters, const char *content_type,
                   const char *content_encoding);

/* Takes a piece of the body, transfer coding off. After READY or MALFORMED this is free and changes
   nothing. */
enum preview_status preview_feed(struct preview *preview, const unsigned char *bytes, size_t count);

/* The body is over: READY, or MALFORMED if it was that before. Where the body was not `complete`, or a
   content coding stopped in its middle, a last character that is not whole is left out. */
enum preview_status preview_finish(struct preview *preview, bool complete);

/* After READY, MALFORMED: the text, not closed with a NUL, in `*bytes` bytes. Lives as long as the
   preview. */
const unsigned char *preview_text(const struct preview *preview, size_t *bytes);

/* The character set that the text was in: "utf-8", "windows-1252"; static. */
const char *preview_charset(const struct preview *preview);

/* Frees what it holds, in any state; it can be started again. A zeroed struct may be freed. */
void preview_free(struct preview *preview);

#endif

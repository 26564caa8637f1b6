/*
 * Lines of a head or of trailers (RFC 9112, sections 2.2 and 5), read from pieces of any size. A
 * regular line that is complete in one piece is not copied. A line ends with LF; CRs directly
 * before it belong to the line end. A CR inside a line becomes a space, and `repaired` is set. A
 * folded field line counts as one line (section 5.2). Refused are a NUL, and a line that begins
 * with a CR and continues: it could be read as a blank line.
 */
#ifndef HTTP_H1_LINES_H
#define HTTP_H1_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum lines_status {
    LINES_MORE,      /* all bytes were consumed; the line is not complete */
    LINES_TEXT,      /* a line is complete: `text`, `bytes` */
    LINES_BLANK,     /* a blank line */
    LINES_MALFORMED, /* `why` is the reason */
};

/* All zeros: ready for the first line. */
struct lines {
    const char *text; /* the line, followed by CR LF; after MORE, its first part */
    size_t bytes;     /* of the text, without its line end */
    char *copy;       /* a copied line; owned */
    size_t capacity;  /* bytes allocated for the copy */
    size_t start;     /* offset of the current line in the copy; over 0 when it is folded */
    bool ended;       /* the line end was read; a folded line may follow */
    bool complete;    /* the line was returned: the next call begins a new one */
    bool bare_lf;     /* a line ended without a CR */
    bool repaired;    /* a CR was replaced or ignored */
    const char *why;  /* the reason for MALFORMED; static */
};

/* Reads bytes from *at on, up to the end of a line or to `end`. `may_fold`: lines that begin with a
   blank continue the previous one, so a line is complete only when the byte after it is known.
   `text` is valid until the next call, and no longer than the bytes. */
enum lines_status lines_take(struct lines *lines, bool may_fold, const char **at, const char *end);

/* Frees the copy and zeroes the struct. */
void lines_free(struct lines *lines);

#endif

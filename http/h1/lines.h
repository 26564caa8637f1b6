/*
 * Lines of a head or of trailers (RFC 9112, sections 2.2 and 5), read from bytes that come in
 * pieces cut anywhere. A line that is there as a whole and is regular is not copied. A line ends
 * with LF; CRs in front of it belong to the end. A CR in the middle of a line becomes a space,
 * and `repaired` says so. A folded field line is one line (section 5.2). A NUL is refused, and so
 * is a line that begins with a CR and goes on with other bytes, for it could be read as a blank
 * line.
 */
#ifndef HTTP_H1_LINES_H
#define HTTP_H1_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum lines_status {
    LINES_MORE,      /* all bytes were taken; the line is not complete */
    LINES_TEXT,      /* a line is complete: `text`, `bytes` */
    LINES_BLANK,     /* a blank line */
    LINES_MALFORMED, /* `why` says more */
};

/* Zeroed, it is ready for a first line. */
struct lines {
    const char *text; /* of TEXT: the line, which CR LF follows; of MORE: what came of it */
    size_t bytes;     /* of the text, without its end */
    char *held;       /* a line that is copied; owned */
    size_t room;      /* allocated for it */
    size_t start;     /* in it: of the line that comes now; not 0 on a folded one */
    bool ended;       /* its end came; a folded line may follow */
    bool complete;    /* it was returned: the next call begins a new one */
    bool bare_lf;     /* some line ended without a CR */
    bool repaired;    /* a CR was replaced or ignored */
    const char *why;  /* of MALFORMED; static */
};

/* Takes bytes from *at on, up to the end of a line or to `end`. `may_fold`: lines that begin with a
   blank continue the one before, so that a line is complete only when the byte behind it is known.
   `text` is valid until the next call, and as long as the bytes. */
enum lines_status lines_take(struct lines *lines, bool may_fold, const char **at, const char *end);

/* Frees what is held and zeroes the struct. */
void lines_free(struct lines *lines);

#endif

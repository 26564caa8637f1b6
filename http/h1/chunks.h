/*
 * The framing of a chunked body (RFC 9112, section 7.1), read from pieces of any size: the lines
 * with chunk sizes, and the line ends after chunk data. Extensions are ignored.
 */
#ifndef HTTP_H1_CHUNKS_H
#define HTTP_H1_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunks_status {
    CHUNKS_MORE,      /* all bytes were consumed */
    CHUNKS_DATA,      /* `left` bytes of data follow; call chunks_skip for consumed ones */
    CHUNKS_TRAILERS,  /* the last chunk was read; trailers and a blank line follow */
    CHUNKS_MALFORMED, /* `why` is the reason */
};

enum chunks_state {
    CHUNKS_SIZE_START, /* the first digit of a size is expected */
    CHUNKS_SIZE,       /* more digits, or the end of the size */
    CHUNKS_SPACE,      /* blanks after the size */
    CHUNKS_EXTENSION,  /* after a ";" */
    CHUNKS_QUOTED,     /* in a quoted value of an extension */
    CHUNKS_ESCAPED,    /* in a quoted value, after a backslash */
    CHUNKS_LF,         /* the LF of a size line is expected */
    CHUNKS_IN_DATA,    /* `left` bytes of data are expected */
    CHUNKS_DATA_CR,    /* the CR or LF after the data is expected */
    CHUNKS_DATA_LF,    /* the LF after the data is expected */
};

/* All zeros: ready for the first chunk. */
struct chunks {
    enum chunks_state state;
    uint64_t left;   /* bytes of data; on a size line, the size so far */
    unsigned digits; /* of the size so far, at most 16 */
    size_t extra;    /* bytes of extensions, blanks and extra zeros, minus data bytes */
    bool bare_lf;    /* a line ended without a CR */
    const char *why; /* the reason for MALFORMED; static */
};

/* Reads framing bytes from *at on. After CHUNKS_DATA, call it again only when `left` is 0. Returns
   CHUNKS_MORE before `end` as soon as `extra` is `max`. */
enum chunks_status chunks_take(struct chunks *chunks, size_t max, const char **at, const char *end);

/* `count` bytes of data, at most `left`, were consumed. */
void chunks_skip(struct chunks *chunks, size_t count);

#endif

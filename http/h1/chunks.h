/*
 * The frame of a chunked body (RFC 9112, section 7.1), read from bytes that come in pieces cut
 * anywhere: the lines with sizes, and the line ends behind data. Extensions are ignored.
 */
#ifndef HTTP_H1_CHUNKS_H
#define HTTP_H1_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunks_status {
    CHUNKS_MORE,      /* all bytes were taken */
    CHUNKS_DATA,      /* `left` bytes of data follow; chunks_skip when some were taken */
    CHUNKS_TRAILERS,  /* the last chunk was read: trailers follow, to a blank line */
    CHUNKS_MALFORMED, /* `why` says more */
};

enum chunks_state {
    CHUNKS_SIZE_START, /* the first digit of a size is expected */
    CHUNKS_SIZE,       /* more digits, or what may follow them */
    CHUNKS_SPACE,      /* blanks behind the size */
    CHUNKS_EXTENSION,  /* behind a ";" */
    CHUNKS_QUOTED,     /* in a quoted value of an extension */
    CHUNKS_ESCAPED,    /* in it, behind a backslash */
    CHUNKS_LF,         /* the LF of a line with a size is expected */
    CHUNKS_IN_DATA,    /* `left` says how many bytes */
    CHUNKS_DATA_CR,    /* the line end behind the data is expected */
    CHUNKS_DATA_LF,    /* its LF */
};

/* Zeroed, it is ready for the first chunk. */
struct chunks {
    enum chunks_state state;
    uint64_t left;   /* of the chunk's data; on a line with a size, the size so far */
    unsigned digits; /* of the size so far, not counted further than to 16 */
    size_t extra;    /* bytes of extensions, blanks and surplus zeros, less the bytes of data */
    bool bare_lf;    /* some line ended without a CR */
    const char *why; /* of MALFORMED; static */
};

/* Takes bytes of the frame from *at on. May be called again after DATA only when `left` is 0. Stops
   with MORE, before `end`, as soon as `extra` is `most`. */
enum chunks_status chunks_take(struct chunks *chunks, size_t max, const char **at, const char *end);

/* So many bytes of data, at most `left`, were taken. */
void chunks_skip(struct chunks *chunks, size_t count);

#endif

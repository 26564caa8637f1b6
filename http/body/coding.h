/*
 * Content codings (RFC 9110, section 8.4), removed from a body as a stream: gzip (RFC 1952),
 * deflate (RFC 1950, and raw RFC 1951, since servers send both), br (RFC 7932) and zstd (RFC 8878),
 * also several on one body. The caller limits the output, and no more is decoded: ten kilobytes
 * that expand to ten megabytes of zeros cost only the requested output.
 */
#ifndef HTTP_BODY_CODING_H
#define HTTP_BODY_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODING_MAX 4 /* on one body */

enum coding {
    CODING_GZIP,    /* also "x-gzip" */
    CODING_DEFLATE, /* in the zlib format, or raw */
    CODING_BROTLI,
    CODING_ZSTD,
};

/* The parsed Content-Encoding field. */
struct coding_list {
    unsigned char count;              /* of codings; 0: the body is not encoded */
    unsigned char coding[CODING_MAX]; /* enum coding, in the order in which they were applied */
    bool unknown;                     /* one of them is not supported: the count is 0 */
    bool too_many;                    /* the count is 0: the body cannot be decoded */
};

/* Parses a field, or NULL for none (the values of several lines are joined by commas). Blanks,
   empty elements and "identity" are ignored; case is ignored. */
void coding_list_read(struct coding_list *list, const char *field);

enum decoder_status {
    DECODER_MORE,      /* all input is consumed, and all its output is written */
    DECODER_FULL,      /* the output buffer is full, and more output may follow */
    DECODER_DONE,      /* the stream is complete; later input is ignored */
    DECODER_MALFORMED, /* permanently; the output before it is valid */
};

/*
 * Decodes one body. The state of a coding is allocated with its first byte: about 10 KiB and a
 * window of 32 KiB for gzip and deflate, at most 16 MiB for br (the limit of the format; the
 * extension for larger windows is off), 8 MiB for zstd (RFC 9659; a frame that needs more is
 * malformed). The system provides memory only for the written part of a window. br and zstd may
 * decode a window, or a block of 128 KiB, before they return its first byte; this is not limited by
 * the output buffer.
 */
struct decoder;

/* Creates a decoder for a list with at least one coding. Free with decoder_free. */
struct decoder *decoder_new(const struct coding_list *list);

/* Decodes input: *bytes and *count advance past the consumed bytes. *made is the number of bytes
   written to `to`, which has `room` bytes, at least 1; it may be over 0 with any status. After FULL
   it may be called with a count of 0. Gzip members and zstd frames may follow one another; other
   bytes after a complete one are ignored. */
enum decoder_status decoder_feed(struct decoder *decoder, const unsigned char **bytes,
                                 size_t *count, unsigned char *to, size_t room, size_t *made);

/* At the end of the body: whether a stream is incomplete. A body without any byte is complete. */
bool decoder_is_cut(const struct decoder *decoder);

/* The total bytes consumed and produced, including those between two codings. */
void decoder_work(const struct decoder *decoder, uint64_t *taken, uint64_t *made);

/* NULL is allowed. */
void decoder_free(struct decoder *decoder);

#endif

/*
 * Content codings (RFC 9110, section 8.4) taken off a body as a stream: gzip (RFC 1952), deflate
 * (RFC 1950, and RFC 1951 alone, for servers send both), br (RFC 7932) and zstd (RFC 8878), one on
 * top of another too. The caller says how much room there is, and no more than that is decoded: ten
 * megabytes of zeros in ten kilobytes cost what was asked for.
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

/* What a Content-Encoding field says. */
struct coding_list {
    unsigned char count;              /* of codings; 0: the body is as it is */
    unsigned char coding[CODING_MAX]; /* enum coding, in the order in which they were applied */
    bool unknown;                     /* one of them is none of ours: the count is 0 */
    bool too_many;                    /* the count is 0: the body cannot be shown at all */
};

/* Reads a field, NULL where there was none (the values of several lines are one, joined by commas).
   Blanks, empty elements and "identity" are passed over; letters count alike in both cases. */
void coding_list_read(struct coding_list *list, const char *field);

enum decoder_status {
    DECODER_MORE,      /* all bytes are taken, and all that was in them is out */
    DECODER_FULL,      /* the room is used up, and there may be more for it */
    DECODER_DONE,      /* the stream is over; what follows is passed over */
    DECODER_MALFORMED, /* and stays so; what was made before it is good */
};

/*
 * Decodes one body. Each coding's state is made when its first byte comes: about 10 KiB and a window
 * of 32 KiB for gzip and deflate, 16 MiB at most for br (the format's own limit; the extension for
 * larger windows stays off), 8 MiB for zstd (RFC 9659; a frame that wants more is malformed). Of a
 * window, the system gives memory for what was written only. br and zstd may decode a window, or a
 * block of 128 KiB, before they hand out its first byte; this is not counted in the room.
 */
struct decoder;

/* A decoder for a list with at least one coding. Ended by decoder_free. */
struct decoder *decoder_new(const struct coding_list *list);

/* Takes bytes: *bytes and *count move on past what was used. *made says how many went to `to`, which
   has `room` of them, more than 0; some may be made whatever the status is. After FULL it may be
   called with a count of 0. Gzip members and zstd frames may follow one another; what else stands
   after a whole one is passed over. */
enum decoder_status decoder_feed(struct decoder *decoder, const unsigned char **bytes,
                                 size_t *count, unsigned char *to, size_t room, size_t *made);

/* The body is over: true where a stream stopped in its middle. No byte at all is no stream. */
bool decoder_is_cut(const struct decoder *decoder);

/* How many bytes it has taken and made in all, those between two codings included. */
void decoder_work(const struct decoder *decoder, uint64_t *taken, uint64_t *made);

/* NULL is allowed. */
void decoder_free(struct decoder *decoder);

#endif

/*
 * A stream: one request and its response on a connection. It is embedded in its owner (an exchange of a
 * fetch, a request of a load), who fills in `events` and what is sent, and submits it with conn_submit. From
 * then until `end` the connection owns the struct; the owner may change `rest`.
 *
 * Events come while the connection reads or writes. Inside of one the owner may submit and cancel streams
 * of the same connection, close it, and free what is not in use: what that means for the connection is done
 * when the event returns. An event that is NULL is not called and costs nothing.
 *
 * Order: `sent`, `first_byte`, `status` of each interim response, `status`, `field`s, `head`, `body`s, `end`.
 * `sent` may come after `first_byte`, or never. `end` comes exactly once, unless the stream is cancelled or its
 * connection is closed by its owner: then no event comes any more.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "http/error.h"

struct conn;
struct request;
struct stream;

/* When bytes came. */
struct arrival {
    nsec at; /* when the program had them: the clock is read once per receive */
    /* How long the last of them had been in the socket's receive buffer; NSEC_NEVER: unknown. Only on a
       connection with kernel timestamps; else 0. */
    nsec kernel_age_ns;
};

/* The status line, or what HTTP/2 has in its place. */
struct status_line {
    unsigned status;
    unsigned char major, minor; /* the version of HTTP */
    const char *reason;         /* its phrase; not NUL-terminated; NULL in `head` */
    size_t reason_bytes;
};

/* Whether the request may be sent again on another connection. */
enum replay {
    REPLAY_NEVER,
    REPLAY_IDEMPOTENT, /* only one with an idempotent method: the connection had served before and no
                            byte of a response came (RFC 9110, section 9.2.2) */
    REPLAY_BEHIND_CLOSE, /* it was pipelined behind a response with "Connection: close" */
    REPLAY_ANY, /* no byte of it was written, or the server says that it was not processed */
};

/* What happens to the rest of a response, from its head on. In the second and third case the stream ends without
   an error, and its response is not complete. */
enum stream_rest {
    REST_WANTED,
    /* The stream ends when no more can be read at once, and the connection may serve on: HTTP/1.1 reads the
       rest without the stream. Until then `body` goes on. */
    REST_DROPPED,
    REST_REFUSED, /* the stream ends after the receive that is under way, and the rest is not read */
};

struct stream_end {
    bool complete;          /* the whole response has come */
    unsigned status;        /* of a complete one */
    enum error error;       /* ERROR_NONE: the response is complete, or its rest was not wanted */
    const char *detail;     /* words; valid until the end of the loop's turn; or NULL */
    enum replay replay;     /* with an error */
    struct arrival arrival; /* of the last bytes of a complete response */
};

struct stream_events {
    /* The last byte of the request was handed to the kernel. */
    void (*sent)(struct stream *stream, nsec at);
    void (*first_byte)(struct stream *stream, const struct arrival *arrival);
    /* A status line, also of an interim response (1xx). */
    void (*status)(struct stream *stream, const struct status_line *line);
    /* A field of the final head, before `head`: name and value as they came, without white space around, in
       the order in which they came. They are valid during the call and not NUL-terminated. A name that is no
       token, or longer than STREAM_MAX_NAME_BYTES, is skipped with its value; a value is cut to
       STREAM_MAX_VALUE_BYTES; neither has a control character but tabs. A response that turns out malformed
       later may have had fields reported. */
    void (*field)(struct stream *stream, const char *name, size_t name_bytes, const char *value,
                  size_t value_bytes);
    /* The final head is complete; `at` is the clock's time now. */
    void (*head)(struct stream *stream, const struct status_line *line, nsec at);
    /* A piece of the body, transfer coding taken off; valid during the call. It cannot be refused: `rest` says
       that no more is wanted. */
    void (*body)(struct stream *stream, const char *bytes, size_t count);
    /* The stream is detached: it may be submitted again, or freed with its owner. */
    void (*end)(struct stream *stream, const struct stream_end *end);
};

/* What a stream sends: one of the three forms, the others are NULL. */
struct outgoing {
    /* A request, which the protocol encodes; borrowed until the end or conn_cancel. */
    const struct request *request;
    /* Bytes that are encoded already, for this protocol; borrowed likewise. Requests whose bytes lie one behind
       the other in memory leave without being copied. */
    const char *bytes;
    size_t count;
    /* Writes the encoded request to `buffer` when it is about to leave, and returns its length: at most
       STREAM_RENDER_BYTES. */
    size_t (*render)(struct stream *stream, char *buffer);
    bool headless; /* of the second and third form: HEAD, its response has no body */
};

#define STREAM_RENDER_BYTES    (16 * 1024)
#define STREAM_MAX_NAME_BYTES  256             /* of a field */
#define STREAM_MAX_VALUE_BYTES (64 * 1024 + 1) /* over that of a URL */

struct stream {
    const struct stream_events *events; /* the owner's, borrowed */
    struct outgoing out;                /* the owner's */
    struct conn *conn;                  /* while it is submitted; else NULL */

    enum stream_rest rest; /* the owner's; it may be changed in `head` and `body` */

    /* the protocol's */
    struct link link;
    char *block;         /* an encoded request that the stream owns; or NULL */
    const char *next[2]; /* what is still to be sent, in two pieces */
    size_t left[2];
    bool begun; /* a byte of it was written */
};

/* The struct of which `stream` is the member of that name. */
#define STREAM_OWNER(stream, type, member) LIST_OWNER(stream, type, member)

static inline bool stream_is_submitted(const struct stream *stream)
{
    return stream->conn != NULL;
}

/* Whether all of it was handed to the kernel. */
static inline bool stream_is_sent(const struct stream *stream)
{
    return stream->left[0] + stream->left[1] == 0;
}

#endif

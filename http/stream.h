/*
 * A stream: one request and its response on a connection. It is embedded in its owner (an exchange
 * of a fetch, a request of a load). The owner sets `events` and `out` and calls conn_submit. From
 * then until `end` the connection uses the struct; the owner may change `rest` alone.
 *
 * Events are called while the connection reads or writes. In an event the owner may submit and
 * cancel streams of the same connection, close it, and free streams that are not submitted; the
 * connection acts on this when the event returns. An event that is NULL is not called.
 *
 * Order: `sent`, `first_byte`, `status` of each interim response, `status`, `field`s, `head`,
 * `body`s, `end`. `sent` may come after `first_byte`, or never. `end` is called exactly once,
 * unless the stream is cancelled or the owner closes the connection: then no event follows.
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
struct h2_request;
struct request;
struct stream;

/* When bytes were received. */
struct arrival {
    nsec at; /* the time of the receive: the clock is read once for each */
    /* Time of the last byte in the socket's receive buffer; NSEC_NEVER: unknown; 0 on a connection
       without kernel timestamps. */
    nsec kernel_age_ns;
};

/* The status line, or its equivalent in HTTP/2. */
struct status_line {
    unsigned status;
    unsigned char major, minor; /* the HTTP version */
    const char *reason;         /* the reason phrase; not NUL-terminated; NULL in `head` */
    size_t reason_bytes;
};

/* Whether the request may be sent again on another connection. */
enum replay {
    REPLAY_NEVER,
    /* Only with an idempotent method (RFC 9110, section 9.2.2): an earlier response was completed
       on the connection, and no byte of this one was received. */
    REPLAY_IDEMPOTENT,
    REPLAY_AFTER_CLOSE, /* it was pipelined after a response with "Connection: close" */
    REPLAY_ANY,   /* no byte of it was written, or the server reported that it was not processed */
    REPLAY_LATER, /* the server has not processed it, and asks for fewer requests */
};

/* Whether an HTTP/2 server has not processed the request. */
static inline bool replay_is_unprocessed(enum replay replay)
{
    return replay == REPLAY_ANY || replay == REPLAY_LATER;
}

/* How the rest of a response is handled, from its head on. With REST_DISCARDED and REST_ABANDONED
   the stream ends without an error, and its response is not complete. */
enum stream_rest {
    REST_WANTED,
    /* The stream ends when a receive would block, and the connection may be used again: HTTP/1.1
       reads and discards the rest after the stream has ended. Until then `body` is called. */
    REST_DISCARDED,
    /* The stream ends after the current receive. The rest is not read: HTTP/1.1 closes the
       connection. */
    REST_ABANDONED,
};

struct stream_end {
    bool complete;      /* the whole response was received */
    unsigned status;    /* of a complete response */
    enum error error;   /* ERROR_NONE: the response is complete, or its rest was not wanted */
    const char *detail; /* text; valid until the end of the loop's turn; or NULL */
    enum replay replay; /* when `error` is set */
    /* With REPLAY_ANY: the server ends the connection without an error, after it has processed
       other requests. To send this one again makes progress, each time. */
    bool others_processed;
    struct arrival arrival; /* of the last bytes of a complete response */
};

struct stream_events {
    /* The last byte of the request was handed to the kernel. */
    void (*sent)(struct stream *stream, nsec at);
    void (*first_byte)(struct stream *stream, const struct arrival *arrival);
    /* A status line, also of an interim response (1xx). */
    void (*status)(struct stream *stream, const struct status_line *line);
    /* A header field of the final response, before `head`: name and value as received, without
       white space around them, in the order of the head. They are valid during the call and not
       NUL-terminated. A field is skipped when its name is not a token or is longer than
       STREAM_MAX_NAME_BYTES; a value is cut to STREAM_MAX_VALUE_BYTES. Neither contains a control
       character except tabs. Fields may have been reported before the response proves malformed. */
    void (*field)(struct stream *stream, const char *name, size_t name_bytes, const char *value,
                  size_t value_bytes);
    /* The final head is complete; `at` is the current time. */
    void (*head)(struct stream *stream, const struct status_line *line, nsec at);
    /* A piece of the body, without its transfer coding; valid during the call. The owner sets
       `rest` when it wants no more. */
    void (*body)(struct stream *stream, const char *bytes, size_t count);
    /* The stream is detached: it may be submitted again or freed. */
    void (*end)(struct stream *stream, const struct stream_end *end);
};

/* The request of a stream, in one of four forms; the others are NULL. */
struct outgoing {
    /* The protocol encodes it; borrowed until `end` or conn_cancel. */
    const struct request *request;
    /* Bytes that are already encoded for this protocol; borrowed until `end`
       or conn_cancel. Requests that are adjacent in memory are sent without a copy. */
    const char *bytes;
    size_t count;
    const struct h2_request *prepared; /* for HTTP/2; borrowed until the connection is closed */
    /* Writes the encoded request to `buffer` immediately before it is sent, and returns its length:
       at most STREAM_RENDER_BYTES. */
    size_t (*render)(struct stream *stream, char *buffer);
    bool is_head_request; /* for `bytes` and `render`: the method is HEAD */
};

#define STREAM_RENDER_BYTES    (16 * 1024)
#define STREAM_MAX_NAME_BYTES  256             /* of a field name */
#define STREAM_MAX_VALUE_BYTES (64 * 1024 + 1) /* above the limit of a URL */

struct stream {
    const struct stream_events *events; /* set by the owner; borrowed */
    struct outgoing out;                /* set by the owner */
    struct conn *conn;                  /* while the stream is submitted; else NULL */

    enum stream_rest rest; /* set by the owner; may be changed in `head` and `body` */
    uint32_t id;           /* set by the protocol: HTTP/2's identifier; HTTP/1.1: 0 */

    /* for the protocol alone */
    struct link link;
    char *block;         /* the encoded request; owned; or NULL */
    const char *next[2]; /* the unsent bytes, in two pieces */
    size_t left[2];
    bool begun; /* at least one byte was written */
};

/* The struct that embeds `stream` as `member`. */
#define STREAM_OWNER(stream, type, member) LIST_OWNER(stream, type, member)

static inline bool stream_is_submitted(const struct stream *stream)
{
    return stream->conn != NULL;
}

/* Whether the whole request was handed to the kernel. */
static inline bool stream_is_sent(const struct stream *stream)
{
    return stream->left[0] + stream->left[1] == 0;
}

#endif

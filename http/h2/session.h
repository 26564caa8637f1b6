/*
 * Inside http/h2/ only: the state of a connection and of its streams.
 *
 * nghttp2 keeps the state of frames, HPACK and flow control. Here is what connects it to the
 * streams of http/stream.h: which event comes next, and why a stream has ended.
 */
#ifndef HTTP_H2_SESSION_H
#define HTTP_H2_SESSION_H

#include <nghttp2/nghttp2.h>

#include "http/conn.h"
#include "http/h2/h2.h"
#include "http/request.h"

/* Names in lower case, and values. Their flags are NO_COPY: nghttp2 uses the texts until the
   request was sent. */
struct h2_request {
    const struct content *content; /* borrowed; NULL: none */
    size_t plain_bytes;            /* of the fields in HTTP/1.1 */
    size_t count;
    nghttp2_nv list[]; /* followed by the texts */
};

#define H2_LINE_OVERHEAD_BYTES 4 /* of a field in HTTP/1.1: ": " and a line end */

#define H2_DETAIL_BYTES 256

#define H2_INITIAL_STREAMS 100   /* concurrent, before the server's SETTINGS */
#define H2_FIRST_WINDOW    65535 /* of a connection (RFC 9113, section 6.9.2) */

/* Limits for what a server sends. */
#define H2_MAX_FIELD_BYTES   (256 * 1024) /* of a response's fields, all heads and trailers */
#define H2_MAX_INTERIM       32           /* interim responses of one request */
#define H2_MAX_IDLE_CONTROLS 1000         /* control frames without a frame of a response */

/* A request and its response. It lives until nghttp2 closes the stream, also when the owner has
   cancelled it. */
struct h2_stream {
    struct stream *stream; /* NULL: cancelled, or `end` was called */
    struct link link;      /* in h2.streams or h2.spare */
    struct link unsent;    /* in h2.unsent until the request was written; else not linked */
    bool in_unsent;
    int32_t id;
    struct h2_request *request; /* prepared for this stream alone; owned; or NULL */
    size_t plain_bytes;         /* of the request's fields in HTTP/1.1 */
    /* Offsets in the output of the connection. */
    uint64_t first_byte, last_byte; /* UINT64_MAX: not encoded yet */

    bool receiving;    /* a frame of the response was received */
    bool head_done;    /* the final head was received */
    bool ended;        /* END_STREAM was received */
    bool reset;        /* the server sent RST_STREAM */
    bool malformed;    /* a header field or the framing of the message is not valid */
    bool too_large;    /* H2_MAX_FIELD_BYTES */
    bool status_valid; /* `status` is of the head that is being received */
    unsigned status;
    unsigned interim;
    size_t field_bytes;
    uint64_t window; /* bytes of the body that the server may still send */
    bool over_window;
};

struct h2 {
    nghttp2_session *session;
    struct link streams;           /* open, the oldest first */
    struct link unsent;            /* those whose request was not written completely */
    struct link spare;             /* to be used again */
    struct h2_stream *last_stream; /* of the last callback; or NULL */

    bool has_output; /* nghttp2 may have output */
    /* Output. nghttp2 must not be asked twice for the same bytes. */
    size_t gathered; /* bytes of the last output, in conn_scratch */
    char *rest;      /* a copy of bytes that were not written; owned; NULL: none */
    size_t rest_at, rest_bytes;
    uint64_t out_offset;  /* bytes that nghttp2 has produced */
    uint64_t sent_offset; /* bytes of them that were written */
    /* The stream whose request ends with the bytes that mem_send is about to return; or NULL. */
    struct h2_stream *completed;

    bool received;                 /* at least one byte */
    bool settings_received;        /* the first frame of a server */
    const struct arrival *arrival; /* during a receive */
    uint64_t window;               /* bytes of bodies that the server may still send */
    bool over_window;
    uint32_t max_streams; /* concurrent, as the server allows */
    unsigned idle_controls;
    int32_t last_processed; /* of GOAWAY: requests over it were not processed */
    uint32_t goaway_code;
    bool goaway;      /* the server sent GOAWAY */
    int library_code; /* of nghttp2's last error message */
    /* The code and the debug text of the server's GOAWAY, or of ours after an error; "": none. */
    char detail[H2_DETAIL_BYTES];
};

static inline struct h2 *h2_of(const struct conn *conn)
{
    return conn_session(conn);
}

/* A session whose SETTINGS and window are ready to be sent. */
nghttp2_session *h2_session_new(struct conn *conn);

/* The bytes of a body that the server may send at first. */
uint32_t h2_stream_window(const struct conn_options *options);

/* Ends a stream and detaches it. Its h2_stream stays until nghttp2 closes it. */
void h2_end_stream(struct conn *conn, struct h2_stream *one, const struct stream_end *end);

/* Resets a stream that is not wanted any more, and ends it without an error. */
void h2_abandon(struct conn *conn, struct h2_stream *one);

/* The callbacks of nghttp2; the user data of the session is the connection. */
const nghttp2_session_callbacks *h2_callbacks(void);

/* Whether the server ends the connection without an error, and at least one request on it is
   complete, or ends without being sent again. */
static inline bool h2_ends_gracefully(const struct conn *conn)
{
    const struct h2 *h2 = h2_of(conn);
    bool one_ends = h2->last_processed > 0 && h2->last_processed < INT32_MAX;

    return h2->goaway && h2->goaway_code == NGHTTP2_NO_ERROR && (conn->served || one_ends);
}

/* Reports a frame for -v. Call only if probe_takes_lines. */
void h2_report_received(const struct conn *conn, const nghttp2_frame *frame);
void h2_report_sent(const struct conn *conn, const nghttp2_frame *frame);

#endif

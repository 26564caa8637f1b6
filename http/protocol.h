/*
 * A protocol on an open connection: it turns requests into bytes, and received bytes into the
 * events of streams. The connection (http/conn.c) owns the socket and the transport and does all
 * reading and writing; a protocol calls neither. The protocol is chosen by the ALPN result of the
 * TLS handshake; the default is HTTP/1.1.
 *
 * All functions take a connection; conn_session(conn) is the session: session_bytes, zeroed before
 * `open`. Only `read_blocked` and `ignores` may be NULL. A protocol reports to streams
 * (http/stream.h), and to the connection with
 *
 *     conn_drain           no new streams; closes the connection when the last stream has ended
 *     conn_fail            ends all streams with an error and closes the connection
 *     conn_report_room     the capacity has grown, and no stream has ended
 *     conn_stream_ended    detaches a stream, before its `end` is called
 */
#ifndef HTTP_PROTOCOL_H
#define HTTP_PROTOCOL_H

#include "http/stream.h"

/* What HTTP/2 counts, over all connections that have these counters. HTTP/1.1 counts nothing. */
struct protocol_counters {
    uint64_t goaways; /* received */
    uint64_t resets;  /* RST_STREAM received, except with REFUSED_STREAM */
    uint64_t refused; /* RST_STREAM received with REFUSED_STREAM */
    /* Payload of the frames that carry fields, and the same fields as HTTP/1.1 would write them:
       "name: value" and a line end. */
    uint64_t header_bytes_in, header_bytes_in_plain;
    uint64_t header_bytes_out, header_bytes_out_plain;
    uint64_t heads_in, heads_out; /* the HEADERS frames of these bytes, trailers included */
    bool any_settings;            /* SETTINGS were received: the limits are valid */
    /* Of the limits of concurrent streams that servers have sent; UINT32_MAX: SETTINGS without a
       limit. */
    uint32_t streams_limit_min, streams_limit_max;
};

struct protocol {
    size_t session_bytes;
    /* True: a connection carries concurrent requests, and a request waits for capacity on a
       full connection. False: a request that finds no capacity gets a new connection. */
    bool multiplexed;

    void (*open)(struct conn *conn);

    /* How many streams may be submitted now. */
    unsigned (*capacity)(const struct conn *conn);

    /* Takes a stream; capacity is available. Nothing is sent before conn_flush. */
    void (*submit)(struct conn *conn, struct stream *stream);

    /* Received bytes; all are consumed. `count` 0: the peer ended its direction without an error
       (FIN; with TLS, close_notify), or conn->receive_error is set. */
    void (*receive)(struct conn *conn, const unsigned char *bytes, size_t count,
                    const struct arrival *arrival);

    /* A receive would block. NULL: not called. */
    void (*read_blocked)(struct conn *conn);

    /* Whether bytes that arrive while no response is expected may be ignored. NULL: the protocol
       handles such bytes itself. */
    bool (*ignores)(const unsigned char *bytes, size_t count);

    /* The next bytes to send, *count of them; NULL: none. They stay valid and unchanged until
       `sent` has covered them: the next call returns the rest, perhaps with more bytes after it.
       Output in conn_scratch, which all connections share, is valid for the next write alone. The
       connection calls `sent` with the number of bytes that were written, 0 if a write would
       block. */
    const char *(*output)(struct conn *conn, size_t *count);
    void (*sent)(struct conn *conn, size_t count);

    /* Removes a stream: no event of it follows. Streams that cannot continue without it end with
       `error`. */
    void (*cancel)(struct conn *conn, struct stream *stream, enum error error);

    /* The connection is closed: all streams end with this error, unless the protocol knows a more
       precise one; `detail` as in struct stream_end. Frees what the session owns. Output after this
       call is written once, without waiting. */
    void (*close)(struct conn *conn, enum error error, const char *detail);
};

#endif

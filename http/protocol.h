/*
 * A protocol on an open connection: how requests become bytes and bytes become the events of streams. The
 * connection (http/conn.c) owns socket and transport and does all reading and writing; a protocol never calls
 * either. It is chosen by what the TLS handshake agreed on (ALPN), or is HTTP/1.1.
 *
 * All functions get a connection, whose session is conn_session(conn): session_bytes, zeroed before
 * open. None is NULL but `drained` and `ignores`. They report to streams (http/stream.h), and to the connection with
 *
 *     conn_stop            no more streams go on it; it is closed when the last has ended
 *     conn_fail            all streams end with an error, and it is closed
 *     conn_room            its capacity has grown without the end of a stream
 *     conn_stream_ended    a stream is to be detached, before its `end` is called
 */
#ifndef HTTP_PROTOCOL_H
#define HTTP_PROTOCOL_H

#include "http/stream.h"

struct protocol {
    size_t session_bytes;
    /* It carries several requests at once: a request waits for a slot of a connection that has none left.
       Else it gets a connection of its own. */
    bool multiplexed;

    void (*open)(struct conn *conn);

    /* How many streams may be submitted now. */
    unsigned (*capacity)(const struct conn *conn);

    /* Takes a stream; there is capacity. Nothing is sent before flush. */
    void (*submit)(struct conn *conn, struct stream *stream);

    /* Bytes that came; all are taken. `count` 0: the other side ended its direction in order. */
    void (*receive)(struct conn *conn, const unsigned char *bytes, size_t count,
                    const struct arrival *arrival);

    /* Nothing more can be read at once. NULL: not called. */
    void (*drained)(struct conn *conn);

    /* Whether bytes may be skipped that come when no response is expected. NULL: such bytes are the
       protocol's own matter, and a connection that is open may serve on. */
    bool (*ignores)(const unsigned char *bytes, size_t count);

    /* What is to be sent next, *count bytes; NULL: nothing. They stay as they are until `sent` has covered
       them: the next call returns what is left of them, perhaps with more behind. conn_scratch is shared by all
       connections and good for the next write alone. The connection calls `sent` with how many bytes left. */
    const char *(*output)(struct conn *conn, size_t *count);
    void (*sent)(struct conn *conn, size_t count);

    /* Gives a stream up: no event comes for it. Streams that cannot go on without it end with `error`. */
    void (*cancel)(struct conn *conn, struct stream *stream, enum error error);

    /* The connection is over: all streams end, with this error where nothing else is known; detail as in
       struct stream_end. Frees what the session owns; what `output` returns after that is sent once, as far as
       it goes at once. */
    void (*close)(struct conn *conn, enum error error, const char *detail);
};

#endif

/*
 * An open connection: socket, transport and the session of a protocol. It does all reading and
 * writing, yields after its read budget, and passes received bytes to the protocol, which reports
 * to streams.
 *
 * Life: conn_open takes over the socket and transport of a dial. The owner submits streams while
 * conn_capacity is above 0. `closed` is called once, when the connection is closed and no stream is
 * left; the connection is freed at the end of that turn. conn_close closes it without this call.
 *
 * All functions may be called inside an event of the connection or of one of its streams. They take
 * effect when the event returns, and all streams that were submitted are sent together.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/dial/dial.h"
#include "http/protocol.h"
#include "http/result.h"

enum conn_state {
    CONN_OPEN,     /* streams may be submitted */
    CONN_DRAINING, /* no new streams; closed when the last stream has ended */
    CONN_CLOSED,   /* freed at the end of the turn */
};

struct conn_events {
    /* The connection takes no new streams; its streams continue. NULL: not called. */
    void (*draining)(struct conn *conn);
    /* The capacity has grown. NULL: not called. */
    void (*room)(struct conn *conn);
    /* Multiplexed: a stream has ended, or the server has changed its limit, and the limit allows no
       other stream now. NULL: not called. */
    void (*full)(struct conn *conn);
    /* The connection is closed. `error` is set if no stream could report it: the server closed
       the connection, or sent unexpected bytes, while no stream was submitted. Else ERROR_NONE. */
    void (*closed)(struct conn *conn, enum error error);
};

/* Settings that many connections share. */
struct conn_options {
    const struct conn_events *events;
    unsigned pipeline; /* HTTP/1.1: maximum requests in flight, at least 1 */
    /* When the requests end after a failed send. True: as soon as a receive would block. False:
       when the connection ends, because responses may still arrive. */
    bool fails_unsent;
    unsigned read_budget; /* receives in one turn, at least 1 */
    /* Byte counters, without TLS overhead; or NULL. */
    uint64_t *bytes_in, *bytes_out;
    struct protocol_counters *counters; /* borrowed; or NULL */
    /* HTTP/2: how many streams may be open before the server's SETTINGS; 0: 100. */
    unsigned first_streams;
    uint32_t stream_window; /* HTTP/2: flow-control window of a stream; 0: 1 MiB */
    bool sets_header_table; /* HTTP/2: `header_table` is set; otherwise 4 KiB (RFC 7541) */
    uint32_t header_table;  /* maximum of HPACK's dynamic table, in both directions */
    /* HTTP/1.1: heads that were parsed before, for streams without `field`; or NULL. */
    struct head_memo *heads;
    /* The protocol for an ALPN result; "": no ALPN. */
    const struct protocol *(*protocol)(const char *alpn);
};

struct conn {
    struct loop *loop;                  /* borrowed */
    struct dialer *dialer;              /* borrowed */
    const struct conn_options *options; /* borrowed */
    const struct protocol *protocol;
    void *owner; /* the argument of the events */
    enum conn_state state;
    bool served;              /* a response was completed */
    bool room_unreported;     /* a stream has ended since the last call of `room` */
    bool draining_unreported; /* conn_drain was called, and `draining` was not called yet */
    bool write_blocked;       /* the last write would have blocked */
    bool flush_deferred;      /* conn_flush_later was called */
    bool finished;            /* CLOSED, and its streams have ended */
    unsigned call_depth;      /* depth of calls into the protocol and of events */
    unsigned streams;         /* submitted and not ended */
    unsigned unsent_reads;    /* receives since the last flush, with a multiplexed protocol */
    uint64_t requests;        /* submitted so far */
    /* Concurrent streams that the server allows, set by a multiplexed protocol. UINT_MAX: no limit,
       or the server has not sent it yet. */
    unsigned stream_limit;
    nsec received_at;    /* of the last bytes; 0: none were received */
    size_t unread_bytes; /* of the last receive, after the response that has just ended */

    uint64_t number; /* among the dialer's connections, from 1 */
    char *host;      /* of the origin: a name or a numeric address; owned */
    uint16_t port;
    bool https;
    const struct proxy *proxy; /* borrowed; NULL: no proxy */
    bool is_forwarded;         /* the proxy forwards the requests, without a tunnel */
    struct address address;    /* of the peer */
    struct sock *sock;
    struct transport *transport;
    int send_error;          /* errno of a failed write; responses may still be read */
    const char *send_detail; /* text for send_error; or NULL */
    /* errno of a failed read; 0: the peer ended without an error (FIN; with TLS, close_notify) */
    int receive_error;
    enum error error;   /* when CLOSED */
    const char *detail; /* text for error; or NULL */

    struct deferred_free deferred;
};

/* Takes over the socket and transport of an OPEN dial; the owner of the dial still frees it. */
struct conn *conn_open(struct dial *dial, const struct conn_options *options, void *owner);

/* How many streams may be submitted now. 0 when the server has ended its direction, unless no
   response was completed yet: then the first stream reports it. */
unsigned conn_capacity(const struct conn *conn);

/* Submits a stream; capacity is available. The request is sent by the next conn_flush, or when the
   current event returns. */
void conn_submit(struct conn *conn, struct stream *stream);

/* Sends submitted requests without waiting, and performs pending state changes. Inside an event it
   does nothing: the connection flushes when the event returns. */
void conn_flush(struct conn *conn);

/* The same in the loop's ready list, so that requests which are submitted in one turn leave in one
   send. */
void conn_flush_later(struct conn *conn);

/* Removes a submitted stream: no event of it follows. HTTP/1.1 closes the connection then, and its
   other streams end with `error`, which is not ERROR_NONE. */
void conn_cancel(struct stream *stream, enum error error);

/* Whether the connection may be used again; no stream is submitted. Reads to find out: it may if no
   bytes have arrived, or only extra line ends (RFC 9112, section 2.2). After a receive that
   did not fill the buffer, this costs no system call. It overwrites the loop's buffer. */
bool conn_is_reusable(struct conn *conn);

/* Closes the connection: no event follows, and its streams are detached. */
void conn_close(struct conn *conn);

/* --- for protocols --- */

/* The session, of protocol->session_bytes. */
static inline void *conn_session(const struct conn *conn)
{
    return (void *)(conn + 1);
}

/* A buffer of CONN_SCRATCH_BYTES to assemble output; valid until the caller of `output` has sent
   it. */
#define CONN_SCRATCH_BYTES (64 * 1024)
char *conn_scratch(struct conn *conn);

/* Adds what the proxy of this connection requires: a proxy that forwards requests gets the absolute
   URL and credentials. */
void conn_address_request(const struct conn *conn, struct request *request);

/* Detaches a stream, before its `end` is called. */
void conn_stream_ended(struct conn *conn, struct stream *stream);

/* The connection takes no new streams and is closed when the last has ended, immediately when none
   is left. Owners may call this too. */
void conn_drain(struct conn *conn);

/* Reports a capacity that has grown although no stream has ended. */
void conn_report_room(struct conn *conn);

/* Closes the connection: all streams end with this error. */
void conn_fail(struct conn *conn, enum error error, const char *detail);

#endif

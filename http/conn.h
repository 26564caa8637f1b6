/*
 * An open connection: socket, transport and the session of a protocol. It does all reading and writing, yields
 * after its read budget, and passes what comes to the protocol, which reports to streams.
 *
 * Life: conn_open takes over what a dial opened. The owner submits streams while conn_capacity is over 0.
 * `closed` is called once, when the connection is over and no stream is left; it is freed at the end of that
 * turn. conn_close ends it without a call.
 *
 * Calls from inside of an event of the connection or of one of its streams are allowed: they take effect when
 * the event returns, and what was submitted leaves in one send.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/dial/dial.h"
#include "http/protocol.h"
#include "http/result.h"

enum conn_state {
    CONN_OPEN,     /* streams may be submitted */
    CONN_DRAINING, /* no new streams; closed when the last has ended */
    CONN_CLOSED,   /* freed at the end of the turn */
};

struct conn_events {
    /* It takes no new streams any more; those that it has go on. NULL: not called. */
    void (*draining)(struct conn *conn);
    /* It can take a stream again, or more of them. NULL: not called. */
    void (*room)(struct conn *conn);
    /* It is over. `error` says why when no stream was there to say it (the server ended it, or sent what was not
       asked for); ERROR_NONE: in order. */
    void (*closed)(struct conn *conn, enum error error);
};

/* What many connections have in common. */
struct conn_options {
    const struct conn_events *events;
    unsigned pipeline; /* HTTP/1.1: requests in flight at once, over 0 */
    /* A request that cannot be sent fails when nothing can be read at once; else when the connection ends, which
       may bring responses before. */
    bool fails_unsent;
    unsigned read_budget; /* receives in a turn, over 0 */
    /* Counted here, of content as the transport passes it; or NULL. */
    uint64_t *bytes_in, *bytes_out;
    /* The protocol for what TLS agreed on in ALPN, "" for nothing. */
    const struct protocol *(*protocol)(const char *alpn);
};

struct conn {
    struct loop *loop;                  /* borrowed */
    struct dialer *dialer;              /* borrowed */
    const struct conn_options *options; /* borrowed */
    const struct protocol *protocol;
    void *owner; /* of the events */
    enum conn_state state;
    bool served;         /* a response was completed on it */
    bool used;           /* a stream was submitted */
    bool room_wanted;    /* a stream has ended since `room` was called last */
    bool stopped;        /* conn_stop was called, and `draining` not yet */
    bool blocked;        /* the transport takes no more at once */
    bool finished;       /* CLOSED, and its streams have ended */
    unsigned busy;       /* inside of so many calls of the protocol or events */
    unsigned streams;    /* submitted */
    size_t unread_bytes; /* of the last receive, behind the response that ends now */

    uint64_t number; /* of the dialer's connections, from 1 */
    char *host;      /* the origin's: a name or a numeric address; owned */
    uint16_t port;
    bool https;
    const struct proxy *proxy; /* through which it leads; borrowed; NULL: directly */
    struct address address;    /* that was reached */
    struct sock *sock;
    struct transport *transport;
    int send_error;          /* sending failed; responses may still be read */
    const char *send_detail; /* its words; or NULL */
    int receive_error;       /* receiving failed; 0: the connection ended in order */
    enum error error;        /* when CLOSED */
    const char *detail;      /* its words; or NULL */

    struct deferred_free deferred;
};

/* Takes over what an OPEN dial opened; the dial itself stays its owner's. */
struct conn *conn_open(struct dial *dial, const struct conn_options *options, void *owner);

/* How many streams may be submitted now. 0 when the server has ended its direction, unless the connection has
   not served yet: then the first stream reports that. */
unsigned conn_capacity(const struct conn *conn);

/* Takes a stream; there is capacity. It leaves with the next conn_flush, or when the event returns. */
void conn_submit(struct conn *conn, struct stream *stream);

/* Sends what goes of what was submitted, and does what else is to be done; nothing inside of an event, where
   that is done when the event returns. */
void conn_flush(struct conn *conn);

/* Gives a submitted stream up: no event comes for it. HTTP/1.1 closes the connection then, and its other
   streams end with `error`, which is not ERROR_NONE. */
void conn_cancel(struct stream *stream, enum error error);

/* Reads what came while no response is expected: no stream is submitted. True: nothing, or extra line ends, which are ignored
   (RFC 9112, section 2.2): the connection may serve on. After a short receive this costs no system call. The
   loop's buffer is overwritten. */
bool conn_is_quiet(struct conn *conn);

/* Ends it: no event comes any more, its streams are forgotten. */
void conn_close(struct conn *conn);

/* Whether it leads where the URL does. */
bool conn_fits(const struct conn *conn, const struct url *url);

/* --- for protocols --- */

/* The session, of protocol->session_bytes. */
static inline void *conn_session(const struct conn *conn)
{
    return (void *)(conn + 1);
}

/* CONN_SCRATCH_BYTES to put output together in; valid until output's caller has sent it. */
#define CONN_SCRATCH_BYTES (64 * 1024)
char *conn_scratch(struct conn *conn);

/* Adds to a request what the way of this connection asks for: the whole URL and credentials for a proxy that
   forwards it. */
void conn_address_request(const struct conn *conn, struct request *request);

/* A stream is to be detached, before its `end` is called. */
void conn_stream_ended(struct conn *conn, struct stream *stream);

/* No more streams go on it: it is closed when the last has ended, at once where there is none. Also for
   owners. */
void conn_stop(struct conn *conn);

/* Its capacity has grown without the end of a stream. */
void conn_room(struct conn *conn);

/* It is over: all streams end with this error. */
void conn_fail(struct conn *conn, enum error error, const char *detail);

#endif

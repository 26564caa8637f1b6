/*
 * A connection, from its dial to its end. It outlives the exchange that it was made for: a
 * kept-alive one serves the next. It owns the descriptor, the transport and the parser, and knows
 * nothing of what is asked.
 *
 * It calls `wake` when something happened that its user may want to act on: it opened, it closed
 * (then `error` says why), or it has become readable or writable. The user may close it then.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/dial/dial.h"
#include "http/error.h"
#include "http/h1/h1_parser.h"
#include "http/result.h"

enum conn_state {
    CONN_DIALLING, /* `dial` is under way */
    CONN_OPEN,     /* bytes may pass */
    CONN_CLOSED,   /* the dial failed; conn_close is still to be called */
};

struct conn {
    struct dialer *dialer; /* borrowed */
    enum conn_state state;
    void (*wake)(void *owner); /* who is called */
    void *owner;               /* its argument */
    uint64_t number;           /* of the dialer's connections, from 1 */

    /* While DIALLING, in the call of `wake` that says OPEN, and when CLOSED; else NULL: its stamps and
       addresses are to be copied until then. */
    struct dial *dial;

    /* when OPEN */
    char *host; /* the origin's: a name or a numeric address */
    uint16_t port;
    bool https;
    bool served;               /* an exchange was completed on it */
    const struct proxy *proxy; /* through whom; borrowed; NULL: directly */
    struct address address;    /* the one that was reached */
    struct sock *sock;
    struct transport *transport;
    struct http1 http1;    /* the message being read */
    struct timer deadline; /* of the pool's, while it is drained */

    uint32_t drained_bytes; /* of a response whose rest is not wanted; the pool's */
    struct pool *pool;      /* while it is idle, or drained */
    struct link idle;       /* in the pool's list */
    struct conn *same_slot; /* in the pool's table */
    struct grave grave;
};

/* Starts a connection for a URL. It may be CLOSED when this returns; `wake` is not called before. */
struct conn *conn_new(struct dialer *dialer, const struct url *url, void (*wake)(void *owner),
                      void *owner);

/* Its socket, or its dial's; NULL while there is none. */
const struct sock *conn_sock(const struct conn *conn);

/* Whether requests on it are the proxy's own to pass on: then they name the whole URL. */
bool conn_asks_proxy(const struct conn *conn);

/* Whether it leads where the URL does. It is OPEN. */
bool conn_fits(const struct conn *conn, const struct url *url);

/* The phase it is in, SEND when it is open. */
enum phase conn_phase(const struct conn *conn);

/* Writes what goes. As transport write. */
struct io conn_write(struct conn *conn, const void *bytes, size_t count);

/* Reads once into the loop's buffer, which *bytes then points to. As transport read. */
struct io conn_read(struct conn *conn, const unsigned char **bytes);

/* Reads what came while no response is expected. True: nothing, or extra line ends, which are ignored
   (RFC 9112, section 2.2). After a short receive this costs no system call. */
bool conn_is_quiet(struct conn *conn);

/* Calls wake again in this turn, or the next, though no event comes. */
void conn_yield(struct conn *conn);

/* Closes and frees at the end of the turn; `wake` is not called any more. */
void conn_close(struct conn *conn);

#endif

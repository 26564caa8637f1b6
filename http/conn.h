/*
 * A connection, from the name to its end. It outlives the exchange that it was made for: a
 * kept-alive one serves the next. It owns the descriptor, the transport and the parser, and knows
 * nothing of what is asked.
 *
 * It calls `wake` when something happened that its user may want to act on: it opened, it closed
 * (then `error` says why), or it has become readable or writable. The user may close it then.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/dial/dialer.h"
#include "http/dial/eyeballs.h"
#include "http/dial/tunnel.h"
#include "http/error.h"
#include "http/h1/h1_parser.h"
#include "http/result.h"

enum conn_state {
    CONN_RESOLVE,   /* waiting for the addresses of whom it is to reach */
    CONN_CONNECT,   /* trying them (RFC 8305) */
    CONN_TUNNEL,    /* a proxy opens the way to the site */
    CONN_TURN,      /* waiting for its turn to shake hands */
    CONN_HANDSHAKE, /* the transport comes up */
    CONN_OPEN,      /* bytes may pass */
    CONN_CLOSED,    /* over; conn_close is still to be called */
};

struct conn {
    struct dialer *dialer; /* borrowed */
    enum conn_state state;
    void (*wake)(void *owner); /* who is called */
    void *owner;               /* its argument */
    uint64_t number;           /* of the dialer's connections, from 1 */

    char *host; /* the site's: a name or a numeric address */
    uint16_t port;
    bool https;
    bool numeric;
    const struct proxy *proxy;    /* through whom; NULL: directly */
    const struct sock_from *from; /* the dialer's when it was made; borrowed */

    struct lookup *lookup;       /* in CONN_RESOLVE and CONN_CONNECT */
    bool asked;                  /* for the addresses of the next hop */
    bool looked_up;              /* they were not known beforehand */
    struct address target;       /* the site's own, for a proxy that wants it; length 0: none */
    struct eyeballs *eyeballs;   /* in CONN_CONNECT */
    struct address address;      /* the one that is being tried, or was reached */
    struct sock *sock;           /* from CONN_TUNNEL on */
    struct tunnel *tunnel;       /* in CONN_TUNNEL; kept for its words when it failed */
    struct transport *transport; /* from CONN_HANDSHAKE on */
    struct http1 http1;          /* the message being read */
    struct timer deadline;       /* of the phase */
    struct stamps stamps;        /* start, dns, connect, queued, tls */

    enum error error;      /* in CONN_CLOSED */
    enum phase phase;      /* where it happened */
    const char *detail;    /* words, valid until conn_close; or NULL */
    struct timer turn;     /* ends its turn, though the handshake goes on */
    bool shaking;          /* it has its turn */
    struct link turn_link; /* it waits for it, in the dialer's list */
    bool served;           /* an exchange was completed on it */

    uint32_t drained_bytes; /* of a response whose rest is not wanted; the pool's */
    struct pool *pool;      /* while it is idle, or drained */
    struct link idle;       /* in the pool's list */
    struct conn *same_slot; /* in the pool's table */
    struct grave grave;
};

/* Starts a connection for a URL. It may be CLOSED when this returns; `wake` is not called before. */
struct conn *conn_new(struct dialer *dialer, const struct url *url, void (*wake)(void *owner),
                      void *owner);

/* Whether requests on it are the proxy's own to pass on: then they name the whole URL. */
bool conn_asks_proxy(const struct conn *conn);

/* Whether it leads where the URL does. */
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

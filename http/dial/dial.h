/*
 * A dial: one attempt to reach an origin, from its host name to a transport that is ready for
 * requests.
 *
 * `ended` is called once, when the state has become OPEN or FAILED, but never inside dial_new: its
 * caller checks the state. The owner of an OPEN dial takes socket and transport with dial_take and
 * may read stamps and addresses until dial_free. dial_free is allowed in every state and cancels
 * pending work.
 */
#ifndef HTTP_DIAL_DIAL_H
#define HTTP_DIAL_DIAL_H

#include "http/dial/dialer.h"
#include "http/dial/eyeballs.h"
#include "http/dial/tunnel.h"
#include "http/error.h"
#include "http/result.h"

enum dial_state {
    DIAL_RESOLVE,    /* waiting for the addresses of the site or its proxy */
    DIAL_CONNECT,    /* connecting to them (RFC 8305) */
    DIAL_TUNNEL,     /* negotiating with a proxy */
    DIAL_TLS_QUEUED, /* waiting for a handshake slot */
    DIAL_HANDSHAKE,  /* the transport's handshake is under way */
    DIAL_OPEN,       /* the transport is ready */
    DIAL_FAILED,     /* `error`, `phase` and `detail` have the reason */
};

struct dial {
    struct dialer *dialer; /* borrowed */
    enum dial_state state;
    void (*ended)(void *owner);
    void *owner;     /* the argument of `ended` */
    uint64_t number; /* among the dialer's connections, from 1 */

    /* destination */
    char *host; /* of the origin: a name or a numeric address */
    uint16_t port;
    bool https;
    bool numeric;                /* the host is an address */
    const struct proxy *proxy;   /* borrowed; NULL: no proxy */
    struct dial_options options; /* `from` defaults to the dialer's */

    /* results */
    struct address address;      /* the address being tried, or the one that was reached */
    struct sock *sock;           /* from TUNNEL on */
    struct transport *transport; /* from HANDSHAKE on */
    struct stamps stamps;        /* start, dns, connect, queued, tls */
    enum error error;            /* in FAILED */
    enum phase phase;            /* in FAILED: the phase that failed */
    const char *detail;          /* text, valid until the end of the turn of dial_free; or NULL */

    /* private */
    struct timer deadline;       /* of the current phase */
    struct lookup *lookup;       /* in RESOLVE and CONNECT */
    bool requested;              /* the addresses of the next hop were requested */
    bool looked_up;              /* a name lookup was necessary */
    struct address site_address; /* for SOCKS5; length 0: none */
    struct eyeballs *eyeballs;   /* in CONNECT */
    struct tunnel *tunnel;       /* in TUNNEL; after a failure it owns `detail` */
    bool has_handshake_slot;
    struct timer slot_timer; /* releases the slot while the handshake continues */
    struct link slot_link;   /* in the dialer's slot_queue */
    struct deferred_free deferred;
};

/* Starts a dial for a URL, which is copied, as are the options; NULL: no options. The state may be
   FAILED on return, and is never OPEN: a connection needs an event. */
struct dial *dial_new(struct dialer *dialer, const struct url *url,
                      const struct dial_options *options, void (*ended)(void *owner), void *owner);

/* Whether the proxy forwards the requests of the connection, without a tunnel. */
bool dial_is_forwarded(const struct dial *dial);

/* The current phase; when FAILED, the phase that failed; when OPEN, SEND. */
enum phase dial_phase(const struct dial *dial);

/* The result of an OPEN dial. */
struct dialled {
    struct sock *sock; /* its watch has no callback yet: the caller sets it and its owner */
    struct transport *transport;
    char *host; /* to be freed by the caller */
};

/* For an OPEN dial, once: the caller takes over its socket, transport and host. */
struct dialled dial_take(struct dial *dial);

/* Cancels pending work, closes what was not taken, and frees the dial at the end of the turn.
   `ended` is not called after this. NULL is allowed. */
void dial_free(struct dial *dial);

#endif

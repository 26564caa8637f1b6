/*
 * A dial: one attempt to reach an origin, from the name to a transport that is ready for requests.
 *
 * It calls `ended` once, when its state has become OPEN or FAILED, and never from inside dial_new: its caller
 * looks at the state. The owner of an OPEN dial takes socket and transport with dial_take and may read stamps
 * and addresses until dial_free. dial_free is allowed in every state and cancels what is under way.
 */
#ifndef HTTP_DIAL_DIAL_H
#define HTTP_DIAL_DIAL_H

#include "http/dial/dialer.h"
#include "http/dial/eyeballs.h"
#include "http/dial/tunnel.h"
#include "http/error.h"
#include "http/result.h"

enum dial_state {
    DIAL_RESOLVE,    /* waiting for the addresses of the next hop */
    DIAL_CONNECT,    /* trying them (RFC 8305) */
    DIAL_TUNNEL,     /* negotiating with a proxy */
    DIAL_TLS_QUEUED, /* waiting for a handshake slot */
    DIAL_HANDSHAKE,  /* the transport's handshake is under way */
    DIAL_OPEN,       /* the transport is ready */
    DIAL_FAILED,     /* `error`, `phase` and `detail` say why */
};

struct dial {
    struct dialer *dialer; /* borrowed */
    enum dial_state state;
    void (*ended)(void *owner);
    void *owner;     /* the argument of `ended` */
    uint64_t number; /* of the dialer's connections, from 1 */

    /* where to */
    char *host; /* the origin's: a name or a numeric address */
    uint16_t port;
    bool https;
    bool numeric;                /* the host is an address */
    const struct proxy *proxy;   /* borrowed; NULL: directly */
    struct dial_options options; /* `from` is set where the dialer has one */

    /* what it came to */
    struct address address;      /* the one that is being tried, or was reached */
    struct sock *sock;           /* from TUNNEL on */
    struct transport *transport; /* from HANDSHAKE on */
    struct stamps stamps;        /* start, dns, connect, queued, tls */
    enum error error;            /* in FAILED */
    enum phase phase;            /* in FAILED: where it happened */
    const char *detail;          /* words, valid until the end of the turn of dial_free; or NULL */

    /* private */
    struct timer deadline;     /* of the phase */
    struct lookup *lookup;     /* in RESOLVE and CONNECT */
    bool asked;                /* for the addresses of the next hop */
    bool looked_up;            /* they were not known beforehand */
    struct address target;     /* the origin's own, for a proxy that wants it; length 0: none */
    struct eyeballs *eyeballs; /* in CONNECT */
    struct tunnel *tunnel;     /* in TUNNEL; kept for its words when it failed */
    bool has_handshake_slot;
    struct timer slot_timer; /* frees the slot, though the handshake goes on */
    struct link slot_link;   /* in the dialer's list of those that wait for one */
    struct deferred_free deferred;
};

/* Starts a dial for a URL, which is not kept; the options are copied; NULL: none. It may be FAILED when
   this returns, and is never OPEN: a connection needs an event. */
struct dial *dial_new(struct dialer *dialer, const struct url *url,
                      const struct dial_options *options, void (*ended)(void *owner), void *owner);

/* Whether it leads where the URL does. It is not OPEN. */
bool dial_fits(const struct dial *dial, const struct url *url);

/* The phase that it is in; of a FAILED one where it failed; SEND when it is OPEN. */
enum phase dial_phase(const struct dial *dial);

/* What dial_take hands over. */
struct dialled {
    struct sock *sock; /* its watch has no owner yet: the caller sets both */
    struct transport *transport;
    char *host; /* to be freed */
};

/* Of an OPEN dial, once: its socket, transport and host belong to the caller from here on. */
struct dialled dial_take(struct dial *dial);

/* Cancels what is under way, closes what was not taken, and frees at the end of the turn. `ended` is not
   called any more. NULL is allowed. */
void dial_free(struct dial *dial);

#endif

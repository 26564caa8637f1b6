/*
 * Settings and state that all dials of a run share: name resolution, trust, the time limit of each
 * phase, and in a rehearsal the real destination of every dial.
 */
#ifndef HTTP_DIAL_DIALER_H
#define HTTP_DIAL_DIALER_H

#include "base/list.h"
#include "dns/resolver.h"
#include "http/dial/proxy.h"
#include "http/dial/route.h"
#include "http/url.h"
#include "reactor/loop.h"
#include "tls/tls.h"

/* In a rehearsal every dial, for any host and port, ends at the embedded origin. */
struct dial_map {
    struct address http;       /* destination of http:// */
    struct address https;      /* destination of https:// */
    struct address nameserver; /* the nameserver for all names */
};

/* Options of one dial. They are borrowed until it is freed; NULL: the dialer's value. */
struct dial_options {
    const struct sock_source *from; /* the source address */
    struct tls_client *tls;         /* of an https origin */
    const char *alpn;               /* as tls_client_open takes it; NULL: http/1.1 */
    /* An https dial fails with ERROR_HTTP2_NOT_NEGOTIATED if ALPN has another result. NULL: any. */
    const char *required_alpn;
    /* A proxy that would forward requests (proxy_forwards) is asked for a tunnel as well. */
    bool tunnels;
};

/* The peer of a transport. */
struct dial_peer {
    const char *host; /* a name, or a numeric address without brackets */
    uint16_t port;
    bool https;
    struct tls_client *tls; /* NULL: the dialer's */
    const char *alpn;
};

/* Opens a transport on a socket; NULL when TLS has no name for the host. */
typedef struct transport *open_transport_fn(void *owner, struct sock *sock,
                                            const struct dial_peer *peer);

/* Handshake slots. Handshakes compete for the one thread and use 45 KB each, a completed one half
   of that; more of them at the same time only take longer. A handshake that is not complete after
   DIAL_HANDSHAKE_SLOT_TIME is waiting for its server and releases its slot, so that silent servers
   do not delay others. */
#define DIAL_MAX_HANDSHAKES      128
#define DIAL_HANDSHAKE_SLOT_TIME (250 * NSEC_PER_MS)

/* Selects the addresses of a host that are tried, and their order. */
struct dial_choice {
    /* Selects among the found addresses, with ports; at least one, at most RESOLVER_MAX_ADDRESSES.
       Returns how many remain. With `last_chance` no attempt is pending and no more addresses are
       expected: then at least one must remain. */
    size_t (*choose)(void *owner, struct address *addresses, size_t count, bool last_chance);
    /* An attempt failed; `reason` is its errno. It is ETIMEDOUT also for an attempt that did not
       succeed within EYEBALLS_STAGGER before another one did. */
    void (*attempt_failed)(void *owner, const struct address *address, int reason);
    /* The first attempt that succeeded. False: this address is no longer wanted, and addresses are
       selected again, unless `choose` had no other. */
    bool (*won)(void *owner, const struct address *address);
    void *owner; /* the argument of all functions */
};

struct dialer {
    struct loop *loop;              /* NULL in blocking mode */
    struct resolver *resolver;      /* NULL in blocking mode */
    const struct dial_map *map;     /* borrowed; NULL: the real network */
    const struct sock_source *from; /* the source address; borrowed; NULL: any */
    const char *unix_socket;        /* destination of all connections; borrowed; NULL: none */
    const struct routes *routes;    /* --resolve and --connect-to; borrowed; NULL: none */
    enum resolve_family family;     /* of addresses that need no lookup; the resolver has its own */
    const struct proxies *proxies;  /* borrowed; NULL: none */
    uint64_t connections;           /* made so far */
    struct tls_client_options trust; /* for the TLS client */
    struct tls_client *tls;          /* created for the first https site */
    nsec dns_timeout;                /* of each phase; NSEC_NEVER: none */
    nsec connect_timeout;
    nsec tls_timeout;
    size_t handshakes;       /* handshake slots in use */
    struct link slot_queue;  /* dials that wait for a handshake slot */
    open_transport_fn *open; /* dialer_open_transport, or a test's function */
    void *open_owner;        /* its first argument */

    char *scratch; /* conn_scratch's buffer; NULL: not needed yet */

    const struct dial_choice *choice; /* borrowed; NULL: all addresses, in their order */
};

/* Sets the defaults: the real network, no limits, dialer_open_transport. */
void dialer_init(struct dialer *dialer, struct loop *loop);

/* Frees the TLS client and the scratch buffer, but not the resolver. */
void dialer_free(struct dialer *dialer);

/* Turns a resolved or literal address into the destination of the connection. */
void dialer_set_destination(const struct dialer *dialer, struct address *address, bool https,
                            uint16_t port, bool numeric);

/* Creates the TLS client unless it exists. Returns NULL, or the reason of a failure, to be
   freed. */
char *dialer_prepare_tls(struct dialer *dialer);

/* The default open_transport_fn: owner is the dialer. */
struct transport *dialer_open_transport(void *owner, struct sock *sock,
                                        const struct dial_peer *peer);

#endif

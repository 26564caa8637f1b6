/*
 * Dialling: what is the same for every connection of a run. Who resolves names, whom to trust, how
 * long each phase may take, and in a rehearsal, where every dial really goes.
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

/* In a rehearsal every dial, whatever its host and port, ends at the embedded origin. */
struct dial_map {
    struct address http;       /* where http:// goes */
    struct address https;      /* where https:// goes */
    struct address nameserver; /* who answers for all names */
};

/* What a dial may have of its own. All are borrowed until it is freed; NULL: what the dialer has. */
struct dial_options {
    const struct sock_from *from; /* the source address */
    struct tls_client *tls;       /* of an https origin */
    const char *alpn;             /* as tls_client_open takes it; NULL: http/1.1 */
};

/* For whom a transport is made. */
struct dial_peer {
    const char *host; /* a name, or a numeric address without brackets */
    uint16_t port;
    bool https;
    struct tls_client *tls; /* NULL: the dialer's */
    const char *alpn;
};

/* Puts a transport on a socket; NULL where TLS has no name for the host. */
typedef struct transport *dial_open_fn(void *owner, struct sock *sock,
                                       const struct dial_peer *peer);

/* Handshakes begun at once. They are work for the one thread and hold 45 KB each, a finished one half
   of that; beyond this number more of them only take longer. One that is not over after
   DIAL_HANDSHAKE_SLOT_TIME waits for its server, and no longer counts: silent servers hold up nobody. */
#define DIAL_MAX_HANDSHAKES      128
#define DIAL_HANDSHAKE_SLOT_TIME (250 * NSEC_PER_MS)

/* Decides which of a host's addresses are tried, and in which order. */
struct dial_choice {
    /* Changes addresses that were found, ports included, at most RESOLVER_MAX_ADDRESSES and at least one.
       Returns how many are left; at least one where no others were, or will be, tried (`all`). */
    size_t (*choose)(void *owner, struct address *addresses, size_t count, bool all);
    /* An attempt failed, of which `reason` is the errno: ETIMEDOUT too where it had not responded within
       EYEBALLS_STAGGER, and another was faster. */
    void (*attempt_failed)(void *owner, const struct address *address, int reason);
    /* The first attempt that was responded to. False: it is not wanted any more, and the addresses are chosen
       anew; not so where `choose` had no other. */
    bool (*won)(void *owner, const struct address *address);
    void *owner; /* the argument of all */
};

struct dialer {
    struct loop *loop;            /* NULL in the blocking half */
    struct resolver *resolver;    /* likewise */
    const struct dial_map *map;   /* borrowed; NULL: the real network */
    const struct sock_from *from; /* the source address; borrowed; NULL: any */
    const char *unix_socket;      /* where all connections lead; borrowed; NULL: nowhere */
    const struct routes *routes;  /* --resolve and --connect-to; borrowed; NULL: none */
    enum resolve_family family; /* of the addresses that need no lookup; the resolver has its own */
    const struct proxies *proxies;   /* borrowed; NULL: none */
    uint64_t connections;            /* made so far */
    struct tls_client_options trust; /* of the TLS client */
    struct tls_client *tls;          /* made when the first https site is met */
    nsec dns_timeout;                /* of each phase; NSEC_NEVER: none of its own */
    nsec connect_timeout;
    nsec tls_timeout;
    size_t handshakes;      /* under way */
    struct link slot_queue; /* dials that wait for a handshake slot */
    dial_open_fn *open;     /* dial_open, or a test's own */
    void *open_owner;       /* its first argument */

    char *scratch; /* of connections, which put output together in it; NULL: not needed so far */

    const struct dial_choice *choice; /* borrowed; NULL: all that are found, as they come */
};

/* Fills in the defaults: the real network, no limits, dial_open. */
void dialer_init(struct dialer *dialer, struct loop *loop);

/* Frees what was made on the way: the TLS client. The resolver is whoever's made it. */
void dialer_free(struct dialer *dialer);

/* Turns an address that was looked up, or the literal itself, into where to connect. */
void dial_aim(const struct dialer *dialer, struct address *address, bool https, uint16_t port,
              bool numeric);

/* Makes the TLS client, where there is none yet. NULL, or why not; to be freed. */
char *dial_prepare_tls(struct dialer *dialer);

/* The real dial_open_fn: owner is the dialer. */
struct transport *dial_open(void *owner, struct sock *sock, const struct dial_peer *peer);

#endif

/* What the options say about the network, made into a dialer: names, routes, proxies, trust. Each half
   of a race makes its own, so that neither profits from the other. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli/rehearsal.h"
#include "cli/types.h"
#include "http/dial/dialer.h"

struct network_options {
    nsec dns_timeout, connect_timeout, tls_timeout; /* NSEC_NEVER: none of its own */
    bool ipv4_only, ipv6_only;
    struct routes *routes;   /* --resolve and --connect-to; owned; NULL: none */
    const char *dns_servers; /* "address[:port],..." */
    struct texts interfaces; /* names of devices or addresses of this machine; fetch: one */
    const char *unix_socket;
    bool proxied;                /* a proxy may be between; else none of the environment either */
    const char *proxy, *noproxy; /* NULL: the environment's */
    const char *headers;         /* of each request: what is for the proxy; borrowed; NULL: none */
    struct tls_client_options trust; /* but for a rehearsal's authority and SSLKEYLOGFILE */
    bool verbose;                    /* -v */
};

struct network {
    struct dialer dialer; /* all below is for it */
    struct resolver *resolver;
    struct proxies *proxies;
    struct sock_from from;
    struct probe probe; /* -v */
};

/* Makes it in place; it is not to be moved. `loop` is NULL in the blocking half. False where that
   fails, which is said on standard error; network_close is called in any case. */
bool network_open(struct network *network, const struct network_options *options,
                  const struct rehearsal *rehearsal, struct loop *loop);

void network_close(struct network *network);

#endif

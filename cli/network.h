/* Makes a dialer from the options: name resolution, routes, proxies, trust. Each half of a race
   makes its own, so that neither profits from caches of the other. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli/rehearsal.h"
#include "cli/types.h"
#include "http/dial/dialer.h"

struct network_options {
    nsec dns_timeout, connect_timeout, tls_timeout; /* NSEC_NEVER: no timeout */
    bool ipv4_only, ipv6_only;
    struct routes *routes;   /* --resolve and --connect-to; owned; NULL: none */
    const char *dns_servers; /* "address[:port],..." */
    struct texts interfaces; /* names of devices or local addresses; fetch uses only the first */
    const char *unix_socket;
    bool proxied; /* the command uses proxies; false: the environment's are ignored too */
    const char *proxy, *noproxy;     /* NULL: the environment's */
    const char *headers;             /* -H, for its Proxy-Authorization; borrowed; NULL: none */
    struct tls_client_options trust; /* without a rehearsal's authority and SSLKEYLOGFILE */
    bool verbose;                    /* -v */
};

struct network {
    struct dialer dialer; /* uses the members below */
    struct resolver *resolver;
    struct proxies *proxies;
    struct sock_source from;
    struct probe probe; /* -v */
};

/* Fills in `network`, which must not be moved afterwards. `loop` is NULL for the blocking half of a
   race. False, with a diagnostic, if a part fails. Call network_close in either case. */
bool network_open(struct network *network, const struct network_options *options,
                  const struct rehearsal *rehearsal, struct loop *loop);

void network_close(struct network *network);

#endif

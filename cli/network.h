/* What the options say about the network, made into a dialer: names, routes, proxies, trust. Each half
   of a race makes its own, so that neither profits from the other. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli/options/options.h"
#include "cli/rehearsal.h"
#include "http/dial/dialer.h"

struct network {
    struct dialer dialer; /* all below is for it */
    struct resolver *resolver;
    struct routes *routes;
    struct proxies *proxies;
    struct sock_from from;
    struct trace trace;
};

/* Makes it in place; it is not to be moved. `loop` is NULL in the blocking half. False where that
   fails, which is said on standard error; network_close is called in any case. */
bool network_open(struct network *network, const struct options *options,
                  const struct rehearsal *rehearsal, struct loop *loop);

void network_close(struct network *network);

#endif

/* One connection at the embedded origin: TLS handshake, requests, responses, faults. */
#ifndef ORIGIN_CONNECTION_H
#define ORIGIN_CONNECTION_H

#include "base/list.h"
#include "origin/faults.h"
#include "reactor/loop.h"
#include "tls/tls_server.h"

/* Shared by all connections of an origin. */
struct origin_server {
    struct loop *loop;
    struct tls_server *tls;
    find_behaviour_fn *find_behaviour;
    void *owner;       /* argument of find_behaviour */
    struct link conns; /* all open connections */
    uint64_t accepted; /* number of connections so far */
};

/* Takes ownership of an accepted descriptor. */
void origin_conn_accept(struct origin_server *server, int fd, bool https);

void origin_conn_close_all(struct origin_server *server);

#endif

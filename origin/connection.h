/* One connection at the embedded origin: it shakes hands, reads requests and plays the answers. */
#ifndef ORIGIN_CONNECTION_H
#define ORIGIN_CONNECTION_H

#include "base/list.h"
#include "origin/faults.h"
#include "reactor/loop.h"
#include "tls/tls_server.h"

/* What all conns of an origin share. */
struct origin_server {
    struct loop *loop;
    struct tls_server *tls;
    /* What to play for a request; the result is valid until the next one is told. */
    const struct play *(*play)(void *owner, const char *host, const char *target);
    void *owner;       /* its argument */
    struct link conns; /* all that are here */
    uint64_t welcomed; /* conns so far */
};

/* Takes over an accepted descriptor. */
void origin_conn_accept(struct origin_server *server, int fd, bool https);

/* Ends all. */
void origin_conn_close_all(struct origin_server *server);

#endif

/*
 * Inside tls/ only: which connections keep the buffers of OpenSSL between two records. A connection
 * has a read and a write buffer of about 17 KB each. To allocate them for each record costs CPU
 * time, to keep them costs memory. So a connection keeps them while it is busy and few connections
 * are open.
 */
#ifndef TLS_BUFFERS_H
#define TLS_BUFFERS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/list.h"
#include "reactor/loop.h"

#define BUFFERS_MAX_CONNECTIONS 128 /* with more open connections none keeps its buffers */

/* Buffers are released when they were unused for this time, and at most for twice this time. */
#define BUFFERS_IDLE_TIME NSEC_PER_S

/* All connections of a client. */
struct buffers {
    struct loop *loop;    /* borrowed; NULL: no connection keeps its buffers */
    struct link keepers;  /* connections that keep their buffers */
    unsigned connections; /* open */
    struct timer sweep;   /* armed while a connection keeps its buffers */
};

/* One connection. */
struct buffers_user {
    SSL *ssl; /* borrowed */
    struct link link;
    bool keeps;
    bool used; /* since the last sweep */
};

/* The timer `sweep` is idle while no connection is open. */
void buffers_init(struct buffers *buffers, struct loop *loop);

/* A connection is open; its SSL has SSL_MODE_RELEASE_BUFFERS. */
void buffers_join(struct buffers *buffers, struct buffers_user *user, SSL *ssl);

/* The connection is about to be closed. */
void buffers_leave(struct buffers *buffers, struct buffers_user *user);

/* The connection begins to keep its buffers. See buffers_use. */
void buffers_keep(struct buffers *buffers, struct buffers_user *user);

/* Content is about to be read or written. */
static inline void buffers_use(struct buffers *buffers, struct buffers_user *user)
{
    user->used = true;
    if (!user->keeps && buffers->loop && buffers->connections <= BUFFERS_MAX_CONNECTIONS)
        buffers_keep(buffers, user);
}

#endif

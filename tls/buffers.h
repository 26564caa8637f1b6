/*
 * Inside tls/ only: which streams keep the buffers of OpenSSL between two records. A stream has a
 * read and a write buffer of about 17 KB each. Allocating them for each record costs a busy stream
 * instructions, and keeping them costs memory: a stream keeps them while it is busy and few streams
 * are open.
 */
#ifndef TLS_BUFFERS_H
#define TLS_BUFFERS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/list.h"
#include "reactor/loop.h"

#define BUFFERS_MAX_STREAMS 128        /* with more open streams none keeps its buffers */
#define BUFFERS_IDLE_TIME   NSEC_PER_S /* unused for so long, at most for twice as long: released */

/* All streams of a client. */
struct buffers {
    struct loop *loop;   /* borrowed; NULL: no stream keeps its buffers */
    struct link keepers; /* streams that keep their buffers */
    unsigned streams;    /* open */
    struct timer sweep;  /* armed while a stream keeps its buffers */
};

/* One stream. */
struct buffers_user {
    SSL *ssl; /* borrowed */
    struct link link;
    bool keeps;
    bool used; /* since the last sweep */
};

/* Its timer is idle whenever no stream is open. */
void buffers_init(struct buffers *buffers, struct loop *loop);

/* A stream is open; its SSL has SSL_MODE_RELEASE_BUFFERS. */
void buffers_join(struct buffers *buffers, struct buffers_user *user, SSL *ssl);

/* The stream is about to be closed. */
void buffers_leave(struct buffers *buffers, struct buffers_user *user);

/* The stream begins to keep its buffers. See buffers_use. */
void buffers_keep(struct buffers *buffers, struct buffers_user *user);

/* Content is about to be read or written. */
static inline void buffers_use(struct buffers *buffers, struct buffers_user *user)
{
    user->used = true;
    if (!user->keeps && buffers->loop && buffers->streams <= BUFFERS_MAX_STREAMS)
        buffers_keep(buffers, user);
}

#endif

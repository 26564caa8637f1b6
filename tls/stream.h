/*
 * Inside tls/ only: an SSL on a socket as a transport, the part that client and server share.
 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include <openssl/ssl.h>

#include "tls/transport.h"

/* What a side keeps beside an SSL; the beginning of a larger struct. */
struct visit {
    void (*failed)(struct visit *visit); /* the handshake came to nothing; NULL: nobody asks */
};

/* Puts the SSL on the socket. It owns the SSL from here on, and `visit`, which is freed with it and
   may be NULL. */
struct transport *stream_open(SSL *ssl, struct sock *sock, struct visit *visit);

#endif

/*
 * Inside tls/ only: an SSL on a socket as a transport, the part that client and server share.
 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include <openssl/ssl.h>

#include "tls/transport.h"

/* Puts the SSL on the socket. It owns the SSL from here on, and `visit`, which is freed with it and
   may be NULL. */
struct transport *stream_open(SSL *ssl, struct sock *sock, void *visit);

#endif

/*
 * Inside tls/ only: an SSL on a socket as a transport, the part that client and server share.
 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include <openssl/ssl.h>

#include "tls/transport.h"

/* Puts the SSL, which it owns from here on, on the socket. */
struct transport *stream_open(SSL *ssl, struct sock *sock);

#endif

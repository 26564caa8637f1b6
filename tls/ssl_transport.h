/*
 * Inside tls/ only: an SSL on a socket as a transport, the part that client and server share.
 */
#ifndef TLS_SSL_TRANSPORT_H
#define TLS_SSL_TRANSPORT_H

#include <openssl/ssl.h>

#include "tls/buffers.h"
#include "tls/transport.h"

/* Limit of bytes that the peer may send after the handshake without content: tickets, key updates,
   requests to renegotiate. A read of content reduces the count by one record. Above the limit the
   transport fails with TLS_FLOOD. */
#define SSL_TRANSPORT_MAX_SILENT_BYTES (256 * 1024)

struct ssl_owner;

/* Callbacks of the transport's owner. */
struct ssl_owner_calls {
    void (*handshake_done)(struct ssl_owner *owner, SSL *ssl); /* the handshake succeeded */
    void (*failed)(struct ssl_owner *owner);                   /* the handshake failed */
    void (*closed)(struct ssl_owner *owner); /* the transport was closed: frees the owner */
};

/* The owner's data for one SSL; first member of a larger struct. */
struct ssl_owner {
    const struct ssl_owner_calls *calls;
    struct tls_certificate *certificate; /* for facts(), set by `handshake_done`; or NULL */
    /* The server requested a client certificate, and there was none. */
    bool certificate_requested;
};

/* Opens a transport that carries the SSL on the socket. It takes ownership of the SSL and of
   `owner`, which may be NULL. `buffers`: those of its client; NULL: the transport keeps none. */
struct transport *ssl_transport_open(SSL *ssl, struct sock *sock, struct ssl_owner *owner,
                                     struct buffers *buffers);

#endif

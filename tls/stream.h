/*
 * Inside tls/ only: an SSL on a socket as a transport, the part that client and server share.
 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include <openssl/ssl.h>

#include "tls/transport.h"

/* What the other side may send after the handshake without content in it, or in front of content:
   tickets, key updates, requests to renegotiate. A read of content makes up for one record of them.
   More is TLS_FLOOD. */
#define STREAM_MAX_SILENT_BYTES (256 * 1024)

struct stream_owner;

/* What the side that opened a stream wants to hear. */
struct stream_owner_calls {
    void (*handshake_done)(struct stream_owner *owner, SSL *ssl); /* the handshake succeeded */
    void (*failed)(struct stream_owner *owner);                   /* it came to nothing */
    void (*closed)(struct stream_owner *owner); /* the stream is gone: frees the owner */
};

/* What a side keeps beside an SSL; the beginning of a larger struct. */
struct stream_owner {
    const struct stream_owner_calls *calls;
    struct tls_certificate *certificate; /* what facts() tells, set by `handshake_done`; or NULL */
    bool asked; /* the other side asked for a certificate of ours, and there was none */
};

/* Puts the SSL on the socket. It owns the SSL from here on, and `owner`, which is closed with it and
   may be NULL. */
struct transport *stream_open(SSL *ssl, struct sock *sock, struct stream_owner *owner);

#endif

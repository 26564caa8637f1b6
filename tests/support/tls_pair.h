/* A TLS client and a TLS server on one loop, connected by a socketpair or over TCP. */
#ifndef SUPPORT_TLS_PAIR_H
#define SUPPORT_TLS_PAIR_H

#include <openssl/ssl.h>

#include "tls/authority.h"
#include "tls/tls.h"
#include "tls/tls_server.h"

struct tls_end {
    struct sock *sock;
    struct transport *transport; /* NULL: the test writes the bytes itself */
    struct io last;              /* what the last handshake call returned */
};

struct tls_pair {
    struct loop *loop;
    struct authority *authority;
    struct tls_server *server;
    /* Used instead of `server` if not NULL; owned by the test. */
    SSL_CTX *server_context;
    enum certificate_kind kind; /* of the server's certificate */
    char sni[256];              /* of the last ClientHello; "": none */
    uint16_t port;              /* of the server, as in the client's session cache */
    const char *alpn;           /* the client's offer; NULL: its default */
    bool tcp; /* use TCP over loopback, which has kernel timestamps, for the next one */
    struct tls_end client, peer;
};

/* Creates the loop, the authority and the server, but no connection. */
void tls_pair_open(struct tls_pair *pair);
void tls_pair_close(struct tls_pair *pair);

/* Replaces the server by one without cached certificates and sessions. */
void tls_pair_new_server(struct tls_pair *pair);

/* Returns a client that trusts only the pair's authority. */
struct tls_client *tls_pair_client(const struct tls_pair *pair);

/* Connects the client to the server; the client verifies `host`. `client_only`: the peer end gets
   no transport. */
void tls_pair_connect(struct tls_pair *pair, struct tls_client *client, const char *host,
                      bool client_only);

/* Turns the loop until both handshakes are complete or failed; returns the client's result. */
struct io tls_pair_handshake(struct tls_pair *pair);

/* Closes both ends. */
void tls_pair_disconnect(struct tls_pair *pair);

/* Closes an end without close_notify. */
void tls_end_truncate(struct tls_pair *pair, struct tls_end *end);

#endif

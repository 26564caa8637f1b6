/* A TLS client and a TLS server on the two ends of a socketpair, or of a TCP connection, on one loop. */
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
    SSL_CTX *server_context; /* the test's server instead of that; freed by the test. NULL: none */
    enum certificate_kind kind; /* what the server shows */
    char sni[256];              /* SNI, when a certificate is chosen; "" where there was none */
    uint16_t port;              /* what the client believes */
    const char *alpn;           /* what the client offers; NULL: its own */
    bool tcp; /* the next connection is one of loopback, which the kernel stamps */
    struct tls_end client, peer;
};

/* The loop, the authority, the server; no connection yet. */
void tls_pair_open(struct tls_pair *pair);
void tls_pair_close(struct tls_pair *pair);

/* A server that has issued no certificate and knows no session yet, in place of the old one. */
void tls_pair_new_server(struct tls_pair *pair);

/* A client that trusts the pair's authority alone. */
struct tls_client *tls_pair_client(const struct tls_pair *pair);

/* Connects: the client to `host` and the server, or nobody where `client_only`. */
void tls_pair_connect(struct tls_pair *pair, struct tls_client *client, const char *host,
                      bool client_only);

/* Turns until both handshakes are over, one way or the other; returns the client's. */
struct io tls_pair_handshake(struct tls_pair *pair);

/* Closes both ends in order. */
void tls_pair_disconnect(struct tls_pair *pair);

/* Closes an end without a goodbye. */
void tls_end_truncate(struct tls_pair *pair, struct tls_end *end);

#endif

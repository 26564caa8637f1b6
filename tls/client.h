/*
 * The client side of TLS: one context for all connections. Verification is on: the chain against the
 * trusted authorities, the certificate against the host's name (RFC 6125, no partial wildcards) or
 * address. TLS 1.2 is the lowest version; SNI is sent for names (RFC 6066 forbids it for
 * addresses); ALPN offers http/1.1.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include <stdbool.h>

#include "tls/transport.h"

struct tls_client_options {
    const char *authorities_file; /* PEM; instead of the system's store. NULL: none */
    const char *authorities_pem;  /* the same from memory, before the file. NULL: none */
    bool insecure;                /* verify nothing */
};

struct tls_client;

/* A context. The system's trust store is read when the first connection is opened, for it costs
   some 10 ms; what the options name is read at once. NULL where that fails, *why is then a
   sentence to be freed. */
struct tls_client *tls_client_new(const struct tls_client_options *options, char **why);

void tls_client_free(struct tls_client *client);

/* A transport towards `host`, a name or a numeric address without brackets. The caller ends it with
   calls->close, before the client is freed. NULL where `host` cannot be a server's name: over 255
   bytes. A session of an earlier connection to the same host and port is resumed. */
struct transport *tls_client_open(struct tls_client *client, struct sock *sock, const char *host,
                                  uint16_t port);

/* "OpenSSL 3.0.19 ...": the library that is running. */
const char *tls_version(void);

#endif

/*
 * The client side of TLS: one context for all connections. Verification is on: the chain against the
 * trusted authorities, the certificate against the host's name (RFC 6125, no partial wildcards) or
 * address. TLS 1.2 is the lowest version; SNI is sent for names (RFC 6066 forbids it for
 * addresses); ALPN offers http/1.1 where the caller names nothing else.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <stdbool.h>

#include "tls/transport.h"

/* Whatever is NULL, 0 or false is the usual way. The texts are borrowed as long as the client lives. */
struct tls_client_options {
    /* Whom to trust instead of the system's store, which SSL_CERT_FILE and SSL_CERT_DIR in the
       environment move. File and directory may both be given. */
    const char *authorities_file;      /* PEM */
    const char *authorities_directory; /* of files named by hash: openssl rehash */
    const char *authorities_pem;       /* from memory, instead of the other two */
    bool insecure;                     /* verify nothing */

    /* What is shown to a server that asks who we are. */
    const char *certificate; /* a file in PEM, with the authorities between, if any, after it */
    const char *key;         /* a file in PEM, not encrypted; NULL: in the certificate's file */

    int min_version, max_version; /* 12 or 13, for TLS 1.2 and 1.3; no other is spoken */

    /* The name in SNI; NULL: the host's, "": none is sent. It is what a server chooses its
       certificate by, and that alone: the certificate is verified against the host all the same. */
    const char *sni;

    const char *keylog; /* a file that gets the connections' secrets, in the NSS key log format */
    bool no_resumption; /* every handshake whole */
    bool
        many_sessions; /* each connection leaves one to be resumed: else the newest of a host is kept */
    bool describe;     /* facts() tells the certificate: some 20 us for each that is whole */
};

struct tls_client;

/* A context. The system's trust store is read when the first connection is opened, for it costs
   some 10 ms; what the options name is read at once. NULL where that fails, *why is then a
   sentence to be freed. Nobody is asked for a password. */
struct tls_client *tls_client_new(const struct tls_client_options *options, char **why);

void tls_client_free(struct tls_client *client);

/* A transport towards `host`, a name or a numeric address without brackets. The caller ends it with
   calls->close, before the client is freed. NULL where `host` cannot be a server's name: over 255
   bytes, or with a dot at its beginning. A session of an earlier connection to the same host and port is
   resumed. `alpn`: the protocols that are offered, the preferred one first, each behind its length in one
   byte (RFC 7301, section 3.1): "\x02h2\x08http/1.1"; NULL: http/1.1 alone. */
struct transport *tls_client_open(struct tls_client *client, struct sock *sock, const char *host,
                                  uint16_t port, const char *alpn);

/* Lets OpenSSL run out of memory as the rest of the program does (base/memory.h). To be called before
   anything else of tls/. */
void tls_begin(void);

/* "OpenSSL 3.0.19 ...": the library that is running. */
const char *tls_version(void);

#endif

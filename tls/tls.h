/*
 * The client side of TLS: one context for all connections. By default the chain is verified against
 * the trusted authorities, and the certificate against the host's name (RFC 6125, no partial
 * wildcards) or address. TLS 1.2 is the lowest version. SNI is sent for names (RFC 6066 forbids it
 * for addresses). ALPN offers http/1.1 unless the caller gives other protocols.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <stdbool.h>

#include "tls/transport.h"

struct loop;

/* NULL, 0 and false are the defaults. The texts are borrowed until the client is freed. */
struct tls_client_options {
    /* With a loop, busy connections keep buffers until they have been idle for a second (borrowed,
       as the texts). NULL: buffers are allocated for each record. */
    struct loop *loop;

    /* Trusted authorities, instead of the system's store (which the environment variables
       SSL_CERT_FILE and SSL_CERT_DIR replace). File and directory may both be given. */
    const char *authorities_file;      /* PEM */
    const char *authorities_directory; /* of files named by hash: openssl rehash */
    const char *authorities_pem;       /* text in memory, instead of the other two */
    bool insecure;                     /* do not verify */

    /* The client certificate, for servers that request one. */
    const char *certificate; /* a PEM file; intermediate certificates may follow in it */
    const char *key;         /* a PEM file, not encrypted; NULL: in the certificate's file */

    int min_version, max_version; /* 12 or 13, for TLS 1.2 and 1.3 */

    /* The name in SNI; NULL: the host's, "": no SNI. The certificate must still be for the host. */
    const char *sni;

    const char *keylog; /* a file for the secrets of connections, in the NSS key log format */
    bool no_resumption; /* every handshake is a full one */
    bool many_sessions; /* keep one session for each connection; else only the newest of a host */
    bool describe;      /* facts() has the certificate; costs about 20 us for each full handshake */
};

struct tls_client;

/* Creates a client. Files that the options name are read immediately; the system's trust store is
   read when the first connection is opened, because that takes about 10 ms. Returns NULL if an
   option is invalid, with a sentence in *why that the caller frees. Never asks for a password. */
struct tls_client *tls_client_new(const struct tls_client_options *options, char **why);

void tls_client_free(struct tls_client *client);

/* Opens a transport to `host`, a name or a numeric address without brackets. The caller ends it
   with calls->close before the client is freed. Returns NULL if `host` cannot be a server's name:
   over 255 bytes, or with a dot at its beginning. A session of an earlier connection to the same
   host and port is resumed. `alpn` has the offered protocols in order of preference, each after its
   length in one byte (RFC 7301, section 3.1): "\x02h2\x08http/1.1"; NULL: only http/1.1. */
struct transport *tls_client_open(struct tls_client *client, struct sock *sock, const char *host,
                                  uint16_t port, const char *alpn);

/* Makes OpenSSL allocate with base/memory.h. Called before any other function of tls/. */
void tls_begin(void);

/* The version of OpenSSL at run time, such as "OpenSSL 3.0.19 ...". */
const char *tls_version(void);

#endif

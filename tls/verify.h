/*
 * Inside tls/ only: host name checks in which OpenSSL differs from browsers. A common name is used
 * only if the certificate has no subjectAltName (RFC 6125, section 6.4.4); OpenSSL also uses it if
 * the subjectAltName has no host name. A wildcard also matches a label with an underscore.
 */
#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include <openssl/ssl.h>
#include <stdbool.h>

/* Enables verification for all connections of the context. */
void verify_begin(SSL_CTX *context);

/* Sets the host that the certificate must be for: a name without a dot at its end, or an address.
   Called before the handshake. Returns false if OpenSSL refuses the host. */
bool verify_expect(SSL *ssl, const char *host, bool numeric);

#endif

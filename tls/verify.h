/*
 * Inside tls/ only: whom a certificate is for, where OpenSSL alone would judge otherwise than browsers
 * do. A common name counts only in a certificate without subjectAltName (RFC 6125, section 6.4.4, where
 * OpenSSL asks for one with host names in it). A wildcard stands for a label with an underscore too.
 */
#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include <openssl/ssl.h>
#include <stdbool.h>

/* Certificates are verified, for all connections of the context. What each of them expects is set in
   its own parameters, before the handshake. */
void verify_begin(SSL_CTX *context);

/* The host that the connection has to lead to: a name without a closing dot, or an address. */
bool verify_expect(SSL *ssl, const char *host, bool numeric);

#endif

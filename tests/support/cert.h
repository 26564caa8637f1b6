/*
 * Certificates made in memory, sound or not, to be served by an SSL_CTX of the test's own.
 */
#ifndef SUPPORT_CERT_H
#define SUPPORT_CERT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#define CERT_CA                                                                                    \
    "basicConstraints=critical,CA:TRUE\n"                                                          \
    "keyUsage=critical,keyCertSign,cRLSign\n"

/* What a certificate says. */
struct cert_spec {
    const char *subject;    /* "CN=a,O=b"; NULL: the empty one */
    const char *extensions; /* "name=value\n", as in OpenSSL's configuration; NULL: none */
    const char *key;        /* a curve, or "RSA1024"; NULL: P-256 */
    const char *digest;     /* of the signature; NULL: SHA256 */
    long from, to;          /* seconds from now; both 0: an hour ago, tomorrow */
    bool bad_signature;     /* a bit of the signature is wrong */
};

/* A certificate and its key. */
struct cert {
    X509 *x509;
    EVP_PKEY *key;
};

/* A new key for a new certificate. `issuer` NULL: signed by itself. Fails the test where OpenSSL
   cannot. */
struct cert cert_issue(const struct cert_spec *spec, const struct cert *issuer);

void cert_free(struct cert *cert);

/* The same extensions made into a certificate that nobody has signed yet. */
void cert_extend(X509 *x509, X509 *issuer, const char *extensions);

/* In PEM, to be freed. */
char *cert_pem(const struct cert *cert);

/* Writes certificate, key or both into a new file in TMPDIR. password NULL: the key is in the clear. */
void cert_file(const struct cert *cert, bool certificate, bool key, const char *password,
               char *path, size_t room);

/* A server that shows `leaf`, and `intermediate` where its x509 is not NULL; it minds no weakness. */
SSL_CTX *cert_server(const struct cert *leaf, const struct cert *intermediate);

#endif

/* Certificates made in memory, valid or not, for an SSL_CTX of the test. */
#ifndef SUPPORT_CERT_H
#define SUPPORT_CERT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#define CERT_CA                                                                                    \
    "basicConstraints=critical,CA:TRUE\n"                                                          \
    "keyUsage=critical,keyCertSign,cRLSign\n"

/* The contents of a certificate. */
struct cert_spec {
    const char *subject;    /* "CN=a,O=b"; NULL: empty */
    const char *extensions; /* "name=value\n", in OpenSSL's syntax; NULL: none */
    const char *key;        /* a curve, or "RSA1024"; NULL: P-256 */
    const char *digest;     /* of the signature; NULL: SHA256 */
    long from, to;          /* seconds from now; both 0: an hour ago, tomorrow */
    bool bad_signature;     /* one bit of it is wrong */
};

/* A certificate and its key. */
struct cert {
    X509 *x509;
    EVP_PKEY *key;
};

/* Makes a key and a certificate. `issuer` NULL: self-signed. Fails the test on an OpenSSL error. */
struct cert cert_issue(const struct cert_spec *spec, const struct cert *issuer);

void cert_free(struct cert *cert);

/* Adds extensions, written as in cert_spec, to a certificate that is not signed yet. */
void cert_extend(X509 *x509, X509 *issuer, const char *extensions);

/* Returns the certificate as PEM; the caller frees it. */
char *cert_pem(const struct cert *cert);

/* Writes the certificate, the key or both to a new file in TMPDIR. `password` NULL: the key is not
   encrypted. */
void cert_file(const struct cert *cert, bool certificate, bool key, const char *password,
               char *path, size_t room);

/* Returns a server context with the lowest security level. It sends `leaf`, and `intermediate` if
   its x509 is not NULL. */
SSL_CTX *cert_server(const struct cert *leaf, const struct cert *intermediate);

#endif

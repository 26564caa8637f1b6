/*
 * Two callbacks. on_verify runs before a chain is verified, when the leaf is known, and decides
 * whether the common name is used, so that OpenSSL knows whether to apply name constraints to it.
 * on_result is called for each error. Rejected: a matcher of our own after that of OpenSSL. The two
 * would have to agree about wildcards, A-labels and constraints.
 */
#include "tls/verify.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#define MAX_HOST_BYTES 255
#define LABEL_LETTERS  16 /* length of the label that replaces one with an underscore */

/* Runs the verification. Returns 1 if the chain is valid. */
static int on_verify(X509_STORE_CTX *store, void *owner)
{
    X509_VERIFY_PARAM *expected = X509_STORE_CTX_get0_param(store);
    bool named =
        X509_get_ext_by_NID(X509_STORE_CTX_get0_cert(store), NID_subject_alt_name, -1) >= 0;

    (void)owner;
    if (named)
        X509_VERIFY_PARAM_set_hostflags(expected, X509_VERIFY_PARAM_get_hostflags(expected) |
                                                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_verify_cert(store);
}

/* If the first label has an underscore, replaces it: "a_b.example.org" becomes
   "qwkzjvbnmxcvbnmr.example.org". The letters are random: no certificate has this name. */
static bool replace_label(char *to, const char *host)
{
    size_t label = strcspn(host, ".");
    unsigned char random[LABEL_LETTERS];

    if (!memchr(host, '_', label) || !host[label] || strlen(host) > MAX_HOST_BYTES ||
        RAND_bytes(random, sizeof(random)) != 1)
        return false;
    for (size_t i = 0; i < sizeof(random); i++)
        *to++ = (char)('a' + random[i] % 26);
    strcpy(to, host + label);
    return true;
}

/* Whether the certificate matches the host by a wildcard for a label with an underscore. OpenSSL
   rejects such labels, which are in use, so another label is checked instead. */
static bool wildcard_matches(X509 *x509, X509_VERIFY_PARAM *expected)
{
    const char *host = X509_VERIFY_PARAM_get0_host(expected, 0);
    char other[LABEL_LETTERS + MAX_HOST_BYTES + 1], *name = NULL;
    bool matches =
        host && replace_label(other, host) &&
        X509_check_host(x509, other, 0, X509_VERIFY_PARAM_get_hostflags(expected), &name) == 1 &&
        !strncmp(name, "*.", 2);

    OPENSSL_free(name);
    return matches;
}

/* Called for each certificate of the chain and for each error. Returns 1 to continue. */
static int on_result(int good, X509_STORE_CTX *store)
{
    if (good || X509_STORE_CTX_get_error(store) != X509_V_ERR_HOSTNAME_MISMATCH ||
        X509_STORE_CTX_get_error_depth(store) != 0 ||
        !wildcard_matches(X509_STORE_CTX_get0_cert(store), X509_STORE_CTX_get0_param(store)))
        return good;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    ERR_clear_error();
    return 1;
}

void verify_begin(SSL_CTX *context)
{
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_result);
    SSL_CTX_set_cert_verify_callback(context, on_verify, NULL);
}

bool verify_expect(SSL *ssl, const char *host, bool numeric)
{
    X509_VERIFY_PARAM *expected = SSL_get0_param(ssl);

    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return numeric ? X509_VERIFY_PARAM_set1_ip_asc(expected, host)
                   : X509_VERIFY_PARAM_set1_host(expected, host, 0);
}

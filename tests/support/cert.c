#include "tests/support/cert.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/unit.h"

#define HOUR 3600L
#define DAY  (24 * HOUR)

static EVP_PKEY *make_key(const char *kind)
{
    EVP_PKEY *key;

    if (!kind)
        kind = "P-256";
    key = strncmp(kind, "RSA", 3) ? EVP_EC_gen(kind)
                                  : EVP_RSA_gen((unsigned)strtoul(kind + 3, NULL, 10));
    assert_non_null(key);
    return key;
}

/* Adds the parts of "CN=a,O=b" to a name. */
static void put_name(X509_NAME *name, const char *text)
{
    char *copy = text ? strdup(text) : NULL, *rest = copy, *part;

    while ((part = strsep(&rest, ","))) {
        char *value = strchr(part, '=');

        assert_non_null(value);
        *value++ = '\0';
        assert_true(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                                               (const unsigned char *)value, -1, -1, 0));
    }
    free(copy);
}

void cert_extend(X509 *x509, X509 *issuer, const char *extensions)
{
    char *copy = extensions ? strdup(extensions) : NULL, *rest = copy, *line;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    while ((line = strsep(&rest, "\n"))) {
        char *value = strchr(line, '=');
        X509_EXTENSION *extension;

        if (!value)
            continue;
        *value++ = '\0';
        extension = X509V3_EXT_conf(NULL, &context, line, value);
        if (!extension)
            fail_msg("no extension: %s = %s", line, value);
        X509_add_ext(x509, extension, -1);
        X509_EXTENSION_free(extension);
    }
    free(copy);
}

struct cert cert_issue(const struct cert_spec *spec, const struct cert *issuer)
{
    static long serial;
    bool dated = spec->from || spec->to;
    struct cert cert = {X509_new(), make_key(spec->key)};
    const ASN1_BIT_STRING *signature;

    X509_set_version(cert.x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert.x509), dated ? spec->from : -HOUR);
    X509_gmtime_adj(X509_getm_notAfter(cert.x509), dated ? spec->to : DAY);
    put_name(X509_get_subject_name(cert.x509), spec->subject);
    X509_set_issuer_name(cert.x509, X509_get_subject_name(issuer ? issuer->x509 : cert.x509));
    X509_set_pubkey(cert.x509, cert.key);
    cert_extend(cert.x509, issuer ? issuer->x509 : cert.x509, spec->extensions);
    assert_true(X509_sign(cert.x509, issuer ? issuer->key : cert.key,
                          EVP_get_digestbyname(spec->digest ? spec->digest : "SHA256")));
    X509_get0_signature(&signature, NULL, cert.x509);
    if (spec->bad_signature)
        signature->data[signature->length - 1] ^= 1;
    return cert;
}

void cert_free(struct cert *cert)
{
    X509_free(cert->x509);
    EVP_PKEY_free(cert->key);
    *cert = (struct cert){0};
}

char *cert_pem(const struct cert *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes, *text;
    long length;

    assert_true(PEM_write_bio_X509(bio, cert->x509));
    length = BIO_get_mem_data(bio, &bytes);
    text = strndup(bytes, (size_t)length);
    BIO_free(bio);
    return text;
}

void cert_file(const struct cert *cert, bool certificate, bool key, const char *password,
               char *path, size_t room)
{
    int fd = unit_file(path, room);
    FILE *to = fdopen(fd, "w");

    assert_non_null(to);
    if (certificate)
        assert_true(PEM_write_X509(to, cert->x509));
    if (key)
        assert_true(PEM_write_PKCS8PrivateKey(to, cert->key, password ? EVP_aes_128_cbc() : NULL,
                                              NULL, 0, NULL, (void *)password));
    fclose(to);
}

SSL_CTX *cert_server(const struct cert *leaf, const struct cert *intermediate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    SSL_CTX_set_security_level(context, 0);
    assert_true(SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0"));
    assert_true(SSL_CTX_use_certificate(context, leaf->x509));
    assert_true(SSL_CTX_use_PrivateKey(context, leaf->key));
    if (intermediate->x509)
        assert_true(SSL_CTX_add1_chain_cert(context, intermediate->x509));
    return context;
}

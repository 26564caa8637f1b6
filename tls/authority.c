/* Certificates use the elliptic curve P-256 and SHA-256; issuing one takes about 0.1 ms. */
#include "tls/authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tls/issue.h"

#define HOUR           3600L
#define DAY            (24 * HOUR)
#define MAX_NAME_BYTES 253 /* limit of a name in the DNS */

/* Key and certificate of a signer. */
struct issuer {
    EVP_PKEY *key;
    X509 *certificate;
};

struct authority {
    struct issuer own;
    struct issuer
        unknown; /* not trusted by clients; created on first use, which saves 3 ms at start */
    EVP_PKEY *leaf_key; /* the key of all issued certificates: nothing here is secret */
    char *pem;          /* of own.certificate */
    char *addresses;    /* "IP:127.0.0.1,IP:...", for connections without SNI */
};

/* Creates a certificate without a signature. `from` and `to` are seconds relative to now. */
static X509 *unsigned_certificate(const char *subject, const X509_NAME *issuer, EVP_PKEY *key,
                                  long from, long to)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;
    uint64_t serial = 0;

    if (!certificate)
        return NULL;
    RAND_bytes((unsigned char *)&serial, sizeof(serial));
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? issuer : name);
    X509_set_pubkey(certificate, key);
    return certificate;
}

static bool extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool added;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/* Creates key and certificate, unless they exist. */
static bool make_issuer(struct issuer *issuer, const char *subject)
{
    X509 *root;

    if (issuer->certificate)
        return true;
    if (!issuer->key)
        issuer->key = EVP_EC_gen("P-256");
    root = issuer->key ? unsigned_certificate(subject, NULL, issuer->key, -HOUR, DAY) : NULL;
    if (root && extend(root, root, NID_basic_constraints, "critical,CA:TRUE") &&
        extend(root, root, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        extend(root, root, NID_subject_key_identifier, "hash") &&
        X509_sign(root, issuer->key, EVP_sha256()))
        issuer->certificate = root;
    else
        X509_free(root);
    return issuer->certificate;
}

static char *pem_of(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes, *text;
    long length;

    PEM_write_bio_X509(bio, certificate);
    length = BIO_get_mem_data(bio, &bytes);
    text = memory_text(bytes, (size_t)length);
    BIO_free(bio);
    return text;
}

struct authority *authority_new(void)
{
    struct authority *authority = memory_zeroed(sizeof(*authority));

    authority->leaf_key = EVP_EC_gen("P-256");
    if (!authority->leaf_key || !make_issuer(&authority->own, "firstbyte rehearsal authority")) {
        authority_free(authority);
        return NULL;
    }
    authority->pem = pem_of(authority->own.certificate);
    authority_add_address(authority, "127.0.0.1");
    authority_add_address(authority, "::1");
    return authority;
}

void authority_free(struct authority *authority)
{
    EVP_PKEY_free(authority->own.key);
    EVP_PKEY_free(authority->unknown.key);
    EVP_PKEY_free(authority->leaf_key);
    X509_free(authority->own.certificate);
    X509_free(authority->unknown.certificate);
    free(authority->pem);
    free(authority->addresses);
    free(authority);
}

const char *authority_pem(const struct authority *authority)
{
    return authority->pem;
}

void authority_add_address(struct authority *authority, const char *numeric)
{
    char *old = authority->addresses;

    authority->addresses = memory_print("%s%sIP:%s", old ? old : "", old ? "," : "", numeric);
    free(old);
}

static bool is_host_name(const char *name)
{
    size_t length = strlen(name);

    return length && length <= MAX_NAME_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               length;
}

X509 *authority_issue(struct authority *authority, const char *name, enum certificate_kind kind,
                      EVP_PKEY **key)
{
    bool other = kind == CERTIFICATE_UNKNOWN_AUTHORITY, self = kind == CERTIFICATE_SELF_SIGNED;
    struct issuer *by = other ? &authority->unknown : &authority->own;
    long from = kind == CERTIFICATE_EXPIRED ? -2 * DAY : kind == CERTIFICATE_NOT_YET ? DAY : -HOUR;
    long to = kind == CERTIFICATE_EXPIRED ? -DAY : 2 * DAY;
    X509 *leaf, *issuer;
    char *names;

    if (kind == CERTIFICATE_WRONG_HOST)
        name = "wrong.invalid";
    if (name && !is_host_name(name)) /* the name becomes part of an OpenSSL extension expression */
        return NULL;
    if (!make_issuer(by, "firstbyte unknown authority"))
        return NULL;
    issuer = by->certificate;
    leaf = unsigned_certificate("firstbyte rehearsal", self ? NULL : X509_get_subject_name(issuer),
                                authority->leaf_key, from, to);
    names = name ? memory_print("DNS:%s", name) : memory_print("%s", authority->addresses);
    *key = authority->leaf_key;
    if (leaf && (!extend(leaf, issuer, NID_subject_alt_name, names) ||
                 !extend(leaf, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
                 !extend(leaf, issuer, NID_ext_key_usage, "serverAuth") ||
                 !X509_sign(leaf, self ? authority->leaf_key : by->key, EVP_sha256()))) {
        X509_free(leaf);
        leaf = NULL;
    }
    free(names);
    return leaf;
}

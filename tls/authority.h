/*
 * The temporary certificate authority of a rehearsal: it exists only in the memory of the process.
 * It issues a certificate for any requested name, valid or with a defect.
 */
#ifndef TLS_AUTHORITY_H
#define TLS_AUTHORITY_H

#include <stddef.h>

/* The kinds of certificates: valid, or with one defect. */
enum certificate_kind {
    CERTIFICATE_VALID,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_YET,
    CERTIFICATE_SELF_SIGNED,
    CERTIFICATE_WRONG_HOST,        /* valid, but for "wrong.invalid" */
    CERTIFICATE_UNKNOWN_AUTHORITY, /* issued by an authority that no client trusts */
    CERTIFICATE_KINDS,
};

struct authority;

/* Creates an authority; the caller frees it. Returns NULL if OpenSSL fails. */
struct authority *authority_new(void);

void authority_free(struct authority *authority);

/* The authority's certificate in PEM, owned by the authority. */
const char *authority_pem(const struct authority *authority);

/* Adds a numeric address to the certificate for connections without SNI. */
void authority_add_address(struct authority *authority, const char *numeric);

#endif

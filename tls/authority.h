/*
 * The throw-away certificate authority of a rehearsal: made in memory, never written down, gone with
 * the process. It issues a certificate for whatever name is asked for, sound or spoilt on purpose.
 */
#ifndef TLS_AUTHORITY_H
#define TLS_AUTHORITY_H

#include <stddef.h>

/* What is wrong with a certificate. */
enum certificate_kind {
    CERTIFICATE_SOUND,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_YET,
    CERTIFICATE_SELF_SIGNED,
    CERTIFICATE_WRONG_HOST,        /* sound, but for "wrong.invalid" */
    CERTIFICATE_UNKNOWN_AUTHORITY, /* by an authority that nobody was told of */
    CERTIFICATE_KINDS,
};

struct authority;

/* Makes the authority. NULL where OpenSSL cannot, which is said on standard error. */
struct authority *authority_new(void);

void authority_free(struct authority *authority);

/* Its certificate in PEM, owned by it. */
const char *authority_pem(const struct authority *authority);

/* Adds a numeric address to those that the certificate for connections without SNI is good for. */
void authority_add_address(struct authority *authority, const char *numeric);

#endif

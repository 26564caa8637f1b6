/* Inside tls/ only: how the server gets its certificates from the authority. */
#ifndef TLS_ISSUE_H
#define TLS_ISSUE_H

#include <openssl/ssl.h>

#include "tls/authority.h"

/* A new certificate for `name` (NULL: for the addresses told) and the key of all of them, which is
   borrowed. NULL where OpenSSL cannot. The caller frees the certificate. */
X509 *authority_issue(struct authority *authority, const char *name, enum certificate_kind kind,
                      EVP_PKEY **key);

#endif

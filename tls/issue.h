/* Inside tls/ only: the server's access to the authority. */
#ifndef TLS_ISSUE_H
#define TLS_ISSUE_H

#include <openssl/ssl.h>

#include "tls/authority.h"

/* Issues a certificate for `name` (NULL: for the addresses of authority_add_address), which the
   caller frees. *key is the key of all certificates, owned by the authority. Returns NULL if the
   name is invalid or OpenSSL fails. */
X509 *authority_issue(struct authority *authority, const char *name, enum certificate_kind kind,
                      EVP_PKEY **key);

#endif

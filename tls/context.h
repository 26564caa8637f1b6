/*
 * Inside tls/ only: the client's SSL_CTX, made from its options: whom it trusts, what it shows of
 * itself, which versions it speaks.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "tls/tls.h"

/* NULL where an option cannot be had; *why is then a sentence to be freed. */
SSL_CTX *context_new(const struct tls_client_options *options, char **why);

/* Nobody to trust was named: the system's store is to be read before the first connection. */
bool context_wants_system_store(const struct tls_client_options *options);

#endif

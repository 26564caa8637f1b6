/*
 * Inside tls/ only: creates the client's SSL_CTX from its options: trusted authorities, client
 * certificate, protocol versions.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "tls/tls.h"

/* Returns NULL if an option is invalid, with a sentence in *why that the caller frees. */
SSL_CTX *context_new(const struct tls_client_options *options, char **why);

/* Whether the system's trust store must be read before the first connection, because the options
   name no authority. */
bool context_wants_system_store(const struct tls_client_options *options);

#endif

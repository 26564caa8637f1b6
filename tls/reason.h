/*
 * Inside tls/ only: why a TLS connection failed, from OpenSSL's many errors to a transport's few
 * reasons. A certificate may be wrong in several ways, and the first that OpenSSL meets is told; it
 * looks at the strength of the server's key, the path to a trusted authority, purposes, strength along
 * the path, the host, signatures and dates from the authority down, and name constraints, in this
 * order. So what has expired and is for another host is TLS_HOSTNAME_MISMATCH; what has expired and is
 * signed by itself is TLS_CERT_SELF_SIGNED.
 */
#ifndef TLS_REASON_H
#define TLS_REASON_H

#include <openssl/ssl.h>

#include "tls/transport.h"

/* What an X509_V_ERR_ means. TLS_CERT_INVALID is what has no name of its own: a signature that is
   wrong, a path that is too long, a critical extension that nobody knows, malformed fields, ... */
enum transport_reason reason_of_verify(long error);

/* Why the last call on the SSL failed, by OpenSSL's error queue. `asked`: the server asked for a
   certificate of ours and got none. *why: OpenSSL's words or ours, static, or NULL where the reason
   says it all. */
enum transport_reason reason_of_failure(const SSL *ssl, bool asked, const char **why);

#endif

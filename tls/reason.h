/*
 * Inside tls/ only: maps OpenSSL's errors to the reasons of a transport. If a certificate has
 * several defects, the first that OpenSSL finds is reported. OpenSSL checks, in this order: the
 * strength of the server's key, the path to a trusted authority, purposes, strength along the path,
 * the host, signatures and dates from the authority down, name constraints. So a certificate that
 * has expired and is for another host gives TLS_HOSTNAME_MISMATCH; one that has expired and is
 * self-signed gives TLS_CERT_SELF_SIGNED.
 */
#ifndef TLS_REASON_H
#define TLS_REASON_H

#include <openssl/ssl.h>

#include "tls/transport.h"

/* Maps an X509_V_ERR_ value. TLS_CERT_INVALID stands for all errors without a reason of their own:
   a wrong signature, a path that is too long, an unknown critical extension, malformed fields,
   ... */
enum transport_reason reason_of_verify(long error);

/* Maps the failure of the last call on the SSL, from OpenSSL's error queue. *why is a static
   explanation, or NULL if the reason needs none. `certificate_requested`: the server requested a
   client certificate and got none. */
enum transport_reason reason_of_failure(const SSL *ssl, bool certificate_requested,
                                        const char **why);

#endif

/*
 * Inside tls/ only: reads the facts of an X.509 certificate that other folders use. The content of
 * the certificate is untrusted, and with `insecure` it was not verified.
 */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include <openssl/x509.h>

#include "tls/transport.h"

/* Thousands of certificates are kept with TLS sessions; these limits keep each below 5 KB. */
#define CERTIFICATE_MAX_DN_BYTES 1024 /* of subject and issuer; a longer text is cut */
#define CERTIFICATE_MAX_NAMES    100  /* of the subjectAltName; further names are left out */
#define CERTIFICATE_NAMES_BYTES  2048 /* of all names with their NULs; further names are left out */
#define CERTIFICATE_MAX_NAME_BYTES                                                                 \
    255 /* of one name; a longer one is not a host name, and left out */

/* Returns the facts of a certificate. The caller drops the reference. NULL for NULL. */
struct tls_certificate *certificate_read(const X509 *x509);

#endif

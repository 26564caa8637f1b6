/*
 * Inside tls/ only: an X.509 certificate read into the few facts that leave this folder. What is in it
 * was written by strangers, and with `insecure` nobody has vouched for it.
 */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include <openssl/x509.h>

#include "tls/transport.h"

#define CERTIFICATE_MAX_DN_BYTES   1024 /* of subject and issuer; the rest is cut off */
#define CERTIFICATE_MAX_NAMES      100  /* of the subjectAltName; those after them are left out */
#define CERTIFICATE_NAMES_BYTES    2048 /* of all of them, each with a NUL: likewise */
#define CERTIFICATE_MAX_NAME_BYTES 255  /* of one; a longer one is no host name and left out */

/* Thousands are held beside sessions: none is over 5 KB, for 1,000 names as for one. */

/* The facts of the certificate, with one holder: tls_certificate_drop. NULL for NULL. */
struct tls_certificate *certificate_read(const X509 *x509);

#endif

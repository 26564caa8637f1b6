/*
 * Two tables. An error that is in neither is TLS_FAILED or TLS_CERT_INVALID. OpenSSL's text is
 * returned too if a reason has several causes. Rejected: a verify callback that continues after the
 * first error to find a "better" one. Other tools report the first error too.
 */
#include "tls/reason.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#define MAX_ALERT 255 /* an alert is a byte */

enum transport_reason reason_of_verify(long error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return TLS_CERT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return TLS_CERT_NOT_YET;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return TLS_CERT_SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED: return TLS_UNKNOWN_AUTHORITY;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TLS_HOSTNAME_MISMATCH;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return TLS_WRONG_PURPOSE;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return TLS_WEAK_KEY;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX: return TLS_NAME_CONSTRAINTS;
    default: return TLS_CERT_INVALID;
    }
}

/* Whether a reason has only one cause. For the other reasons OpenSSL's text names the cause. */
static bool has_one_cause(enum transport_reason reason)
{
    return reason == TLS_CERT_EXPIRED || reason == TLS_CERT_NOT_YET ||
           reason == TLS_CERT_SELF_SIGNED || reason == TLS_UNKNOWN_AUTHORITY ||
           reason == TLS_HOSTNAME_MISMATCH;
}

/* Maps the peer's alert. TLS 1.3 has one for a missing certificate, TLS 1.2 only general ones. */
static enum transport_reason reason_of_alert(int alert, bool certificate_requested,
                                             const char **why)
{
    if (alert == SSL_AD_NO_APPLICATION_PROTOCOL)
        return TLS_ALPN;
    if (alert == SSL_AD_PROTOCOL_VERSION)
        return TLS_PROTOCOL;
    if (certificate_requested &&
        (alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_BAD_CERTIFICATE))
        *why = "client certificate required";
    return TLS_ALERT;
}

/* Maps an error that OpenSSL found on this side. */
static enum transport_reason reason_of_local(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return TLS_NOT_TLS;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION: return TLS_PROTOCOL;
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK: return TLS_WEAK_KEY;
    case SSL_R_UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS:
    case SSL_R_UNKNOWN_CERTIFICATE_TYPE:
    case SSL_R_CERT_LENGTH_MISMATCH:
    case ERR_R_ASN1_LIB: return TLS_CERT_INVALID; /* the certificate cannot be parsed */
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return TLS_TRUNCATED;
    default: return TLS_FAILED;
    }
}

enum transport_reason reason_of_failure(const SSL *ssl, bool certificate_requested,
                                        const char **why)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error), alert = reason - SSL_AD_REASON_OFFSET;
    enum transport_reason of_verify;

    *why = error ? ERR_reason_error_string(error) : NULL;
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return TLS_FAILED;
    if (alert >= 0 && alert <= MAX_ALERT)
        return reason_of_alert(alert, certificate_requested, why);
    if (reason != SSL_R_CERTIFICATE_VERIFY_FAILED)
        return reason_of_local(reason);
    of_verify = reason_of_verify(SSL_get_verify_result(ssl));
    *why =
        has_one_cause(of_verify) ? NULL : X509_verify_cert_error_string(SSL_get_verify_result(ssl));
    return of_verify;
}

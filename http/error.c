/*
 * The table of errors, and the mapping of the causes that lower layers report (errno, lookup
 * results, TLS reasons) to it. A cause is mapped only here, so the same cause is the same error in
 * all commands.
 */
#include "http/error.h"

#include <errno.h>
#include <string.h>

#include "tls/transport.h"

static const struct {
    enum error_duration duration;
    const char *phase, *code, *sentence;
} errors[] = {
#define X(name, duration, phase, code, sentence) [name] = {duration, phase, code, sentence},
    ERRORS(X)
#undef X
};

const char *error_phase(enum error error)
{
    return errors[error].phase;
}

const char *error_code(enum error error)
{
    return errors[error].code;
}

const char *error_sentence(enum error error)
{
    return errors[error].sentence;
}

bool error_is_transient(enum error error)
{
    return errors[error].duration == TRANSIENT;
}

static bool is_reset(int reason)
{
    return reason == ECONNRESET || reason == EPIPE || reason == ECONNABORTED;
}

enum error error_of_lookup(enum resolve_status status)
{
    switch (status) {
    case RESOLVE_OK: return ERROR_NONE;
    case RESOLVE_NXDOMAIN: return ERROR_DNS_NXDOMAIN;
    case RESOLVE_NO_ADDRESS: return ERROR_DNS_NO_ADDRESS;
    case RESOLVE_TIMEOUT: return ERROR_DNS_TIMEOUT;
    case RESOLVE_UNREACHABLE: return ERROR_DNS_UNREACHABLE;
    case RESOLVE_SERVFAIL: return ERROR_DNS_SERVFAIL;
    case RESOLVE_REFUSED: return ERROR_DNS_REFUSED;
    case RESOLVE_MALFORMED: return ERROR_DNS_MALFORMED;
    case RESOLVE_BAD_NAME: return ERROR_DNS_BAD_NAME;
    case RESOLVE_FAILED: break;
    }
    return ERROR_DNS_FAILED;
}

enum error error_of_connect(int reason)
{
    switch (reason) {
    case EMFILE:
    case ENFILE: return ERROR_DESCRIPTORS;
    case EADDRNOTAVAIL: return ERROR_PORTS;
    case EACCES:
    case EPERM:
    case ENOBUFS:
    case ENOMEM: return ERROR_LOCAL;
    case EINTR: return ERROR_INTERRUPTED;
    case ECONNREFUSED: return ERROR_CONNECT_REFUSED;
    case ETIMEDOUT: return ERROR_CONNECT_TIMEOUT;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return ERROR_CONNECT_UNREACHABLE;
    default: return is_reset(reason) ? ERROR_CONNECT_RESET : ERROR_CONNECT_FAILED;
    }
}

enum error error_of_handshake(int reason)
{
    switch (reason) {
    case EINTR: return ERROR_INTERRUPTED;
    case TLS_NOT_TLS: return ERROR_TLS_NOT_TLS;
    case TLS_PROTOCOL: return ERROR_TLS_PROTOCOL;
    case TLS_ALERT: return ERROR_TLS_ALERT;
    case TLS_ALPN: return ERROR_TLS_ALPN;
    case TLS_CERT_EXPIRED: return ERROR_TLS_CERT_EXPIRED;
    case TLS_CERT_NOT_YET: return ERROR_TLS_CERT_NOT_YET;
    case TLS_CERT_SELF_SIGNED: return ERROR_TLS_SELF_SIGNED;
    case TLS_UNKNOWN_AUTHORITY: return ERROR_TLS_UNKNOWN_AUTHORITY;
    case TLS_HOSTNAME_MISMATCH: return ERROR_TLS_HOSTNAME_MISMATCH;
    case TLS_WRONG_PURPOSE: return ERROR_TLS_WRONG_PURPOSE;
    case TLS_WEAK_KEY: return ERROR_TLS_WEAK_KEY;
    case TLS_NAME_CONSTRAINTS: return ERROR_TLS_NAME_CONSTRAINTS;
    case TLS_CERT_INVALID: return ERROR_TLS_CERT_INVALID;
    case TLS_TRUNCATED: return ERROR_TLS_CLOSED;
    default: return is_reset(reason) ? ERROR_TLS_RESET : ERROR_TLS_FAILED;
    }
}

enum error error_of_send(int reason)
{
    if (reason == EINTR)
        return ERROR_INTERRUPTED;
    return is_reset(reason) ? ERROR_SEND_RESET : ERROR_SEND_FAILED;
}

enum error error_of_receive(int reason, bool any_byte)
{
    if (reason == EINTR)
        return ERROR_INTERRUPTED;
    if (reason == TLS_ALERT && !any_byte) /* TLS 1.3 refuses a client after its handshake */
        return ERROR_TLS_ALERT;
    if (reason == TLS_FLOOD)
        return ERROR_TLS_FAILED;
    if (reason == TLS_TRUNCATED)
        return any_byte ? ERROR_TLS_TRUNCATED : ERROR_EMPTY;
    if (is_reset(reason))
        return any_byte ? ERROR_RECEIVE_RESET : ERROR_WAIT_RESET;
    return ERROR_RECEIVE_FAILED;
}

const char *errno_words(int reason)
{
    if (!reason || reason >= TLS_NOT_TLS || is_reset(reason))
        return NULL;
    return strerrordesc_np(reason);
}

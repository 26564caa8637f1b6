/*
 * Everything that can go wrong with a site, in one list: the phase that failed, a dotted name that
 * stays the same for machines, and a sentence for people.
 */
#ifndef HTTP_ERROR_H
#define HTTP_ERROR_H

#include <stdbool.h>

#include "dns/resolver.h"

/* Whether another attempt may go better. What is ours or the user's wish stays as it is, and so does
   an answer that says no; of a status the number tells (http/retry.h). */
enum error_course { STAYS, PASSES };

#define ERRORS(X)                                                                                  \
    X(ERROR_NONE, STAYS, "", "", "")                                                               \
    X(ERROR_INPUT, STAYS, "input", "input.malformed", "bad line")                                  \
    X(ERROR_DESCRIPTORS, STAYS, "local", "local.descriptors", "no descriptor is left (ulimit -n)") \
    X(ERROR_PORTS, STAYS, "local", "local.ports", "no local port is left")                         \
    X(ERROR_LOCAL, STAYS, "local", "local.failed", "the local system refused")                     \
    X(ERROR_INTERRUPTED, STAYS, "local", "local.interrupted", "interrupted")                       \
    X(ERROR_TOTAL_TIMEOUT, PASSES, "total", "timeout.total", "timed out")                          \
    X(ERROR_DNS_NXDOMAIN, STAYS, "dns", "dns.nxdomain", "no such name")                            \
    X(ERROR_DNS_NO_ADDRESS, STAYS, "dns", "dns.no_address", "the name has no address")             \
    X(ERROR_DNS_TIMEOUT, PASSES, "dns", "dns.timeout", "name lookup timed out")                    \
    X(ERROR_DNS_UNREACHABLE, PASSES, "dns", "dns.unreachable", "no nameserver gave an answer")     \
    X(ERROR_DNS_SERVFAIL, PASSES, "dns", "dns.servfail", "the nameserver failed")                  \
    X(ERROR_DNS_REFUSED, STAYS, "dns", "dns.refused", "the nameserver refused")                    \
    X(ERROR_DNS_MALFORMED, STAYS, "dns", "dns.malformed", "malformed answer of the nameserver")    \
    X(ERROR_DNS_BAD_NAME, STAYS, "dns", "dns.bad_name", "not a name that can be looked up")        \
    X(ERROR_DNS_FAILED, STAYS, "dns", "dns.failed", "name lookup failed")                          \
    X(ERROR_CONNECT_REFUSED, PASSES, "connect", "connect.refused", "connection refused")           \
    X(ERROR_CONNECT_TIMEOUT, PASSES, "connect", "connect.timeout", "connecting timed out")         \
    X(ERROR_CONNECT_UNREACHABLE, PASSES, "connect", "connect.unreachable", "network unreachable")  \
    X(ERROR_CONNECT_RESET, PASSES, "connect", "connect.reset",                                     \
      "connection reset while connecting")                                                         \
    X(ERROR_CONNECT_FAILED, PASSES, "connect", "connect.failed", "connecting failed")              \
    X(ERROR_PROXY_DNS, PASSES, "proxy", "proxy.dns", "the proxy's name has no address")            \
    X(ERROR_PROXY_REFUSED, PASSES, "proxy", "proxy.refused", "the proxy refused the connection")   \
    X(ERROR_PROXY_TIMEOUT, PASSES, "proxy", "proxy.timeout", "the proxy did not answer in time")   \
    X(ERROR_PROXY_UNREACHABLE, PASSES, "proxy", "proxy.unreachable", "the proxy is unreachable")   \
    X(ERROR_PROXY_CLOSED, PASSES, "proxy", "proxy.closed", "the proxy closed the connection")      \
    X(ERROR_PROXY_AUTH, STAYS, "proxy", "proxy.auth", "the proxy wants other credentials")         \
    X(ERROR_PROXY_DENIED, STAYS, "proxy", "proxy.denied", "the proxy does not allow this site")    \
    X(ERROR_PROXY_GATEWAY, PASSES, "proxy", "proxy.gateway", "the proxy could not reach the site") \
    X(ERROR_PROXY_MALFORMED, STAYS, "proxy", "proxy.malformed", "malformed answer of the proxy")   \
    X(ERROR_PROXY_FAILED, PASSES, "proxy", "proxy.failed", "the proxy failed")                     \
    X(ERROR_TLS_TIMEOUT, PASSES, "tls", "tls.timeout", "TLS handshake timed out")                  \
    X(ERROR_TLS_NOT_TLS, STAYS, "tls", "tls.not_tls",                                              \
      "the server does not speak TLS on this port")                                                \
    X(ERROR_TLS_PROTOCOL, STAYS, "tls", "tls.protocol", "no common TLS version")                   \
    X(ERROR_TLS_ALERT, STAYS, "tls", "tls.alert", "the server refused the TLS handshake")          \
    X(ERROR_TLS_CERT_EXPIRED, STAYS, "tls", "tls.cert_expired", "certificate has expired")         \
    X(ERROR_TLS_CERT_NOT_YET, STAYS, "tls", "tls.cert_not_yet_valid",                              \
      "certificate is not yet valid")                                                              \
    X(ERROR_TLS_SELF_SIGNED, STAYS, "tls", "tls.self_signed", "self-signed certificate")           \
    X(ERROR_TLS_UNKNOWN_AUTHORITY, STAYS, "tls", "tls.unknown_authority",                          \
      "certificate of an unknown authority")                                                       \
    X(ERROR_TLS_HOSTNAME_MISMATCH, STAYS, "tls", "tls.hostname_mismatch",                          \
      "certificate is for another host")                                                           \
    X(ERROR_TLS_WRONG_PURPOSE, STAYS, "tls", "tls.wrong_purpose",                                  \
      "certificate is not for a server")                                                           \
    X(ERROR_TLS_WEAK_KEY, STAYS, "tls", "tls.weak_key",                                            \
      "key or signature of the certificate is too weak")                                           \
    X(ERROR_TLS_NAME_CONSTRAINTS, STAYS, "tls", "tls.name_constraints",                            \
      "the authority may not issue for this name")                                                 \
    X(ERROR_TLS_CERT_INVALID, STAYS, "tls", "tls.cert_invalid", "certificate is not valid")        \
    X(ERROR_TLS_CLOSED, PASSES, "tls", "tls.closed", "connection closed in the TLS handshake")     \
    X(ERROR_TLS_RESET, PASSES, "tls", "tls.reset", "connection reset in the TLS handshake")        \
    X(ERROR_TLS_FAILED, STAYS, "tls", "tls.failed", "TLS failed")                                  \
    X(ERROR_SEND_RESET, PASSES, "send", "send.reset", "connection reset while sending")            \
    X(ERROR_SEND_FAILED, PASSES, "send", "send.failed", "sending failed")                          \
    X(ERROR_TTFB_TIMEOUT, PASSES, "wait", "timeout.ttfb", "no answer in time")                     \
    X(ERROR_EMPTY, PASSES, "wait", "http.empty", "connection closed without an answer")            \
    X(ERROR_WAIT_RESET, PASSES, "wait", "http.reset", "connection reset before the answer")        \
    X(ERROR_MALFORMED, STAYS, "receive", "http.malformed", "malformed HTTP answer")                \
    X(ERROR_HEADER_TOO_LARGE, STAYS, "receive", "http.header_too_large", "head of over 256 KiB")   \
    X(ERROR_UPGRADE, STAYS, "receive", "http.upgrade", "the server switched to another protocol")  \
    X(ERROR_TRUNCATED, PASSES, "receive", "http.truncated", "connection closed in mid-answer")     \
    X(ERROR_RECEIVE_RESET, PASSES, "receive", "receive.reset", "connection reset in mid-answer")   \
    X(ERROR_RECEIVE_FAILED, PASSES, "receive", "receive.failed", "receiving failed")               \
    X(ERROR_TLS_TRUNCATED, PASSES, "receive", "tls.truncated",                                     \
      "answer cut off without close_notify")                                                       \
    X(ERROR_BAD_CODING, STAYS, "receive", "http.bad_coding", "malformed content coding")           \
    X(ERROR_REDIRECTS, STAYS, "receive", "http.too_many_redirects", "too many redirects")          \
    X(ERROR_REDIRECT_LOOP, STAYS, "receive", "http.redirect_loop", "redirects go in a circle")     \
    X(ERROR_BAD_LOCATION, STAYS, "receive", "http.bad_location",                                   \
      "redirected to what is no http(s) URL")                                                      \
    X(ERROR_STATUS, STAYS, "receive", "http.status", "the status is an error")

enum error {
#define X(name, course, phase, code, sentence) name,
    ERRORS(X)
#undef X
        ERROR_COUNT
};

/* All three are static, and "" for ERROR_NONE. */
const char *error_phase(enum error error);    /* "connect" */
const char *error_code(enum error error);     /* "connect.refused" */
const char *error_sentence(enum error error); /* "connection refused" */

/* Whether it is one that PASSES. */
bool error_passes(enum error error);

/* What a failed transport call means, by the phase in which it was made. `reason` is an errno or an
   enum transport_reason. */
enum error error_of_lookup(enum resolve_status status);
enum error error_of_connect(int reason);
enum error error_of_handshake(int reason);
enum error error_of_send(int reason);
enum error error_of_receive(int reason, bool any_byte);

/* The system's words for an errno, where they say more than our sentence; NULL for 0, for a reset
   and for an enum transport_reason. */
const char *errno_words(int reason);

#endif

/*
 * Every error that a site can end with, in one table: the phase that failed, a dotted name for
 * machines, which never changes, and a sentence for people.
 */
#ifndef HTTP_ERROR_H
#define HTTP_ERROR_H

#include <stdbool.h>

#include "dns/resolver.h"

/* Whether a later attempt may succeed. Local failures and refusals by the server are permanent. For
   ERROR_STATUS the status code decides (http/retry.h). */
enum error_duration { PERMANENT, TRANSIENT };

#define ERRORS(X)                                                                                  \
    X(ERROR_NONE, PERMANENT, "", "", "")                                                           \
    X(ERROR_INPUT, PERMANENT, "input", "input.malformed", "bad line")                              \
    X(ERROR_DESCRIPTORS, PERMANENT, "local", "local.descriptors",                                  \
      "no file descriptor is left (ulimit -n)")                                                    \
    X(ERROR_PORTS, PERMANENT, "local", "local.ports", "no local port is left")                     \
    X(ERROR_LOCAL, PERMANENT, "local", "local.failed", "the local system refused")                 \
    X(ERROR_INTERRUPTED, PERMANENT, "local", "local.interrupted", "interrupted")                   \
    X(ERROR_TOTAL_TIMEOUT, TRANSIENT, "total", "timeout.total", "timed out")                       \
    X(ERROR_DNS_NXDOMAIN, PERMANENT, "dns", "dns.nxdomain", "no such name")                        \
    X(ERROR_DNS_NO_ADDRESS, PERMANENT, "dns", "dns.no_address", "the name has no address")         \
    X(ERROR_DNS_TIMEOUT, TRANSIENT, "dns", "dns.timeout", "name lookup timed out")                 \
    X(ERROR_DNS_UNREACHABLE, TRANSIENT, "dns", "dns.unreachable", "no nameserver gave an answer")  \
    X(ERROR_DNS_SERVFAIL, TRANSIENT, "dns", "dns.servfail", "the nameserver failed")               \
    X(ERROR_DNS_REFUSED, PERMANENT, "dns", "dns.refused", "the nameserver refused")                \
    X(ERROR_DNS_MALFORMED, PERMANENT, "dns", "dns.malformed",                                      \
      "malformed answer from the nameserver")                                                      \
    X(ERROR_DNS_BAD_NAME, PERMANENT, "dns", "dns.bad_name", "not a name that can be looked up")    \
    X(ERROR_DNS_FAILED, PERMANENT, "dns", "dns.failed", "name lookup failed")                      \
    X(ERROR_CONNECT_REFUSED, TRANSIENT, "connect", "connect.refused", "connection refused")        \
    X(ERROR_CONNECT_TIMEOUT, TRANSIENT, "connect", "connect.timeout", "connecting timed out")      \
    X(ERROR_CONNECT_UNREACHABLE, TRANSIENT, "connect", "connect.unreachable",                      \
      "network unreachable")                                                                       \
    X(ERROR_CONNECT_RESET, TRANSIENT, "connect", "connect.reset",                                  \
      "connection reset while connecting")                                                         \
    X(ERROR_CONNECT_FAILED, TRANSIENT, "connect", "connect.failed", "connecting failed")           \
    X(ERROR_PROXY_DNS, TRANSIENT, "proxy", "proxy.dns", "the proxy's name has no address")         \
    X(ERROR_PROXY_REFUSED, TRANSIENT, "proxy", "proxy.refused",                                    \
      "the proxy refused the connection")                                                          \
    X(ERROR_PROXY_TIMEOUT, TRANSIENT, "proxy", "proxy.timeout",                                    \
      "the proxy did not respond in time")                                                         \
    X(ERROR_PROXY_UNREACHABLE, TRANSIENT, "proxy", "proxy.unreachable",                            \
      "the proxy is unreachable")                                                                  \
    X(ERROR_PROXY_CLOSED, TRANSIENT, "proxy", "proxy.closed", "the proxy closed the connection")   \
    X(ERROR_PROXY_AUTH, PERMANENT, "proxy", "proxy.auth", "the proxy requires valid credentials")  \
    X(ERROR_PROXY_DENIED, PERMANENT, "proxy", "proxy.denied",                                      \
      "the proxy does not allow this site")                                                        \
    X(ERROR_PROXY_GATEWAY, TRANSIENT, "proxy", "proxy.gateway",                                    \
      "the proxy could not reach the site")                                                        \
    X(ERROR_PROXY_MALFORMED, PERMANENT, "proxy", "proxy.malformed",                                \
      "malformed response from the proxy")                                                         \
    X(ERROR_PROXY_FAILED, TRANSIENT, "proxy", "proxy.failed", "the proxy failed")                  \
    X(ERROR_TLS_TIMEOUT, TRANSIENT, "tls", "tls.timeout", "TLS handshake timed out")               \
    X(ERROR_TLS_NOT_TLS, PERMANENT, "tls", "tls.not_tls",                                          \
      "the server does not speak TLS on this port")                                                \
    X(ERROR_TLS_PROTOCOL, PERMANENT, "tls", "tls.protocol", "no common TLS version")               \
    X(ERROR_TLS_ALERT, PERMANENT, "tls", "tls.alert", "the server refused the TLS handshake")      \
    X(ERROR_TLS_CERT_EXPIRED, PERMANENT, "tls", "tls.cert_expired", "certificate has expired")     \
    X(ERROR_TLS_CERT_NOT_YET, PERMANENT, "tls", "tls.cert_not_yet_valid",                          \
      "certificate is not yet valid")                                                              \
    X(ERROR_TLS_SELF_SIGNED, PERMANENT, "tls", "tls.self_signed", "self-signed certificate")       \
    X(ERROR_TLS_UNKNOWN_AUTHORITY, PERMANENT, "tls", "tls.unknown_authority",                      \
      "certificate from an unknown authority")                                                     \
    X(ERROR_TLS_HOSTNAME_MISMATCH, PERMANENT, "tls", "tls.hostname_mismatch",                      \
      "certificate is for another host")                                                           \
    X(ERROR_TLS_WRONG_PURPOSE, PERMANENT, "tls", "tls.wrong_purpose",                              \
      "certificate is not for a server")                                                           \
    X(ERROR_TLS_WEAK_KEY, PERMANENT, "tls", "tls.weak_key",                                        \
      "key or signature of the certificate is too weak")                                           \
    X(ERROR_TLS_NAME_CONSTRAINTS, PERMANENT, "tls", "tls.name_constraints",                        \
      "the authority may not issue for this name")                                                 \
    X(ERROR_TLS_CERT_INVALID, PERMANENT, "tls", "tls.cert_invalid", "certificate is not valid")    \
    X(ERROR_TLS_ALPN, PERMANENT, "tls", "tls.alpn", "the server speaks none of the protocols")     \
    X(ERROR_TLS_CLOSED, TRANSIENT, "tls", "tls.closed", "connection closed in the TLS handshake")  \
    X(ERROR_TLS_RESET, TRANSIENT, "tls", "tls.reset", "connection reset in the TLS handshake")     \
    X(ERROR_TLS_FAILED, PERMANENT, "tls", "tls.failed", "TLS failed")                              \
    X(ERROR_SEND_RESET, TRANSIENT, "send", "send.reset", "connection reset while sending")         \
    X(ERROR_SEND_FAILED, TRANSIENT, "send", "send.failed", "sending failed")                       \
    X(ERROR_TTFB_TIMEOUT, TRANSIENT, "wait", "timeout.ttfb", "no response in time")                \
    X(ERROR_EMPTY, TRANSIENT, "wait", "http.empty", "connection closed without response")          \
    X(ERROR_WAIT_RESET, TRANSIENT, "wait", "http.reset", "connection reset before a response")     \
    X(ERROR_MALFORMED, PERMANENT, "receive", "http.malformed", "malformed HTTP response")          \
    X(ERROR_HEADER_TOO_LARGE, PERMANENT, "receive", "http.header_too_large",                       \
      "head larger than 256 KiB")                                                                  \
    X(ERROR_UPGRADE, PERMANENT, "receive", "http.upgrade",                                         \
      "the server switched to another protocol")                                                   \
    X(ERROR_TRUNCATED, TRANSIENT, "receive", "http.truncated",                                     \
      "connection closed during response")                                                         \
    X(ERROR_RECEIVE_RESET, TRANSIENT, "receive", "receive.reset",                                  \
      "connection reset during response")                                                          \
    X(ERROR_RECEIVE_FAILED, TRANSIENT, "receive", "receive.failed", "receiving failed")            \
    X(ERROR_TLS_TRUNCATED, TRANSIENT, "receive", "tls.truncated",                                  \
      "response ended without close_notify")                                                       \
    X(ERROR_HTTP2_PROTOCOL, PERMANENT, "receive", "http2.protocol", "the server broke HTTP/2")     \
    X(ERROR_HTTP2_FLOOD, PERMANENT, "receive", "http2.flood", "too many HTTP/2 control frames")    \
    X(ERROR_HTTP2_GOAWAY, TRANSIENT, "wait", "http2.goaway", "the server ended the connection")    \
    X(ERROR_HTTP2_REFUSED_STREAM, TRANSIENT, "wait", "http2.refused_stream",                       \
      "the server refused the stream")                                                             \
    X(ERROR_HTTP2_RESET, TRANSIENT, "receive", "http2.reset", "the server reset the stream")       \
    X(ERROR_HTTP2_HTTP_1_1_REQUIRED, PERMANENT, "wait", "http2.http_1_1_required",                 \
      "the server requires HTTP/1.1")                                                              \
    X(ERROR_HTTP2_NOT_HTTP2, PERMANENT, "receive", "http2.not_http2",                              \
      "the server does not speak HTTP/2")                                                          \
    X(ERROR_HTTP2_NOT_NEGOTIATED, PERMANENT, "tls", "http2.not_negotiated",                        \
      "the server did not choose HTTP/2")                                                          \
    X(ERROR_BAD_CODING, PERMANENT, "receive", "http.bad_coding", "malformed content coding")       \
    X(ERROR_REDIRECTS, PERMANENT, "receive", "http.too_many_redirects", "too many redirects")      \
    X(ERROR_REDIRECT_LOOP, PERMANENT, "receive", "http.redirect_loop", "redirects form a loop")    \
    X(ERROR_BAD_LOCATION, PERMANENT, "receive", "http.bad_location",                               \
      "the redirect target is not an http or https URL")                                           \
    X(ERROR_STATUS, PERMANENT, "receive", "http.status", "the status is an error")

enum error {
#define X(name, duration, phase, code, sentence) name,
    ERRORS(X)
#undef X
        ERROR_COUNT
};

/* The strings are static, and "" for ERROR_NONE. */
const char *error_phase(enum error error);    /* "connect" */
const char *error_code(enum error error);     /* "connect.refused" */
const char *error_sentence(enum error error); /* "connection refused" */

/* Whether a later attempt may succeed. */
bool error_is_transient(enum error error);

/* The error for a failed call of the transport in each phase. `reason` is an errno or an enum
   transport_reason. */
enum error error_of_lookup(enum resolve_status status);
enum error error_of_connect(int reason);
enum error error_of_handshake(int reason);
enum error error_of_send(int reason);
enum error error_of_receive(int reason, bool any_byte);

/* The system's description of an errno; NULL for 0, for a reset, and for an enum transport_reason:
   there the sentence of the error is enough. */
const char *errno_words(int reason);

#endif

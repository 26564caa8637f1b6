/*
 * The behaviour of the embedded origin for a site: delay, status, header fields, framing, body, and
 * at most one fault. cli/ fills it from the site's line in sites.conf.
 */
#ifndef ORIGIN_FAULTS_H
#define ORIGIN_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

/* X(constant, name in sites.conf). docs/rehearsal.md has the error of each. */
#define FAULTS(X)                                                                                  \
    X(FAULT_NONE, "none")                                                                          \
    X(FAULT_DNS_NXDOMAIN, "dns-nxdomain")     /* the name does not exist */                        \
    X(FAULT_DNS_EMPTY, "dns-empty")           /* the name has no address */                        \
    X(FAULT_DNS_SERVFAIL, "dns-servfail")     /* the nameserver fails */                           \
    X(FAULT_DNS_REFUSED, "dns-refused")       /* the nameserver refuses */                         \
    X(FAULT_DNS_GARBAGE, "dns-garbage")       /* a malformed DNS answer */                         \
    X(FAULT_DNS_STALL, "dns-stall")           /* no DNS answer */                                  \
    X(FAULT_CONNECT_REFUSE, "connect-refuse") /* nothing listens on the port */                    \
    X(FAULT_CONNECT_STALL, "connect-stall")   /* the listener's backlog is full */                 \
    X(FAULT_TLS_STALL, "tls-stall")           /* accepted, then no bytes */                        \
    X(FAULT_TLS_PLAIN, "tls-plain")           /* plain text on the TLS port */                     \
    X(FAULT_TLS_RESET, "tls-reset")           /* reset as soon as accepted */                      \
    X(FAULT_CERT_EXPIRED, "cert-expired")                                                          \
    X(FAULT_CERT_NOT_YET, "cert-not-yet")                                                          \
    X(FAULT_CERT_SELF_SIGNED, "cert-self-signed")                                                  \
    X(FAULT_CERT_WRONG_HOST, "cert-wrong-host")                                                    \
    X(FAULT_CERT_UNKNOWN_AUTHORITY, "cert-unknown-authority")                                      \
    X(FAULT_WAIT_STALL, "wait-stall")             /* the request is read, no response */           \
    X(FAULT_WAIT_CLOSE, "wait-close")             /* closed without a response */                  \
    X(FAULT_WAIT_RESET, "wait-reset")             /* reset without a response */                   \
    X(FAULT_GARBAGE, "garbage")                   /* the response is not HTTP */                   \
    X(FAULT_HEAD_STALL, "head-stall")             /* half a head, then nothing */                  \
    X(FAULT_HEAD_ENDLESS, "head-endless")         /* endless header fields */                      \
    X(FAULT_BODY_STALL, "body-stall")             /* half a body, then nothing */                  \
    X(FAULT_BODY_ENDLESS, "body-endless")         /* an endless body */                            \
    X(FAULT_BODY_CHUNK, "body-chunk")             /* a chunk size that is not a number */          \
    X(FAULT_BODY_RESET, "body-reset")             /* half a body, then reset */                    \
    X(FAULT_TRUNCATE, "truncate")                 /* half a body, then closed */                   \
    X(FAULT_NO_CLOSE_NOTIFY, "no-close-notify")   /* FIN without close_notify */                   \
    X(FAULT_DRIP, "drip")                         /* a byte at a time */                           \
    X(FAULT_HANG_UP, "hang-up")                   /* complete response, then close */              \
    X(FAULT_REDIRECT_LOOP, "redirect-loop")       /* 302 to the URL of the request */              \
    X(FAULT_REDIRECT_ENDLESS, "redirect-endless") /* 302 to /1, from there to /2, and so on */     \
    X(FAULT_BAD_LOCATION, "bad-location")         /* 302 to a URL of another scheme */             \
    X(FAULT_BAD_CODING, "bad-coding")             /* Content-Encoding: gzip, body not gzip */

enum fault {
#define X(constant, name) constant,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

/* How the end of a body is marked (RFC 9112, section 6.3). */
enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_COUNT };

struct site_behaviour {
    nsec delay;      /* between the end of the request and the response */
    unsigned status; /* 0: 200 */
    enum framing framing;
    enum fault fault;
    char *headers; /* replace the default header fields (http/fields.h); NULL: none */
    char *body;    /* NULL: generated from the host name */
    size_t body_bytes;
    unsigned fail_first; /* this many requests first get a 503, without the fault */
    bool given;          /* the site's line sets one of these fields */
};

/* Copies `from` with its headers and body. */
void site_behaviour_copy(struct site_behaviour *to, const struct site_behaviour *from);

/* Frees headers and body, and zeroes the behaviour. */
void site_behaviour_free(struct site_behaviour *behaviour);

/* The enum value of a name in sites.conf, or -1. */
int fault_named(const char *name);
int framing_named(const char *name);

#endif

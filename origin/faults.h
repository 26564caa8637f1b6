/*
 * What the embedded origin plays for a site: latency, status, fields, framing, body, and on request
 * one fault. All of it comes from the site's line in sites.conf, from cli/ as a const struct.
 */
#ifndef ORIGIN_FAULTS_H
#define ORIGIN_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

/* X(constant, name in sites.conf). docs/rehearsal.md has the error of each. */
#define FAULTS(X)                                                                                  \
    X(FAULT_NONE, "none")                                                                          \
    X(FAULT_DNS_NXDOMAIN, "dns-nxdomain")     /* there is no such name */                          \
    X(FAULT_DNS_EMPTY, "dns-empty")           /* the name has no address */                        \
    X(FAULT_DNS_SERVFAIL, "dns-servfail")     /* the nameserver fails */                           \
    X(FAULT_DNS_REFUSED, "dns-refused")       /* it refuses */                                     \
    X(FAULT_DNS_GARBAGE, "dns-garbage")       /* its answer makes no sense */                      \
    X(FAULT_DNS_STALL, "dns-stall")           /* it stays silent */                                \
    X(FAULT_CONNECT_REFUSE, "connect-refuse") /* nobody listens */                                 \
    X(FAULT_CONNECT_STALL, "connect-stall")   /* the listener's queue is full */                   \
    X(FAULT_TLS_STALL, "tls-stall")           /* accepted, then silence */                         \
    X(FAULT_TLS_PLAIN, "tls-plain")           /* plain text on the TLS port */                     \
    X(FAULT_TLS_RESET, "tls-reset")           /* reset as soon as accepted */                      \
    X(FAULT_CERT_EXPIRED, "cert-expired")                                                          \
    X(FAULT_CERT_NOT_YET, "cert-not-yet")                                                          \
    X(FAULT_CERT_SELF_SIGNED, "cert-self-signed")                                                  \
    X(FAULT_CERT_WRONG_HOST, "cert-wrong-host")                                                    \
    X(FAULT_CERT_UNKNOWN_AUTHORITY, "cert-unknown-authority")                                      \
    X(FAULT_WAIT_STALL, "wait-stall")             /* the request is read, no answer comes */       \
    X(FAULT_WAIT_CLOSE, "wait-close")             /* closed without an answer */                   \
    X(FAULT_WAIT_RESET, "wait-reset")             /* reset without an answer */                    \
    X(FAULT_GARBAGE, "garbage")                   /* what comes is no HTTP */                      \
    X(FAULT_HEAD_STALL, "head-stall")             /* half a head, then silence */                  \
    X(FAULT_HEAD_ENDLESS, "head-endless")         /* fields without end */                         \
    X(FAULT_BODY_STALL, "body-stall")             /* half a body, then silence */                  \
    X(FAULT_BODY_ENDLESS, "body-endless")         /* a body without end */                         \
    X(FAULT_BODY_CHUNK, "body-chunk")             /* a chunk size that is no number */             \
    X(FAULT_BODY_RESET, "body-reset")             /* half a body, then reset */                    \
    X(FAULT_TRUNCATE, "truncate")                 /* half a body, then closed */                   \
    X(FAULT_NO_CLOSE_NOTIFY, "no-close-notify")   /* cut off by FIN, without TLS's goodbye */      \
    X(FAULT_DRIP, "drip")                         /* a byte at a time */                           \
    X(FAULT_HANG_UP, "hang-up")                   /* a whole answer, then closed unannounced */    \
    X(FAULT_REDIRECT_LOOP, "redirect-loop")       /* 302 to where the request was sent */          \
    X(FAULT_REDIRECT_ENDLESS, "redirect-endless") /* 302 to /1, from there to /2, and so on */     \
    X(FAULT_BAD_LOCATION, "bad-location")         /* 302 to what is no http URL */                 \
    X(FAULT_BAD_CODING, "bad-coding")             /* Content-Encoding: gzip, and none of it */

enum fault {
#define X(constant, name) constant,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

/* How the end of a body is told (RFC 9112, section 6.3). */
enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_COUNT };

struct play {
    nsec delay;      /* between the request's end and the answer */
    unsigned status; /* 200 */
    enum framing framing;
    enum fault fault;
    char *headers; /* fields of the answer in place of ours (http/fields.h); NULL: none */
    char *body;    /* NULL: one made from the name */
    size_t body_bytes;
    unsigned fail_first; /* as many requests are answered 503 first, without the fault */
    bool given;          /* something above was set for this site */
};

/* A play with headers and body of its own; freed with play_free, which empties it. */
void play_copy(struct play *to, const struct play *from);
void play_free(struct play *play);

/* The number of a name in sites.conf, below FAULT_COUNT or FRAMING_COUNT; or -1. */
int fault_named(const char *name);
int framing_named(const char *name);

#endif

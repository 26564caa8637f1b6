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
    X(FAULT_WAIT_STALL, "wait-stall")               /* the request is read, no response */         \
    X(FAULT_WAIT_CLOSE, "wait-close")               /* closed without a response */                \
    X(FAULT_WAIT_RESET, "wait-reset")               /* reset without a response */                 \
    X(FAULT_GARBAGE, "garbage")                     /* the response is not HTTP */                 \
    X(FAULT_HEAD_STALL, "head-stall")               /* half a head, then nothing */                \
    X(FAULT_HEAD_ENDLESS, "head-endless")           /* endless header fields */                    \
    X(FAULT_BODY_STALL, "body-stall")               /* half a body, then nothing */                \
    X(FAULT_BODY_ENDLESS, "body-endless")           /* an endless body */                          \
    X(FAULT_BODY_CHUNK, "body-chunk")               /* a chunk size that is not a number */        \
    X(FAULT_BODY_RESET, "body-reset")               /* half a body, then reset */                  \
    X(FAULT_TRUNCATE, "truncate")                   /* half a body, then closed */                 \
    X(FAULT_NO_CLOSE_NOTIFY, "no-close-notify")     /* FIN without close_notify */                 \
    X(FAULT_DRIP, "drip")                           /* a byte at a time */                         \
    X(FAULT_HANG_UP, "hang-up")                     /* complete response, then close */            \
    X(FAULT_REDIRECT_LOOP, "redirect-loop")         /* 302 to the URL of the request */            \
    X(FAULT_REDIRECT_ENDLESS, "redirect-endless")   /* 302 to /1, from there to /2, and so on */   \
    X(FAULT_BAD_LOCATION, "bad-location")           /* 302 to a URL of another scheme */           \
    X(FAULT_BAD_CODING, "bad-coding")               /* Content-Encoding: gzip, body not gzip */    \
    X(FAULT_H2_GOAWAY, "h2-goaway")                 /* GOAWAY, no request was processed */         \
    X(FAULT_H2_TRUNCATE, "h2-truncate")             /* half a body, then RST_STREAM(NO_ERROR) */   \
    X(FAULT_H2_ZERO_WINDOW, "h2-zero-window")       /* a window of 0 for content */                \
    X(FAULT_H2_FLOOD_SETTINGS, "h2-flood-settings") /* endless SETTINGS */                         \
    X(FAULT_H2_FLOOD_PING, "h2-flood-ping")         /* endless PING */                             \
    X(FAULT_H2_BAD_FRAME, "h2-bad-frame")           /* DATA with more padding than bytes */

enum fault {
#define X(constant, name) constant,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

/* How the end of a body is marked (RFC 9112, section 6.3). */
enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_COUNT };

#define H2_MAX_STREAMS_LIMIT 1000  /* of MAX_CONCURRENT_STREAMS */
#define H2_MAX_RESET_CODE    65535 /* of RST_STREAM */

/* Without effect over HTTP/1.1. The fields of a connection (all but the first two) are those of the
   site of its first request. */
struct h2_behaviour {
    unsigned reset;        /* RST_STREAM instead of a response: its code + 1; 0: none */
    unsigned goaway_after; /* GOAWAY after this many requests of a connection; 0: none */
    nsec settings_delay;   /* between the first request and the SETTINGS of the origin */
    unsigned streams;      /* MAX_CONCURRENT_STREAMS + 1; 0: default */
    unsigned streams_then; /* the same, sent later; 0: none */
    nsec streams_delay;    /* between the first request and `streams_then` */
};

struct site_behaviour {
    nsec delay;      /* between the end of the request and the response */
    unsigned status; /* 0: 200 */
    enum framing framing;
    enum fault fault;
    char *headers; /* replace the default header fields (http/fields.h); NULL: none */
    char *body;    /* NULL: generated from the host name */
    size_t body_bytes;
    unsigned fail_first; /* this many requests first get a 503, without the fault */
    struct h2_behaviour h2;
    bool given; /* the site's line sets one of these fields */
};

/* Returns the behaviour for a request; valid until the next call. `host` may have a port. */
typedef const struct site_behaviour *find_behaviour_fn(void *owner, const char *host,
                                                       const char *target);

/* Copies `from` with its headers and body. */
void site_behaviour_copy(struct site_behaviour *to, const struct site_behaviour *from);

/* Frees headers and body, and zeroes the behaviour. */
void site_behaviour_free(struct site_behaviour *behaviour);

/* The enum value of a name in sites.conf, or -1. */
int fault_named(const char *name);
int framing_named(const char *name);

/* The value for `reset` of a name, as "CANCEL", or a number; -1 if it is neither. */
int h2_reset_named(const char *text);

/* The value for `streams` of a number up to H2_MAX_STREAMS_LIMIT; -1 if it is none. */
int h2_streams_named(const char *text);

#endif

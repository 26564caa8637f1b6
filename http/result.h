/*
 * What became of a site: a const struct that is valid while it is reported. Both halves of a race
 * make it, from the same stamps.
 */
#ifndef HTTP_RESULT_H
#define HTTP_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/error.h"
#include "http/site.h"
#include "reactor/clock.h"
#include "reactor/sock.h"
#include "tls/transport.h"

/* Enough for ten characters of four bytes each, and to see that an eleventh follows. */
#define SNIPPET_BYTES 64

/* The phases, after HTTP Archive 1.2, with the TLS handshake apart from connect. */
enum phase {
    PHASE_BLOCKED, /* taken from the list, waiting for a slot, or for a turn to shake hands */
    PHASE_DNS,     /* asking for the name's addresses */
    PHASE_CONNECT, /* TCP, until one address answered */
    PHASE_TLS,     /* handshake and verification */
    PHASE_SEND,    /* until the last byte of the request was handed to the kernel */
    PHASE_WAIT,    /* until the first byte of the answer */
    PHASE_RECEIVE, /* until its last */
    PHASE_COUNT,
};

/* When each thing happened; 0: it did not. They never go backwards. `queued` alone is a span. */
struct stamps {
    nsec taken;      /* the site came from the list */
    nsec start;      /* it got its slot: the exchange begins */
    nsec dns;        /* the addresses are there */
    nsec connect;    /* one of them answered */
    nsec queued;     /* a duration: it waited for its turn to shake hands */
    nsec tls;        /* the handshake is done and verified */
    nsec send;       /* the last byte of the request left */
    nsec first_byte; /* the first byte of the answer came */
    nsec head;       /* its head was complete */
    nsec done;       /* it was complete, or failed */
};

struct result {
    const struct site *site;    /* borrowed */
    const char *mode;           /* in a race "blocking" or "reactor"; else NULL */
    enum error error;           /* ERROR_NONE: a whole answer came */
    enum phase phase;           /* with an error: where it happened */
    const char *detail;         /* with an error: a library's or the system's words; or NULL */
    unsigned status;            /* of the answer; 0: none came */
    unsigned char major, minor; /* the version of HTTP of the answer */
    struct address address;     /* whom it was asked; length 0: nobody */
    struct tls_facts tls;       /* NULLs where there was none */
    unsigned char snippet[SNIPPET_BYTES]; /* the body's first bytes, as they came */
    size_t snippet_bytes;
    uint64_t body_bytes; /* of the body as sent, transfer coding taken off */
    struct stamps stamps;
};

const char *phase_name(enum phase phase); /* "connect" */

/* The time from start to the end of the head (of a failure: to the failure). */
nsec result_elapsed(const struct result *result);

/* What each phase took; NSEC_NEVER: it did not happen. They add up to done - taken. */
void result_timings(const struct result *result, nsec timings[PHASE_COUNT]);

/* Keeps what fits of a piece of the body, and counts all of it. */
void result_add_body(struct result *result, const char *bytes, size_t count);

#endif

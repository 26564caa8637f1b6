/*
 * The result of a site: a const struct that is valid while it is reported. The blocking and the
 * non-blocking mode of `race` create it from the same stamps.
 */
#ifndef HTTP_RESULT_H
#define HTTP_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "http/error.h"
#include "http/site.h"
#include "reactor/sock.h"
#include "tls/transport.h"

/* The phases of HTTP Archive 1.2, with the TLS handshake separate from connect. */
enum phase {
    /* waiting for a slot, for the connection of another request, or for a handshake slot */
    PHASE_BLOCKED,
    PHASE_DNS,     /* name lookup */
    PHASE_CONNECT, /* TCP, until one address is connected */
    PHASE_TLS,     /* handshake and verification */
    PHASE_SEND,    /* until the last byte of the request was handed to the kernel */
    PHASE_WAIT,    /* until the first byte of the response */
    PHASE_RECEIVE, /* until its last byte */
    PHASE_COUNT,
};

/* Times of the events; 0: it did not happen. They never decrease. `queued` alone is a duration. */
struct stamps {
    nsec taken;      /* the site was taken from the list */
    nsec start;      /* the exchange was started, in a free slot */
    nsec assigned;   /* it has waited for the connection of another exchange until then */
    nsec dns;        /* addresses were found */
    nsec connect;    /* one of them was connected */
    nsec queued;     /* a duration: the wait for a handshake slot */
    nsec tls;        /* the handshake was complete and verified */
    nsec send;       /* the last byte of the request was sent */
    nsec first_byte; /* the first byte of the response was received */
    nsec head;       /* the head was complete */
    nsec done;       /* the response was complete, or the exchange failed */
};

/* An earlier exchange of the same site: it ended with a redirect, or failed and was retried. */
struct leg {
    char *url;       /* without user info */
    bool redirect;   /* else it was retried */
    unsigned status; /* 0: no response */
    enum error error;
    enum phase phase; /* with an error */
    char *detail;     /* with an error: a library's text; or NULL */
    struct address address;
    struct stamps stamps;
    nsec waited; /* the wait before the next exchange, as it was planned */
};

struct result {
    const struct site *site; /* borrowed */
    const char *mode;        /* in a race "blocking" or "reactor"; else NULL */
    const char *url;         /* of the last request, without user info; NULL: none; borrowed */
    enum error error;        /* ERROR_NONE: the response is complete, or its wanted part */
    /* With an error: the phase at that time, to which the time is attributed. Reports show
       error_phase(error), and this one for timeout.total. */
    enum phase phase;
    const char *detail;         /* with an error: a text of a library or the system; or NULL */
    unsigned status;            /* of the response; 0: none */
    unsigned char major, minor; /* the HTTP version of the response */
    struct address address;     /* of the peer; length 0: none, or a Unix socket */
    uint64_t connection;        /* its number, from 1; 0: none */
    uint64_t requests_before;   /* earlier requests on this connection */
    uint32_t stream;            /* of HTTP/2; 0: none */
    const char *unix_socket;    /* its path; NULL: none; borrowed */
    const char *proxy;          /* without credentials; NULL: none; borrowed */
    struct tls_facts tls;       /* all zeros without TLS */
    struct tcp_facts tcp;
    const char *content_type; /* of the response; NULL: absent; borrowed */
    const char *coding;       /* value of Content-Encoding; NULL: absent; borrowed */
    const char *charset;      /* of the body, its standard name; NULL: no body; borrowed */
    /* The first characters of the body, decoded; borrowed. Invalid bytes of the character set are
       unchanged. */
    const char *snippet;
    size_t snippet_bytes;
    bool unprocessed;    /* with an error of HTTP/2: the server has not processed the request */
    uint64_t body_bytes; /* of the body as sent, without transfer coding */
    bool truncated;      /* the body was not read to its end: --max-body, --until-preview */
    struct stamps stamps;
    const struct leg *legs; /* earlier exchanges, in order; borrowed */
    size_t leg_count;
};

const char *phase_name(enum phase phase); /* "connect" */

/* The time from the start to the end of the head (or to the failure), plus the time of each earlier
   redirect, from its start until it was followed. Waits between them are not included. */
nsec result_elapsed(const struct result *result);

/* The duration of each phase; NSEC_NEVER: it did not happen. Their sum is done - taken. The last
   interval belongs to `phase` when `failed`, else to PHASE_RECEIVE. */
void stamps_timings(const struct stamps *stamps, bool failed, enum phase phase,
                    nsec timings[PHASE_COUNT]);

#endif

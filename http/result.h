/*
 * What became of a site: a const struct that is valid while it is reported. Both halves of a race
 * make it, from the same stamps.
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

/* An exchange before the one that the result tells: it was answered with a redirect, or it failed in
   a way that made another attempt worth while. */
struct leg {
    char *url;       /* without user info */
    bool redirect;   /* else it was tried again */
    unsigned status; /* 0: no answer came */
    enum error error;
    enum phase phase; /* with an error */
    char *detail;     /* with an error: a library's words; or NULL */
    struct address address;
    struct stamps stamps;
    nsec waited; /* before the next attempt, as it was decided */
};

struct result {
    const struct site *site; /* borrowed */
    const char *mode;        /* in a race "blocking" or "reactor"; else NULL */
    const char *url;         /* that was asked last, without user info; NULL: none. Borrowed */
    enum error error;        /* ERROR_NONE: a whole answer came, or as much of it as was wanted */
    enum phase phase;   /* with an error: the phase that was under way, for its time. Reports show
                                error_phase(error), and this one with timeout.total */
    const char *detail; /* with an error: a library's or the system's words; or NULL */
    unsigned status;    /* of the answer; 0: none came */
    unsigned char major, minor; /* the version of HTTP of the answer */
    struct address address;     /* whom it was asked; length 0: nobody, or a Unix socket */
    const char *unix_socket;    /* its path; NULL: none. Borrowed */
    const char *proxy;          /* through whom, without credentials; NULL: nobody. Borrowed */
    struct tls_facts tls;       /* NULLs where there was none */
    struct tcp_facts tcp;
    const char *content_type; /* as the answer says; NULL: it does not. Borrowed */
    const char *coding;       /* likewise Content-Encoding */
    const char *charset; /* what the snippet was in, as iconv calls it; NULL: no body. Borrowed */
    const char *snippet; /* the first characters of the body, decoded; borrowed. What was no
                                   text in that character set is left as it came */
    size_t snippet_bytes;
    uint64_t body_bytes; /* of the body as it was sent, transfer coding taken off */
    bool truncated;      /* not all of the body was taken: --max-body, --until-preview */
    struct stamps stamps;
    const struct leg *legs; /* what came before, in order; borrowed */
    size_t leg_count;
};

const char *phase_name(enum phase phase); /* "connect" */

/* The time from start to the end of the head (of a failure: to the failure), and that of each redirect
   before it, from its start to its last byte. What was waited between them is not in it. */
nsec result_elapsed(const struct result *result);

/* What each phase took; NSEC_NEVER: it did not happen. They add up to done - taken. With `failed` the
   last stretch belongs to the phase that did, else to receiving. */
void stamps_timings(const struct stamps *stamps, bool failed, enum phase phase,
                    nsec timings[PHASE_COUNT]);

#endif

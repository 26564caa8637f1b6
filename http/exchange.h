/*
 * One request and its answer. The exchange asks the pool for a stream (on a kept connection, or a new one),
 * takes its events, and reports exactly once, with its stamps. Its deadlines are the one that it is given for
 * the whole, and one for the wait until the first byte.
 *
 * A kept connection may have died unseen. When it turns out dead before a byte of the answer came,
 * or the server says that it had waited on it for too long (408; RFC 9110, section 15.5.9), the
 * exchange goes back to CONNECTING once, with a new one. A request that may not be repeated (RFC 9110,
 * section 9.2.2) never goes on a kept connection.
 *
 * Of a redirect that will be followed the head is all that is needed. What of its body can be read at
 * once is read; the pool drains the rest, and however the body ends, the redirect is a result.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/conn.h"
#include "http/pool.h"
#include "http/request.h"
#include "http/response.h"
#include "http/result.h"

/* What all exchanges of a run have in common. */
struct exchange_options {
    struct response_options response;
    nsec ttfb_timeout; /* NSEC_NEVER: none */
    bool keep_alive;   /* connections are kept, and kept ones used */
    bool tcp_facts;    /* the kernel is asked for them */
};

enum exchange_state {
    EXCHANGE_QUEUED,     /* made and not started: it waits for a slot */
    EXCHANGE_CONNECTING, /* waiting for its connection to open */
    EXCHANGE_SEND,       /* the request goes out */
    EXCHANGE_HEAD,       /* the head of the answer comes in */
    EXCHANGE_BODY,       /* its body does */
    EXCHANGE_DONE,       /* reported */
};

struct exchange {
    struct dialer *dialer;                  /* borrowed */
    struct pool *pool;                      /* borrowed */
    const struct exchange_options *options; /* borrowed */
    struct request request;                 /* what it points to is borrowed */
    enum exchange_state state;
    struct pool_wait wait;    /* in CONNECTING */
    struct stream stream;     /* from SEND on */
    struct conn *conn;        /* likewise; NULL when done */
    bool kept;                /* the connection had served before */
    bool retried;             /* a dead kept connection was replaced */
    struct cookies **jar;     /* where those of the answer go; NULL: nowhere */
    nsec total_deadline;      /* NSEC_NEVER: none */
    struct timer deadline;    /* the next of both */
    struct response response; /* what is kept of it */
    struct result result;     /* grows as things happen */
    void (*done)(void *owner, const struct result *result);
    void *owner; /* its argument */
};

/* Makes ready a zeroed or cleared exchange for a site, or for where it redirects to; it is QUEUED, its
   stamp `taken`. */
void exchange_init(struct exchange *exchange, struct dialer *dialer, struct pool *pool,
                   const struct exchange_options *options, const struct site *site);

/* It has a slot: starts it. What comes after `timeout` is late; NSEC_NEVER: nothing is. Cookies of the
   answer go to `jar`, which may be NULL. done(owner, result) is called once, perhaps before this
   returns; the exchange may be cleared and freed in it. */
void exchange_start(struct exchange *exchange, const struct request *request, nsec timeout,
                    struct cookies **jar, void (*done)(void *owner, const struct result *result),
                    void *owner);

/* Ends it without a report where it is under way, and drops what the result points to. */
void exchange_clear(struct exchange *exchange);

#endif

/*
 * One request and its answer. The exchange finds a connection (a kept one, or a new one), sends,
 * reads, and reports exactly once, with its stamps. Its deadline is the site's own for the whole,
 * and one for the wait until the first byte.
 *
 * A kept connection may have died unseen. When it turns out dead before a byte of the answer came,
 * the exchange goes back to CONNECTING once, with a new one (RFC 9112, section 9.3.1: only requests
 * that may be repeated are ever sent here).
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/conn.h"
#include "http/pool.h"
#include "http/result.h"

enum exchange_state {
    EXCHANGE_QUEUED,     /* made and not started: it waits for a slot */
    EXCHANGE_CONNECTING, /* waiting for its connection to open */
    EXCHANGE_SEND,       /* the request goes out */
    EXCHANGE_HEAD,       /* the head of the answer comes in */
    EXCHANGE_BODY,       /* its body does */
    EXCHANGE_DONE,       /* reported */
};

struct exchange {
    struct dialer *dialer;   /* borrowed */
    struct pool *pool;       /* borrowed */
    const struct site *site; /* borrowed */
    enum exchange_state state;
    struct conn *conn; /* from CONNECTING on; NULL when done */
    bool kept;         /* the connection had served before */
    bool retried;      /* a dead kept connection was replaced */
    char *request;     /* the bytes to send */
    size_t request_bytes, sent;
    nsec ttfb_timeout;       /* NSEC_NEVER: none */
    nsec total_deadline;     /* NSEC_NEVER: none */
    struct timer deadline;   /* the next of both */
    int send_error;          /* sending failed, but an answer may still be read */
    const char *send_detail; /* its words */
    struct result result;    /* grows as things happen */
    void (*done)(void *owner, const struct result *result);
    void *owner; /* its argument */
};

/* Makes ready a zeroed or finished exchange; it is QUEUED, its stamp `taken`. */
void exchange_init(struct exchange *exchange, struct dialer *dialer, struct pool *pool,
                   const struct site *site, nsec ttfb_timeout);

/* It has a slot: starts it. done(owner, result) is called once, perhaps before this returns; the
   exchange may be freed in it. */
void exchange_start(struct exchange *exchange, void (*done)(void *owner, const struct result *),
                    void *owner);

/* Ends it without a report, whatever its state. */
void exchange_abort(struct exchange *exchange);

#endif

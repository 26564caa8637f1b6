/*
 * One request and its response. The exchange requests a stream from the pool (on a kept connection
 * or a new one), handles its events, and reports exactly once, with its time stamps. It has a
 * deadline for the whole exchange, and one for the first byte.
 *
 * A kept connection may be closed without notice. When it ends before the first byte of the
 * response, or the server reports that it was idle for too long (408; RFC 9110, section 15.5.9),
 * the exchange returns to CONNECTING once, with a new connection. A request that must not be
 * repeated (RFC 9110, section 9.2.2) is never sent on a kept connection of HTTP/1.1.
 *
 * HTTP/2 reports which requests were not processed (RFC 9113, section 8.7). They are sent again
 * once, with any method, unless the server asks for fewer requests (ENHANCE_YOUR_CALM). After a
 * GOAWAY without an error, on a connection whose server has processed others, this does not count:
 * a server may end each connection after some requests. After
 * HTTP_1_1_REQUIRED the request is sent again by HTTP/1.1, once. A deadline ends one stream; the
 * connection takes no more streams if it has received no byte since the stream began.
 *
 * Only the head of a followed redirect is needed. The exchange reads the part of the body that is
 * already received, and the connection discards the rest. An error in the body does not make the
 * redirect fail.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/conn.h"
#include "http/pool/pool.h"
#include "http/request.h"
#include "http/response.h"
#include "http/result.h"

/* Settings of all exchanges of a run. */
struct exchange_options {
    struct response_options response;
    nsec ttfb_timeout; /* NSEC_NEVER: none */
    bool keep_alive;   /* connections are kept and used again */
    bool tcp_facts;    /* TCP_INFO is read at the end */
    /* The exchange has got a connection, perhaps inside exchange_start; `owner` is that of the
       exchange. NULL: not called. */
    void (*connected)(void *owner, const struct conn *conn);
};

enum exchange_state {
    EXCHANGE_QUEUED,     /* created and not started: waiting for a slot */
    EXCHANGE_CONNECTING, /* waiting for a connection */
    EXCHANGE_SEND,       /* sending the request */
    EXCHANGE_HEAD,       /* waiting for the head of the response, or receiving it */
    EXCHANGE_BODY,       /* receiving its body */
    EXCHANGE_DONE,       /* reported */
};

struct exchange {
    struct dialer *dialer;                  /* borrowed */
    struct pool *pool;                      /* borrowed */
    const struct exchange_options *options; /* borrowed */
    struct request request;                 /* its pointers are borrowed */
    enum exchange_state state;
    struct pool_wait wait;    /* in CONNECTING */
    struct stream stream;     /* from SEND on */
    struct conn *conn;        /* from SEND on; NULL when done */
    bool kept;                /* the connection had carried a response before */
    bool replayed;            /* the request was sent again */
    bool fell_back;           /* the same, because the server requires HTTP/1.1 */
    nsec began;               /* when the stream was submitted */
    struct cookies **jar;     /* receives the response's cookies; NULL: none */
    nsec total_deadline;      /* NSEC_NEVER: none */
    struct timer deadline;    /* the earlier of both deadlines */
    struct response response; /* the retained parts of the response */
    struct result result;     /* filled step by step */
    void (*done)(void *owner, const struct result *result);
    void *owner; /* the argument of `done` */
};

/* Initializes a zeroed or cleared exchange for a site or its redirect target. Its state is QUEUED;
   sets the stamp `taken`. */
void exchange_init(struct exchange *exchange, struct dialer *dialer, struct pool *pool,
                   const struct exchange_options *options, const struct site *site);

/* Starts the exchange, when a slot is free. It fails when it is not complete after `timeout`;
   NSEC_NEVER: no limit. Cookies of the response are stored in `jar`, which may be NULL. done(owner,
   result) is called once, perhaps before this returns; the callee may clear and free the
   exchange. */
void exchange_start(struct exchange *exchange, const struct request *request, nsec timeout,
                    struct cookies **jar, void (*done)(void *owner, const struct result *result),
                    void *owner);

/* Cancels the exchange without a report if it is not done, and frees the texts of its result. */
void exchange_clear(struct exchange *exchange);

#endif

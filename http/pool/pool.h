/*
 * The connections of a fetch, by origin: open ones, idle or in use, and those being dialled. An
 * exchange requests a stream and gets a connection with capacity: an idle one, one that carries
 * several streams, or a new one.
 *
 * The origin is the scheme, the host and the port. All else that a connection depends on (routes,
 * proxies, source address, SNI, client certificate) belongs to the dialer, and a pool serves
 * requests of one dialer. Names with the same address do not share a connection:
 * each result has its own address and certificate.
 *
 * A request to an origin that may speak HTTP/2 waits for the dial of another request, and shares
 * its connection. If the dial agrees on HTTP/1.1, this is remembered, and each request dials. A
 * further HTTP/2 connection is dialled when all others are full; the request that waits for the
 * dial is served earlier if a stream ends on another connection, and the new connection is kept
 * idle.
 *
 * At most `limit` idle connections are kept; above it the oldest is closed. A connection that the
 * server closes, or that receives unexpected bytes, is removed immediately.
 */
#ifndef HTTP_POOL_POOL_H
#define HTTP_POOL_POOL_H

#include "http/conn.h"
#include "http/versions.h"

struct pool;

/* Which connections a request may get. */
enum pool_use {
    POOL_ANY,    /* every one, also an HTTP/1.1 connection that was used before */
    POOL_UNUSED, /* one without earlier requests, or one whose protocol is multiplexed */
    POOL_OWN,    /* a new one, which serves no other request */
};

struct pool_options {
    size_t limit; /* of idle connections */
    /* Maximum concurrent streams of a connection. It is also how many requests wait for one dial,
       before the server's limit is known. 1: requests do not wait for the dial of another. */
    unsigned max_streams;
    uint32_t stream_window;                /* as in struct conn_options */
    const struct negotiation *negotiation; /* borrowed; NULL: HTTP/1.1 only */
};

/* A pending request for a stream, embedded in its owner; all zeros at first. */
struct pool_wait {
    /* `conn` has capacity: the callee must submit one stream to it. `dial` opened it for this
       request; NULL: it was open, or was opened for another request. */
    void (*ready)(struct pool_wait *wait, struct conn *conn, const struct dial *dial);
    /* The dial, which may be that of another request, failed; `dial` has the error. */
    void (*failed)(struct pool_wait *wait, const struct dial *dial);

    bool waited; /* set when it waits for the dial or connection of another; cleared by the owner */

    /* private */
    /* in the queue of the dial or the connection; in none: not waiting */
    struct link link;
    struct pool_dial *pool_dial; /* the awaited dial; NULL: waiting for an open connection */
    struct dialer *dialer;       /* borrowed */
    const struct url *url;       /* borrowed until `ready` or `failed` */
    bool began_dial;             /* the awaited dial is its own; may be read in `failed` */
    enum pool_use use;           /* argument of pool_request */
};

/* The loop of the connections must outlive the pool. */
struct pool *pool_new(const struct pool_options *options);

/* Closes the idle connections and frees. No wait and no stream may be left. */
void pool_free(struct pool *pool);

/* Requests a stream. `ready` or `failed` is called once, perhaps before this returns. */
void pool_request(struct pool *pool, struct pool_wait *wait, struct dialer *dialer,
                  const struct url *url, enum pool_use use);

/* The server of this connection requires HTTP/1.1: no HTTP/2 connection to its origin takes more
   streams, also one that is being dialled, and later connections offer nothing else. False: the
   versions of the pool do not allow it. */
bool pool_require_http1(struct conn *conn);

/* The dial that it waits for; NULL: none. */
const struct dial *pool_wait_dial(const struct pool_wait *wait);

/* Cancels a wait, for instance at a deadline. The last wait for a dial cancels the dial; otherwise
   the dial continues, and later requests do not join it. Does nothing when it is not waiting. */
void pool_cancel(struct pool_wait *wait);

/* Call once for each stream that has ended and was not cancelled. When the connection has no other
   stream it is kept if it is `reusable`, perhaps after it has discarded the rest of a response, and
   else closed. A connection of a multiplexed protocol is kept while it is OPEN. One that was
   requested with POOL_OWN is closed. */
void pool_release(struct conn *conn, bool reusable);

/* The origin of a connection that has become idle since the last call; each is reported once, the
   oldest first. The host is borrowed until the loop's next turn. False: there is none. */
bool pool_newly_idle(struct pool *pool, struct url_origin *origin);

/* Closes the oldest idle connection. False: there is none. */
bool pool_drop_oldest(struct pool *pool);

#endif

/*
 * The connections of a fetch, by origin: open ones, idle or in use, and those being dialled. An
 * exchange requests a stream and gets a connection with capacity: an idle one, one that carries
 * several streams, or a new one.
 *
 * At most `limit` idle connections are kept; above it the oldest is closed. A connection that the
 * server closes, or that receives unexpected bytes, is removed immediately.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/conn.h"
#include "http/versions.h"

struct pool;

struct pool_options {
    size_t limit; /* of idle connections */
    /* Streams that a connection is expected to carry before its protocol is known: an exchange
       joins a pending dial when fewer than this number wait for it. 1: HTTP/1.1. */
    unsigned expected_streams;
    const struct negotiation *negotiation; /* borrowed; NULL: HTTP/1.1 only */
};

/* A pending request for a stream, embedded in its owner; all zeros at first. */
struct pool_wait {
    /* `conn` has capacity: the callee must submit one stream to it. `dial` opened it; NULL: it was
       already open. */
    void (*ready)(struct pool_wait *wait, struct conn *conn, const struct dial *dial);
    /* The dial failed; `dial` has the error. */
    void (*failed)(struct pool_wait *wait, const struct dial *dial);

    /* private */
    /* in the queue of the dial or the connection; in none: not waiting */
    struct link link;
    struct pool_dial *pool_dial; /* the awaited dial; NULL: waiting for an open connection */
    struct dialer *dialer;       /* borrowed */
    const struct url *url;       /* borrowed until `ready` or `failed` */
    bool new_only;               /* argument of pool_request */
};

/* The loop of the connections must outlive the pool. */
struct pool *pool_new(const struct pool_options *options);

/* Closes the idle connections and frees. No wait and no stream may be left. */
void pool_free(struct pool *pool);

/* Requests a stream. `ready` or `failed` is called once, perhaps before this returns. `new_only`:
   the stream must be the first of a new connection. */
void pool_request(struct pool *pool, struct pool_wait *wait, struct dialer *dialer,
                  const struct url *url, bool new_only);

/* The dial that it waits for; NULL: none. */
const struct dial *pool_wait_dial(const struct pool_wait *wait);

/* Cancels a wait; the last wait for a dial cancels the dial. Does nothing when it is not
   waiting. */
void pool_cancel(struct pool_wait *wait);

/* Call once for each stream that has ended and was not cancelled. When the connection has no other
   stream it is kept if it is `reusable`, perhaps after it has discarded the rest of a response, and
   else closed. A connection of a multiplexed protocol is kept while it is OPEN. */
void pool_release(struct conn *conn, bool reusable);

/* The origin of a connection that has become idle since the last call; each is reported once, the
   oldest first. The host is borrowed until the loop's next turn. False: there is none. */
bool pool_newly_idle(struct pool *pool, struct url_origin *origin);

/* Closes the oldest idle connection. False: there is none. */
bool pool_drop_oldest(struct pool *pool);

#endif

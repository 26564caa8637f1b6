/*
 * The connections of a fetch, by origin: open ones, idle or in use, and those that are being dialled. An
 * exchange asks for a stream, and gets a connection that has room for it: an idle one, one that carries
 * several streams, or a new one.
 *
 * At most `limit` idle connections are kept; beyond that the oldest is closed. One that the server closes, or
 * on which bytes come that were not asked for, leaves at once.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/conn.h"

struct pool;

struct pool_options {
    size_t limit; /* of idle connections */
    /* Streams that a connection is expected to carry at once before its protocol is known: an exchange waits
       for a dial that is under way where fewer wait for it. 1: HTTP/1.1. */
    unsigned expected_streams;
    const char *alpn; /* as in struct dial_options */
    /* As in struct conn_options; NULL: HTTP/1.1 alone. */
    const struct protocol *(*protocol)(const char *alpn);
};

/* A wait for a stream; a member of the struct that waits. Zeroed at first. */
struct pool_wait {
    /* `conn` has room: one stream is to be submitted to it in this call. `dial` is the one that opened it,
       for its stamps, or NULL: it was open before. */
    void (*ready)(struct pool_wait *wait, struct conn *conn, const struct dial *dial);
    /* The dial failed: it says why. */
    void (*failed)(struct pool_wait *wait, const struct dial *dial);

    /* private */
    struct link link;            /* among those that wait for the same; in none: it does not wait */
    struct pool_dial *pool_dial; /* that it waits for; NULL: for a slot of an open connection */
    struct dialer *dialer;       /* borrowed */
    const struct url *url;       /* borrowed until `ready` or `failed` */
    bool fresh;                  /* as asked for */
};

/* The loop that the connections live on must outlive the pool. */
struct pool *pool_new(const struct pool_options *options);

/* Closes the idle connections and frees. No wait and no stream is left. */
void pool_free(struct pool *pool);

/* Asks for a stream. `ready` or `failed` is called once, perhaps before this returns. `fresh`: only on a
   connection that is dialled for it. */
void pool_request(struct pool *pool, struct pool_wait *wait, struct dialer *dialer,
                  const struct url *url, bool fresh);

/* The dial that it waits for; NULL: none. */
const struct dial *pool_wait_dial(const struct pool_wait *wait);

/* Gives a wait up. The last wait for a dial cancels it. Nothing happens where it does not wait. */
void pool_cancel(struct pool_wait *wait);

/* A stream of the connection has ended: to be called once for each that was not cancelled. `keeps`: it may serve on, perhaps after it has read the rest of a
   response that is not wanted; else it is closed, unless it has other streams. */
void pool_release(struct conn *conn, bool keeps);

/* The origin of a connection that has become idle and was not asked for since; each is told once, the
   oldest first. The host is borrowed until the loop's next turn. False where there is none. */
bool pool_fresh(struct pool *pool, struct url_origin *origin);

/* Closes the oldest idle one. False where none is idle. */
bool pool_drop_oldest(struct pool *pool);

#endif

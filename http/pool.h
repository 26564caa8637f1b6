/*
 * Kept-alive connections, idle until the next exchange with the same origin. At most `limit` are
 * kept; over that the oldest is given up. Each is watched: one that the server closes, or on which
 * it speaks without being asked, leaves at once. Beside them are those on which the rest of a response
 * is read that is not wanted.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/conn.h"

struct pool;

/* The loop that the connections live on must outlive the pool. */
struct pool *pool_new(size_t limit);

/* Closes all that are idle and frees. */
void pool_free(struct pool *pool);

/* Takes out the connection that was used last for the URL's origin, for its new user; or NULL. */
struct conn *pool_take(struct pool *pool, const struct url *url, void (*wake)(void *owner),
                       void *owner);

/* Takes over an open connection on which nothing is under way. */
void pool_keep(struct pool *pool, struct conn *conn);

/* A response that is drained may still take this much; else its connection is closed. */
#define POOL_MOST_DRAIN_BYTES (64 * 1024)
#define POOL_DRAIN_TIME       (5 * NSEC_PER_S)

/* Takes over an open connection, of which conn_read has just said that no more can be read, in the
   middle of a response whose rest is not wanted. The rest is read and dropped beside everything else;
   then the connection is kept. It counts as an idle one. */
void pool_drain(struct pool *pool, struct conn *conn);

/* The origin of a connection that has become idle and was not asked for since; each is told once, the
   oldest first. The host is borrowed until the loop's next turn. False where there is none. */
bool pool_fresh(struct pool *pool, struct url_origin *origin);

/* Gives up the oldest. False where none is idle. */
bool pool_drop_oldest(struct pool *pool);

#endif

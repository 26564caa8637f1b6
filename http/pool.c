/* A hash table by origin, and a list from the newest to the oldest, through the same connections. */
#include "http/pool.h"

#include <stdlib.h>
#include <string.h>

#include "reactor/hash.h"
#include "reactor/memory.h"

#define SLOTS 1024 /* a power of two */

struct pool {
    size_t limit, count;
    struct conn *newest, *oldest;
    struct conn *fresh;        /* the oldest of those that pool_fresh has not told of */
    struct conn *slots[SLOTS]; /* chains by same_slot, the newest first */
};

static size_t slot_of(const char *host, uint16_t port, bool https)
{
    return (hash_text(host) ^ port ^ https) % SLOTS;
}

static void take_out(struct pool *pool, struct conn *conn)
{
    struct conn **link = &pool->slots[slot_of(conn->host, conn->port, conn->https)];

    while (*link != conn)
        link = &(*link)->same_slot;
    *link = conn->same_slot;
    if (pool->fresh == conn)
        pool->fresh = conn->idle_newer;

    if (conn->idle_newer)
        conn->idle_newer->idle_older = conn->idle_older;
    else
        pool->newest = conn->idle_older;
    if (conn->idle_older)
        conn->idle_older->idle_newer = conn->idle_newer;
    else
        pool->oldest = conn->idle_newer;
    pool->count--;
}

struct pool *pool_new(size_t limit)
{
    struct pool *pool = memory_zeroed(sizeof(*pool));

    pool->limit = limit;
    return pool;
}

void pool_free(struct pool *pool)
{
    while (pool_drop_oldest(pool))
        ;
    free(pool);
}

struct conn *pool_take(struct pool *pool, const struct url *url, void (*wake)(void *owner),
                       void *owner)
{
    struct conn *conn = pool->slots[slot_of(url->host, url->port, url->https)];

    while (conn && !conn_fits(conn, url))
        conn = conn->same_slot;
    if (!conn)
        return NULL;
    take_out(pool, conn);
    conn->wake = wake;
    conn->owner = owner;
    return conn;
}

/* Something came while nothing was asked. TLS's own messages are read and leave no bytes. */
static void on_idle_event(void *owner)
{
    struct conn *conn = owner;
    const unsigned char *bytes;

    if (conn_read(conn, &bytes).status == IO_WANT_READ)
        return;
    take_out(conn->pool, conn);
    conn_close(conn);
}

void pool_keep(struct pool *pool, struct conn *conn)
{
    struct conn **slot = &pool->slots[slot_of(conn->host, conn->port, conn->https)];

    conn->pool = pool;
    conn->wake = on_idle_event;
    conn->owner = conn;
    conn->same_slot = *slot;
    *slot = conn;
    conn->idle_newer = NULL;
    conn->idle_older = pool->newest;
    if (pool->newest)
        pool->newest->idle_newer = conn;
    else
        pool->oldest = conn;
    pool->newest = conn;
    if (!pool->fresh)
        pool->fresh = conn;
    pool->count++;
    if (pool->count > pool->limit)
        pool_drop_oldest(pool);
}

bool pool_fresh(struct pool *pool, struct url_origin *origin)
{
    struct conn *conn = pool->fresh;

    if (!conn)
        return false;
    pool->fresh = conn->idle_newer;
    *origin = (struct url_origin){conn->https, conn->port, conn->host, strlen(conn->host)};
    return true;
}

bool pool_drop_oldest(struct pool *pool)
{
    struct conn *conn = pool->oldest;

    if (!conn)
        return false;
    take_out(pool, conn);
    conn_close(conn);
    return true;
}

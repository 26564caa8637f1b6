/* A hash table by origin, and a list from the oldest to the newest, through the same connections. */
#include "http/pool.h"

#include <stdlib.h>
#include <string.h>

#include "reactor/hash.h"
#include "reactor/list.h"
#include "reactor/memory.h"

#define SLOTS 1024 /* a power of two */

struct pool {
    size_t limit, count;
    struct link idle;          /* the oldest first */
    struct link *fresh;        /* the first that pool_fresh has not told of; else the list's head */
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
    if (pool->fresh == &conn->idle)
        pool->fresh = conn->idle.next;
    list_remove(&conn->idle);
    pool->count--;
}

struct pool *pool_new(size_t limit)
{
    struct pool *pool = memory_zeroed(sizeof(*pool));

    pool->limit = limit;
    list_init(&pool->idle);
    pool->fresh = &pool->idle;
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
    list_put_last(&pool->idle, &conn->idle);
    if (pool->fresh == &pool->idle)
        pool->fresh = &conn->idle;
    pool->count++;
    if (pool->count > pool->limit)
        pool_drop_oldest(pool);
}

bool pool_fresh(struct pool *pool, struct url_origin *origin)
{
    const struct conn *conn;

    if (pool->fresh == &pool->idle)
        return false;
    conn = LIST_OWNER(pool->fresh, struct conn, idle);
    pool->fresh = pool->fresh->next;
    *origin = (struct url_origin){conn->https, conn->port, conn->host, strlen(conn->host)};
    return true;
}

bool pool_drop_oldest(struct pool *pool)
{
    struct link *link = list_first(&pool->idle);
    struct conn *conn;

    if (!link)
        return false;
    conn = LIST_OWNER(link, struct conn, idle);
    take_out(pool, conn);
    conn_close(conn);
    return true;
}

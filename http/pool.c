/*
 * A hash table by origin, and a list from the oldest to the newest, through the same connections.
 *
 * A redirect is followed when its head is there. The rest of its body is worth little: a connection
 * saved, where it is short. So it is read beside the next request, and given up after 64 KiB or 5 s.
 * To wait for it would let a server that stalls in it delay what follows; to close at once would cost a
 * new connection at each server that sends head and body one after the other.
 */
#include "http/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/memory.h"

#define SLOTS      1024 /* a power of two */
#define MOST_READS 16   /* of one that is drained, in a turn of the loop */

/* What came of reading from one that is drained. */
enum drained {
    DRAINED_MORE,   /* it may go on at once */
    DRAINED_WAIT,   /* for an event */
    DRAINED_ALL,    /* the response is complete, and the connection may serve on */
    DRAINED_BROKEN, /* it may not */
};

struct pool {
    size_t limit, count;       /* the count is of both lists */
    struct link draining;      /* the oldest first; in no slot */
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
    list_init(&pool->draining);
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

    if (conn_is_quiet(conn))
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

static void stop_draining(struct conn *conn)
{
    loop_cancel(conn->dialer->loop, &conn->deadline);
    list_remove(&conn->idle);
    conn->pool->count--;
}

static void give_up_draining(void *owner)
{
    struct conn *conn = owner;

    stop_draining(conn);
    conn_close(conn);
}

/* Reads once. MORE: there may be more at once. */
static enum drained drain_some(struct conn *conn)
{
    const unsigned char *bytes;
    struct io io = conn_read(conn, &bytes);
    enum http1_status status;
    size_t used;

    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return DRAINED_WAIT;
    if (io.status != IO_OK)
        return DRAINED_BROKEN;
    conn->drained_bytes += (uint32_t)io.count;
    status = http1_feed(&conn->http1, bytes, io.count, &used);
    if (status == HTTP1_MORE)
        return conn->drained_bytes < POOL_MOST_DRAIN_BYTES ? DRAINED_MORE : DRAINED_BROKEN;
    used += http1_extra_line_ends(bytes + used, io.count - used);
    if (status != HTTP1_DONE || !conn->http1.keep_alive || used < io.count || conn->sock->ended)
        return DRAINED_BROKEN;
    return conn_is_quiet(conn) ? DRAINED_ALL : DRAINED_BROKEN;
}

static void on_rest(void *owner)
{
    struct conn *conn = owner;
    enum drained drained = DRAINED_MORE;

    for (int reads = 0; drained == DRAINED_MORE && reads < MOST_READS; reads++)
        drained = drain_some(conn);
    switch (drained) {
    case DRAINED_MORE: conn_yield(conn); break;
    case DRAINED_WAIT: break;
    case DRAINED_BROKEN: give_up_draining(conn); break;
    case DRAINED_ALL:
        stop_draining(conn);
        conn->served = true;
        pool_keep(conn->pool, conn);
        break;
    }
}

void pool_drain(struct pool *pool, struct conn *conn)
{
    struct loop *loop = conn->dialer->loop;

    http1_drop_rest(&conn->http1);
    conn->pool = pool;
    conn->wake = on_rest;
    conn->owner = conn;
    conn->drained_bytes = 0;
    loop_cancel(loop, &conn->deadline);
    /* an open connection has no phase to limit */
    timer_init(&conn->deadline, give_up_draining, conn, "pool drain deadline");
    loop_arm(loop, &conn->deadline, clock_after(loop_clock(loop), POOL_DRAIN_TIME));
    list_put_last(&pool->draining, &conn->idle);
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
    struct link *link = list_first(&pool->draining);
    struct conn *conn;

    if (link) {
        give_up_draining(LIST_OWNER(link, struct conn, idle));
        return true;
    }
    link = list_first(&pool->idle);
    if (!link)
        return false;
    conn = LIST_OWNER(link, struct conn, idle);
    take_out(pool, conn);
    conn_close(conn);
    return true;
}

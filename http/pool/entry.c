/* Which idle connections are kept, and which is closed. */
#include "http/pool/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct entry *entry_new(struct pool *pool, bool own)
{
    struct entry *entry = memory_zeroed(sizeof(*entry));

    entry->pool = pool;
    entry->own = own;
    list_init(&entry->waits);
    return entry;
}

void entry_add_to_table(struct entry *entry)
{
    const struct conn *conn = entry->conn;

    if (!entry->in_table)
        table_add(&entry->pool->entries, &entry->by_origin,
                  origin_key(conn->host, conn->port, conn->https).hash);
    entry->in_table = true;
}

void entry_remove_from_table(struct entry *entry)
{
    if (entry->in_table)
        table_remove(&entry->pool->entries, &entry->by_origin);
    entry->in_table = false;
}

void entry_take_out(struct entry *entry)
{
    struct pool *pool = entry->pool;

    if (!list_is_in(&entry->link))
        return;
    if (pool->newly_idle == &entry->link)
        pool->newly_idle = entry->link.next;
    entry->is_idle = false;
    list_remove(&entry->link);
    pool->count--;
}

static void put_idle(struct entry *entry)
{
    struct pool *pool = entry->pool;

    entry->is_idle = true;
    list_put_last(&pool->idle, &entry->link);
    if (pool->newly_idle == &pool->idle)
        pool->newly_idle = &entry->link;
    pool->count++;
}

void entry_move_waits(struct entry *entry)
{
    struct link *first;

    while ((first = list_take_first(&entry->waits))) {
        struct pool_wait *wait = LIST_OWNER(first, struct pool_wait, link);

        pool_request(entry->pool, wait, wait->dialer, wait->url, wait->use);
    }
}

void entry_free(struct entry *entry)
{
    entry_take_out(entry);
    entry_remove_from_table(entry);
    entry_move_waits(entry);
    free(entry);
}

void entry_drop(struct entry *entry)
{
    conn_close(entry->conn);
    entry_free(entry);
}

bool pool_drop_oldest(struct pool *pool)
{
    struct link *oldest = list_take_first(&pool->discarding);

    if (!oldest && !list_is_empty(&pool->idle)) {
        if (pool->newly_idle == pool->idle.next)
            pool->newly_idle = pool->idle.next->next;
        oldest = list_take_first(&pool->idle);
    }
    if (!oldest)
        return false;
    pool->count--;
    entry_drop(LIST_OWNER(oldest, struct entry, link));
    return true;
}

void entry_keep(struct entry *entry)
{
    struct pool *pool = entry->pool;
    struct conn *conn = entry->conn;

    entry_take_out(entry);
    if (conn_capacity(conn)) {
        entry_remove_from_table(entry); /* added again as the first of its origin */
        entry_add_to_table(entry);
        put_idle(entry);
    } else {
        list_put_last(&pool->discarding, &entry->link);
        pool->count++;
    }
    if (pool->count > pool->options.limit)
        pool_drop_oldest(pool);
}

void pool_release(struct conn *conn, bool reusable)
{
    struct entry *entry = conn->owner;

    if (conn->streams)
        return;
    if (!entry->own && (reusable || (conn->protocol->multiplexed && conn->state == CONN_OPEN)))
        entry_keep(entry);
    else
        entry_drop(entry);
}

bool pool_newly_idle(struct pool *pool, struct url_origin *origin)
{
    const struct conn *conn;

    if (pool->newly_idle == &pool->idle)
        return false;
    conn = LIST_OWNER(pool->newly_idle, struct entry, link)->conn;
    pool->newly_idle = pool->newly_idle->next;
    *origin = (struct url_origin){conn->https, conn->port, conn->host, strlen(conn->host)};
    return true;
}

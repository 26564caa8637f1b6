/*
 * Three lists and a hash table by origin. Each open connection has an entry: in `idle` (oldest
 * first) while it has no stream, in `discarding` while it discards the rest of a response, else in
 * neither. The table has the entries that accept requests; among those of the same origin, the most
 * recently used is found first.
 */
#include "http/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/table.h"

#define READ_BUDGET 16 /* receives in one turn, before other connections are served */

struct entry {
    struct pool *pool;
    struct conn *conn;
    struct table_link by_origin;
    bool in_table;
    bool is_idle;      /* in idle */
    struct link link;  /* in idle or discarding */
    struct link waits; /* for a stream on this connection, the oldest first */
};

struct pool_dial {
    struct pool *pool;
    struct dial *dial;
    struct link link;  /* in the pool's dials */
    struct link waits; /* the oldest first */
    size_t wait_count;
};

struct pool {
    struct pool_options options;
    struct conn_options conn_options; /* for all connections */
    size_t count;                     /* of idle and discarding entries */
    struct link discarding;           /* the oldest first */
    struct link idle;                 /* the oldest first */
    /* the first idle entry that pool_newly_idle has not reported; or the list's head */
    struct link *newly_idle;
    struct link dials;
    struct table entries;
};

static void on_draining(struct conn *conn);
static void on_room(struct conn *conn);
static void on_closed(struct conn *conn, enum error error);

static const struct conn_events conn_events = {on_draining, on_room, on_closed};

struct pool *pool_new(const struct pool_options *options)
{
    struct pool *pool = memory_zeroed(sizeof(*pool));

    pool->options = *options;
    if (!options->negotiation)
        pool->options.negotiation = negotiation_of(HTTP_1_1_ONLY);
    pool->conn_options = (struct conn_options){
        .events = &conn_events,
        .pipeline = 1,
        .fails_unsent = true,
        .read_budget = READ_BUDGET,
        .protocol = pool->options.negotiation->protocol,
    };
    list_init(&pool->discarding);
    list_init(&pool->idle);
    list_init(&pool->dials);
    pool->newly_idle = &pool->idle;
    return pool;
}

/* --- the lists --- */

static uint32_t hash_of(const char *host, uint16_t port, bool https)
{
    return hash_text(host) ^ port ^ https;
}

static void add_to_table(struct entry *entry)
{
    const struct conn *conn = entry->conn;

    if (!entry->in_table)
        table_add(&entry->pool->entries, &entry->by_origin,
                  hash_of(conn->host, conn->port, conn->https));
    entry->in_table = true;
}

static void remove_from_table(struct entry *entry)
{
    if (entry->in_table)
        table_remove(&entry->pool->entries, &entry->by_origin);
    entry->in_table = false;
}

/* Removes the entry from idle and discarding. */
static void take_out(struct entry *entry)
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

/* Moves the waits for a connection to other connections. */
static void move_waits(struct entry *entry)
{
    struct link *first;

    while ((first = list_take_first(&entry->waits))) {
        struct pool_wait *wait = LIST_OWNER(first, struct pool_wait, link);

        pool_request(entry->pool, wait, wait->dialer, wait->url, wait->new_only);
    }
}

/* Frees the entry of a closed connection. */
static void free_entry(struct entry *entry)
{
    take_out(entry);
    remove_from_table(entry);
    move_waits(entry);
    free(entry);
}

static void drop(struct entry *entry)
{
    conn_close(entry->conn);
    free_entry(entry);
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
    drop(LIST_OWNER(oldest, struct entry, link));
    return true;
}

static void keep_entry(struct entry *entry)
{
    struct pool *pool = entry->pool;
    struct conn *conn = entry->conn;

    take_out(entry);
    if (conn_capacity(conn)) {
        remove_from_table(entry); /* added again as the first of its origin */
        add_to_table(entry);
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
    if (conn->streams)
        return;
    if (reusable || (conn->protocol->multiplexed && conn->state == CONN_OPEN))
        keep_entry(conn->owner);
    else
        drop(conn->owner);
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

/* --- waits --- */

static void serve(struct entry *entry, struct pool_wait *wait, const struct dial *dial)
{
    struct conn *conn = entry->conn;

    list_remove(&wait->link);
    wait->pool_dial = NULL;
    take_out(entry);
    wait->ready(wait, conn, dial);
    if (conn->state == CONN_CLOSED)
        return; /* the entry may have been freed */
    if (conn->protocol->multiplexed) {
        conn_flush_later(conn);
        return;
    }
    if (!conn_capacity(conn))
        remove_from_table(entry);
    conn_flush(conn);
}

/* Serves waits while the connection has capacity. */
static void serve_waits(struct entry *entry, const struct dial *dial)
{
    struct conn *conn = entry->conn;
    struct link *first;

    while (conn->state == CONN_OPEN && (first = list_first(&entry->waits)) && conn_capacity(conn))
        serve(entry, LIST_OWNER(first, struct pool_wait, link), dial);
}

static void on_room(struct conn *conn)
{
    struct entry *entry = conn->owner;

    serve_waits(entry, NULL);
    /* the rest of a response was discarded, or a stream was cancelled */
    if (conn->state == CONN_OPEN && !conn->streams && !entry->is_idle)
        pool_release(conn, conn_is_reusable(conn));
}

static void on_draining(struct conn *conn)
{
    struct entry *entry = conn->owner;

    remove_from_table(entry);
    move_waits(entry);
}

static void on_closed(struct conn *conn, enum error error)
{
    (void)error;
    free_entry(conn->owner);
}

/* --- dials --- */

static void free_pool_dial(struct pool_dial *pool_dial)
{
    list_remove(&pool_dial->link);
    dial_free(pool_dial->dial);
    free(pool_dial);
}

static void fail_waits(struct pool_dial *pool_dial)
{
    struct link *first;

    while ((first = list_take_first(&pool_dial->waits))) {
        struct pool_wait *wait = LIST_OWNER(first, struct pool_wait, link);

        wait->pool_dial = NULL;
        wait->failed(wait, pool_dial->dial);
    }
}

static void begin_dial(struct pool *pool, struct pool_wait *wait);

/* The connection is open: the waits for the dial become waits for the connection. If the protocol
   carries one request at a time, all but the first wait get their own dials. */
static void open_entry(struct pool_dial *pool_dial)
{
    struct pool *pool = pool_dial->pool;
    struct entry *entry = memory_zeroed(sizeof(*entry));
    bool multiplexed;
    struct link *first;

    entry->pool = pool;
    list_init(&entry->waits);
    entry->conn = conn_open(pool_dial->dial, &pool->conn_options, entry);
    multiplexed = entry->conn->protocol->multiplexed;
    add_to_table(entry);
    while ((multiplexed || list_is_empty(&entry->waits)) &&
           (first = list_take_first(&pool_dial->waits))) {
        list_put_last(&entry->waits, first);
        LIST_OWNER(first, struct pool_wait, link)->pool_dial = NULL;
    }
    serve_waits(entry, pool_dial->dial);
    while ((first = list_take_first(&pool_dial->waits)))
        begin_dial(pool, LIST_OWNER(first, struct pool_wait, link));
}

static void on_dial_ended(void *owner)
{
    struct pool_dial *pool_dial = owner;

    list_remove(&pool_dial->link); /* no more waits may join it */
    if (pool_dial->dial->state == DIAL_OPEN)
        open_entry(pool_dial);
    else
        fail_waits(pool_dial);
    free_pool_dial(pool_dial);
}

static void join(struct pool_dial *pool_dial, struct pool_wait *wait)
{
    list_put_last(&pool_dial->waits, &wait->link);
    pool_dial->wait_count++;
    wait->pool_dial = pool_dial;
}

static void begin_dial(struct pool *pool, struct pool_wait *wait)
{
    const struct negotiation *negotiation = pool->options.negotiation;
    const struct dial_options options = {.alpn = negotiation->alpn,
                                         .required_alpn = negotiation->required_alpn};
    struct pool_dial *pool_dial = memory_zeroed(sizeof(*pool_dial));

    pool_dial->pool = pool;
    list_init(&pool_dial->waits);
    list_put_last(&pool->dials, &pool_dial->link);
    join(pool_dial, wait);
    pool_dial->dial = dial_new(wait->dialer, wait->url, &options, on_dial_ended, pool_dial);
    if (pool_dial->dial->state == DIAL_FAILED)
        on_dial_ended(pool_dial);
}

/* --- requests --- */

/* An open connection to the origin: with capacity, or, if `full`, without capacity. */
static struct entry *find(const struct pool *pool, const struct url *url, bool full)
{
    struct entry *entry;

    TABLE_EACH (entry, &pool->entries, hash_of(url->host, url->port, url->https), by_origin)
        if (conn_fits(entry->conn, url) && !conn_capacity(entry->conn) == full &&
            entry->conn->state == CONN_OPEN && (!full || entry->conn->protocol->multiplexed))
            return entry;
    return NULL;
}

/* A pending dial to the origin that one more wait may join. */
static struct pool_dial *find_dial(const struct pool *pool, const struct url *url)
{
    struct pool_dial *pool_dial;

    LIST_EACH (pool_dial, &pool->dials, link)
        if (pool_dial->wait_count < pool->options.expected_streams &&
            dial_fits(pool_dial->dial, url))
            return pool_dial;
    return NULL;
}

/* Whether a connection that is being dialled may carry several requests. */
static bool may_be_multiplexed(const struct pool *pool, const struct url *url)
{
    return pool->options.expected_streams > 1 &&
           (url->https || pool->options.negotiation->protocol("")->multiplexed);
}

void pool_request(struct pool *pool, struct pool_wait *wait, struct dialer *dialer,
                  const struct url *url, bool new_only)
{
    bool shares = !new_only && may_be_multiplexed(pool, url);
    struct entry *entry = new_only ? NULL : find(pool, url, false);
    struct pool_dial *pool_dial;

    wait->dialer = dialer;
    wait->url = url;
    wait->new_only = new_only;
    if (entry) {
        serve(entry, wait, NULL);
    } else if (shares && (pool_dial = find_dial(pool, url))) {
        join(pool_dial, wait);
    } else if (shares && (entry = find(pool, url, true))) {
        list_put_last(&entry->waits, &wait->link);
    } else {
        begin_dial(pool, wait);
    }
}

const struct dial *pool_wait_dial(const struct pool_wait *wait)
{
    return wait->pool_dial ? wait->pool_dial->dial : NULL;
}

void pool_cancel(struct pool_wait *wait)
{
    struct pool_dial *pool_dial = wait->pool_dial;

    list_remove(&wait->link);
    wait->pool_dial = NULL;
    if (pool_dial && !--pool_dial->wait_count)
        free_pool_dial(pool_dial);
}

void pool_free(struct pool *pool)
{
    while (pool_drop_oldest(pool))
        ;
    table_free(&pool->entries);
    free(pool);
}

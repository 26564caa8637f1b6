/*
 * Waits and dials: which connection a request gets. A hash table by origin has the dials that other
 * requests may join; entry.c has the open connections.
 *
 * Rejected: a queue for each connection that is full. Its requests would wait for one server
 * process while others of the same origin are idle; instead they wait for a dial and take the first
 * stream that ends. Only a server that allows no stream at all makes them wait for its connection.
 */
#include "http/pool/entry.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define READ_BUDGET 16 /* receives in one turn, before other connections are served */

struct pool_dial {
    struct pool *pool;
    struct dial *dial;
    struct table_link by_origin;
    bool in_table;
    bool own;          /* for one request only */
    bool only_http1;   /* the server requires it: nothing else is offered */
    struct link waits; /* the oldest first; none: other connections have served them */
    size_t wait_count;
};

static void on_draining(struct conn *conn);
static void on_room(struct conn *conn);
static void on_closed(struct conn *conn, enum error error);

static const struct conn_events conn_events = {
    .draining = on_draining, .room = on_room, .closed = on_closed};

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
        .stream_window = options->stream_window,
        .protocol = pool->options.negotiation->protocol,
    };
    list_init(&pool->discarding);
    list_init(&pool->idle);
    pool->origins = origins_new();
    pool->newly_idle = &pool->idle;
    return pool;
}

static struct origin_key key_of_conn(const struct conn *conn)
{
    return origin_key(conn->host, conn->port, conn->https);
}

/* --- waits --- */

/* How many streams may be submitted now. */
static unsigned capacity_of(const struct entry *entry)
{
    const struct conn *conn = entry->conn;
    unsigned capacity = conn_capacity(conn), limit = conn->stream_limit;

    if (!conn->protocol->multiplexed)
        return capacity;
    if (limit == UINT_MAX)
        limit = entry->stream_limit;
    if (limit > entry->pool->options.max_streams)
        limit = entry->pool->options.max_streams;
    if (limit <= conn->streams)
        return 0;
    return capacity < limit - conn->streams ? capacity : limit - conn->streams;
}

static void serve(struct entry *entry, struct pool_wait *wait, const struct dial *dial)
{
    struct conn *conn = entry->conn;

    list_remove(&wait->link);
    wait->pool_dial = NULL;
    entry_take_out(entry);
    wait->ready(wait, conn, dial);
    if (conn->state == CONN_CLOSED)
        return; /* the entry may have been freed */
    if (conn->protocol->multiplexed) {
        conn_flush_later(conn);
        return;
    }
    if (!conn_capacity(conn))
        entry_remove_from_table(entry);
    conn_flush(conn);
}

/* A pending dial to the origin, for which fewer than `max` requests wait. */
static struct pool_dial *find_dial(const struct pool *pool, const struct origin_key *key,
                                   size_t max)
{
    struct pool_dial *pool_dial;

    if (!pool->dials.count)
        return NULL;
    TABLE_EACH (pool_dial, &pool->dials, key->hash, by_origin)
        if (pool_dial->wait_count < max &&
            origin_has_key(key, pool_dial->dial->host, pool_dial->dial->port,
                           pool_dial->dial->https))
            return pool_dial;
    return NULL;
}

/* Takes a wait from its dial, which is not cancelled: otherwise a connection that is needed often,
   for a short time, would never be opened. */
static void leave_dial(struct pool_wait *wait)
{
    list_remove(&wait->link);
    if (wait->pool_dial)
        wait->pool_dial->wait_count--;
    wait->pool_dial = NULL;
}

/* The next request for this connection: one that waits for it, or for a dial to its origin. */
static struct pool_wait *next_wait(const struct entry *entry)
{
    struct link *first = list_first(&entry->waits);
    struct pool *pool = entry->pool;

    if (!first && pool->dials.count && entry->in_table) {
        const struct origin_key key = key_of_conn(entry->conn);
        const struct pool_dial *pool_dial = find_dial(pool, &key, SIZE_MAX);

        first = pool_dial ? list_first(&pool_dial->waits) : NULL;
    }
    return first ? LIST_OWNER(first, struct pool_wait, link) : NULL;
}

/* Remembers the limit that the server of an https origin has sent. */
static void note_limit(struct entry *entry)
{
    const struct conn *conn = entry->conn;

    if (conn->stream_limit == UINT_MAX || conn->stream_limit == entry->stream_limit)
        return;
    entry->stream_limit = conn->stream_limit;
    if (conn->https)
        origins_note(entry->pool->origins, conn->host, conn->port, true)->stream_limit =
            conn->stream_limit;
}

static void on_room(struct conn *conn)
{
    struct entry *entry = conn->owner;
    struct pool_wait *wait;

    note_limit(entry);
    while (conn->protocol->multiplexed && conn->state == CONN_OPEN && capacity_of(entry) &&
           (wait = next_wait(entry))) {
        leave_dial(wait);
        serve(entry, wait, NULL);
    }
    /* the rest of a response was discarded, or a stream was cancelled */
    if (conn->state == CONN_OPEN && !conn->streams && !entry->is_idle)
        pool_release(conn, conn_is_reusable(conn));
}

static void on_draining(struct conn *conn)
{
    struct entry *entry = conn->owner;

    note_limit(entry);
    entry_remove_from_table(entry);
    entry_move_waits(entry);
}

static void on_closed(struct conn *conn, enum error error)
{
    (void)error;
    note_limit(conn->owner);
    entry_free(conn->owner);
}

/* --- dials --- */

static void leave_table(struct pool_dial *pool_dial)
{
    if (pool_dial->in_table)
        table_remove(&pool_dial->pool->dials, &pool_dial->by_origin);
    pool_dial->in_table = false;
}

static void free_pool_dial(struct pool_dial *pool_dial)
{
    leave_table(pool_dial);
    dial_free(pool_dial->dial);
    free(pool_dial);
}

static struct pool_wait *take_wait(struct pool_dial *pool_dial)
{
    struct link *first = list_take_first(&pool_dial->waits);
    struct pool_wait *wait = first ? LIST_OWNER(first, struct pool_wait, link) : NULL;

    if (wait)
        wait->pool_dial = NULL;
    return wait;
}

static void fail_waits(struct pool_dial *pool_dial)
{
    struct pool_wait *wait;

    while ((wait = take_wait(pool_dial)))
        wait->failed(wait, pool_dial->dial);
}

/* Whether connections to an origin may speak HTTP/2. */
static bool may_be_multiplexed(const struct pool *pool, const struct origin_facts *facts,
                               bool https)
{
    if (facts && facts->version != ORIGIN_UNKNOWN && facts->version != ORIGIN_HTTP_2)
        return false;
    return pool->options.negotiation->protocol(https ? "h2" : "")->multiplexed;
}

/* Remembers which version an https origin has agreed on, unless there is no choice. */
static void note_version(struct pool *pool, const struct conn *conn)
{
    bool multiplexed = conn->protocol->multiplexed;
    struct origin_facts *facts;

    if (!conn->https || !may_be_multiplexed(pool, NULL, true))
        return;
    facts = origins_note(pool->origins, conn->host, conn->port, true);
    if (facts->version != ORIGIN_HTTP_1_1_REQUIRED)
        facts->version = multiplexed ? ORIGIN_HTTP_2 : ORIGIN_HTTP_1_1;
}

static struct entry *new_entry(const struct pool_dial *pool_dial)
{
    struct pool *pool = pool_dial->pool;
    struct entry *entry = entry_new(pool, pool_dial->own);
    const struct origin_facts *facts;

    entry->conn = conn_open(pool_dial->dial, &pool->conn_options, entry);
    note_version(pool, entry->conn);
    facts = origins_find(pool->origins, entry->conn->host, entry->conn->port, entry->conn->https);
    entry->stream_limit = facts && facts->stream_limit ? facts->stream_limit : UINT_MAX;
    if (!entry->own)
        entry_add_to_table(entry);
    return entry;
}

/* Whether the connection agreed on HTTP/2, but its server has required HTTP/1.1 since the dial
   began. */
static bool is_outdated(const struct pool_dial *pool_dial, const struct conn *conn)
{
    const struct origin_facts *facts;

    if (pool_dial->only_http1 || !conn->protocol->multiplexed)
        return false;
    facts = origins_find(pool_dial->pool->origins, conn->host, conn->port, conn->https);
    return facts && facts->version == ORIGIN_HTTP_1_1_REQUIRED;
}

/* Each wait gets another dial. The time of this one is a time of waiting. */
static void dial_again(struct pool_dial *pool_dial)
{
    struct pool_wait *wait;

    while ((wait = take_wait(pool_dial))) {
        wait->waited = true;
        pool_request(pool_dial->pool, wait, wait->dialer, wait->url, wait->use);
    }
}

/* The connection is open: it serves as many of the waits as it has streams for. The others look for
   a connection again: with HTTP/1.1 each gets its own dial. */
static void open_entry(struct pool_dial *pool_dial)
{
    struct pool *pool = pool_dial->pool;
    struct entry *entry = new_entry(pool_dial);
    const struct conn *conn = entry->conn;
    struct pool_wait *wait;

    if (is_outdated(pool_dial, conn)) {
        entry_drop(entry);
        dial_again(pool_dial);
        return;
    }
    if (list_is_empty(&pool_dial->waits)) {
        entry_keep(entry);
        return;
    }
    while (conn->state == CONN_OPEN && capacity_of(entry) && (wait = take_wait(pool_dial)))
        serve(entry, wait, wait->began_dial ? pool_dial->dial : NULL);
    while ((wait = take_wait(pool_dial)))
        pool_request(pool, wait, wait->dialer, wait->url, wait->use);
}

static void on_dial_ended(void *owner)
{
    struct pool_dial *pool_dial = owner;

    leave_table(pool_dial); /* no more waits may join it */
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

/* `shared`: other requests may join the dial. */
static void begin_dial(struct pool *pool, struct pool_wait *wait, const struct origin_key *key,
                       const struct origin_facts *facts, bool shared)
{
    const struct negotiation *negotiation = pool->options.negotiation;
    struct dial_options options = {.alpn = negotiation->alpn,
                                   .required_alpn = negotiation->required_alpn,
                                   .tunnels = negotiation->tunnels};
    struct pool_dial *pool_dial = memory_zeroed(sizeof(*pool_dial));

    pool_dial->only_http1 = facts && facts->version == ORIGIN_HTTP_1_1_REQUIRED;
    if (pool_dial->only_http1)
        options.alpn = negotiation_of(HTTP_1_1_ONLY)->alpn;
    pool_dial->pool = pool;
    pool_dial->own = wait->use == POOL_OWN;
    list_init(&pool_dial->waits);
    join(pool_dial, wait);
    wait->began_dial = true;
    pool_dial->dial = dial_new(wait->dialer, wait->url, &options, on_dial_ended, pool_dial);
    pool_dial->in_table = shared;
    if (shared)
        table_add(&pool->dials, &pool_dial->by_origin, key->hash);
    if (pool_dial->dial->state == DIAL_FAILED)
        on_dial_ended(pool_dial);
}

/* --- requests --- */

static bool accepts(const struct entry *entry, enum pool_use use)
{
    return capacity_of(entry) && (use == POOL_ANY || entry->conn->protocol->multiplexed);
}

/* The server allows no streams at present, so another connection would not help. */
static bool allows_nothing(const struct entry *entry)
{
    return entry->conn->protocol->multiplexed && !entry->conn->streams && !capacity_of(entry);
}

/* An open connection to the origin that takes the request now; or else one for which it must
   wait. Full connections stay in the table, so a request visits all of the origin's: the capacity
   changes with each stream, with SETTINGS and with the remembered limit, and pool_require_http1
   must find them too. */
static struct entry *find(const struct pool *pool, const struct origin_key *key, enum pool_use use)
{
    struct entry *entry, *blocked = NULL;

    TABLE_EACH (entry, &pool->entries, key->hash, by_origin) {
        const struct conn *conn = entry->conn;

        if (conn->state != CONN_OPEN || !origin_has_key(key, conn->host, conn->port, conn->https))
            continue;
        note_limit(entry);
        if (accepts(entry, use))
            return entry;
        if (allows_nothing(entry))
            blocked = entry;
    }
    return blocked;
}

/* How many requests may wait for one dial. */
static size_t max_waits(const struct pool *pool, const struct origin_facts *facts)
{
    unsigned limit = pool->options.max_streams;

    if (facts && facts->stream_limit < limit)
        limit = facts->stream_limit;
    return limit ? limit : 1;
}

void pool_request(struct pool *pool, struct pool_wait *wait, struct dialer *dialer,
                  const struct url *url, enum pool_use use)
{
    const struct origin_key key = origin_key(url->host, url->port, url->https);
    struct entry *entry = use != POOL_OWN ? find(pool, &key, use) : NULL;
    const struct origin_facts *facts = origins_find(pool->origins, key.host, key.port, key.https);
    bool shared = use != POOL_OWN && pool->options.max_streams > 1 &&
                  may_be_multiplexed(pool, facts, key.https);
    struct pool_dial *pool_dial;

    wait->dialer = dialer;
    wait->url = url;
    wait->use = use;
    wait->began_dial = false;
    if (entry && capacity_of(entry)) {
        serve(entry, wait, NULL);
    } else if (entry) {
        wait->waited = true;
        list_put_last(&entry->waits, &wait->link);
    } else if (shared && (pool_dial = find_dial(pool, &key, max_waits(pool, facts)))) {
        wait->waited = true;
        join(pool_dial, wait);
    } else {
        begin_dial(pool, wait, &key, facts, shared);
    }
}

const struct dial *pool_wait_dial(const struct pool_wait *wait)
{
    return wait->pool_dial ? wait->pool_dial->dial : NULL;
}

void pool_cancel(struct pool_wait *wait)
{
    struct pool_dial *pool_dial = wait->pool_dial;

    leave_dial(wait);
    if (pool_dial && pool_dial->wait_count)
        leave_table(pool_dial); /* it may be stuck: later requests do not join it */
    else if (pool_dial)
        free_pool_dial(pool_dial);
}

/* An HTTP/2 connection in the table to the origin; NULL: none. */
static struct entry *find_multiplexed(const struct pool *pool, const struct origin_key *key)
{
    struct entry *entry;

    if (!pool->entries.count)
        return NULL;
    TABLE_EACH (entry, &pool->entries, key->hash, by_origin) {
        const struct conn *conn = entry->conn;

        if (conn->protocol->multiplexed && origin_has_key(key, conn->host, conn->port, conn->https))
            return entry;
    }
    return NULL;
}

bool pool_require_http1(struct conn *conn)
{
    const struct origin_key key = key_of_conn(conn);
    struct entry *entry = conn->owner;
    struct pool *pool = entry->pool;

    if (!conn->https || pool->options.negotiation->required_alpn)
        return false;
    origins_note(pool->origins, conn->host, conn->port, true)->version = ORIGIN_HTTP_1_1_REQUIRED;
    conn_drain(conn);
    /* Each search begins again: to drain a connection may free its entry and change the table. */
    while ((entry = find_multiplexed(pool, &key))) {
        entry_remove_from_table(entry);
        conn_drain(entry->conn);
    }
    return true;
}

/* Frees a dial that no request waits for, and that was removed from the table. */
static void free_dial(struct table_link *link)
{
    struct pool_dial *pool_dial = TABLE_OWNER(link, struct pool_dial, by_origin);

    pool_dial->in_table = false;
    free_pool_dial(pool_dial);
}

void pool_free(struct pool *pool)
{
    while (pool_drop_oldest(pool))
        ;
    table_clear(&pool->dials, free_dial);
    table_free(&pool->entries);
    origins_free(pool->origins);
    free(pool);
}

/*
 * Inside http/pool/ only: the pool's lists and tables of open connections.
 *
 * Each open connection has an entry: in `idle` (oldest first) while it has no stream, in
 * `discarding` while it discards the rest of a response, else in neither. The table has the entries
 * that accept requests; among those of the same origin, the most recently used is found first.
 */
#ifndef HTTP_POOL_ENTRY_H
#define HTTP_POOL_ENTRY_H

#include "base/table.h"
#include "http/pool/origins.h"
#include "http/pool/pool.h"

struct entry {
    struct pool *pool;
    struct conn *conn;
    struct table_link by_origin;
    bool in_table;
    bool is_idle;          /* in idle */
    bool own;              /* serves one request only */
    unsigned stream_limit; /* that is remembered of the origin */
    struct link link;      /* in idle or discarding */
    struct link waits;     /* while the server allows no streams; the oldest first */
};

struct pool {
    struct pool_options options;
    struct conn_options conn_options; /* for all connections */
    size_t count;                     /* of idle and discarding entries */
    struct link discarding;           /* the oldest first */
    struct link idle;                 /* the oldest first */
    /* the first idle entry that pool_newly_idle has not reported; or the list's head */
    struct link *newly_idle;
    struct table dials;
    struct table entries;
    struct origins *origins;
};

/* For new connections of the pool. */
struct entry *entry_new(struct pool *pool, bool own);

/* Frees the entry of a closed connection. Its waits get other connections. */
void entry_free(struct entry *entry);

/* Closes the connection and frees the entry. */
void entry_drop(struct entry *entry);

void entry_add_to_table(struct entry *entry);
void entry_remove_from_table(struct entry *entry);

/* Removes the entry from idle and discarding. */
void entry_take_out(struct entry *entry);

/* Keeps a connection without a stream, in idle or discarding. */
void entry_keep(struct entry *entry);

/* Moves the waits for a connection to other connections. */
void entry_move_waits(struct entry *entry);

#endif

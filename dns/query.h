/*
 * The stub resolver (RFC 1034, section 5.3.1): c-ares sends one query of one type to a nameserver,
 * on the loop, and receives its answer. The cache and the second family are handled by the
 * resolver.
 */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include "dns/resolve.h"
#include "reactor/loop.h"

#define QUERY_NAME_BYTES 256 /* of a name as text, with its NUL */

#define QUERY_TIMEOUT_MS 2000 /* of the first try at a nameserver; c-ares doubles it for the next */
#define QUERY_TRIES      3    /* for each nameserver */

struct query_channel;

struct dns_query_answer {
    enum resolve_status status;
    uint32_t ttl; /* seconds; the shortest of the addresses and of the aliases that lead to them */
    size_t count; /* number of addresses; 0 unless the status is RESOLVE_OK */
    struct address addresses[RESOLVER_MAX_ADDRESSES]; /* port 0, in the nameserver's order */
};

/* Called once, perhaps before query_start returns. c-ares is on the stack, so query_start must not
   be called. */
typedef void query_fn(void *owner, const struct dns_query_answer *answer);

/* A query; a member of its owner, which must not free it before the call. */
struct dns_query {
    query_fn *answered; /* the callback */
    void *owner;        /* argument of the callback */
    int family;         /* AF_INET6: AAAA records; AF_INET: A */
};

/* Creates a channel; `servers` and `resolv_conf` as in struct resolver_options. Returns NULL if the
   servers are invalid or c-ares cannot start, with a static sentence in *why. The loop must outlive
   the channel. */
struct query_channel *query_channel_new(struct loop *loop, const char *servers,
                                        const char *resolv_conf, const char **why);

/* Ends every query without a call and frees the channel. */
void query_channel_free(struct query_channel *channel);

/* Sends a query for the name, which is copied. A query cannot be cancelled. The caller must limit
   queries in flight to far fewer than 65,536: an ID has 16 bits, and c-ares draws random IDs until
   one is free. */
void query_start(struct query_channel *channel, struct dns_query *query, const char *name);

/* The name to query in the try `number` (0, 1, ...): with a search list (resolv.conf(5)) its names,
   else only the name itself. NULL: there is no such try. The result may be written to `room`. A
   name that does not fit is cut; c-ares refuses it. */
const char *query_candidate(const struct query_channel *channel, const char *name, unsigned number,
                            char room[QUERY_NAME_BYTES]);

/* Whether there is a search list, so that "a" and "a." may be different names. */
bool query_channel_searches(const struct query_channel *channel);

/* The version of c-ares at run time, such as "1.18.1". */
const char *query_version(void);

#endif

/*
 * The channel resolver (RFC 1034, section 5.3.1): one question of one type, sent to a nameserver by
 * c-ares on the loop, and its answer. It knows neither a cache nor a second family: the resolver
 * does.
 */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include "dns/resolve.h"
#include "reactor/loop.h"

#define QUERY_NAME_BYTES 256 /* of a name as text, with its NUL */

#define QUERY_TIMEOUT_MS 2000 /* of the first try at a nameserver; c-ares doubles it */
#define QUERY_TRIES      3    /* of each nameserver */

struct query_channel;

struct dns_query_answer {
    enum resolve_status status;
    uint32_t ttl; /* seconds; the least of the addresses' and of the aliases' on the way to them */
    size_t count; /* of addresses; over 0 with RESOLVE_OK alone */
    struct address addresses[RESOLVER_MAX_ADDRESSES]; /* port 0, in the nameserver's order */
};

/* Called once, perhaps before query_start returns. c-ares is on the stack: query_start must not be called. */
typedef void query_fn(void *owner, const struct dns_query_answer *answer);

/* A question under way; a member of its owner, alive until it is answered. */
struct dns_query {
    query_fn *answered; /* who is called */
    void *owner;        /* its argument */
    int family;         /* AF_INET6: AAAA records; AF_INET: A */
};

/* `servers` and `resolv_conf` as in struct resolver_options. NULL where the servers make no sense or
   c-ares cannot start; *why is then a sentence. The loop must outlive the channel. */
struct query_channel *query_channel_new(struct loop *loop, const char *servers,
                                        const char *resolv_conf, const char **why);

/* Ends every question without a call, and frees. */
void query_channel_free(struct query_channel *channel);

/* Asks for the name, which is not kept. The question ends by itself, for nothing can cancel it. The
   caller sees to it that they are far fewer than 65,536 at once: their numbers have 16 bits, and
   c-ares draws until it hits on a free one. */
void query_start(struct query_channel *channel, struct dns_query *query, const char *name);

/* The name to ask for at the try `number` (0, 1, ...): the search list's, where there is one
   (resolv.conf(5)), else 0 is the name itself. NULL where there is no such try. May
   be made in `room`; one that does not fit is cut, and c-ares will not take it for a name. */
const char *query_candidate(const struct query_channel *channel, const char *name, unsigned number,
                            char room[QUERY_NAME_BYTES]);

/* Whether "a" and "a." may lead to different names. */
bool query_channel_searches(const struct query_channel *channel);

/* "1.18.1": the c-ares that is running. */
const char *query_version(void);

#endif

/*
 * Resolves names on the loop, as an address race needs it (RFC 8305, sections 3 and 4). No
 * thread, no getaddrinfo. A name is looked up in these steps:
 *   1. without the DNS: address literals; the hosts file, which is read once, at the first lookup;
 *      names under .onion, which never exist in the DNS (RFC 7686).
 *   2. in the cache. Addresses are cached for their TTL, at most a day. If only one family has
 *      addresses, their TTL holds for the whole name. NXDOMAIN and "no address" are cached for
 *      RESOLVER_NEGATIVE_TTL, because c-ares does not return the SOA record with the TTL (RFC
 *      2308). Other failures are not cached. A full cache drops the name that was least recently
 *      looked up.
 *   3. with a question to the nameserver: one AAAA and one A query for each name, in this order.
 *      All lookups of the name share them.
 *
 * At most RESOLVER_MAX_QUESTIONS questions are in flight, detached ones included: half of the
 * values that a query's 16-bit ID can have. Others are queued; a queued question is dropped when no
 * lookup waits for it. A question ends within 14 seconds for each nameserver (2, 4 and 8).
 *
 * Names are compared without regard to case. A dot at the end matters only with a search list.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/resolve.h"
#include "reactor/loop.h"

#define RESOLVER_DELAY         (50 * NSEC_PER_MS) /* Resolution Delay: how long A waits for AAAA */
#define RESOLVER_NEGATIVE_TTL  (5 * NSEC_PER_S)   /* of NXDOMAIN and "no address" */
#define RESOLVER_MAX_TTL       86400              /* seconds */
#define RESOLVER_CACHE_NAMES   16384
#define RESOLVER_MAX_QUESTIONS 16384 /* in flight at a time */

struct resolver_options {
    /* "address[:port][,...]", see resolver_check_servers. NULL: the servers of resolv.conf(5). */
    const char *servers;
    /* Path of a resolv.conf, for its search list and, without `servers`, its nameservers. NULL:
       /etc/resolv.conf, which is not used if `servers` is set. */
    const char *resolv_conf;
    const char *hosts; /* path of the hosts file; NULL: none */
    enum resolve_family family;
    size_t max_questions; /* in flight at a time; 0: RESOLVER_MAX_QUESTIONS */
};

struct resolver;
struct lookup;

/*
 * Reports the result of a lookup, in one call or two.
 *
 * The first call comes when the AAAA answer has addresses, when both answers have arrived, or
 * RESOLVER_DELAY after an A answer with addresses. If `more` is true, the other answer has not
 * arrived; a second call reports its addresses, or a count of 0 if it has none or failed. The call
 * in which `more` is false is the last one.
 *
 * `addresses` (port 0) are those that were not reported before, at most RESOLVER_MAX_ADDRESSES,
 * IPv6 and IPv4 alternating (RFC 8305, section 4). They are valid during the call. The status is
 * RESOLVE_OK if the lookup found any address. Otherwise there is only one call, with the more
 * specific failure of the two families.
 */
typedef void resolved_fn(void *owner, enum resolve_status status, const struct address *addresses,
                         size_t count, bool more);

/* Returns NULL if the options are invalid or c-ares cannot start, with a static sentence in *why.
   The loop must outlive the resolver. */
struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              const char **why);

/* Ends every lookup without a call and frees the resolver. */
void resolver_free(struct resolver *resolver);

/* Looks up `name`, which is copied. `done` is called in a later step of the loop, never before this
   returns. The lookup is valid until its last call has returned. */
struct lookup *resolver_lookup(struct resolver *resolver, const char *name, resolved_fn *done,
                               void *owner);

/* Ends a lookup: `done` is not called any more. May be called at any time, also in `done`. A
   question that was sent continues and its result is cached, because c-ares cannot cancel a single
   query. */
void lookup_detach(struct lookup *lookup);

/* Resolves a name from its literal, the hosts file or the cache, without a turn of the loop. Writes
   the addresses in the order of an address race. Returns false if that gives no address;
   resolver_lookup then reports the result. */
bool resolver_cached(struct resolver *resolver, const char *name,
                     struct address addresses[RESOLVER_MAX_ADDRESSES], size_t *count);

/* Checks a list of nameservers: at most 16 numeric addresses, separated by commas; with a port
   "192.0.2.1:5353" or "[2001:db8::1]:5353", else port 53. Returns NULL, or a static sentence that
   explains what is wrong. */
const char *resolver_check_servers(const char *text);

/* The version of c-ares at run time, such as "1.18.1". */
const char *resolver_version(void);

#endif

/*
 * Names to addresses on the loop, as a connection race wants them (RFC 8305, sections 3 and 4). No
 * thread, no getaddrinfo. A name is looked for
 *   1. as an address literal, in the hosts file (read once, at the first lookup; a name that is in it
 *      is asked of nobody), under .onion, which does not exist in the DNS (RFC 7686);
 *   2. in the cache: addresses for as long as their TTL says, a day at most; NXDOMAIN and "no
 *      address" for RESOLVER_NEGATIVE_TTL, since c-ares hides the SOA record that would say
 *      (RFC 2308); other failures are not kept. A name with addresses of one family is kept for the
 *      TTL of these, whatever became of the other. Where the cache is full, the name that was not
 *      looked for the longest goes.
 *   3. by two questions, AAAA first, then A; one pair of them a name, however many wait for it.
 *
 * What is under way, detached or not, is bounded: at most RESOLVER_MAX_QUESTIONS names are asked for
 * at once, half of what the 16 bits of a question's number can tell apart; the others stand in a line,
 * which they leave when nobody waits for them any more. A question ends within 14 seconds a nameserver
 * (2, 4 and 8), and there is none for a name for which there is one already.
 *
 * Names are compared without regard to case; a dot at the end counts only where there is a search
 * list.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/resolve.h"
#include "reactor/loop.h"

#define RESOLVER_DELAY         (50 * NSEC_PER_MS) /* Resolution Delay: A waits so long for AAAA */
#define RESOLVER_NEGATIVE_TTL  (5 * NSEC_PER_S)   /* of what is not there */
#define RESOLVER_LONGEST_TTL   86400              /* seconds */
#define RESOLVER_CACHE_NAMES   16384
#define RESOLVER_MAX_QUESTIONS 16384 /* names asked for at once */

struct resolver_options {
    /* "address[:port][,...]", asked instead of those of resolv.conf(5); see resolver_check_servers.
       NULL: the machine's own. */
    const char *servers;
    /* Path of a resolv.conf, for its search list and, without `servers`, its nameservers. NULL:
       /etc/resolv.conf, of which nothing is used where `servers` are given. */
    const char *resolv_conf;
    const char *hosts; /* path of the hosts file; NULL: none is asked */
    enum resolve_family family;
    size_t max_questions; /* names asked for at once; 0: RESOLVER_MAX_QUESTIONS */
};

struct resolver;
struct lookup;

/*
 * What came of a lookup, in one call or two.
 *
 * The first call comes when AAAA was answered with addresses, when both were answered, or
 * RESOLVER_DELAY after A was, where that has addresses. Where `more`, the other family's answer is
 * still out: a second call brings its addresses, or a count of 0 where it has none or failed. The
 * lookup is over with the call that has no `more`.
 *
 * `addresses` (port 0) are those that were not handed over before, IPv6 first, then the families in
 * turn (RFC 8305, section 4); at most RESOLVER_MAX_ADDRESSES; valid during the call. The status is
 * RESOLVE_OK where the lookup found any; a failure comes alone, without `more`, when no family has an
 * address: of two failures the one that says more about the name.
 */
typedef void resolved_fn(void *owner, enum resolve_status status, const struct address *addresses,
                         size_t count, bool more);

/* NULL where the options make no sense or c-ares cannot start; *why is then a sentence. The loop must
   outlive the resolver. */
struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              const char **why);

/* Ends every lookup without a call, and frees. */
void resolver_free(struct resolver *resolver);

/* Asks for `name`, which is not kept. `done` is called in a later step of the loop, never before this
   returns. The lookup is valid until its last call has returned. */
struct lookup *resolver_lookup(struct resolver *resolver, const char *name, resolved_fn *done,
                               void *owner);

/* The owner no longer waits: `done` will not be called (again). May be called at any time, in `done`
   too, the last one included. A question that was sent runs to its end and feeds the cache, for c-ares
   can only cancel all of them. */
void lookup_detach(struct lookup *lookup);

/* The addresses of a name for which nobody need be asked, without a turn of the loop: a literal, or
   what the hosts file or the cache has. In the order of a race; false where it has none, or where the
   name has no address: then resolver_lookup says why. */
bool resolver_cached(struct resolver *resolver, const char *name,
                     struct address addresses[RESOLVER_MAX_ADDRESSES], size_t *count);

/* NULL where the text is a list of nameservers: numeric addresses, a comma between two, at most 16;
   with a port "192.0.2.1:5353" and "[2001:db8::1]:5353", else port 53. If not, a sentence why. */
const char *resolver_check_servers(const char *text);

/* "1.18.1": the c-ares that is running. */
const char *resolver_version(void);

#endif

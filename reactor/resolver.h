/*
 * Names to addresses on the loop, by c-ares. No thread, no getaddrinfo. The hosts file is read once,
 * at the first lookup; then the nameservers are asked for AAAA and A at the same time.
 */
#ifndef REACTOR_RESOLVER_H
#define REACTOR_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "reactor/loop.h"
#include "reactor/sock.h"

/* More answers than this are left unused: a name with more addresses is an attack or a mistake. */
#define RESOLVER_MOST_ADDRESSES 16

enum resolve_status {
    RESOLVE_OK,          /* at least one address */
    RESOLVE_NXDOMAIN,    /* there is no such name */
    RESOLVE_NO_ADDRESS,  /* the name is there, an address is not */
    RESOLVE_TIMEOUT,     /* no nameserver answered in time */
    RESOLVE_UNREACHABLE, /* no nameserver could be reached */
    RESOLVE_SERVFAIL,    /* the nameserver failed */
    RESOLVE_REFUSED,     /* the nameserver would not */
    RESOLVE_MALFORMED,   /* the answer made no sense */
    RESOLVE_BAD_NAME,    /* not a name that can be asked for: an empty or too long label */
    RESOLVE_FAILED,      /* anything else */
};

struct resolver_options {
    /* "address:port,...", asked instead of those of /etc/resolv.conf, without its search list.
       NULL: the machine's own. */
    const char *servers;
    const char *hosts; /* path of the hosts file; NULL: none is asked */
};

struct resolver;
struct lookup;

/* What came of a lookup; `addresses` (port 0, IPv6 and IPv4 in turn, RFC 8305 section 4) are valid
   during the call. The lookup is over with it. */
typedef void resolved_fn(void *owner, enum resolve_status status, const struct address *addresses,
                         size_t count);

/* NULL where c-ares cannot start; *why is then a sentence. The loop must outlive the resolver. */
struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              const char **why);

/* Ends every lookup without a call, and frees. */
void resolver_free(struct resolver *resolver);

/* Asks for `name`, which is not kept. `done` is called once, in a later step of the loop, never
   before this returns. The lookup is valid until then. */
struct lookup *resolver_lookup(struct resolver *resolver, const char *name, resolved_fn *done,
                               void *owner);

/* The owner no longer waits: `done` will not be called. The question itself runs to its end, for
   c-ares can only cancel all of them. */
void lookup_detach(struct lookup *lookup);

/* "1.18.1": the c-ares that is running. */
const char *resolver_version(void);

#endif

/*
 * Types and functions that the whole folder uses: the status of a lookup, and the order of
 * addresses in an address race (RFC 8305, section 4).
 */
#ifndef DNS_RESOLVE_H
#define DNS_RESOLVE_H

#include <stddef.h>

#include "reactor/sock.h"

/* Limit of addresses per family and per reporting call. Further ones are not used: a name with more
   addresses is an attack or a mistake. */
#define RESOLVER_MAX_ADDRESSES 16

enum resolve_status {
    RESOLVE_OK,          /* at least one address */
    RESOLVE_NXDOMAIN,    /* the name does not exist */
    RESOLVE_NO_ADDRESS,  /* the name exists but has no address */
    RESOLVE_TIMEOUT,     /* no nameserver answered in time */
    RESOLVE_UNREACHABLE, /* no nameserver could be reached */
    RESOLVE_SERVFAIL,    /* the nameserver reported SERVFAIL */
    RESOLVE_REFUSED,     /* the nameserver refused the query or does not implement it */
    RESOLVE_MALFORMED,   /* the answer is malformed */
    RESOLVE_BAD_NAME,    /* the name has an empty or too long label */
    RESOLVE_FAILED,      /* any other failure */
};

enum resolve_family {
    RESOLVE_BOTH, /* IPv6 and IPv4 */
    RESOLVE_IPV4, /* only IPv4: no AAAA query is sent, no IPv6 address reported */
    RESOLVE_IPV6, /* only IPv6 */
};

/* Returns the more specific of the statuses of a name's two families. */
enum resolve_status resolve_more_specific(enum resolve_status one, enum resolve_status other);

/* Copies the addresses with index `first` to `count` - 1, at most RESOLVER_MAX_ADDRESSES, IPv6 and
   IPv4 alternating and IPv6 first. Returns the number of copied addresses. */
size_t resolve_interleave(const struct address *from, size_t first, size_t count,
                          struct address *to);

/* Removes the addresses that are not of the family. Returns the number of remaining ones. */
size_t resolve_keep_family(enum resolve_family family, struct address *addresses, size_t count);

#endif

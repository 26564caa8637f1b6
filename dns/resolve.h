/*
 * What all of this folder speaks of: what became of a lookup, and its addresses in the order of a
 * connection race (RFC 8305, section 4).
 */
#ifndef DNS_RESOLVE_H
#define DNS_RESOLVE_H

#include <stddef.h>

#include "reactor/sock.h"

/* More answers than this are left unused: a name with more addresses is an attack or a mistake. It
   holds for a family, and for what one call hands over. */
#define RESOLVER_MAX_ADDRESSES 16

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

enum resolve_family {
    RESOLVE_BOTH, /* IPv6 and IPv4 */
    RESOLVE_IPV4, /* alone: no AAAA question is sent, no IPv6 address handed over */
    RESOLVE_IPV6, /* likewise */
};

/* Of what became of the two families of a name: the one that says more about it. */
enum resolve_status resolve_telling(enum resolve_status one, enum resolve_status other);

/* Copies the addresses from `first` on, at most RESOLVER_MAX_ADDRESSES: IPv6 first, then the families in
   turn. Returns how many. */
size_t resolve_in_turn(const struct address *from, size_t first, size_t count, struct address *to);

/* Takes out what is not of the family. Returns how many are left. */
size_t resolve_keep_family(enum resolve_family family, struct address *addresses, size_t count);

#endif

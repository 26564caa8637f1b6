/*
 * Happy Eyeballs (RFC 8305, section 5): connects to the addresses of a name in their order, a new one
 * every 250 ms, or at once when one has failed, until the first stands; the others are closed then.
 * Addresses may be added while it runs, for the answers to AAAA and A come one after the other.
 */
#ifndef HTTP_DIAL_EYEBALLS_H
#define HTTP_DIAL_EYEBALLS_H

#include "dns/resolver.h"

#define EYEBALLS_STAGGER (250 * NSEC_PER_MS) /* the Connection Attempt Delay */

enum eyeballs_state {
    EYEBALLS_TRYING, /* at least one is under way */
    EYEBALLS_WON,    /* one stands */
    EYEBALLS_LOST,   /* all that were added have failed */
};

struct eyeballs;

/* What the attempts have in common. */
struct eyeballs_options {
    struct loop *loop;
    const struct sock_from *from; /* borrowed; NULL: from anywhere */
    const char *unix_socket;      /* connect there, whatever is added; borrowed. NULL: no */
    uint64_t number;              /* of the connection, for the probe */
    /* An attempt failed, or was given up since another stands and it had not within EYEBALLS_STAGGER
       (ETIMEDOUT). It may be called from inside the calls below, and calls none of them. NULL: not
       called. */
    void (*failed)(void *owner, const struct address *address, int error);
    /* An event came: the state may have changed. Never called from inside the calls below. */
    void (*settled)(void *owner);
    void *owner; /* the argument of all */
};

/* Begins with nothing to try: LOST. Freed with eyeballs_free. */
struct eyeballs *eyeballs_new(const struct eyeballs_options *options);

/* Adds addresses behind those that are there, IPv6 and IPv4 in turn; the port is set. Those beyond
   RESOLVER_MAX_ADDRESSES in all are left out. */
void eyeballs_add(struct eyeballs *eyeballs, const struct address *addresses, size_t count);

/* Where it stands. *address is the one that won, or the last that was tried. */
enum eyeballs_state eyeballs_state(const struct eyeballs *eyeballs, struct address *address);

/* When WON: the socket, which is the caller's from here on, with its watch. */
struct sock *eyeballs_take(struct eyeballs *eyeballs);

/* When LOST: why, an errno. A shortage of descriptors is told before all else. */
int eyeballs_error(const struct eyeballs *eyeballs);

/* Closes what is open and frees. NULL is allowed. */
void eyeballs_free(struct eyeballs *eyeballs);

#endif

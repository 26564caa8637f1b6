/*
 * Happy Eyeballs (RFC 8305, section 5): connects to the addresses of a name in order. The next
 * attempt starts after 250 ms, or immediately after a failure, until the first succeeds; the others
 * are closed then. Addresses may be added during the attempts, because AAAA and A records arrive
 * separately.
 */
#ifndef HTTP_DIAL_EYEBALLS_H
#define HTTP_DIAL_EYEBALLS_H

#include "dns/resolver.h"

#define EYEBALLS_STAGGER (250 * NSEC_PER_MS) /* the Connection Attempt Delay */

enum eyeballs_state {
    EYEBALLS_IDLE,   /* no address was tried yet */
    EYEBALLS_TRYING, /* at least one attempt is pending */
    EYEBALLS_WON,    /* an attempt has succeeded */
    EYEBALLS_LOST,   /* all added addresses have failed; more may be added */
};

struct eyeballs;

/* Settings of all attempts. */
struct eyeballs_options {
    struct loop *loop;
    const struct sock_source *from; /* the source address; borrowed; NULL: any */
    const char *unix_socket;        /* replaces all addresses; borrowed; NULL: none */
    uint64_t number;                /* of the connection, for the probe */
    /* An attempt failed, or another one succeeded while it had been pending for EYEBALLS_STAGGER or
       longer (ETIMEDOUT). May be called inside the functions below, and must not call them. NULL:
       not called. */
    void (*failed)(void *owner, const struct address *address, int error);
    /* The state may have changed. Never called inside the functions below. */
    void (*settled)(void *owner);
    void *owner; /* the argument of both */
};

/* Starts without addresses. Free with eyeballs_free. */
struct eyeballs *eyeballs_new(const struct eyeballs_options *options);

/* Appends addresses, in the order in which they are tried; their ports are set. Addresses beyond
   RESOLVER_MAX_ADDRESSES in all are ignored. */
void eyeballs_add(struct eyeballs *eyeballs, const struct address *addresses, size_t count);

/* The state. *address is the one that succeeded, or the last that was tried. */
enum eyeballs_state eyeballs_state(const struct eyeballs *eyeballs, struct address *address);

/* When WON: passes the socket, with its watch, to the caller. */
struct sock *eyeballs_take(struct eyeballs *eyeballs);

/* When LOST: an errno. A shortage of descriptors takes precedence over other errors. */
int eyeballs_error(const struct eyeballs *eyeballs);

/* Closes the open sockets and frees. NULL is allowed. */
void eyeballs_free(struct eyeballs *eyeballs);

#endif

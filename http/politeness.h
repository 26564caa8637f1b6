/*
 * Limits per host: concurrent requests, and requests per second. A permit that must wait is in the
 * queue of its host; `ready` is called when it may be requested again. A host is a name or an
 * address, regardless of the port, because the limits protect the machine.
 */
#ifndef HTTP_POLITENESS_H
#define HTTP_POLITENESS_H

#include "base/list.h"
#include "reactor/loop.h"

/* Maximum hosts in the table: those with a request in flight, a waiting permit, or a next start in
   the future. */
#define POLITENESS_MAX_HOSTS 65536

struct politeness;
struct polite_host;

/* The permission for one request, embedded in its owner; all zeros at first. */
struct permit {
    struct polite_host *host; /* in use or waited for; NULL: neither */
    struct link link;         /* in the host's queue */
    bool admitted;            /* the request is allowed; else the permit waits */
};

struct politeness_options {
    size_t max;    /* concurrent requests to a host, unless it was changed; 0: no limit */
    nsec interval; /* between two starts; 0: none */
    /* The first permit of a queue was removed from it: the owner calls politeness_admit again.
       Never called inside politeness_admit. */
    void (*ready)(void *owner, struct permit *permit);
    void *owner; /* the argument of `ready` */
};

struct politeness *politeness_new(struct loop *loop, const struct politeness_options *options);

/* No permit may be admitted or waiting. */
void politeness_free(struct politeness *politeness);

/* True: the request is allowed now; call politeness_leave when it is done. False: the permit waits
   in the queue, at its front when `urgent`. The name is copied. */
bool politeness_admit(struct politeness *politeness, struct permit *permit, const char *name,
                      bool urgent);

/* Ends a request or a wait. Does nothing for a permit that is neither admitted nor waiting. */
void politeness_leave(struct permit *permit);

/* Changes the number of concurrent requests to the host of an admitted permit; 0: no limit. It
   applies until the host is removed from the table. */
void politeness_set_max(const struct permit *permit, size_t max);

/* Whether a permit waits for the host. */
bool politeness_is_busy(const struct politeness *politeness, const char *name, size_t length);

/* Whether the table of hosts is full, so that no site of a new host should be taken. */
bool politeness_is_full(const struct politeness *politeness);

#endif

/*
 * The fetcher: many sites, at most `concurrency` at the same time, each reported once. It requests
 * the next site when it has a free slot, so the list is never in memory. A site whose host is busy
 * is set aside, and later sites start first, up to FETCH_LOOK_AHEAD positions of the list.
 */
#ifndef HTTP_FETCH_H
#define HTTP_FETCH_H

#include "http/chain.h"
#include "http/exchange.h"
#include "http/versions.h"

/* No site is taken this many positions after one that was taken and could not be started yet. */
#define FETCH_LOOK_AHEAD 10000

/* Maximum number of taken sites that are not in flight: set aside, redirected, or waiting for a
   retry. At this number no more sites are taken; those in flight may still be added. */
#define FETCH_MAX_WAITING 16384

enum fetch_next {
    FETCH_SITE,  /* *site is the next; the fetcher owns it now */
    FETCH_LATER, /* none now: fetch_take_sites is called when there may be one */
    FETCH_END,   /* no more sites */
};

struct fetch_settings {
    size_t concurrency; /* maximum exchanges in flight, at least 1 */
    size_t idle;        /* maximum idle connections */
    /* Maximum exchanges in flight with one host: before its protocol is known and with HTTP/1.1;
       and over HTTP/2, when they share connections. 0: no limit. */
    size_t per_host, per_host_shared;
    nsec host_interval; /* between two starts for one host; 0: none */
    nsec interval;      /* between two starts; 0: none */
    enum http_versions versions;
    uint64_t seed;                    /* for random waits before retries */
    struct exchange_options exchange; /* of each exchange */
    struct chain_options chain;       /* redirects and retries */
    /* Returns the next site; must not call the fetcher. `idle` is an origin to which a connection
       has become idle: `next` returns a site of this origin, or FETCH_LATER if it has none, and is
       then called again. `idle` NULL: the next site is that of the list's order. */
    enum fetch_next (*next)(void *owner, const struct url_origin *idle, struct site **site);
    /* Reports a result. The result and its site are valid during the call. */
    void (*report)(void *owner, const struct result *result);
    /* No descriptor was left: from now on at most `limit` exchanges are in flight. */
    void (*lowered)(void *owner, size_t limit);
    /* Called once, after the last report; the callee may free the fetcher. */
    void (*ended)(void *owner);
    void *owner; /* the argument of the callbacks */
};

struct fetch;

/* The dialer is borrowed. Nothing starts before fetch_take_sites. */
struct fetch *fetch_new(struct dialer *dialer, const struct fetch_settings *settings);

/* Takes sites as far as the limits allow: calls `next`, in this turn of the loop. */
void fetch_take_sites(struct fetch *fetch);

/* The number of exchanges in flight. */
size_t fetch_in_flight(const struct fetch *fetch);

/* The number of sites that were taken and not reported: in flight or waiting. */
size_t fetch_unreported(const struct fetch *fetch);

/* Cancels all exchanges, without a report, and frees. */
void fetch_free(struct fetch *fetch);

#endif

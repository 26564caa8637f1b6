/*
 * The fetcher: many sites, at most `concurrency` at once, each reported once. It asks for the next
 * site when it has a slot for it, so the list is never held.
 */
#ifndef HTTP_FETCH_H
#define HTTP_FETCH_H

#include "http/exchange.h"

enum fetch_next {
    FETCH_SITE,  /* *site is the next, the fetcher's from here on */
    FETCH_LATER, /* none just now: fetch_poke says when to ask again */
    FETCH_END,   /* there are no more */
};

struct fetch_settings {
    size_t concurrency; /* exchanges at once, at least 1 */
    size_t idle;        /* kept-alive connections without one, at most */
    nsec ttfb_timeout;  /* NSEC_NEVER: none */
    /* Where the sites come from. It must not call back. With `near`, a site of that origin is wanted,
       for which a connection has become idle: FETCH_LATER where none is at hand, and the source is
       asked again without. */
    enum fetch_next (*next)(void *owner, const struct url_origin *near, struct site **site);
    /* Where the results go. The result and its site are valid during the call. */
    void (*report)(void *owner, const struct result *result);
    /* Descriptors ran out: from here on at most `now` exchanges at once. */
    void (*lowered)(void *owner, size_t now);
    /* All were reported, after the last of them; the fetcher may be freed in it. */
    void (*ended)(void *owner);
    void *owner; /* the argument of all four */
};

struct fetch;

/* The dialer is borrowed. Nothing starts before fetch_poke. */
struct fetch *fetch_new(struct dialer *dialer, const struct fetch_settings *settings);

/* Asks the source again, in this turn of the loop. */
void fetch_poke(struct fetch *fetch);

/* How many exchanges are under way. */
size_t fetch_in_flight(const struct fetch *fetch);

/* Gives up what is under way, without a report, and frees. */
void fetch_free(struct fetch *fetch);

#endif

/*
 * The fetcher: many sites, at most `concurrency` at once, each reported once. It asks for the next
 * site when it has a slot for it, so the list is never held. A site whose host may not be asked just
 * now steps aside for those behind it, within FETCH_LOOK_AHEAD places of the list.
 */
#ifndef HTTP_FETCH_H
#define HTTP_FETCH_H

#include "http/chain.h"
#include "http/exchange.h"

/* No site is taken this far behind one that was taken and could not be started yet. */
#define FETCH_LOOK_AHEAD 10000

/* Sites that were taken and are not under way, at most: aside, redirected, or waiting for another
   attempt. At that number no more are taken; those under way may still join them. */
#define FETCH_MAX_WAITING 16384

enum fetch_next {
    FETCH_SITE,  /* *site is the next, the fetcher's from here on */
    FETCH_LATER, /* none just now: fetch_poke says when to ask again */
    FETCH_END,   /* there are no more */
};

struct fetch_settings {
    size_t concurrency;               /* exchanges at once, at least 1 */
    size_t idle;                      /* kept-alive connections without one, at most */
    size_t per_host;                  /* exchanges with one host at once; 0: no limit */
    nsec host_interval;               /* between the starts of two with one host; 0: none */
    nsec interval;                    /* between the starts of any two; 0: none */
    uint64_t seed;                    /* of what is left to chance: the waits before retries */
    struct exchange_options exchange; /* of each exchange */
    struct chain_options chain;       /* redirects and retries */
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

/* How many sites were taken and not reported: under way, or waiting. */
size_t fetch_unreported(const struct fetch *fetch);

/* Gives up what is under way, without a report, and frees. */
void fetch_free(struct fetch *fetch);

#endif

/*
 * The sequence of exchanges of one site: redirects (RFC 9110, section 15.4) and retries. The chain
 * keeps the changes of the request and decides on the next exchange; it starts none.
 *
 * Credentials and cookies of the site belong to its origin (scheme, host, port): the first redirect
 * to another origin removes them from all later requests, also from those to the first origin. It
 * removes the site's fields Authorization, Cookie, Proxy-Authorization and Host too.
 * Cookies that responses set are kept for the chain, and sent to the hosts that they are for
 * (http/cookies/cookies.h).
 */
#ifndef HTTP_CHAIN_H
#define HTTP_CHAIN_H

#include "http/request.h"
#include "http/response.h"

/* Limit for all URLs of one chain together. */
#define CHAIN_MAX_URL_BYTES (1024 * 1024)

struct chain_options {
    bool follow;       /* redirects are followed */
    unsigned max_hops; /* maximum redirects */
    unsigned retries;  /* maximum retries of an exchange */
};

enum chain_next {
    CHAIN_OVER,     /* the result is final */
    CHAIN_REDIRECT, /* another exchange follows immediately */
    CHAIN_RETRY,    /* another exchange follows after *wait */
};

struct chain {
    const struct chain_options *options; /* borrowed */
    const struct site *site;             /* borrowed */
    struct url url;                      /* of the next exchange, after a redirect */
    bool redirected;                     /* a redirect was followed: `url` is set */
    bool left_origin;                    /* a redirect led to another origin */
    bool became_get;                     /* the method became GET, without content */
    char *headers;                       /* the site's fields after some were removed; NULL: all */
    struct cookies *jar;                 /* set by responses; NULL: none */
    char *cookie;                        /* of the current request: from the site and the jar */
    unsigned hops, attempts;             /* redirects in all; retries of the current exchange */
    nsec spent;                          /* time of the exchanges that were redirected */
    size_t url_bytes;                    /* of all redirect targets */
    struct leg *legs;                    /* the earlier exchanges */
    size_t leg_count;
    /* index of the first leg after the method became GET: earlier legs are other requests */
    size_t first_get;
};

/* Starts a chain, in a zeroed struct, with the site's own request. */
void chain_init(struct chain *chain, const struct chain_options *options, const struct site *site);

/* The next request; valid until the chain changes. */
struct request chain_request(struct chain *chain);

/* The URL of the next request. */
const struct url *chain_url(const struct chain *chain);

/* The remaining time of the site. */
nsec chain_timeout(const struct chain *chain);

/*
 * Decides on the next step after a result and its response. RETRY: *wait is the wait before it,
 * spread by `random`. A redirect that cannot be followed makes the result an error:
 * ERROR_BAD_LOCATION; at the limit ERROR_REDIRECT_LOOP when the same request was sent before, else
 * ERROR_REDIRECTS. When OVER, the result points to the chain's legs.
 */
enum chain_next chain_next(struct chain *chain, struct result *result,
                           const struct response *response, uint64_t random, nsec *wait);

/* Frees the chain; a zeroed struct is allowed. */
void chain_free(struct chain *chain);

#endif

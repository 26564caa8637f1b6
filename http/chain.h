/*
 * From one exchange to the next: a site may redirect (RFC 9110, section 15.4), and what failed may be
 * worth another attempt. The chain holds what becomes of the request on the way; it decides, and
 * starts nothing.
 *
 * Credentials and cookies of the site are for the origin (scheme, host, port) they were given for: at
 * the first redirect that leaves it they are dropped for good, the fields Authorization, Cookie and Host
 * of the site's own among them. Cookies that answers set are kept for the length of the chain, and go
 * to the hosts that they are for (http/cookies/cookies.h).
 */
#ifndef HTTP_CHAIN_H
#define HTTP_CHAIN_H

#include "http/request.h"
#include "http/response.h"

/* Of the URLs of one chain together. */
#define CHAIN_MAX_URL_BYTES (1024 * 1024)

struct chain_options {
    bool follow;       /* redirects are followed */
    unsigned max_hops; /* of them in all */
    unsigned retries;  /* more attempts at an exchange that failed */
};

enum chain_next {
    CHAIN_OVER,     /* that was the result */
    CHAIN_REDIRECT, /* another exchange follows at once */
    CHAIN_RETRY,    /* another one follows after a while */
};

struct chain {
    const struct chain_options *options; /* borrowed */
    const struct site *site;             /* borrowed */
    struct url url;                      /* of the next exchange, once it was redirected */
    bool moved;                          /* it was: `url` holds */
    bool left;                           /* its first origin */
    bool plain_get;                      /* the method became GET: no content any more */
    char *headers;           /* what is left of the site's own, when some were dropped */
    struct cookies *jar;     /* set by answers; NULL: none */
    char *cookie;            /* of the request under way: the site's and the jar's */
    unsigned hops, attempts; /* redirects in all; attempts at the exchange under way */
    nsec spent;              /* on exchanges that were redirected */
    size_t url_bytes;        /* of the URLs that it was redirected to */
    struct leg *legs;        /* what became of those before */
    size_t leg_count;
    size_t first_get; /* of the legs since it became one: those before are of another request */
};

/* Begins, in a zeroed struct, with the site's own request. */
void chain_init(struct chain *chain, const struct chain_options *options, const struct site *site);

/* The next request; valid until the chain changes. */
struct request chain_request(struct chain *chain);

/* Where the next request leads. */
const struct url *chain_url(const struct chain *chain);

/* What is left of the site's time. */
nsec chain_timeout(const struct chain *chain);

/*
 * Decides what follows a result, with the answer it was made of. RETRY: *wait says how long to wait;
 * `random` spreads it. A redirect that cannot be followed turns the result into an error:
 * ERROR_BAD_LOCATION; at the limit ERROR_REDIRECT_LOOP where the same request was sent before,
 * ERROR_REDIRECTS else. When OVER, the result points to the chain's legs.
 */
enum chain_next chain_next(struct chain *chain, struct result *result,
                           const struct response *response, uint64_t random, nsec *wait);

/* Frees; also one that is all zeros. */
void chain_free(struct chain *chain);

#endif

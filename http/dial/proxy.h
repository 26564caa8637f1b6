/*
 * Which proxy a site is fetched through, if any. The settings are read once, as curl reads them; what
 * is decided here is told by a const struct, and nothing is sent.
 *
 *     option --proxy             over the environment; "" means none
 *     http_proxy                 for http:// sites
 *     https_proxy, HTTPS_PROXY   for https:// sites
 *     all_proxy, ALL_PROXY       where the scheme's own is not set
 *     option --noproxy           over no_proxy; "" means no exception
 *     no_proxy, NO_PROXY         the sites that are fetched directly, --proxy or not
 *
 * A variable that is empty counts as one that is not set; of two spellings the first that is set
 * counts. HTTP_PROXY is never read: a web server that runs a program by CGI puts the request's field
 * "Proxy" into it, so that a stranger would choose the proxy ("httpoxy").
 */
#ifndef HTTP_DIAL_PROXY_H
#define HTTP_DIAL_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/url.h"

#define PROXY_PORT           1080 /* where none is given, for all kinds, as in curl */
#define PROXY_MAX_USER_BYTES 255  /* of a name or a password for SOCKS (RFC 1929, section 2) */

enum proxy_kind {
    PROXY_HTTP,    /* CONNECT (RFC 9110, section 9.3.6) */
    PROXY_SOCKS5,  /* RFC 1928; names are resolved here */
    PROXY_SOCKS5H, /* RFC 1928; names are resolved by the proxy */
};

struct proxy {
    enum proxy_kind kind;
    char *host; /* lower case; an IPv6 literal without its brackets */
    uint16_t port;
    bool numeric;           /* the host is an address, not a name */
    char *user_info;        /* "user:password", decoded; NULL where there is none. Never printed */
    size_t user_info_bytes; /* a decoded NUL may be in it */
    size_t user_bytes;      /* of the name: the ':' stands after it */
    char *
        authorization; /* a value for Proxy-Authorization, instead of that of user_info; "": none is
                            sent; NULL: not given. Never printed */
    char *shown;       /* "http://127.0.0.1:3128": without user info */
};

/* Reads "[scheme://][user:password@]host[:port]"; the scheme is http, socks5 or socks5h, http where
   there is none. Returns NULL, or why it is refused: a static sentence; the struct holds nothing
   then. Freed with proxy_free. */
const char *proxy_parse(struct proxy *proxy, const char *text);

void proxy_free(struct proxy *proxy);

/* Whether requests for http or https go to this proxy as they are, with the whole URL in them (RFC 9112,
   section 3.2.2): then no tunnel is needed. NULL: false. */
bool proxy_forwards(const struct proxy *proxy, bool https);

/* The value of a variable, NULL where it is not set: getenv, or what a test puts in its place. */
typedef char *environment_fn(const char *name);

#define PROXIES_WHY_BYTES 160

struct proxies;

/* HTTP_PROXY is set and means nothing, though the user may think that it does: neither `proxy`, the
   option, nor http_proxy is set. */
bool proxies_ignore_variable(const char *proxy, environment_fn *environment);

/* Reads the settings. `proxy` and `noproxy` are the options, NULL where they were not given; nothing
   is borrowed. NULL where a proxy is refused: `why` says which setting and why, and never shows its
   value, for that may hold a password. */
struct proxies *proxies_new(const char *proxy, const char *noproxy, environment_fn *environment,
                            char why[PROXIES_WHY_BYTES]);

/* What HTTP proxies are sent as Proxy-Authorization, copied; "" takes theirs away. */
void proxies_authorize(struct proxies *proxies, const char *value);

/* Whether there is a proxy for any site. `proxies` may be NULL. */
bool proxies_any(const struct proxies *proxies);

/*
 * The proxy for a site, borrowed from `proxies`; NULL: it is reached directly. The list of exceptions
 * is separated by commas and blanks:
 *
 *     *                       alone: every site
 *     example.com             the name and all below it; a dot before or after it says the same
 *     192.0.2.1  [2001:db8::1] an address, whose brackets may be missing
 *     10.0.0.0/8  fe80::/10   a network (CIDR)
 *
 * Names are compared without regard to case, and never with addresses. What is none of these is no
 * name of a host either, and matches nothing.
 */
const struct proxy *proxies_for(const struct proxies *proxies, const struct url *url);

void proxies_free(struct proxies *proxies); /* NULL is allowed */

#endif

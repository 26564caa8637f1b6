/*
 * The choice of the proxy for a site. The settings are read once, as curl reads them; no I/O
 * happens here.
 *
 *     option --proxy             overrides the environment; "" means no proxy
 *     http_proxy                 for http:// sites
 *     https_proxy, HTTPS_PROXY   for https:// sites
 *     all_proxy, ALL_PROXY       when the variable of the scheme is not set
 *     option --noproxy           overrides no_proxy; "" means no exception
 *     no_proxy, NO_PROXY         sites that are fetched directly, even with --proxy
 *
 * An empty variable counts as not set; of two spellings the first that is set counts. HTTP_PROXY is
 * never read: a web server that runs a program by CGI sets it from the request field "Proxy", so
 * that any client could choose the proxy ("httpoxy").
 */
#ifndef HTTP_DIAL_PROXY_H
#define HTTP_DIAL_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/url.h"

#define PROXY_PORT           1080 /* the default for all kinds, as in curl */
#define PROXY_MAX_USER_BYTES 255  /* of a user name or password (RFC 1929, section 2) */

enum proxy_kind {
    PROXY_HTTP,    /* CONNECT (RFC 9110, section 9.3.6) */
    PROXY_SOCKS5,  /* RFC 1928; this program resolves names */
    PROXY_SOCKS5H, /* RFC 1928; the proxy resolves names */
};

struct proxy {
    enum proxy_kind kind;
    char *host; /* lower case; an IPv6 literal without brackets */
    uint16_t port;
    bool numeric;           /* the host is an address, not a name */
    char *user_info;        /* "user:password", decoded; NULL: none. Never printed */
    size_t user_info_bytes; /* it may contain a decoded NUL */
    size_t user_bytes;      /* of the user name; ':' follows it */
    /* The value of Proxy-Authorization, instead of user_info; "": the field is not sent; NULL:
       not set. Never printed. */
    char *authorization;
    char *shown; /* "http://127.0.0.1:3128", without user info */
};

/* Parses "[scheme://][user:password@]host[:port]"; the scheme is http, socks5 or socks5h, by
   default http. Returns NULL, or why the text is refused, a static sentence; the struct is empty
   then. Free with proxy_free. */
const char *proxy_parse(struct proxy *proxy, const char *text);

void proxy_free(struct proxy *proxy);

/* Whether this proxy forwards requests for http or https, with the absolute URL (RFC 9112, section
   3.2.2), so that no tunnel is needed. NULL: false. */
bool proxy_forwards(const struct proxy *proxy, bool https);

/* Returns the value of a variable, NULL when it is not set: getenv, or a test's function. */
typedef char *environment_fn(const char *name);

#define PROXIES_WHY_BYTES 160

struct proxies;

/* Whether HTTP_PROXY is set and ignored, and neither `proxy`, the option, nor http_proxy is set:
   the user may expect an effect. */
bool proxies_ignore_variable(const char *proxy, environment_fn *environment);

/* Reads the settings. `proxy` and `noproxy` are the options, NULL when not given; they are copied.
   Returns NULL when a proxy is refused: `why` is the setting and the reason, without its value,
   which may contain a password. */
struct proxies *proxies_new(const char *proxy, const char *noproxy, environment_fn *environment,
                            char why[PROXIES_WHY_BYTES]);

/* Sets the value of Proxy-Authorization, copied; "" removes the field. */
void proxies_authorize(struct proxies *proxies, const char *value);

/* Whether any site has a proxy. `proxies` may be NULL. */
bool proxies_any(const struct proxies *proxies);

/*
 * The proxy for a site, borrowed from `proxies`; NULL: none. The list of exceptions is separated by
 * commas and blanks:
 *
 *     *                        every site, if it is the only entry
 *     example.com              the name and its subdomains; a leading or trailing dot is ignored
 *     192.0.2.1  [2001:db8::1] an address; brackets are optional
 *     10.0.0.0/8  fe80::/10    a network (CIDR)
 *
 * Names are compared without regard to case, and never with addresses. Any other entry matches
 * nothing.
 */
const struct proxy *proxies_for(const struct proxies *proxies, const struct url *url);

void proxies_free(struct proxies *proxies); /* NULL is allowed */

#endif

/*
 * Absolute http and https URLs, and references to them, as browsers read them: the WHATWG URL
 * standard decides what is accepted and how it is normalized. It is RFC 3986 plus common input
 * ("HTTP:\\Example.ORG/a/../b"). Three things differ: port 0 is refused; bytes that are not UTF-8
 * are percent-encoded unchanged, not replaced; and lengths are limited. http/host.h lists the
 * differences for host names.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define URL_MAX_BYTES        (64 * 1024)  /* of the text, without white space around it */
#define URL_MAX_JOINED_BYTES (256 * 1024) /* of a reference resolved against its base */
#define URL_MAX_HOST_BYTES   255

struct url {
    bool https;       /* else http */
    bool numeric;     /* the host is an address, not a name */
    uint16_t port;    /* default: the port of the scheme */
    const char *host; /* lower case, in ASCII; an IPv6 address without brackets */
    /* For the Host field: "example.org", "[::1]:8080". May be the same pointer as `host`. */
    const char *authority;
    const char *target;   /* for the request line: path and query, at least "/", percent-encoded */
    const char *fragment; /* after the "#", percent-encoded; NULL: no "#"; never sent */
    /* For Basic authorization: "user:password", decoded. NULL: none. Never printed. */
    const char *user_info;
    size_t user_info_bytes; /* it may contain a decoded NUL */
    size_t user_bytes;      /* of the decoded user name; the ':' of user_info follows it */
    /* The original text, without user info, tabs and line ends, and without white space around it.
       The other texts are in the same allocation: freeing or moving this pointer affects them
       too. */
    char *shown;
};

/* Parses `text`. Returns NULL, or why it is refused, a static sentence; the struct is empty then.
   Free with url_free. */
const char *url_parse(struct url *url, const char *text, size_t length);

/* Resolves a reference, such as the value of a Location field, against `base`, another struct (RFC
   3986, section 5). A reference without a fragment inherits that of the base (RFC 9110, section
   10.2.2). User info in it is removed, because the server must not choose credentials; the base's
   is not inherited. `shown` is the whole URL in its normal form, with the fragment. Returns like
   url_parse, also for a reference to another scheme. */
const char *url_join(struct url *url, const struct url *base, const char *reference, size_t length);

void url_free(struct url *url);

/* Whether scheme, host and port are equal. */
bool url_shares_origin(const struct url *a, const struct url *b);

/* Parses the digits of a port, at least one. Returns like url_parse; *number is set only on
   success. */
const char *url_read_port(uint16_t *number, struct span digits);

/* The origin of a URL: scheme, host, port. The host is borrowed, and not converted to lower case or
   its normal form. */
struct url_origin {
    bool https;
    uint16_t port;
    const char *host; /* an IPv6 literal without brackets */
    size_t host_bytes;
};

/* Reads only the origin of the URL at the start of a line, and does not check the rest. False:
   there is no URL, or it does not have the usual form "http://host:port". */
bool url_origin(struct url_origin *origin, const char *text, size_t length);

bool url_same_origin(const struct url_origin *a, const struct url_origin *b);
uint32_t url_origin_hash(const struct url_origin *origin);

#endif

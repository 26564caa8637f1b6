/*
 * Absolute http and https URLs, and references to them, as browsers read them: what is taken, what is
 * refused and what becomes of it follows the WHATWG URL standard, which is RFC 3986 plus what people
 * type ("HTTP:\\Example.ORG/a/../b"). Three things differ. Port 0 is refused, for nobody listens
 * there. Bytes that are no UTF-8 are percent-encoded as they are, not replaced. And there are bounds.
 * What is different in host names, http/host.h says.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define URL_MAX_BYTES        (64 * 1024)  /* of the text, without white space around it */
#define URL_MAX_JOINED_BYTES (256 * 1024) /* of what a reference and its base come to */
#define URL_MAX_HOST_BYTES   255

struct url {
    bool https;       /* else http */
    bool numeric;     /* the host is an address, not a name */
    uint16_t port;    /* the scheme's own where none was given */
    const char *host; /* lower case, in ASCII; an IPv6 address without its brackets */
    const char
        *authority;     /* for the Host field: "example.org", "[::1]:8080". May be `host` itself */
    const char *target; /* for the request line: path and query, at least "/", percent-encoded */
    const char *fragment;  /* after the "#", percent-encoded; NULL: there is no "#". Never sent */
    const char *user_info; /* for Basic authorization: "user:password", decoded. NULL where there is
                              none. Never printed */
    size_t user_info_bytes; /* a decoded NUL may be in it */
    size_t user_bytes;      /* of the decoded user name: the ':' of user_info stands behind it */
    char *shown; /* the text as given, without white space around it and without user info, tabs and
                    line ends. The other texts lie behind it in the same block of memory: whoever
                    takes it away takes them too */
};

/* Reads `text`. Returns NULL, or why it is refused: a static sentence; the struct holds nothing
   then. Freed with url_free. */
const char *url_parse(struct url *url, const char *text, size_t length);

/* Resolves a reference, such as the value of a Location field, against `base`, another struct (RFC
   3986, section 5). A reference without a fragment takes over that of the base (RFC 9110, section
   10.2.2). User info in it is dropped, for credentials are not taken from a stranger, and the base's
   is not passed on. `shown` is the whole URL in its normal form, with the fragment. Returns as
   url_parse does, also for a reference that leads to another scheme. */
const char *url_join(struct url *url, const struct url *base, const char *reference, size_t length);

void url_free(struct url *url);

/* The same scheme, host and port. */
bool url_shares_origin(const struct url *a, const struct url *b);

/* Reads the digits of a port, at least one. Returns as url_parse does; *number is set with NULL alone. */
const char *url_read_port(uint16_t *number, struct span digits);

/* Where a URL leads: scheme, host, port. The host is borrowed and neither put into lower case nor
   into its normal form. */
struct url_origin {
    bool https;
    uint16_t port;
    const char *host; /* an IPv6 literal without its brackets */
    size_t host_bytes;
};

/* Reads the origin alone of the URL at the beginning of a line, without judging the rest. False where
   there is none, or where it is not written as "http://host:port" usually is. */
bool url_origin(struct url_origin *origin, const char *text, size_t length);

bool url_same_origin(const struct url_origin *a, const struct url_origin *b);
uint32_t url_origin_hash(const struct url_origin *origin);

#endif

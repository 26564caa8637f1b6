/*
 * Absolute http and https URLs (RFC 3986, RFC 9110 section 4.2), as the WHATWG URL standard reads
 * them where the two differ on what people type: white space around is taken off, the host is put
 * into lower case, "\" is refused, percent-encoding in the path is kept as it is.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_MOST_BYTES      8192
#define URL_MOST_HOST_BYTES 255

struct url {
    bool https;      /* else http */
    bool numeric;    /* the host is an address, not a name */
    uint16_t port;   /* the scheme's own where none was given */
    char *host;      /* lower case; an IPv6 literal without its brackets */
    char *authority; /* for the Host field: "example.org", "[::1]:8080" */
    char *target;    /* for the request line: path and query, at least "/" */
    char *user_info; /* for Basic authorization: "user:password", decoded. NULL where there is none.
                        Never printed */
    size_t user_info_bytes; /* a decoded NUL may be in it */
    char *shown; /* the text as given, without white space around it and without user info */
};

/* Reads `text`. Returns NULL, or why it is refused: a static sentence; the struct holds nothing
   then. Freed with url_free. */
const char *url_parse(struct url *url, const char *text, size_t length);

void url_free(struct url *url);

/* Where a URL leads: scheme, host, port. The host is borrowed and not put into lower case. */
struct url_origin {
    bool https;
    uint16_t port;
    const char *host; /* an IPv6 literal without its brackets */
    size_t host_bytes;
};

/* Reads the origin alone of the URL at the beginning of a line, without judging the rest. False where
   there is none. */
bool url_origin(struct url_origin *origin, const char *text, size_t length);

bool url_same_origin(const struct url_origin *a, const struct url_origin *b);
uint32_t url_origin_hash(const struct url_origin *origin);

#endif

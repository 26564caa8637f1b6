/*
 * Which versions of HTTP the connections of a command use, and how each is negotiated: with https
 * by ALPN (RFC 7301; RFC 9113, section 3.2), with http by prior knowledge alone (section 3.3).
 * There is no upgrade from HTTP/1.1 to HTTP/2: RFC 9113 has removed it.
 */
#ifndef HTTP_VERSIONS_H
#define HTTP_VERSIONS_H

#include "http/protocol.h"

enum http_versions {
    HTTP_ANY,       /* https: HTTP/2 or HTTP/1.1, as the server chooses; http: HTTP/1.1 */
    HTTP_1_1_ONLY,  /* HTTP/1.1 */
    HTTP_2_ONLY,    /* https: HTTP/2, or ERROR_HTTP2_NOT_NEGOTIATED; http: HTTP/1.1 */
    HTTP_2_ASSUMED, /* HTTP/2 without negotiation; https offers it alone, and requires it */
};

struct negotiation {
    const char *alpn; /* as in struct dial_options */
    /* The result that ALPN must have; NULL: any. */
    const char *required_alpn;
    /* As in struct dial_options: a proxy forwards requests of HTTP/1.1 alone. */
    bool tunnels;
    /* As in struct conn_options. */
    const struct protocol *(*protocol)(const char *alpn);
};

/* The negotiation for a set of versions; static. */
const struct negotiation *negotiation_of(enum http_versions versions);

/* Whether a successful negotiation, with https or with http, always agrees on a protocol whose
   connections carry concurrent requests. */
bool versions_multiplex(enum http_versions versions, bool https);

#endif

/* HTTP/2 (RFC 9113) as a protocol of http/protocol.h. */
#ifndef HTTP_H2_H2_H
#define HTTP_H2_H2_H

#include "http/protocol.h"

extern const struct protocol h2_protocol;

/* The protocol for an ALPN result: HTTP/2 for "h2", else HTTP/1.1. */
const struct protocol *h2_or_h1(const char *alpn);

/* For struct conn_options: h2_protocol for every ALPN result. */
const struct protocol *h2_always(const char *alpn);

/* The version of nghttp2 at run time: "1.52.0". */
const char *h2_library_version(void);

#endif

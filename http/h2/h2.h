/* HTTP/2 (RFC 9113) as a protocol of http/protocol.h. */
#ifndef HTTP_H2_H2_H
#define HTTP_H2_H2_H

#include "http/protocol.h"
#include "http/request.h"

extern const struct protocol h2_protocol;

/* The protocol for an ALPN result: HTTP/2 for "h2", else HTTP/1.1. */
const struct protocol *h2_or_h1(const char *alpn);

/* For struct conn_options: h2_protocol for every ALPN result. */
const struct protocol *h2_always(const char *alpn);

/* A request whose fields are prepared once, and which may be submitted many times. */
struct h2_request;

/* Copies the fields; the content is borrowed. `https`: the scheme. */
struct h2_request *h2_request_new(const struct request *request, bool https);
void h2_request_free(struct h2_request *prepared); /* NULL is allowed */

/* The first of the fields (http/fields.h) that HTTP/2 does not allow in a request (RFC 9113,
   section 8.2.2): its name, *length bytes of the text; NULL: none. */
const char *h2_forbidden_field(const char *fields, size_t *length);

/* The version of nghttp2 at run time: "1.52.0". */
const char *h2_library_version(void);

#endif

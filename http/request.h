/* The bytes of a request (RFC 9112, section 3), made once a site. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "http/site.h"

#define FIRSTBYTE_VERSION "0.1.0"

/* NULL where "Name: value" may be sent as a field (RFC 9110, section 5), else why it may not: a
   static sentence. */
const char *request_check_header(const char *line, size_t length);

/* Likewise of a field's value alone. */
const char *request_check_value(const char *value, size_t length);

/* "Basic dXNlcjpwYXNzd29yZA==" (RFC 7617) of "user:password", to be freed; NULL for NULL. */
char *request_basic(const char *user_info, size_t length);

/* Whether it may be a method: a token of at most 32 bytes, and not CONNECT. */
bool request_is_method(const char *text);

/* What is asked: of a site, or of where it redirects to. All is borrowed. */
struct request {
    const struct url *url;
    const char *method;
    const char
        *headers; /* fields closed with CR LF, in place of ours of the same name; NULL: none */
    const char *cookie;    /* "a=1; b=2"; NULL: none */
    const char *user_info; /* of Basic authorization; NULL: none */
    size_t user_info_bytes;
    const char *proxy_user_info; /* likewise, for the proxy that is asked; NULL: none */
    size_t proxy_user_info_bytes;
    const char *proxy_authorization; /* a value instead of those; "": none; NULL: not given */
    const struct content *content;   /* NULL: none */
    bool bare;       /* without User-Agent, Accept and Accept-Encoding of ours: what a load sends */
    bool absolute;   /* the whole URL in the request line, for a proxy (RFC 9112, section 3.2.2) */
    bool closing;    /* "Connection: close" */
    bool past_proxy; /* no proxy reads it: Proxy-Authorization among `headers` is left out */
};

/* What a site asks for itself. */
struct request request_of(const struct site *site);

/* The head of the request, closed with a NUL that is not sent; *length bytes. To be freed. Content is
   sent behind it. Ours are Host, User-Agent, Accept, Accept-Encoding, Authorization, Cookie, Connection,
   Content-Length and Content-Type. */
char *request_build(const struct request *request, size_t *length);

/* Whether it may be repeated (RFC 9110, section 9.2.2). */
bool request_is_idempotent(const char *method);

#endif

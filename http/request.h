/* The bytes of a request (RFC 9112, section 3). */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "http/site.h"

#define FIRSTBYTE_VERSION "0.1.0"

/* Checks "Name: value" (RFC 9110, section 5). Returns NULL, or why it cannot be sent: a static
   sentence. */
const char *request_check_header(const char *line, size_t length);

/* The same for the value of a field. */
const char *request_check_value(const char *value, size_t length);

/* "Basic dXNlcjpwYXNzd29yZA==" (RFC 7617) of "user:password", to be freed; NULL for NULL. */
char *request_basic(const char *user_info, size_t length);

/* Whether the text is a valid method: a token of at most 32 bytes, and not CONNECT. */
bool request_is_method(const char *text);

/* A request to a site or a redirect target. All pointers are borrowed. */
struct request {
    const struct url *url;
    const char *method;
    /* Lines that end with CR LF; they replace default fields of the same name; NULL: none. */
    const char *headers;
    const char *cookie;    /* "a=1; b=2"; NULL: none */
    const char *user_info; /* for Basic authorization; NULL: none */
    size_t user_info_bytes;
    const char *proxy_user_info; /* for the proxy; NULL: none */
    size_t proxy_user_info_bytes;
    /* Replaces the proxy's Basic credentials; "": no field; NULL: not set. */
    const char *proxy_authorization;
    const struct content *content; /* NULL: none */
    /* Without the default User-Agent, Accept and Accept-Encoding: for a load. */
    bool minimal_fields;
    /* The absolute URL in the request line, for a proxy (RFC 9112, section 3.2.2). */
    bool absolute_url;
    bool connection_close; /* the field "Connection: close" */
    /* Proxy-Authorization in `headers` is not sent: the request goes directly to the site. */
    bool omit_proxy_authorization;
};

/* The site's own request. */
struct request request_of(const struct site *site);

/* A field of a request. The texts are those of the request, or of the list. */
struct request_name_value {
    struct span name, value;
    const char *line; /* the user's line, with its CR LF; NULL: a default field */
    size_t line_bytes;
};

/* The fields of a request in the order in which they are sent. Default fields are Host, User-Agent,
   Accept, Accept-Encoding, Authorization, Proxy-Authorization, Cookie, Connection, Content-Length
   and Content-Type; the user's fields replace those of the same name. */
struct request_fields {
    struct request_name_value *list;
    size_t count;

    /* private */
    size_t room;
    char *authorization, *proxy, length[24];
};

/* The request must outlive the list. */
void request_fields_init(struct request_fields *fields, const struct request *request);
void request_fields_free(struct request_fields *fields);

/* The head of the request, *length bytes and a NUL that is not sent. To be freed. Content is sent
   after it. */
char *request_build(const struct request *request, size_t *length);

/* Whether a request with this method may be repeated (RFC 9110, section 9.2.2). */
bool request_is_idempotent(const char *method);

#endif

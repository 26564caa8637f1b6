/* The bytes of a request (RFC 9112, section 3), made once a site. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stddef.h>

#include "http/site.h"

#define FIRSTBYTE_VERSION "0.1.0"

/* NULL where "Name: value" may be sent as a field (RFC 9110, section 5), else why it may not: a
   static sentence. */
const char *request_check_header(const char *line, size_t length);

/* The request for a site, closed with a NUL that is not sent; *length bytes. To be freed. Fields of
   the site replace ours of the same name: Host, User-Agent, Accept, Authorization. */
char *request_build(const struct site *site, size_t *length);

#endif

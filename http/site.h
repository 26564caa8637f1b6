/* A site: the URL of a request and its options. It comes from a list or the command line; ownership
   passes to the fetcher. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "http/url.h"

/* The content of a request, shared by all sites that send it. */
struct content {
    size_t references; /* the last content_drop frees it */
    size_t count;
    char bytes[];
};

struct content *content_new(const char *bytes, size_t count); /* copied; one reference */
struct content *content_hold(struct content *content); /* adds a reference; NULL is allowed */
void content_drop(struct content *content);            /* removes one; NULL is allowed */

struct site {
    struct url url;          /* user_info comes from the URL or an option */
    uint64_t number;         /* in the order in which sites were taken, from 0 */
    uint64_t line;           /* of the list, or the number of the argument, from 1 */
    char *method;            /* NULL: GET, or POST with content */
    char *headers;           /* more fields of the request, each ending with CR LF; NULL: none */
    char *user;              /* "name:password" from an option, replaces `url.user_info` */
    char *cookie;            /* "a=1; b=2"; NULL: none */
    struct content *content; /* NULL: none */
    nsec timeout;            /* of an attempt, with all its redirects; NSEC_NEVER: none */
    /* Why the line is not a site; `url.shown` is then the line. NULL: it is a site. */
    char *line_error;
};

const char *site_method(const struct site *site); /* "GET" */

struct site *site_new(void);
void site_free(struct site *site); /* NULL is allowed */

#endif

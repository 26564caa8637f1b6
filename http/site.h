/* A site: what is asked, as data. It comes from a list or the command line and is owned by whoever
   holds it; the fetcher takes it over. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "http/url.h"

/* The bytes of a request's content: one copy, however many sites send it. */
struct content {
    size_t holders; /* the last to drop it frees it */
    size_t count;
    char bytes[];
};

struct content *content_new(const char *bytes, size_t count); /* copied; held once */
struct content *content_hold(struct content *content);        /* NULL is allowed */
void content_drop(struct content *content);                   /* likewise */

struct site {
    struct url url;  /* its user_info is that of the URL, or given beside it */
    uint64_t number; /* in the order in which sites were given out, from 0 */
    uint64_t line;   /* of the list, or the number of the argument, from 1 */
    char *method;    /* NULL: GET, or POST where there is content */
    char *headers;   /* more fields for the request, each closed with CR LF; NULL: none */
    char *user;      /* "name:password" given beside the URL: `url.user_info` is this then */
    char *cookie;    /* "a=1; b=2"; NULL: none */
    struct content *content; /* NULL: none */
    nsec timeout;            /* of an attempt with all its redirects; NSEC_NEVER: none */
    char *unreadable; /* why this is no site: then `url.shown` is the line. NULL: it is one */
};

const char *site_method(const struct site *site); /* "GET" */

struct site *site_new(void);
void site_free(struct site *site); /* NULL is allowed */

#endif

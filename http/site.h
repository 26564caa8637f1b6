/* A site: what is asked, as data. It comes from a list or the command line and is owned by whoever
   holds it; the fetcher takes it over. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/url.h"
#include "reactor/clock.h"

struct site {
    struct url url;
    uint64_t number;  /* its place in the list, from 0 */
    char *headers;    /* more fields for the request, each closed with CR LF; NULL: none */
    bool head;        /* HEAD instead of GET */
    nsec timeout;     /* of the whole; NSEC_NEVER: none */
    char *unreadable; /* why this is no site: then `url.shown` is the line. NULL: it is one */
};

struct site *site_new(void);
void site_free(struct site *site); /* NULL is allowed */

#endif

/* A site's memory. */
#include "http/site.h"

#include <stdlib.h>

#include "reactor/memory.h"

struct site *site_new(void)
{
    struct site *site = memory_zeroed(sizeof(*site));

    site->timeout = NSEC_NEVER;
    return site;
}

void site_free(struct site *site)
{
    if (!site)
        return;
    url_free(&site->url);
    free(site->headers);
    free(site->unreadable);
    free(site);
}

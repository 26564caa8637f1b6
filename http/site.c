/*
 * Creates and frees sites and their content. Sites are read from a list in cli/list/, and their
 * requests are built in http/request.c.
 */
#include "http/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct content *content_new(const char *bytes, size_t count)
{
    struct content *content = memory_get(sizeof(*content) + count);

    content->references = 1;
    content->count = count;
    memcpy(content->bytes, bytes, count);
    return content;
}

struct content *content_hold(struct content *content)
{
    if (content)
        content->references++;
    return content;
}

void content_drop(struct content *content)
{
    if (content && !--content->references)
        free(content);
}

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
    free(site->user);
    free(site->method);
    free(site->headers);
    free(site->cookie);
    content_drop(site->content);
    free(site->line_error);
    free(site);
}

const char *site_method(const struct site *site)
{
    if (site->method)
        return site->method;
    return site->content ? "POST" : "GET";
}

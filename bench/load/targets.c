/*
 * Each request is encoded once: for HTTP/1.1 as the bytes that are sent, for HTTP/2 as a list of
 * fields, because the encoding depends on the state of each connection (HPACK).
 *
 * A choice is a binary search in the cumulative weights. Rejected: an alias table. With a thousand
 * targets the search is ten comparisons, and a send costs thousands of times that.
 *
 * Requests have no Accept-Encoding, unless the user adds one: responses are not decoded here.
 */
#include "bench/load/targets.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/h2/h2.h"
#include "http/request.h"

struct targets {
    struct site *first;    /* for its URL */
    struct target *target; /* array; owns the bytes */
    uint64_t *until;       /* array; cumulative weights */
    size_t count;          /* length of both arrays */
};

static void build_h2(struct target *target, const struct site *site, const struct request *request)
{
    target->prepared = h2_request_new(request, site->url.https);
    target->content = content_hold(site->content);
}

static void build_h1(struct target *target, const struct request *request)
{
    const struct content *content = request->content;
    char *bytes = request_build(request, &target->count);

    if (content) {
        bytes = memory_grow(bytes, target->count + content->count, 1);
        memcpy(bytes + target->count, content->bytes, content->count);
        target->count += content->count;
    }
    target->bytes = bytes;
    target->is_head_request = !strcmp(request->method, "HEAD");
}

static void build(struct target *target, const struct site *site, bool multiplexed,
                  bool connection_close)
{
    struct request request = request_of(site);

    request.minimal_fields = true;
    request.connection_close = connection_close;
    if (multiplexed)
        build_h2(target, site, &request);
    else
        build_h1(target, &request);
}

struct targets *targets_new(struct site **sites, const unsigned *weights, size_t count,
                            enum http_versions versions, bool connection_close,
                            size_t *other_origin)
{
    bool multiplexed = versions_multiplex(versions, sites[0]->url.https);
    struct targets *targets;
    uint64_t sum = 0;

    for (size_t i = 1; i < count; i++)
        if (!url_shares_origin(&sites[0]->url, &sites[i]->url)) {
            *other_origin = i;
            return NULL;
        }
    targets = memory_get(sizeof(*targets));
    *targets = (struct targets){
        .first = sites[0],
        .target = memory_zeroed(count * sizeof(*targets->target)),
        .until = memory_get(count * sizeof(*targets->until)),
        .count = count,
    };
    for (size_t i = 0; i < count; i++) {
        build(&targets->target[i], sites[i], multiplexed, connection_close);
        targets->until[i] = sum += weights[i];
        if (i)
            site_free(sites[i]);
    }
    return targets;
}

static void free_target(struct target *target)
{
    free((char *)target->bytes);
    h2_request_free((struct h2_request *)target->prepared);
    content_drop(target->content);
}

void targets_free(struct targets *targets)
{
    if (!targets)
        return;
    for (size_t i = 0; i < targets->count; i++)
        free_target(&targets->target[i]);
    free(targets->target);
    free(targets->until);
    site_free(targets->first);
    free(targets);
}

const struct url *targets_url(const struct targets *targets)
{
    return &targets->first->url;
}

size_t targets_count(const struct targets *targets)
{
    return targets->count;
}

const struct target *targets_pick(const struct targets *targets, uint64_t random)
{
    size_t low = 0, high = targets->count - 1;
    uint64_t at;

    if (!high)
        return targets->target;
    /* uniform from 0 to the sum, excluded; a remainder would be biased */
    at = (uint64_t)((unsigned __int128)random * targets->until[high] >> 64);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (at < targets->until[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return &targets->target[low];
}

/*
 * The requests are made once, whole: to send one again is to send the same bytes. A choice is a binary
 * search in the sums of the weights. An alias table, which would look at one place only, was rejected:
 * a load of a thousand targets compares ten numbers, and the send costs thousands of times that.
 *
 * No content coding is asked for, unless a header does: what is measured is the server as a plain
 * client sees it, and an answer is not decoded here.
 */
#include "bench/load/targets.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/request.h"

struct targets {
    struct site *first;    /* for its URL */
    struct target *target; /* whose bytes are owned here */
    uint64_t *until;       /* the sum of the weights, up to each one's own */
    size_t count;          /* of both */
};

/* Makes the whole request of a site. */
static void build(struct target *target, const struct site *site, bool closing)
{
    struct request request = request_of(site);
    const struct content *content = request.content;
    char *bytes;

    request.bare = true;
    request.closing = closing;
    bytes = request_build(&request, &target->count);
    if (content) {
        bytes = memory_grow(bytes, target->count + content->count, 1);
        memcpy(bytes + target->count, content->bytes, content->count);
        target->count += content->count;
    }
    target->bytes = bytes;
    target->head = !strcmp(request.method, "HEAD");
}

struct targets *targets_new(struct site **sites, const unsigned *weights, size_t count,
                            bool closing, size_t *stranger)
{
    struct targets *targets;
    uint64_t sum = 0;

    for (size_t i = 1; i < count; i++)
        if (!url_shares_origin(&sites[0]->url, &sites[i]->url)) {
            *stranger = i;
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
        build(&targets->target[i], sites[i], closing);
        targets->until[i] = sum += weights[i];
        if (i)
            site_free(sites[i]);
    }
    return targets;
}

void targets_free(struct targets *targets)
{
    if (!targets)
        return;
    for (size_t i = 0; i < targets->count; i++)
        free((char *)targets->target[i].bytes);
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
    /* from 0 to the sum of all, without the bias of a remainder */
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

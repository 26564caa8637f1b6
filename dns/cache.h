/*
 * The resolver's cache of names. Its size is limited: a full cache drops the least recently used
 * name.
 */
#ifndef DNS_CACHE_H
#define DNS_CACHE_H

#include "base/clock.h"
#include "dns/resolve.h"

struct name_cache;

/* The result of a lookup. */
struct name_result {
    enum resolve_status status;
    size_t count; /* number of addresses; 0 unless the status is RESOLVE_OK */
    struct address addresses[RESOLVER_MAX_ADDRESSES];
};

/* Creates a cache of at most `max` names, at least one. The caller frees it. */
struct name_cache *name_cache_new(size_t max);
void name_cache_free(struct name_cache *names);

/* Keeps a copy of the result until the time `until`, instead of an older result of that name. Names
   are compared without regard to case; "a" and "a." are different. `hash` is hash_text(name):
   callers have it already, and computing it takes as long as the rest of this function. */
void name_cache_put(struct name_cache *names, const char *name, uint32_t hash,
                    const struct name_result *result, nsec until);

/* Copies the result of the name. Returns false if the cache has none at the time `now`. */
bool name_cache_get(struct name_cache *names, const char *name, uint32_t hash, nsec now,
                    struct name_result *result);

#endif

/*
 * What is known of names, for a time: the resolver's cache. Bounded; where it is full, the name that
 * was looked for the longest ago makes room.
 */
#ifndef DNS_CACHE_H
#define DNS_CACHE_H

#include "base/clock.h"
#include "dns/resolve.h"

struct names;

/* What came of a lookup. */
struct known {
    enum resolve_status status;
    size_t count; /* of addresses; 0 unless the status is RESOLVE_OK */
    struct address addresses[RESOLVER_MAX_ADDRESSES];
};

/* A cache of at most `most` names, at least one. The caller frees it. */
struct names *names_new(size_t max);
void names_free(struct names *names);

/* Keeps a copy until the time `until`, in the place of what was known of that name. Names are
   compared without regard to case; "a" and "a." are two. `hash` is hash_text(name): the caller has it
   at hand, and to make it costs as much as all the rest. */
void names_keep(struct names *names, const char *name, uint32_t hash, const struct known *known,
                nsec until);

/* Copies what is known of the name at the time `now`. False where nothing is. */
bool names_find(struct names *names, const char *name, uint32_t hash, nsec now,
                struct known *known);

#endif

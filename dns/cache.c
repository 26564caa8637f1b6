/*
 * A hash table with a list of its entries in the order of use. An entry is one block of memory with
 * room for its addresses only: most names have one or two, and 16 addresses for each of 16,384
 * names take 9 MB. An expired entry is dropped when its name is looked up. Rejected: a timer for
 * each entry, because new entries push out the expired ones.
 */
#include "dns/cache.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/table.h"

struct entry {
    struct table_link link; /* in names->table */
    struct link used;       /* in names->used */
    nsec until;             /* when it expires */
    const char *name;       /* stored after the addresses */
    enum resolve_status status;
    unsigned count;             /* number of addresses */
    struct address addresses[]; /* followed by the name */
};

struct name_cache {
    struct link used; /* most recently used first */
    size_t max;
    struct table table; /* by name */
};

struct name_cache *name_cache_new(size_t max)
{
    struct name_cache *names = memory_zeroed(sizeof(*names));

    list_init(&names->used);
    names->max = max;
    return names;
}

static struct entry *find(const struct name_cache *names, const char *name, uint32_t hash)
{
    struct entry *entry;

    TABLE_EACH (entry, &names->table, hash, link)
        if (!strcasecmp(entry->name, name))
            return entry;
    return NULL;
}

static void forget(struct name_cache *names, struct entry *entry)
{
    table_remove(&names->table, &entry->link);
    list_remove(&entry->used);
    free(entry);
}

void name_cache_free(struct name_cache *names)
{
    while (!list_is_empty(&names->used))
        forget(names, LIST_OWNER(names->used.next, struct entry, used));
    table_free(&names->table);
    free(names);
}

void name_cache_put(struct name_cache *names, const char *name, uint32_t hash,
                    const struct name_result *result, nsec until)
{
    size_t addresses = result->count * sizeof(*result->addresses), bytes = strlen(name) + 1;
    struct entry *entry = find(names, name, hash);

    if (entry)
        forget(names, entry);
    if (names->table.count == names->max)
        forget(names, LIST_OWNER(names->used.prev, struct entry, used));
    entry = memory_get(sizeof(*entry) + addresses + bytes);
    entry->until = until;
    entry->status = result->status;
    entry->count = (unsigned)result->count;
    memcpy(entry->addresses, result->addresses, addresses);
    entry->name = memcpy(entry->addresses + result->count, name, bytes);
    table_add(&names->table, &entry->link, hash);
    list_put_first(&names->used, &entry->used);
}

bool name_cache_get(struct name_cache *names, const char *name, uint32_t hash, nsec now,
                    struct name_result *result)
{
    struct entry *entry = find(names, name, hash);

    if (!entry)
        return false;
    if (entry->until <= now) {
        forget(names, entry);
        return false;
    }
    list_remove(&entry->used);
    list_put_first(&names->used, &entry->used);
    result->status = entry->status;
    result->count = entry->count;
    memcpy(result->addresses, entry->addresses, entry->count * sizeof(*entry->addresses));
    return true;
}

/*
 * A table of names with a list through it, the latest used in front. An entry is one piece of memory,
 * with room for the addresses there are: most names have one or two, and 16 for each of 16,384 would
 * be 9 MB. Time is looked at when a name is looked for; a timer a name was rejected, for what is
 * forgotten late is pushed out by what is new.
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
    struct link used;       /* in the order of use */
    nsec until;             /* from then on it is not known any more */
    const char *name;       /* behind the addresses */
    enum resolve_status status;
    unsigned count;             /* of addresses */
    struct address addresses[]; /* and the name */
};

struct names {
    struct link used; /* the latest used first */
    size_t max;
    struct table table; /* by name */
};

struct names *names_new(size_t max)
{
    struct names *names = memory_zeroed(sizeof(*names));

    list_init(&names->used);
    names->max = max;
    return names;
}

static struct entry *find(const struct names *names, const char *name, uint32_t hash)
{
    struct entry *entry;

    TABLE_EACH (entry, &names->table, hash, link)
        if (!strcasecmp(entry->name, name))
            return entry;
    return NULL;
}

static void forget(struct names *names, struct entry *entry)
{
    table_remove(&names->table, &entry->link);
    list_remove(&entry->used);
    free(entry);
}

void names_free(struct names *names)
{
    while (!list_is_empty(&names->used))
        forget(names, LIST_OWNER(names->used.next, struct entry, used));
    table_free(&names->table);
    free(names);
}

void names_keep(struct names *names, const char *name, uint32_t hash, const struct known *known,
                nsec until)
{
    size_t addresses = known->count * sizeof(*known->addresses), bytes = strlen(name) + 1;
    struct entry *entry = find(names, name, hash);

    if (entry)
        forget(names, entry);
    if (names->table.count == names->max)
        forget(names, LIST_OWNER(names->used.prev, struct entry, used));
    entry = memory_get(sizeof(*entry) + addresses + bytes);
    entry->until = until;
    entry->status = known->status;
    entry->count = (unsigned)known->count;
    memcpy(entry->addresses, known->addresses, addresses);
    entry->name = memcpy(entry->addresses + known->count, name, bytes);
    table_add(&names->table, &entry->link, hash);
    list_put_first(&names->used, &entry->used);
}

bool names_find(struct names *names, const char *name, uint32_t hash, nsec now, struct known *known)
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
    known->status = entry->status;
    known->count = entry->count;
    memcpy(known->addresses, entry->addresses, entry->count * sizeof(*entry->addresses));
    return true;
}

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
#include <sys/queue.h>

#include "base/memory.h"

#define SLOTS 16384 /* of the table; a full cache has an entry in each */

struct entry {
    struct entry *next;      /* in its slot of the table */
    TAILQ_ENTRY(entry) used; /* in the order of use */
    nsec until;              /* from then on it is not known any more */
    const char *name;        /* behind the addresses */
    uint32_t hash;           /* of the name */
    enum resolve_status status;
    unsigned count;             /* of addresses */
    struct address addresses[]; /* and the name */
};

struct names {
    TAILQ_HEAD(used_list, entry) used; /* the latest used first */
    size_t count, most;
    struct entry *table[SLOTS];
};

struct names *names_new(size_t most)
{
    struct names *names = memory_zeroed(sizeof(*names));

    TAILQ_INIT(&names->used);
    names->most = most;
    return names;
}

/* Where the name's entry hangs, or its slot's end. */
static struct entry **link_of(struct names *names, const char *name, uint32_t hash)
{
    struct entry **link = &names->table[hash % SLOTS];

    while (*link && ((*link)->hash != hash || strcasecmp((*link)->name, name) != 0))
        link = &(*link)->next;
    return link;
}

static void forget(struct names *names, struct entry *entry)
{
    struct entry **link = &names->table[entry->hash % SLOTS];

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    TAILQ_REMOVE(&names->used, entry, used);
    names->count--;
    free(entry);
}

void names_free(struct names *names)
{
    struct entry *entry;

    while ((entry = TAILQ_FIRST(&names->used)))
        forget(names, entry);
    free(names);
}

void names_keep(struct names *names, const char *name, uint32_t hash, const struct known *known,
                nsec until)
{
    size_t addresses = known->count * sizeof(*known->addresses), bytes = strlen(name) + 1;
    struct entry *entry = *link_of(names, name, hash);

    if (entry)
        forget(names, entry);
    if (names->count == names->most)
        forget(names, TAILQ_LAST(&names->used, used_list));
    entry = memory_get(sizeof(*entry) + addresses + bytes);
    entry->until = until;
    entry->hash = hash;
    entry->status = known->status;
    entry->count = (unsigned)known->count;
    memcpy(entry->addresses, known->addresses, addresses);
    entry->name = memcpy(entry->addresses + known->count, name, bytes);
    entry->next = names->table[hash % SLOTS];
    names->table[hash % SLOTS] = entry;
    TAILQ_INSERT_HEAD(&names->used, entry, used);
    names->count++;
}

bool names_find(struct names *names, const char *name, uint32_t hash, nsec now, struct known *known)
{
    struct entry *entry = *link_of(names, name, hash);

    if (!entry)
        return false;
    if (entry->until <= now) {
        forget(names, entry);
        return false;
    }
    TAILQ_REMOVE(&names->used, entry, used);
    TAILQ_INSERT_HEAD(&names->used, entry, used);
    known->status = entry->status;
    known->count = entry->count;
    memcpy(known->addresses, entry->addresses, entry->count * sizeof(*entry->addresses));
    return true;
}

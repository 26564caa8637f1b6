/*
 * A ring of lines. The lines of one hash form a circular list from the oldest to the newest,
 * without a list head; the table holds the oldest. Lines already read in order are dropped from it.
 */
#include "cli/list/ahead.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/table.h"

struct ahead_entry {
    struct ahead_line line;
    struct link same;        /* the next newer line of its hash; after the newest the oldest */
    struct table_link first; /* in the table, if it is the oldest of its hash */
};

struct ahead {
    uint64_t added; /* number of lines added so far */
    struct table table;
    struct ahead_entry ring[AHEAD_LINES];
};

struct ahead *ahead_new(void)
{
    return memory_zeroed(sizeof(struct ahead));
}

void ahead_free(struct ahead *ahead)
{
    if (!ahead)
        return;
    table_free(&ahead->table);
    free(ahead);
}

static struct ahead_entry *oldest(const struct ahead *ahead, uint32_t hash)
{
    struct table_link *link = table_find(&ahead->table, hash);

    return link ? TABLE_OWNER(link, struct ahead_entry, first) : NULL;
}

/* The next newer line of the hash, of which `first` is the oldest; NULL: none. */
static struct ahead_entry *newer(const struct ahead_entry *entry, const struct ahead_entry *first)
{
    struct ahead_entry *next = LIST_OWNER(entry->same.next, struct ahead_entry, same);

    return next == first ? NULL : next;
}

static void drop(struct ahead *ahead, struct ahead_entry *entry)
{
    if (entry == oldest(ahead, entry->line.hash)) {
        struct ahead_entry *next = newer(entry, entry);

        table_remove(&ahead->table, &entry->first);
        if (next)
            table_add(&ahead->table, &next->first, next->line.hash);
    }
    list_remove(&entry->same);
}

void ahead_add(struct ahead *ahead, uint32_t hash, uint64_t offset, size_t number)
{
    struct ahead_entry *entry = &ahead->ring[ahead->added++ % AHEAD_LINES], *first;

    if (list_is_in(&entry->same))
        drop(ahead, entry);
    entry->line = (struct ahead_line){offset, hash, number};
    first = oldest(ahead, hash);
    if (first) {
        list_put_last(&first->same, &entry->same);
    } else {
        list_init(&entry->same);
        table_add(&ahead->table, &entry->first, hash);
    }
}

bool ahead_take(struct ahead *ahead, uint32_t hash, uint64_t offset,
                bool (*fits)(void *owner, const struct ahead_line *line), void *owner,
                struct ahead_line *line)
{
    struct ahead_entry *first;

    while ((first = oldest(ahead, hash)) && first->line.offset < offset)
        drop(ahead, first);
    for (struct ahead_entry *entry = first; entry; entry = newer(entry, first)) {
        if (!fits(owner, &entry->line))
            continue;
        *line = entry->line;
        drop(ahead, entry);
        return true;
    }
    return false;
}

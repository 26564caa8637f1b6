/*
 * Chains in a table of slots. The table doubles when it has more members than slots and never
 * shrinks. Open addressing was rejected: removing a member would move others, and the links could
 * not be part of their owners.
 */
#include "base/table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

#define FIRST_SLOTS 16

static struct table_link **slot_of(const struct table *table, uint32_t hash)
{
    return &table->slots[hash & (table->slot_count - 1)];
}

/* Doubles the slots: the members of slot i go into slots i and i + old.slot_count. They keep their
   order, so that the newest is still found first. */
static void grow(struct table *table)
{
    struct table old = *table;

    table->slot_count = old.slot_count ? old.slot_count * 2 : FIRST_SLOTS;
    table->slots = memory_zeroed(table->slot_count * sizeof(struct table_link *));
    for (size_t i = 0; i < old.slot_count; i++) {
        struct table_link **low_end = &table->slots[i];
        struct table_link **high_end = &table->slots[i + old.slot_count];

        for (struct table_link *link = old.slots[i]; link; link = link->next) {
            struct table_link ***end = link->hash & old.slot_count ? &high_end : &low_end;

            **end = link;
            *end = &link->next;
        }
        *low_end = *high_end = NULL;
    }
    free(old.slots);
}

void table_add(struct table *table, struct table_link *link, uint32_t hash)
{
    struct table_link **slot;

    if (table->count == table->slot_count)
        grow(table);
    slot = slot_of(table, hash);
    link->hash = hash;
    link->next = *slot;
    *slot = link;
    table->count++;
}

void table_remove(struct table *table, struct table_link *link)
{
    struct table_link **at;

    assert(table->count);
    at = slot_of(table, link->hash);
    while (*at != link) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = link->next;
    link->next = NULL;
    table->count--;
}

/* Returns the first member of a chain, beginning with `link`, that has this hash. */
static struct table_link *with_hash(struct table_link *link, uint32_t hash)
{
    while (link && link->hash != hash)
        link = link->next;
    return link;
}

struct table_link *table_find(const struct table *table, uint32_t hash)
{
    return table->slot_count ? with_hash(*slot_of(table, hash), hash) : NULL;
}

struct table_link *table_next(const struct table_link *link)
{
    return with_hash(link->next, link->hash);
}

void table_clear(struct table *table, void (*remove)(struct table_link *link))
{
    struct table old = *table;

    *table = (struct table){0};
    for (size_t i = 0; i < old.slot_count; i++) {
        for (struct table_link *link = old.slots[i], *next; link; link = next) {
            next = link->next;
            link->next = NULL;
            remove(link);
        }
    }
    free(old.slots);
}

void table_free(struct table *table)
{
    free(table->slots);
    *table = (struct table){0};
}

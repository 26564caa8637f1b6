/*
 * A ring of lines; those of one slot are chained from the oldest to the newest, so that what has had
 * its turn is at the beginning, and is dropped there.
 */
#include "cli/list/ahead.h"

#include <stdlib.h>

#include "base/memory.h"

#define SLOTS 2048 /* a power of two */

struct entry {
    struct ahead_line line;
    uint64_t newer; /* the number of the next in the slot; 0: none */
};

struct slot {
    uint64_t first, last; /* numbers; 0: none */
};

struct ahead {
    uint64_t added; /* lines in all; the last has this number */
    struct slot slots[SLOTS];
    struct entry ring[AHEAD_LINES];
};

struct ahead *ahead_new(void)
{
    return memory_zeroed(sizeof(struct ahead));
}

void ahead_free(struct ahead *ahead)
{
    free(ahead);
}

void ahead_clear(struct ahead *ahead)
{
    for (size_t i = 0; i < SLOTS; i++)
        ahead->slots[i] = (struct slot){0, 0};
}

static struct entry *entry_of(struct ahead *ahead, uint64_t number)
{
    return &ahead->ring[number % AHEAD_LINES];
}

/* Takes `number` out of its slot, where `before` stands in front of it; 0: nothing does. */
static void unlink_entry(struct ahead *ahead, struct slot *slot, uint64_t number, uint64_t before)
{
    uint64_t newer = entry_of(ahead, number)->newer;

    if (before)
        entry_of(ahead, before)->newer = newer;
    else
        slot->first = newer;
    if (slot->last == number)
        slot->last = before;
}

/* The place in the ring is needed: what is there, if it was not taken, is the oldest of its slot. */
static void make_room(struct ahead *ahead, uint64_t number)
{
    struct slot *slot = &ahead->slots[entry_of(ahead, number)->line.hash % SLOTS];

    if (number > AHEAD_LINES && slot->first == number - AHEAD_LINES)
        unlink_entry(ahead, slot, slot->first, 0);
}

void ahead_add(struct ahead *ahead, uint32_t hash, uint64_t place, size_t number)
{
    uint64_t mine = ++ahead->added;
    struct slot *slot = &ahead->slots[hash % SLOTS];

    make_room(ahead, mine);
    *entry_of(ahead, mine) = (struct entry){{place, hash, number}, 0};
    if (slot->first)
        entry_of(ahead, slot->last)->newer = mine;
    else
        slot->first = mine;
    slot->last = mine;
}

bool ahead_take(struct ahead *ahead, uint32_t hash, uint64_t place,
                bool (*fits)(void *owner, const struct ahead_line *line), void *owner,
                struct ahead_line *line)
{
    struct slot *slot = &ahead->slots[hash % SLOTS];

    while (slot->first && entry_of(ahead, slot->first)->line.place < place)
        unlink_entry(ahead, slot, slot->first, 0);
    for (uint64_t at = slot->first, before = 0; at; before = at, at = entry_of(ahead, at)->newer) {
        *line = entry_of(ahead, at)->line;
        if (line->hash != hash || !fits(owner, line))
            continue;
        unlink_entry(ahead, slot, at, before);
        return true;
    }
    return false;
}

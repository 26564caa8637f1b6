/*
 * A hash table with open addressing, a word a place. What was taken out stays as a place without a mark
 * until the table is made anew, which is when half of its slots are used. A bitmap between the lowest and
 * the highest place was rejected: one slow site would make it as long as the list.
 */
#include "cli/fetch/places.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

#define MARK_BITS  2
#define LEAST_ROOM 64
#define GOLDEN     UINT64_C(0x9e3779b97f4a7c15) /* 2^64 over the golden ratio: spreads a row */

static enum place_mark mark_of(uint64_t slot)
{
    return (enum place_mark)(slot & ((1 << MARK_BITS) - 1));
}

static size_t home_of(const struct places *places, uint64_t place)
{
    return (size_t)(place * GOLDEN >> 32) & (places->room - 1);
}

/* The slot that holds the place, or the free one where it belongs. */
static size_t find(const struct places *places, uint64_t place)
{
    size_t at = home_of(places, place);

    while (places->slots[at] && places->slots[at] >> MARK_BITS != place)
        at = (at + 1) & (places->room - 1);
    return at;
}

void places_free(struct places *places)
{
    free(places->slots);
    *places = (struct places){0};
}

enum place_mark places_get(const struct places *places, uint64_t place)
{
    return places->room ? mark_of(places->slots[find(places, place)]) : PLACE_NONE;
}

/* Whether the place of a used slot need not be kept. */
static bool is_past(const struct places *places, uint64_t slot)
{
    return mark_of(slot) == PLACE_NONE ||
           (mark_of(slot) == PLACE_REPORTED && slot >> MARK_BITS <= places->floor);
}

/* Forgets what is past, and makes room for as many again as are left. */
static void make_room(struct places *places)
{
    struct places old = *places;
    size_t kept = 0;

    for (size_t i = 0; i < old.room; i++)
        kept += old.slots[i] && !is_past(&old, old.slots[i]);
    places->room = LEAST_ROOM;
    while (places->room < 4 * kept)
        places->room *= 2;
    places->slots = memory_zeroed(places->room * sizeof(*places->slots));
    places->filled = places->used = kept;
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i] && !is_past(&old, old.slots[i]))
            places->slots[find(places, old.slots[i] >> MARK_BITS)] = old.slots[i];
    free(old.slots);
}

void places_set(struct places *places, uint64_t place, enum place_mark mark)
{
    enum place_mark before;
    size_t at;

    if (2 * (places->filled + 1) > places->room)
        make_room(places);
    at = find(places, place);
    before = mark_of(places->slots[at]);
    places->taken += (size_t)(mark == PLACE_TAKEN) - (before == PLACE_TAKEN);
    places->used += (size_t)(mark != PLACE_NONE) - (before != PLACE_NONE);
    if (mark == PLACE_NONE && !places->slots[at])
        return;
    places->filled += !places->slots[at];
    places->slots[at] = place << MARK_BITS | (uint64_t)mark;
}

uint64_t places_next(const struct places *places, size_t *at, enum place_mark *mark)
{
    while (*at < places->room) {
        uint64_t slot = places->slots[(*at)++];

        if (!slot || is_past(places, slot))
            continue;
        *mark = mark_of(slot);
        return slot >> MARK_BITS;
    }
    return 0;
}

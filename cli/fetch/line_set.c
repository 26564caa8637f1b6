/*
 * A hash table with open addressing, one word per line. A line that was taken out leaves a slot
 * with LINE_NONE until the table is rebuilt, when half of its slots are filled. Rejected: a bitmap
 * from the lowest to the highest line. One slow site would make it as long as the list.
 */
#include "cli/fetch/line_set.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

#define MARK_BITS  2
#define LEAST_ROOM 64
/* 2^64 divided by the golden ratio: spreads consecutive numbers */
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

static enum line_mark mark_of(uint64_t slot)
{
    return (enum line_mark)(slot & ((1 << MARK_BITS) - 1));
}

static size_t home_of(const struct line_set *lines, uint64_t line)
{
    return (size_t)(line * GOLDEN >> 32) & (lines->room - 1);
}

/* The slot that holds the line, or the free slot for it. */
static size_t find(const struct line_set *lines, uint64_t line)
{
    size_t at = home_of(lines, line);

    while (lines->slots[at] && lines->slots[at] >> MARK_BITS != line)
        at = (at + 1) & (lines->room - 1);
    return at;
}

void line_set_free(struct line_set *lines)
{
    free(lines->slots);
    *lines = (struct line_set){0};
}

enum line_mark line_set_get(const struct line_set *lines, uint64_t line)
{
    return lines->room ? mark_of(lines->slots[find(lines, line)]) : LINE_NONE;
}

/* Whether the set may forget the line of a filled slot. */
static bool is_past(const struct line_set *lines, uint64_t slot)
{
    return mark_of(slot) == LINE_NONE ||
           (mark_of(slot) == LINE_REPORTED && slot >> MARK_BITS <= lines->floor);
}

/* Rebuilds the table without lines that may be forgotten, four times as large as needed or more. */
static void rebuild(struct line_set *lines)
{
    struct line_set old = *lines;
    size_t kept = 0;

    for (size_t i = 0; i < old.room; i++)
        kept += old.slots[i] && !is_past(&old, old.slots[i]);
    lines->room = LEAST_ROOM;
    while (lines->room < 4 * kept)
        lines->room *= 2;
    lines->slots = memory_zeroed(lines->room * sizeof(*lines->slots));
    lines->filled = lines->used = kept;
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i] && !is_past(&old, old.slots[i]))
            lines->slots[find(lines, old.slots[i] >> MARK_BITS)] = old.slots[i];
    free(old.slots);
}

void line_set_mark(struct line_set *lines, uint64_t line, enum line_mark mark)
{
    enum line_mark prev;
    size_t at;

    if (2 * (lines->filled + 1) > lines->room)
        rebuild(lines);
    at = find(lines, line);
    prev = mark_of(lines->slots[at]);
    lines->in_flight += (size_t)(mark == LINE_IN_FLIGHT) - (prev == LINE_IN_FLIGHT);
    lines->used += (size_t)(mark != LINE_NONE) - (prev != LINE_NONE);
    if (mark == LINE_NONE && !lines->slots[at])
        return;
    lines->filled += !lines->slots[at];
    lines->slots[at] = line << MARK_BITS | (uint64_t)mark;
}

uint64_t line_set_next(const struct line_set *lines, size_t *at, enum line_mark *mark)
{
    while (*at < lines->room) {
        uint64_t slot = lines->slots[(*at)++];

        if (!slot || is_past(lines, slot))
            continue;
        *mark = mark_of(slot);
        return slot >> MARK_BITS;
    }
    return 0;
}

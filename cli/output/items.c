/* Rejected: to go on with less important items after one that does not fit. The line would change
   its items whenever a number gets another digit. */
#include "cli/output/items.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/output/figures.h"

struct item *items_add(struct items *items, unsigned rank, const char *between, const char *format,
                       ...)
{
    struct item *item = &items->list[items->count++];
    va_list list;

    assert(items->count <= ITEMS_MAX);
    *item = (struct item){.between = between, .shade = "", .rank = rank};
    va_start(list, format);
    vsnprintf(item->text, sizeof(item->text), format, list);
    va_end(list);
    return item;
}

void items_add_classes(struct items *items, unsigned rank, const uint64_t counts[ITEMS_CLASSES])
{
    /* the rank of each class; failures of a server are the most important */
    static const unsigned char ranks[ITEMS_CLASSES] = {9, 4, 2, 3, 1, 0, 5, 6, 7, 8};

    for (unsigned class = 0; class < ITEMS_CLASSES; class ++)
        if (counts[class])
            items_add(items, rank + ranks[class], ", ", "%uxx %s", class,
                      figure_count(counts[class]).text);
}

/* The columns of the shown items. */
static size_t columns_of(const struct items *items)
{
    size_t columns = 0;

    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->list[i];

        if (item->shown)
            columns += (columns ? strlen(item->between) : 0) + strlen(item->text);
    }
    return columns;
}

/* The most important item that is not shown; NULL: all are shown. */
static struct item *next_item(struct items *items)
{
    struct item *next = NULL;

    for (size_t i = 0; i < items->count; i++) {
        struct item *item = &items->list[i];

        if (!item->shown && (!next || item->rank < next->rank))
            next = item;
    }
    return next;
}

size_t items_fit(struct items *items, size_t columns)
{
    struct item *next;
    size_t taken = 0;

    for (size_t i = 0; i < items->count; i++)
        items->list[i].shown = false;
    while ((next = next_item(items))) {
        size_t with_next;

        next->shown = true;
        with_next = columns_of(items);
        if (with_next > columns) {
            next->shown = false;
            break;
        }
        taken = with_next;
    }
    return taken;
}

/* The items of a line on a terminal: on a narrow terminal the least important items are left out,
   and the others are whole. */
#ifndef CLI_OUTPUT_ITEMS_H
#define CLI_OUTPUT_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITEMS_MAX  24
#define ITEM_BYTES 64

struct item {
    const char *between;   /* separates it from the shown item before it */
    char text[ITEM_BYTES]; /* ASCII */
    const char *shade;     /* a colour of cli/output/terminal.h, or ""; the caller may set it */
    unsigned rank;         /* 0 is the most important */
    bool shown;
};

/* Zeroed: no item. */
struct items {
    struct item list[ITEMS_MAX];
    size_t count;
};

/* Appends an item, without a shade. `between` is borrowed. Ranks should differ. */
__attribute__((format(printf, 4, 5))) struct item *
items_add(struct items *items, unsigned rank, const char *between, const char *format, ...);

#define ITEMS_CLASSES 10 /* of a status: its first digit */

/* Appends an item "2xx 1,000" for each class that has occurred. The ranks begin with `rank`: 5xx,
   4xx, 2xx, 3xx, and the others. */
void items_add_classes(struct items *items, unsigned rank, const uint64_t counts[ITEMS_CLASSES]);

/* Sets `shown` of each item: as many as fit, in the order of their ranks. Returns the columns that
   they take. */
size_t items_fit(struct items *items, size_t columns);

#endif

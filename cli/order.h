/* Lines in the list's order, though their sites finish in another. What waits for its turn is
   bounded: while the window is full, no new site is started. */
#ifndef CLI_ORDER_H
#define CLI_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_WINDOW 4096 /* sites between the next line and the last one started */

struct order;

/* `line` gets each line when its turn has come. */
struct order *order_new(void (*line)(void *owner, const char *bytes, size_t length), void *owner);
void order_free(struct order *order);

/* Whether the site of that number may start. */
bool order_has_room(const struct order *order, uint64_t number);

/* The line of a site; copied. Every number comes once. */
void order_put(struct order *order, uint64_t number, const char *bytes, size_t length);

/* Passes on what still waits behind a site that never came, in order. */
void order_flush(struct order *order);

#endif

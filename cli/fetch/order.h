/*
 * Writes result lines in the order of the list, although the sites finish in another order. The
 * lines that wait are limited in number and in bytes. While there is no room, no new site is
 * started.
 */
#ifndef CLI_FETCH_ORDER_H
#define CLI_FETCH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sites between the next line to be written and the last site started */
#define ORDER_WINDOW    16384
#define ORDER_MAX_BYTES (32 * 1024 * 1024)

struct order;

struct order_line {
    uint64_t number; /* of the site in this run, from 0 */
    uint64_t line;   /* passed on: the line of the list, and whether the site failed */
    bool failed;
    const char *bytes; /* the text */
    size_t length;
};

/* `line` is called with each line in order. The text is valid during the call, which must not call
   a function of order. */
struct order *order_new(void (*line)(void *owner, const struct order_line *line), void *owner);
void order_free(struct order *order);

/* Whether the site `number` may be started: it is in the window, and the waiting lines are below
   the limit. The site of the next line may always start, because the other lines wait for it. */
bool order_has_room(const struct order *order, uint64_t number);

/* Adds the line of a site for which there was room. The bytes are copied. Each number is added
   once. */
void order_put(struct order *order, const struct order_line *line);

/* Writes all waiting lines in order, also those that wait for a site that was not reported. */
void order_flush(struct order *order);

#endif

/*
 * Lines in the list's order, though their sites finish in another. What waits for its turn is bounded,
 * in lines and in bytes: while there is no room, no new site is started.
 */
#ifndef CLI_FETCH_ORDER_H
#define CLI_FETCH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_WINDOW    16384 /* sites between the next line and the last one started */
#define ORDER_MAX_BYTES (32 * 1024 * 1024)

struct order;

struct order_line {
    uint64_t number;   /* of the site: its turn, from 0 */
    uint64_t line;     /* the rest is passed on as it is: where the site stands in the list, */
    bool failed;       /* and how it came out */
    const char *bytes; /* the line */
    size_t length;
};

/* `line` gets each line when its turn has come; valid during the call, which makes none of order's. */
struct order *order_new(void (*line)(void *owner, const struct order_line *line), void *owner);
void order_free(struct order *order);

/* Whether the site of that number may start: it is within the window, and the lines that wait are not
   too many bytes. The one whose turn it is always may, for the others wait for it. */
bool order_has_room(const struct order *order, uint64_t number);

/* The line of a site, which had room; its bytes are copied. Every number comes once. */
void order_put(struct order *order, const struct order_line *line);

/* Passes on what still waits behind a site that never came, in order. */
void order_flush(struct order *order);

#endif

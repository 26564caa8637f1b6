/* A ring of lines by number modulo the window. */
#include "cli/order.h"

#include <stdlib.h>

#include "reactor/memory.h"

struct order {
    void (*line)(void *owner, const char *bytes, size_t length);
    void *owner;
    uint64_t next; /* the number whose turn it is */
    struct {
        char *bytes; /* NULL: not here yet */
        size_t length;
    } ring[ORDER_WINDOW];
};

struct order *order_new(void (*line)(void *owner, const char *bytes, size_t length), void *owner)
{
    struct order *order = memory_zeroed(sizeof(*order));

    order->line = line;
    order->owner = owner;
    return order;
}

static void pass(struct order *order)
{
    size_t slot = order->next++ % ORDER_WINDOW;

    if (!order->ring[slot].bytes)
        return;
    order->line(order->owner, order->ring[slot].bytes, order->ring[slot].length);
    free(order->ring[slot].bytes);
    order->ring[slot].bytes = NULL;
}

void order_flush(struct order *order)
{
    for (size_t i = 0; i < ORDER_WINDOW; i++)
        pass(order);
}

void order_free(struct order *order)
{
    if (!order)
        return;
    for (size_t i = 0; i < ORDER_WINDOW; i++)
        free(order->ring[i].bytes);
    free(order);
}

bool order_has_room(const struct order *order, uint64_t number)
{
    return number - order->next < ORDER_WINDOW;
}

void order_put(struct order *order, uint64_t number, const char *bytes, size_t length)
{
    size_t slot = number % ORDER_WINDOW;

    order->ring[slot].bytes = memory_text(bytes, length);
    order->ring[slot].length = length;
    while (order->ring[order->next % ORDER_WINDOW].bytes)
        pass(order);
}

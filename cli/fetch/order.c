/* A ring buffer: the line of site `number` is at number % ORDER_WINDOW. */
#include "cli/fetch/order.h"

#include <stdlib.h>

#include "base/memory.h"

struct order {
    void (*line)(void *owner, const struct order_line *line);
    void *owner;
    uint64_t next;                        /* the number of the next line to be written */
    size_t bytes;                         /* of the lines in the ring */
    struct order_line ring[ORDER_WINDOW]; /* bytes NULL: no line yet */
};

struct order *order_new(void (*line)(void *owner, const struct order_line *line), void *owner)
{
    struct order *order = memory_zeroed(sizeof(*order));

    order->line = line;
    order->owner = owner;
    return order;
}

static void drop(struct order *order, struct order_line *line)
{
    order->bytes -= line->length;
    free((char *)line->bytes);
    *line = (struct order_line){0};
}

static void write_next(struct order *order)
{
    struct order_line *line = &order->ring[order->next++ % ORDER_WINDOW];

    if (!line->bytes)
        return;
    order->line(order->owner, line);
    drop(order, line);
}

void order_flush(struct order *order)
{
    for (size_t i = 0; i < ORDER_WINDOW; i++)
        write_next(order);
}

void order_free(struct order *order)
{
    if (!order)
        return;
    for (size_t i = 0; i < ORDER_WINDOW; i++)
        drop(order, &order->ring[i]);
    free(order);
}

bool order_has_room(const struct order *order, uint64_t number)
{
    return number == order->next ||
           (number - order->next < ORDER_WINDOW && order->bytes < ORDER_MAX_BYTES);
}

void order_put(struct order *order, const struct order_line *line)
{
    struct order_line *kept = &order->ring[line->number % ORDER_WINDOW];

    *kept = *line;
    kept->bytes = memory_text(line->bytes, line->length);
    order->bytes += line->length;
    while (order->ring[order->next % ORDER_WINDOW].bytes)
        write_next(order);
}

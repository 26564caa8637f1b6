/*
 * A pairing heap: it takes the least code of all heaps that need no array. Rejected: a sorted list,
 * as in many small loops. It makes arming O(n), and each of 10,000 connections arms a timer.
 */
#include "reactor/timer.h"

#include <assert.h>
#include <stddef.h>

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->deadline != b->deadline ? a->deadline < b->deadline
                                      : (int32_t)(a->order - b->order) < 0;
}

/* Makes the later of two roots the first child of the earlier one, and returns the earlier one. */
static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (earlier(b, a)) {
        struct timer *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->sibling = a->child;
    if (a->child)
        a->child->prev = b;
    a->child = b;
    return a;
}

/* Melds a list of siblings in pairs from left to right, then melds the pairs from right to left. */
static struct timer *meld_siblings(struct timer *first)
{
    struct timer *pairs = NULL, *root = NULL;

    while (first) {
        struct timer *a = first, *b = first->sibling;

        first = b ? b->sibling : NULL;
        a->sibling = a->prev = NULL;
        if (b)
            b->sibling = b->prev = NULL;
        a = meld(a, b);
        a->sibling = pairs;
        pairs = a;
    }
    while (pairs) {
        struct timer *next = pairs->sibling;

        pairs->sibling = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

static void heap_remove(struct timer_heap *heap, struct timer *timer)
{
    struct timer *children = meld_siblings(timer->child);

    timer->child = NULL;
    if (timer == heap->root) {
        heap->root = children;
        return;
    }
    if (timer->prev->child == timer)
        timer->prev->child = timer->sibling;
    else
        timer->prev->sibling = timer->sibling;
    if (timer->sibling)
        timer->sibling->prev = timer->prev;
    heap->root = meld(heap->root, children);
}

void timer_heap_init(struct timer_heap *heap)
{
    *heap = (struct timer_heap){0};
    list_init(&heap->due);
}

void timer_init(struct timer *timer, timer_fn *fire, void *owner, const char *name)
{
    assert(fire);
    *timer = (struct timer){.fire = fire, .owner = owner, .name = name};
}

void timer_arm(struct timer_heap *heap, struct timer *timer, nsec deadline)
{
    timer_cancel(heap, timer);
    if (deadline == NSEC_NEVER)
        return;
    timer->deadline = deadline;
    timer->order = heap->armed++;
    timer->state = TIMER_ARMED;
    heap->root = meld(heap->root, timer);
}

void timer_cancel(struct timer_heap *heap, struct timer *timer)
{
    switch (timer->state) {
    case TIMER_IDLE: return;
    case TIMER_ARMED: heap_remove(heap, timer); break;
    case TIMER_DUE: list_remove(&timer->due); break;
    }
    timer->child = timer->sibling = timer->prev = NULL;
    timer->state = TIMER_IDLE;
}

nsec timer_next(const struct timer_heap *heap)
{
    return heap->root ? heap->root->deadline : NSEC_NEVER;
}

void timer_collect(struct timer_heap *heap, nsec now)
{
    while (heap->root && heap->root->deadline <= now) {
        struct timer *timer = heap->root;

        heap_remove(heap, timer);
        list_put_last(&heap->due, &timer->due);
        timer->state = TIMER_DUE;
    }
}

struct timer *timer_take_due(struct timer_heap *heap)
{
    struct link *first = list_first(&heap->due);
    struct timer *timer = first ? LIST_OWNER(first, struct timer, due) : NULL;

    if (timer)
        timer_cancel(heap, timer);
    return timer;
}

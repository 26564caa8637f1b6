/*
 * Doubly linked lists through members of their owners: nothing is allocated, and what is in a list
 * leaves it without knowing which one it is in. A list is a ring through its head.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *prev; /* NULL: in no list */
};

/* The struct of which `link` is the member of that name. */
#define LIST_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Makes an empty list of a head. */
static inline void list_init(struct link *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct link *head)
{
    return head->next == head;
}

/* The first, or NULL. */
static inline struct link *list_first(const struct link *head)
{
    return list_is_empty(head) ? NULL : head->next;
}

/* Puts a link that is in no list before another; before the head is last. */
static inline void list_put_before(struct link *link, struct link *other)
{
    link->next = other;
    link->prev = other->prev;
    link->prev->next = link;
    other->prev = link;
}

static inline void list_put_last(struct link *head, struct link *link)
{
    list_put_before(link, head);
}

static inline void list_put_first(struct link *head, struct link *link)
{
    list_put_before(link, head->next);
}

static inline bool list_is_in(const struct link *link)
{
    return link->next != NULL;
}

/* Nothing happens where it is in no list. */
static inline void list_remove(struct link *link)
{
    if (!link->next)
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = NULL;
}

/* Removes the first and returns it; NULL: the list is empty. */
static inline struct link *list_take_first(struct link *head)
{
    struct link *first = list_first(head);

    if (!first)
        return NULL;
    head->next = first->next;
    head->next->prev = head;
    first->next = first->prev = NULL;
    return first;
}

/* Goes through the owners of the links, of which none may leave the list meanwhile. `item` is a pointer to
   an owner, and is not to be used behind the loop unless the loop was left. */
#define LIST_EACH(item, head, member)                                                              \
    for (struct link *link_ = (head)->next;                                                        \
         link_ != (head) && ((item) = LIST_OWNER(link_, typeof(*(item)), member), true);           \
         link_ = link_->next)

#endif

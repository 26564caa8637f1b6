/*
 * Intrusive doubly linked lists: the links are members of their owners, so adding one allocates
 * nothing, and removing one needs no pointer to the list. A list is a ring through its head.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *prev; /* NULL: in no list */
};

/* The struct of type `type` that contains `link` as its member `member`. */
#define LIST_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Makes `head` the head of an empty list. */
static inline void list_init(struct link *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct link *head)
{
    return head->next == head;
}

/* The first link; NULL if the list is empty. */
static inline struct link *list_first(const struct link *head)
{
    return list_is_empty(head) ? NULL : head->next;
}

/* Inserts a link that is in no list before `other`. If `other` is the head, the link becomes the
   last one. */
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

/* Does nothing if the link is in no list. */
static inline void list_remove(struct link *link)
{
    if (!link->next)
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = NULL;
}

/* Removes the first link and returns it; NULL if the list is empty. */
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

/* Visits the owner of each link. The body must not remove a link, unless it leaves the loop
   directly afterwards. `item` is a pointer to an owner; after the loop it is valid only if `break`
   ended the loop. */
#define LIST_EACH(item, head, member)                                                              \
    for (struct link *link_ = (head)->next;                                                        \
         link_ != (head) && ((item) = LIST_OWNER(link_, typeof(*(item)), member), true);           \
         link_ = link_->next)

#endif

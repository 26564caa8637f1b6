/*
 * An intrusive hash table: the links are members of their owners, so adding one allocates nothing
 * unless the table grows. The caller computes the hash (base/hash.h) and compares the keys:
 *
 *     TABLE_EACH (entry, &table, hash, link)
 *         if (is_equal(entry, key))
 *             ...
 *
 * Among members with the same hash, the one that was added last is found first. The table does not
 * own its members. A zeroed struct table is a valid empty table.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_link {
    struct table_link *next; /* in the same slot */
    uint32_t hash;
};

struct table {
    struct table_link **slots; /* NULL until the first member is added */
    size_t slot_count;         /* 0, or a power of two; at least the number of members */
    size_t count;              /* members */
};

/* The struct of type `type` that contains `link` as its member `member`. */
#define TABLE_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Visits the owners of the members with this hash, in reverse order of addition. `item` is a
   pointer to an owner; after the loop it is valid only if `break` ended the loop. */
#define TABLE_EACH(item, table, hash, member)                                                      \
    for (struct table_link *link_ = table_find(table, hash);                                       \
         link_ && ((item) = TABLE_OWNER(link_, typeof(*(item)), member), true);                    \
         link_ = table_next(link_))

/* Adds a member that is in no table. */
void table_add(struct table *table, struct table_link *link, uint32_t hash);

/* Removes a member. It must be in this table. */
void table_remove(struct table *table, struct table_link *link);

/* The member with this hash that was added last; NULL if there is none. */
struct table_link *table_find(const struct table *table, uint32_t hash);

/* The next member with the same hash; NULL if there is none. */
struct table_link *table_next(const struct table_link *link);

/* Removes all members, frees the slots, and calls remove(link) for each member, which may free its
   owner. The table is empty and may be used again. */
void table_clear(struct table *table, void (*remove)(struct table_link *link));

/* Frees the slots. Members are not touched; the table is empty and may be used again. */
void table_free(struct table *table);

#endif

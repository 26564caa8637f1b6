/*
 * An index of lines that were read and not taken yet, by the origin of their URL: so that a
 * connection that has just become idle can be given a site of its own origin, though others stand
 * before it in the list. It holds places, not lines, and is bounded: what it has forgotten is only
 * not found.
 */
#ifndef CLI_LIST_AHEAD_H
#define CLI_LIST_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AHEAD_LINES 8192 /* indexed at once; a power of two */

struct ahead;

struct ahead_line {
    uint64_t offset; /* of the line's first byte in the list */
    uint32_t hash;   /* of the origin */
    size_t number;   /* of the line */
};

struct ahead *ahead_new(void);
void ahead_free(struct ahead *ahead);

/* Adds a line; places come in rising order. */
void ahead_add(struct ahead *ahead, uint32_t hash, uint64_t offset, size_t number);

/* Takes out the earliest line of that hash at or after `offset` which `fits`. False where there is
   none. */
bool ahead_take(struct ahead *ahead, uint32_t hash, uint64_t offset,
                bool (*fits)(void *owner, const struct ahead_line *line), void *owner,
                struct ahead_line *line);

#endif

/*
 * An index by origin of the lines in the reader's buffer that were not given out: a connection that
 * becomes idle can get a site of its origin before earlier lines of the list. It holds offsets, not
 * text, and is limited to the newest AHEAD_LINES lines.
 */
#ifndef CLI_LIST_AHEAD_H
#define CLI_LIST_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AHEAD_LINES 8192 /* a power of two */

struct ahead;

struct ahead_line {
    uint64_t offset; /* of the line's first byte, in bytes from the start of the list */
    uint32_t hash;
    size_t number; /* line number */
};

struct ahead *ahead_new(void);
void ahead_free(struct ahead *ahead);

/* Adds a line. Offsets must rise. */
void ahead_add(struct ahead *ahead, uint32_t hash, uint64_t offset, size_t number);

/* Removes the first line of that hash at or after `offset` for which `fits` is true. False if there
   is none. */
bool ahead_take(struct ahead *ahead, uint32_t hash, uint64_t offset,
                bool (*fits)(void *owner, const struct ahead_line *line), void *owner,
                struct ahead_line *line);

#endif

/*
 * A set of line numbers of a list, from 1. Each line is in flight or reported. Memory grows with
 * the count of lines, not with the distance between them: one slow line may stay while a million
 * others come and go.
 */
#ifndef CLI_FETCH_LINE_SET_H
#define CLI_FETCH_LINE_SET_H

#include <stddef.h>
#include <stdint.h>

#define LINE_SET_MAX (UINT64_MAX >> 2) /* the highest line number */

enum line_mark {
    LINE_NONE,      /* not in the set */
    LINE_IN_FLIGHT, /* its site was started and not reported */
    LINE_REPORTED,  /* reported, and above the frontier */
};

/* A zeroed set is empty. */
struct line_set {
    uint64_t *slots;  /* line number and mark; 0: free */
    size_t room;      /* number of slots: a power of two, or 0 */
    size_t filled;    /* slots that are not free */
    size_t used;      /* filled slots whose line is in the set */
    size_t in_flight; /* used slots that are LINE_IN_FLIGHT */
    uint64_t floor;   /* set by the owner: LINE_REPORTED lines up to here may be forgotten */
};

/* Frees the memory. The set is then empty. */
void line_set_free(struct line_set *lines);

enum line_mark line_set_get(const struct line_set *lines, uint64_t line);

/* Adds the line, changes its mark, or removes it (LINE_NONE). */
void line_set_mark(struct line_set *lines, uint64_t line, enum line_mark mark);

/* Iterates over the set in no order. Set *at to 0 first. Returns the next line, or 0 at the end.
   The set must not change during the iteration. */
uint64_t line_set_next(const struct line_set *lines, size_t *at, enum line_mark *mark);

#endif

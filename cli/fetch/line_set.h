/*
 * A set of lines of a list, numbers from 1, each in_flight or reported. It grows with what is in it and
 * not with how far apart the lines are: one slow site may stay while a million others pass.
 */
#ifndef CLI_FETCH_LINE_SET_H
#define CLI_FETCH_LINE_SET_H

#include <stddef.h>
#include <stdint.h>

#define LINE_SET_MAX (UINT64_MAX >> 2) /* the highest line there can be */

enum line_mark {
    LINE_NONE,      /* not in the set */
    LINE_IN_FLIGHT, /* given out, and not reported yet */
    LINE_REPORTED,  /* reported, before its turn */
};

/* All zero, it is empty. */
struct line_set {
    uint64_t *slots;  /* line and mark; 0: free */
    size_t room;      /* how many slots; a power of two, or 0 */
    size_t filled;    /* slots that are not free */
    size_t used;      /* of these, lines in the set */
    size_t in_flight; /* of these, lines in_flight */
    uint64_t floor;   /* LINE_REPORTED up to here may be forgotten; set by the owner */
};

/* Frees what it holds: it is empty again. */
void line_set_free(struct line_set *lines);

enum line_mark line_set_get(const struct line_set *lines, uint64_t line);

/* Puts the line in, changes its mark, or takes it out (LINE_NONE). */
void line_set_mark(struct line_set *lines, uint64_t line, enum line_mark mark);

/* Goes through the set, in no order: *at is 0 at first. Returns the next line, 0 at the end. The set
   must not be changed meanwhile. */
uint64_t line_set_next(const struct line_set *lines, size_t *at, enum line_mark *mark);

#endif

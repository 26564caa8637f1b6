/*
 * A set of places of a list, numbers from 1, each taken or reported. It grows with what is in it and
 * not with how far apart the places are: one slow site may stay while a million others pass.
 */
#ifndef CLI_FETCH_PLACES_H
#define CLI_FETCH_PLACES_H

#include <stddef.h>
#include <stdint.h>

#define PLACES_MAX (UINT64_MAX >> 2) /* the highest place there can be */

enum place_mark {
    PLACE_NONE,     /* not in the set */
    PLACE_TAKEN,    /* given out, and not reported yet */
    PLACE_REPORTED, /* reported, before its turn */
};

/* All zero, it is empty. */
struct places {
    uint64_t *slots; /* place and mark; 0: free */
    size_t room;     /* how many slots; a power of two, or 0 */
    size_t filled;   /* slots that are not free */
    size_t used;     /* of these, places in the set */
    size_t taken;    /* of these, places taken */
    uint64_t floor;  /* PLACE_REPORTED up to here may be forgotten; set by the owner */
};

/* Frees what it holds: it is empty again. */
void places_free(struct places *places);

enum place_mark places_get(const struct places *places, uint64_t place);

/* Puts the place in, changes its mark, or takes it out (PLACE_NONE). */
void places_set(struct places *places, uint64_t place, enum place_mark mark);

/* Goes through the set, in no order: *at is 0 at first. Returns the next place, 0 at the end. The set
   must not be changed meanwhile. */
uint64_t places_next(const struct places *places, size_t *at, enum place_mark *mark);

#endif

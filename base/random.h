/*
 * Random numbers (splitmix64), the same in each run with the same seed. Used for jitter, schedules,
 * choices and resampling; not for secrets.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* Returns the next 64 random bits and advances *state, whose initial value, the seed, may be any
   number. */
uint64_t random_next(uint64_t *state);

#endif

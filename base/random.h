/*
 * Random numbers that are the same in every run with the same seed (splitmix64): for jitter, schedules,
 * choices and resampling. Not for secrets.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* The next 64 random bits from `state`, which any number seeds. */
uint64_t random_next(uint64_t *state);

#endif

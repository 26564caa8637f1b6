/* What a load asks for: one or several requests of one origin, each with a weight. */
#ifndef BENCH_LOAD_TARGETS_H
#define BENCH_LOAD_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/site.h"

struct target {
    const char *bytes; /* the whole request: head and content */
    size_t count;      /* of them */
    bool head;         /* HEAD: its answer has no body */
};

struct targets;

/* Takes over the sites, one at least and as many as weights (each over 0), and makes their requests,
   which ask for no content coding of their own accord. `closing`: each says "Connection: close". NULL where they are not all of one origin (scheme, host and port): then *stranger
   is the first that is elsewhere, and nothing was taken over. */
struct targets *targets_new(struct site **sites, const unsigned *weights, size_t count,
                            bool closing, size_t *stranger);

void targets_free(struct targets *targets); /* NULL is allowed */

/* Where all of them lead. */
const struct url *targets_url(const struct targets *targets);

size_t targets_count(const struct targets *targets);

/* Chooses one by a random number, in proportion to its weight; O(log n), and nothing at all is looked at
   where there is one only. */
const struct target *targets_pick(const struct targets *targets, uint64_t random);

#endif

/* The requests of a load: one or several, of one origin, each with a weight. */
#ifndef BENCH_LOAD_TARGETS_H
#define BENCH_LOAD_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/site.h"
#include "http/versions.h"

/* A request, encoded for the protocol of the load. */
struct target {
    const char *bytes;    /* HTTP/1.1: the whole request, head and content; else NULL */
    size_t count;         /* of bytes */
    bool is_head_request; /* its response has no body */

    const struct h2_request *prepared; /* HTTP/2; else NULL */
    struct content *content;           /* of `prepared`; one reference; or NULL */
};

struct targets;

/* Encodes the requests of `count` sites, at least one. Each has a weight over 0. Takes ownership of
   the sites. `connection_close`: each request has "Connection: close". Returns NULL if a site has
   another origin (scheme, host and port) than the first; *other_origin is then its index, and the
   sites still belong to the caller. `versions` and the scheme decide the protocol. */
struct targets *targets_new(struct site **sites, const unsigned *weights, size_t count,
                            enum http_versions versions, bool connection_close,
                            size_t *other_origin);

void targets_free(struct targets *targets); /* NULL is allowed */

/* A URL of the origin. */
const struct url *targets_url(const struct targets *targets);

size_t targets_count(const struct targets *targets);

/* Chooses a target by a random number, in proportion to its weight; O(log n). If there is only one
   target, `random` is ignored. */
const struct target *targets_pick(const struct targets *targets, uint64_t random);

#endif

/*
 * What earlier connections have shown about the origins (scheme, host, port) of a run: the version
 * of HTTP, and how many streams a connection may have. At most ORIGINS_MAX origins are remembered;
 * above this number the one that was noted first is forgotten.
 */
#ifndef HTTP_POOL_ORIGINS_H
#define HTTP_POOL_ORIGINS_H

#include <stdbool.h>
#include <stdint.h>

#define ORIGINS_MAX 4096

enum origin_version {
    ORIGIN_UNKNOWN,
    ORIGIN_HTTP_1_1,          /* the last connection agreed on it */
    ORIGIN_HTTP_1_1_REQUIRED, /* the server has sent HTTP_1_1_REQUIRED: nothing else is offered */
    ORIGIN_HTTP_2,            /* the last connection agreed on it */
};

struct origin_facts {
    enum origin_version version;
    unsigned stream_limit; /* as in struct conn */
};

/* An origin, with its hash for tables. */
struct origin_key {
    const char *host; /* borrowed */
    uint16_t port;
    bool https;
    uint32_t hash;
};

struct origin_key origin_key(const char *host, uint16_t port, bool https);

/* Whether the key is that of this origin. */
bool origin_has_key(const struct origin_key *key, const char *host, uint16_t port, bool https);

struct origins;

struct origins *origins_new(void);
void origins_free(struct origins *origins);

/* The facts about an origin; NULL: none. Valid until the next call of origins_note. */
const struct origin_facts *origins_find(const struct origins *origins, const char *host,
                                        uint16_t port, bool https);

/* The same for a change; an unknown origin is added, with the defaults. The host is copied. */
struct origin_facts *origins_note(struct origins *origins, const char *host, uint16_t port,
                                  bool https);

#endif

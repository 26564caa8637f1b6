/* A hash table by origin, and a list of the same entries in the order of their addition. */
#include "http/pool/origins.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/table.h"

struct origin {
    struct table_link by_name;
    struct link by_age;
    struct origin_facts facts;
    uint16_t port;
    bool https;
    char host[];
};

struct origins {
    struct table table;
    struct link oldest_first;
};

struct origins *origins_new(void)
{
    struct origins *origins = memory_zeroed(sizeof(*origins));

    list_init(&origins->oldest_first);
    return origins;
}

struct origin_key origin_key(const char *host, uint16_t port, bool https)
{
    return (struct origin_key){host, port, https, hash_text(host) ^ port ^ https};
}

bool origin_has_key(const struct origin_key *key, const char *host, uint16_t port, bool https)
{
    return key->port == port && key->https == https && !strcmp(key->host, host);
}

static struct origin *find(const struct origins *origins, const struct origin_key *key)
{
    struct origin *origin;

    if (!origins->table.count)
        return NULL;
    TABLE_EACH (origin, &origins->table, key->hash, by_name)
        if (origin_has_key(key, origin->host, origin->port, origin->https))
            return origin;
    return NULL;
}

static void forget_oldest(struct origins *origins)
{
    struct link *oldest = list_take_first(&origins->oldest_first);
    struct origin *origin = LIST_OWNER(oldest, struct origin, by_age);

    table_remove(&origins->table, &origin->by_name);
    free(origin);
}

const struct origin_facts *origins_find(const struct origins *origins, const char *host,
                                        uint16_t port, bool https)
{
    const struct origin_key key = origin_key(host, port, https);
    const struct origin *origin = find(origins, &key);

    return origin ? &origin->facts : NULL;
}

struct origin_facts *origins_note(struct origins *origins, const char *host, uint16_t port,
                                  bool https)
{
    const struct origin_key key = origin_key(host, port, https);
    struct origin *origin = find(origins, &key);
    size_t bytes = strlen(host) + 1;

    if (origin)
        return &origin->facts;
    if (origins->table.count == ORIGINS_MAX)
        forget_oldest(origins);
    origin = memory_zeroed(sizeof(*origin) + bytes);
    origin->facts.stream_limit = UINT_MAX;
    origin->port = port;
    origin->https = https;
    memcpy(origin->host, host, bytes);
    table_add(&origins->table, &origin->by_name, key.hash);
    list_put_last(&origins->oldest_first, &origin->by_age);
    return &origin->facts;
}

void origins_free(struct origins *origins)
{
    while (!list_is_empty(&origins->oldest_first))
        forget_oldest(origins);
    table_free(&origins->table);
    free(origins);
}

/* A table of the hosts with requests in flight or waiting, or whose next start is in the future;
   others are removed. */
#include "http/politeness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/table.h"

struct polite_host {
    struct politeness *politeness;
    struct table_link link;
    struct link queue;  /* of waiting permits */
    size_t in_flight;   /* requests in flight */
    size_t max;         /* of them; 0: no limit */
    nsec next;          /* the earliest next start */
    struct timer timer; /* until then */
    char name[];
};

struct politeness {
    struct loop *loop;
    struct politeness_options options;
    struct table hosts; /* by name */
};

static struct polite_host *find(const struct politeness *politeness, const char *name,
                                size_t length)
{
    struct polite_host *host;

    TABLE_EACH (host, &politeness->hosts, hash_bytes(name, length), link)
        if (!strncasecmp(host->name, name, length) && !host->name[length])
            return host;
    return NULL;
}

/* Frees a host that was removed from the table. */
static void free_host(struct table_link *link)
{
    struct polite_host *host = TABLE_OWNER(link, struct polite_host, link);

    loop_cancel(host->politeness->loop, &host->timer);
    free(host);
}

static bool has_room(const struct polite_host *host)
{
    return !host->max || host->in_flight < host->max;
}

static bool is_early(const struct polite_host *host)
{
    return host->next > loop_clock(host->politeness->loop);
}

/* Reports the first permit as ready if the limits allow it, arms the timer if it is too early, or
   removes an unused host. */
static void update(void *owner)
{
    struct polite_host *host = owner;
    struct politeness *politeness = host->politeness;
    struct link *first = list_first(&host->queue);
    struct permit *permit;

    if (is_early(host)) {
        if (host->timer.state == TIMER_IDLE)
            loop_arm(politeness->loop, &host->timer, host->next);
    } else if (first && has_room(host)) {
        permit = LIST_OWNER(first, struct permit, link);
        list_remove(first);
        permit->host = NULL;
        politeness->options.ready(politeness->options.owner, permit);
    } else if (!first && !host->in_flight) {
        table_remove(&politeness->hosts, &host->link);
        free_host(&host->link);
    }
}

static struct polite_host *add(struct politeness *politeness, const char *name)
{
    size_t length = strlen(name);
    struct polite_host *host = memory_zeroed(sizeof(*host) + length + 1);

    host->politeness = politeness;
    host->max = politeness->options.max;
    memcpy(host->name, name, length);
    list_init(&host->queue);
    timer_init(&host->timer, update, host, "host delay");
    table_add(&politeness->hosts, &host->link, hash_bytes(name, length));
    return host;
}

struct politeness *politeness_new(struct loop *loop, const struct politeness_options *options)
{
    struct politeness *politeness = memory_zeroed(sizeof(*politeness));

    assert(options->ready);
    politeness->loop = loop;
    politeness->options = *options;
    return politeness;
}

void politeness_free(struct politeness *politeness)
{
    table_clear(&politeness->hosts, free_host);
    free(politeness);
}

/* Counts one more request, and arms the timer for the next in the queue. */
static void count_request(struct polite_host *host)
{
    struct politeness *politeness = host->politeness;
    nsec now = loop_clock(politeness->loop);

    host->in_flight++;
    if (politeness->options.interval)
        host->next = now + politeness->options.interval;
    if (!list_is_empty(&host->queue) && has_room(host))
        loop_arm(politeness->loop, &host->timer, host->next > now ? host->next : now);
}

bool politeness_admit(struct politeness *politeness, struct permit *permit, const char *name,
                      bool urgent)
{
    struct polite_host *host = find(politeness, name, strlen(name));

    assert(!permit->host);
    if (!host)
        host = add(politeness, name);
    permit->host = host;
    permit->admitted = has_room(host) && !is_early(host) && (urgent || list_is_empty(&host->queue));
    if (permit->admitted) {
        count_request(host);
        return true;
    }
    if (urgent)
        list_put_first(&host->queue, &permit->link);
    else
        list_put_last(&host->queue, &permit->link);
    if (has_room(host) && host->timer.state == TIMER_IDLE)
        loop_arm(politeness->loop, &host->timer, host->next);
    return false;
}

void politeness_leave(struct permit *permit)
{
    struct polite_host *host = permit->host;

    if (!host)
        return;
    permit->host = NULL;
    list_remove(&permit->link);
    if (permit->admitted)
        host->in_flight--;
    permit->admitted = false;
    update(host);
}

void politeness_set_max(const struct permit *permit, size_t max)
{
    struct polite_host *host = permit->host;

    assert(permit->admitted);
    if (host->max == max)
        return;
    host->max = max;
    update(host);
}

bool politeness_is_busy(const struct politeness *politeness, const char *name, size_t length)
{
    const struct polite_host *host = find(politeness, name, length);

    return host && !list_is_empty(&host->queue);
}

bool politeness_is_full(const struct politeness *politeness)
{
    return politeness->hosts.count >= POLITENESS_MAX_HOSTS;
}

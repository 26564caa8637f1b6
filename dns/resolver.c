/*
 * From a name to the addresses of an address race. All lookups of one name share a question
 * to the nameserver. A lookup counts how many of the question's addresses were reported to it, so
 * that a lookup that starts late gets the same addresses as the others.
 *
 * Each lookup is called from a task of its own, when c-ares is not on the stack. Rejected: calling
 * all waiting lookups in one loop. Each call may detach any of them, or start a new lookup.
 */
#include "dns/resolver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/table.h"
#include "dns/cache.h"
#include "dns/hosts.h"
#include "dns/query.h"
#include "dns/servers.h"

struct lookup {
    struct question *question; /* NULL during the last call */
    struct link waiting;       /* in question->waiters */
    resolved_fn *done;
    void *owner;      /* argument of `done` */
    struct task task; /* runs report() */
    size_t reported;  /* number of the question's addresses that `done` has got */
};

enum question_state {
    QUESTION_QUEUED,   /* in the queue of the resolver */
    QUESTION_SENT,     /* nothing to report yet */
    QUESTION_READY,    /* addresses may be reported, more may come */
    QUESTION_COMPLETE, /* not in the table; freed when all lookups have the result */
};

struct question {
    struct resolver *resolver;
    enum question_state state;
    unsigned number;        /* for the probe: number of questions created before this one */
    struct link all;        /* in resolver->questions */
    struct link queue;      /* in resolver->queue while it is queued */
    struct table_link link; /* in resolver->table until it is complete */
    struct link waiters;    /* lookups */
    struct dns_query v6, v4;
    struct timer delay;          /* Resolution Delay: after it, A is reported without AAAA */
    unsigned candidate;          /* number of the search list's name that is sent */
    unsigned pending;            /* answers that have not arrived */
    enum resolve_status status;  /* the failure, if there is no address */
    enum resolve_status failure; /* of the search list's earlier names, combined */
    nsec until;                  /* when the shortest TTL of the addresses ends */
    size_t count;
    struct address *addresses; /* in the order of arrival */
    char name[];
};

struct resolver {
    struct loop *loop;
    struct query_channel *channel;
    struct name_cache *cache;
    struct hosts *hosts;    /* NULL until the first lookup reads the file */
    const char *hosts_path; /* NULL: none */
    enum resolve_family family;
    struct link questions; /* all */
    struct link queue;     /* questions in QUESTION_QUEUED, oldest first */
    struct task send_task; /* runs send_queued() */
    unsigned created;      /* number of questions created so far */
    size_t sent, max;      /* questions at the nameserver, and their limit */
    struct table table;    /* questions that are not complete, by name */
};

/* A name in the form in which it is cached and sent. */
struct key {
    uint32_t hash;
    char text[QUERY_NAME_BYTES];
};

/* Returns false if the text is not a name. */
static bool make_key(const struct resolver *resolver, const char *name, struct key *key)
{
    size_t length = strlen(name);
    bool dot = length && name[length - 1] == '.';
    size_t bare = length - dot;

    if (!bare || name[bare - 1] == '.' || length >= QUERY_NAME_BYTES)
        return false;
    if (!query_channel_searches(resolver->channel))
        length = bare;
    memcpy(key->text, name, length);
    key->text[length] = '\0';
    key->hash = hash_bytes(name, length);
    return true;
}

/* Resolves a name without the DNS. An empty hosts file still resolves localhost. */
static bool find_local(struct resolver *resolver, const char *name, struct name_result *result)
{
    const char *path = resolver->hosts_path;
    struct address found[RESOLVER_MAX_ADDRESSES];
    size_t count;

    if (!resolver->hosts)
        resolver->hosts = path ? hosts_read(path) : hosts_parse("", 0);
    result->status = RESOLVE_NXDOMAIN;
    result->count = 0;
    if (!hosts_resolve(resolver->hosts, name, found, &count))
        return false;
    if (!count)
        return true;
    result->count = resolve_interleave(
        found, 0, resolve_keep_family(resolver->family, found, count), result->addresses);
    result->status = result->count ? RESOLVE_OK : RESOLVE_NO_ADDRESS;
    return true;
}

static bool find_cached(struct resolver *resolver, const struct key *key,
                        struct name_result *result)
{
    return find_local(resolver, key->text, result) ||
           name_cache_get(resolver->cache, key->text, key->hash, loop_clock(resolver->loop),
                          result);
}

static void question_free(struct question *question)
{
    list_remove(&question->all);
    free(question->addresses);
    free(question);
}

/* Removes a question that has no lookup and was not sent. */
static void abandon(struct question *question)
{
    list_remove(&question->queue);
    table_remove(&question->resolver->table, &question->link);
    question_free(question);
}

/* Detaches a lookup from its question; frees the question if no other lookup needs it. */
static void detach(struct lookup *lookup)
{
    struct question *question = lookup->question;

    loop_undefer(question->resolver->loop, &lookup->task);
    list_remove(&lookup->waiting);
    lookup->question = NULL;
    if (!list_is_empty(&question->waiters))
        return;
    if (question->state == QUESTION_COMPLETE)
        question_free(question);
    else if (question->state == QUESTION_QUEUED)
        abandon(question);
}

/* The lookup's task: reports the addresses that it has not got yet. */
static void report(void *owner)
{
    struct lookup *lookup = owner;
    const struct question *question = lookup->question;
    struct address fresh[RESOLVER_MAX_ADDRESSES];
    size_t count =
        resolve_interleave(question->addresses, lookup->reported, question->count, fresh);
    enum resolve_status status = question->count ? RESOLVE_OK : question->status;
    bool more = question->state != QUESTION_COMPLETE;

    lookup->reported = question->count;
    if (!more)
        detach(lookup);
    lookup->done(lookup->owner, status, fresh, count, more);
    if (!more)
        free(lookup);
}

static const char *const state_names[] = {[QUESTION_QUEUED] = "queued",
                                          [QUESTION_SENT] = "sent",
                                          [QUESTION_READY] = "ready",
                                          [QUESTION_COMPLETE] = "complete"};

/* The only function that changes the state. */
static void enter(struct question *question, enum question_state state)
{
    if (question->state != state)
        probe_state(question->resolver->loop, "dns question", question->number,
                    state_names[question->state], state_names[state]);
    question->state = state;
}

static void report_all(struct question *question)
{
    struct lookup *lookup;

    LIST_EACH (lookup, &question->waiters, waiting)
        loop_defer(question->resolver->loop, &lookup->task);
}

static void mark_ready(void *owner)
{
    struct question *question = owner;

    enter(question, QUESTION_READY);
    report_all(question);
}

/* Puts the result into the cache, if it may be cached. */
static void cache_result(struct question *question)
{
    struct resolver *resolver = question->resolver;
    nsec now = loop_clock(resolver->loop), until = now;
    struct name_result result;

    result.status = question->count ? RESOLVE_OK : question->status;
    result.count = resolve_interleave(question->addresses, 0, question->count, result.addresses);
    if (result.status == RESOLVE_OK)
        until = question->until;
    else if (result.status == RESOLVE_NXDOMAIN || result.status == RESOLVE_NO_ADDRESS)
        until = now + RESOLVER_NEGATIVE_TTL;
    if (until > now)
        name_cache_put(resolver->cache, question->name, question->link.hash, &result, until);
}

static void enqueue(struct question *question)
{
    struct resolver *resolver = question->resolver;

    enter(question, QUESTION_QUEUED);
    list_put_last(&resolver->queue, &question->queue);
}

/* Whether the next name of the search list is tried after this failure. */
static bool finds_nothing(enum resolve_status status)
{
    return status == RESOLVE_NXDOMAIN || status == RESOLVE_NO_ADDRESS || status == RESOLVE_BAD_NAME;
}

/* Combines the failures of two names of the search list. */
static enum resolve_status combine_failures(enum resolve_status one, enum resolve_status other)
{
    if (one == RESOLVE_NO_ADDRESS || other == RESOLVE_NO_ADDRESS)
        return RESOLVE_NO_ADDRESS;
    return one == RESOLVE_NXDOMAIN || other == RESOLVE_NXDOMAIN ? RESOLVE_NXDOMAIN
                                                                : RESOLVE_BAD_NAME;
}

static void finish(struct question *question)
{
    enter(question, QUESTION_COMPLETE);
    table_remove(&question->resolver->table, &question->link);
    cache_result(question);
    report_all(question);
    if (list_is_empty(&question->waiters))
        question_free(question);
}

/* Called when all answers have arrived. */
static void complete(struct question *question)
{
    struct resolver *resolver = question->resolver;
    bool nothing = !question->count && finds_nothing(question->status);
    char room[QUERY_NAME_BYTES];

    resolver->sent--;
    loop_cancel(resolver->loop, &question->delay);
    if (nothing)
        question->failure = combine_failures(question->failure, question->status);
    if (nothing &&
        query_candidate(resolver->channel, question->name, question->candidate + 1, room)) {
        question->candidate++;
        enqueue(question);
        if (list_is_empty(&question->waiters))
            abandon(question);
    } else {
        if (nothing)
            question->status = question->failure;
        finish(question);
    }
    if (!list_is_empty(&resolver->queue))
        loop_defer(resolver->loop, &resolver->send_task);
}

static void add_answer(struct question *question, const struct dns_query_answer *answer)
{
    size_t size = sizeof(*answer->addresses);
    uint32_t ttl = answer->ttl < RESOLVER_MAX_TTL ? answer->ttl : RESOLVER_MAX_TTL;
    nsec until = loop_clock(question->resolver->loop) + ttl * NSEC_PER_S;

    question->status = resolve_more_specific(question->status, answer->status);
    if (!answer->count)
        return;
    question->addresses = memory_grow(question->addresses, question->count + answer->count, size);
    memcpy(question->addresses + question->count, answer->addresses, answer->count * size);
    question->count += answer->count;
    if (until < question->until)
        question->until = until;
}

/* c-ares is on the stack: questions are sent and results reported only after it has returned. */
static void on_answer(void *owner, const struct dns_query_answer *answer)
{
    struct question *question = owner;
    struct loop *loop = question->resolver->loop;

    add_answer(question, answer);
    if (!--question->pending)
        complete(question);
    else if (answer->count && answer->addresses->any.sa_family == AF_INET6)
        mark_ready(question);
    else if (answer->count)
        loop_arm(loop, &question->delay, loop_clock(loop) + RESOLVER_DELAY);
}

/* Sends the question to the nameserver. May complete it, but does not free it. */
static void send_question(struct question *question)
{
    struct resolver *resolver = question->resolver;
    enum resolve_family family = resolver->family;
    char room[QUERY_NAME_BYTES];
    const char *name =
        query_candidate(resolver->channel, question->name, question->candidate, room);

    list_remove(&question->queue);
    resolver->sent++;
    enter(question, QUESTION_SENT);
    question->status = RESOLVE_OK;
    question->pending = family == RESOLVE_BOTH ? 2 : 1;
    if (family != RESOLVE_IPV4)
        query_start(resolver->channel, &question->v6, name);
    if (family != RESOLVE_IPV6)
        query_start(resolver->channel, &question->v4, name);
}

/* The resolver's task: sends queued questions up to the limit. */
static void send_queued(void *owner)
{
    struct resolver *resolver = owner;

    while (resolver->sent < resolver->max && !list_is_empty(&resolver->queue))
        send_question(LIST_OWNER(resolver->queue.next, struct question, queue));
}

static struct question *question_new(struct resolver *resolver, const char *name)
{
    size_t bytes = strlen(name) + 1;
    struct question *question = memory_zeroed(sizeof(*question) + bytes);

    question->resolver = resolver;
    question->number = resolver->created++;
    list_init(&question->waiters);
    list_put_last(&resolver->questions, &question->all);
    memcpy(question->name, name, bytes);
    return question;
}

/* Makes a complete question from a result that is available without the DNS. */
static struct question *question_from_result(struct resolver *resolver,
                                             const struct name_result *result)
{
    struct question *question = question_new(resolver, "");
    size_t bytes = result->count * sizeof(*result->addresses);

    enter(question, QUESTION_COMPLETE);
    question->status = result->status;
    question->count = result->count;
    question->addresses = memory_get(bytes);
    memcpy(question->addresses, result->addresses, bytes);
    return question;
}

static struct question *question_to_send(struct resolver *resolver, const struct key *key)
{
    struct question *question;

    TABLE_EACH (question, &resolver->table, key->hash, link)
        if (!strcasecmp(question->name, key->text))
            return question;
    question = question_new(resolver, key->text);
    question->v6 = (struct dns_query){on_answer, question, AF_INET6};
    question->v4 = (struct dns_query){on_answer, question, AF_INET};
    question->failure = RESOLVE_BAD_NAME;
    question->until = NSEC_NEVER;
    timer_init(&question->delay, mark_ready, question, "dns resolution delay");
    table_add(&resolver->table, &question->link, key->hash);
    enqueue(question);
    return question;
}

static struct question *find_question(struct resolver *resolver, const char *name)
{
    struct key key;
    struct name_result result;

    result.status = RESOLVE_BAD_NAME;
    result.count = 0;
    if (!make_key(resolver, name, &key) || find_cached(resolver, &key, &result))
        return question_from_result(resolver, &result);
    return question_to_send(resolver, &key);
}

struct lookup *resolver_lookup(struct resolver *resolver, const char *name, resolved_fn *done,
                               void *owner)
{
    struct lookup *lookup = memory_zeroed(sizeof(*lookup));
    struct question *question = find_question(resolver, name);

    assert(done);
    lookup->question = question;
    lookup->done = done;
    lookup->owner = owner;
    task_init(&lookup->task, report, lookup, "dns lookup result");
    list_put_last(&question->waiters, &lookup->waiting);
    if (question->state >= QUESTION_READY)
        loop_defer(resolver->loop, &lookup->task);
    send_queued(resolver);
    return lookup;
}

void lookup_detach(struct lookup *lookup)
{
    if (!lookup->question)
        return; /* called in the last call of `done`, after which report() frees the lookup */
    detach(lookup);
    free(lookup);
}

bool resolver_cached(struct resolver *resolver, const char *name,
                     struct address addresses[RESOLVER_MAX_ADDRESSES], size_t *count)
{
    struct key key;
    struct name_result result;

    if (!make_key(resolver, name, &key) || !find_cached(resolver, &key, &result) || !result.count)
        return false;
    memcpy(addresses, result.addresses, result.count * sizeof(*addresses));
    *count = result.count;
    return true;
}

struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              const char **why)
{
    struct query_channel *channel =
        query_channel_new(loop, options->servers, options->resolv_conf, why);
    struct resolver *resolver;

    if (!channel)
        return NULL;
    resolver = memory_zeroed(sizeof(*resolver));
    resolver->loop = loop;
    resolver->channel = channel;
    resolver->cache = name_cache_new(RESOLVER_CACHE_NAMES);
    resolver->hosts_path = options->hosts;
    resolver->family = options->family;
    resolver->max = options->max_questions ? options->max_questions : RESOLVER_MAX_QUESTIONS;
    list_init(&resolver->questions);
    list_init(&resolver->queue);
    task_init(&resolver->send_task, send_queued, resolver, "dns next query");
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    struct link *link, *waiting;

    if (!resolver)
        return;
    query_channel_free(resolver->channel);
    while ((link = list_take_first(&resolver->questions))) {
        struct question *question = LIST_OWNER(link, struct question, all);

        while ((waiting = list_take_first(&question->waiters))) {
            struct lookup *lookup = LIST_OWNER(waiting, struct lookup, waiting);

            loop_undefer(resolver->loop, &lookup->task);
            free(lookup);
        }
        loop_cancel(resolver->loop, &question->delay);
        question_free(question);
    }
    table_free(&resolver->table);
    loop_undefer(resolver->loop, &resolver->send_task);
    name_cache_free(resolver->cache);
    hosts_free(resolver->hosts);
    free(resolver);
}

const char *resolver_check_servers(const char *text)
{
    struct address servers[SERVERS_MAX];
    size_t count;

    return servers_parse(text, servers, &count);
}

const char *resolver_version(void)
{
    return query_version();
}

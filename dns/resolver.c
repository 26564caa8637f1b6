/*
 * From a name to the addresses of a race. A lookup is one who waits; a question is what is waited
 * for, shared by all lookups of one name. A lookup remembers how many of the question's addresses it
 * was told, so that one who comes late hears the same as one who was there from the start.
 *
 * Each lookup is called from a task of its own, where c-ares is not on the stack: a walk along the
 * waiters was rejected, for each call may detach any of them, or ask anew.
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
    struct question *question; /* NULL: it is over, in its last call */
    struct link waiting;       /* in question->waiters */
    resolved_fn *done;
    void *owner;      /* its argument */
    struct task task; /* tells what is new */
    size_t told;      /* so many of the question's addresses */
};

enum question_state {
    QUESTION_WAITS, /* in the line */
    QUESTION_ASKED, /* nothing to tell yet */
    QUESTION_READY, /* addresses may be told, more may come */
    QUESTION_OVER,  /* out of the table; lives until all were told */
};

struct question {
    struct resolver *resolver;
    enum question_state state;
    unsigned number;        /* for the probe: the count of those before it */
    struct link all;        /* in resolver->questions */
    struct link line;       /* while it waits */
    struct table_link link; /* in the table, until it is over */
    struct link waiters;
    struct dns_query v6, v4;
    struct timer delay;         /* until A is told without AAAA */
    unsigned candidate;         /* which name of the search list is asked for */
    unsigned pending;           /* answers that are still out */
    enum resolve_status status; /* of no address: why */
    enum resolve_status tried;  /* what became of the search list's names before */
    nsec until;                 /* the first of the addresses' TTLs ends */
    size_t count;
    struct address *addresses; /* in the order in which they came */
    char name[];
};

struct resolver {
    struct loop *loop;
    struct query_channel *channel;
    struct names *cache;
    struct hosts *hosts;    /* NULL until it is read */
    const char *hosts_path; /* NULL: none */
    enum resolve_family family;
    struct link questions; /* all that are alive */
    struct link line;      /* those that wait, the first in front */
    struct task next;      /* asks those */
    unsigned created;      /* questions, in all */
    size_t asked, max;     /* questions at the nameserver now, and at most */
    struct table table;    /* the questions that are not over, by name */
};

/* A name as it is kept and asked for. */
struct key {
    uint32_t hash;
    char text[QUERY_NAME_BYTES];
};

/* False where it is none. */
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

/* What the machine itself says about the name. An empty hosts file knows localhost. */
static bool find_local(struct resolver *resolver, const char *name, struct known *known)
{
    const char *path = resolver->hosts_path;
    struct address found[RESOLVER_MAX_ADDRESSES];
    size_t count;

    if (!resolver->hosts)
        resolver->hosts = path ? hosts_read(path) : hosts_parse("", 0);
    known->status = RESOLVE_NXDOMAIN;
    known->count = 0;
    if (!hosts_know(resolver->hosts, name, found, &count))
        return false;
    if (!count)
        return true;
    known->count = resolve_in_turn(found, 0, resolve_keep_family(resolver->family, found, count),
                                   known->addresses);
    known->status = known->count ? RESOLVE_OK : RESOLVE_NO_ADDRESS;
    return true;
}

static bool find_known(struct resolver *resolver, const struct key *key, struct known *known)
{
    return find_local(resolver, key->text, known) ||
           names_find(resolver->cache, key->text, key->hash, loop_clock(resolver->loop), known);
}

static void question_free(struct question *question)
{
    list_remove(&question->all);
    free(question->addresses);
    free(question);
}

/* Nobody waits any more: out of the line, where it was not asked. */
static void give_up(struct question *question)
{
    list_remove(&question->line);
    table_remove(&question->resolver->table, &question->link);
    question_free(question);
}

/* The lookup is over; so is the question, where it was kept for this one alone. */
static void leave(struct lookup *lookup)
{
    struct question *question = lookup->question;

    loop_undefer(question->resolver->loop, &lookup->task);
    list_remove(&lookup->waiting);
    lookup->question = NULL;
    if (!list_is_empty(&question->waiters))
        return;
    if (question->state == QUESTION_OVER)
        question_free(question);
    else if (question->state == QUESTION_WAITS)
        give_up(question);
}

/* The lookup's task: hands over what it was not told. */
static void tell(void *owner)
{
    struct lookup *lookup = owner;
    const struct question *question = lookup->question;
    struct address fresh[RESOLVER_MAX_ADDRESSES];
    size_t count = resolve_in_turn(question->addresses, lookup->told, question->count, fresh);
    enum resolve_status status = question->count ? RESOLVE_OK : question->status;
    bool more = question->state != QUESTION_OVER;

    lookup->told = question->count;
    if (!more)
        leave(lookup);
    lookup->done(lookup->owner, status, fresh, count, more);
    if (!more)
        free(lookup);
}

static const char *const state_names[] = {[QUESTION_WAITS] = "queued",
                                          [QUESTION_ASKED] = "sent",
                                          [QUESTION_READY] = "ready",
                                          [QUESTION_OVER] = "complete"};

/* The only place where the state changes. */
static void enter(struct question *question, enum question_state state)
{
    if (question->state != state)
        probe_state(question->resolver->loop, "dns question", question->number,
                    state_names[question->state], state_names[state]);
    question->state = state;
}

static void tell_all(struct question *question)
{
    struct lookup *lookup;

    LIST_EACH (lookup, &question->waiters, waiting)
        loop_defer(question->resolver->loop, &lookup->task);
}

static void be_ready(void *owner)
{
    struct question *question = owner;

    enter(question, QUESTION_READY);
    tell_all(question);
}

/* Puts what was found into the cache, where it may be kept. */
static void keep(struct question *question)
{
    struct resolver *resolver = question->resolver;
    nsec now = loop_clock(resolver->loop), until = now;
    struct known known;

    known.status = question->count ? RESOLVE_OK : question->status;
    known.count = resolve_in_turn(question->addresses, 0, question->count, known.addresses);
    if (known.status == RESOLVE_OK)
        until = question->until;
    else if (known.status == RESOLVE_NXDOMAIN || known.status == RESOLVE_NO_ADDRESS)
        until = now + RESOLVER_NEGATIVE_TTL;
    if (until > now)
        names_keep(resolver->cache, question->name, question->link.hash, &known, until);
}

static void stand_in_line(struct question *question)
{
    struct resolver *resolver = question->resolver;

    enter(question, QUESTION_WAITS);
    list_put_last(&resolver->line, &question->line);
}

/* Where a name leads nowhere, the next one of the search list may be tried. */
static bool leads_nowhere(enum resolve_status status)
{
    return status == RESOLVE_NXDOMAIN || status == RESOLVE_NO_ADDRESS || status == RESOLVE_BAD_NAME;
}

/* Of two names of the search list that led nowhere. */
static enum resolve_status of_tries(enum resolve_status one, enum resolve_status other)
{
    if (one == RESOLVE_NO_ADDRESS || other == RESOLVE_NO_ADDRESS)
        return RESOLVE_NO_ADDRESS;
    return one == RESOLVE_NXDOMAIN || other == RESOLVE_NXDOMAIN ? RESOLVE_NXDOMAIN
                                                                : RESOLVE_BAD_NAME;
}

static void finish(struct question *question)
{
    enter(question, QUESTION_OVER);
    table_remove(&question->resolver->table, &question->link);
    keep(question);
    tell_all(question);
    if (list_is_empty(&question->waiters))
        question_free(question);
}

/* All answers are there. */
static void conclude(struct question *question)
{
    struct resolver *resolver = question->resolver;
    bool nowhere = !question->count && leads_nowhere(question->status);
    char room[QUERY_NAME_BYTES];

    resolver->asked--;
    loop_cancel(resolver->loop, &question->delay);
    if (nowhere)
        question->tried = of_tries(question->tried, question->status);
    if (nowhere &&
        query_candidate(resolver->channel, question->name, question->candidate + 1, room)) {
        question->candidate++;
        stand_in_line(question);
        if (list_is_empty(&question->waiters))
            give_up(question);
    } else {
        if (nowhere)
            question->status = question->tried;
        finish(question);
    }
    if (!list_is_empty(&resolver->line))
        loop_defer(resolver->loop, &resolver->next);
}

static void take(struct question *question, const struct dns_query_answer *answer)
{
    size_t size = sizeof(*answer->addresses);
    uint32_t ttl = answer->ttl < RESOLVER_LONGEST_TTL ? answer->ttl : RESOLVER_LONGEST_TTL;
    nsec until = loop_clock(question->resolver->loop) + ttl * NSEC_PER_S;

    question->status = resolve_telling(question->status, answer->status);
    if (!answer->count)
        return;
    question->addresses = memory_grow(question->addresses, question->count + answer->count, size);
    memcpy(question->addresses + question->count, answer->addresses, answer->count * size);
    question->count += answer->count;
    if (until < question->until)
        question->until = until;
}

/* c-ares is on the stack: nothing is asked and nobody told before it has returned. */
static void on_answer(void *owner, const struct dns_query_answer *answer)
{
    struct question *question = owner;
    struct loop *loop = question->resolver->loop;

    take(question, answer);
    if (!--question->pending)
        conclude(question);
    else if (answer->count && answer->addresses->any.sa_family == AF_INET6)
        be_ready(question);
    else if (answer->count)
        loop_arm(loop, &question->delay, loop_clock(loop) + RESOLVER_DELAY);
}

/* Asks the nameserver; the question may be over, but is still there, when this returns. */
static void ask(struct question *question)
{
    struct resolver *resolver = question->resolver;
    enum resolve_family family = resolver->family;
    char room[QUERY_NAME_BYTES];
    const char *name =
        query_candidate(resolver->channel, question->name, question->candidate, room);

    list_remove(&question->line);
    resolver->asked++;
    enter(question, QUESTION_ASKED);
    question->status = RESOLVE_OK;
    question->pending = family == RESOLVE_BOTH ? 2 : 1;
    if (family != RESOLVE_IPV4)
        query_start(resolver->channel, &question->v6, name);
    if (family != RESOLVE_IPV6)
        query_start(resolver->channel, &question->v4, name);
}

/* The resolver's task: as many as there is room for. */
static void ask_next(void *owner)
{
    struct resolver *resolver = owner;

    while (resolver->asked < resolver->max && !list_is_empty(&resolver->line))
        ask(LIST_OWNER(resolver->line.next, struct question, line));
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

/* What is known already, as a question that is over. */
static struct question *question_known(struct resolver *resolver, const struct known *known)
{
    struct question *question = question_new(resolver, "");
    size_t bytes = known->count * sizeof(*known->addresses);

    enter(question, QUESTION_OVER);
    question->status = known->status;
    question->count = known->count;
    question->addresses = memory_get(bytes);
    memcpy(question->addresses, known->addresses, bytes);
    return question;
}

static struct question *question_asked(struct resolver *resolver, const struct key *key)
{
    struct question *question;

    TABLE_EACH (question, &resolver->table, key->hash, link)
        if (!strcasecmp(question->name, key->text))
            return question;
    question = question_new(resolver, key->text);
    question->v6 = (struct dns_query){on_answer, question, AF_INET6};
    question->v4 = (struct dns_query){on_answer, question, AF_INET};
    question->tried = RESOLVE_BAD_NAME;
    question->until = NSEC_NEVER;
    timer_init(&question->delay, be_ready, question, "dns resolution delay");
    table_add(&resolver->table, &question->link, key->hash);
    stand_in_line(question);
    return question;
}

static struct question *question_of(struct resolver *resolver, const char *name)
{
    struct key key;
    struct known known;

    known.status = RESOLVE_BAD_NAME;
    known.count = 0;
    if (!make_key(resolver, name, &key) || find_known(resolver, &key, &known))
        return question_known(resolver, &known);
    return question_asked(resolver, &key);
}

struct lookup *resolver_lookup(struct resolver *resolver, const char *name, resolved_fn *done,
                               void *owner)
{
    struct lookup *lookup = memory_zeroed(sizeof(*lookup));
    struct question *question = question_of(resolver, name);

    assert(done);
    lookup->question = question;
    lookup->done = done;
    lookup->owner = owner;
    task_init(&lookup->task, tell, lookup, "dns lookup result");
    list_put_last(&question->waiters, &lookup->waiting);
    if (question->state >= QUESTION_READY)
        loop_defer(resolver->loop, &lookup->task);
    ask_next(resolver);
    return lookup;
}

void lookup_detach(struct lookup *lookup)
{
    if (!lookup->question)
        return; /* in its last call, after which it is freed */
    leave(lookup);
    free(lookup);
}

bool resolver_cached(struct resolver *resolver, const char *name,
                     struct address addresses[RESOLVER_MAX_ADDRESSES], size_t *count)
{
    struct key key;
    struct known known;

    if (!make_key(resolver, name, &key) || !find_known(resolver, &key, &known) || !known.count)
        return false;
    memcpy(addresses, known.addresses, known.count * sizeof(*addresses));
    *count = known.count;
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
    resolver->cache = names_new(RESOLVER_CACHE_NAMES);
    resolver->hosts_path = options->hosts;
    resolver->family = options->family;
    resolver->max = options->max_questions ? options->max_questions : RESOLVER_MAX_QUESTIONS;
    list_init(&resolver->questions);
    list_init(&resolver->line);
    task_init(&resolver->next, ask_next, resolver, "dns next query");
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
    loop_undefer(resolver->loop, &resolver->next);
    names_free(resolver->cache);
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

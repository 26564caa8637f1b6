/*
 * c-ares on the loop. Three properties of c-ares matter:
 *
 * - It opens and closes its descriptors, and reports through one callback which events it waits
 *   for. They are watched level-triggered, because c-ares does not always read to the end:
 *   edge-triggered watches would lose TCP answers.
 * - Its functions must not be called from its own callbacks. The resolver ensures this.
 * - A single query cannot be cancelled.
 *
 * Rejected: ares_getaddrinfo. With one call for both families, it reports nothing before the second
 * answer. With one call for each family, each call walks the search list for itself: the AAAA
 * record of one host and the A record of another could be reported as one name. So the resolver
 * walks the search list and ares_query sends each query. Answers are normalized before c-ares reads
 * them (query_sock.h) and parsed by answer.h: those of c-ares reject too many answers and allocate
 * for each record.
 */
#include "dns/query.h"

#include <arpa/nameser.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/answer.h"
#include "dns/query_sock.h" /* and ares.h */
#include "dns/search.h"
#include "dns/servers.h"

#define READS_PER_TURN 64 /* of one descriptor; then the watch yields */

/* A descriptor of c-ares. */
struct channel_watch {
    struct watch watch;
    struct query_channel *channel;
    struct link link; /* in channel->watches */
    struct deferred_free deferred;
};

struct query_channel {
    struct loop *loop;
    ares_channel channel;
    struct query_socks *socks; /* owned */
    struct timer timer;        /* for the timeouts of c-ares */
    struct link watches;       /* of the open descriptors of c-ares */
    struct search search;      /* without a domain if there is no list */
};

static enum resolve_status status_of(int ares)
{
    switch (ares) {
    case ARES_SUCCESS: return RESOLVE_OK;
    case ARES_ENOTFOUND: return RESOLVE_NXDOMAIN;
    case ARES_ENODATA: return RESOLVE_NO_ADDRESS;
    case ARES_ETIMEOUT: return RESOLVE_TIMEOUT;
    case ARES_ECONNREFUSED: return RESOLVE_UNREACHABLE;
    case ARES_ESERVFAIL: return RESOLVE_SERVFAIL;
    case ARES_EREFUSED:
    case ARES_ENOTIMP: return RESOLVE_REFUSED;
    case ARES_EBADRESP:
    case ARES_EFORMERR: return RESOLVE_MALFORMED;
    case ARES_EBADNAME: return RESOLVE_BAD_NAME;
    default: return RESOLVE_FAILED;
    }
}

/* Called by c-ares, perhaps before ares_query returns. */
static void on_cares_answer(void *owner, int ares, int timeouts, unsigned char *bytes, int length)
{
    struct dns_query *query = owner;
    struct dns_query_answer answer;

    (void)timeouts;
    if (ares == ARES_EDESTRUCTION)
        return;
    answer.count = 0;
    answer.ttl = UINT32_MAX;
    answer.status = status_of(ares);
    if (answer.status == RESOLVE_OK)
        answer.status = answer_read(bytes, (size_t)length, query->family, &answer);
    query->answered(query->owner, &answer);
}

/* Arms the timer, unless it is armed for an earlier time: then c-ares makes one needless check. */
static void arm_by(struct query_channel *channel, nsec deadline)
{
    if (channel->timer.state != TIMER_ARMED || channel->timer.deadline > deadline)
        loop_arm(channel->loop, &channel->timer, deadline);
}

/* ares_timeout visits every query in flight, so it is not called while the timer is armed. */
static void arm_timeout(struct query_channel *channel)
{
    struct timeval span;

    if (channel->timer.state != TIMER_ARMED && ares_timeout(channel->channel, NULL, &span))
        arm_by(channel, loop_clock(channel->loop) + (nsec)span.tv_sec * NSEC_PER_S +
                            (nsec)span.tv_usec * NSEC_PER_US);
}

static void on_timeout(void *owner)
{
    struct query_channel *channel = owner;

    ares_process_fd(channel->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timeout(channel);
}

static void on_channel_ready(void *owner, uint32_t events)
{
    struct channel_watch *one = owner;
    struct query_channel *channel = one->channel;
    int fd = one->watch.fd, reads = 1;

    ares_process_fd(channel->channel,
                    events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? fd : ARES_SOCKET_BAD,
                    events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
    for (; reads < READS_PER_TURN && query_socks_pending(channel->socks, fd); reads++)
        ares_process_fd(channel->channel, fd, ARES_SOCKET_BAD);
    if (reads == READS_PER_TURN && one->watch.fd >= 0) /* c-ares may have closed it */
        loop_yield(channel->loop, &one->watch, EPOLLIN);
    arm_timeout(channel);
}

static void channel_watch_close(struct channel_watch *one)
{
    list_remove(&one->link);
    loop_unwatch(one->channel->loop, &one->watch);
    loop_free_later(one->channel->loop, &one->deferred, free, one);
}

/* The watch of a descriptor; NULL if there is none. */
static struct channel_watch *find_watch(const struct query_channel *channel, int fd)
{
    struct channel_watch *one;

    LIST_EACH (one, &channel->watches, link)
        if (one->watch.fd == fd)
            return one;
    return NULL;
}

/* Called by c-ares with the events that it waits for; with none before it closes the descriptor. */
static void on_channel_state(void *owner, ares_socket_t fd, int readable, int writable)
{
    struct query_channel *channel = owner;
    struct channel_watch *one = find_watch(channel, fd);
    uint32_t interest = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0);

    if (one && interest) {
        loop_set_interest(channel->loop, &one->watch, interest);
    } else if (one) {
        channel_watch_close(one);
    } else if (interest) {
        one = memory_zeroed(sizeof(*one));
        one->channel = channel;
        watch_init(&one->watch, on_channel_ready, one, "dns socket");
        if (loop_watch(channel->loop, &one->watch, fd, interest))
            free(one); /* not watched: the query ends with a timeout */
        else
            list_put_first(&channel->watches, &one->link);
    }
}

/* The configuration of a channel. */
struct setup {
    struct address servers[SERVERS_MAX];
    size_t count;            /* number of servers; 0: use those of resolv_conf */
    const char *resolv_conf; /* NULL: /etc/resolv.conf */
};

static int set_servers(ares_channel channel, const struct setup *setup)
{
    char list[SERVERS_MAX * ADDRESS_TEXT_BYTES], text[ADDRESS_TEXT_BYTES], *to = list;

    for (size_t i = 0; i < setup->count; i++)
        to = stpcpy(stpcpy(to, i ? "," : ""), address_text(&setup->servers[i], text));
    return setup->count ? ares_set_servers_ports_csv(channel, list) : ARES_SUCCESS;
}

static int init_channel(struct query_channel *channel, const struct setup *setup, int flags)
{
    char only_nameservers[] = "b";
    struct ares_options ares = {
        .flags = flags,
        .timeout = QUERY_TIMEOUT_MS,
        .tries = QUERY_TRIES,
        .lookups = only_nameservers,
        .sock_state_cb = on_channel_state,
        .sock_state_cb_data = channel,
        .resolvconf_path = (char *)setup->resolv_conf,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
               ARES_OPT_SOCK_STATE_CB | (setup->resolv_conf ? ARES_OPT_RESOLVCONF : 0);
    int status;

#ifdef ARES_OPT_QUERY_CACHE /* c-ares 1.31 has a cache; the maximum TTL 0 disables it */
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    status = ares_init_options(&channel->channel, &ares, mask);
    if (status == ARES_SUCCESS)
        query_socks_use(channel->socks, channel->channel);
    return status == ARES_SUCCESS ? set_servers(channel->channel, setup) : status;
}

static bool has_one_server(ares_channel channel)
{
    struct ares_addr_port_node *servers = NULL;
    bool one =
        ares_get_servers_ports(channel, &servers) == ARES_SUCCESS && servers && !servers->next;

    if (servers)
        ares_free_data(servers);
    return one;
}

/* With several nameservers, c-ares goes on to the next after SERVFAIL or REFUSED. With one
   nameserver, ARES_FLAG_NOCHECKRESP makes c-ares return that answer instead of "unreachable". */
static int open_channel(struct query_channel *channel, const struct setup *setup)
{
    int status = init_channel(channel, setup, 0);

    if (status != ARES_SUCCESS || !has_one_server(channel->channel))
        return status;
    ares_destroy(channel->channel);
    channel->channel = NULL;
    return init_channel(channel, setup, ARES_FLAG_NOCHECKRESP);
}

/* Takes the search list from c-ares, or from the file if c-ares does not return it. */
static void read_search_list(struct query_channel *channel, const char *path)
{
    struct ares_options ares = {0};
    struct search *search = &channel->search;
    int mask = 0;

    if (ares_save_options(channel->channel, &ares, &mask) != ARES_SUCCESS)
        return;
    if (ares.ndomains > 0) {
        search->dots = ares.ndots > 0 ? (unsigned)ares.ndots : 0;
        search->count = (unsigned)ares.ndomains;
        search->domains = memory_get(search->count * sizeof(*search->domains));
        for (unsigned i = 0; i < search->count; i++)
            search->domains[i] = memory_text(ares.domains[i], strlen(ares.domains[i]));
    } else { /* after 1.18, c-ares returns only the domains that were set as options */
        search_read(search, path);
    }
    ares_destroy_options(&ares);
}

struct query_channel *query_channel_new(struct loop *loop, const char *servers,
                                        const char *resolv_conf, const char **why)
{
    struct setup setup = {.resolv_conf = resolv_conf};
    struct query_channel *channel;
    int status;

    *why = servers ? servers_parse(servers, setup.servers, &setup.count) : NULL;
    if (*why)
        return NULL;
    channel = memory_zeroed(sizeof(*channel));
    channel->loop = loop;
    channel->socks = query_socks_new();
    list_init(&channel->watches);
    timer_init(&channel->timer, on_timeout, channel, "dns timeout");
    status =
        ares_library_init_mem(ARES_LIB_INIT_ALL, memory_for_library, free, memory_grow_for_library);
    if (status == ARES_SUCCESS)
        status = open_channel(channel, &setup);
    if (status != ARES_SUCCESS) {
        *why = ares_strerror(status);
        if (channel->channel)
            ares_destroy(channel->channel);
        query_socks_free(channel->socks);
        free(channel);
        return NULL;
    }
    if (!servers || resolv_conf)
        read_search_list(channel, resolv_conf ? resolv_conf : "/etc/resolv.conf");
    return channel;
}

void query_channel_free(struct query_channel *channel)
{
    ares_destroy(channel->channel);
    while (!list_is_empty(&channel->watches))
        channel_watch_close(LIST_OWNER(channel->watches.next, struct channel_watch, link));
    loop_cancel(channel->loop, &channel->timer);
    search_free(&channel->search);
    query_socks_free(channel->socks);
    free(channel);
    ares_library_cleanup();
}

void query_start(struct query_channel *channel, struct dns_query *query, const char *name)
{
    assert(query->answered);
    ares_query(channel->channel, name, ns_c_in, query->family == AF_INET6 ? ns_t_aaaa : ns_t_a,
               on_cares_answer, query);
    arm_by(channel, loop_clock(channel->loop) + QUERY_TIMEOUT_MS * NSEC_PER_MS);
}

bool query_channel_searches(const struct query_channel *channel)
{
    return channel->search.count;
}

const char *query_candidate(const struct query_channel *channel, const char *name, unsigned number,
                            char room[QUERY_NAME_BYTES])
{
    size_t length = strlen(name);
    unsigned dots = 0, as_is;

    if (!channel->search.count || name[length - (length > 0)] == '.')
        return number ? NULL : name;
    for (const char *at = name; (at = strchr(at, '.')); at++)
        dots++;
    as_is = dots >= channel->search.dots ? 0 : channel->search.count;
    if (number == as_is)
        return name;
    if (number > channel->search.count)
        return NULL;
    snprintf(room, QUERY_NAME_BYTES, "%s.%s", name,
             channel->search.domains[number - (number > as_is)]);
    return room;
}

const char *query_version(void)
{
    return ares_version(NULL);
}

/*
 * c-ares on the loop. Three things need care:
 *
 * - Its descriptors are its own: it opens and closes them and says through one callback what it
 *   waits for. They are watched level-triggered; edge-triggered ones lose TCP answers, since c-ares
 *   does not always read to the end.
 * - It must not be entered again from its own callbacks. So an answer is copied and handed over in a
 *   step of the loop where c-ares is not on the stack.
 * - A single question cannot be cancelled. A lookup outlives whoever waited for it.
 */
#include "reactor/resolver.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>

#include "reactor/hosts.h"
#include "reactor/memory.h"

#define TIMEOUT_MS 2000 /* of the first try at a nameserver; c-ares doubles it */
#define TRIES      3    /* of each nameserver */

/* A descriptor of c-ares. */
struct channel_watch {
    struct watch watch;
    struct resolver *resolver;
    struct channel_watch *next; /* in resolver->watches */
    struct grave grave;
};

struct resolver {
    struct loop *loop;
    ares_channel channel;
    struct timer timer;            /* c-ares' own timeouts */
    struct channel_watch *watches; /* open descriptors of c-ares */
    struct lookup *lookups;        /* all that are not over */
    struct hosts *hosts;           /* NULL until it is read */
    const char *hosts_path;        /* NULL: none */
};

struct lookup {
    struct resolver *resolver;
    resolved_fn *done; /* NULL: nobody waits any more */
    void *owner;       /* its argument */
    struct task task;  /* hands the answer over */
    struct lookup *next, *before;
    enum resolve_status status;
    size_t count; /* of addresses */
    struct address addresses[RESOLVER_MOST_ADDRESSES];
};

static void lookup_free(struct lookup *lookup)
{
    struct resolver *resolver = lookup->resolver;

    loop_undefer(resolver->loop, &lookup->task);
    if (lookup->before)
        lookup->before->next = lookup->next;
    else
        resolver->lookups = lookup->next;
    if (lookup->next)
        lookup->next->before = lookup->before;
    free(lookup);
}

static void hand_over(void *owner)
{
    struct lookup *lookup = owner;

    if (lookup->done)
        lookup->done(lookup->owner, lookup->status, lookup->addresses, lookup->count);
    lookup_free(lookup);
}

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

/* The next node of `family` from `node` on, or NULL. */
static const struct ares_addrinfo_node *next_of(const struct ares_addrinfo_node *node, int family)
{
    while (node && (node->ai_family != family || node->ai_addrlen > sizeof(struct sockaddr_in6)))
        node = node->ai_next;
    return node;
}

/* Copies the addresses, IPv6 and IPv4 in turn. */
static void take_addresses(struct lookup *lookup, const struct ares_addrinfo *info)
{
    const struct ares_addrinfo_node *turn = next_of(info->nodes, AF_INET6);
    const struct ares_addrinfo_node *other = next_of(info->nodes, AF_INET);

    while ((turn || other) && lookup->count < RESOLVER_MOST_ADDRESSES) {
        const struct ares_addrinfo_node *node = turn;

        turn = other;
        other = node ? next_of(node->ai_next, node->ai_family) : NULL;
        if (node) {
            struct address *to = &lookup->addresses[lookup->count++];

            to->length = node->ai_addrlen;
            memcpy(&to->any, node->ai_addr, node->ai_addrlen);
        }
    }
}

/* Called by c-ares, perhaps before ares_getaddrinfo returns. */
static void on_answer(void *owner, int ares, int timeouts, struct ares_addrinfo *info)
{
    struct lookup *lookup = owner;

    (void)timeouts;
    lookup->status = status_of(ares);
    if (info)
        take_addresses(lookup, info);
    if (lookup->status == RESOLVE_OK && !lookup->count)
        lookup->status = RESOLVE_NO_ADDRESS;
    ares_freeaddrinfo(info);
    loop_defer(lookup->resolver->loop, &lookup->task);
}

/* Arms the timer, unless it comes earlier already: then c-ares looks for nothing, which is harmless. */
static void arm_by(struct resolver *resolver, nsec deadline)
{
    if (resolver->timer.state != TIMER_ARMED || resolver->timer.deadline > deadline)
        loop_arm(resolver->loop, &resolver->timer, deadline);
}

/* Asking c-ares costs a look at every question under way: not done where a timer is armed. */
static void arm_timeout(struct resolver *resolver)
{
    struct timeval span;

    if (resolver->timer.state != TIMER_ARMED && ares_timeout(resolver->channel, NULL, &span))
        arm_by(resolver, loop_clock(resolver->loop) + (nsec)span.tv_sec * NSEC_PER_S +
                             (nsec)span.tv_usec * NSEC_PER_US);
}

static void on_timeout(void *owner)
{
    struct resolver *resolver = owner;

    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timeout(resolver);
}

static void on_channel_ready(void *owner, uint32_t events)
{
    struct channel_watch *one = owner;
    struct resolver *resolver = one->resolver;
    int fd = one->watch.fd;

    ares_process_fd(resolver->channel,
                    events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? fd : ARES_SOCKET_BAD,
                    events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
    arm_timeout(resolver);
}

static void channel_watch_close(struct channel_watch **link)
{
    struct channel_watch *one = *link;

    *link = one->next;
    loop_unwatch(one->resolver->loop, &one->watch);
    loop_bury(one->resolver->loop, &one->grave, free, one);
}

/* c-ares says what it waits for on one of its descriptors; nothing, when it is about to close it. */
static void on_channel_state(void *owner, ares_socket_t fd, int readable, int writable)
{
    struct resolver *resolver = owner;
    struct channel_watch **link = &resolver->watches;
    uint32_t interest = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0);

    while (*link && (*link)->watch.fd != fd)
        link = &(*link)->next;
    if (*link && interest) {
        loop_interest(resolver->loop, &(*link)->watch, interest);
    } else if (*link) {
        channel_watch_close(link);
    } else if (interest) {
        struct channel_watch *one = memory_zeroed(sizeof(*one));

        one->resolver = resolver;
        watch_init(&one->watch, on_channel_ready, one);
        if (loop_watch(resolver->loop, &one->watch, fd, interest)) {
            free(one); /* unheard: the question ends by its timeout */
            return;
        }
        one->next = resolver->watches;
        resolver->watches = one;
    }
}

static int init_channel(struct resolver *resolver, const char *servers, int flags)
{
    char only_nameservers[] = "b";
    struct ares_options ares = {
        .flags = flags,
        .timeout = TIMEOUT_MS,
        .tries = TRIES,
        .lookups = only_nameservers,
        .socket_receive_buffer_size = SOCK_UDP_BUFFER_BYTES,
        .sock_state_cb = on_channel_state,
        .sock_state_cb_data = resolver,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
               ARES_OPT_SOCK_STATE_CB | ARES_OPT_SOCK_RCVBUF;
    int status = ares_init_options(&resolver->channel, &ares, mask);

    if (status == ARES_SUCCESS && servers)
        status = ares_set_servers_ports_csv(resolver->channel, servers);
    return status;
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

/* Where there is another nameserver, one that fails or refuses is passed over; where there is none,
   its answer is the answer, and c-ares must be told not to turn it into "unreachable". */
static int open_channel(struct resolver *resolver, const char *servers)
{
    int flags = servers ? ARES_FLAG_NOSEARCH : 0;
    int status = init_channel(resolver, servers, flags);

    if (status != ARES_SUCCESS || !has_one_server(resolver->channel))
        return status;
    ares_destroy(resolver->channel);
    resolver->channel = NULL;
    return init_channel(resolver, servers, flags | ARES_FLAG_NOCHECKRESP);
}

struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              const char **why)
{
    struct resolver *resolver = memory_zeroed(sizeof(*resolver));
    int status = ares_library_init(ARES_LIB_INIT_ALL);

    resolver->loop = loop;
    resolver->hosts_path = options->hosts;
    timer_init(&resolver->timer, on_timeout, resolver);
    if (status == ARES_SUCCESS)
        status = open_channel(resolver, options->servers);
    if (status != ARES_SUCCESS) {
        *why = ares_strerror(status);
        if (resolver->channel)
            ares_destroy(resolver->channel);
        free(resolver);
        return NULL;
    }
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    ares_destroy(resolver->channel);
    for (struct lookup *lookup = resolver->lookups, *next; lookup; lookup = next) {
        next = lookup->next;
        lookup_free(lookup);
    }
    while (resolver->watches)
        channel_watch_close(&resolver->watches);
    loop_cancel(resolver->loop, &resolver->timer);
    hosts_free(resolver->hosts);
    free(resolver);
    ares_library_cleanup();
}

/* The hosts file's answer, where it has one. An empty file knows localhost, which c-ares would ask
   nobody for. */
static void ask_hosts(struct resolver *resolver, struct lookup *lookup, const char *name)
{
    const char *path = resolver->hosts_path;

    if (!resolver->hosts)
        resolver->hosts = path ? hosts_read(path) : hosts_parse("", 0);
    lookup->count = hosts_find(resolver->hosts, name, lookup->addresses, RESOLVER_MOST_ADDRESSES);
}

struct lookup *resolver_lookup(struct resolver *resolver, const char *name, resolved_fn *done,
                               void *owner)
{
    static const struct ares_addrinfo_hints unsorted = {.ai_flags = ARES_AI_NOSORT,
                                                        .ai_socktype = SOCK_STREAM};
    struct lookup *lookup = memory_zeroed(sizeof(*lookup));

    lookup->resolver = resolver;
    lookup->done = done;
    lookup->owner = owner;
    task_init(&lookup->task, hand_over, lookup);
    lookup->next = resolver->lookups;
    if (lookup->next)
        lookup->next->before = lookup;
    resolver->lookups = lookup;

    ask_hosts(resolver, lookup, name);
    if (lookup->count) {
        loop_defer(resolver->loop, &lookup->task);
    } else {
        ares_getaddrinfo(resolver->channel, name, NULL, &unsorted, on_answer, lookup);
        arm_by(resolver, loop_clock(resolver->loop) + TIMEOUT_MS * NSEC_PER_MS);
    }
    return lookup;
}

void lookup_detach(struct lookup *lookup)
{
    lookup->done = NULL;
}

const char *resolver_version(void)
{
    return ares_version(NULL);
}

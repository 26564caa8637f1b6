/*
 * The resolver with c-ares. A nameserver on loopback answers the queries of a lookup with bytes of
 * the input. It sends a second, valid answer to each query, NXDOMAIN, so that no lookup waits for a
 * timeout.
 *
 * The first byte: bit 0: answers are sent unchanged, otherwise the question of the query is
 * inserted after their header; bits 1 and 2: the name; bit 3: each turn advances the clock by the
 * Resolution Delay, so that one family may be reported before the other. The second byte is the
 * length of the first answer, the rest is the second one; they answer the first two queries. An
 * answer has no ID in the input: the ID of the query is copied.
 */
#include "tests/fuzz/fuzz.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <unistd.h>

#include "dns/resolver.h"

#define MAX_BYTES   4096
#define ID_BYTES    2
#define FLAGS_BYTES 10 /* the rest of a header */
#define MAX_TURNS   64 /* of the loop, for one lookup */

struct server {
    struct loop *loop;
    struct resolver *resolver;
    int fd;
    struct part answers[2]; /* for the first two questions */
    size_t queries;         /* received so far */
    nsec now;               /* of the loop's clock */
    bool raw;
    bool reported; /* addresses, by a first call */
    bool done;     /* the lookup is over */
};

static void on_resolved(void *owner, enum resolve_status status, const struct address *addresses,
                        size_t count, bool more)
{
    struct server *server = owner;
    char text[ADDRESS_TEXT_BYTES];

    MUST(!server->done && status <= RESOLVE_FAILED && !(more && server->reported));
    MUST(count <= RESOLVER_MAX_ADDRESSES);
    MUST((status == RESOLVE_OK) == (count || server->reported) && (count || !more));
    for (size_t i = 0; i < count; i++) {
        MUST(addresses[i].any.sa_family == AF_INET || addresses[i].any.sa_family == AF_INET6);
        MUST(!address_port(&addresses[i]) && *address_text(&addresses[i], text));
    }
    server->reported = more;
    server->done = !more;
}

static nsec read_clock(void *owner)
{
    return ((struct server *)owner)->now;
}

static void server_start(struct server *server)
{
    struct resolver_options options = {0};
    char servers[ADDRESS_TEXT_BYTES];
    struct address at;
    const char *why;

    server->now = 0;
    server->loop = loop_new();
    loop_set_clock(server->loop, read_clock, server);
    MUST(address_parse(&at, "127.0.0.1", 0));
    server->fd = sock_bind_udp(&at);
    MUST(server->fd >= 0);
    options.servers = address_text(&at, servers);
    server->resolver = resolver_new(server->loop, &options, &why);
    MUST(server->resolver);
}

/* Called when the clock is near its limit. */
static void server_stop(struct server *server)
{
    resolver_free(server->resolver);
    loop_free(server->loop);
    close(server->fd);
    server->loop = NULL;
}

/* Makes an answer from the input. Returns its length; 0: none. */
static size_t compose(const struct server *server, const struct part *response,
                      const unsigned char *query, size_t length, unsigned char *to)
{
    size_t head = response->size < FLAGS_BYTES ? response->size : FLAGS_BYTES;
    unsigned char *at = to;

    if (!response->size)
        return 0;
    at = mempcpy(at, query, ID_BYTES);
    at = mempcpy(at, response->at, head);
    if (!server->raw)
        at = mempcpy(at, query + NS_HFIXEDSZ, length - NS_HFIXEDSZ);
    at = mempcpy(at, response->at + head, response->size - head);
    return (size_t)(at - to);
}

static void answer(struct server *server, unsigned char *query, size_t length,
                   const struct sockaddr_storage *to, socklen_t size)
{
    unsigned char message[2 * MAX_BYTES];

    MUST(length > NS_HFIXEDSZ && length < MAX_BYTES);
    if (server->queries < 2) {
        size_t count = compose(server, &server->answers[server->queries++], query, length, message);

        if (count)
            sendto(server->fd, message, count, 0, (const struct sockaddr *)to, size);
    }
    query[2] |= 0x80; /* an answer */
    query[3] = ns_r_nxdomain;
    sendto(server->fd, query, length, 0, (const struct sockaddr *)to, size);
}

/* Answers all received queries. */
static void serve(struct server *server)
{
    for (;;) {
        unsigned char query[MAX_BYTES];
        struct sockaddr_storage from;
        socklen_t size = sizeof(from);
        ssize_t count =
            recvfrom(server->fd, query, sizeof(query), 0, (struct sockaddr *)&from, &size);

        if (count < 0) {
            MUST(errno == EAGAIN);
            return;
        }
        answer(server, query, (size_t)count, &from, size);
    }
}

/* A cached name has addresses and expires, so that nothing is left for the next input. */
static void check_cache(struct server *server, const char *name)
{
    struct address addresses[RESOLVER_MAX_ADDRESSES];
    size_t count;

    if (resolver_cached(server->resolver, name, addresses, &count))
        MUST(count && count <= RESOLVER_MAX_ADDRESSES);
    server->now += RESOLVER_MAX_TTL * NSEC_PER_S;
    MUST(!resolver_cached(server->resolver, name, addresses, &count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"www.example.org", "a", "example.org.", "_x.a-b.c"};
    static struct server server;
    const char *name;
    struct part rest = {data, size};
    uint8_t how = part_byte(&rest);
    size_t first = part_byte(&rest);

    if (size > MAX_BYTES)
        return 0;
    if (server.loop && server.now > NSEC_NEVER / 2)
        server_stop(&server);
    if (!server.loop)
        server_start(&server);
    if (first > rest.size)
        first = rest.size;
    server.raw = how & 1;
    server.answers[0] = (struct part){rest.at, first};
    server.answers[1] = (struct part){rest.at + first, rest.size - first};
    server.queries = 0;
    server.reported = server.done = false;

    name = names[how >> 1 & 3];
    resolver_lookup(server.resolver, name, on_resolved, &server);
    for (int i = 0; i < MAX_TURNS && !server.done; i++) {
        serve(&server);
        loop_turn(server.loop, 0);
        server.now += how & 8 ? RESOLVER_DELAY : 0;
    }
    MUST(server.done);
    check_cache(&server, name);
    loop_turn(server.loop, 0);
    return 0;
}

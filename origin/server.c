/* The sites, in one table by host and one by URL; the listeners; the address of each fault. */
#include "origin/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/table.h"
#include "origin/connection.h"
#include "origin/nameserver.h"
#include "origin/request_parser.h"
#include "tls/authority.h"

#define ACCEPTS_PER_TURN  64 /* the listeners are level-triggered, so the rest follows */
#define PORT_TRIES        16 /* a free port of one address may be in use on another */
#define ACCEPT_PAUSE      (20 * NSEC_PER_MS)
#define MAX_NUMERIC_HOSTS 1000 /* in the certificate of connections without SNI */
#define STATUS_FAILED     503
#define MAX_DEFAULT_MS    20 /* maximum delay of unknown sites */

/* The last byte of each address. */
enum endpoint {
    ENDPOINT_SITE = 1,
    ENDPOINT_REFUSE,     /* no listener */
    ENDPOINT_FULL,       /* the backlog is full: connecting hangs */
    ENDPOINT_SILENT,     /* the kernel connects, the origin never accepts */
    ENDPOINT_PLAIN_TEXT, /* sends plain text and closes */
    ENDPOINT_RESET,
    ENDPOINT_COUNT,
};

struct listener {
    struct watch watch;
    struct origin *origin;
    enum endpoint endpoint;
    bool https;
};

struct origin_site {
    struct table_link by_url;
    struct table_link by_host; /* only for the first site of a host */
    char *host, *target;
    struct site_behaviour behaviour;
    unsigned failed; /* requests that got a 503 by fail_first */
};

struct origin {
    struct loop *loop;
    struct authority *authority;
    struct nameserver *nameserver;
    struct origin_server server;
    struct listener listeners[2 * ENDPOINT_COUNT];
    size_t listener_count;
    struct address http, https;
    int fillers[4]; /* connections that fill the backlogs; -1: none */
    struct table urls, hosts;
    size_t numeric_hosts; /* number of https sites whose host is an address */
    struct timer pause;   /* after accept ran out of descriptors */

    /* of the last request without a site, or with a 503 by fail_first */
    struct site_behaviour temporary;
};

static uint32_t hash_of_url(const char *host, const char *target)
{
    return hash_text(host) * 31 + hash_text(target);
}

/* The first site of a host, or NULL. */
static struct origin_site *find_host(struct origin *origin, const char *host)
{
    struct origin_site *site;

    TABLE_EACH (site, &origin->hosts, hash_text(host), by_host)
        if (!strcasecmp(site->host, host))
            return site;
    return NULL;
}

static struct origin_site *find_url(struct origin *origin, const char *host, const char *target)
{
    struct origin_site *site;

    TABLE_EACH (site, &origin->urls, hash_of_url(host, target), by_url)
        if (!strcmp(site->target, target) && !strcasecmp(site->host, host))
            return site;
    return NULL;
}

void origin_add_site(struct origin *origin, const struct url *url,
                     const struct site_behaviour *behaviour)
{
    struct origin_site *site;

    if (find_url(origin, url->host, url->target))
        return;
    site = memory_zeroed(sizeof(*site));
    site->host = memory_text(url->host, strlen(url->host));
    site->target = memory_text(url->target, strlen(url->target));
    site_behaviour_copy(&site->behaviour, behaviour);
    if (!find_host(origin, url->host))
        table_add(&origin->hosts, &site->by_host, hash_text(url->host));
    table_add(&origin->urls, &site->by_url, hash_of_url(url->host, url->target));
    if (url->numeric && url->https && origin->numeric_hosts++ < MAX_NUMERIC_HOSTS)
        authority_add_address(origin->authority, url->host);
}

/* Copies the host of the Host field, without port and brackets. */
static void host_of_field(const char *field, char *to, size_t room)
{
    const char *end = field[0] == '[' ? strchr(field, ']') : strchr(field, ':');
    size_t skip = field[0] == '[' && end, length;

    length = end ? (size_t)(end - field) - skip : strlen(field);
    if (length >= room)
        length = room - 1;
    memcpy(to, field + skip, length);
    to[length] = '\0';
}

static const struct site_behaviour *find_behaviour(void *owner, const char *field,
                                                   const char *target)
{
    struct origin *origin = owner;
    char host[REQUEST_MAX_HOST_BYTES];
    struct origin_site *site;

    host_of_field(field, host, sizeof(host));
    site = find_url(origin, host, target);
    if (!site)
        site = find_host(origin, host);
    if (site && site->failed == site->behaviour.fail_first)
        return &site->behaviour;
    if (site) {
        site->failed++;
        origin->temporary = site->behaviour;
        origin->temporary.status = STATUS_FAILED;
        origin->temporary.fault = FAULT_NONE;
    } else {
        origin->temporary =
            (struct site_behaviour){.delay = (1 + hash_text(host) % MAX_DEFAULT_MS) * NSEC_PER_MS};
    }
    return &origin->temporary;
}

/* Whether connections are accepted at this address; else they stay in its backlog. */
static bool accepts(enum endpoint endpoint)
{
    return endpoint != ENDPOINT_FULL && endpoint != ENDPOINT_SILENT;
}

static enum endpoint endpoint_of(enum fault fault)
{
    switch (fault) {
    case FAULT_CONNECT_REFUSE: return ENDPOINT_REFUSE;
    case FAULT_CONNECT_STALL: return ENDPOINT_FULL;
    case FAULT_TLS_STALL: return ENDPOINT_SILENT;
    case FAULT_TLS_PLAIN: return ENDPOINT_PLAIN_TEXT;
    case FAULT_TLS_RESET: return ENDPOINT_RESET;
    default: return ENDPOINT_SITE;
    }
}

static enum fault on_name(void *owner, const char *name, unsigned char *last_byte)
{
    const struct origin_site *site = find_host(owner, name);
    enum fault fault = site ? site->behaviour.fault : FAULT_NONE;

    *last_byte = (unsigned char)endpoint_of(fault);
    return fault;
}

static enum certificate_kind on_certificate(void *owner, const char *name)
{
    const struct origin_site *site = name ? find_host(owner, name) : NULL;

    switch (site ? site->behaviour.fault : FAULT_NONE) {
    case FAULT_CERT_EXPIRED: return CERTIFICATE_EXPIRED;
    case FAULT_CERT_NOT_YET: return CERTIFICATE_NOT_YET;
    case FAULT_CERT_SELF_SIGNED: return CERTIFICATE_SELF_SIGNED;
    case FAULT_CERT_WRONG_HOST: return CERTIFICATE_WRONG_HOST;
    case FAULT_CERT_UNKNOWN_AUTHORITY: return CERTIFICATE_UNKNOWN_AUTHORITY;
    default: return CERTIFICATE_VALID;
    }
}

static void reject(int fd, enum endpoint endpoint)
{
    static const char hello[] = "220 this port speaks no TLS\r\n";
    struct linger now = {.l_onoff = 1};

    if (endpoint == ENDPOINT_RESET)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    else
        send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL);
    close(fd);
}

static void set_listeners(struct origin *origin, uint32_t interest)
{
    for (size_t i = 0; i < origin->listener_count; i++)
        if (accepts(origin->listeners[i].endpoint))
            loop_set_interest(origin->loop, &origin->listeners[i].watch, interest);
}

static void on_pause_over(void *owner)
{
    set_listeners(owner, EPOLLIN);
}

static void on_connection(void *owner, uint32_t events)
{
    struct listener *listener = owner;
    struct origin *origin = listener->origin;
    int fd;

    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        fd = sock_accept(listener->watch.fd);
        if (fd == -EMFILE || fd == -ENFILE) { /* a pause, otherwise the loop would spin */
            set_listeners(origin, 0);
            loop_arm(origin->loop, &origin->pause, loop_clock(origin->loop) + ACCEPT_PAUSE);
        }
        if (fd < 0)
            return;
        if (listener->endpoint == ENDPOINT_SITE)
            origin_conn_accept(&origin->server, fd, listener->https);
        else
            reject(fd, listener->endpoint);
    }
}

static void endpoint_address(struct address *address, enum endpoint endpoint, uint16_t port)
{
    address_parse(address, "127.0.0.1", port);
    address->v4.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~UINT32_C(255)) | (uint32_t)endpoint);
}

/* Listens on one address. *port 0: any free port, which is then set. Returns 0 or an errno. */
static int listen_at(struct origin *origin, enum endpoint endpoint, bool https, uint16_t *port)
{
    struct listener *listener = &origin->listeners[origin->listener_count];
    struct address at;
    int fd, error;

    endpoint_address(&at, endpoint, *port);
    fd = sock_listen(&at, endpoint == ENDPOINT_FULL ? 0 : SOCK_BACKLOG);
    if (fd < 0)
        return -fd;
    *port = address_port(&at);
    *listener = (struct listener){.origin = origin, .endpoint = endpoint, .https = https};
    watch_init(&listener->watch, on_connection, listener, "origin listener");
    error = loop_watch(origin->loop, &listener->watch, fd, accepts(endpoint) ? EPOLLIN : 0);
    if (error)
        close(fd);
    else
        origin->listener_count++;
    return error;
}

static void stop_listening(struct origin *origin, size_t down_to)
{
    while (origin->listener_count > down_to)
        loop_close(origin->loop, &origin->listeners[--origin->listener_count].watch);
}

/* Listens on all addresses with the same port. Returns 0 or an errno. */
static int listen_everywhere(struct origin *origin, bool https, struct address *site)
{
    size_t prev_count = origin->listener_count;
    uint16_t port = 0;
    int error = EADDRINUSE;

    for (int i = 0; i < PORT_TRIES && error == EADDRINUSE; i++) {
        stop_listening(origin, prev_count);
        port = 0;
        error = 0;
        for (enum endpoint endpoint = ENDPOINT_SITE; endpoint < ENDPOINT_COUNT && !error;
             endpoint++)
            if (endpoint != ENDPOINT_REFUSE)
                error = listen_at(origin, endpoint, https, &port);
    }
    endpoint_address(site, ENDPOINT_SITE, port);
    return error;
}

/* A backlog of 0 holds one connection; the second and all later ones hang. */
static void fill_backlog(int *fillers, uint16_t port)
{
    struct address full;

    endpoint_address(&full, ENDPOINT_FULL, port);
    for (int i = 0; i < 2; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fillers[i] >= 0 && connect(fillers[i], &full.any, full.length) &&
            errno != EINPROGRESS) {
            close(fillers[i]);
            fillers[i] = -1;
        }
    }
}

/* Returns NULL, or the error as a static sentence. */
static const char *start(struct origin *origin)
{
    int error;

    origin->authority = authority_new();
    if (!origin->authority)
        return "the certificate authority cannot be created";
    origin->server.tls = tls_server_new(origin->authority, on_certificate, origin);
    if (!origin->server.tls)
        return "OpenSSL cannot create a server";
    origin->nameserver = nameserver_new(origin->loop, on_name, origin, &error);
    if (!origin->nameserver)
        return strerrordesc_np(error);
    error = listen_everywhere(origin, false, &origin->http);
    if (!error)
        error = listen_everywhere(origin, true, &origin->https);
    if (error)
        return strerrordesc_np(error);
    fill_backlog(origin->fillers, address_port(&origin->http));
    fill_backlog(origin->fillers + 2, address_port(&origin->https));
    return NULL;
}

struct origin *origin_new(struct loop *loop, const char **why)
{
    struct origin *origin = memory_zeroed(sizeof(*origin));

    origin->loop = loop;
    origin->server =
        (struct origin_server){.loop = loop, .find_behaviour = find_behaviour, .owner = origin};
    list_init(&origin->server.conns);
    timer_init(&origin->pause, on_pause_over, origin, "origin accept pause");
    memset(origin->fillers, -1, sizeof(origin->fillers));
    *why = start(origin);
    if (!*why)
        return origin;
    origin_free(origin);
    return NULL;
}

static void free_site(struct table_link *link)
{
    struct origin_site *site = TABLE_OWNER(link, struct origin_site, by_url);

    free(site->host);
    free(site->target);
    site_behaviour_free(&site->behaviour);
    free(site);
}

void origin_free(struct origin *origin)
{
    origin_conn_close_all(&origin->server);
    loop_cancel(origin->loop, &origin->pause);
    stop_listening(origin, 0);
    for (size_t i = 0; i < sizeof(origin->fillers) / sizeof(*origin->fillers); i++)
        if (origin->fillers[i] >= 0)
            close(origin->fillers[i]);
    nameserver_free(origin->nameserver);
    tls_server_free(origin->server.tls);
    if (origin->authority)
        authority_free(origin->authority);
    table_free(&origin->hosts);
    table_clear(&origin->urls, free_site);
    free(origin);
}

void origin_get_map(const struct origin *origin, struct dial_map *map, const char **pem)
{
    *map = (struct dial_map){
        .http = origin->http,
        .https = origin->https,
        .nameserver = *nameserver_address(origin->nameserver),
    };
    *pem = authority_pem(origin->authority);
}

/* What was told, in a table by host and one by URL; where to listen; and which fault has which
   address. */
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

#define ACCEPTS_A_TURN    64 /* a level-triggered listener comes again */
#define PORT_TRIES        16 /* a free port of one address may be taken on another */
#define RELIEF_AFTER      (20 * NSEC_PER_MS)
#define MAX_NUMERIC_HOSTS 1000 /* in the certificate of connections without SNI */
#define STATUS_FAILED     503
#define MADE_UP_MS        20 /* the longest latency of a site that nobody told of */

/* The last byte of each address. */
enum place {
    PLACE_SITE = 1,   /* where sites live */
    PLACE_NOBODY,     /* not listened on */
    PLACE_FULL,       /* its queue is full: connecting hangs */
    PLACE_SILENT,     /* never accepted: the kernel connects, nobody speaks */
    PLACE_PLAIN_TEXT, /* says hello in plain text and closes */
    PLACE_RESET,      /* resets */
    PLACE_COUNT,
};

struct listener {
    struct watch watch;
    struct origin *origin;
    enum place place;
    bool https;
};

struct told {
    struct table_link by_url;
    struct table_link by_host; /* of the first of a host alone */
    char *host, *target;
    struct play play;
    unsigned failed; /* requests that were answered 503 */
};

struct origin {
    struct loop *loop;
    struct authority *authority;
    struct nameserver *nameserver;
    struct origin_server server;
    struct listener listeners[2 * PLACE_COUNT];
    size_t listener_count;
    struct address http, https;
    int fillers[4]; /* connections that fill the full queues; -1: none */
    struct table urls, hosts;
    size_t numeric_hosts; /* told of with https */
    struct timer relief;  /* listens again after descriptors ran out */
    struct play made_up;  /* for the last request that is not answered as told */
};

static uint32_t hash_of_url(const char *host, const char *target)
{
    return hash_text(host) * 31 + hash_text(target);
}

/* The first that was told of a host, or NULL. */
static struct told *find_host(struct origin *origin, const char *host)
{
    struct told *told;

    TABLE_EACH (told, &origin->hosts, hash_text(host), by_host)
        if (!strcasecmp(told->host, host))
            return told;
    return NULL;
}

static struct told *find_url(struct origin *origin, const char *host, const char *target)
{
    struct told *told;

    TABLE_EACH (told, &origin->urls, hash_of_url(host, target), by_url)
        if (!strcmp(told->target, target) && !strcasecmp(told->host, host))
            return told;
    return NULL;
}

void origin_tell(struct origin *origin, const struct url *url, const struct play *play)
{
    struct told *told;

    if (find_url(origin, url->host, url->target))
        return;
    told = memory_zeroed(sizeof(*told));
    told->host = memory_text(url->host, strlen(url->host));
    told->target = memory_text(url->target, strlen(url->target));
    play_copy(&told->play, play);
    if (!find_host(origin, url->host))
        table_add(&origin->hosts, &told->by_host, hash_text(url->host));
    table_add(&origin->urls, &told->by_url, hash_of_url(url->host, url->target));
    if (url->numeric && url->https && origin->numeric_hosts++ < MAX_NUMERIC_HOSTS)
        authority_add_address(origin->authority, url->host);
}

/* The Host field without its port and brackets. */
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

static const struct play *on_request(void *owner, const char *field, const char *target)
{
    struct origin *origin = owner;
    char host[REQUEST_MAX_HOST_BYTES];
    struct told *told;

    host_of_field(field, host, sizeof(host));
    told = find_url(origin, host, target);
    if (!told)
        told = find_host(origin, host);
    if (told && told->failed == told->play.fail_first)
        return &told->play;
    if (told) {
        told->failed++;
        origin->made_up = told->play;
        origin->made_up.status = STATUS_FAILED;
        origin->made_up.fault = FAULT_NONE;
    } else {
        origin->made_up = (struct play){.delay = (1 + hash_text(host) % MADE_UP_MS) * NSEC_PER_MS};
    }
    return &origin->made_up;
}

/* The queues of the others are never emptied. */
static bool accepts(enum place place)
{
    return place != PLACE_FULL && place != PLACE_SILENT;
}

static enum place place_of(enum fault fault)
{
    switch (fault) {
    case FAULT_CONNECT_REFUSE: return PLACE_NOBODY;
    case FAULT_CONNECT_STALL: return PLACE_FULL;
    case FAULT_TLS_STALL: return PLACE_SILENT;
    case FAULT_TLS_PLAIN: return PLACE_PLAIN_TEXT;
    case FAULT_TLS_RESET: return PLACE_RESET;
    default: return PLACE_SITE;
    }
}

static enum fault on_name(void *owner, const char *name, unsigned char *last_byte)
{
    const struct told *told = find_host(owner, name);
    enum fault fault = told ? told->play.fault : FAULT_NONE;

    *last_byte = (unsigned char)place_of(fault);
    return fault;
}

static enum certificate_kind on_certificate(void *owner, const char *name)
{
    const struct told *told = name ? find_host(owner, name) : NULL;

    switch (told ? told->play.fault : FAULT_NONE) {
    case FAULT_CERT_EXPIRED: return CERTIFICATE_EXPIRED;
    case FAULT_CERT_NOT_YET: return CERTIFICATE_NOT_YET;
    case FAULT_CERT_SELF_SIGNED: return CERTIFICATE_SELF_SIGNED;
    case FAULT_CERT_WRONG_HOST: return CERTIFICATE_WRONG_HOST;
    case FAULT_CERT_UNKNOWN_AUTHORITY: return CERTIFICATE_UNKNOWN_AUTHORITY;
    default: return CERTIFICATE_SOUND;
    }
}

static void turn_away(int fd, enum place place)
{
    static const char hello[] = "220 this port speaks no TLS\r\n";
    struct linger now = {.l_onoff = 1};

    if (place == PLACE_RESET)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    else
        send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL);
    close(fd);
}

static void set_listeners(struct origin *origin, uint32_t interest)
{
    for (size_t i = 0; i < origin->listener_count; i++)
        if (accepts(origin->listeners[i].place))
            loop_interest(origin->loop, &origin->listeners[i].watch, interest);
}

static void on_relief(void *owner)
{
    set_listeners(owner, EPOLLIN);
}

static void on_connection(void *owner, uint32_t events)
{
    struct listener *listener = owner;
    struct origin *origin = listener->origin;
    int fd;

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        fd = sock_accept(listener->watch.fd);
        if (fd == -EMFILE ||
            fd == -ENFILE) { /* conns wait in the queue, and the loop does not spin */
            set_listeners(origin, 0);
            loop_arm(origin->loop, &origin->relief, loop_clock(origin->loop) + RELIEF_AFTER);
        }
        if (fd < 0)
            return;
        if (listener->place == PLACE_SITE)
            origin_conn_accept(&origin->server, fd, listener->https);
        else
            turn_away(fd, listener->place);
    }
}

static void place_address(struct address *address, enum place place, uint16_t port)
{
    address_parse(address, "127.0.0.1", port);
    address->v4.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~UINT32_C(255)) | (uint32_t)place);
}

/* Listens on one place; the port of the first becomes that of all. Returns 0 or an errno. */
static int listen_at(struct origin *origin, enum place place, bool https, uint16_t *port)
{
    struct listener *listener = &origin->listeners[origin->listener_count];
    struct address at;
    int fd, error;

    place_address(&at, place, *port);
    fd = sock_listen(&at, place == PLACE_FULL ? 0 : SOCK_BACKLOG);
    if (fd < 0)
        return -fd;
    *port = address_port(&at);
    *listener = (struct listener){.origin = origin, .place = place, .https = https};
    watch_init(&listener->watch, on_connection, listener, "origin listener");
    error = loop_watch(origin->loop, &listener->watch, fd, accepts(place) ? EPOLLIN : 0);
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

/* Listens on all places with one free port. Returns 0 or an errno. */
static int listen_everywhere(struct origin *origin, bool https, struct address *site)
{
    size_t before = origin->listener_count;
    uint16_t port = 0;
    int error = EADDRINUSE;

    for (int i = 0; i < PORT_TRIES && error == EADDRINUSE; i++) {
        stop_listening(origin, before);
        port = 0;
        error = 0;
        for (enum place place = PLACE_SITE; place < PLACE_COUNT && !error; place++)
            if (place != PLACE_NOBODY)
                error = listen_at(origin, place, https, &port);
    }
    place_address(site, PLACE_SITE, port);
    return error;
}

/* A queue of length 0 holds one connection; the second waits in vain, as all that follow. */
static void fill_queue(int *fillers, uint16_t port)
{
    struct address full;

    place_address(&full, PLACE_FULL, port);
    for (int i = 0; i < 2; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fillers[i] >= 0 && connect(fillers[i], &full.any, full.length) &&
            errno != EINPROGRESS) {
            close(fillers[i]);
            fillers[i] = -1;
        }
    }
}

/* Returns NULL, or what failed. */
static const char *open_up(struct origin *origin)
{
    int error;

    origin->authority = authority_new();
    if (!origin->authority)
        return "the certificate authority could not be made";
    origin->server.tls = tls_server_new(origin->authority, on_certificate, origin);
    if (!origin->server.tls)
        return "OpenSSL could not make a server";
    origin->nameserver = nameserver_new(origin->loop, on_name, origin, &error);
    if (!origin->nameserver)
        return strerrordesc_np(error);
    error = listen_everywhere(origin, false, &origin->http);
    if (!error)
        error = listen_everywhere(origin, true, &origin->https);
    if (error)
        return strerrordesc_np(error);
    fill_queue(origin->fillers, address_port(&origin->http));
    fill_queue(origin->fillers + 2, address_port(&origin->https));
    return NULL;
}

struct origin *origin_new(struct loop *loop, const char **why)
{
    struct origin *origin = memory_zeroed(sizeof(*origin));

    origin->loop = loop;
    origin->server = (struct origin_server){.loop = loop, .play = on_request, .owner = origin};
    list_init(&origin->server.conns);
    timer_init(&origin->relief, on_relief, origin, "origin accept pause");
    memset(origin->fillers, -1, sizeof(origin->fillers));
    *why = open_up(origin);
    if (!*why)
        return origin;
    origin_free(origin);
    return NULL;
}

static void forget(struct table_link *link)
{
    struct told *told = TABLE_OWNER(link, struct told, by_url);

    free(told->host);
    free(told->target);
    play_free(&told->play);
    free(told);
}

void origin_free(struct origin *origin)
{
    origin_conn_close_all(&origin->server);
    loop_cancel(origin->loop, &origin->relief);
    stop_listening(origin, 0);
    for (size_t i = 0; i < sizeof(origin->fillers) / sizeof(*origin->fillers); i++)
        if (origin->fillers[i] >= 0)
            close(origin->fillers[i]);
    nameserver_free(origin->nameserver);
    tls_server_free(origin->server.tls);
    if (origin->authority)
        authority_free(origin->authority);
    table_free(&origin->hosts);
    table_clear(&origin->urls, forget);
    free(origin);
}

void origin_where(const struct origin *origin, struct dial_map *map, const char **pem)
{
    *map = (struct dial_map){
        .http = origin->http,
        .https = origin->https,
        .nameserver = *nameserver_address(origin->nameserver),
    };
    *pem = authority_pem(origin->authority);
}

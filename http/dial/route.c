/*
 * Both options are tables by host and port. "Any" is a key too: an empty host, the port 0. A lookup
 * tries the four keys that can match, so that thousands of entries cost no more than one. Rejected:
 * a list in the given order, which is searched to its end for each connection.
 */
#include "http/dial/route.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/span.h"
#include "base/table.h"
#include "http/url.h"

#define ANY_PORT 0

struct route {
    struct table_link link;
    size_t number; /* position among the options */
    char *host;    /* "": any */
    uint16_t port; /* ANY_PORT: any */

    char *to_host;    /* of --connect-to; "": unchanged */
    uint16_t to_port; /* of --connect-to; ANY_PORT: unchanged */

    size_t count; /* of --resolve */
    struct address addresses[ROUTE_MAX_ADDRESSES];
};

struct routes {
    size_t count;
    struct table resolve, connect_to;
};

/* Without the dot at the end. */
static size_t length_of(const char *host)
{
    size_t length = strlen(host);

    return length && host[length - 1] == '.' ? length - 1 : length;
}

static uint32_t hash_of(const char *host, uint16_t port)
{
    return hash_bytes(host, length_of(host)) ^ port;
}

/* The entry with exactly this key; NULL: none. */
static struct route *find(const struct table *table, const char *host, uint16_t port)
{
    size_t length = length_of(host);
    struct route *route;

    TABLE_EACH (route, table, hash_of(host, port), link)
        if (route->port == port && length_of(route->host) == length &&
            !strncasecmp(route->host, host, length))
            return route;
    return NULL;
}

static void put(struct table *table, struct route *route)
{
    table_add(table, &route->link, hash_of(route->host, route->port));
}

static void free_route(struct table_link *link)
{
    struct route *route = TABLE_OWNER(link, struct route, link);

    free(route->host);
    free(route->to_host);
    free(route);
}

struct routes *routes_new(void)
{
    return memory_zeroed(sizeof(struct routes));
}

void routes_free(struct routes *routes)
{
    if (!routes)
        return;
    table_clear(&routes->resolve, free_route);
    table_clear(&routes->connect_to, free_route);
    free(routes);
}

/* Reads the next field of an option, up to a colon, from *text, which is NULL after the last.
   Colons inside brackets do not end the field. False: no field is left. */
static bool take_field(struct span *field, const char **text)
{
    const char *close, *end = *text;

    if (!end)
        return false;
    close = *end == '[' ? strchr(end, ']') : NULL;
    if (close)
        end = close;
    end += strcspn(end, ":");
    *field = (struct span){*text, end};
    *text = *end ? end + 1 : NULL;
    return true;
}

/* Reads a host as in a URL. An empty field gives an empty text. */
static const char *take_host(char **host, struct span field)
{
    struct url url;
    const char *wrong;
    char *text;

    *host = NULL;
    if (!span_bytes(field)) {
        *host = memory_text("", 0);
        return NULL;
    }
    text = memory_print("http://%.*s", (int)span_bytes(field), field.at);
    wrong = strpbrk(text + strlen("http://"), "@/\\?#*, \t\r\n")
                ? "the host has a forbidden character"
                : url_parse(&url, text, strlen(text));
    free(text);
    if (!wrong) {
        *host = memory_text(url.host, strlen(url.host));
        url_free(&url);
    }
    return wrong;
}

/* An empty field gives ANY_PORT. */
static const char *take_port(uint16_t *port, struct span field)
{
    *port = ANY_PORT;
    return span_bytes(field) ? url_read_port(port, field) : NULL;
}

static const char *take_address(struct route *route, const char *text, size_t length)
{
    char copy[INET6_ADDRSTRLEN];

    if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (route->count == ROUTE_MAX_ADDRESSES)
        return "more than 16 addresses";
    if (length >= sizeof(copy))
        return "not a numeric address";
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (!address_parse(&route->addresses[route->count++], copy, 0))
        return "not a numeric address";
    return NULL;
}

/* "192.0.2.1,[::1]" */
static const char *take_addresses(struct route *route, const char *text)
{
    const char *wrong;
    size_t length;

    for (;; text += length + 1) {
        length = strcspn(text, ",");
        wrong = take_address(route, text, length);
        if (wrong || !text[length])
            return wrong;
    }
}

static const char *read_resolve(struct route *route, const char *text)
{
    struct span host, port;
    const char *wrong;

    if (*text == '-')
        return "\"-HOST:PORT\" is not supported: there is no entry to remove";
    text += *text == '+';
    if (!take_field(&host, &text) || !take_field(&port, &text) || !text)
        return "the form is HOST:PORT:ADDRESS[,ADDRESS]...";
    if (!span_bytes(host) || !span_bytes(port))
        return "write \"*\" for any host or any port";
    if (span_is(host, "*"))
        host.end = host.at;
    if (span_is(port, "*"))
        port.end = port.at;
    wrong = take_host(&route->host, host);
    if (!wrong)
        wrong = take_port(&route->port, port);
    return wrong ? wrong : take_addresses(route, text);
}

const char *routes_add_resolve(struct routes *routes, const char *text)
{
    struct route *route = memory_zeroed(sizeof(*route)), *old;
    const char *wrong = read_resolve(route, text);

    if (wrong) {
        free_route(&route->link);
        return wrong;
    }
    old = find(&routes->resolve, route->host, route->port);
    if (old) {
        old->count = route->count;
        memcpy(old->addresses, route->addresses, sizeof(old->addresses));
        free_route(&route->link);
    } else {
        put(&routes->resolve, route);
    }
    return NULL;
}

static const char *read_connect_to(struct route *route, const char *text)
{
    struct span host, port, to_host, to_port = {0};
    const char *wrong;

    if (!take_field(&host, &text) || !take_field(&port, &text) || !take_field(&to_host, &text) ||
        (take_field(&to_port, &text) && text))
        return "the form is HOST1:PORT1:HOST2:PORT2, with an IPv6 address in brackets";
    wrong = take_host(&route->host, host);
    if (!wrong)
        wrong = take_port(&route->port, port);
    if (!wrong)
        wrong = take_host(&route->to_host, to_host);
    return wrong ? wrong : take_port(&route->to_port, to_port);
}

const char *routes_add_connect_to(struct routes *routes, const char *text)
{
    struct route *route = memory_zeroed(sizeof(*route));
    const char *wrong = read_connect_to(route, text);

    if (wrong || find(&routes->connect_to, route->host, route->port)) {
        free_route(&route->link);
        return wrong;
    }
    route->number = routes->count++;
    put(&routes->connect_to, route);
    return NULL;
}

size_t routes_addresses(const struct routes *routes, const char *host, uint16_t port,
                        struct address *addresses, size_t max)
{
    const struct route *route = NULL;
    size_t count;

    for (int any = 0; routes && any < 4 && !route; any++)
        route = find(&routes->resolve, any & 2 ? "" : host, any & 1 ? ANY_PORT : port);
    if (!route)
        return 0;
    count = route->count < max ? route->count : max;
    for (size_t i = 0; i < count; i++) {
        addresses[i] = route->addresses[i];
        address_set_port(&addresses[i], port);
    }
    return count;
}

bool routes_connect_to(const struct routes *routes, const char *host, uint16_t port,
                       const char **to_host, uint16_t *to_port)
{
    const struct route *first = NULL, *route;

    for (int any = 0; routes && any < 4; any++) {
        route = find(&routes->connect_to, any & 2 ? "" : host, any & 1 ? ANY_PORT : port);
        if (route && (!first || route->number < first->number))
            first = route;
    }
    *to_host = first && *first->to_host ? first->to_host : host;
    *to_port = first && first->to_port != ANY_PORT ? first->to_port : port;
    return first;
}

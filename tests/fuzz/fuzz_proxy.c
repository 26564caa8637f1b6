/*
 * The options for the address of a connection: a proxy, its exceptions, --resolve, --connect-to.
 * The first line of the input is a proxy, the second a list of exceptions, the third a URL. Each
 * other line is a value of --resolve or, after '=', of --connect-to.
 */
#include "http/dial/proxy.h"
#include "http/dial/route.h"
#include "tests/fuzz/fuzz.h"

static char *no_variable(const char *name)
{
    MUST(strcmp(name, "HTTP_PROXY") != 0);
    return NULL;
}

/* `shown` is a text of the same proxy without its user. */
static void check_proxy(const char *text)
{
    struct proxy proxy, again;
    const char *error = proxy_parse(&proxy, text);

    if (error) {
        MUST(*error && !proxy.host && !proxy.shown && !proxy.user_info);
        return;
    }
    MUST(proxy.port && *proxy.host && strlen(proxy.host) <= URL_MAX_HOST_BYTES);
    MUST(!proxy.user_info == !proxy.user_info_bytes);
    if (proxy.user_info)
        MUST(proxy.user_bytes < proxy.user_info_bytes && proxy.user_info[proxy.user_bytes] == ':');
    if (proxy.kind != PROXY_HTTP && proxy.user_info)
        MUST(proxy.user_bytes <= 255 && proxy.user_info_bytes - proxy.user_bytes - 1 <= 255);
    MUST(!strchr(proxy.shown, '@'));
    MUST(!proxy_parse(&again, proxy.shown));
    MUST(again.kind == proxy.kind && again.port == proxy.port && again.numeric == proxy.numeric);
    MUST(!strcmp(again.host, proxy.host) && !strcmp(again.shown, proxy.shown));
    MUST(!again.user_info);
    proxy_free(&again);
    proxy_free(&proxy);
}

static bool is_direct(const char *list, const struct url *url)
{
    char why[PROXIES_WHY_BYTES];
    struct proxies *proxies = proxies_new("p", list, no_variable, why);
    bool direct;

    MUST(proxies && !*why);
    direct = !proxies_for(proxies, url);
    proxies_free(proxies);
    return direct;
}

/* A host that is added to the list is an exception, with any other entries in the list. */
static void check_exceptions(const char *list, const struct url *url)
{
    size_t room = 2 * strlen(url->host) + strlen(list) + 8;
    char *more = memory_get(room);
    bool direct = is_direct(list, url);

    snprintf(more, room, "%s,%s", list, url->host);
    MUST(is_direct(more, url));
    snprintf(more, room, "%s %s.,", url->host, list);
    MUST(is_direct(more, url));
    snprintf(more, room, "%s,x%s", list, url->host); /* another name has no effect */
    MUST(is_direct(more, url) == direct || strchr(list, '*'));
    free(more);
}

/* A new entry for the host has priority over earlier ones. It begins with "+", because an entry
   that begins with "-" would be a removal. */
static void check_routes(struct routes *routes, const struct url *url)
{
    struct address found[ROUTE_MAX_ADDRESSES];
    const char *literal = strchr(url->host, ':');
    char text[URL_MAX_HOST_BYTES + 32];
    const char *to_host;
    uint16_t to_port;
    size_t count;

    if (!routes_connect_to(routes, url->host, url->port, &to_host, &to_port))
        MUST(to_host == url->host && to_port == url->port);
    MUST(*to_host && strlen(to_host) <= URL_MAX_HOST_BYTES && to_port);
    for (const char *at = to_host; *at; at++)
        MUST((unsigned char)*at > ' ' && (unsigned char)*at < 0x7f && !strchr("@/?#[]\\", *at));
    count = routes_addresses(routes, to_host, to_port, found, ROUTE_MAX_ADDRESSES);
    MUST(count <= ROUTE_MAX_ADDRESSES);
    for (size_t i = 0; i < count; i++)
        MUST(found[i].length && address_port(&found[i]) == to_port);
    snprintf(text, sizeof(text), literal ? "+[%s]:%u:192.0.2.1" : "+%s:%u:192.0.2.1", url->host,
             url->port);
    MUST(!routes_add_resolve(routes, text));
    MUST(routes_addresses(routes, url->host, url->port, found, ROUTE_MAX_ADDRESSES) == 1);
    MUST(ntohl(found[0].v4.sin_addr.s_addr) == 0xc0000201);
}

static struct routes *take_routes(struct part rest)
{
    struct routes *routes = routes_new();

    while (rest.size) {
        struct part line = part_line(&rest);
        char *text = part_text(&line);
        const char *error = *text == '=' ? routes_add_connect_to(routes, text + 1)
                                         : routes_add_resolve(routes, text);

        MUST(!error || *error);
        free(text);
    }
    return routes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part rest = {data, size};
    struct part lines[3] = {part_line(&rest), part_line(&rest), part_line(&rest)};
    char *proxy = part_text(&lines[0]), *list = part_text(&lines[1]);
    struct routes *routes;
    struct url url;

    check_proxy(proxy);
    routes = take_routes(rest);
    if (!url_parse(&url, (const char *)lines[2].at, lines[2].size)) {
        if (!strpbrk(url.host, ",*")) { /* these characters separate names in the options */
            check_exceptions(list, &url);
            check_routes(routes, &url);
        }
        url_free(&url);
    }
    routes_free(routes);
    free(list);
    free(proxy);
    return 0;
}

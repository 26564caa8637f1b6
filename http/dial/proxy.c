/*
 * After its scheme, the text of a proxy is parsed by the URL parser, as the authority of a URL: a
 * second parser could differ about brackets, ports and "@".
 */
#include "http/dial/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/span.h"
#include "reactor/sock.h"

#define SEPARATORS ", \t\r\n"

#define NO_SOCKS4 "SOCKS4 is not supported: use socks5:// or socks5h://"

static const struct {
    const char *scheme;
    enum proxy_kind kind;
    const char *wrong; /* why it is refused; NULL: it is accepted */
} schemes[] = {
    {"http", PROXY_HTTP, NULL},
    {"socks5", PROXY_SOCKS5, NULL},
    {"socks5h", PROXY_SOCKS5H, NULL},
    {"https", 0,
     "TLS to the proxy itself is not supported: use http://, which also carries TLS to the site"},
    {"socks4", 0, NO_SOCKS4},
    {"socks4a", 0, NO_SOCKS4},
    {"socks", 0, "socks:// does not specify a version: use socks5:// or socks5h://"},
};

#define SCHEMES (sizeof(schemes) / sizeof(*schemes))

/* Reads the scheme, if there is one, and moves *text after it. */
static const char *take_scheme(struct proxy *proxy, const char **text)
{
    struct span scheme = {*text, strstr(*text, "://")};

    if (!scheme.end)
        return NULL;
    for (size_t i = 0; i < SCHEMES; i++) {
        if (!span_is(scheme, schemes[i].scheme))
            continue;
        proxy->kind = schemes[i].kind;
        *text = scheme.end + 3;
        return schemes[i].wrong;
    }
    return "the scheme of a proxy must be http, socks5 or socks5h";
}

/* Parses a URL with this authority. */
static const char *parse_authority(struct url *url, const char *authority)
{
    char *text = memory_print("http://%s", authority);
    const char *wrong = url_parse(url, text, strlen(text));

    free(text);
    return wrong;
}

/* "u@v:p@h" is ambiguous: either "@" could end the user info. In a password "@" is accepted. */
static bool has_at_in_name(const char *text)
{
    const char *at = text + strcspn(text, ":@");

    return *at == '@' && strchr(at + 1, '@');
}

/* `text` is the original text. Its offsets do not apply to the URL, from which url_parse has
   removed tabs, line ends and slashes. */
static const char *take_user_info(struct proxy *proxy, const struct url *url, const char *text)
{
    size_t password;

    if (has_at_in_name(text))
        return "an \"@\" in the user name or password must be written as %40";
    if (!url->user_info)
        return NULL;
    proxy->user_info = memory_text(url->user_info, url->user_info_bytes);
    proxy->user_info_bytes = url->user_info_bytes;
    proxy->user_bytes = url->user_bytes;
    password = proxy->user_info_bytes - proxy->user_bytes - 1;
    if (proxy->kind == PROXY_HTTP)
        return memchr(proxy->user_info, ':', proxy->user_bytes)
                   ? "a user name cannot contain a colon (RFC 7617)"
                   : NULL;
    if (proxy->user_bytes > PROXY_MAX_USER_BYTES || password > PROXY_MAX_USER_BYTES)
        return "the user name or the password is longer than 255 bytes";
    return NULL;
}

/* `shown` is "http://host[:port]" and the rest. */
static const char *take_host(struct proxy *proxy, struct url *url)
{
    const char *host = url->shown + strlen("http://"), *end = host + strcspn(host, "/\\?#");
    const char *colon = memrchr(host, ':', (size_t)(end - host));

    if (end == host) /* a URL may have any number of slashes before its host */
        return "there is no host";
    if (*end && strcmp(end, "/") != 0)
        return "a proxy cannot have a path";
    proxy->port = url->port;
    if (!colon || colon + 1 == end || memchr(colon, ']', (size_t)(end - colon)))
        proxy->port = PROXY_PORT;
    proxy->numeric = url->numeric;
    proxy->host = memory_text(url->host, strlen(url->host));
    return NULL;
}

const char *proxy_parse(struct proxy *proxy, const char *text)
{
    struct url url = {0};
    const char *wrong;

    *proxy = (struct proxy){0};
    while (*text && is_space_or_control(*text))
        text++;
    wrong = take_scheme(proxy, &text);
    if (!wrong)
        wrong = parse_authority(&url, text);
    if (!wrong)
        wrong = take_user_info(proxy, &url, text);
    if (!wrong)
        wrong = take_host(proxy, &url);
    url_free(&url);
    if (wrong)
        proxy_free(proxy);
    else
        proxy->shown = memory_print(strchr(proxy->host, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
                                    schemes[proxy->kind].scheme, proxy->host, proxy->port);
    return wrong;
}

void proxy_free(struct proxy *proxy)
{
    free(proxy->host);
    free(proxy->user_info);
    free(proxy->authorization);
    free(proxy->shown);
    *proxy = (struct proxy){0};
}

/* An entry of the list of exceptions: a network, or a name and its subdomains. */
struct exception {
    struct address network; /* length 0: a name */
    unsigned bits;          /* length of the network prefix */
    struct span name;       /* in the list's text */
};

struct proxies {
    struct proxy proxy[2]; /* for http and https; without a host: none */
    char *list;            /* the text that the names point into */
    struct exception *exceptions;
    size_t count;
    bool none; /* every site is an exception */
};

static const unsigned char *raw_of(const struct address *address)
{
    return address->any.sa_family == AF_INET6 ? address->v6.sin6_addr.s6_addr
                                              : (const unsigned char *)&address->v4.sin_addr;
}

/* "10.0.0.0/8", "::1", "[fe80::]/10". False: not a network. */
static bool take_network(struct exception *exception)
{
    char text[sizeof("[]/128") + INET6_ADDRSTRLEN], *slash, *host = text;
    unsigned long bits;
    size_t length;

    if (span_bytes(exception->name) >= sizeof(text))
        return false;
    *span_put(text, exception->name) = '\0';
    slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    length = strlen(text);
    if (length && text[0] == '[' && text[length - 1] == ']') {
        text[length - 1] = '\0';
        host++;
    }
    if (!address_parse(&exception->network, host, 0))
        return false;
    bits = exception->network.any.sa_family == AF_INET6 ? 128 : 32;
    if (slash && !number_parse(slash + 1, 0, bits, &bits))
        exception->network.length = 0;
    exception->bits = (unsigned)bits;
    return exception->network.length;
}

/* A name without the dots around it. */
static struct span without_dots(struct span name)
{
    name.at += span_starts(name, ".");
    name.end -= span_ends(name, ".");
    return name;
}

static void take_exceptions(struct proxies *proxies, const char *text)
{
    const char *at = proxies->list = memory_text(text, strlen(text));

    for (size_t length; *(at += strspn(at, SEPARATORS)); at += length) {
        struct exception exception = {.bits = 0};

        length = strcspn(at, SEPARATORS);
        exception.name = span_of(at, length);
        if (!take_network(&exception))
            exception.name = without_dots(exception.name);
        proxies->exceptions =
            memory_grow(proxies->exceptions, proxies->count + 1, sizeof(exception));
        proxies->exceptions[proxies->count++] = exception;
    }
    proxies->none = proxies->count == 1 && span_is(proxies->exceptions->name, "*");
}

/* The value of a variable; NULL: empty or not set. */
static const char *value_of(environment_fn *environment, const char *name)
{
    const char *value = environment(name);

    return value && *value ? value : NULL;
}

/* The proxy for a scheme, and the name of the setting that it is from. */
static const char *setting(const char *option, bool https, environment_fn *environment,
                           const char **name)
{
    static const char *const names[2][5] = {
        {"http_proxy", "all_proxy", "ALL_PROXY"},
        {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"},
    };
    const char *value = NULL;

    *name = "--proxy";
    if (option)
        return *option ? option : NULL;
    for (const char *const *at = names[https]; *at && !value; at++) {
        *name = *at;
        value = value_of(environment, *name);
    }
    return value;
}

bool proxies_ignore_variable(const char *proxy, environment_fn *environment)
{
    return !proxy && value_of(environment, "HTTP_PROXY") && !value_of(environment, "http_proxy");
}

struct proxies *proxies_new(const char *proxy, const char *noproxy, environment_fn *environment,
                            char why[PROXIES_WHY_BYTES])
{
    struct proxies *proxies = memory_zeroed(sizeof(*proxies));
    const char *name, *text, *wrong;

    why[0] = '\0';
    for (int https = 0; https < 2; https++) {
        text = setting(proxy, https, environment, &name);
        wrong = text ? proxy_parse(&proxies->proxy[https], text) : NULL;
        if (wrong) {
            snprintf(why, PROXIES_WHY_BYTES, "%s: %s", name, wrong);
            proxies_free(proxies);
            return NULL;
        }
    }
    if (!noproxy)
        noproxy = value_of(environment, "no_proxy");
    if (!noproxy)
        noproxy = value_of(environment, "NO_PROXY");
    if (noproxy)
        take_exceptions(proxies, noproxy);
    return proxies;
}

void proxies_authorize(struct proxies *proxies, const char *value)
{
    for (int https = 0; https < 2; https++) {
        free(proxies->proxy[https].authorization);
        proxies->proxy[https].authorization = memory_text(value, strlen(value));
    }
}

bool proxy_forwards(const struct proxy *proxy, bool https)
{
    return proxy && proxy->kind == PROXY_HTTP && !https;
}

bool proxies_any(const struct proxies *proxies)
{
    return proxies && (proxies->proxy[0].host || proxies->proxy[1].host);
}

static bool network_has(const struct exception *exception, const struct address *address)
{
    const unsigned char *network = raw_of(&exception->network), *host = raw_of(address);
    unsigned whole = exception->bits / 8, rest = exception->bits % 8;

    if (exception->network.any.sa_family != address->any.sa_family ||
        memcmp(network, host, whole) != 0)
        return false;
    return !rest || !((network[whole] ^ host[whole]) >> (8 - rest));
}

/* Whether the name is the exception or one of its subdomains. */
static bool name_is_under(const struct exception *exception, struct span name)
{
    size_t bytes = span_bytes(exception->name), all = span_bytes(name);

    return bytes <= all && span_same(span_of(name.end - bytes, bytes), exception->name) &&
           (bytes == all || name.end[-1 - (ptrdiff_t)bytes] == '.');
}

static bool is_exception(const struct proxies *proxies, const struct url *url)
{
    struct span name = without_dots(span_of(url->host, strlen(url->host)));
    struct address address = {0};

    if (url->numeric)
        address_parse(&address, url->host, 0);
    for (size_t i = 0; i < proxies->count; i++) {
        const struct exception *exception = &proxies->exceptions[i];
        bool network = exception->network.length;

        if (network != url->numeric)
            continue;
        if (network ? network_has(exception, &address) : name_is_under(exception, name))
            return true;
    }
    return proxies->none;
}

const struct proxy *proxies_for(const struct proxies *proxies, const struct url *url)
{
    const struct proxy *proxy = &proxies->proxy[url->https];

    return proxy->host && !is_exception(proxies, url) ? proxy : NULL;
}

void proxies_free(struct proxies *proxies)
{
    if (!proxies)
        return;
    proxy_free(&proxies->proxy[0]);
    proxy_free(&proxies->proxy[1]);
    free(proxies->exceptions);
    free(proxies->list);
    free(proxies);
}

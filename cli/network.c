/* One function for each part of the network. Each reports its own errors. */
#include "cli/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "cli/output/diagnostic.h"
#include "cli/output/text.h"
#include "http/fields.h"

#define HOSTS_FILE "/etc/hosts"

/* The bytes of a sent header line that may be shown: only the name of a field with credentials. */
static size_t shown_length(const char *line, size_t length)
{
    static const char *const secret[] = {"Authorization:", "Proxy-Authorization:", "Cookie:"};

    for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
        if (length > strlen(secret[i]) && !strncasecmp(line, secret[i], strlen(secret[i])))
            return strlen(secret[i]);
    return length;
}

/* -v: "* [1] trying 192.0.2.1:443", "> [1] GET / HTTP/1.1", "< [1] HTTP/1.1 200". */
static void on_line(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                    size_t length)
{
    static const char marks[] = {[PROBE_NOTE] = '*', [PROBE_SENT] = '>', [PROBE_RECEIVED] = '<'};
    size_t shown = kind == PROBE_SENT ? shown_length(text, length) : length;

    (void)owner;
    fprintf(stderr, "%c [%llu] ", marks[kind], (unsigned long long)number);
    text_show(stderr, text, shown, TEXT_ALL);
    fputs(shown < length ? " ...\n" : "\n", stderr);
}

/* -v: "* dial 1: connect -> tunnel". */
static void on_state(void *owner, const char *machine, uint64_t number, const char *from,
                     const char *to, nsec at)
{
    (void)owner;
    (void)at;
    fprintf(stderr, "* %s %llu: %s -> %s\n", machine, (unsigned long long)number, from, to);
}

/* Finds Proxy-Authorization in the headers of -H. It is sent in CONNECT and after redirects too. */
static void take_authorization(struct proxies *proxies, const char *headers)
{
    static const char name[] = "Proxy-Authorization";
    struct request_field line;

    while (fields_next(&headers, &line)) {
        const char *value = line.text + sizeof(name);
        size_t blanks;
        char *text;

        if (!field_is_named(&line, name, strlen(name)))
            continue;
        blanks = strspn(value, " \t");
        text = memory_text(value + blanks, line.bytes - sizeof(name) - blanks - strlen("\r\n"));
        proxies_authorize(proxies, text);
        free(text);
    }
}

static bool make_proxies(struct network *network, const struct network_options *options)
{
    char why[PROXIES_WHY_BYTES];

    if (!options->proxied)
        return true;
    if (options->verbose && proxies_ignore_variable(options->proxy, getenv))
        fputs("* HTTP_PROXY is ignored, because a CGI program gets it from the request field "
              "\"Proxy\": set http_proxy\n",
              stderr);
    network->proxies = proxies_new(options->proxy, options->noproxy, getenv, why);
    if (!network->proxies)
        return complain("proxy", why);
    take_authorization(network->proxies, options->headers);
    return true;
}

/* Loads the files of the options now, to find errors before the first request. The system's
   certificates are loaded when they are needed. */
static bool make_trust(struct network *network, const struct network_options *options,
                       const char *authority)
{
    const char *keylog = getenv("SSLKEYLOGFILE");
    struct tls_client_options *trust = &network->dialer.trust;

    *trust = options->trust;
    trust->loop = network->dialer.loop;
    trust->authorities_pem = authority;
    trust->keylog = keylog && *keylog ? keylog : NULL;
    if (!trust->authorities_file && !trust->authorities_directory && !trust->certificate &&
        !trust->sni && !trust->keylog)
        return true;
    return complain_and_free("TLS", dialer_prepare_tls(&network->dialer));
}

static bool make_resolver(struct network *network, const struct network_options *options,
                          struct loop *loop)
{
    const struct dial_map *map = network->dialer.map;
    char servers[ADDRESS_TEXT_BYTES];
    struct resolver_options how = {.servers = options->dns_servers,
                                   .hosts = map ? NULL : HOSTS_FILE,
                                   .family = network->dialer.family};
    const char *why;

    if (map)
        how.servers = address_text(&map->nameserver, servers);
    network->resolver = resolver_new(loop, &how, &why);
    if (!network->resolver)
        return complain("name resolution cannot start", why);
    network->dialer.resolver = network->resolver;
    return true;
}

bool network_open(struct network *network, const struct network_options *options,
                  const struct rehearsal *rehearsal, struct loop *loop)
{
    struct dialer *dialer = &network->dialer;
    const char *why;

    *network = (struct network){0};
    dialer_init(dialer, loop);
    dialer->dns_timeout = options->dns_timeout;
    dialer->connect_timeout = options->connect_timeout;
    dialer->tls_timeout = options->tls_timeout;
    dialer->unix_socket = options->unix_socket;
    dialer->routes = options->routes;
    if (options->ipv4_only || options->ipv6_only)
        dialer->family = options->ipv4_only ? RESOLVE_IPV4 : RESOLVE_IPV6;
    if (rehearsal->authority)
        dialer->map = &rehearsal->map;
    /* fetch and race use the first; a load uses all of them in rotation */
    if (options->interfaces.count) {
        why = sock_source_parse(&network->from, options->interfaces.list[0]);
        if (why)
            return complain(options->interfaces.list[0], why);
        dialer->from = &network->from;
    }
    if (options->verbose && loop) {
        network->probe = (struct probe){.state = on_state, .line = on_line};
        loop_set_probe(loop, &network->probe);
    }
    if (!make_proxies(network, options) || !make_trust(network, options, rehearsal->authority))
        return false;
    dialer->proxies = network->proxies;
    return !loop || make_resolver(network, options, loop);
}

void network_close(struct network *network)
{
    struct loop *loop = network->dialer.loop;

    if (loop && loop_probe(loop) == &network->probe)
        loop_set_probe(loop, NULL);
    resolver_free(network->resolver);
    dialer_free(&network->dialer);
    proxies_free(network->proxies);
}

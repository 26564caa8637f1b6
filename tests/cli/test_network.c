/* From options to a dialer: each option, the environment, and errors of the setup. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "cli/network.h"
#include "tests/support/stderr_capture.h"

/* Options and the resulting settings. */
static struct network_options options;
static struct rehearsal rehearsal;
static struct network network;

static int setup(void **state)
{
    static const char *const variables[] = {"http_proxy",    "https_proxy", "HTTPS_PROXY",
                                            "all_proxy",     "ALL_PROXY",   "HTTP_PROXY",
                                            "SSLKEYLOGFILE", "no_proxy",    "NO_PROXY"};

    (void)state;
    for (size_t i = 0; i < LENGTH(variables); i++)
        unsetenv(variables[i]);
    options = (struct network_options){
        .dns_timeout = NSEC_NEVER, .connect_timeout = NSEC_NEVER, .tls_timeout = NSEC_NEVER};
    rehearsal = (struct rehearsal){.child = -1, .lifeline = -1};
    return 0;
}

/* Opens the network without a loop. Standard error must be `message`; "": it succeeds. */
static void open_expecting(const char *message)
{
    const char *printed;
    bool made;

    stderr_capture_begin();
    made = network_open(&network, &options, &rehearsal, NULL);
    printed = stderr_capture_end();
    assert_string_equal(printed, message);
    assert_int_equal(made, !*message);
}

static void options_have_defaults(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* ignored: options.proxied is false */
    open_expecting("");
    assert_null(network.dialer.loop);
    assert_null(network.dialer.resolver);
    assert_null(network.dialer.map);
    assert_null(network.dialer.from);
    assert_null(network.dialer.routes);
    assert_null(network.dialer.proxies);
    assert_null(network.dialer.unix_socket);
    assert_null(network.dialer.tls); /* created when it is needed */
    assert_true(network.dialer.dns_timeout == NSEC_NEVER);
    assert_int_equal(network.dialer.family, (struct dialer){0}.family);
    network_close(&network);
}

static void options_reach_the_dialer(void **state)
{
    const char *names[] = {"127.0.0.2", "127.0.0.3"};

    (void)state;
    options.dns_timeout = 1;
    options.connect_timeout = 2;
    options.tls_timeout = 3;
    options.unix_socket = "socket";
    options.ipv6_only = true;
    options.interfaces = (struct texts){names, LENGTH(names)};
    options.routes = routes_new();
    options.trust = (struct tls_client_options){.insecure = true, .min_version = 13};
    open_expecting("");
    assert_int_equal(network.dialer.dns_timeout, 1);
    assert_int_equal(network.dialer.connect_timeout, 2);
    assert_int_equal(network.dialer.tls_timeout, 3);
    assert_string_equal(network.dialer.unix_socket, "socket");
    assert_int_equal(network.dialer.family, RESOLVE_IPV6);
    assert_ptr_equal(network.dialer.from, &network.from);
    assert_ptr_equal(network.dialer.routes, options.routes);
    assert_true(network.dialer.trust.insecure);
    assert_int_equal(network.dialer.trust.min_version, 13);
    network_close(&network);
    routes_free(options.routes);
    options = (struct network_options){.ipv4_only = true};
    open_expecting("");
    assert_int_equal(network.dialer.family, RESOLVE_IPV4);
    network_close(&network);
}

static void a_loop_has_a_resolver(void **state)
{
    struct loop *loop = loop_new();

    (void)state;
    options.dns_servers = "127.0.0.1:1";
    assert_true(network_open(&network, &options, &rehearsal, loop));
    assert_ptr_equal(network.dialer.loop, loop);
    assert_non_null(network.resolver);
    assert_ptr_equal(network.dialer.resolver, network.resolver);
    network_close(&network);
    options.dns_servers = "no-address";
    stderr_capture_begin();
    assert_false(network_open(&network, &options, &rehearsal, loop));
    assert_non_null(strstr(stderr_capture_end(), "firstbyte: name resolution cannot start: "));
    network_close(&network);
    loop_free(loop);
}

static void a_rehearsal_has_its_own_map_and_trust(void **state)
{
    (void)state;
    rehearsal.authority = (char *)"PEM";
    open_expecting("");
    assert_ptr_equal(network.dialer.map, &rehearsal.map);
    assert_string_equal(network.dialer.trust.authorities_pem, "PEM");
    network_close(&network);
}

/* The proxy for a URL. */
static const struct proxy *proxy_of(const char *text)
{
    struct url url = {0};
    const struct proxy *proxy;

    assert_null(url_parse(&url, text, strlen(text)));
    proxy = proxies_for(network.dialer.proxies, &url);
    url_free(&url);
    return proxy;
}

static void proxies_are_read(void **state)
{
    (void)state;
    options.proxied = true;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    options.noproxy = "b";
    options.headers =
        "A: b\r\nProxy-Authorization:  Basic eA==\r\nProxy-Authorization-No: c\r\nC: d\r\n";
    open_expecting("");
    assert_string_equal(proxy_of("http://a/")->shown, "http://127.0.0.1:1");
    assert_string_equal(proxy_of("http://a/")->authorization, "Basic eA==");
    assert_null(proxy_of("http://b/"));
    network_close(&network);
    options.proxy = "127.0.0.1:2";
    options.headers = NULL;
    open_expecting("");
    assert_string_equal(proxy_of("http://a/")->shown, "http://127.0.0.1:2");
    assert_null(proxy_of("http://a/")->authorization);
    network_close(&network);
    options.proxy = NULL;
    setenv("http_proxy", "socks4://secret", 1);
    stderr_capture_begin();
    assert_false(network_open(&network, &options, &rehearsal, NULL));
    assert_null(strstr(stderr_capture_end(), "secret"));
    network_close(&network);
}

static void trust_is_checked_immediately(void **state)
{
    (void)state;
    options.trust.sni = "a";
    open_expecting("");
    assert_non_null(network.dialer.tls);
    network_close(&network);
    setup(state);
    setenv("SSLKEYLOGFILE", "/dev/null", 1);
    open_expecting("");
    assert_string_equal(network.dialer.trust.keylog, "/dev/null");
    assert_non_null(network.dialer.tls);
    network_close(&network);
    setenv("SSLKEYLOGFILE", "", 1);
    options.trust.authorities_file = "/nowhere/x";
    stderr_capture_begin();
    assert_false(network_open(&network, &options, &rehearsal, NULL));
    assert_non_null(strstr(stderr_capture_end(), "firstbyte: TLS: /nowhere/x"));
    assert_null(network.dialer.trust.keylog);
    network_close(&network);
}

static void an_interface_is_refused(void **state)
{
    const char *name = "no such interface";

    (void)state;
    options.interfaces = (struct texts){&name, 1};
    stderr_capture_begin();
    assert_false(network_open(&network, &options, &rehearsal, NULL));
    assert_non_null(strstr(stderr_capture_end(), "firstbyte: no such interface: "));
    network_close(&network);
}

static void show(struct loop *loop, enum probe_line_kind kind, const char *text)
{
    probe_line(loop, 7, kind, "%s", text);
}

/* -v: lines with marks, and credentials without their value. */
static void lines_and_states_are_shown(void **state)
{
    struct loop *loop = loop_new();

    (void)state;
    options.verbose = options.proxied = true;
    setenv("HTTP_PROXY", "a", 1);
    stderr_capture_begin();
    assert_true(network_open(&network, &options, &rehearsal, loop));
    show(loop, PROBE_NOTE, "trying");
    show(loop, PROBE_SENT, "GET / HTTP/1.1");
    show(loop, PROBE_SENT, "authorization: Basic eA==");
    show(loop, PROBE_SENT, "Cookie: a=b");
    show(loop, PROBE_SENT, "Proxy-Authorization: c");
    show(loop, PROBE_SENT, "Cookies: a=b");
    show(loop, PROBE_RECEIVED, "Cookie: \033[1m");
    probe_state(loop, "dial", 7, "connect", "tunnel");
    assert_string_equal(stderr_capture_end(),
                        "* HTTP_PROXY is ignored, because a CGI program gets it from the request "
                        "field \"Proxy\": set http_proxy\n"
                        "* [7] trying\n"
                        "> [7] GET / HTTP/1.1\n"
                        "> [7] authorization: ...\n"
                        "> [7] Cookie: ...\n"
                        "> [7] Proxy-Authorization: ...\n"
                        "> [7] Cookies: a=b\n"
                        "< [7] Cookie: \\x1b[1m\n"
                        "* dial 7: connect -> tunnel\n");
    network_close(&network);
    assert_null(loop_probe(loop));
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(options_have_defaults, setup),
        cmocka_unit_test_setup(options_reach_the_dialer, setup),
        cmocka_unit_test_setup(a_loop_has_a_resolver, setup),
        cmocka_unit_test_setup(a_rehearsal_has_its_own_map_and_trust, setup),
        cmocka_unit_test_setup(proxies_are_read, setup),
        cmocka_unit_test_setup(trust_is_checked_immediately, setup),
        cmocka_unit_test_setup(an_interface_is_refused, setup),
        cmocka_unit_test_setup(lines_and_states_are_shown, setup),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

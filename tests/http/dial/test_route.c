/* --resolve and --connect-to: which entry is used, and invalid values. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "http/dial/route.h"

#define MAX 4 /* entries of a case */

static struct routes *make(const char *(*add)(struct routes *, const char *),
                           const char *const texts[MAX])
{
    struct routes *routes = routes_new();

    for (size_t i = 0; i < MAX && texts[i]; i++) {
        const char *why = add(routes, texts[i]);

        if (why)
            fail_msg("\"%s\": %s", texts[i], why);
    }
    return routes;
}

static void addresses_are_found(void **state)
{
    static const struct {
        const char *texts[MAX], *host;
        unsigned port;
        const char *found; /* "": none */
    } cases[] = {
        {{"a:80:127.0.0.1"}, "a", 80, "127.0.0.1:80 "},
        {{"a:80:127.0.0.1"}, "a", 81, ""},
        {{"a:80:127.0.0.1"}, "b", 80, ""},
        {{"a:1104:127.0.0.1"}, "a", 80, ""}, /* in the same slot of the table */
        {{"A.Example:80:127.0.0.1"}, "a.example", 80, "127.0.0.1:80 "},
        {{"a.example.:80:127.0.0.1"}, "a.example", 80, "127.0.0.1:80 "},
        {{"a.example:80:127.0.0.1"}, "a.example.", 80, "127.0.0.1:80 "},
        {{"+a:80:127.0.0.1"}, "a", 80, "127.0.0.1:80 "},
        {{"a:80:127.0.0.1,::1,[::2],1.2.3.4"},
         "a",
         80,
         "127.0.0.1:80 [::1]:80 [::2]:80 1.2.3.4:80 "},
        {{"a:80:::1"}, "a", 80, "[::1]:80 "},
        {{"127.0.0.1:80:127.0.0.2"}, "127.0.0.1", 80, "127.0.0.2:80 "},
        {{"[::1]:80:[::2]"}, "::1", 80, "[::2]:80 "},
        {{"*:80:127.0.0.1"}, "a", 80, "127.0.0.1:80 "},
        {{"*:80:127.0.0.1"}, "a", 81, ""},
        {{"a:*:127.0.0.1"}, "a", 81, "127.0.0.1:81 "},
        {{"+*:*:127.0.0.1"}, "b", 9, "127.0.0.1:9 "},
        /* the more specific entry is used, in any order */
        {{"*:*:0.0.0.4", "*:80:0.0.0.3", "a:*:0.0.0.2", "a:80:0.0.0.1"}, "a", 80, "0.0.0.1:80 "},
        {{"*:*:0.0.0.4", "*:80:0.0.0.3", "a:*:0.0.0.2"}, "a", 80, "0.0.0.2:80 "},
        {{"*:80:0.0.0.3", "*:*:0.0.0.4"}, "a", 80, "0.0.0.3:80 "},
        {{"*:80:0.0.0.3", "*:*:0.0.0.4"}, "a", 81, "0.0.0.4:81 "},
        /* the last of two entries for the same host and port is used */
        {{"a:80:0.0.0.1,0.0.0.2", "A.:80:0.0.0.3"}, "a", 80, "0.0.0.3:80 "},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct routes *routes = make(routes_add_resolve, cases[i].texts);
        char found[ROUTE_MAX_ADDRESSES * ADDRESS_TEXT_BYTES] = "", text[ADDRESS_TEXT_BYTES];
        struct address list[ROUTE_MAX_ADDRESSES];
        size_t count = routes_addresses(routes, cases[i].host, (uint16_t)cases[i].port, list,
                                        ROUTE_MAX_ADDRESSES);

        for (size_t j = 0; j < count; j++) {
            strcat(found, address_text(&list[j], text));
            strcat(found, " ");
        }
        if (strcmp(found, cases[i].found) != 0)
            fail_msg("%zu: \"%s\"", i, found);
        routes_free(routes);
    }
}

static void number_of_addresses_is_limited(void **state)
{
    struct routes *routes = routes_new();
    struct address list[ROUTE_MAX_ADDRESSES] = {0};

    (void)state;
    assert_null(routes_add_resolve(routes, "a:80:0.0.0.1,0.0.0.2,0.0.0.3"));
    assert_int_equal(routes_addresses(routes, "a", 80, list, 1), 1);
    assert_int_equal(list[1].length, 0);
    assert_int_equal(routes_addresses(routes, "a", 80, list, 0), 0);
    assert_null(routes_add_resolve(routes, "b:80:1.1.1.1,2.1.1.1,3.1.1.1,4.1.1.1,5.1.1.1,6.1.1.1,"
                                           "7.1.1.1,8.1.1.1,9.1.1.1,10.1.1.1,11.1.1.1,12.1.1.1,"
                                           "13.1.1.1,14.1.1.1,15.1.1.1,16.1.1.1"));
    assert_int_equal(routes_addresses(routes, "b", 80, list, ROUTE_MAX_ADDRESSES), 16);
    assert_int_equal(routes_addresses(NULL, "a", 80, list, 2), 0);
    routes_free(routes);
    routes_free(NULL);
}

static void targets_are_changed(void **state)
{
    static const struct {
        const char *texts[MAX], *host;
        unsigned port;
        bool fits;
        const char *to_host;
        unsigned to_port;
    } cases[] = {
        {{"a:80:b:81"}, "a", 80, true, "b", 81},
        {{"a:80:b:81"}, "a", 81, false, "a", 81},
        {{"a:80:b:81"}, "b", 80, false, "b", 80},
        {{"A:80:B.Example:81"}, "a", 80, true, "b.example", 81},
        {{"a.:80:b:81"}, "a", 80, true, "b", 81},
        {{":80:b:81"}, "x", 80, true, "b", 81},
        {{":80:b:81"}, "x", 81, false, "x", 81},
        {{"a::b:"}, "a", 7, true, "b", 7},
        {{"a::b"}, "a", 7, true, "b", 7},
        {{"a:80::81"}, "a", 80, true, "a", 81},
        {{"::127.0.0.1:1"}, "x", 9, true, "127.0.0.1", 1},
        {{":::1"}, "x", 9, true, "x", 1},
        {{":::"}, "x", 9, true, "x", 9},
        {{"::[::1]:1"}, "x", 9, true, "::1", 1},
        {{"[::1]:80:[::2]:"}, "::1", 80, true, "::2", 80},
        {{"127.0.0.1:80:[::2]"}, "127.0.0.1", 80, true, "::2", 80},
        /* the first entry that matches is used */
        {{"::b:1", "a:80:c:2"}, "a", 80, true, "b", 1},
        {{"a:80:c:2", "::b:1"}, "a", 80, true, "c", 2},
        {{"a:80:c:2", "a:80:b:1"}, "a", 80, true, "c", 2},
        {{":80:d:3", "a::c:2", "::b:1"}, "a", 80, true, "d", 3},
        {{":80:d:3", "a::c:2", "::b:1"}, "a", 81, true, "c", 2},
        {{":80:d:3", "a::c:2", "::b:1"}, "x", 81, true, "b", 1},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct routes *routes = make(routes_add_connect_to, cases[i].texts);
        const char *to_host;
        uint16_t to_port;

        if (routes_connect_to(routes, cases[i].host, (uint16_t)cases[i].port, &to_host, &to_port) !=
                cases[i].fits ||
            strcmp(to_host, cases[i].to_host) != 0 || to_port != cases[i].to_port)
            fail_msg("%zu: %s %u", i, to_host, to_port);
        routes_free(routes);
    }
}

static void targets_without_routes(void **state)
{
    const char *host = "a", *to_host;
    uint16_t to_port;

    (void)state;
    assert_false(routes_connect_to(NULL, host, 80, &to_host, &to_port));
    assert_ptr_equal(to_host, host);
    assert_int_equal(to_port, 80);
}

static void invalid_values_are_refused(void **state)
{
    static const struct {
        const char *text, *resolve, *connect_to; /* parts of the messages; NULL: valid */
    } cases[] = {
        {"", "HOST:PORT", "HOST1:PORT1"},
        {"a", "HOST:PORT", "HOST1:PORT1"},
        {"a:80", "HOST:PORT", "HOST1:PORT1"},
        {"a:80:", "numeric", NULL},
        {"-a:80", "remove", "HOST1:PORT1"},
        {"-a:80:1.1.1.1", "remove", NULL},
        {":80:1.1.1.1", "\"*\"", NULL},
        {"a::1.1.1.1", "\"*\"", NULL},
        {"*:80:1.1.1.1", NULL, "forbidden"},
        {"a:*:1.1.1.1", NULL, "not a number"},
        {"a:0:1.1.1.1", "port is 0", "port is 0"},
        {"a:65536:1.1.1.1", "over 65535", "over 65535"},
        {"a:99999999999999999999:1.1.1.1", "over 65535", "over 65535"},
        {"a:8o:1.1.1.1", "not a number", "not a number"},
        {"a:+8:1.1.1.1", "not a number", "not a number"},
        {"a b:80:1.1.1.1", "forbidden", "forbidden"},
        {" a:80:1.1.1.1", "forbidden", "forbidden"},
        {"u@a:80:1.1.1.1", "forbidden", "forbidden"},
        {"a/:80:1.1.1.1", "forbidden", "forbidden"},
        {"a\\b:80:1.1.1.1", "forbidden", "forbidden"},
        {"a\r\n:80:1.1.1.1", "forbidden", "forbidden"},
        {"1.2.3.256:80:1.1.1.1", "IPv4", "IPv4"},
        {"[1:80:1.1.1.1", "closing bracket", "closing bracket"},
        {"[::1]x:80:1.1.1.1", "junk", "junk"},
        {"[]:80:1.1.1.1", "IPv6", "IPv6"},
        {"a:80:b", "numeric", NULL},
        {"a:80:1.1.1.1:81", "numeric", NULL},
        {"a:80:1.1.1.1:81:82", "numeric", "HOST1:PORT1"},
        {"a:80:1.1.1.1,", "numeric", "forbidden"},
        {"a:80:,1.1.1.1", "numeric", "forbidden"},
        {"a:80:[1.1.1.1", "numeric", "closing bracket"},
        {"a:80:[", "numeric", "closing bracket"},
        {"a:80:[]", "numeric", "IPv6"},
        {"a:80:b c:1", "numeric", "forbidden"},
        {"a:80:b:0", "numeric", "port is 0"},
        {"a:80:::1", NULL, "HOST1:PORT1"},
        {"a:80:1::2", NULL, "HOST1:PORT1"},
        {"a:80:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", "numeric", "HOST1:PORT1"},
        {"a:1:1.1.1.1,2.1.1.1,3.1.1.1,4.1.1.1,5.1.1.1,6.1.1.1,7.1.1.1,8.1.1.1,9.1.1.1,"
         "10.1.1.1,11.1.1.1,12.1.1.1,13.1.1.1,14.1.1.1,15.1.1.1,16.1.1.1,17.1.1.1",
         "more than 16", "forbidden"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct routes *routes = routes_new();
        const char *resolve = routes_add_resolve(routes, cases[i].text);
        const char *connect_to = routes_add_connect_to(routes, cases[i].text);

        if (!resolve != !cases[i].resolve || (resolve && !strstr(resolve, cases[i].resolve)))
            fail_msg("resolve \"%s\": %s", cases[i].text, resolve);
        if (!connect_to != !cases[i].connect_to ||
            (connect_to && !strstr(connect_to, cases[i].connect_to)))
            fail_msg("connect-to \"%s\": %s", cases[i].text, connect_to);
        routes_free(routes);
    }
}

/* More entries than slots, so that some share a slot. */
static void thousands_of_entries(void **state)
{
    struct routes *routes = routes_new();
    char text[64], host[32];

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof(text), "site%u.example:80:10.0.%u.%u", i, i >> 8, i & 255);
        assert_null(routes_add_resolve(routes, text));
        snprintf(text, sizeof(text), "site%u.example:80::%u", i, i + 1);
        assert_null(routes_add_connect_to(routes, text));
    }
    for (unsigned i = 0; i < 5000; i++) {
        struct address address;
        const char *to_host;
        uint16_t to_port;

        snprintf(host, sizeof(host), "site%u.example", i);
        assert_int_equal(routes_addresses(routes, host, 80, &address, 1), 1);
        assert_int_equal(ntohl(address.v4.sin_addr.s_addr), 0x0a000000 + i);
        assert_true(routes_connect_to(routes, host, 80, &to_host, &to_port));
        assert_int_equal(to_port, i + 1);
    }
    routes_free(routes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_found),
        cmocka_unit_test(number_of_addresses_is_limited),
        cmocka_unit_test(targets_are_changed),
        cmocka_unit_test(targets_without_routes),
        cmocka_unit_test(invalid_values_are_refused),
        cmocka_unit_test(thousands_of_entries),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}

/* Parsing of proxy URLs, the order of the settings, and exceptions. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "http/dial/proxy.h"

#define BYTES_51  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BYTES_255 BYTES_51 BYTES_51 BYTES_51 BYTES_51 BYTES_51

static struct proxy parsed(const char *text)
{
    struct proxy proxy;
    const char *why = proxy_parse(&proxy, text);

    if (why)
        fail_msg("\"%s\": %s", text, why);
    return proxy;
}

static void proxies_are_read(void **state)
{
    static const struct {
        const char *text;
        enum proxy_kind kind;
        const char *host;
        unsigned port;
        bool numeric;
        const char *shown;
    } cases[] = {
        {"http://127.0.0.1:3128", PROXY_HTTP, "127.0.0.1", 3128, true, "http://127.0.0.1:3128"},
        {"Proxy.Example", PROXY_HTTP, "proxy.example", 1080, false, "http://proxy.example:1080"},
        {"proxy.example:80", PROXY_HTTP, "proxy.example", 80, false, "http://proxy.example:80"},
        {"HTTP://p:", PROXY_HTTP, "p", 1080, false, "http://p:1080"},
        {"http://p/", PROXY_HTTP, "p", 1080, false, "http://p:1080"},
        {" \tp:8080/\n", PROXY_HTTP, "p", 8080, false, "http://p:8080"},
        {"socks5://p", PROXY_SOCKS5, "p", 1080, false, "socks5://p:1080"},
        {"Socks5h://p:9050", PROXY_SOCKS5H, "p", 9050, false, "socks5h://p:9050"},
        {"[::1]", PROXY_HTTP, "::1", 1080, true, "http://[::1]:1080"},
        {"socks5://[::1]:80/", PROXY_SOCKS5, "::1", 80, true, "socks5://[::1]:80"},
        {"socks5://u:p@[::1]:/", PROXY_SOCKS5, "::1", 1080, true, "socks5://[::1]:1080"},
        {"u:p@h:1", PROXY_HTTP, "h", 1, false, "http://h:1"},
        {"@h", PROXY_HTTP, "h", 1080, false, "http://h:1080"},
        {"http://\tp:\n80\r", PROXY_HTTP, "p", 80, false, "http://p:80"},
        {"localhost:65535", PROXY_HTTP, "localhost", 65535, false, "http://localhost:65535"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct proxy proxy = parsed(cases[i].text);

        assert_int_equal(proxy.kind, cases[i].kind);
        assert_string_equal(proxy.host, cases[i].host);
        assert_int_equal(proxy.port, cases[i].port);
        assert_int_equal(proxy.numeric, cases[i].numeric);
        assert_string_equal(proxy.shown, cases[i].shown);
        proxy_free(&proxy);
    }
}

static void user_info_is_decoded(void **state)
{
    static const struct {
        const char *text, *user_info;
        size_t bytes, user_bytes;
    } cases[] = {
        {"u:p@h", "u:p", 3, 1},
        {"u@h:80", "u:", 2, 1},
        {":p@h", ":p", 2, 0},
        {"http://u%40x:p%3A%2f@h", "u@x:p:/", 7, 3},
        {"u:p:q@h", "u:p:q", 5, 1},
        {"u:p@q@h", "u:p@q", 5, 1},
        {"socks5://a%3ab:c@h", "a:b:c", 5, 3},
        {"socks5h://a%3Ab@h", "a:b:", 4, 3},
        {"socks5://%zz%4:%00@h", "%zz%4:\0", 7, 5},
        {"\tu\t\t\t\t@h", "u:", 2, 1},
        {"http://\r\n\tu:p@h", "u:p", 3, 1},
        {"socks5://u\t\t\t\t\t\t\t\t\t\n:\tp\t@h", "u:p", 3, 1},
        {"socks5://%4\t1%\n3a:p@h", "A::p", 4, 2},
        {"socks5://" BYTES_255 "\t:p@h", BYTES_255 ":p", 257, 255},
        {"socks5://" BYTES_255 ":" BYTES_255 "@h", BYTES_255 ":" BYTES_255, 511, 255},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct proxy proxy = parsed(cases[i].text);

        assert_int_equal(proxy.user_info_bytes, cases[i].bytes);
        assert_memory_equal(proxy.user_info, cases[i].user_info, cases[i].bytes);
        assert_int_equal(proxy.user_bytes, cases[i].user_bytes);
        assert_string_equal(proxy.host, "h");
        assert_null(strchr(proxy.shown, '@'));
        proxy_free(&proxy);
    }
}

static void invalid_proxies_are_refused(void **state)
{
    static const struct {
        const char *text, *why; /* `why` is a part of the message */
    } cases[] = {
        {"", "no host"},
        {"http://", "no host"},
        {"socks5://:80", "no host"},
        {"http:////u@127.0.0.1:1", "no host"},
        {"http:////127.0.0.1:1", "no host"},
        {"////////////////u@h", "no host"},
        {"http://\t\\\tu:p@h", "no host"},
        {"socks5:///u:p@h", "no host"},
        {"https://p:443", "use http://"},
        {"socks4://p", "use socks5:// or socks5h://"},
        {"SOCKS4a://p", "use socks5:// or socks5h://"},
        {"socks://p", "use socks5:// or socks5h://"},
        {"ftp://p", "must be http"},
        {"://p", "must be http"},
        {"http://socks5://p", "a path"},
        {"p:0", "port is 0"},
        {"p:65536", "over 65535"},
        {"p:x", "not a number"},
        {"::1", "no host"},
        {"[::1", "closing bracket"},
        {"1.2.3.256", "IPv4"},
        {"a b", "forbidden"},
        {"a\\b", "a path"},
        {"p/path", "a path"},
        {"p:80/?q", "a path"},
        {"p?q", "a path"},
        {"p#f", "a path"},
        {"u@v@h", "%40"},
        {"u@v:p@h", "%40"},
        {"u\t@\tv:p@h", "%40"},
        {"a%3ab:c@h", "cannot contain a colon"},
        {"socks5://" BYTES_255 "a:p@h", "longer than 255"},
        {"socks5h://u:" BYTES_255 "a@h", "longer than 255"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct proxy proxy;
        const char *why = proxy_parse(&proxy, cases[i].text);

        if (!why || !strstr(why, cases[i].why))
            fail_msg("\"%s\": %s", cases[i].text, why ? why : "it is accepted");
        assert_null(proxy.host);
        assert_null(proxy.user_info);
        assert_null(proxy.shown);
    }
}

/* Texts "name=value", ended by NULL. */
static const char *const *variables;

static char *environment(const char *name)
{
    size_t length = strlen(name);

    for (const char *const *at = variables; *at; at++)
        if (!strncmp(*at, name, length) && (*at)[length] == '=')
            return (char *)*at + length + 1;
    return NULL;
}

/* The proxy for a site; "": none. */
static const char *shown_for(const struct proxies *proxies, const char *text)
{
    static char shown[64];
    const struct proxy *proxy;
    struct url url;

    assert_null(url_parse(&url, text, strlen(text)));
    proxy = proxies_for(proxies, &url);
    strcpy(shown, proxy ? proxy->shown : "");
    url_free(&url);
    return shown;
}

static void order_of_settings(void **state)
{
    static const struct {
        const char *proxy, *noproxy, *variables[5];
        const char *http, *https; /* for http://a/ and https://a/ */
    } cases[] = {
        {NULL, NULL, {NULL}, "", ""},
        {"p", NULL, {NULL}, "http://p:1080", "http://p:1080"},
        {NULL, NULL, {"http_proxy=p:1"}, "http://p:1", ""},
        {NULL, NULL, {"https_proxy=p:1"}, "", "http://p:1"},
        {NULL, NULL, {"all_proxy=socks5://p:1"}, "socks5://p:1", "socks5://p:1"},
        {NULL, NULL, {"all_proxy=q:2", "https_proxy=p:1"}, "http://q:2", "http://p:1"},
        {NULL, NULL, {"all_proxy=q:2", "http_proxy="}, "http://q:2", "http://q:2"},
        {"x:3", NULL, {"http_proxy=p", "all_proxy=q:2"}, "http://x:3", "http://x:3"},
        {"", NULL, {"http_proxy=p", "https_proxy=p", "all_proxy=q:2"}, "", ""},
        {"x:3", NULL, {"http_proxy=https://bad"}, "http://x:3", "http://x:3"},
        {"x:3", NULL, {"no_proxy=a"}, "", ""},
        {"x:3", NULL, {"no_proxy=b"}, "http://x:3", "http://x:3"},
        {"x:3", "", {"no_proxy=a"}, "http://x:3", "http://x:3"},
        {"x:3", "b", {"no_proxy=a"}, "http://x:3", "http://x:3"},
        {"x:3", "a", {NULL}, "", ""},
        {NULL, "*", {"all_proxy=q"}, "", ""},
        {NULL, NULL, {"HTTPS_PROXY=p:1"}, "", "http://p:1"},
        {NULL, NULL, {"ALL_PROXY=p:1"}, "http://p:1", "http://p:1"},
        {NULL, NULL, {"HTTPS_PROXY=p:1", "https_proxy=q:2"}, "", "http://q:2"},
        {NULL, NULL, {"HTTPS_PROXY=p:1", "https_proxy="}, "", "http://p:1"},
        {NULL, NULL, {"HTTPS_PROXY=p:1", "all_proxy=q:2"}, "http://q:2", "http://p:1"},
        {NULL, NULL, {"ALL_PROXY=p:1", "all_proxy=q:2"}, "http://q:2", "http://q:2"},
        {"x:3", NULL, {"HTTPS_PROXY=p:1", "ALL_PROXY=p:1"}, "http://x:3", "http://x:3"},
        {"x:3", NULL, {"NO_PROXY=a"}, "", ""},
        {"x:3", NULL, {"NO_PROXY=a", "no_proxy=b"}, "http://x:3", "http://x:3"},
        {"x:3", NULL, {"NO_PROXY=a", "no_proxy="}, "", ""},
        {"x:3", "b", {"NO_PROXY=a"}, "http://x:3", "http://x:3"},
        /* HTTP_PROXY in a CGI program is the request's field "Proxy", so it is not used */
        {NULL, NULL, {"HTTP_PROXY=p"}, "", ""},
        {NULL, NULL, {"HTTP_PROXY=p", "ALL_PROXY=q:2"}, "http://q:2", "http://q:2"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char why[PROXIES_WHY_BYTES];
        struct proxies *proxies;

        variables = cases[i].variables;
        proxies = proxies_new(cases[i].proxy, cases[i].noproxy, environment, why);
        if (!proxies)
            fail_msg("%zu: %s", i, why);
        assert_string_equal(shown_for(proxies, "http://a/"), cases[i].http);
        assert_string_equal(shown_for(proxies, "https://a/"), cases[i].https);
        proxies_free(proxies);
    }
    proxies_free(NULL);
}

static void invalid_setting_is_named(void **state)
{
    static const struct {
        const char *proxy, *variables[3], *why;
    } cases[] = {
        {"https://s3cret:s3cret@x", {NULL}, "--proxy: TLS"},
        {NULL, {"http_proxy=ftp://s3cret@p"}, "http_proxy: the scheme of a proxy"},
        {NULL, {"https_proxy=u:s3cret@p:0", "http_proxy=p"}, "https_proxy: the port is 0"},
        {NULL, {"all_proxy=u:s3cret@", "http_proxy=p"}, "all_proxy: there is no host"},
        {NULL, {"HTTPS_PROXY=ftp://s3cret@p"}, "HTTPS_PROXY: the scheme of a proxy"},
        {NULL, {"ALL_PROXY=u:s3cret@", "http_proxy=p"}, "ALL_PROXY: there is no host"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char why[PROXIES_WHY_BYTES];

        variables = cases[i].variables;
        assert_null(proxies_new(cases[i].proxy, NULL, environment, why));
        if (strncmp(why, cases[i].why, strlen(cases[i].why)) != 0)
            fail_msg("%zu: %s", i, why);
        assert_null(strstr(why, "s3cret"));
    }
}

static void exceptions_match(void **state)
{
    static const struct {
        const char *list, *host;
        bool direct;
    } cases[] = {
        {"example.com", "example.com", true},
        {"example.com", "www.example.com", true},
        {"example.com", "a.b.example.com", true},
        {"example.com", "notexample.com", false},
        {"example.com", "example.com.org", false},
        {"example.com", "com", false},
        {".example.com", "example.com", true},
        {".example.com", "www.example.com", true},
        {".example.com", "notexample.com", false},
        {"example.com.", "example.com", true},
        {"example.com", "example.com.", true},
        {".example.com.", "www.example.com.", true},
        {"Example.COM", "eXample.com", true},
        {"com", "example.com", true},
        {"www.example.com", "example.com", false},
        {"a,b c\td,,e ,", "a", true},
        {"a,b c\td,,e ,", "b", true},
        {"a,b c\td,,e ,", "c", true},
        {"a,b c\td,,e ,", "d", true},
        {"a,b c\td,,e ,", "e", true},
        {"a,b c\td,,e ,", "f", false},
        {"*", "a", true},
        {" * ", "192.0.2.1", true},
        {"*", "[::1]", true},
        {"*,b", "a", false},
        {"*.example.com", "www.example.com", false},
        {"", "a", false},
        {".", "a", false},
        {".", "a.", false},
        {"..", "a.", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"0.0.1", "127.0.0.1", false},
        {"1", "127.0.0.1", false},
        {"127.0.0.1", "a.127.0.0.1.org", false},
        {"10.0.0.0/8", "10.1.2.3", true},
        {"10.0.0.0/8", "11.1.2.3", false},
        {"10.9.9.9/8", "10.1.2.3", true},
        {"192.168.128.0/17", "192.168.128.1", true},
        {"192.168.128.0/17", "192.168.127.1", false},
        {"192.0.2.4/31", "192.0.2.5", true},
        {"192.0.2.4/31", "192.0.2.6", false},
        {"192.0.2.4/32", "192.0.2.5", false},
        {"192.0.2.4/0", "8.8.8.8", true},
        {"192.0.2.4/0", "[::1]", false},
        {"10.0.0.0/33", "10.0.0.0", false},
        {"10.0.0.0/", "10.0.0.0", false},
        {"10.0.0.0/x", "10.0.0.0", false},
        {"10.0.0.0/-1", "10.0.0.0", false},
        {"10.0.0.0/4294967304", "10.0.0.0", false},
        {"10.0.0.0/8", "a.10.org", false},
        {"::1", "[::1]", true},
        {"[::1]", "[::1]", true},
        {"[::1]", "[0:0::1]", true},
        {"::1", "[::2]", false},
        {"::1", "1.1.1.1", false},
        {"fe80::/10", "[fe80::1]", true},
        {"fe80::/10", "[febf::1]", true},
        {"fe80::/10", "[fec0::1]", false},
        {"[fe80::]/10", "[febf::1]", true},
        {"::/0", "[2001:db8::1]", true},
        {"::/0", "1.2.3.4", false},
        {"2001:db8::/128", "[2001:db8::]", true},
        {"2001:db8::/129", "[2001:db8::]", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        static const char *const nothing[] = {NULL};
        char why[PROXIES_WHY_BYTES], text[64];
        struct proxies *proxies;

        variables = nothing;
        proxies = proxies_new("p", cases[i].list, environment, why);
        assert_non_null(proxies);
        snprintf(text, sizeof(text), "https://%s:8443/x", cases[i].host);
        if (!*shown_for(proxies, text) != cases[i].direct)
            fail_msg("\"%s\" and %s", cases[i].list, cases[i].host);
        proxies_free(proxies);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(proxies_are_read),
        cmocka_unit_test(user_info_is_decoded),
        cmocka_unit_test(invalid_proxies_are_refused),
        cmocka_unit_test(order_of_settings),
        cmocka_unit_test(invalid_setting_is_named),
        cmocka_unit_test(exceptions_match),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}

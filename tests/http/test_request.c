/* The bytes of requests, and the header fields that are allowed in them. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/request.h"

#define AGENT    "User-Agent: firstbyte/" FIRSTBYTE_VERSION "\r\n"
#define ACCEPT   "Accept: */*\r\n"
#define CODINGS  "Accept-Encoding: gzip, deflate, br, zstd\r\n"
#define DEFAULTS AGENT ACCEPT CODINGS

/* A site without content, and its request. */
static const struct {
    const char *url, *method, *headers, *request;
} cases[] = {
    {"http://a/", NULL, NULL, "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "\r\n"},
    {"http://a/", "HEAD", NULL, "HEAD / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "\r\n"},
    {"http://a/", "OPTIONS", NULL, "OPTIONS / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "\r\n"},
    /* RFC 9110, section 8.6 */
    {"http://a/", "PUT", NULL,
     "PUT / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "Content-Length: 0\r\n\r\n"},
    {"https://A.org:8443/x?y#z", NULL, NULL,
     "GET /x?y HTTP/1.1\r\nHost: a.org:8443\r\n" DEFAULTS "\r\n"},
    {"http://[::1]:81", NULL, NULL, "GET / HTTP/1.1\r\nHost: [::1]:81\r\n" DEFAULTS "\r\n"},
    {"http://a/b c", NULL, NULL, "GET /b%20c HTTP/1.1\r\nHost: a\r\n" DEFAULTS "\r\n"},
    /* RFC 7617, section 2 */
    {"http://Aladdin:open%20sesame@a/", NULL, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS
     "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
    /* RFC 7617, section 2.1: a pound sign in UTF-8 */
    {"http://test:123%C2%A3@a/", NULL, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "Authorization: Basic dGVzdDoxMjPCow==\r\n\r\n"},
    {"http://u:@a/", NULL, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "Authorization: Basic dTo=\r\n\r\n"},
    {"http://u:%00%ff%0d%0a@a/", NULL, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "Authorization: Basic dToA/w0K\r\n\r\n"},
    {"http://a/", NULL, "X: y\r\n", "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "X: y\r\n\r\n"},
    {"http://a/", NULL, "host: b\r\n", "GET / HTTP/1.1\r\n" DEFAULTS "host: b\r\n\r\n"},
    {"http://a/", NULL, "X: y\r\nUSER-AGENT: me\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" ACCEPT CODINGS "X: y\r\nUSER-AGENT: me\r\n\r\n"},
    {"http://a/", NULL, "Accept: text/html\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT CODINGS "Accept: text/html\r\n\r\n"},
    {"http://a/", NULL, "accept-encoding: identity\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "accept-encoding: identity\r\n\r\n"},
    {"http://a/", NULL, "Accept-Language: de\r\nHost-X: b\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "Accept-Language: de\r\nHost-X: b\r\n\r\n"},
    {"http://u:p@a/", NULL, "authorization: Bearer x\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "authorization: Bearer x\r\n\r\n"},
    /* a field without a value removes the default field, and is not sent */
    {"http://u:p@a/", NULL, "User-Agent:\r\nX: y\r\naccept: \t\r\nAuthorization:\r\nY:\r\nZ: z\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" CODINGS "X: y\r\nZ: z\r\n\r\n"},
    {"http://a/", "POST", "Content-Length:\r\n", "POST / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "\r\n"},
};

static void expect_request(const struct request *request, const char *expected)
{
    size_t length;
    char *text = request_build(request, &length);

    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
    free(text);
}

static void requests_are_built(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct site *site = site_new();
        struct request request;

        assert_null(url_parse(&site->url, cases[i].url, strlen(cases[i].url)));
        if (cases[i].method)
            site->method = strdup(cases[i].method);
        if (cases[i].headers)
            site->headers = strdup(cases[i].headers);
        request = request_of(site);
        expect_request(&request, cases[i].request);
        site_free(site);
    }
}

static void fields_of_the_site(void **state)
{
    struct site *site = site_new();
    struct request request;

    (void)state;
    assert_null(url_parse(&site->url, "http://a/", 9));
    site->cookie = strdup("a=1; b=2");
    site->content = content_new("x=1", 3);
    site->user = strdup("u:p");
    site->url.user_info = site->user;
    site->url.user_info_bytes = 3;
    request = request_of(site);
    expect_request(&request,
                   "POST / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "Authorization: Basic dTpw\r\n"
                   "Cookie: a=1; b=2\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                   "Content-Length: 3\r\n\r\n");
    site->headers = strdup("content-type: text/plain\r\nCookie: own\r\n");
    request = request_of(site);
    expect_request(&request,
                   "POST / HTTP/1.1\r\nHost: a\r\n" DEFAULTS "Authorization: Basic dTpw\r\n"
                   "Content-Length: 3\r\ncontent-type: text/plain\r\nCookie: own\r\n\r\n");
    site_free(site);
}

static void requests_to_proxies(void **state)
{
    struct url url;
    struct request request = {.url = &url,
                              .method = "GET",
                              .proxy_user_info = "u:p",
                              .proxy_user_info_bytes = 3,
                              .absolute_url = true,
                              .connection_close = true};

    (void)state;
    assert_null(url_parse(&url, "http://a:81/b?c", 15));
    expect_request(&request, "GET http://a:81/b?c HTTP/1.1\r\nHost: a:81\r\n" DEFAULTS
                             "Proxy-Authorization: Basic dTpw\r\nConnection: close\r\n\r\n");
    request.proxy_authorization = "Bearer x";
    expect_request(&request, "GET http://a:81/b?c HTTP/1.1\r\nHost: a:81\r\n" DEFAULTS
                             "Proxy-Authorization: Bearer x\r\nConnection: close\r\n\r\n");
    request.proxy_authorization = "";
    expect_request(&request, "GET http://a:81/b?c HTTP/1.1\r\nHost: a:81\r\n" DEFAULTS
                             "Connection: close\r\n\r\n");
    request.proxy_authorization = "Bearer x";
    request.headers = "proxy-authorization: y\r\n";
    expect_request(&request, "GET http://a:81/b?c HTTP/1.1\r\nHost: a:81\r\n" DEFAULTS
                             "Connection: close\r\nproxy-authorization: y\r\n\r\n");
    url_free(&url);
}

static void requests_without_a_proxy_have_no_proxy_credentials(void **state)
{
    struct url url;
    struct request request = {.url = &url,
                              .method = "GET",
                              .headers = "X: y\r\nproxy-AUTHORIZATION: z\r\n"
                                         "Proxy-Authorization-X: z\r\n",
                              .omit_proxy_authorization = true};

    (void)state;
    assert_null(url_parse(&url, "http://a/", 9));
    expect_request(&request, "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS
                             "X: y\r\nProxy-Authorization-X: z\r\n\r\n");
    request.omit_proxy_authorization = false;
    expect_request(&request, "GET / HTTP/1.1\r\nHost: a\r\n" DEFAULTS
                             "X: y\r\nproxy-AUTHORIZATION: z\r\nProxy-Authorization-X: z\r\n\r\n");
    url_free(&url);
}

/* Fields of the maximum length of an option or a line are sent completely. */
static void many_fields_are_sent(void **state)
{
    enum { FIELDS = 1000 };
    struct site *site = site_new();
    struct request request;
    size_t length;
    char *text, *at;

    (void)state;
    assert_null(url_parse(&site->url, "http://a/", 9));
    at = site->headers = malloc(FIELDS * 16);
    for (int i = 0; i < FIELDS; i++)
        at += sprintf(at, i % 2 ? "X%d:\r\n" : "X%d: y\r\n", i);
    request = request_of(site);
    text = request_build(&request, &length);
    assert_int_equal(length, strlen(text));
    assert_null(strstr(text, ":\r\n"));
    assert_non_null(strstr(text, "\r\nX996: y\r\nX998: y\r\n\r\n"));
    free(text);
    site_free(site);
}

static void methods_are_checked(void **state)
{
    static const char *const valid[] = {"GET", "get", "M-SEARCH", "A!#$%&'*+-.^_`|~09",
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"};
    static const char *const invalid[] = {
        "",      "CONNECT", "G T",   "GET ",     "G:T",
        "G\tET", "G\rET",   "G(ET)", "\xc3\xa9", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"};

    (void)state;
    for (size_t i = 0; i < LENGTH(valid); i++)
        assert_true(request_is_method(valid[i]));
    for (size_t i = 0; i < LENGTH(invalid); i++)
        assert_false(request_is_method(invalid[i]));
    assert_true(request_is_idempotent("DELETE"));
    assert_false(request_is_idempotent("POST"));
    assert_false(request_is_idempotent("get"));
}

static void headers_are_checked(void **state)
{
    static const struct {
        const char *line;
        size_t length;
        bool allowed;
    } checks[] = {
        {"A: b", 4, true},
        {"A:b", 3, true},
        {"A:", 2, true},
        {"A: b: c", 7, true},
        {"!#$%&'*+-.^_`|~09aZ: b", 22, true},
        {"A: \xc3\xa9\t\"", 7, true},
        {"A", 1, false},
        {"", 0, false},
        {": b", 3, false},
        {"A : b", 5, false},
        {" A: b", 5, false},
        {"A B: c", 6, false},
        {"A(: c", 5, false},
        {"\xc3\xa9: c", 5, false},
        {"A: b\r", 5, false},
        {"A: b\nX: c", 9, false},
        {"A: b\0", 5, false},
        {"A: \x7f", 4, false},
        {"A\0: b", 5, false},
        {"AB: c", 2, false}, /* the colon is after the end */
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(checks); i++) {
        const char *why = request_check_header(checks[i].line, checks[i].length);

        if (!why != checks[i].allowed)
            fail_msg("\"%s\": %s", checks[i].line, why ? why : "allowed");
    }
    assert_null(request_check_value("a=1; b=\"\xc3\xa9\"\t", 12));
    assert_null(request_check_value("", 0));
    assert_non_null(request_check_value("a\r\nB: c", 7));
    assert_non_null(request_check_value("a\0", 2));
    assert_non_null(request_check_value("\x7f", 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_built),
        cmocka_unit_test(fields_of_the_site),
        cmocka_unit_test(requests_to_proxies),
        cmocka_unit_test(requests_without_a_proxy_have_no_proxy_credentials),
        cmocka_unit_test(many_fields_are_sent),
        cmocka_unit_test(methods_are_checked),
        cmocka_unit_test(headers_are_checked),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}

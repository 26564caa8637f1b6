/* The bytes of requests, and which fields may be in them. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "http/request.h"

#define AGENT  "User-Agent: firstbyte/" FIRSTBYTE_VERSION "\r\n"
#define ACCEPT "Accept: */*\r\n"

static const struct {
    const char *url;
    bool head;
    const char *headers, *request;
} cases[] = {
    {"http://a/", 0, NULL, "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "\r\n"},
    {"http://a/", 1, NULL, "HEAD / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "\r\n"},
    {"https://A.org:8443/x?y#z", 0, NULL,
     "GET /x?y HTTP/1.1\r\nHost: a.org:8443\r\n" AGENT ACCEPT "\r\n"},
    {"http://[::1]:81", 0, NULL, "GET / HTTP/1.1\r\nHost: [::1]:81\r\n" AGENT ACCEPT "\r\n"},
    {"http://a/b c", 0, NULL, "GET /b%20c HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "\r\n"},
    /* RFC 7617, section 2 */
    {"http://Aladdin:open%20sesame@a/", 0, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT
     "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
    /* RFC 7617, section 2.1: a pound sign in UTF-8 */
    {"http://test:123%C2%A3@a/", 0, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "Authorization: Basic dGVzdDoxMjPCow==\r\n\r\n"},
    {"http://u:@a/", 0, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "Authorization: Basic dTo=\r\n\r\n"},
    {"http://u:p@a/", 0, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "Authorization: Basic dTpw\r\n\r\n"},
    {"http://u:%00%ff%0d%0a@a/", 0, NULL,
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "Authorization: Basic dToA/w0K\r\n\r\n"},
    {"http://a/", 0, "X: y\r\n", "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "X: y\r\n\r\n"},
    {"http://a/", 0, "host: b\r\n", "GET / HTTP/1.1\r\n" AGENT ACCEPT "host: b\r\n\r\n"},
    {"http://a/", 0, "X: y\r\nUSER-AGENT: me\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" ACCEPT "X: y\r\nUSER-AGENT: me\r\n\r\n"},
    {"http://a/", 0, "Accept: text/html\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT "Accept: text/html\r\n\r\n"},
    {"http://a/", 0, "Accept-Language: de\r\nHost-X: b\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "Accept-Language: de\r\nHost-X: b\r\n\r\n"},
    {"http://u:p@a/", 0, "authorization: Bearer x\r\n",
     "GET / HTTP/1.1\r\nHost: a\r\n" AGENT ACCEPT "authorization: Bearer x\r\n\r\n"},
};

static void requests_are_built(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct site *site = site_new();
        size_t length;
        char *request;

        assert_null(url_parse(&site->url, cases[i].url, strlen(cases[i].url)));
        site->head = cases[i].head;
        if (cases[i].headers)
            site->headers = strdup(cases[i].headers);
        request = request_build(site, &length);
        assert_string_equal(request, cases[i].request);
        assert_int_equal(length, strlen(cases[i].request));
        free(request);
        site_free(site);
    }
    site_free(NULL);
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
        {"AB: c", 2, false}, /* the colon lies beyond the end */
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(checks); i++) {
        const char *why = request_check_header(checks[i].line, checks[i].length);

        if (!why != checks[i].allowed)
            fail_msg("\"%s\": %s", checks[i].line, why ? why : "allowed");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_built),
        cmocka_unit_test(headers_are_checked),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}

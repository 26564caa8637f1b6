/* URLs without a scheme: which are accepted, and how the read-ahead of a list sees them. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/typed_url.h"

static const char path[] = "it looks like the path of a file; -f FILE reads a list";
static const char none[] = "not a URL: no scheme, and the host has no dot or port";
static const char odd[] = "not a URL: no scheme, and a character that no host has";

static const struct {
    const char *text;
    const char *shown; /* or the error */
    const char *host;  /* NULL: it is refused */
    uint16_t port;
} cases[] = {
    {"example.org", "http://example.org", "example.org", 80},
    {"Example.ORG/A?b.c#d", "http://Example.ORG/A?b.c#d", "example.org", 80},
    {"127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1", 8080},
    {"[::1]:81/", "http://[::1]:81/", "::1", 81},
    {"localhost", "http://localhost", "localhost", 80},
    {"LOCALHOST", "http://LOCALHOST", "localhost", 80},
    {"localhost:1", "http://localhost:1", "localhost", 1},
    {"intranet/", "http://intranet/", "intranet", 80},
    {"intranet:443", "http://intranet:443", "intranet", 443},
    {" a.b\t", "http://a.b", "a.b", 80},
    {"//a.b/c", "http://a.b/c", "a.b", 80},
    {"user:secret@a.b", "http://a.b", "a.b", 80},
    {"a.b/?u=ftp://c", "http://a.b/?u=ftp://c", "a.b", 80},
    {"a:b=c,d@a.b/", "http://a.b/", "a.b", 80},
    {"a_b-c.d", "http://a_b-c.d", "a_b-c.d", 80},
    {"a.b?c=d,e", "http://a.b?c=d,e", "a.b", 80},
    {"a.b:", "http://a.b:", "a.b", 80},
    {"mailto:x@a", "http://a", "a", 80}, /* a user and a password */
    /* with a scheme: as url_parse has it */
    {"http://a", "http://a", "a", 80},
    {"HTTPS:a", "HTTPS:a", "a", 443},
    {"http:\\\\a", "http:\\\\a", "a", 80},
    {"ftp://a.b", "not an absolute http:// or https:// URL", NULL, 0},
    {"h2+x.y-1://a.b", "not an absolute http:// or https:// URL", NULL, 0},
    /* no URL */
    {"", none, NULL, 0},
    {"example", none, NULL, 0},
    {"localhosts", none, NULL, 0},
    {"a=b", odd, NULL, 0},
    {"rate=0.5", odd, NULL, 0},
    {"a.b,c.d", odd, NULL, 0},
    {"\"a.b\"", odd, NULL, 0},
    {"*.a.b", odd, NULL, 0},
    {"~a/b", odd, NULL, 0},
    {"$A/b.c", odd, NULL, 0},
    {"/etc/hosts", path, NULL, 0},
    {"./list", path, NULL, 0},
    {"../list.txt", path, NULL, 0},
    {"~/list", path, NULL, 0},
    {"a.b:x", "the port is not a number", NULL, 0},
    {".:", "the host's name begins with a dot", NULL, 0},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;
        const char *wrong = typed_url_parse(&url, cases[i].text, strlen(cases[i].text));

        assert_int_equal(!wrong, cases[i].host != NULL);
        assert_string_equal(wrong ? wrong : url.shown, cases[i].shown);
        if (cases[i].host) {
            assert_string_equal(url.host, cases[i].host);
            assert_int_equal(url.port, cases[i].port);
        }
        assert_int_equal(typed_url_is_likely(cases[i].text, strlen(cases[i].text)),
                         cases[i].shown != none && cases[i].shown != odd);
        url_free(&url);
    }
}

static void test_long(void **state)
{
    static char text[URL_MAX_BYTES + 2];
    struct url url;

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[1] = '/';
    assert_string_equal(typed_url_parse(&url, text, sizeof(text) - 1),
                        "the URL is over 65536 bytes");
    assert_null(typed_url_parse(&url, text, URL_MAX_BYTES - strlen("http://")));
    url_free(&url);
}

/* The origin of a line is that of its URL, and points into the line. */
static void test_origin(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url_origin origin;
        char line[128];

        snprintf(line, sizeof(line), "%s timeout=1s # http://z.z", cases[i].text);
        if (!typed_url_origin(&origin, line, strlen(line)))
            continue;
        if (!cases[i].host)
            continue; /* the rest of the URL is not checked */
        assert_true(origin.host >= line && origin.host < line + strlen(line));
        assert_int_equal(origin.host_bytes, strlen(cases[i].host));
        assert_true(!strncasecmp(origin.host, cases[i].host, origin.host_bytes));
        assert_int_equal(origin.port, cases[i].port);
    }
}

static void test_usual_origins(void **state)
{
    static const char *const lines[] = {"a.b/c d=e",   "a.b",   "\ta.b?x",
                                        "http://a.b/", "//a.b", "u:p@a.b x"};
    struct url_origin origin;

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        assert_true(typed_url_origin(&origin, lines[i], strlen(lines[i])));
        assert_memory_equal(origin.host, "a.b", 3);
        assert_int_equal(origin.host_bytes, 3);
        assert_false(origin.https);
    }
    assert_false(typed_url_origin(&origin, "", 0));
    assert_false(typed_url_origin(&origin, "default timeout=1s", 18));
    assert_false(typed_url_origin(&origin, "# a.b", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_usual_origins),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

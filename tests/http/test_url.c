/* URLs: what each is cut into, and what is refused. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "http/url.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME_253                                                                                   \
    LABEL_63 "." LABEL_63 "." LABEL_63                                                             \
             ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *text;
    bool https;
    uint16_t port;
    const char *host, *authority, *target;
    const char *shown; /* NULL: the text itself */
} read_cases[] = {
    {"http://a", 0, 80, "a", "a", "/", NULL},
    {"https://a", 1, 443, "a", "a", "/", NULL},
    {"HTTP://Example.ORG/Path", 0, 80, "example.org", "example.org", "/Path", NULL},
    {"hTTpS://A/", 1, 443, "a", "a", "/", NULL},
    {" \t\r\nhttp://a/b \n", 0, 80, "a", "a", "/b", "http://a/b"},
    {"http://a:80/", 0, 80, "a", "a", "/", NULL},
    {"http://a:/", 0, 80, "a", "a", "/", NULL},
    {"http://a:443/", 0, 443, "a", "a:443", "/", NULL},
    {"https://a:443/", 1, 443, "a", "a", "/", NULL},
    {"https://a:80", 1, 80, "a", "a:80", "/", NULL},
    {"http://a:00081/", 0, 81, "a", "a:81", "/", NULL},
    {"http://a:65535/", 0, 65535, "a", "a:65535", "/", NULL},
    {"http://a?q", 0, 80, "a", "a", "/?q", NULL},
    {"http://a/?q=1&r=2", 0, 80, "a", "a", "/?q=1&r=2", NULL},
    {"http://a#f", 0, 80, "a", "a", "/", NULL},
    {"http://a/b#f?g", 0, 80, "a", "a", "/b", NULL},
    {"http://a?#", 0, 80, "a", "a", "/?", NULL},
    {"http://a/b//c/../d", 0, 80, "a", "a", "/b//c/../d", NULL},
    {"http://a/%7Eb%2f%zz%", 0, 80, "a", "a", "/%7Eb%2f%zz%", NULL},
    {"http://a/b c", 0, 80, "a", "a", "/b%20c", NULL},
    {"http://a/\"<>`{}", 0, 80, "a", "a", "/%22%3C%3E%60%7B%7D", NULL},
    {"http://a/b\tc\r\nd", 0, 80, "a", "a", "/b%09c%0D%0Ad", NULL},
    {"http://a/\xc3\xa9\x7f", 0, 80, "a", "a", "/%C3%A9%7F", NULL},
    {"http://a/x@y:z", 0, 80, "a", "a", "/x@y:z", NULL},
    {"http://a/http://b/", 0, 80, "a", "a", "/http://b/", NULL},
    {"http://example.org./", 0, 80, "example.org.", "example.org.", "/", NULL},
    {"http://a-b_c.d1/", 0, 80, "a-b_c.d1", "a-b_c.d1", "/", NULL},
    {"http://1a/", 0, 80, "1a", "1a", "/", NULL},
    {"http://1.2.3.4.com/", 0, 80, "1.2.3.4.com", "1.2.3.4.com", "/", NULL},
    {"http://" NAME_253 "/", 0, 80, NAME_253, NAME_253, "/", NULL},
    {"http://" NAME_253 "./", 0, 80, NAME_253 ".", NAME_253 ".", "/", NULL},
};

static void urls_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(read_cases); i++) {
        const char *text = read_cases[i].text;
        struct url url;
        const char *why = url_parse(&url, text, strlen(text));

        if (why)
            fail_msg("\"%s\": %s", text, why);
        assert_int_equal(url.https, read_cases[i].https);
        assert_int_equal(url.port, read_cases[i].port);
        assert_string_equal(url.host, read_cases[i].host);
        assert_string_equal(url.authority, read_cases[i].authority);
        assert_string_equal(url.target, read_cases[i].target);
        assert_string_equal(url.shown, read_cases[i].shown ? read_cases[i].shown : text);
        assert_false(url.numeric);
        assert_null(url.user_info);
        url_free(&url);
        assert_null(url.host);
    }
}

static void addresses_are_read(void **state)
{
    static const struct {
        const char *text, *host, *authority;
    } cases[] = {
        {"http://127.0.0.1/", "127.0.0.1", "127.0.0.1"},
        {"http://127.0.0.1:8080", "127.0.0.1", "127.0.0.1:8080"},
        {"http://[::1]", "::1", "[::1]"},
        {"http://[::1]:", "::1", "[::1]"},
        {"http://[::1]:8080/x", "::1", "[::1]:8080"},
        {"https://[::1]:443?x", "::1", "[::1]"},
        {"http://[2001:DB8::A]/", "2001:db8::a", "[2001:db8::a]"},
        {"http://[::ffff:1.2.3.4]/", "::ffff:1.2.3.4", "[::ffff:1.2.3.4]"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;
        const char *why = url_parse(&url, cases[i].text, strlen(cases[i].text));

        if (why)
            fail_msg("\"%s\": %s", cases[i].text, why);
        assert_true(url.numeric);
        assert_string_equal(url.host, cases[i].host);
        assert_string_equal(url.authority, cases[i].authority);
        assert_string_equal(url.shown, cases[i].text);
        url_free(&url);
    }
}

static void user_info_is_decoded_and_not_shown(void **state)
{
    static const struct {
        const char *text, *user_info;
        size_t bytes;
        const char *shown;
    } cases[] = {
        {"http://u:p@a/", "u:p", 3, "http://a/"},
        {"https://u@a:1/x?y#z", "u:", 2, "https://a:1/x?y#z"},
        {"http://u:@a", "u:", 2, "http://a"},
        {"http://:p@a", ":p", 2, "http://a"},
        {"http://a%3Ab:c%40d%2F@h/", "a:b:c@d/", 8, "http://h/"},
        {"http://u:p:q@a/", "u:p:q", 5, "http://a/"},
        {"http://u:p@q@a/", "u:p@q", 5, "http://a/"},
        {"http://u:%zz%4@a/", "u:%zz%4", 7, "http://a/"},
        {"http://u:%00x@a/", "u:\0x", 4, "http://a/"},
        {"http://u:p@[::1]:8/", "u:p", 3, "http://[::1]:8/"},
        {"  http://u:p@a/@b ", "u:p", 3, "http://a/@b"},
        {"http://http:%2F%2F@a/", "http://", 7, "http://a/"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;
        const char *why = url_parse(&url, cases[i].text, strlen(cases[i].text));

        if (why)
            fail_msg("\"%s\": %s", cases[i].text, why);
        assert_int_equal(url.user_info_bytes, cases[i].bytes);
        assert_memory_equal(url.user_info, cases[i].user_info, cases[i].bytes);
        assert_string_equal(url.shown, cases[i].shown);
        assert_null(strchr(url.authority, '@'));
        url_free(&url);
    }
}

static void empty_user_info_is_none(void **state)
{
    struct url url;

    (void)state;
    assert_null(url_parse(&url, "http://@a/", 10));
    assert_null(url.user_info);
    assert_string_equal(url.host, "a");
    assert_string_equal(url.shown, "http://a/");
    url_free(&url);
}

static void others_are_refused(void **state)
{
    static const struct {
        const char *text, *why; /* a piece of the sentence */
    } cases[] = {
        {"", "absolute"},
        {"   ", "absolute"},
        {"a", "absolute"},
        {"//a/", "absolute"},
        {"/a", "absolute"},
        {"ftp://a/", "absolute"},
        {"http:/a/", "absolute"},
        {"http:a", "absolute"},
        {"https", "absolute"},
        {"httpx://a/", "absolute"},
        {"http://", "no host"},
        {"http:///a", "no host"},
        {"http://?q", "no host"},
        {"http://:80/", "no host"},
        {"http://u:p@/", "no host"},
        {"http://u@:80/", "no host"},
        {"http://a:0/", "port is 0"},
        {"http://a:65536/", "over 65535"},
        {"http://a:99999999999999999999/", "over 65535"},
        {"http://a:8o/", "not a number"},
        {"http://a:-1/", "not a number"},
        {"http://a: 1/", "not a number"},
        {"http://a:80:90/", "not a number"},
        {"http://a b/", "forbidden"},
        {"http://a\tb/", "forbidden"},
        {"http://a%41/", "forbidden"},
        {"http://a,b/", "forbidden"},
        {"http://a\x7f/", "forbidden"},
        {"http://b\xc3\xbc"
         "cher.de/",
         "not ASCII"},
        {"http://a\\b/", "backslash"},
        {"http://a/b\\c", "backslash"},
        {"http://./", "empty label"},
        {"http://.a/", "empty label"},
        {"http://a..b/", "empty label"},
        {"http://a../", "empty label"},
        {"http://a" LABEL_63 "/", "over 63"},
        {"http://" NAME_253 "a/", "too long"},
        {"http://" NAME_253 ".a/", "too long"},
        {"http://1.2.3/", "IPv4"},
        {"http://1.2.3.4.5/", "IPv4"},
        {"http://256.1.1.1/", "IPv4"},
        {"http://1/", "IPv4"},
        {"http://a.1/", "IPv4"},
        {"http://127.0.0.1./", "IPv4"},
        {"http://[::1/", "closing bracket"},
        {"http://[::1]x/", "junk"},
        {"http://[::1]:x/", "not a number"},
        {"http://[]/", "IPv6"},
        {"http://[1.2.3.4]/", "IPv6"},
        {"http://[a]/", "IPv6"},
        {"http://[fe80::1%25lo]/", "IPv6"},
        {"http://[::1::2]/", "IPv6"},
        {"http://::1/", "no host"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;
        const char *why = url_parse(&url, cases[i].text, strlen(cases[i].text));

        if (!why || !strstr(why, cases[i].why))
            fail_msg("\"%s\": %s", cases[i].text, why ? why : "was not refused");
        assert_null(url.host);
        assert_null(url.shown);
    }
}

/* A byte that no C string carries, at each place but the last: there it is white space. */
static void nul_is_refused_anywhere(void **state)
{
    static const char text[] = "http://u:p@host:80/path?query#fragment";

    (void)state;
    for (size_t at = 0; at < sizeof(text) - 2; at++) {
        char spoilt[sizeof(text)];
        struct url url;

        memcpy(spoilt, text, sizeof(text));
        spoilt[at] = '\0';
        assert_non_null(url_parse(&url, spoilt, sizeof(text) - 1));
    }
}

static void length_is_limited(void **state)
{
    char *text = malloc(URL_MOST_BYTES + 1); /* not closed with a NUL */
    struct url url;

    (void)state;
    stpcpy(text, "http://a/");
    memset(text + 9, 'x', URL_MOST_BYTES - 8);
    assert_null(url_parse(&url, text, URL_MOST_BYTES));
    assert_int_equal(strlen(url.target), URL_MOST_BYTES - 8);
    url_free(&url);
    assert_non_null(url_parse(&url, text, URL_MOST_BYTES + 1));
    memset(text + 9, ' ', URL_MOST_BYTES - 8); /* white space does not count */
    assert_null(url_parse(&url, text, URL_MOST_BYTES + 1));
    url_free(&url);
    free(text);
}

/* No byte after the end is looked at: a heap block of its own lets a sanitizer see it. */
static void every_prefix_is_safe(void **state)
{
    static const char text[] = "https://us%41r:pa%s@[::1]:8080/path?query#fragment";

    (void)state;
    for (size_t length = 0; length < sizeof(text); length++) {
        char *part = malloc(length + !length);
        struct url url;

        memcpy(part, text, length);
        if (!url_parse(&url, part, length))
            url_free(&url);
        free(part);
    }
}

/* The origin alone agrees with the whole parse, and stops where a line's URL does. */
static void origins_agree(void **state)
{
    static const char *const lines[] = {
        "http://Example.org/path timeout=5s",
        "  https://u:p@example.org:8443?q",
        "http://[::1]:8080/",
        "https://[2001:db8::1]#f",
        "HTTP://127.0.0.1",
        "http://example.org:/x",
    };
    struct url_origin a, b;

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        const char *begin = lines[i] + strspn(lines[i], " ");
        struct url url;

        assert_null(url_parse(&url, begin, strcspn(begin, " ")));
        b = (struct url_origin){url.https, url.port, url.host, strlen(url.host)};
        assert_true(url_origin(&a, lines[i], strlen(lines[i])));
        assert_true(url_same_origin(&a, &b));
        assert_int_equal(url_origin_hash(&a), url_origin_hash(&b));
        b.port++;
        assert_false(url_same_origin(&a, &b));
        url_free(&url);
    }
    assert_false(url_origin(&a, "# http://a/", 11));
    assert_false(url_origin(&a, "default timeout=5s", 18));
    assert_false(url_origin(&a, "http://", 7));
    assert_false(url_origin(&a, "http://a:x/", 11));
    assert_false(url_origin(&a, "", 0));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(user_info_is_decoded_and_not_shown),
        cmocka_unit_test(empty_user_info_is_none),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(nul_is_refused_anywhere),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(origins_agree),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}

/* Parsing of URLs: their parts, and invalid URLs. */
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
    {"http://a/b//c/../d", 0, 80, "a", "a", "/b//d", NULL},
    {"http://a/./b/.", 0, 80, "a", "a", "/b/", NULL},
    {"http://a/b/%2e%2E/../c/..", 0, 80, "a", "a", "/", NULL},
    {"http://a/.b/..c/...?/../", 0, 80, "a", "a", "/.b/..c/...?/../", NULL},
    {"http://a/%7Eb%2f%zz%", 0, 80, "a", "a", "/%7Eb%2f%zz%", NULL},
    {"http://a/b c", 0, 80, "a", "a", "/b%20c", NULL},
    {"http://a/\"<>`{}'^|[]", 0, 80, "a", "a", "/%22%3C%3E%60%7B%7D'%5E|[]", NULL},
    {"http://a/?\"<>`{}'^|[]", 0, 80, "a", "a", "/?%22%3C%3E`{}%27^|[]", NULL},
    {"http://a/b\tc\r\nd", 0, 80, "a", "a", "/bcd", "http://a/bcd"},
    {"ht\ntp:\t//\ra\n/b", 0, 80, "a", "a", "/b", "http://a/b"},
    {"http://a/\xc3\xa9\x7f", 0, 80, "a", "a", "/%C3%A9%7F", NULL},
    {"http://a/\xe9\xff", 0, 80, "a", "a", "/%E9%FF", NULL},
    {"http://a/x@y:z", 0, 80, "a", "a", "/x@y:z", NULL},
    {"http://a/http://b/", 0, 80, "a", "a", "/http://b/", NULL},
    {"http://example.org./", 0, 80, "example.org.", "example.org.", "/", NULL},
    {"http://a-b_c.d1/", 0, 80, "a-b_c.d1", "a-b_c.d1", "/", NULL},
    {"http://1a/", 0, 80, "1a", "1a", "/", NULL},
    /* as browsers read them */
    {"http:a", 0, 80, "a", "a", "/", NULL},
    {"https:/a/", 1, 443, "a", "a", "/", NULL},
    {"http:////a/b", 0, 80, "a", "a", "/b", NULL},
    {"http:\\\\a\\b\\..\\c?\\#\\", 0, 80, "a", "a", "/c?\\", NULL},
    {"http://a%41/", 0, 80, "aa", "aa", "/", NULL},
    {"http://a,b~!$&'()*+;=\"`{}/", 0, 80, "a,b~!$&'()*+;=\"`{}", "a,b~!$&'()*+;=\"`{}", "/", NULL},
    {"http://a../", 0, 80, "a..", "a..", "/", NULL},
    {"http://a" LABEL_63 "/", 0, 80, "a" LABEL_63, "a" LABEL_63, "/", NULL},
    {"http://B\xc3\xbc"
     "cher.DE:81/",
     0, 81, "xn--bcher-kva.de", "xn--bcher-kva.de:81", "/", NULL},
    {"http://1.2.3.4.com/", 0, 80, "1.2.3.4.com", "1.2.3.4.com", "/", NULL},
    {"http://" NAME_253 "/", 0, 80, NAME_253, NAME_253, "/", NULL},
    {"http://" NAME_253 "./", 0, 80, NAME_253 ".", NAME_253 ".", "/", NULL},
    {"http://" NAME_253 "aa/", 0, 80, NAME_253 "aa", NAME_253 "aa", "/", NULL},
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
        {"http://[::ffff:1.2.3.4]/", "::ffff:102:304", "[::ffff:102:304]"},
        {"http://0x7f.1/", "127.0.0.1", "127.0.0.1"},
        {"http://127.0.0.1./", "127.0.0.1", "127.0.0.1"},
        {"https://%31:80", "0.0.0.1", "0.0.0.1:80"},
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
        {"http:u:p@a", "u:p", 3, "http:a"},
        {"http:\\\\u:p\t@a\\@b", "u:p", 3, "http:\\\\a\\@b"},
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

static void empty_user_info_is_removed(void **state)
{
    static const char *const texts[] = {"http://@a/", "http://:@a/"};

    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct url url;

        assert_null(url_parse(&url, texts[i], strlen(texts[i])));
        assert_null(url.user_info);
        assert_string_equal(url.host, "a");
        assert_string_equal(url.shown, "http://a/");
        url_free(&url);
    }
}

static void invalid_urls_are_refused(void **state)
{
    static const struct {
        const char *text, *why; /* `why` is a part of the message */
    } cases[] = {
        {"", "absolute"},
        {"   ", "absolute"},
        {"a", "absolute"},
        {"//a/", "absolute"},
        {"/a", "absolute"},
        {"ftp://a/", "absolute"},
        {"https", "absolute"},
        {"httpx://a/", "absolute"},
        {"http://", "no host"},
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
        {"http://a\x7f/", "forbidden"},
        {"http:/?a", "no host"},
        {"http://%zz/", "forbidden"},
        {"http://a%00/", "forbidden"},
        {"http://a%2eb%2F/", "forbidden"},
        {"http://b\xfc/", "international"},
        {"http://" NAME_253 ".aa/", "too long"},
        {"http://1.2.3.4.5/", "IPv4"},
        {"http://256.1.1.1/", "IPv4"},
        {"http://a.1/", "IPv4"},
        {"http://[::1/", "closing bracket"},
        {"http://[::1]x/", "junk"},
        {"http://[::1]:x/", "not a number"},
        {"http://[]/", "IPv6"},
        {"http://[1.2.3.4]/", "IPv6"},
        {"http://[a]/", "IPv6"},
        {"http://[fe80::1%25lo]/", "IPv6"},
        {"http://[::1::2]/", "IPv6"},
        {"http://::1/", "no host"},
        {"http://::1]/", "no host"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;
        const char *why = url_parse(&url, cases[i].text, strlen(cases[i].text));

        if (!why || !strstr(why, cases[i].why))
            fail_msg("\"%s\": %s", cases[i].text, why ? why : "it is accepted");
        assert_null(url.host);
        assert_null(url.shown);
    }
}

/* NUL bytes are encoded in user info, path, query and fragment, and trimmed at the end. Elsewhere
   they are errors. */
static void nul_is_encoded_or_refused(void **state)
{
    static const char text[] = "http://u:p@host:80/path?query#fragment";
    static const char *const encoded[] = {"/%00ath?query", "/pa%00h?query", "/path?qu%00ry"};
    size_t seen = 0;

    (void)state;
    for (size_t at = 0; at < sizeof(text) - 2; at++) {
        char with_nul[sizeof(text)];
        struct url url;
        bool read;

        memcpy(with_nul, text, sizeof(text));
        with_nul[at] = '\0';
        read = !url_parse(&url, with_nul, sizeof(text) - 1);
        assert_int_equal(read, (at > 5 && at < 10) || at > 18);
        for (size_t i = 0; read && i < LENGTH(encoded); i++)
            seen += !strcmp(url.target, encoded[i]);
        url_free(&url);
    }
    assert_int_equal(seen, LENGTH(encoded));
}

static void length_is_limited(void **state)
{
    char *text = malloc(URL_MAX_BYTES + 1); /* without a terminating NUL */
    struct url url;

    (void)state;
    stpcpy(text, "http://a/");
    memset(text + 9, 'x', URL_MAX_BYTES - 8);
    assert_null(url_parse(&url, text, URL_MAX_BYTES));
    assert_int_equal(strlen(url.target), URL_MAX_BYTES - 8);
    url_free(&url);
    assert_non_null(url_parse(&url, text, URL_MAX_BYTES + 1));
    memset(text + 9, ' ', URL_MAX_BYTES - 8); /* white space does not count */
    assert_null(url_parse(&url, text, URL_MAX_BYTES + 1));
    url_free(&url);
    free(text);
}

/* Each prefix is in its own heap block, so that a sanitizer detects reads beyond it. */
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

static void fragments_are_separate(void **state)
{
    static const struct {
        const char *text, *target, *fragment;
    } cases[] = {
        {"http://a/b", "/b", NULL},
        {"http://a#", "/", ""},
        {"http://a/b?c#d?e#f", "/b?c", "d?e#f"},
        {"http://a/# \"<>`{}'^\xc3\xa9", "/", "%20%22%3C%3E%60{}'^%C3%A9"},
        {"http://a/#%zz/../", "/", "%zz/../"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;

        assert_null(url_parse(&url, cases[i].text, strlen(cases[i].text)));
        assert_string_equal(url.target, cases[i].target);
        assert_string_equal(url.fragment ? url.fragment : "none",
                            cases[i].fragment ? cases[i].fragment : "none");
        assert_string_equal(url.shown, cases[i].text);
        url_free(&url);
    }
}

/* A reference, its base and the resolved URL. `result` NULL: `why` is a part of the message. */
struct join_case {
    const char *base, *reference, *result, *why;
};

static void check_join(const struct join_case *join)
{
    struct url base, url;
    const char *why;

    assert_null(url_parse(&base, join->base, strlen(join->base)));
    why = url_join(&url, &base, join->reference, strlen(join->reference));
    if (join->result && why)
        fail_msg("\"%s\" on \"%s\": %s", join->reference, join->base, why);
    if (!join->result && (!why || !strstr(why, join->why)))
        fail_msg("\"%s\" on \"%s\": %s", join->reference, join->base, why ? why : url.shown);
    if (join->result)
        assert_string_equal(url.shown, join->result);
    assert_null(url.user_info);
    url_free(&url);
    url_free(&base);
}

/* RFC 3986, sections 5.4.1 and 5.4.2. Other schemes are errors; "http:g" is read without
   strictness; an empty path becomes "/". */
static void references_of_the_rfc(void **state)
{
    static const char *const cases[][2] = {
        {"g:h", NULL},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"http:g", "http://a/b/c/g"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        check_join(&(struct join_case){"http://a/b/c/d;p?q", cases[i][0], cases[i][1], "scheme"});
}

static void references_are_resolved(void **state)
{
    static const struct join_case cases[] = {
        /* with an authority */
        {"http://a/b", "https://c", "https://c/", NULL},
        {"http://a/b", "https:c/d", "https://c/d", NULL},
        {"https://a:8/b", "//c:443/d", "https://c/d", NULL},
        {"https://a:8/b", "http://a:8/b", "http://a:8/b", NULL},
        {"http://a/b", "\\\\c\\d", "http://c/d", NULL},
        {"http://a/b", "///c", "http://c/", NULL},
        {"http://[::1]:8/b", "c", "http://[::1]:8/c", NULL},
        {"http://a/b", "HTTP:?q", "http://a/b?q", NULL},
        {"http://a/b",
         "//b\xc3\xbc"
         "cher.de/",
         "http://xn--bcher-kva.de/", NULL},
        /* user info of the reference is removed, that of the base is not inherited */
        {"http://u:p@a/b", "c", "http://a/c", NULL},
        {"http://a/b", "//u:p@c/@", "http://c/@", NULL},
        {"http://a/b", "http://u:p@a/b", "http://a/b", NULL},
        {"http://a/b", "@c:d", "http://a/@c:d", NULL},
        /* the fragment of the base is not inherited */
        {"http://a/b?c#d", "", "http://a/b?c#d", NULL},
        {"http://a/b?c#d", "e", "http://a/e#d", NULL},
        {"http://a/b?c#d", "//e", "http://e/#d", NULL},
        {"http://a/b?c#d", "?", "http://a/b?#d", NULL},
        {"http://a/b?c#d", "e#f", "http://a/e#f", NULL},
        {"http://a/b?c#d", "#", "http://a/b?c#", NULL},
        /* bytes that are not ASCII, blanks and control characters */
        {"http://a/", "\xc3\xa9?\xc3\xa9#\xc3\xa9", "http://a/%C3%A9?%C3%A9#%C3%A9", NULL},
        {"http://a/", "\xe9 \"<\x01>", "http://a/%E9%20%22%3C%01%3E", NULL},
        {"http://a/b", " \t c d \n", "http://a/c%20d", NULL},
        {"http://a/b", "/\t/c", "http://c/", NULL},
        {"http://a/b", "%41%2f", "http://a/%41%2f", NULL},
        /* the base's query, and slashes in it, are no path */
        {"http://a/b/c?d/e/f", "g", "http://a/b/g", NULL},
        {"http://a", "g", "http://a/g", NULL},
        {"http://a?q", "../g", "http://a/g", NULL},
        /* errors */
        {"http://a/", "ftp://b/", NULL, "scheme"},
        {"http://a/", "javascript:alert(1)", NULL, "scheme"},
        {"http://a/", "localhost:8080/", NULL, "scheme"},
        {"http://a/", "httpx:b", NULL, "scheme"},
        {"http://a/", "//", NULL, "no host"},
        {"http://a/", "//?b", NULL, "no host"},
        {"http://a/", "//u@/b", NULL, "no host"},
        {"http://a/", "https:", NULL, "no host"},
        {"http://a/", "//b:x/", NULL, "not a number"},
        {"http://a/", "//b\xe9/", NULL, "international"},
        {"http://a/", "//b c/", NULL, "forbidden"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        check_join(&cases[i]);
}

/* The limit holds for the reference, for the resolved URL and for its encoded form. */
static void joined_length_is_limited(void **state)
{
    static const char head[] = "http://a/";
    char *text = malloc(URL_MAX_BYTES + 2);
    struct url base, url;

    (void)state;
    assert_null(url_parse(&base, head, strlen(head)));
    memset(text, 'x', URL_MAX_BYTES + 1);
    assert_null(url_join(&url, &base, text, URL_MAX_BYTES));
    assert_int_equal(strlen(url.shown), strlen(head) + URL_MAX_BYTES);
    url_free(&url);
    assert_non_null(url_join(&url, &base, text, URL_MAX_BYTES + 1));
    memset(text, '"', URL_MAX_BYTES); /* three bytes each when encoded */
    assert_null(url_join(&url, &base, text, URL_MAX_BYTES));
    assert_int_equal(strlen(url.shown), strlen(head) + 3 * URL_MAX_BYTES);
    url_free(&base);
    base = url;
    assert_null(url_join(&url, &base, "x", 1));
    url_free(&url);
    memset(text, 'x', URL_MAX_BYTES);
    text[0] = '?';
    assert_non_null(url_join(&url, &base, text, URL_MAX_BYTES));
    assert_null(url.shown);
    url_free(&base);
    free(text);
}

static void equal_urls(void **state)
{
    static const struct {
        const char *a, *b;
        bool shares_origin, equal;
    } cases[] = {
        {"http://a/", "http:A#x", true, true},
        {"http://u:p@a/b?c", "http://a:80/x/../b?c", true, true},
        {"http://127.1/", "http://127.0.0.1/", true, true},
        {"http://a/", "http://a/?", true, false},
        {"http://a/b", "http://a/B", true, false},
        {"http://a/", "https://a/", false, false},
        {"http://a:443/", "https://a/", false, false},
        {"http://a/", "http://a:81/", false, false},
        {"http://a/", "http://b/", false, false},
        {"http://a/", "http://a./", false, false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url a, b;

        assert_null(url_parse(&a, cases[i].a, strlen(cases[i].a)));
        assert_null(url_parse(&b, cases[i].b, strlen(cases[i].b)));
        assert_int_equal(url_shares_origin(&a, &b), cases[i].shares_origin);
        assert_int_equal(url_shares_origin(&a, &b) && !strcmp(a.target, b.target), cases[i].equal);
        url_free(&a);
        url_free(&b);
    }
}

/* Parsing only the origin gives the same as parsing the whole URL, and stops at the same end. */
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
    assert_false(url_origin(&a, "http:a", 6));
    assert_false(url_origin(&a, "http:///a", 9));
    assert_false(url_origin(&a, "http://[", 8));
    /* a backslash ends the host */
    assert_true(url_origin(&a, "http://a\\@b/", 13));
    assert_int_equal(a.host_bytes, 1);
    assert_memory_equal(a.host, "a", 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(user_info_is_decoded_and_not_shown),
        cmocka_unit_test(empty_user_info_is_removed),
        cmocka_unit_test(invalid_urls_are_refused),
        cmocka_unit_test(nul_is_encoded_or_refused),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(fragments_are_separate),
        cmocka_unit_test(references_of_the_rfc),
        cmocka_unit_test(references_are_resolved),
        cmocka_unit_test(joined_length_is_limited),
        cmocka_unit_test(equal_urls),
        cmocka_unit_test(origins_agree),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}

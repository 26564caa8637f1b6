/* Cookies: which Set-Cookie fields are kept or refused, and which cookies a request contains. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/cookies/cookies.h"

#define NOW INT64_C(1700000000) /* Tue, 14 Nov 2023 22:13:20 GMT */

static void take_at(struct cookies **jar, const char *from, const char *line, int64_t now)
{
    struct url url;

    assert_null(url_parse(&url, from, strlen(from)));
    cookies_store(jar, &url, line, strlen(line), now);
    url_free(&url);
}

/* The caller frees it; "" if no cookie is sent. */
static char *sent_at(const struct cookies *jar, const char *to, int64_t now)
{
    struct url url;
    char *text;

    assert_null(url_parse(&url, to, strlen(to)));
    text = cookies_for(jar, &url, now);
    url_free(&url);
    if (text)
        assert_true(*text);
    return text ? text : strdup("");
}

static void expect(const struct cookies *jar, const char *to, const char *wanted)
{
    char *text = sent_at(jar, to, NOW);

    if (strcmp(text, wanted) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", to, text, wanted);
    free(text);
}

#define HTTP  "http://www.a.org/d/e/f?x=/y/"
#define HTTPS "https://www.a.org/d/e/f?x=/y/"

/* One Set-Cookie field from a URL, and the cookies that are sent to the same URL. */
static const struct {
    const char *from, *line, *sent;
} single[] = {
    {HTTP, "a=b", "a=b"},
    {HTTP, "a=b; unknown=1; HttpOnly; SameSite=Lax;;;= ;", "a=b"},
    {HTTP, "  a\t =  b c  ; Path=/", "a=b c"},
    {HTTP, "a=", "a="},
    {HTTP, "a=b=c==", "a=b=c=="},
    {HTTP, "a=\"b, c\"", "a=\"b, c\""},
    {HTTP, "a=\xc3\xa9", "a=\xc3\xa9"},
    {HTTP, "a b=c", "a b=c"},
    /* not a cookie */
    {HTTP, "", ""},
    {HTTP, ";", ""},
    {HTTP, "a", ""},
    {HTTP, "a; b=c", ""},
    {HTTP, "=b", ""},
    {HTTP, " \t=b", ""},
    {HTTP, "=__Secure-a=b", ""},
    /* control characters anywhere */
    {HTTP, "a=b\r\nX: y", ""},
    {HTTP, "a=b\n", ""},
    {HTTP, "a\r=b", ""},
    {HTTP, "a=\x01", ""},
    {HTTP, "a=\x7f", ""},
    {HTTP, "a=b; x=\x1b", ""},
    {HTTP, "a=b\tc", ""},
    {HTTP, "a\tb=c", ""},
    {HTTP, "a=b\t;\tPath\t=\t/\t", "a=b"},
    /* Domain */
    {HTTP, "a=b; Domain=www.a.org", "a=b"},
    {HTTP, "a=b; domain=A.org", "a=b"},
    {HTTP, "a=b; DOMAIN = .a.org", "a=b"},
    {HTTP, "a=b; Domain=org", ""},
    {HTTP, "a=b; Domain=.org", ""},
    {"http://www.a.co.uk/", "a=b; Domain=co.uk", ""},
    {"http://www.a.co.uk/", "a=b; Domain=a.co.uk", "a=b"},
    {"http://a.github.io/", "a=b; Domain=github.io", ""},
    {"http://github.io/", "a=b; Domain=github.io", "a=b"},
    /* an exception of the public suffix list */
    {"http://a.city.kawasaki.jp/", "a=b; Domain=city.kawasaki.jp", "a=b"},
    {"http://a.b.kawasaki.jp/", "a=b; Domain=b.kawasaki.jp", ""},
    {"http://a.b.unheard-of/", "a=b; Domain=unheard-of", ""},
    {"http://a.b.unheard-of/", "a=b; Domain=b.unheard-of", "a=b"},
    {"http://localhost/", "a=b; Domain=localhost", "a=b"},
    {"http://www.a.org./", "a=b; Domain=a.org.", "a=b"},
    {"http://www.a.org./", "a=b; Domain=org.", ""},
    {"http://www.a.org./", "a=b; Domain=a.org", ""},
    {"http://www.xn--55qx5d.cn/", "a=b; Domain=xn--55qx5d.cn", ""},
    {HTTP, "a=b; Domain=", "a=b"},
    {HTTP, "a=b; Domain", "a=b"},
    {HTTP, "a=b; Domain=.", "a=b"},
    {HTTP, "a=b; Domain=b.org", ""},
    {HTTP, "a=b; Domain=ww.a.org", ""},
    {HTTP, "a=b; Domain=w.a.org", ""},
    {HTTP, "a=b; Domain=x.www.a.org", ""},
    {HTTP, "a=b; Domain=..a.org", ""},
    {HTTP, "a=b; Domain=a.org.", ""},
    {HTTP, "a=b; Domain=b.org; Domain=a.org", "a=b"}, /* the last Domain is used */
    {HTTP, "a=b; Domain=a.org; Domain=b.org", ""},
    {"http://127.0.0.1/", "a=b; Domain=127.0.0.1", "a=b"},
    {"http://127.0.0.1/", "a=b; Domain=0.0.1", ""},
    {"http://[::1]/", "a=b; Domain=::1", "a=b"},
    /* Path */
    {HTTP, "a=b; Path=/", "a=b"},
    {HTTP, "a=b; Path=/d", "a=b"},
    {HTTP, "a=b; Path=/d/e/", "a=b"},
    {HTTP, "a=b; Path=/d/e/f", "a=b"},
    {HTTP, "a=b; Path=/d/e/f/", ""},
    {HTTP, "a=b; Path=/d/e/f?x=", ""},
    {HTTP, "a=b; Path=/D", ""},
    {HTTP, "a=b; Path=/x; Path=/d", "a=b"},
    {HTTP, "a=b; Path=d", "a=b"}, /* the default path */
    {HTTP, "a=b; Path", "a=b"},
    /* Secure and the prefixes */
    {HTTPS, "a=b; Secure", "a=b"},
    {HTTPS, "a=b; SECURE=no", "a=b"},
    {HTTP, "a=b; secure", ""},
    {HTTP, "a=b; insecure", "a=b"},
    {HTTPS, "__Secure-a=b; Secure", "__Secure-a=b"},
    {HTTPS, "__Secure-a=b", ""},
    {HTTPS, "__secure-a=b", ""},
    {HTTP, "__Secure-a=b; Secure", ""},
    {HTTPS, "__Secure-a=b; Secure; Domain=a.org; Path=/d", "__Secure-a=b"},
    {HTTPS, "__Host-a=b; Secure; Path=/", "__Host-a=b"},
    {HTTPS, "__HOST-a=b; Path=/", ""},
    {HTTPS, "__Host-a=b; Secure", ""},
    {HTTPS, "__Host-a=b; Secure; Path=/d", ""},
    {HTTPS, "__Host-a=b; Secure; Path=/; Domain=www.a.org", ""},
    {HTTP, "__Host-a=b; Secure; Path=/", ""},
    {HTTPS, "__Hos=b", "__Hos=b"},
    /* Max-Age and Expires */
    {HTTP, "a=b; Max-Age=1", "a=b"},
    {HTTP, "a=b; Max-Age=0", ""},
    {HTTP, "a=b; Max-Age=-1", ""},
    {HTTP, "a=b; max-age=-999999999999999999999999", ""},
    {HTTP, "a=b; Max-Age=999999999999999999999999", "a=b"},
    {HTTP, "a=b; Max-Age=", "a=b"},
    {HTTP, "a=b; Max-Age=-", "a=b"},
    {HTTP, "a=b; Max-Age=+0", "a=b"},
    {HTTP, "a=b; Max-Age=0x", "a=b"},
    {HTTP, "a=b; Max-Age=0; Max-Age=9", "a=b"},
    {HTTP, "a=b; Expires=Tue, 14 Nov 2023 22:13:21 GMT", "a=b"},
    {HTTP, "a=b; Expires=Tue, 14 Nov 2023 22:13:20 GMT", ""},
    {HTTP, "a=b; expires=Thu, 01-Jan-1970 00:00:00 GMT", ""},
    {HTTP, "a=b; Expires=yesterday", "a=b"},
    {HTTP, "a=b; Expires=0", "a=b"},
    {HTTP, "a=b; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=5", "a=b"},
    {HTTP, "a=b; Max-Age=0; Expires=Fri, 01-Jan-2100 00:00:00 GMT", ""},
};

static void one_cookie(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH(single); i++) {
        struct cookies *jar = NULL;
        char *text;

        take_at(&jar, single[i].from, single[i].line, NOW);
        text = sent_at(jar, single[i].from, NOW);
        if (strcmp(text, single[i].sent) != 0) {
            print_error("%s: \"%s\": \"%s\"\n", single[i].from, single[i].line, text);
            wrong++;
        }
        free(text);
        cookies_free(jar);
    }
    assert_int_equal(wrong, 0);
}

/* Hosts that get a cookie of another host. */
static void domains(void **state)
{
    static const struct {
        const char *from, *line, *to;
        bool sent;
    } cases[] = {
        /* without Domain: to this host only */
        {"http://a.org/", "a=b", "http://a.org/", true},
        {"http://a.org/", "a=b", "http://www.a.org/", false},
        {"http://www.a.org/", "a=b", "http://a.org/", false},
        {"http://www.a.org/", "a=b", "http://w.a.org/", false},
        {"http://a.org/", "a=b", "http://a.org./", false},
        {"http://a.org/", "a=b; Domain=", "http://www.a.org/", false},
        /* with Domain: to the host and its subdomains */
        {"http://a.org/", "a=b; Domain=a.org", "http://a.org/", true},
        {"http://a.org/", "a=b; Domain=a.org", "http://www.a.org/", true},
        {"http://a.org/", "a=b; Domain=A.ORG", "http://x.www.a.org/", true},
        {"http://a.org/", "a=b; Domain=a.org", "http://ba.org/", false},
        {"http://a.org/", "a=b; Domain=a.org", "http://b.org/", false},
        {"http://a.org/", "a=b; Domain=a.org", "http://org/", false},
        {"http://www.a.org/", "a=b; Domain=.a.org", "http://a.org/", true},
        {"http://www.a.org/", "a=b; Domain=a.org", "http://login.a.org/", true},
        {"http://www.a.org/", "a=b; Domain=www.a.org", "http://a.org/", false},
        {"http://www.a.org/", "a=b; Domain=www.a.org", "http://x.www.a.org/", true},
        {"http://b\xc3\xbc.org/", "a=b; Domain=xn--b-eha.org", "http://www.b\xc3\xbc.org/", true},
        {"http://b\xc3\xbc.org/", "a=b; Domain=b\xc3\xbc.org", "http://b\xc3\xbc.org/", false},
        /* public suffixes and addresses: to this host only */
        {"http://github.io/", "a=b; Domain=github.io", "http://a.github.io/", false},
        {"http://localhost/", "a=b; Domain=localhost", "http://a.localhost/", false},
        {"http://127.0.0.1/", "a=b", "http://127.0.0.1/", true},
        {"http://127.0.0.1/", "a=b; Domain=127.0.0.1", "http://1.127.0.0.1.a.org/", false},
        {"http://127.0.0.1/", "a=b", "http://127.0.0.2/", false},
        {"http://[::1]/", "a=b", "http://[0:0::1]/", true},
        /* scheme and port do not matter */
        {"http://a.org:81/", "a=b", "https://a.org:444/", true},
        {"https://a.org/", "a=b", "http://a.org/", true},
        {"https://a.org/", "a=b; Secure", "http://a.org/", false},
        {"https://www.a.org/", "a=b; Secure; Domain=a.org", "https://x.a.org/", true},
        {"https://www.a.org/", "a=b; Secure; Domain=a.org", "http://x.a.org/", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct cookies *jar = NULL;

        take_at(&jar, cases[i].from, cases[i].line, NOW);
        expect(jar, cases[i].to, cases[i].sent ? "a=b" : "");
        cookies_free(jar);
    }
}

/* A cookie is identified by name, domain and path. */
static void cookies_of_several_domains(void **state)
{
    struct cookies *jar = NULL;

    (void)state;
    take_at(&jar, "http://www.a.org/", "a=host", NOW);
    take_at(&jar, "http://www.a.org/", "a=all; Domain=a.org", NOW);
    take_at(&jar, "http://a.org/", "b=up", NOW);
    take_at(&jar, "http://login.a.org/x", "c=login", NOW);
    expect(jar, "http://www.a.org/", "a=host; a=all");
    expect(jar, "http://a.org/", "a=all; b=up");
    expect(jar, "http://login.a.org/", "a=all; c=login");
    take_at(&jar, "http://login.a.org/", "a=new; Domain=a.org", NOW);
    expect(jar, "http://www.a.org/", "a=host; a=new");
    /* another domain */
    take_at(&jar, "http://login.a.org/", "a=; Domain=www.a.org; Max-Age=0", NOW);
    expect(jar, "http://www.a.org/", "a=host; a=new");
    take_at(&jar, "http://a.org/", "a=; Domain=a.org; Max-Age=0", NOW);
    expect(jar, "http://www.a.org/", "a=host");
    take_at(&jar, "http://www.a.org/", "a=wide; Domain=www.a.org", NOW); /* replaces a=host */
    expect(jar, "http://www.a.org/", "a=wide");
    expect(jar, "http://x.www.a.org/", "a=wide");
    cookies_free(jar);
}

/* A cookie set over http neither replaces nor hides a Secure one. */
static void secure_cookies_are_left_alone(void **state)
{
    static const struct {
        const char *from, *line, *sent; /* the cookies for https://www.a.org/x/y */
    } cases[] = {
        {"http://www.a.org/", "a=2; Domain=a.org", "a=1"},
        {"http://www.a.org/", "a=2", "a=1"},
        {"http://a.org/", "a=2; Domain=a.org; Path=/x", "a=1"},
        {"http://www.a.org/", "a=; Domain=a.org; Max-Age=0", "a=1"},
        {"http://www.a.org/", "A=2", "a=1; A=2"},
        {"https://www.a.org/", "a=2; Domain=a.org", "a=2"},
        {"https://www.a.org/", "a=2", "a=1; a=2"},
    };
    struct cookies *jar = NULL;

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        take_at(&jar, "https://login.a.org/", "a=1; Secure; Domain=a.org", NOW);
        take_at(&jar, cases[i].from, cases[i].line, NOW);
        expect(jar, "https://www.a.org/x/y", cases[i].sent);
        cookies_free(jar);
        jar = NULL;
    }
    take_at(&jar, "https://a.org/", "a=1; Secure; Path=/x/y", NOW); /* for a longer path */
    take_at(&jar, "http://a.org/", "a=2", NOW);
    expect(jar, "https://a.org/x/y", "a=1; a=2");
    cookies_free(jar);
}

/* The default path of a cookie, and paths that are given. */
static void paths(void **state)
{
    static const struct {
        const char *from, *line, *to;
        bool sent;
    } cases[] = {
        {"http://a", "a=b", "http://a/x/y", true},
        {"http://a/x", "a=b", "http://a/", true},
        {"http://a/x?y/z/", "a=b", "http://a/", true},
        {"http://a/x/", "a=b", "http://a/x", true},
        {"http://a/x/", "a=b", "http://a/x/", true},
        {"http://a/x/", "a=b", "http://a/x?y", true},
        {"http://a/x/", "a=b", "http://a/x/y/z", true},
        {"http://a/x/", "a=b", "http://a/xy", false},
        {"http://a/x/y/z", "a=b", "http://a/x/y", true},
        {"http://a/x/y/z", "a=b", "http://a/x", false},
        {"http://a/x/y/z", "a=b", "http://a/", false},
        {"http://a/x//y", "a=b", "http://a/x/", true},
        {"http://a/", "a=b; Path=/x/", "http://a/x", false},
        {"http://a/", "a=b; Path=/x/", "http://a/x/", true},
        {"http://a/", "a=b; Path=/x", "http://a/?/x", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct cookies *jar = NULL;

        take_at(&jar, cases[i].from, cases[i].line, NOW);
        expect(jar, cases[i].to, cases[i].sent ? "a=b" : "");
        cookies_free(jar);
    }
}

static void longest_path_first_then_the_oldest(void **state)
{
    struct cookies *jar = NULL;

    (void)state;
    take_at(&jar, "http://a/", "1=root", NOW);
    take_at(&jar, "http://a/", "2=deep; Path=/x/y", NOW);
    take_at(&jar, "http://a/", "3=x; Path=/x", NOW);
    take_at(&jar, "http://a/", "4=root", NOW);
    take_at(&jar, "http://a/", "5=z; Path=/z", NOW);
    take_at(&jar, "http://a/", "6=x; Path=/x", NOW);
    expect(jar, "http://a/x/y", "2=deep; 3=x; 6=x; 1=root; 4=root");
    expect(jar, "http://a/x", "3=x; 6=x; 1=root; 4=root");
    expect(jar, "http://a/z/", "5=z; 1=root; 4=root");
    /* a new value keeps the position; another path or another case is another cookie */
    take_at(&jar, "http://a/", "1=new", NOW);
    take_at(&jar, "http://a/", "3=new; Path=/x", NOW);
    take_at(&jar, "http://a/", "1=x; Path=/x", NOW);
    expect(jar, "http://a/x", "3=new; 6=x; 1=x; 1=new; 4=root");
    cookies_free(jar);
}

static void expired_cookies_are_deleted(void **state)
{
    struct cookies *jar = NULL;
    char *text;

    (void)state;
    take_at(&jar, "https://a/", "a=1", NOW);
    take_at(&jar, "https://a/", "b=2; Max-Age=10", NOW);
    take_at(&jar, "https://a/", "c=3; Path=/x", NOW);
    take_at(&jar, "https://a/", "a=; Max-Age=0; Path=/x", NOW); /* another path */
    expect(jar, "https://a/x", "c=3; a=1; b=2");
    take_at(&jar, "https://a/", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NOW);
    expect(jar, "https://a/x", "c=3; b=2");
    text = sent_at(jar, "https://a/", NOW + 9);
    assert_string_equal(text, "b=2");
    free(text);
    text = sent_at(jar, "https://a/", NOW + 10);
    assert_string_equal(text, "");
    free(text);
    /* the whole field is refused */
    take_at(&jar, "https://a/", "c=4; Path=/x; Max-Age=0; Domain=b", NOW);
    expect(jar, "https://a/x", "c=3; b=2");
    cookies_free(jar);
}

static void secure_stays_on_https(void **state)
{
    struct cookies *jar = NULL;

    (void)state;
    take_at(&jar, "https://a/", "a=1; Secure", NOW);
    take_at(&jar, "https://a/", "b=2", NOW);
    expect(jar, "https://a/", "a=1; b=2");
    expect(jar, "http://a/", "b=2");
    cookies_free(jar);
    jar = NULL;
    take_at(&jar, "http://a/", "a=1; Secure", NOW);
    assert_null(jar);
}

/* A Set-Cookie field with `bytes` bytes in name and value, then `after`. The caller frees it. */
static char *cookie_of(const char *name, size_t bytes, const char *after)
{
    char *line = malloc(bytes + strlen(after) + 2), *to = stpcpy(line, name);

    *to++ = '=';
    memset(to, 'v', bytes - strlen(name));
    strcpy(to + bytes - strlen(name), after);
    return line;
}

static size_t sent_bytes(const struct cookies *jar)
{
    char *text = sent_at(jar, "http://a/x", NOW);
    size_t bytes = strlen(text);

    free(text);
    return bytes;
}

static void take_of(struct cookies **jar, const char *name, size_t bytes, const char *after)
{
    char *line = cookie_of(name, bytes, after);

    take_at(jar, "http://a/", line, NOW);
    free(line);
}

static void size_of_a_cookie_is_limited(void **state)
{
    struct cookies *jar = NULL;

    (void)state;
    take_of(&jar, "over", COOKIES_MAX_PAIR_BYTES + 1, "");
    assert_null(jar);
    take_of(&jar, "most", COOKIES_MAX_PAIR_BYTES, "");
    assert_int_equal(sent_bytes(jar), COOKIES_MAX_PAIR_BYTES + 1);
    cookies_free(jar);
}

static void size_of_the_cookie_field_is_limited(void **state)
{
    char line[COOKIES_MAX_FIELD_BYTES + 2];
    struct cookies *jar = NULL;

    (void)state;
    memset(line, ' ', sizeof(line));
    memcpy(line, "a=b;", 4);
    line[sizeof(line) - 1] = '\0';
    take_at(&jar, "http://a/", line, NOW);
    assert_null(jar);
    line[sizeof(line) - 2] = '\0';
    take_at(&jar, "http://a/", line, NOW);
    expect(jar, "http://a/", "a=b");
    cookies_free(jar);
}

static void cookies_over_the_limits_are_refused(void **state)
{
    struct cookies *jar = NULL;
    char line[32];

    (void)state;
    for (int i = 0; i < COOKIES_MAX + 5; i++) {
        snprintf(line, sizeof(line), "%02d=v; Max-Age=%d", i, i == 7 ? 1 : 100);
        take_at(&jar, "http://a/", line, NOW);
    }
    assert_int_equal(sent_bytes(jar), COOKIES_MAX * 6 - 2);
    take_at(&jar, "http://a/", "00=new", NOW); /* an existing cookie can change */
    assert_int_equal(sent_bytes(jar), COOKIES_MAX * 6 - 2 + 2);
    take_at(&jar, "http://a/", "50=last", NOW + 1); /* one has expired, so one more fits */
    take_at(&jar, "http://a/", "51=v", NOW + 1);
    assert_int_equal(sent_bytes(jar), COOKIES_MAX * 6 - 2 + 2 + 3);
    cookies_free(jar);
}

static void cookies_over_the_bytes_are_refused(void **state)
{
    enum { EACH = COOKIES_MAX_BYTES / 4 - 2 }; /* with "=" and "/", four cookies fill the jar */
    struct cookies *jar = NULL;

    (void)state;
    take_of(&jar, "1", EACH, "");
    take_of(&jar, "2", EACH, "");
    take_of(&jar, "3", EACH, "");
    take_of(&jar, "4", EACH + 1, "");
    assert_int_equal(sent_bytes(jar), 3 * (EACH + 1) + 4);
    take_of(&jar, "4", EACH, "");
    assert_int_equal(sent_bytes(jar), 4 * (EACH + 1) + 6);
    take_of(&jar, "4", EACH + 1, ""); /* the old value is kept */
    take_of(&jar, "5", 1, "");
    assert_int_equal(sent_bytes(jar), 4 * (EACH + 1) + 6);
    take_of(&jar, "4", 1, ""); /* 4 * (EACH + 2) bytes, of which 3 are for "=" and "/x" */
    take_of(&jar, "5", EACH - 3, "; Path=/x");
    assert_int_equal(sent_bytes(jar), 3 * (EACH + 1) + 2 + 6);
    take_of(&jar, "5", EACH - 4, "; Path=/x");
    assert_int_equal(sent_bytes(jar), 3 * (EACH + 1) + 2 + (EACH - 3) + 8);
    cookies_free(jar);
}

/* Each domain has a limit, and all domains together have one. */
static void each_domain_has_a_limit(void **state)
{
    enum { HOSTS = COOKIES_MAX_IN_ALL / COOKIES_MAX };
    struct cookies *jar = NULL;
    char from[64], line[64], *text;

    (void)state;
    for (int host = 0; host <= HOSTS; host++) {
        snprintf(from, sizeof(from), "http://h%d.org/", host);
        for (int i = 0; i <= COOKIES_MAX; i++) {
            snprintf(line, sizeof(line), "%02d=v", i);
            take_at(&jar, from, line, NOW);
        }
        text = sent_at(jar, from, NOW);
        assert_int_equal(strlen(text), host < HOSTS ? COOKIES_MAX * 6 - 2 : 0);
        free(text);
    }
    cookies_free(jar);
    jar = NULL;
    for (int host = 0; host < COOKIES_MAX_BYTES_IN_ALL / 4000 + 2; host++) {
        char *large = cookie_of("a", 3998, "");

        snprintf(from, sizeof(from), "http://h%d.org/", host);
        take_at(&jar, from, large, NOW);
        free(large);
        text = sent_at(jar, from, NOW);
        assert_int_equal(strlen(text), host < COOKIES_MAX_BYTES_IN_ALL / 4000 ? 3999 : 0);
        free(text);
    }
    cookies_free(jar);
}

static void without_a_jar(void **state)
{
    struct cookies *jar = NULL;

    (void)state;
    take_at(&jar, "http://a/", "a=; Max-Age=0", NOW);
    assert_null(jar);
    expect(NULL, "http://a/", "");
    cookies_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cookie),
        cmocka_unit_test(domains),
        cmocka_unit_test(cookies_of_several_domains),
        cmocka_unit_test(secure_cookies_are_left_alone),
        cmocka_unit_test(paths),
        cmocka_unit_test(longest_path_first_then_the_oldest),
        cmocka_unit_test(expired_cookies_are_deleted),
        cmocka_unit_test(secure_stays_on_https),
        cmocka_unit_test(size_of_a_cookie_is_limited),
        cmocka_unit_test(size_of_the_cookie_field_is_limited),
        cmocka_unit_test(cookies_over_the_limits_are_refused),
        cmocka_unit_test(cookies_over_the_bytes_are_refused),
        cmocka_unit_test(each_domain_has_a_limit),
        cmocka_unit_test(without_a_jar),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("cookies", tests, NULL, NULL);
}

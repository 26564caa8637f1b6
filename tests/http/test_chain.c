/* What becomes of a request from one exchange to the next, without any I/O. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/chain.h"
#include "http/retry.h"
#include "tests/support/fake_clock.h"

#define UNIX_S 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static struct chain_options options;
static struct site *site;
static struct chain chain;
static struct request asked;     /* the last */
static char *asked_url;          /* where it led */
static struct result result;     /* of it */
static struct response response; /* likewise */
static nsec clock_at;            /* advances by one second for each exchange */
static nsec wait;                /* before the next, where there is one */

static const struct response_options wanted = {.preview = 10, .max_body = 1000, .follow = true};

static int setup(void **state)
{
    (void)state;
    options = (struct chain_options){.follow = true, .max_hops = 10};
    clock_at = NSEC_PER_S;
    fake_wall_set(UNIX_S);
    return 0;
}

static void drop_answer(void)
{
    response_free(&response);
    free(asked_url);
    asked_url = NULL;
}

static int teardown(void **state)
{
    (void)state;
    drop_answer();
    chain_free(&chain);
    chain_free(&chain); /* also one that is all zeros */
    site_free(site);
    site = NULL;
    return 0;
}

/* Ends what was begun, makes a site and its chain. */
static void begin(const char *url)
{
    teardown(NULL);
    site = site_new();
    assert_null(url_parse(&site->url, url, strlen(url)));
    chain_init(&chain, &options, site);
}

static void text(char **field, const char *value)
{
    free(*field);
    *field = strdup(value);
}

/* The next exchange of a second begins. */
static void ask(void)
{
    drop_answer();
    asked = chain_request(&chain);
    assert_ptr_equal(asked.url, chain_url(&chain));
    asked_url = strdup(asked.url->shown); /* `asked` is valid until the chain changes */
    result = (struct result){.site = site, .url = asked.url->shown, .phase = PHASE_RECEIVE};
    result.stamps = (struct stamps){.taken = clock_at, .start = clock_at + 1000};
    clock_at += NSEC_PER_S;
    result.stamps.done = clock_at + 1000;
    response_start(&response, &wanted, &result);
    response.jar = &chain.jar;
    response.url = asked.url;
    response.unix_time = clock_unix_s();
}

static void tell(const char *name, const char *value)
{
    response_field(&response, name, strlen(name), value, strlen(value));
}

static enum chain_next conclude(void)
{
    wait = NSEC_NEVER;
    response_finish(&response, true);
    return chain_next(&chain, &result, &response, 0, &wait);
}

/* The exchange gets a head with this status and Location, which may be NULL. */
static enum chain_next reply(unsigned status, const char *location)
{
    struct status_line line = {.status = status, .major = 1, .minor = 1};

    if (location)
        tell("Location", location);
    response_head(&response, &line);
    return conclude();
}

/* The exchange starts and fails. */
static enum chain_next break_with(enum error error)
{
    ask();
    result.error = error;
    result.phase = PHASE_CONNECT;
    result.detail = "words";
    return conclude();
}

static enum chain_next move(unsigned status, const char *location)
{
    ask();
    return reply(status, location);
}

static void expect_end(enum error error)
{
    if (result.error != error)
        fail_msg("%s, not %s", error_code(result.error), error_code(error));
    assert_ptr_equal(result.legs, chain.legs);
    assert_int_equal(result.leg_count, chain.leg_count);
}

/* What redirects. */

static void statuses_that_redirect(void **state)
{
    (void)state;
    for (unsigned status = 200; status < 600; status++) {
        bool moves =
            status == 301 || status == 302 || status == 303 || status == 307 || status == 308;

        begin("http://a/");
        assert_int_equal(move(status, "/b"), moves ? CHAIN_REDIRECT : CHAIN_OVER);
        assert_string_equal(chain_url(&chain)->shown, moves ? "http://a/b" : "http://a/");
        begin("http://a/");
        assert_int_equal(move(status, NULL), CHAIN_OVER);
        expect_end(ERROR_NONE);
    }
}

static void redirects_are_results_where_they_are_not_followed(void **state)
{
    (void)state;
    options.follow = false;
    begin("http://a/");
    assert_int_equal(move(301, "ftp://anything"), CHAIN_OVER);
    expect_end(ERROR_NONE);
    assert_int_equal(result.leg_count, 0);
}

/* A failed exchange is not redirected, whatever its head contains. */
static void failure_goes_before_a_location(void **state)
{
    (void)state;
    begin("http://a/");
    ask();
    result.error = ERROR_TRUNCATED;
    assert_int_equal(reply(301, "/b"), CHAIN_OVER);
    expect_end(ERROR_TRUNCATED);
}

static void targets(void **state)
{
    static const struct {
        const char *from, *location, *to;
    } cases[] = {
        {"http://a/b/c?d", "e", "http://a/b/e"},
        {"http://a/b/c?d", "../e", "http://a/e"},
        {"http://a/b/c?d", "?e", "http://a/b/c?e"},
        {"http://a/b/c?d", "/e", "http://a/e"},
        {"http://a/b/c?d", "//e/f", "http://e/f"},
        {"https://a/b", "//e/f", "https://e/f"},
        {"http://a/b", "HTTPS://B:443", "https://b/"},
        {"http://a/b#f", "/c", "http://a/c#f"}, /* RFC 9110, section 10.2.2 */
        {"http://a/b#f", "/c#g", "http://a/c#g"},
        {"http://u:p@a/b", "/c", "http://a/c"},
        {"http://a/b", "/c d", "http://a/c%20d"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        begin(cases[i].from);
        assert_int_equal(move(302, cases[i].location), CHAIN_REDIRECT);
        ask();
        assert_string_equal(asked_url, cases[i].to);
    }
}

static void each_target_is_relative_to_the_last(void **state)
{
    static const char *const steps[][2] = {{"b/", "http://a/b/"},       {"c", "http://a/b/c"},
                                           {"//d/e/f", "http://d/e/f"}, {"g", "http://d/e/g"},
                                           {"https:/h", "https://h/"},  {"i/j", "https://h/i/j"},
                                           {"./k?l", "https://h/i/k?l"}};

    (void)state;
    begin("http://a/");
    for (size_t i = 0; i < LENGTH(steps); i++) {
        assert_int_equal(move(307, steps[i][0]), CHAIN_REDIRECT);
        assert_string_equal(chain_url(&chain)->shown, steps[i][1]);
    }
    assert_int_equal(chain.hops, LENGTH(steps));
}

static void bad_locations(void **state)
{
    static const char *const locations[] = {
        "ftp://b/", "mailto:a@b",  "javascript:x", "http://",          "http://b:0/",
        "https://", "http://b:x/", "http://[::/",  "http://1.2.3.256", "file:///etc/passwd",
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(locations); i++) {
        options.retries = 3;
        begin("http://a/");
        if (move(301, locations[i]) != CHAIN_OVER)
            fail_msg("%s is followed", locations[i]);
        expect_end(ERROR_BAD_LOCATION);
        assert_int_equal(result.phase, PHASE_RECEIVE);
        assert_true(strlen(result.detail) > 4);
        assert_int_equal(result.status, 301);
        assert_int_equal(result.leg_count, 0);
        assert_string_equal(result.url, "http://a/");
    }
}

/* RFC 9110, section 15.4. */

/* The method of the request that follows, for 301 and 302, for 303, for 307 and 308. */
static const struct {
    const char *method, *found, *other, *same;
} methods[] = {
    {"GET", "GET", "GET", "GET"},
    {"HEAD", "HEAD", "HEAD", "HEAD"},
    {"POST", "GET", "GET", "POST"},
    {"PUT", "PUT", "GET", "PUT"},
    {"DELETE", "DELETE", "GET", "DELETE"},
    {"PATCH", "PATCH", "GET", "PATCH"},
    {"OPTIONS", "OPTIONS", "GET", "OPTIONS"},
    {"post", "post", "GET", "post"},
    {"PROPFIND", "PROPFIND", "GET", "PROPFIND"},
};

static void expect_method(const char *method, unsigned status, const char *next)
{
    static const char about[] = "content-type: x\r\nContent-Length: 4\r\nContent-Encoding: y\r\n"
                                "Content-Language: z\r\nContent-Location: w\r\n";
    bool becomes = strcmp(method, next) != 0;
    char all[256];

    begin("http://a/");
    text(&site->method, method);
    snprintf(all, sizeof(all), "A: b\r\n%sC: Content-Type: d\r\n", about);
    text(&site->headers, all);
    site->content = content_new("a=1", 3);
    assert_int_equal(move(status, "/next"), CHAIN_REDIRECT);
    ask();
    if (strcmp(asked.method, next) != 0)
        fail_msg("after %s and %u: %s", method, status, asked.method);
    assert_ptr_equal(asked.content, becomes ? NULL : site->content);
    assert_string_equal(asked.headers, becomes ? "A: b\r\nC: Content-Type: d\r\n" : all);
}

static void methods_after_a_redirect(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(methods); i++) {
        expect_method(methods[i].method, 301, methods[i].found);
        expect_method(methods[i].method, 302, methods[i].found);
        expect_method(methods[i].method, 303, methods[i].other);
        expect_method(methods[i].method, 307, methods[i].same);
        expect_method(methods[i].method, 308, methods[i].same);
    }
}

/* What has become GET stays so. */
static void get_does_not_turn_back(void **state)
{
    (void)state;
    begin("http://a/");
    site->content = content_new("a=1", 3); /* by itself a POST */
    assert_int_equal(move(307, "/1"), CHAIN_REDIRECT);
    assert_int_equal(move(303, "/2"), CHAIN_REDIRECT);
    assert_int_equal(move(308, "/3"), CHAIN_REDIRECT);
    ask();
    assert_string_equal(asked.method, "GET");
    assert_null(asked.content);
}

/* Credentials. */

#define SECRETS "Authorization: a\r\ncookie: b\r\nProxy-Authorization: c\r\nHOST: d\r\n"
#define OTHERS  "Accept: e\r\nCookie2: f\r\nX-Host: g\r\n"

static void give_secrets(void)
{
    text(&site->headers, "Accept: e\r\n" SECRETS "Cookie2: f\r\nX-Host: g\r\n");
    text(&site->cookie, "own=1");
}

static void expect_secrets(bool kept, const char *set)
{
    char cookie[64];

    ask();
    if (!asked.user_info == kept)
        fail_msg("%s: user info is %s", asked_url, kept ? "lost" : "kept");
    snprintf(cookie, sizeof(cookie), "%s%s%s", kept ? "own=1" : "", kept && *set ? "; " : "", set);
    assert_string_equal(asked.headers,
                        kept ? "Accept: e\r\n" SECRETS "Cookie2: f\r\nX-Host: g\r\n" : OTHERS);
    assert_string_equal(asked.cookie ? asked.cookie : "", cookie);
}

static void secrets_stay_with_their_origin(void **state)
{
    static const struct {
        const char *from, *to;
        bool kept;
    } cases[] = {
        {"http://u:p@a/", "/b", true},
        {"http://u:p@a/", "http://a/b", true},
        {"http://u:p@a/", "http://A:80/b", true},
        {"https://u:p@a/", "https://a:443/b", true},
        {"http://u:p@a/", "http://x:y@a/b", true}, /* not those of Location */
        {"http://u:p@a/", "https://a/b", false},
        {"https://u:p@a/", "http://a/b", false},
        {"http://u:p@a/", "http://a:81/b", false},
        {"http://u:p@a:81/", "http://a/b", false},
        {"http://u:p@a/", "http://b/", false},
        {"http://u:p@a/", "http://b.a/", false},
        {"http://u:p@b.a/", "http://a/", false},
        {"http://u:p@a/", "http://a./", false},
        {"http://u:p@a/", "http://u:p@b/", false},
        {"http://u:p@127.0.0.1/", "http://127.1/b", true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        begin(cases[i].from);
        give_secrets();
        expect_secrets(true, "");
        assert_memory_equal(asked.user_info, "u:p", 3);
        assert_int_equal(reply(301, cases[i].to), CHAIN_REDIRECT);
        expect_secrets(cases[i].kept, "");
        if (cases[i].kept)
            assert_memory_equal(asked.user_info, "u:p", 3);
    }
}

static void secrets_never_come_back(void **state)
{
    (void)state;
    begin("http://u:p@a/");
    give_secrets();
    assert_int_equal(move(301, "http://b/"), CHAIN_REDIRECT);
    assert_int_equal(move(301, "http://a/1"), CHAIN_REDIRECT);
    expect_secrets(false, "");
    assert_int_equal(reply(301, "http://u:p@a/2"), CHAIN_REDIRECT);
    expect_secrets(false, "");
}

/* A retry is the same request again. */
static void retry_keeps_what_is_sent(void **state)
{
    (void)state;
    options.retries = 2;
    begin("http://u:p@a/");
    give_secrets();
    ask();
    tell("Set-Cookie", "set=2");
    assert_int_equal(reply(503, NULL), CHAIN_RETRY);
    expect_secrets(true, "set=2");
    assert_string_equal(asked_url, site->url.shown);
}

/* Cookies that responses set. */

static void cookies_go_along(void **state)
{
    (void)state;
    begin("http://a/");
    text(&site->cookie, "own=1");
    ask();
    tell("Set-Cookie", "one=1");
    tell("set-cookie", "deep=2; Path=/deep");
    assert_int_equal(reply(302, "/deep/er"), CHAIN_REDIRECT);
    ask();
    assert_string_equal(asked.cookie, "own=1; deep=2; one=1");
    tell("Set-Cookie", "one=; Path=/; Max-Age=0");
    assert_int_equal(reply(302, "/other"), CHAIN_REDIRECT);
    ask();
    assert_string_equal(asked.cookie, "own=1");
}

static void cookies_expire(void **state)
{
    (void)state;
    begin("http://a.org/");
    ask();
    tell("Set-Cookie", "short=1; Max-Age=1");
    tell("Set-Cookie", "long=1; Expires=Sun, 06 Nov 1994 08:49:40 GMT");
    assert_int_equal(reply(302, "/b"), CHAIN_REDIRECT);
    fake_wall_set(UNIX_S + 2);
    assert_int_equal(move(302, "/c"), CHAIN_REDIRECT);
    assert_string_equal(asked.cookie, "long=1");
    fake_wall_set(UNIX_S + 4);
    assert_int_equal(move(302, "/d"), CHAIN_REDIRECT);
    assert_null(asked.cookie);
}

/* To a login host and back: each host finds what it has set, and what was set for both. What the
   user gave has gone to the first origin alone. */
static void cookies_are_found_again(void **state)
{
    (void)state;
    begin("http://app.a.org/");
    text(&site->cookie, "own=1");
    ask();
    tell("Set-Cookie", "app=1");
    assert_int_equal(reply(302, "https://login.a.org:444/"), CHAIN_REDIRECT);
    ask();
    assert_null(asked.cookie);
    tell("Set-Cookie", "login=2");
    tell("Set-Cookie", "sso=3; Domain=a.org");
    tell("Set-Cookie", "safe=4; Domain=a.org; Secure");
    tell("Set-Cookie", "far=5; Domain=org");
    assert_int_equal(reply(302, "/in"), CHAIN_REDIRECT);
    ask();
    assert_string_equal(asked.cookie, "login=2; sso=3; safe=4");
    assert_int_equal(reply(302, "http://app.a.org/back"), CHAIN_REDIRECT);
    ask();
    assert_string_equal(asked.cookie, "app=1; sso=3");
    assert_int_equal(reply(302, "http://b.org/"), CHAIN_REDIRECT);
    ask();
    assert_null(asked.cookie);
}

/* Circles. */

static void circles_end_at_the_limit(void **state)
{
    static const struct {
        const char *from, *locations[4]; /* in turns */
        enum error error;
    } cases[] = {
        {"http://a/", {"/"}, ERROR_REDIRECT_LOOP},
        {"http://a/#x", {"#y"}, ERROR_REDIRECT_LOOP},
        {"http://a/", {"/b", "/c", "/"}, ERROR_REDIRECT_LOOP},
        {"http://a/", {"http://b/", "http://a/"}, ERROR_REDIRECT_LOOP},
        {"http://a/", {"b/"}, ERROR_REDIRECTS},
    };

    (void)state;
    for (unsigned max = 0; max < 7; max++) {
        for (size_t i = 0; i < LENGTH(cases); i++) {
            const char *const *locations = cases[i].locations;
            size_t length = 0;

            while (length < 4 && locations[length])
                length++;
            options = (struct chain_options){.follow = true, .max_hops = max, .retries = 1};
            begin(cases[i].from);
            for (size_t hop = 0; hop < max; hop++)
                assert_int_equal(move(302, locations[hop % length]), CHAIN_REDIRECT);
            assert_int_equal(move(302, locations[max % length]), CHAIN_OVER);
            expect_end(max + 1 < length ? ERROR_REDIRECTS : cases[i].error);
            assert_int_equal(result.phase, PHASE_RECEIVE);
            assert_int_equal(result.leg_count, max); /* itself is the result */
        }
    }
}

/* A page that sends its visitor to itself a few times, with a cookie or without, is fetched. */
static void what_ends_is_no_circle(void **state)
{
    (void)state;
    for (int cookies = 0; cookies < 2; cookies++) {
        begin("http://a/");
        for (int i = 0; i < 9; i++) {
            ask();
            if (cookies)
                tell("Set-Cookie", "a=1");
            assert_int_equal(reply(302, "/"), CHAIN_REDIRECT);
        }
        ask();
        assert_string_equal(asked.cookie ? asked.cookie : "none", cookies ? "a=1" : "none");
        assert_int_equal(reply(200, NULL), CHAIN_OVER);
        expect_end(ERROR_NONE);
        assert_int_equal(result.leg_count, 9);
    }
}

/* Who has posted is sent to see the page: the same place, another request. */
static void post_redirect_get_is_no_circle(void **state)
{
    (void)state;
    for (unsigned status = 301; status <= 303; status++) {
        begin("http://a/");
        text(&site->method, "POST");
        assert_int_equal(move(status, "/"), CHAIN_REDIRECT);
        ask();
        assert_string_equal(asked.method, "GET");
        assert_int_equal(reply(200, NULL), CHAIN_OVER);
        expect_end(ERROR_NONE);
    }
    options.max_hops = 0; /* so that what would follow is judged */
    begin("http://a/");
    text(&site->method, "POST");
    assert_int_equal(move(303, "/"), CHAIN_OVER);
    expect_end(ERROR_REDIRECTS);
    begin("http://a/"); /* 307 posts again */
    text(&site->method, "POST");
    assert_int_equal(move(307, "/"), CHAIN_OVER);
    expect_end(ERROR_REDIRECT_LOOP);
    options.max_hops = 2; /* the page that was posted to is another request */
    begin("http://a/");
    text(&site->method, "POST");
    assert_int_equal(move(303, "/thanks"), CHAIN_REDIRECT);
    assert_int_equal(move(302, "/more"), CHAIN_REDIRECT);
    assert_int_equal(move(302, "/"), CHAIN_OVER);
    expect_end(ERROR_REDIRECTS);
}

/* Of a Location up to 64 KiB nothing is lost; all of a chain together have a limit. */
static void long_locations(void **state)
{
    static char location[URL_MAX_BYTES + 2];
    size_t hops = 0;

    (void)state;
    options.max_hops = 1000;
    begin("http://a/");
    memset(location, 'x', URL_MAX_BYTES + 1);
    location[0] = '/';
    assert_int_equal(move(302, location), CHAIN_OVER);
    expect_end(ERROR_BAD_LOCATION);
    location[URL_MAX_BYTES] = '\0';
    while (hops < 1000 && move(302, location) == CHAIN_REDIRECT)
        hops++;
    expect_end(ERROR_REDIRECT_LOOP);
    assert_string_equal(result.detail, "the URLs are larger than 1 MiB together");
    assert_int_equal(strlen(chain_url(&chain)->target), URL_MAX_BYTES);
    assert_in_range(hops, CHAIN_MAX_URL_BYTES / URL_MAX_BYTES - 1,
                    CHAIN_MAX_URL_BYTES / URL_MAX_BYTES);
}

static void attempts_make_no_circle(void **state)
{
    (void)state;
    options.retries = 3;
    begin("http://a/");
    assert_int_equal(break_with(ERROR_EMPTY), CHAIN_RETRY);
    assert_int_equal(move(302, "/b"), CHAIN_REDIRECT);
    assert_int_equal(move(503, NULL), CHAIN_RETRY);
    assert_int_equal(move(200, NULL), CHAIN_OVER);
    expect_end(ERROR_NONE);
    assert_int_equal(result.leg_count, 3);
}

static void hops_are_limited(void **state)
{
    (void)state;
    for (unsigned max = 0; max < 4; max++) {
        char location[32];

        options.max_hops = max;
        options.retries = 1;
        begin("http://a/");
        for (unsigned hop = 0; hop < max; hop++) {
            snprintf(location, sizeof(location), "/%u", hop);
            assert_int_equal(move(302, location), CHAIN_REDIRECT);
        }
        assert_int_equal(move(302, "/last"), CHAIN_OVER);
        expect_end(ERROR_REDIRECTS);
        assert_int_equal(result.leg_count, max);
        begin("http://a/");
        for (unsigned hop = 0; hop < max; hop++)
            assert_int_equal(move(302, hop % 2 ? "/odd" : "/even"), CHAIN_REDIRECT);
    }
}

/* Attempts. */

static void as_many_attempts_as_allowed(void **state)
{
    (void)state;
    for (unsigned retries = 0; retries < 4; retries++) {
        options.retries = retries;
        begin("http://a/");
        for (unsigned i = 0; i < retries; i++)
            assert_int_equal(break_with(ERROR_CONNECT_REFUSED), CHAIN_RETRY);
        assert_int_equal(break_with(ERROR_CONNECT_REFUSED), CHAIN_OVER);
        expect_end(ERROR_CONNECT_REFUSED);
        assert_int_equal(result.leg_count, retries);
    }
}

/* Each exchange of the chain has its own. */
static void redirect_begins_new_attempts(void **state)
{
    (void)state;
    options.retries = 1;
    begin("http://a/");
    assert_int_equal(break_with(ERROR_EMPTY), CHAIN_RETRY);
    assert_int_equal(move(302, "/b"), CHAIN_REDIRECT);
    assert_int_equal(break_with(ERROR_EMPTY), CHAIN_RETRY);
    ask();
    assert_string_equal(asked_url, "http://a/b");
    assert_int_equal(reply(503, NULL), CHAIN_OVER);
    expect_end(ERROR_NONE);
    assert_int_equal(result.status, 503);
}

static void only_what_may_be_repeated(void **state)
{
    static const struct {
        const char *method;
        bool again;
    } cases[] = {{"GET", true},   {"HEAD", true},   {"PUT", true},      {"DELETE", true},
                 {"POST", false}, {"PATCH", false}, {"PROPFIND", false}};

    (void)state;
    options.retries = 1;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        begin("http://a/");
        text(&site->method, cases[i].method);
        assert_int_equal(break_with(ERROR_WAIT_RESET), cases[i].again ? CHAIN_RETRY : CHAIN_OVER);
        begin("http://a/");
        text(&site->method, cases[i].method);
        assert_int_equal(move(429, NULL), cases[i].again ? CHAIN_RETRY : CHAIN_OVER);
    }
    begin("http://a/"); /* what has become GET may be */
    text(&site->method, "POST");
    assert_int_equal(move(303, "/b"), CHAIN_REDIRECT);
    assert_int_equal(move(503, NULL), CHAIN_RETRY);
    begin("http://a/");
    assert_int_equal(break_with(ERROR_DNS_NXDOMAIN), CHAIN_OVER);
    expect_end(ERROR_DNS_NXDOMAIN);
    begin("http://a/");
    assert_int_equal(move(500, NULL), CHAIN_OVER);
    expect_end(ERROR_NONE);
}

static void server_says_how_long_to_wait(void **state)
{
    static const struct {
        const char *value;
        nsec wait; /* NSEC_NEVER: what is decent */
    } cases[] = {
        {"0", 0},
        {"7", 7 * NSEC_PER_S},
        {"99999999", RETRY_MAX_WAIT},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:42 GMT", 5 * NSEC_PER_S},
        {"soon", NSEC_NEVER},
        {"-1", NSEC_NEVER},
    };

    (void)state;
    options.retries = 1;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        begin("http://a/");
        ask();
        tell("Retry-After", cases[i].value);
        assert_int_equal(reply(503, NULL), CHAIN_RETRY);
        assert_int_equal(wait, cases[i].wait == NSEC_NEVER ? retry_backoff(0, 0) : cases[i].wait);
        assert_int_equal(chain.legs[0].waited, wait);
    }
}

static void backoff_grows_with_each_attempt(void **state)
{
    (void)state;
    options.retries = 10;
    begin("http://a/");
    for (unsigned attempt = 0; attempt < 10; attempt++) {
        assert_int_equal(break_with(ERROR_EMPTY), CHAIN_RETRY);
        assert_int_equal(wait, retry_backoff(attempt, 0));
    }
}

/* Reported redirects. */

static void legs_tell_what_came_before(void **state)
{
    const struct leg *legs;
    struct stamps first, second;

    (void)state;
    options.retries = 1;
    begin("http://u:p@a/");
    ask();
    first = result.stamps;
    address_parse(&result.address, "192.0.2.1", 80);
    assert_int_equal(reply(302, "/b"), CHAIN_REDIRECT);
    ask();
    second = result.stamps;
    result.error = ERROR_CONNECT_RESET;
    result.phase = PHASE_CONNECT;
    result.detail = (char[]){"words"};
    assert_int_equal(conclude(), CHAIN_RETRY);
    assert_int_equal(move(200, NULL), CHAIN_OVER);
    expect_end(ERROR_NONE);
    assert_int_equal(result.leg_count, 2);
    legs = result.legs;
    assert_string_equal(legs[0].url, "http://a/"); /* no user info */
    assert_true(legs[0].redirect && !legs[1].redirect);
    assert_int_equal(legs[0].status, 302);
    assert_int_equal(legs[0].error, ERROR_NONE);
    assert_int_equal(address_port(&legs[0].address), 80);
    assert_memory_equal(&legs[0].stamps, &first, sizeof(first));
    assert_true(legs[0].waited == 0 && !legs[0].detail);
    assert_string_equal(legs[1].url, "http://a/b");
    assert_int_equal(legs[1].status, 0);
    assert_int_equal(legs[1].error, ERROR_CONNECT_RESET);
    assert_int_equal(legs[1].phase, PHASE_CONNECT);
    assert_string_equal(legs[1].detail, "words");
    assert_memory_equal(&legs[1].stamps, &second, sizeof(second));
    assert_int_equal(legs[1].waited, retry_backoff(0, 0));
}

/* Redirects cost the site's time; an attempt that is repeated gives its own back. */
static void time_is_spent_by_redirects(void **state)
{
    (void)state;
    options.retries = 5;
    begin("http://a/");
    assert_true(chain_timeout(&chain) == NSEC_NEVER);
    assert_int_equal(move(302, "/1"), CHAIN_REDIRECT);
    assert_true(chain_timeout(&chain) == NSEC_NEVER);

    begin("http://a/");
    site->timeout = 2 * NSEC_PER_S + 1;
    assert_int_equal(chain_timeout(&chain), 2 * NSEC_PER_S + 1);
    assert_int_equal(break_with(ERROR_TOTAL_TIMEOUT), CHAIN_RETRY);
    assert_int_equal(chain_timeout(&chain), 2 * NSEC_PER_S + 1);
    assert_int_equal(move(302, "/1"), CHAIN_REDIRECT);
    assert_int_equal(chain_timeout(&chain), NSEC_PER_S + 1);
    assert_int_equal(break_with(ERROR_EMPTY), CHAIN_RETRY);
    assert_int_equal(chain_timeout(&chain), NSEC_PER_S + 1);
    assert_int_equal(move(302, "/2"), CHAIN_REDIRECT);
    assert_int_equal(chain_timeout(&chain), 1);
    assert_int_equal(move(302, "/3"), CHAIN_REDIRECT);
    assert_int_equal(chain_timeout(&chain), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(statuses_that_redirect),
        CASE(redirects_are_results_where_they_are_not_followed),
        CASE(failure_goes_before_a_location),
        CASE(targets),
        CASE(each_target_is_relative_to_the_last),
        CASE(bad_locations),
        CASE(methods_after_a_redirect),
        CASE(get_does_not_turn_back),
        CASE(secrets_stay_with_their_origin),
        CASE(secrets_never_come_back),
        CASE(retry_keeps_what_is_sent),
        CASE(cookies_go_along),
        CASE(cookies_expire),
        CASE(cookies_are_found_again),
        CASE(circles_end_at_the_limit),
        CASE(what_ends_is_no_circle),
        CASE(post_redirect_get_is_no_circle),
        CASE(long_locations),
        CASE(attempts_make_no_circle),
        CASE(hops_are_limited),
        CASE(as_many_attempts_as_allowed),
        CASE(redirect_begins_new_attempts),
        CASE(only_what_may_be_repeated),
        CASE(server_says_how_long_to_wait),
        CASE(backoff_grows_with_each_attempt),
        CASE(legs_tell_what_came_before),
        CASE(time_is_spent_by_redirects),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}

/* A chain from one exchange to the next: redirects, retries, cookies, limits. No I/O. */
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
static struct request request;   /* the last one */
static char *request_url;        /* a copy of its URL */
static struct result result;     /* of the last exchange */
static struct response response; /* of the last exchange */
static nsec clock_at;            /* advances by one second for each exchange */
static nsec wait;                /* before the next exchange */

static const struct response_options wanted = {.preview = 10, .max_body = 1000, .follow = true};

static int setup(void **state)
{
    (void)state;
    options = (struct chain_options){.follow = true, .max_hops = 10};
    clock_at = NSEC_PER_S;
    fake_wall_set(UNIX_S);
    return 0;
}

static void clear_response(void)
{
    response_free(&response);
    free(request_url);
    request_url = NULL;
}

static int teardown(void **state)
{
    (void)state;
    clear_response();
    chain_free(&chain);
    chain_free(&chain); /* a second time, when it is all zeros */
    site_free(site);
    site = NULL;
    return 0;
}

/* Frees the last site and chain, and creates new ones. */
static void begin(const char *url)
{
    teardown(NULL);
    site = site_new();
    assert_null(url_parse(&site->url, url, strlen(url)));
    chain_init(&chain, &options, site);
}

static void set_text(char **field, const char *value)
{
    free(*field);
    *field = strdup(value);
}

/* Begins the next exchange of the chain, one second after the last one. */
static void begin_exchange(void)
{
    clear_response();
    request = chain_request(&chain);
    assert_ptr_equal(request.url, chain_url(&chain));
    request_url = strdup(request.url->shown); /* `request` is valid until the chain changes */
    result = (struct result){.site = site, .url = request.url->shown, .phase = PHASE_RECEIVE};
    result.stamps = (struct stamps){.taken = clock_at, .start = clock_at + 1000};
    clock_at += NSEC_PER_S;
    result.stamps.done = clock_at + 1000;
    response_start(&response, &wanted, &result);
    response.jar = &chain.jar;
    response.url = request.url;
    response.unix_time = clock_unix_s();
}

static void add_field(const char *name, const char *value)
{
    response_field(&response, name, strlen(name), value, strlen(value));
}

static enum chain_next end_exchange(void)
{
    wait = NSEC_NEVER;
    response_finish(&response, true);
    return chain_next(&chain, &result, &response, 0, &wait);
}

/* Responds with this status and Location; `location` may be NULL. */
static enum chain_next respond(unsigned status, const char *location)
{
    struct status_line line = {.status = status, .major = 1, .minor = 1};

    if (location)
        add_field("Location", location);
    response_head(&response, &line);
    return end_exchange();
}

/* Runs an exchange that fails to connect. */
static enum chain_next fail_with(enum error error)
{
    begin_exchange();
    result.error = error;
    result.phase = PHASE_CONNECT;
    result.detail = "words";
    return end_exchange();
}

static enum chain_next run_exchange(unsigned status, const char *location)
{
    begin_exchange();
    return respond(status, location);
}

static void expect_end(enum error error)
{
    if (result.error != error)
        fail_msg("%s, not %s", error_code(result.error), error_code(error));
    assert_ptr_equal(result.legs, chain.legs);
    assert_int_equal(result.leg_count, chain.leg_count);
}

/* Responses that redirect. */

static void redirect_statuses(void **state)
{
    (void)state;
    for (unsigned status = 200; status < 600; status++) {
        bool moves =
            status == 301 || status == 302 || status == 303 || status == 307 || status == 308;

        begin("http://a/");
        assert_int_equal(run_exchange(status, "/b"), moves ? CHAIN_REDIRECT : CHAIN_OVER);
        assert_string_equal(chain_url(&chain)->shown, moves ? "http://a/b" : "http://a/");
        begin("http://a/");
        assert_int_equal(run_exchange(status, NULL), CHAIN_OVER);
        expect_end(ERROR_NONE);
    }
}

static void redirects_that_are_not_followed_are_results(void **state)
{
    (void)state;
    options.follow = false;
    begin("http://a/");
    assert_int_equal(run_exchange(301, "ftp://anything"), CHAIN_OVER);
    expect_end(ERROR_NONE);
    assert_int_equal(result.leg_count, 0);
}

/* A failed exchange is no redirect, even if its head has a Location. */
static void failed_exchange_is_not_redirected(void **state)
{
    (void)state;
    begin("http://a/");
    begin_exchange();
    result.error = ERROR_TRUNCATED;
    assert_int_equal(respond(301, "/b"), CHAIN_OVER);
    expect_end(ERROR_TRUNCATED);
}

static void targets_are_resolved(void **state)
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
        assert_int_equal(run_exchange(302, cases[i].location), CHAIN_REDIRECT);
        begin_exchange();
        assert_string_equal(request_url, cases[i].to);
    }
}

static void target_is_relative_to_the_previous_one(void **state)
{
    static const char *const steps[][2] = {{"b/", "http://a/b/"},       {"c", "http://a/b/c"},
                                           {"//d/e/f", "http://d/e/f"}, {"g", "http://d/e/g"},
                                           {"https:/h", "https://h/"},  {"i/j", "https://h/i/j"},
                                           {"./k?l", "https://h/i/k?l"}};

    (void)state;
    begin("http://a/");
    for (size_t i = 0; i < LENGTH(steps); i++) {
        assert_int_equal(run_exchange(307, steps[i][0]), CHAIN_REDIRECT);
        assert_string_equal(chain_url(&chain)->shown, steps[i][1]);
    }
    assert_int_equal(chain.hops, LENGTH(steps));
}

static void invalid_locations_are_errors(void **state)
{
    static const char *const locations[] = {
        "ftp://b/", "mailto:a@b",  "javascript:x", "http://",          "http://b:0/",
        "https://", "http://b:x/", "http://[::/",  "http://1.2.3.256", "file:///etc/passwd",
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(locations); i++) {
        options.retries = 3;
        begin("http://a/");
        if (run_exchange(301, locations[i]) != CHAIN_OVER)
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

/* The method of the next request after 301 or 302 (`found`), 303 (`other`), 307 or 308 (`same`). */
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
    set_text(&site->method, method);
    snprintf(all, sizeof(all), "A: b\r\n%sC: Content-Type: d\r\n", about);
    set_text(&site->headers, all);
    site->content = content_new("a=1", 3);
    assert_int_equal(run_exchange(status, "/next"), CHAIN_REDIRECT);
    begin_exchange();
    if (strcmp(request.method, next) != 0)
        fail_msg("after %s and %u: %s", method, status, request.method);
    assert_ptr_equal(request.content, becomes ? NULL : site->content);
    assert_string_equal(request.headers, becomes ? "A: b\r\nC: Content-Type: d\r\n" : all);
}

static void methods_of_redirected_requests(void **state)
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

static void method_stays_get(void **state)
{
    (void)state;
    begin("http://a/");
    site->content = content_new("a=1", 3); /* the default method is POST */
    assert_int_equal(run_exchange(307, "/1"), CHAIN_REDIRECT);
    assert_int_equal(run_exchange(303, "/2"), CHAIN_REDIRECT);
    assert_int_equal(run_exchange(308, "/3"), CHAIN_REDIRECT);
    begin_exchange();
    assert_string_equal(request.method, "GET");
    assert_null(request.content);
}

/* Credentials. */

#define CREDENTIALS "Authorization: a\r\ncookie: b\r\nProxy-Authorization: c\r\nHOST: d\r\n"
#define OTHERS      "Accept: e\r\nCookie2: f\r\nX-Host: g\r\n"

static void set_credentials(void)
{
    set_text(&site->headers, "Accept: e\r\n" CREDENTIALS "Cookie2: f\r\nX-Host: g\r\n");
    set_text(&site->cookie, "own=1");
}

static void expect_credentials(bool kept, const char *set)
{
    char cookie[64];

    begin_exchange();
    if (!request.user_info == kept)
        fail_msg("%s: credentials are %s", request_url, kept ? "lost" : "kept");
    snprintf(cookie, sizeof(cookie), "%s%s%s", kept ? "own=1" : "", kept && *set ? "; " : "", set);
    assert_string_equal(request.headers,
                        kept ? "Accept: e\r\n" CREDENTIALS "Cookie2: f\r\nX-Host: g\r\n" : OTHERS);
    assert_string_equal(request.cookie ? request.cookie : "", cookie);
}

static void credentials_are_sent_to_their_origin_only(void **state)
{
    static const struct {
        const char *from, *to;
        bool kept;
    } cases[] = {
        {"http://u:p@a/", "/b", true},
        {"http://u:p@a/", "http://a/b", true},
        {"http://u:p@a/", "http://A:80/b", true},
        {"https://u:p@a/", "https://a:443/b", true},
        {"http://u:p@a/", "http://x:y@a/b", true}, /* user info of Location is ignored */
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
        set_credentials();
        expect_credentials(true, "");
        assert_memory_equal(request.user_info, "u:p", 3);
        assert_int_equal(respond(301, cases[i].to), CHAIN_REDIRECT);
        expect_credentials(cases[i].kept, "");
        if (cases[i].kept)
            assert_memory_equal(request.user_info, "u:p", 3);
    }
}

static void credentials_are_not_sent_again_after_another_origin(void **state)
{
    (void)state;
    begin("http://u:p@a/");
    set_credentials();
    assert_int_equal(run_exchange(301, "http://b/"), CHAIN_REDIRECT);
    assert_int_equal(run_exchange(301, "http://a/1"), CHAIN_REDIRECT);
    expect_credentials(false, "");
    assert_int_equal(respond(301, "http://u:p@a/2"), CHAIN_REDIRECT);
    expect_credentials(false, "");
}

static void retry_sends_the_same_request(void **state)
{
    (void)state;
    options.retries = 2;
    begin("http://u:p@a/");
    set_credentials();
    begin_exchange();
    add_field("Set-Cookie", "set=2");
    assert_int_equal(respond(503, NULL), CHAIN_RETRY);
    expect_credentials(true, "set=2");
    assert_string_equal(request_url, site->url.shown);
}

/* Cookies. */

static void cookies_are_sent_after_redirects(void **state)
{
    (void)state;
    begin("http://a/");
    set_text(&site->cookie, "own=1");
    begin_exchange();
    add_field("Set-Cookie", "one=1");
    add_field("set-cookie", "deep=2; Path=/deep");
    assert_int_equal(respond(302, "/deep/er"), CHAIN_REDIRECT);
    begin_exchange();
    assert_string_equal(request.cookie, "own=1; deep=2; one=1");
    add_field("Set-Cookie", "one=; Path=/; Max-Age=0");
    assert_int_equal(respond(302, "/other"), CHAIN_REDIRECT);
    begin_exchange();
    assert_string_equal(request.cookie, "own=1");
}

static void cookies_expire(void **state)
{
    (void)state;
    begin("http://a.org/");
    begin_exchange();
    add_field("Set-Cookie", "short=1; Max-Age=1");
    add_field("Set-Cookie", "long=1; Expires=Sun, 06 Nov 1994 08:49:40 GMT");
    assert_int_equal(respond(302, "/b"), CHAIN_REDIRECT);
    fake_wall_set(UNIX_S + 2);
    assert_int_equal(run_exchange(302, "/c"), CHAIN_REDIRECT);
    assert_string_equal(request.cookie, "long=1");
    fake_wall_set(UNIX_S + 4);
    assert_int_equal(run_exchange(302, "/d"), CHAIN_REDIRECT);
    assert_null(request.cookie);
}

/* A redirect to a login host and back: each host gets its own cookies and those of their common
   domain. The cookies of the user are sent to the first origin only. */
static void cookies_of_two_hosts(void **state)
{
    (void)state;
    begin("http://app.a.org/");
    set_text(&site->cookie, "own=1");
    begin_exchange();
    add_field("Set-Cookie", "app=1");
    assert_int_equal(respond(302, "https://login.a.org:444/"), CHAIN_REDIRECT);
    begin_exchange();
    assert_null(request.cookie);
    add_field("Set-Cookie", "login=2");
    add_field("Set-Cookie", "sso=3; Domain=a.org");
    add_field("Set-Cookie", "safe=4; Domain=a.org; Secure");
    add_field("Set-Cookie", "far=5; Domain=org");
    assert_int_equal(respond(302, "/in"), CHAIN_REDIRECT);
    begin_exchange();
    assert_string_equal(request.cookie, "login=2; sso=3; safe=4");
    assert_int_equal(respond(302, "http://app.a.org/back"), CHAIN_REDIRECT);
    begin_exchange();
    assert_string_equal(request.cookie, "app=1; sso=3");
    assert_int_equal(respond(302, "http://b.org/"), CHAIN_REDIRECT);
    begin_exchange();
    assert_null(request.cookie);
}

/* Redirect loops. */

static void loops_end_at_the_limit(void **state)
{
    static const struct {
        const char *from, *locations[4]; /* repeated in this order */
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
                assert_int_equal(run_exchange(302, locations[hop % length]), CHAIN_REDIRECT);
            assert_int_equal(run_exchange(302, locations[max % length]), CHAIN_OVER);
            expect_end(max + 1 < length ? ERROR_REDIRECTS : cases[i].error);
            assert_int_equal(result.phase, PHASE_RECEIVE);
            assert_int_equal(result.leg_count, max); /* the last exchange is the result */
        }
    }
}

/* A page that redirects to itself a few times, with or without a cookie, is fetched. */
static void redirects_to_the_same_url_that_end_are_no_loop(void **state)
{
    (void)state;
    for (int cookies = 0; cookies < 2; cookies++) {
        begin("http://a/");
        for (int i = 0; i < 9; i++) {
            begin_exchange();
            if (cookies)
                add_field("Set-Cookie", "a=1");
            assert_int_equal(respond(302, "/"), CHAIN_REDIRECT);
        }
        begin_exchange();
        assert_string_equal(request.cookie ? request.cookie : "none", cookies ? "a=1" : "none");
        assert_int_equal(respond(200, NULL), CHAIN_OVER);
        expect_end(ERROR_NONE);
        assert_int_equal(result.leg_count, 9);
    }
}

/* A GET of the same URL after a POST is another request. */
static void post_redirect_get_is_no_loop(void **state)
{
    (void)state;
    for (unsigned status = 301; status <= 303; status++) {
        begin("http://a/");
        set_text(&site->method, "POST");
        assert_int_equal(run_exchange(status, "/"), CHAIN_REDIRECT);
        begin_exchange();
        assert_string_equal(request.method, "GET");
        assert_int_equal(respond(200, NULL), CHAIN_OVER);
        expect_end(ERROR_NONE);
    }
    options.max_hops = 0; /* the next redirect is over the limit */
    begin("http://a/");
    set_text(&site->method, "POST");
    assert_int_equal(run_exchange(303, "/"), CHAIN_OVER);
    expect_end(ERROR_REDIRECTS);
    begin("http://a/"); /* 307 repeats the POST */
    set_text(&site->method, "POST");
    assert_int_equal(run_exchange(307, "/"), CHAIN_OVER);
    expect_end(ERROR_REDIRECT_LOOP);
    options.max_hops = 2; /* the GET after the POST is another request than the POST */
    begin("http://a/");
    set_text(&site->method, "POST");
    assert_int_equal(run_exchange(303, "/thanks"), CHAIN_REDIRECT);
    assert_int_equal(run_exchange(302, "/more"), CHAIN_REDIRECT);
    assert_int_equal(run_exchange(302, "/"), CHAIN_OVER);
    expect_end(ERROR_REDIRECTS);
}

/* A Location of up to 64 KiB is followed; all URLs of a chain together have a limit. */
static void long_locations(void **state)
{
    static char location[URL_MAX_BYTES + 2];
    size_t hops = 0;

    (void)state;
    options.max_hops = 1000;
    begin("http://a/");
    memset(location, 'x', URL_MAX_BYTES + 1);
    location[0] = '/';
    assert_int_equal(run_exchange(302, location), CHAIN_OVER);
    expect_end(ERROR_BAD_LOCATION);
    location[URL_MAX_BYTES] = '\0';
    while (hops < 1000 && run_exchange(302, location) == CHAIN_REDIRECT)
        hops++;
    expect_end(ERROR_REDIRECT_LOOP);
    assert_string_equal(result.detail, "the URLs are larger than 1 MiB together");
    assert_int_equal(strlen(chain_url(&chain)->target), URL_MAX_BYTES);
    assert_in_range(hops, CHAIN_MAX_URL_BYTES / URL_MAX_BYTES - 1,
                    CHAIN_MAX_URL_BYTES / URL_MAX_BYTES);
}

static void retries_are_no_loop(void **state)
{
    (void)state;
    options.retries = 3;
    begin("http://a/");
    assert_int_equal(fail_with(ERROR_EMPTY), CHAIN_RETRY);
    assert_int_equal(run_exchange(302, "/b"), CHAIN_REDIRECT);
    assert_int_equal(run_exchange(503, NULL), CHAIN_RETRY);
    assert_int_equal(run_exchange(200, NULL), CHAIN_OVER);
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
            assert_int_equal(run_exchange(302, location), CHAIN_REDIRECT);
        }
        assert_int_equal(run_exchange(302, "/last"), CHAIN_OVER);
        expect_end(ERROR_REDIRECTS);
        assert_int_equal(result.leg_count, max);
        begin("http://a/");
        for (unsigned hop = 0; hop < max; hop++)
            assert_int_equal(run_exchange(302, hop % 2 ? "/odd" : "/even"), CHAIN_REDIRECT);
    }
}

/* Retries. */

static void retries_are_limited(void **state)
{
    (void)state;
    for (unsigned retries = 0; retries < 4; retries++) {
        options.retries = retries;
        begin("http://a/");
        for (unsigned i = 0; i < retries; i++)
            assert_int_equal(fail_with(ERROR_CONNECT_REFUSED), CHAIN_RETRY);
        assert_int_equal(fail_with(ERROR_CONNECT_REFUSED), CHAIN_OVER);
        expect_end(ERROR_CONNECT_REFUSED);
        assert_int_equal(result.leg_count, retries);
    }
}

static void each_redirect_has_its_own_retries(void **state)
{
    (void)state;
    options.retries = 1;
    begin("http://a/");
    assert_int_equal(fail_with(ERROR_EMPTY), CHAIN_RETRY);
    assert_int_equal(run_exchange(302, "/b"), CHAIN_REDIRECT);
    assert_int_equal(fail_with(ERROR_EMPTY), CHAIN_RETRY);
    begin_exchange();
    assert_string_equal(request_url, "http://a/b");
    assert_int_equal(respond(503, NULL), CHAIN_OVER);
    expect_end(ERROR_NONE);
    assert_int_equal(result.status, 503);
}

/* The server has not processed the request: any method, after the same wait as for status 429. */
static void unprocessed_requests_are_retried(void **state)
{
    (void)state;
    options.retries = 1;
    begin("http://a/");
    set_text(&site->method, "POST");
    for (int i = 0; i < 2; i++) {
        begin_exchange();
        result.error = ERROR_HTTP2_GOAWAY;
        result.unprocessed = true;
        assert_int_equal(end_exchange(), i ? CHAIN_OVER : CHAIN_RETRY);
    }
    expect_end(ERROR_HTTP2_GOAWAY);
}

static void only_idempotent_requests_are_retried(void **state)
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
        set_text(&site->method, cases[i].method);
        assert_int_equal(fail_with(ERROR_WAIT_RESET), cases[i].again ? CHAIN_RETRY : CHAIN_OVER);
        begin("http://a/");
        set_text(&site->method, cases[i].method);
        assert_int_equal(run_exchange(429, NULL), cases[i].again ? CHAIN_RETRY : CHAIN_OVER);
    }
    begin("http://a/"); /* after 303 the request is a GET */
    set_text(&site->method, "POST");
    assert_int_equal(run_exchange(303, "/b"), CHAIN_REDIRECT);
    assert_int_equal(run_exchange(503, NULL), CHAIN_RETRY);
    begin("http://a/");
    assert_int_equal(fail_with(ERROR_DNS_NXDOMAIN), CHAIN_OVER);
    expect_end(ERROR_DNS_NXDOMAIN);
    begin("http://a/");
    assert_int_equal(run_exchange(500, NULL), CHAIN_OVER);
    expect_end(ERROR_NONE);
}

static void retry_after_is_respected(void **state)
{
    static const struct {
        const char *value;
        nsec wait; /* NSEC_NEVER: the backoff */
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
        begin_exchange();
        add_field("Retry-After", cases[i].value);
        assert_int_equal(respond(503, NULL), CHAIN_RETRY);
        assert_int_equal(wait, cases[i].wait == NSEC_NEVER ? retry_backoff(0, 0) : cases[i].wait);
        assert_int_equal(chain.legs[0].waited, wait);
    }
}

static void backoff_grows_with_each_retry(void **state)
{
    (void)state;
    options.retries = 10;
    begin("http://a/");
    for (unsigned attempt = 0; attempt < 10; attempt++) {
        assert_int_equal(fail_with(ERROR_EMPTY), CHAIN_RETRY);
        assert_int_equal(wait, retry_backoff(attempt, 0));
    }
}

/* Legs. */

static void legs_record_earlier_exchanges(void **state)
{
    const struct leg *legs;
    struct stamps first, second;

    (void)state;
    options.retries = 1;
    begin("http://u:p@a/");
    begin_exchange();
    first = result.stamps;
    address_parse(&result.address, "192.0.2.1", 80);
    assert_int_equal(respond(302, "/b"), CHAIN_REDIRECT);
    begin_exchange();
    second = result.stamps;
    result.error = ERROR_CONNECT_RESET;
    result.phase = PHASE_CONNECT;
    result.detail = (char[]){"words"};
    assert_int_equal(end_exchange(), CHAIN_RETRY);
    assert_int_equal(run_exchange(200, NULL), CHAIN_OVER);
    expect_end(ERROR_NONE);
    assert_int_equal(result.leg_count, 2);
    legs = result.legs;
    assert_string_equal(legs[0].url, "http://a/"); /* without user info */
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

/* Redirects use the site's timeout; a retry starts it again. */
static void redirects_share_the_sites_timeout(void **state)
{
    (void)state;
    options.retries = 5;
    begin("http://a/");
    assert_true(chain_timeout(&chain) == NSEC_NEVER);
    assert_int_equal(run_exchange(302, "/1"), CHAIN_REDIRECT);
    assert_true(chain_timeout(&chain) == NSEC_NEVER);

    begin("http://a/");
    site->timeout = 2 * NSEC_PER_S + 1;
    assert_int_equal(chain_timeout(&chain), 2 * NSEC_PER_S + 1);
    assert_int_equal(fail_with(ERROR_TOTAL_TIMEOUT), CHAIN_RETRY);
    assert_int_equal(chain_timeout(&chain), 2 * NSEC_PER_S + 1);
    assert_int_equal(run_exchange(302, "/1"), CHAIN_REDIRECT);
    assert_int_equal(chain_timeout(&chain), NSEC_PER_S + 1);
    assert_int_equal(fail_with(ERROR_EMPTY), CHAIN_RETRY);
    assert_int_equal(chain_timeout(&chain), NSEC_PER_S + 1);
    assert_int_equal(run_exchange(302, "/2"), CHAIN_REDIRECT);
    assert_int_equal(chain_timeout(&chain), 1);
    assert_int_equal(run_exchange(302, "/3"), CHAIN_REDIRECT);
    assert_int_equal(chain_timeout(&chain), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(redirect_statuses),
        CASE(redirects_that_are_not_followed_are_results),
        CASE(failed_exchange_is_not_redirected),
        CASE(targets_are_resolved),
        CASE(target_is_relative_to_the_previous_one),
        CASE(invalid_locations_are_errors),
        CASE(methods_of_redirected_requests),
        CASE(method_stays_get),
        CASE(credentials_are_sent_to_their_origin_only),
        CASE(credentials_are_not_sent_again_after_another_origin),
        CASE(retry_sends_the_same_request),
        CASE(cookies_are_sent_after_redirects),
        CASE(cookies_expire),
        CASE(cookies_of_two_hosts),
        CASE(loops_end_at_the_limit),
        CASE(redirects_to_the_same_url_that_end_are_no_loop),
        CASE(post_redirect_get_is_no_loop),
        CASE(long_locations),
        CASE(retries_are_no_loop),
        CASE(hops_are_limited),
        CASE(retries_are_limited),
        CASE(each_redirect_has_its_own_retries),
        CASE(unprocessed_requests_are_retried),
        CASE(only_idempotent_requests_are_retried),
        CASE(retry_after_is_respected),
        CASE(backoff_grows_with_each_retry),
        CASE(legs_record_earlier_exchanges),
        CASE(redirects_share_the_sites_timeout),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}

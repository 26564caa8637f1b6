/* Targets of a load: the bytes of each request, their origin, and how often each is chosen. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bench/load/targets.h"
#include "http/request.h"

#define MAX 64

static struct site *a_site(const char *url)
{
    struct site *site = site_new();

    assert_null(url_parse(&site->url, url, strlen(url)));
    return site;
}

static char *text(const char *from)
{
    return memory_text(from, strlen(from));
}

static struct targets *one(struct site *site, bool connection_close)
{
    static const unsigned weight = 1;
    size_t other_origin = 99;
    struct targets *targets =
        targets_new(&site, &weight, 1, HTTP_1_1_ONLY, connection_close, &other_origin);

    assert_non_null(targets);
    assert_int_equal(targets_count(targets), 1);
    return targets;
}

/* The request with default options. */
#define PLAIN(method, target, host) method " " target " HTTP/1.1\r\nHost: " host "\r\n"

static void assert_request(struct targets *targets, const char *bytes, bool head)
{
    const struct target *target = targets_pick(targets, UINT64_MAX);

    assert_int_equal(target->count, strlen(bytes));
    assert_memory_equal(target->bytes, bytes, target->count);
    assert_int_equal(target->is_head_request, head);
    targets_free(targets);
}

static void whole_requests(void **state)
{
    struct site *site = a_site("http://a.test/x?y=z");

    (void)state;
    assert_request(one(site, false), PLAIN("GET", "/x?y=z", "a.test") "\r\n", false);

    site = a_site("http://a.test:81");
    assert_request(one(site, true), PLAIN("GET", "/", "a.test:81") "Connection: close\r\n\r\n",
                   false);

    site = a_site("http://a.test/");
    site->method = text("HEAD");
    assert_request(one(site, false), PLAIN("HEAD", "/", "a.test") "\r\n", true);

    site = a_site("http://a.test/");
    site->headers = text("Accept-Encoding: gzip\r\nX: y\r\n");
    assert_request(one(site, false),
                   PLAIN("GET", "/", "a.test") "Accept-Encoding: gzip\r\nX: y\r\n\r\n", false);

    site = a_site("http://u:p@a.test/");
    site->content = content_new("a=b", 3);
    assert_request(
        one(site, false),
        PLAIN("POST", "/", "a.test") "Authorization: Basic dTpw\r\n"
                                     "Content-Type: application/x-www-form-urlencoded\r\n"
                                     "Content-Length: 3\r\n\r\na=b",
        false);
}

static void content_may_hold_any_byte(void **state)
{
    struct site *site = a_site("http://a.test/");
    struct targets *targets;
    const struct target *target;

    (void)state;
    site->content = content_new("\0\r\n\0", 4);
    targets = one(site, false);
    target = targets_pick(targets, 0);
    assert_memory_equal(target->bytes + target->count - 8, "\r\n\r\n\0\r\n\0", 8);
    targets_free(targets);
    targets_free(NULL);
}

/* The i-th is "/i". */
static struct targets *several(const unsigned *weights, size_t count)
{
    struct site *sites[MAX];
    char url[64];
    size_t other_origin;
    struct targets *targets;

    for (size_t i = 0; i < count; i++) {
        snprintf(url, sizeof(url), "http://a.test/%zu", i);
        sites[i] = a_site(url);
    }
    targets = targets_new(sites, weights, count, HTTP_1_1_ONLY, false, &other_origin);
    assert_non_null(targets);
    assert_int_equal(targets_count(targets), count);
    assert_string_equal(targets_url(targets)->target, "/0");
    return targets;
}

static size_t picked(const struct targets *targets, uint64_t random)
{
    return strtoul(targets_pick(targets, random)->bytes + strlen("GET /"), NULL, 10);
}

static void in_proportion_to_the_weights(void **state)
{
    static const unsigned weights[][5] = {
        {1, 1, 1, 1, 1},
        {3, 1, 5, 2, 9},
        {1000, 1, 1, 1, 1},
        {1, 1, 1, 1, 1000},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(weights); i++) {
        struct targets *targets = several(weights[i], 5);
        size_t count[5] = {0}, sum = 0;

        for (size_t n = 0; n < 5; n++)
            sum += weights[i][n];
        /* evenly spaced numbers choose each target exactly as often as its weight */
        for (size_t n = 0; n < sum; n++)
            count[picked(targets, UINT64_MAX / sum * n + UINT64_MAX / sum / 2)]++;
        for (size_t n = 0; n < 5; n++)
            assert_int_equal(count[n], weights[i][n]);
        assert_int_equal(picked(targets, 0), 0);
        assert_int_equal(picked(targets, UINT64_MAX), 4);
        targets_free(targets);
    }
}

static void large_weights(void **state)
{
    unsigned weights[MAX];
    struct targets *targets;

    (void)state;
    for (size_t i = 0; i < MAX; i++)
        weights[i] = UINT32_MAX;
    targets = several(weights, MAX);
    for (uint64_t i = 0; i < MAX; i++) {
        assert_int_equal(picked(targets, UINT64_MAX / MAX * i + MAX), i);
        assert_int_equal(picked(targets, UINT64_MAX / MAX * (i + 1) - MAX), i);
    }
    targets_free(targets);
}

static void one_origin(void **state)
{
    static const struct {
        const char *urls[3];
        size_t other_origin; /* 0: none */
    } cases[] = {
        {{"http://a.test/", "http://A.TEST:80/x", "http://a.test/?"}, 0},
        {{"https://a.test/", "https://a.test:443/x", "https://u@a.test"}, 0},
        {{"http://a.test/", "http://b.test/", "http://c.test/"}, 1},
        {{"http://a.test/", "http://a.test/", "https://a.test/"}, 2},
        {{"http://a.test/", "http://a.test/", "http://a.test:81/"}, 2},
        {{"http://a.test:443/", "https://a.test:443/", "http://a.test:443/"}, 1},
    };
    static const unsigned weights[] = {1, 2, 3};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct site *sites[3];
        size_t other_origin = 0;
        struct targets *targets;

        for (size_t n = 0; n < 3; n++)
            sites[n] = a_site(cases[i].urls[n]);
        targets = targets_new(sites, weights, 3, HTTP_1_1_ONLY, false, &other_origin);
        if (!targets != (cases[i].other_origin > 0) || other_origin != cases[i].other_origin)
            fail_msg("case %zu: other origin %zu", i, other_origin);
        targets_free(targets);
        for (size_t n = 0; n < 3 && !targets; n++)
            site_free(sites[n]);
    }
}

/* The versions and the scheme decide how a target is encoded. */
static void encoded_for_the_protocol(void **state)
{
    static const struct {
        const char *url;
        enum http_versions versions;
        bool multiplexed;
    } cases[] = {
        {"http://a.test/", HTTP_1_1_ONLY, false},  {"https://a.test/", HTTP_1_1_ONLY, false},
        {"https://a.test/", HTTP_ANY, false},      {"http://a.test/", HTTP_2_ONLY, false},
        {"https://a.test/", HTTP_2_ONLY, true},    {"http://a.test/", HTTP_2_ASSUMED, true},
        {"https://a.test/", HTTP_2_ASSUMED, true},
    };
    static const unsigned weight = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct site *site = a_site(cases[i].url);
        struct content *content = site->content = content_new("x", 1);
        size_t other_origin;
        struct targets *targets =
            targets_new(&site, &weight, 1, cases[i].versions, false, &other_origin);
        const struct target *target = targets_pick(targets, 0);

        assert_int_equal(versions_multiplex(cases[i].versions, targets_url(targets)->https),
                         cases[i].multiplexed);
        assert_int_equal(target->prepared != NULL, cases[i].multiplexed);
        assert_int_equal(target->bytes == NULL, cases[i].multiplexed);
        assert_ptr_equal(target->content, cases[i].multiplexed ? content : NULL);
        targets_free(targets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_requests),
        cmocka_unit_test(content_may_hold_any_byte),
        cmocka_unit_test(in_proportion_to_the_weights),
        cmocka_unit_test(large_weights),
        cmocka_unit_test(one_origin),
        cmocka_unit_test(encoded_for_the_protocol),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

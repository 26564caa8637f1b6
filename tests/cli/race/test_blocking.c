/* The blocking half against the embedded origin, which runs in a child of the test. */
#include "tests/support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/race/blocking.h"
#include "origin/server.h"
#include "tests/support/fixture.h"
#include "tests/support/names.h"
#include "tests/support/stamps.h"

#define STALL (300 * NSEC_PER_MS) /* the timeout of a site that stalls */

static struct {
    struct loop *loop;
    struct origin *origin;
    struct dial_map map;
    const char *pem;
    pid_t child;
    struct dialer dialer;
    struct exchange_options options;
    struct blocking blocking;
} fixture;

static volatile sig_atomic_t interrupted;

/* The error of each fault; stalling faults have their own deadline. */
static const struct {
    enum fault fault;
    bool https, stalls;
    enum error error;
    enum phase phase;
} cases[] = {
    {FAULT_NONE, false, false, ERROR_NONE, 0},
    {FAULT_NONE, true, false, ERROR_NONE, 0},
    {FAULT_DNS_NXDOMAIN, false, false, ERROR_DNS_NXDOMAIN, PHASE_DNS},
    {FAULT_DNS_EMPTY, false, false, ERROR_DNS_NO_ADDRESS, PHASE_DNS},
    {FAULT_DNS_SERVFAIL, false, false, ERROR_DNS_SERVFAIL, PHASE_DNS},
    {FAULT_DNS_REFUSED, false, false, ERROR_DNS_REFUSED, PHASE_DNS},
    {FAULT_DNS_GARBAGE, false, false, ERROR_DNS_MALFORMED, PHASE_DNS},
    {FAULT_DNS_STALL, false, true, ERROR_TOTAL_TIMEOUT, PHASE_DNS},
    {FAULT_CONNECT_REFUSE, false, false, ERROR_CONNECT_REFUSED, PHASE_CONNECT},
    {FAULT_CONNECT_STALL, false, true, ERROR_TOTAL_TIMEOUT, PHASE_CONNECT},
    {FAULT_TLS_STALL, true, true, ERROR_TOTAL_TIMEOUT, PHASE_TLS},
    {FAULT_TLS_PLAIN, true, false, ERROR_TLS_NOT_TLS, PHASE_TLS},
    {FAULT_TLS_RESET, true, false, ERROR_TLS_RESET, PHASE_TLS},
    {FAULT_CERT_EXPIRED, true, false, ERROR_TLS_CERT_EXPIRED, PHASE_TLS},
    {FAULT_CERT_NOT_YET, true, false, ERROR_TLS_CERT_NOT_YET, PHASE_TLS},
    {FAULT_CERT_SELF_SIGNED, true, false, ERROR_TLS_SELF_SIGNED, PHASE_TLS},
    {FAULT_CERT_WRONG_HOST, true, false, ERROR_TLS_HOSTNAME_MISMATCH, PHASE_TLS},
    {FAULT_CERT_UNKNOWN_AUTHORITY, true, false, ERROR_TLS_UNKNOWN_AUTHORITY, PHASE_TLS},
    {FAULT_WAIT_STALL, false, true, ERROR_TOTAL_TIMEOUT, PHASE_WAIT},
    {FAULT_WAIT_CLOSE, false, false, ERROR_EMPTY, PHASE_WAIT},
    {FAULT_WAIT_CLOSE, true, false, ERROR_EMPTY, PHASE_WAIT},
    {FAULT_WAIT_RESET, false, false, ERROR_WAIT_RESET, PHASE_WAIT},
    {FAULT_GARBAGE, false, false, ERROR_MALFORMED, PHASE_RECEIVE},
    {FAULT_HEAD_STALL, false, true, ERROR_TOTAL_TIMEOUT, PHASE_RECEIVE},
    {FAULT_HEAD_ENDLESS, false, false, ERROR_HEADER_TOO_LARGE, PHASE_RECEIVE},
    {FAULT_BODY_STALL, false, true, ERROR_TOTAL_TIMEOUT, PHASE_RECEIVE},
    {FAULT_BODY_ENDLESS, false, true, ERROR_TOTAL_TIMEOUT, PHASE_RECEIVE},
    {FAULT_BODY_CHUNK, false, false, ERROR_MALFORMED, PHASE_RECEIVE},
    {FAULT_BODY_RESET, false, false, ERROR_RECEIVE_RESET, PHASE_RECEIVE},
    {FAULT_TRUNCATE, false, false, ERROR_TRUNCATED, PHASE_RECEIVE},
    {FAULT_NO_CLOSE_NOTIFY, true, false, ERROR_TLS_TRUNCATED, PHASE_RECEIVE},
    {FAULT_DRIP, false, true, ERROR_TOTAL_TIMEOUT, PHASE_RECEIVE},
    {FAULT_HANG_UP, false, false, ERROR_NONE, 0},
};

static struct site *site_of(const char *url, nsec timeout)
{
    struct site *site = site_new();

    assert_null(url_parse(&site->url, url, strlen(url)));
    site->timeout = timeout;
    return site;
}

static struct site *site_of_case(size_t i)
{
    char url[64];

    snprintf(url, sizeof(url), "http%s://%s.example/", cases[i].https ? "s" : "",
             fault_name(cases[i].fault));
    return site_of(url, cases[i].stalls ? STALL : 20 * NSEC_PER_S);
}

/* The origin listens before the fork; the child serves. */
static int begin(void **state)
{
    const char *why;

    (void)state;
    fixture.loop = loop_new();
    fixture.origin = origin_new(fixture.loop, &why);
    if (!fixture.origin)
        fail_msg("%s", why);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct site *site = site_of_case(i);
        struct site_behaviour behaviour = {
            .fault = cases[i].fault, .body = (char *)"0123456789abcdef", .body_bytes = 16};

        origin_add_site(fixture.origin, &site->url, &behaviour);
        site_free(site);
    }
    origin_get_map(fixture.origin, &fixture.map, &fixture.pem);
    fixture.child = fork();
    if (!fixture.child) {
        unit_time_limit();
        loop_run(fixture.loop);
        _exit(0);
    }
    dialer_init(&fixture.dialer, NULL);
    fixture.dialer.map = &fixture.map;
    fixture.dialer.trust.authorities_pem = fixture.pem;
    fixture.options = fixture_options;
    fixture.options.response.preview = 16;
    fixture.blocking = (struct blocking){
        .dialer = &fixture.dialer, .options = &fixture.options, .interrupted = &interrupted};
    return fixture.child < 0;
}

static int end(void **state)
{
    (void)state;
    kill(fixture.child, SIGKILL);
    waitpid(fixture.child, NULL, 0);
    dialer_free(&fixture.dialer);
    origin_free(fixture.origin);
    loop_free(fixture.loop);
    return 0;
}

static void fetch(const struct site *site, struct result *result)
{
    blocking_fetch(&fixture.blocking, site, result);
    stamps_check(result, fixture.options.response.preview);
}

static void release(struct site *site, struct result *result)
{
    blocking_clear(&fixture.blocking, result);
    site_free(site);
}

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct site *site = site_of_case(i);
        struct result result;

        fetch(site, &result);
        if (result.error != cases[i].error)
            fail_msg("%s: %s instead of %s", site->url.shown, error_code(result.error),
                     error_code(cases[i].error));
        if (result.error)
            assert_int_equal(result.phase, cases[i].phase);
        else
            assert_int_equal(result.body_bytes, 16);
        if (cases[i].stalls)
            assert_true(result_elapsed(&result) >= STALL);
        release(site, &result);
    }
}

static void test_response(void **state)
{
    struct site *site = site_of("https://none.example/", 20 * NSEC_PER_S);
    struct result result;
    char text[ADDRESS_TEXT_BYTES], at[ADDRESS_TEXT_BYTES];

    (void)state;
    fetch(site, &result);
    assert_int_equal(result.status, 200);
    assert_int_equal(result.snippet_bytes, 16);
    assert_memory_equal(result.snippet, "0123456789abcdef", 16);
    assert_string_equal(result.tls.version, "TLSv1.3");
    assert_string_equal(address_text(&result.address, text), address_text(&fixture.map.https, at));
    assert_true(result.stamps.dns && result.stamps.connect && result.stamps.tls);
    blocking_clear(&fixture.blocking, &result);
    site->method = strdup("HEAD");
    fetch(site, &result);
    assert_int_equal(result.error, ERROR_NONE);
    assert_int_equal(result.body_bytes, 0);
    release(site, &result);
}

/* An address literal needs no DNS query. */
static void test_names(void **state)
{
    struct site *site = site_of("http://127.0.0.1:1234/", 20 * NSEC_PER_S);
    struct result result;

    (void)state;
    fetch(site, &result);
    assert_int_equal(result.error, ERROR_NONE);
    assert_int_equal(result.stamps.dns, 0);
    release(site, &result);
}

/* Each phase's own limit gives its own error. */
static void test_limits(void **state)
{
    static const struct {
        const char *url;
        size_t limit; /* offset in the dialer; 0: ttfb_timeout */
        enum error error;
    } limits[] = {
        {"http://dns-stall.example/", offsetof(struct dialer, dns_timeout), ERROR_DNS_TIMEOUT},
        {"http://connect-stall.example/", offsetof(struct dialer, connect_timeout),
         ERROR_CONNECT_TIMEOUT},
        {"https://tls-stall.example/", offsetof(struct dialer, tls_timeout), ERROR_TLS_TIMEOUT},
        {"http://wait-stall.example/", 0, ERROR_TTFB_TIMEOUT},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(limits); i++) {
        struct site *site = site_of(limits[i].url, 20 * NSEC_PER_S);
        nsec *limit = limits[i].limit ? (nsec *)((char *)&fixture.dialer + limits[i].limit)
                                      : &fixture.options.ttfb_timeout;
        struct result result;

        *limit = STALL;
        fetch(site, &result);
        *limit = NSEC_NEVER;
        assert_int_equal(result.error, limits[i].error);
        assert_true(result_elapsed(&result) >= STALL);
        release(site, &result);
    }
}

static void on_alarm(int number)
{
    (void)number;
    interrupted = 1;
}

/* A signal ends the current system call, in every phase. */
static void test_interrupted(void **state)
{
    static const char *const urls[] = {
        "http://dns-stall.example/",  "http://connect-stall.example/", "https://tls-stall.example/",
        "http://wait-stall.example/", "http://body-stall.example/",
    };
    const struct sigaction handler = {.sa_handler = on_alarm};
    const struct itimerval soon = {.it_value = {0, 50000}, .it_interval = {0, 50000}}, never = {0};
    struct sigaction old;

    (void)state;
    sigaction(SIGALRM, &handler, &old);
    for (size_t i = 0; i < LENGTH(urls); i++) {
        struct site *site = site_of(urls[i], 20 * NSEC_PER_S);
        struct result result;

        setitimer(ITIMER_REAL, &soon, NULL);
        fetch(site, &result);
        setitimer(ITIMER_REAL, &never, NULL);
        interrupted = 0;
        assert_int_equal(result.error, ERROR_INTERRUPTED);
        release(site, &result);
    }
    sigaction(SIGALRM, &old, NULL);
    unit_time_limit();
}

/* Without a map, the C library resolves names; localhost is in the hosts file. */
static void test_live(void **state)
{
    char url[64];
    struct site *site;
    struct result result;

    (void)state;
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", address_port(&fixture.map.http));
    fixture.dialer.map = NULL;
    site = site_of(url, 20 * NSEC_PER_S);
    fetch(site, &result);
    assert_int_equal(result.error, ERROR_NONE);
    release(site, &result);
    site = site_of("http://localhost:1/", 20 * NSEC_PER_S);
    fetch(site, &result);
    assert_true(result.error == ERROR_CONNECT_REFUSED || result.error == ERROR_DNS_NXDOMAIN ||
                result.error == ERROR_DNS_NO_ADDRESS);
    release(site, &result);
    fixture.dialer.map = &fixture.map;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),      cmocka_unit_test(test_response),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_interrupted), cmocka_unit_test(test_live),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, begin, end);
}

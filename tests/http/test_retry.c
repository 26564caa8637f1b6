/* Which failures are retried, and after which wait. */
#include "tests/support/unit.h"

#include "base/random.h"
#include "http/retry.h"

#define NOW INT64_C(1700000000) /* Tue, 14 Nov 2023 22:13:20 GMT */

static void retry_after(void **state)
{
    static const struct {
        const char *text;
        nsec wait; /* NSEC_NEVER: invalid */
    } cases[] = {
        {"0", 0},
        {"1", NSEC_PER_S},
        {"120", 120 * NSEC_PER_S},
        {"0000000000000000000000000000120", 120 * NSEC_PER_S},
        {"3599", 3599 * NSEC_PER_S},
        {"3600", RETRY_MAX_WAIT},
        {"3601", RETRY_MAX_WAIT},
        {"18446744073709551617", RETRY_MAX_WAIT},
        {"99999999999999999999999999999999999999999999999", RETRY_MAX_WAIT},
        {"Tue, 14 Nov 2023 22:13:50 GMT", 30 * NSEC_PER_S},
        {"Tuesday, 14-Nov-23 22:13:50 GMT", 30 * NSEC_PER_S},
        {"Tue Nov 14 22:13:50 2023", 30 * NSEC_PER_S},
        {"Tue, 14 Nov 2023 22:13:20 GMT", 0},
        {"Tue, 14 Nov 2023 22:13:19 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Fri, 31 Dec 9999 23:59:59 GMT", RETRY_MAX_WAIT},
        {"", NSEC_NEVER},
        {"-1", NSEC_NEVER},
        {"+1", NSEC_NEVER},
        {"1.5", NSEC_NEVER},
        {"1s", NSEC_NEVER},
        {" 1", NSEC_NEVER},
        {"soon", NSEC_NEVER},
        {"14 Nov 2023 22:13:50", NSEC_NEVER},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        nsec wait = NSEC_NEVER;
        bool read = retry_after_parse(cases[i].text, strlen(cases[i].text), NOW, &wait);

        if (read != (cases[i].wait != NSEC_NEVER) || wait != cases[i].wait)
            fail_msg("\"%s\": %llu ns", cases[i].text, (unsigned long long)wait);
    }
}

static void far_dates_are_limited(void **state)
{
    static const char text[] = "Tue, 14 Nov 2023 22:13:20 GMT";
    nsec wait;

    (void)state;
    assert_true(retry_after_parse(text, strlen(text), INT64_MIN, &wait));
    assert_int_equal(wait, RETRY_MAX_WAIT);
    assert_true(retry_after_parse(text, strlen(text), INT64_MAX, &wait));
    assert_int_equal(wait, 0);
}

static void backoff_doubles_and_its_second_half_is_random(void **state)
{
    static const unsigned seconds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    uint64_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < LENGTH(seconds); i++) {
        nsec whole = seconds[i] * NSEC_PER_S, least = NSEC_NEVER, max = 0;

        assert_int_equal(retry_backoff(i, 0), whole / 2);
        assert_int_equal(retry_backoff(i, whole / 2), whole);
        for (int n = 0; n < 1000; n++) {
            nsec wait = retry_backoff(i, random_next(&seed));

            assert_in_range(wait, whole / 2, whole);
            least = wait < least ? wait : least;
            max = wait > max ? wait : max;
        }
        /* the random numbers are the same in each run */
        assert_true(max - least > whole * 49 / 100);
    }
    assert_int_equal(retry_backoff(UINT32_MAX, 0), RETRY_MAX_BACKOFF / 2);
}

/* The error codes that are retried. */
static const char *const transient[] = {
    "timeout.total",     "dns.timeout",         "dns.unreachable",
    "dns.servfail",      "connect.refused",     "connect.timeout",
    "connect.reset",     "connect.unreachable", "connect.failed",
    "proxy.dns",         "proxy.refused",       "proxy.timeout",
    "proxy.unreachable", "proxy.closed",        "proxy.gateway",
    "proxy.failed",      "tls.timeout",         "tls.closed",
    "tls.reset",         "send.reset",          "send.failed",
    "timeout.ttfb",      "http.empty",          "http.reset",
    "http.truncated",    "receive.reset",       "receive.failed",
    "tls.truncated",     "http2.goaway",        "http2.refused_stream",
    "http2.reset",
};

static bool is_transient(const char *code)
{
    for (size_t i = 0; i < LENGTH(transient); i++)
        if (!strcmp(code, transient[i]))
            return true;
    return false;
}

static void only_transient_errors_are_retried(void **state)
{
    size_t found = 0;

    (void)state;
    for (int error = ERROR_NONE; error < ERROR_COUNT; error++) {
        bool wanted = retry_wanted((enum error)error, 0, "GET", false);

        if (wanted != is_transient(error_code((enum error)error)))
            fail_msg("%s: %d", error_code((enum error)error), wanted);
        found += wanted;
    }
    assert_int_equal(found, LENGTH(transient));
}

static void retried_statuses(void **state)
{
    (void)state;
    for (unsigned status = 0; status < 1000; status++) {
        bool passes = status == 429 || status == 503;

        assert_int_equal(retry_wanted(ERROR_NONE, status, "GET", false), passes);
        assert_int_equal(retry_wanted(ERROR_STATUS, status, "GET", false), passes);
        assert_false(retry_wanted(ERROR_BAD_CODING, status, "GET", false));
        assert_true(retry_wanted(ERROR_TRUNCATED, status, "GET", false));
    }
}

static void retried_methods(void **state)
{
    static const struct {
        const char *method;
        bool wanted;
    } cases[] = {
        {"GET", true},  {"HEAD", true},   {"OPTIONS", true},  {"TRACE", true},
        {"PUT", true},  {"DELETE", true}, {"POST", false},    {"PATCH", false},
        {"get", false}, {"GETS", false},  {"CONNECT", false}, {"", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(retry_wanted(ERROR_CONNECT_REFUSED, 0, cases[i].method, false),
                         cases[i].wanted);
        assert_int_equal(retry_wanted(ERROR_NONE, 503, cases[i].method, false), cases[i].wanted);
    }
}

/* The server has reported that it did not process the request: any method. */
static void unprocessed_requests(void **state)
{
    (void)state;
    assert_false(retry_wanted(ERROR_HTTP2_REFUSED_STREAM, 0, "POST", false));
    assert_true(retry_wanted(ERROR_HTTP2_REFUSED_STREAM, 0, "POST", true));
    assert_true(retry_wanted(ERROR_HTTP2_GOAWAY, 0, "POST", true));
    assert_false(retry_wanted(ERROR_HTTP2_PROTOCOL, 0, "POST", true));
    assert_true(retry_wanted(ERROR_HTTP2_RESET, 0, "GET", false));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after),
        cmocka_unit_test(far_dates_are_limited),
        cmocka_unit_test(backoff_doubles_and_its_second_half_is_random),
        cmocka_unit_test(only_transient_errors_are_retried),
        cmocka_unit_test(retried_statuses),
        cmocka_unit_test(retried_methods),
        cmocka_unit_test(unprocessed_requests),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}

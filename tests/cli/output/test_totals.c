/* Totals of a run, grouped by error and status. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/output/totals.h"
#include "http/error.h"

/* So many results with that status and error. */
static void add(struct totals *totals, unsigned count, unsigned status, enum error error)
{
    const struct result result = {.status = status, .error = error};

    while (count--)
        totals_add(totals, &result);
}

static void check(const struct totals *totals, const char *wanted)
{
    char text[1024] = "";
    FILE *to = fmemopen(text, sizeof(text), "w");

    totals_write(to, totals);
    fclose(to);
    assert_string_equal(text, wanted);
}

static void test_groups(void **state)
{
    struct totals totals = {0};

    (void)state;
    check(&totals, "0 ok, 0 failed");
    add(&totals, 41, 200, ERROR_NONE);
    add(&totals, 1, 399, ERROR_NONE);
    check(&totals, "42 ok, 0 failed");
    add(&totals, 1, 400, ERROR_NONE);
    check(&totals, "43 ok, 0 failed; 1 with status 400");
    add(&totals, 3, 0, ERROR_TLS_CERT_EXPIRED);
    add(&totals, 7, 0, ERROR_DNS_NXDOMAIN);
    check(&totals, "43 ok, 10 failed: 7 dns.nxdomain, 3 tls.cert_expired; 1 with status 400");
    add(&totals, 2, 503, ERROR_NONE);
    add(&totals, 1, 404, ERROR_TRUNCATED);
    check(&totals, "45 ok, 11 failed: 7 dns.nxdomain, 3 tls.cert_expired, 1 http.truncated; "
                   "2 with status 503, 1 with status 400, 1 with status 404");
    add(&totals, 1, 1000, ERROR_NONE); /* not a status */
    add(&totals, 1, 999, ERROR_STATUS);
    check(&totals, "46 ok, 12 failed: 7 dns.nxdomain, 3 tls.cert_expired, 1 http.truncated, "
                   "1 http.status; 2 with status 503, 1 with status 400, 1 with status 404, "
                   "1 with status 999");
    totals = (struct totals){0};
    add(&totals, 12345, 200, ERROR_NONE);
    add(&totals, 1234, 0, ERROR_DNS_NXDOMAIN);
    check(&totals, "12,345 ok, 1,234 failed: 1,234 dns.nxdomain");
}

/* The groups that are not shown are counted together. */
static void test_many_groups(void **state)
{
    struct totals totals = {0};

    (void)state;
    for (unsigned i = 0; i < 12; i++)
        add(&totals, 20 - i, 500 + i, ERROR_NONE);
    check(&totals, "174 ok, 0 failed; 20 with status 500, 19 with status 501, 18 with status 502, "
                   "17 with status 503, 16 with status 504, 15 with status 505, "
                   "14 with status 506, 13 with status 507, 42 with others");
    totals = (struct totals){0};
    for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++)
        add(&totals, 1, 0, error);
    add(&totals, 1, 0, ERROR_COUNT - 1);
    assert_int_equal(totals.failed, ERROR_COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_many_groups),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

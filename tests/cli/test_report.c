/* Golden lines: a result as text and as JSON, and the totals of a race. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/report.h"

#define MS NSEC_PER_MS

static char *written;
static size_t written_bytes;

static FILE *begin(void)
{
    free(written);
    written = NULL;
    return open_memstream(&written, &written_bytes);
}

static struct site *site_of(const char *url)
{
    struct site *site = site_new();

    assert_null(url_parse(&site->url, url, strlen(url)));
    return site;
}

/* A whole answer over TLS: each phase took a millisecond more than the one before, and 1 us. */
static struct result answered(const struct site *site)
{
    struct result result = {
        .site = site,
        .status = 200,
        .major = 1,
        .minor = 1,
        .tls = {.version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384"},
        .stamps = {.taken = 1000 * MS,
                   .start = 1001 * MS,
                   .dns = 1003 * MS,
                   .connect = 1006 * MS,
                   .tls = 1010 * MS,
                   .send = 1015 * MS,
                   .first_byte = 1021 * MS + 1000,
                   .head = 1022 * MS,
                   .done = 1028 * MS + 999},
    };

    result_add_body(&result, "<!doctype html>", 15);
    address_parse(&result.address, "127.0.0.1", 41873);
    return result;
}

static const char *text_of(const struct result *result)
{
    FILE *to = begin();

    report_text(to, result);
    fclose(to);
    return written;
}

static const char *json_of(const struct result *result)
{
    FILE *to = begin();

    report_json(to, result);
    fclose(to);
    return written;
}

static void test_text(void **state)
{
    struct site *site = site_of("https://www.python.org/");
    struct result result = answered(site);

    (void)state;
    assert_string_equal(text_of(&result),
                        "https://www.python.org/       : <!doctype  in 0:00:00.021000s\n");
    result.stamps.head = result.stamps.start + 798940 * NSEC_PER_US + 999;
    assert_string_equal(text_of(&result),
                        "https://www.python.org/       : <!doctype  in 0:00:00.798940s\n");
    result.stamps.head = result.stamps.start + (11 * 3600 + 59 * 60 + 7) * NSEC_PER_S;
    assert_string_equal(text_of(&result),
                        "https://www.python.org/       : <!doctype  in 11:59:07.000000s\n");
    result.snippet_bytes = 0;
    result.stamps.head = result.stamps.start;
    assert_string_equal(text_of(&result), "https://www.python.org/       :  in 0:00:00.000000s\n");
    site_free(site);
    site = site_of("https://a.example/0123456789012345678901234567890");
    result.site = site;
    assert_string_equal(text_of(&result), "https://a.example/012345678901:  in 0:00:00.000000s\n");
    site_free(site);
}

static void test_text_of_failures(void **state)
{
    static const struct {
        enum error error;
        enum phase phase;
        const char *detail, *sentence;
    } failures[] = {
        {ERROR_CONNECT_REFUSED, PHASE_CONNECT, "Connection refused", "connection refused"},
        {ERROR_CONNECT_FAILED, PHASE_CONNECT, "Protocol error",
         "connecting failed (Protocol error)"},
        {ERROR_TOTAL_TIMEOUT, PHASE_TLS, NULL, "timed out (tls)"},
        {ERROR_TTFB_TIMEOUT, PHASE_WAIT, NULL, "no answer in time"},
        {ERROR_MALFORMED, PHASE_RECEIVE, "Expected HTTP/",
         "malformed HTTP answer (Expected HTTP/)"},
        {ERROR_STATUS, PHASE_RECEIVE, "404", "the status is an error (404)"},
    };
    struct site *site = site_of("http://a.example/");

    (void)state;
    for (size_t i = 0; i < LENGTH(failures); i++) {
        struct result result = {.site = site,
                                .error = failures[i].error,
                                .phase = failures[i].phase,
                                .detail = failures[i].detail,
                                .stamps = {.taken = MS, .start = MS, .done = 3 * MS}};
        char line[128];

        snprintf(line, sizeof(line),
                 "http://a.example/             : error: %s in 0:00:00.002000s\n",
                 failures[i].sentence);
        assert_string_equal(text_of(&result), line);
    }
    site_free(site);
}

static void test_json(void **state)
{
    struct site *site = site_of("https://u:secret@a.example/?\"q\"");
    struct result result = answered(site);

    (void)state;
    assert_string_equal(
        json_of(&result),
        "{\"schema\":\"firstbyte.fetch/1\",\"url\":\"https://a.example/?\\\"q\\\"\",\"status\":200,"
        "\"error\":null,\"snippet\":\"<!doctype "
        "\",\"body_bytes\":15,\"address\":\"127.0.0.1:41873\","
        "\"protocol\":\"HTTP/1.1\",\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":"
        "\"TLS_AES_256_GCM_SHA384\"},\"elapsed_ms\":21.000,\"timings\":{\"blocked\":1.000,"
        "\"dns\":2.000,\"connect\":3.000,\"tls\":4.000,\"send\":5.000,\"wait\":6.001,"
        "\"receive\":6.999}}\n");
    site_free(site);
}

static void test_json_of_a_failure(void **state)
{
    struct site *site = site_of("http://a.example/");
    struct result result = {.site = site,
                            .mode = "blocking",
                            .error = ERROR_CONNECT_REFUSED,
                            .phase = PHASE_CONNECT,
                            .detail = "Connection refused",
                            .stamps = {.taken = MS, .start = MS, .dns = 2 * MS, .done = 4 * MS}};

    (void)state;
    assert_string_equal(
        json_of(&result),
        "{\"schema\":\"firstbyte.fetch/1\",\"mode\":\"blocking\",\"url\":\"http://a.example/\","
        "\"status\":null,\"error\":{\"phase\":\"connect\",\"code\":\"connect.refused\","
        "\"message\":\"connection refused\"},\"snippet\":null,\"body_bytes\":0,\"address\":null,"
        "\"protocol\":null,\"tls\":null,\"elapsed_ms\":3.000,\"timings\":{\"blocked\":0.000,"
        "\"dns\":1.000,\"connect\":2.000,\"tls\":null,\"send\":null,\"wait\":null,"
        "\"receive\":null}}\n");
    result.error = ERROR_TOTAL_TIMEOUT;
    result.phase = PHASE_TLS;
    assert_non_null(strstr(json_of(&result), "{\"phase\":\"tls\",\"code\":\"timeout.total\","
                                             "\"message\":\"timed out (tls)\"}"));
    site_free(site);
}

/* What a stranger sent, in every field that may hold it. */
static void test_json_of_strangers(void **state)
{
    static const char body[] = "\033[2J\xff\xc3\xa4\n\"\\";
    struct site *site = site_of("http://a.example/");
    struct result result = {.site = site, .status = 500, .major = 1, .detail = "a \"detail\"\n"};

    (void)state;
    result_add_body(&result, body, sizeof(body) - 1);
    assert_non_null(strstr(json_of(&result),
                           "\"snippet\":\"\\u001b[2J\xef\xbf\xbd\xc3\xa4\\n\\\"\\\\\","
                           "\"body_bytes\":10,"));
    assert_non_null(strstr(written, "\"protocol\":\"HTTP/1.0\""));
    result.error = ERROR_RECEIVE_FAILED;
    assert_non_null(
        strstr(json_of(&result), "\"message\":\"receiving failed (a \\\"detail\\\"\\n)\""));
    site_free(site);
}

static void test_race(void **state)
{
    struct race_totals totals = {.blocking = 5957206 * NSEC_PER_US,
                                 .reactor = 1486113 * NSEC_PER_US,
                                 .slowest = 1479646 * NSEC_PER_US};
    FILE *to = begin();

    (void)state;
    report_race_text(to, &totals);
    fclose(to);
    assert_string_equal(written,
                        "Synchronous example took 5.957206 seconds\n"
                        "Asynchronous example took 1.486113 seconds\n"
                        "4.01x faster; the slowest site alone took 1.479646 seconds, so 4.03x is "
                        "the most that any order can give\n");
    to = begin();
    report_race_json(to, &totals);
    fclose(to);
    assert_string_equal(written, "{\"schema\":\"firstbyte.race/1\",\"sync_s\":5.957206,"
                                 "\"async_s\":1.486113,\"speedup\":4.0086,\"slowest_s\":1.479646,"
                                 "\"bound\":4.0261}\n");
    totals = (struct race_totals){0}; /* an empty list */
    to = begin();
    report_race_json(to, &totals);
    fclose(to);
    assert_non_null(strstr(written, "\"speedup\":0.0000"));
}

static int end(void **state)
{
    (void)state;
    free(written);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_failures),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_of_a_failure),
        cmocka_unit_test(test_json_of_strangers),
        cmocka_unit_test(test_race),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

/* The choice of fields, in each format, and the totals of a race. */
#include "tests/support/report_lines.h"

static void test_preview(void **state)
{
    struct site *site = site_of("https://a.example/");
    struct result result = result_ok(site);
    struct report_options options = options_of(FORMAT_TEXT);

    (void)state;
    options.values.preview = 15;
    assert_non_null(strstr(line_of(&options, &result), ": <!doctype html> in"));
    options.format = FORMAT_JSON;
    assert_non_null(strstr(line_of(&options, &result), "\"<!doctype html>\""));
    options.format = FORMAT_TABLE;
    assert_non_null(strstr(line_of(&options, &result), " <!doctype html>     21.000 "));
    options.values.preview = 0;
    assert_non_null(strstr(line_of(&options, &result), "    200             21.000 "));
    site_free(site);
}

static void test_fields(void **state)
{
    struct tls_certificate certificate = certificate_of(-3);
    struct site *site = site_of("https://a.example/");
    struct result result = result_ok(site);

    (void)state;
    result.tls.certificate = &certificate;
    assert_string_equal(
        with_fields(FORMAT_JSON, "status,url,timings.connect,tls.certificate.days_left", &result),
        "{\"status\":200,\"url\":\"https://a.example/\",\"timings.connect\":3.000,"
        "\"tls.certificate.days_left\":-3}\n");
    assert_string_equal(with_fields(FORMAT_JSON, "error.code,mode,tcp.rtt_us,tcp", &result),
                        "{\"error.code\":null,\"mode\":null,\"tcp.rtt_us\":null,\"tcp\":null}\n");
    assert_string_equal(with_fields(FORMAT_JSON, "timings,url,url", &result),
                        "{" TIMINGS ",\"url\":\"https://a.example/\"}\n");
    assert_string_equal(with_fields(FORMAT_JSON, "tls.certificate.names", &result),
                        "{\"tls.certificate.names\":[\"a.example\",\"*.a.example\"]}\n");
    assert_string_equal(
        with_fields(FORMAT_TEXT, "url,error,tls.certificate.names,truncated,snippet", &result),
        "https://a.example/\t-\t-\t-\t2\tfalse\t<!doctype \n");
    assert_string_equal(with_fields(FORMAT_CSV, "tls.certificate,timings.dns,timings", &result),
                        "\"CN=\"\"a\"\",O=\xc3\x84\",\"CN=Authority\",2,2000-02-28T23:59:59Z,"
                        "2026-10-23T07:33:20Z,-3,2.000,1.000,3.000,4.000,5.000,6.001,6.999\r\n");
    assert_string_equal(with_fields(FORMAT_TABLE, "status,tls.version,timings.tls", &result),
                        "   200 TLSv1.3    4.000\n");
    site_free(site);
}

/* --fields may be given several times. */
static void test_fields_of_several_lists(void **state)
{
    const char *lists[] = {"url,status", "error.code,url"};
    struct report_options options = options_of(FORMAT_CSV);

    (void)state;
    options.fields = (struct texts){lists, LENGTH(lists)};
    assert_string_equal(header_of(&options), "url,status,error.code\r\n");
}

static void test_check_fields(void **state)
{
    static const struct {
        const char *names;
        int unknown; /* offset of the unknown name; -1: all are known */
    } cases[] = {
        {"url", -1},
        {"url,tls.certificate.days_left,timings", -1},
        {"url,url", -1},
        {"", 0},
        {"urls", 0},
        {"ur", 0},
        {"URL", 0},
        {"url,", 4},
        {",url", 0},
        {"url, status", 4},
        {"url,nothing,status", 4},
        {"timings.nothing", 0},
        {"redirects.url", 0},
    };
    FILE *to = begin();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *unknown = report_check_fields(cases[i].names);

        if (cases[i].unknown < 0)
            assert_null(unknown);
        else
            assert_ptr_equal(unknown, cases[i].names + cases[i].unknown);
    }
    report_list_fields(to);
    fclose(to);
    assert_non_null(strstr(written, "\ntls.certificate.days_left\n"));
    for (char *at = written, *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        assert_null(report_check_fields(at));
    }
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
                        "4.01x faster; the slowest site alone took 1.479646 seconds, so at most "
                        "about 4.0x is possible\n");
    to = begin();
    report_race_json(to, &totals);
    fclose(to);
    assert_string_equal(written, "{\"schema\":\"firstbyte.race/1\",\"sync_s\":5.957206,"
                                 "\"async_s\":1.486113,\"speedup\":4.0086,\"slowest_s\":1.479646,"
                                 "\"bound\":4.0261}\n");
    totals = (struct race_totals){0}; /* no time has passed */
    to = begin();
    report_race_json(to, &totals);
    fclose(to);
    assert_non_null(strstr(written, "\"speedup\":0.0000"));
}

/* The last line of the totals of a race. */
static void test_race_speedup(void **state)
{
    static const struct {
        nsec blocking, reactor, slowest;
        const char *line;
    } cases[] = {
        {6140 * NSEC_PER_MS, 1527 * NSEC_PER_MS, 1535 * NSEC_PER_MS,
         "4.02x faster; the slowest site alone took 1.535000 seconds, so at most about 4.0x is "
         "possible\n"},
        {1000 * NSEC_PER_MS, 1004 * NSEC_PER_MS, 1000 * NSEC_PER_MS,
         "equally fast; the slowest site alone took 1.000000 seconds, so at most about 1.0x is "
         "possible\n"},
        {1000 * NSEC_PER_MS, 1370 * NSEC_PER_MS, 900 * NSEC_PER_MS, "1.37x slower\n"},
        {8 * NSEC_PER_MS, 11 * NSEC_PER_MS, 3 * NSEC_PER_MS, "1.38x slower\n"},
        /* too short for a bound */
        {30 * NSEC_PER_MS, 9 * NSEC_PER_MS, 8 * NSEC_PER_MS, "3.33x faster\n"},
        {5 * NSEC_PER_MS, 5 * NSEC_PER_MS, 4 * NSEC_PER_MS, "equally fast\n"},
        {40 * NSEC_PER_MS, 10 * NSEC_PER_MS, 10 * NSEC_PER_MS,
         "4.00x faster; the slowest site alone took 0.010000 seconds, so at most about 4.0x is "
         "possible\n"},
        {0, 0, 0, "Asynchronous example took 0.000000 seconds\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct race_totals totals = {cases[i].blocking, cases[i].reactor, cases[i].slowest};
        const char *line;
        FILE *to = begin();

        report_race_text(to, &totals);
        fclose(to);
        line = strchr(written, '\n') + 1; /* the line of the synchronous half */
        if (strcmp(line, cases[i].line) != 0)
            line = strchr(line, '\n') + 1;
        assert_string_equal(line, cases[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preview),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_fields_of_several_lists),
        cmocka_unit_test(test_check_fields),
        cmocka_unit_test(test_race),
        cmocka_unit_test(test_race_speedup),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

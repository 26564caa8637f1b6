/* Golden lines: results as JSON. */
#include "tests/support/report_lines.h"

static void test_json(void **state)
{
    struct site *site = site_of("https://u:secret@a.example/?\"q\"");
    struct result result = result_ok(site);

    (void)state;
    assert_string_equal(
        in_format(FORMAT_JSON, &result),
        "{\"schema\":\"firstbyte.fetch/1\",\"url\":\"https://a.example/?\\\"q\\\"\",\"status\":200,"
        "\"error\":null,\"snippet\":\"<!doctype \",\"body_bytes\":15,"
        "\"address\":\"127.0.0.1:41873\",\"protocol\":\"HTTP/1.1\","
        "\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"alpn\":null,"
        "\"resumed\":false,\"certificate\":null},\"elapsed_ms\":21.000," TIMINGS ","
        "\"final_url\":\"https://a.example/?\\\"q\\\"\",\"redirects\":[],\"attempts\":[],"
        "\"truncated\":false,\"content_type\":null,\"encoding\":null,\"charset\":null,"
        "\"proxy\":null,\"cert_warning\":null,\"stream\":null,\"connection\":null}\n");
    result.truncated = true;
    result.content_type = "text/html; charset=\"x\"";
    result.coding = "gzip, br";
    result.charset = "ISO-8859-1";
    result.proxy = "http://proxy.example:3128";
    result.url = "https://b.example/";
    assert_non_null(strstr(
        in_format(FORMAT_JSON, &result),
        "\"final_url\":\"https://b.example/\",\"redirects\":[],\"attempts\":[],"
        "\"truncated\":true,"
        "\"content_type\":\"text/html; charset=\\\"x\\\"\","
        "\"encoding\":\"gzip, br\",\"charset\":\"ISO-8859-1\","
        "\"proxy\":\"http://"
        "proxy.example:3128\",\"cert_warning\":null,\"stream\":null,\"connection\":null}\n"));
    result.address.length = 0;
    result.unix_socket = "/run/a \"b\"";
    assert_non_null(
        strstr(in_format(FORMAT_JSON, &result), "\"address\":\"unix:/run/a \\\"b\\\"\","));
    site_free(site);
}

static void test_json_of_a_failure(void **state)
{
    struct site *site = site_of("http://a.example/");
    struct result result = result_refused(site);

    (void)state;
    result.mode = "blocking";
    assert_string_equal(
        in_format(FORMAT_JSON, &result),
        "{\"schema\":\"firstbyte.fetch/1\",\"mode\":\"blocking\",\"url\":\"http://a.example/\","
        "\"status\":null,\"error\":{\"phase\":\"connect\",\"code\":\"connect.refused\","
        "\"message\":\"connection refused\"},\"snippet\":null,\"body_bytes\":0,\"address\":null,"
        "\"protocol\":null,\"tls\":null,\"elapsed_ms\":3.000,\"timings\":{\"blocked\":0.000,"
        "\"dns\":1.000,\"connect\":2.000,\"tls\":null,\"send\":null,\"wait\":null,"
        "\"receive\":null},\"final_url\":\"http://a.example/\",\"redirects\":[],\"attempts\":[],"
        "\"truncated\":false,\"content_type\":null,\"encoding\":null,\"charset\":null,"
        "\"proxy\":null,\"cert_warning\":null,\"stream\":null,\"connection\":null}\n");
    result.error = ERROR_TOTAL_TIMEOUT;
    result.phase = PHASE_TLS;
    assert_non_null(strstr(in_format(FORMAT_JSON, &result),
                           "{\"phase\":\"tls\",\"code\":\"timeout.total\","
                           "\"message\":\"timed out (tls)\"}"));
    result.error = ERROR_PROXY_DENIED;
    result.phase = PHASE_CONNECT;
    result.detail = "403";
    assert_non_null(strstr(in_format(FORMAT_JSON, &result),
                           "{\"phase\":\"proxy\",\"code\":\"proxy.denied\","
                           "\"message\":\"the proxy does not allow this site (403)\"}"));
    result.error = ERROR_INPUT; /* a line that is not a valid site */
    result.phase = PHASE_BLOCKED;
    result.url = NULL;
    assert_non_null(strstr(in_format(FORMAT_JSON, &result), ",\"final_url\":null,"));
    site_free(site);
}

static void test_json_of_legs(void **state)
{
    static char first[] = "http://a.example/", second[] = "http://a.example/\"next\"",
                detail[] = "Connection refused";
    struct leg legs[] = {
        {.url = first,
         .error = ERROR_CONNECT_REFUSED,
         .phase = PHASE_CONNECT,
         .detail = detail,
         .stamps = {.taken = MS, .start = MS, .dns = 2 * MS, .done = 4 * MS},
         .waited = 1500 * NSEC_PER_US},
        {.url = first,
         .redirect = true,
         .status = 301,
         .stamps =
             {.taken = MS, .start = MS, .send = 2 * MS, .first_byte = 3 * MS, .done = 5 * MS}},
        {.url = second,
         .redirect = true,
         .status = 302,
         .stamps = {.taken = MS, .start = MS, .send = MS, .first_byte = MS, .done = MS}},
    };
    struct site *site = site_of("http://a.example/");
    struct result result = result_ok(site);

    (void)state;
    address_parse(&legs[1].address, "::1", 80);
    result.legs = legs;
    result.leg_count = LENGTH(legs);
    assert_non_null(strstr(
        in_format(FORMAT_JSON, &result),
        ",\"redirects\":[{\"url\":\"http://a.example/\",\"status\":301,\"address\":\"[::1]:80\","
        "\"timings\":{\"blocked\":0.000,\"dns\":null,\"connect\":null,\"tls\":null,\"send\":1.000,"
        "\"wait\":1.000,\"receive\":2.000}},"
        "{\"url\":\"http://a.example/\\\"next\\\"\",\"status\":302,\"address\":null,"
        "\"timings\":{\"blocked\":0.000,\"dns\":null,\"connect\":null,\"tls\":null,\"send\":0.000,"
        "\"wait\":0.000,\"receive\":0.000}}],"
        "\"attempts\":[{\"url\":\"http://a.example/\",\"status\":null,"
        "\"error\":{\"phase\":\"connect\",\"code\":\"connect.refused\","
        "\"message\":\"connection refused\"},\"address\":null,"
        "\"timings\":{\"blocked\":0.000,\"dns\":1.000,\"connect\":2.000,\"tls\":null,\"send\":null,"
        "\"wait\":null,\"receive\":null},\"waited_ms\":1.500}],\"truncated\""));
    assert_string_equal(with_fields(FORMAT_CSV, "redirects,attempts", &result), "2,1\r\n");
    site_free(site);
}

static void test_json_of_a_certificate(void **state)
{
    struct tls_certificate certificate = certificate_of(13);
    struct site *site = site_of("https://a.example/");
    struct result result = result_ok(site);
    struct report_options options = options_of(FORMAT_JSON);

    (void)state;
    result.tls.certificate = &certificate;
    result.tls.resumed = true;
    strcpy(result.tls.alpn, "http/1.1");
    assert_non_null(
        strstr(line_of(&options, &result),
               "\"alpn\":\"http/1.1\",\"resumed\":true,\"certificate\":{"
               "\"subject\":\"CN=\\\"a\\\",O=\xc3\x84\",\"issuer\":\"CN=Authority\","
               "\"names\":[\"a.example\",\"*.a.example\"],\"not_before\":\"2000-02-28T23:59:59Z\","
               "\"not_after\":\"2026-11-08T07:33:20Z\",\"days_left\":13}},\"elapsed_ms\""));
    assert_non_null(
        strstr(written, "\"cert_warning\":null,\"stream\":null,\"connection\":null}\n"));
    options.values.cert_warn_days = 13;
    assert_non_null(strstr(line_of(&options, &result), "\"cert_warning\":false,"));
    options.values.cert_warn_days = 14;
    assert_non_null(strstr(line_of(&options, &result), "\"cert_warning\":true,"));
    certificate.not_after = NOW - 1;
    assert_non_null(strstr(line_of(&options, &result), "\"days_left\":-1}"));
    certificate.not_after = INT64_MAX; /* a year out of range */
    assert_non_null(strstr(line_of(&options, &result), "\"not_after\":null"));
    certificate.not_after = -62167219200; /* the year 0, the first of a GeneralizedTime */
    assert_non_null(strstr(line_of(&options, &result), "\"not_after\":\"0000-01-01T00:00:00Z\""));
    certificate.not_after = -30610224001;
    assert_non_null(strstr(line_of(&options, &result), "\"not_after\":\"0999-12-31T23:59:59Z\""));
    certificate.not_after = 253402300799;
    assert_non_null(strstr(line_of(&options, &result), "\"not_after\":\"9999-12-31T23:59:59Z\""));
    certificate.not_before = certificate.not_after = TLS_NO_TIME;
    assert_non_null(strstr(line_of(&options, &result),
                           "\"not_before\":null,\"not_after\":null,\"days_left\":null}"));
    assert_non_null(
        strstr(written, "\"cert_warning\":null,\"stream\":null,\"connection\":null}\n"));
    result.tls.certificate = NULL;
    assert_non_null(strstr(line_of(&options, &result),
                           "\"cert_warning\":null,\"stream\":null,\"connection\":null}\n"));
    site_free(site);
}

static void test_json_of_http2(void **state)
{
    struct site *site = site_of("https://a.example/");
    struct result result = result_ok(site);

    (void)state;
    result.stream = 2147483647;
    result.connection = 3;
    result.requests_before = 12;
    assert_non_null(strstr(in_format(FORMAT_JSON, &result), "\"protocol\":\"HTTP/2\","));
    assert_non_null(strstr(written, "\"stream\":2147483647,"
                                    "\"connection\":{\"number\":3,\"requests_before\":12}}\n"));
    site_free(site);
}

/* Untrusted text in every field that may have it. */
static void test_json_of_untrusted_text(void **state)
{
    static const char body[] = "\033[2J\xff\xc3\xa4\n\"\\";
    struct site *site = site_of("http://a.example/");
    struct result result = {.site = site,
                            .status = 500,
                            .major = 1,
                            .detail = "a \"detail\"\n",
                            .snippet = body,
                            .snippet_bytes = sizeof(body) - 1,
                            .body_bytes = 10,
                            .content_type = "\033]0;",
                            .coding = "\xff",
                            .url = "\xe2\x80\xae"};
    char detail[2 * FIELDS_MESSAGE_BYTES];

    (void)state;
    assert_non_null(strstr(in_format(FORMAT_JSON, &result),
                           "\"snippet\":\"\\u001b[2J\xef\xbf\xbd\xc3\xa4\\n\\\"\\\\\","
                           "\"body_bytes\":10,"));
    assert_non_null(strstr(written, "\"protocol\":\"HTTP/1.0\""));
    assert_non_null(
        strstr(written, "\"content_type\":\"\\u001b]0;\",\"encoding\":\"\xef\xbf\xbd\""));
    assert_non_null(strstr(written, "\"final_url\":\"\\u202e\""));
    result.error = ERROR_RECEIVE_FAILED;
    assert_non_null(strstr(in_format(FORMAT_JSON, &result),
                           "\"message\":\"receiving failed (a \\\"detail\\\"\\n)\""));
    memset(detail, '"', sizeof(detail)); /* truncated */
    detail[sizeof(detail) - 1] = '\0';
    result.detail = detail;
    in_format(FORMAT_JSON, &result);
    assert_true(written_bytes < 2 * FIELDS_MESSAGE_BYTES + 1024);
    assert_non_null(strstr(written, "\\\"\"},\"snippet\""));
    site_free(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),          cmocka_unit_test(test_json_of_a_failure),
        cmocka_unit_test(test_json_of_legs),  cmocka_unit_test(test_json_of_a_certificate),
        cmocka_unit_test(test_json_of_http2), cmocka_unit_test(test_json_of_untrusted_text),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

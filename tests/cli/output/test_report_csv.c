/* Golden lines: results as CSV. */
#include "tests/support/report_lines.h"

static void test_csv(void **state)
{
    static const char body[] = "=1,\"\r\n\t\033";
    struct site *site = site_of("http://a.example/?a,b");
    struct report_options options = options_of(FORMAT_CSV);
    struct result result = result_ok(site);

    (void)state;
    assert_string_equal(header_of(&options),
                        "url,status,error.code,error.message,snippet,elapsed_ms,body_bytes,address,"
                        "final_url,redirects,attempts,timings.blocked,timings.dns,timings.connect,"
                        "timings.tls,timings.send,timings.wait,timings.receive\r\n");
    result.snippet = body;
    result.snippet_bytes = sizeof(body) - 1;
    assert_string_equal(line_of(&options, &result),
                        "\"http://a.example/?a,b\",200,,,\"'=1,\"\"\\x0d\\x0a\\x09\\x1b\",21.000,"
                        "15,127.0.0.1:41873,\"http://a.example/?a,b\",0,0,"
                        "1.000,2.000,3.000,4.000,5.000,6.001,6.999\r\n");
    result = result_refused(site);
    options.race = true;
    result.mode = "reactor";
    options.color = true; /* has no effect in CSV */
    assert_string_equal(line_of(&options, &result),
                        "reactor,\"http://a.example/?a,b\",,connect.refused,\"connection refused\","
                        ",3.000,0,,\"http://a.example/?a,b\",0,0,0.000,1.000,2.000,,,,\r\n");
    assert_int_equal(strncmp(header_of(&options), "mode,url,", 9), 0);
    site_free(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

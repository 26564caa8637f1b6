/* Golden lines: results as text and in a table, with colours and without. */
#include "tests/support/report_lines.h"

static void test_text(void **state)
{
    struct site *site = site_of("https://www.python.org/");
    struct result result = result_ok(site);

    (void)state;
    assert_string_equal(in_format(FORMAT_TEXT, &result),
                        "https://www.python.org/       : <!doctype  in 0:00:00.021000s\n");
    result.status = 399;
    assert_string_equal(in_format(FORMAT_TEXT, &result),
                        "https://www.python.org/       : <!doctype  in 0:00:00.021000s\n");
    result.status = 400;
    assert_string_equal(
        in_format(FORMAT_TEXT, &result),
        "https://www.python.org/       : <!doctype  in 0:00:00.021000s (status 400)\n");
    result.status = 599;
    result.error = ERROR_TRUNCATED;
    assert_string_equal(
        in_format(FORMAT_TEXT, &result),
        "https://www.python.org/       : error: connection closed during response in "
        "0:00:00.027000s (status 599)\n");
    result.error = ERROR_NONE;
    result.status = 200;
    result.stamps.head = result.stamps.start + 798940 * NSEC_PER_US + 999;
    assert_string_equal(in_format(FORMAT_TEXT, &result),
                        "https://www.python.org/       : <!doctype  in 0:00:00.798940s\n");
    result.stamps.head = result.stamps.start + (11 * 3600 + 59 * 60 + 7) * NSEC_PER_S;
    assert_string_equal(in_format(FORMAT_TEXT, &result),
                        "https://www.python.org/       : <!doctype  in 11:59:07.000000s\n");
    result.snippet = NULL;
    result.snippet_bytes = 0;
    result.stamps.head = result.stamps.start;
    assert_string_equal(in_format(FORMAT_TEXT, &result),
                        "https://www.python.org/       :  in 0:00:00.000000s\n");
    site_free(site);
    site = site_of("https://a.example/0123456789012345678901234567890");
    result.site = site;
    assert_string_equal(in_format(FORMAT_TEXT, &result),
                        "https://a.example/012345678901:  in 0:00:00.000000s\n");
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
        {ERROR_TTFB_TIMEOUT, PHASE_WAIT, NULL, "no response in time"},
        {ERROR_MALFORMED, PHASE_RECEIVE, "Expected HTTP/",
         "malformed HTTP response (Expected HTTP/)"},
        {ERROR_MALFORMED, PHASE_RECEIVE, "\033[2J", "malformed HTTP response (\\x1b[2J)"},
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
        assert_string_equal(in_format(FORMAT_TEXT, &result), line);
    }
    site_free(site);
}

#define TEXT_LINE "https://a.example/            : <!doctype  in 0:00:00.021000s"

static void test_text_of_a_certificate(void **state)
{
    static const struct {
        int64_t days;
        unsigned warn_days;
        const char *warning;
    } cases[] = {
        {13, 0, ""},
        {13, 13, ""},
        {13, 14, " (certificate expires in 13 days)"},
        {1, 14, " (certificate expires in 1 day)"},
        {0, 14, " (certificate expires in 0 days)"},
        {-1, 14, " (certificate has expired)"},
    };
    struct site *site = site_of("https://a.example/");
    struct report_options options = options_of(FORMAT_TEXT);

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tls_certificate certificate = certificate_of(cases[i].days);
        struct result result = result_ok(site);
        char line[128];

        result.tls.certificate = &certificate;
        options.values.cert_warn_days = cases[i].warn_days;
        snprintf(line, sizeof(line), TEXT_LINE "%s\n", cases[i].warning);
        assert_string_equal(line_of(&options, &result), line);
    }
    site_free(site);
}

static void test_tcp(void **state)
{
    struct site *site = site_of("https://a.example/");
    struct result result = result_ok(site);
    struct report_options options = options_of(FORMAT_TEXT);

    (void)state;
    result.tcp = (struct tcp_facts){
        .known = true, .rtt_us = 123, .rttvar_us = 45, .retransmits = 2, .mss_bytes = 1448};
    assert_string_equal(line_of(&options, &result), TEXT_LINE "\n"); /* without --tcp-info */
    options.values.tcp_info = true;
    assert_string_equal(line_of(&options, &result),
                        TEXT_LINE " rtt 123 us/45.0 us retrans 2 mss 1448\n");
    options.format = FORMAT_JSON;
    assert_non_null(strstr(line_of(&options, &result),
                           ",\"tcp\":{\"rtt_us\":123,\"rttvar_us\":45,\"retransmits\":2,"
                           "\"mss_bytes\":1448}}\n"));
    result.tcp.known = false;
    assert_non_null(strstr(line_of(&options, &result), ",\"tcp\":null}\n"));
    options.values.tcp_info = false;
    assert_null(strstr(line_of(&options, &result), "tcp"));
    options.format = FORMAT_TEXT;
    options.values.tcp_info = true;
    assert_string_equal(line_of(&options, &result), TEXT_LINE "\n");
    site_free(site);
}

/* Redirects, attempts and truncated bodies do not change the line. */
static void test_text_of_legs(void **state)
{
    static char url[] = "http://a.example/";
    const struct leg legs[] = {{.url = url, .error = ERROR_CONNECT_REFUSED}};
    struct site *site = site_of("https://a.example/");
    struct result result = result_ok(site);

    (void)state;
    result.legs = legs;
    result.leg_count = 1;
    result.truncated = true;
    assert_string_equal(in_format(FORMAT_TEXT, &result), TEXT_LINE "\n");
    site_free(site);
}

static void test_table(void **state)
{
    struct site *site = site_of("http://a.example/");
    struct report_options options = options_of(FORMAT_TABLE);
    struct result result = result_ok(site);

    (void)state;
    assert_string_equal(header_of(&options),
                        "url                            status snippet    elapsed_ms  blocked"
                        "      dns  connect      tls     send     wait  receive\n");
    result.stamps.tls = 0;
    assert_string_equal(line_of(&options, &result),
                        "http://a.example/                 200 <!doctype      21.000    1.000"
                        "    2.000    3.000        -    9.000    6.001    6.999\n");
    result.snippet = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
                     "e\xcc\x81"; /* 7 columns */
    result.snippet_bytes = strlen(result.snippet);
    assert_non_null(strstr(line_of(&options, &result), " 200 \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
                                                       "e\xcc\x81        21.000 "));
    result = result_refused(site);
    assert_string_equal(line_of(&options, &result),
                        "http://a.example/                   - error: connection refused in 3.00 "
                        "ms\n");
    options.race = true;
    result.mode = "blocking";
    assert_int_equal(strncmp(line_of(&options, &result), "blocking http://a.example/ ", 27), 0);
    site_free(site);
}

/* The URL has the width that the other columns leave; the last fields are left out. */
static void test_table_on_terminals(void **state)
{
    static const struct {
        size_t terminal, url, preview;
        const char *last; /* field */
    } cases[] = {{0, 30, 10, "receive"},    {10, 10, 10, "url"},      {37, 30, 10, "status"},
                 {38, 20, 10, "snippet"},   {40, 22, 10, "snippet"},  {80, 24, 10, "connect"},
                 {111, 28, 10, "wait"},     {112, 20, 10, "receive"}, {113, 21, 10, "receive"},
                 {120, 28, 10, "receive"},  {172, 80, 10, "receive"}, {1000, 80, 10, "receive"},
                 {0, 30, 100, "receive"},   {40, 20, 100, "snippet"}, {80, 20, 100, "connect"},
                 {202, 20, 100, "receive"}, {203, 21, 100, "receive"}};
    struct report_options options = options_of(FORMAT_TABLE);

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *header, *last;

        options.terminal_columns = cases[i].terminal;
        options.values.preview = cases[i].preview;
        header = header_of(&options);
        last = strstr(header, cases[i].last);
        assert_non_null(last);
        assert_int_equal(strspn(last + strlen(cases[i].last), " \n"),
                         strlen(last + strlen(cases[i].last)));
        if (strchr(header, 's'))
            assert_int_equal(strcspn(header, "s") - strlen(" "), cases[i].url);
        if (cases[i].terminal)
            assert_in_range(strlen(header) - 1, 0, cases[i].terminal);
    }
}

/* Chosen fields are left out too, and two URLs share the width. */
static void test_chosen_fields_on_terminals(void **state)
{
    static const char *const fields[] = {"url,status,final_url,error.message"};
    struct report_options options = options_of(FORMAT_TABLE);

    (void)state;
    options.fields = (struct texts){.list = (const char **)fields, .count = 1};
    options.terminal_columns = 70;
    assert_string_equal(header_of(&options), "url                             status final_url"
                                             "                      \n");
    options.terminal_columns = 100;
    assert_string_equal(header_of(&options),
                        "url                       status final_url                 message"
                        "                                 \n");
}

/* A failure fits the rest of the row, as a sentence or a code. */
static void test_failures_on_terminals(void **state)
{
    static const struct {
        size_t terminal;
        const char *line;
    } cases[] = {
        {40, "http://a.example/           - connect.re\n"},
        {43, "http://a.example/              - connect.re\n"},
        {80, "http://a.example/             - error: connection refused in 3.00 ms\n"},
    };
    struct site *site = site_of("http://a.example/");
    struct report_options options = options_of(FORMAT_TABLE);
    struct result result = result_refused(site);

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        options.terminal_columns = cases[i].terminal;
        assert_string_equal(line_of(&options, &result), cases[i].line);
    }
    for (size_t columns = 38; columns < 100; columns++) {
        options.terminal_columns = columns;
        assert_in_range(strlen(line_of(&options, &result)) - 1, 0, columns);
    }
    site_free(site);
}

static void test_color(void **state)
{
    static const struct {
        unsigned status;
        const char *shade;
    } shades[] = {{200, GREEN}, {299, GREEN},  {301, CYAN},
                  {399, CYAN},  {404, YELLOW}, {500, YELLOW}};
    struct tls_certificate certificate = certificate_of(3);
    struct site *site = site_of("http://a.example/");
    struct report_options options = options_of(FORMAT_TEXT);
    struct result result = result_ok(site);
    char line[256];

    (void)state;
    options.color = true;
    for (size_t i = 0; i < LENGTH(shades); i++) {
        result.status = shades[i].status;
        options.format = FORMAT_TEXT;
        snprintf(line, sizeof(line),
                 "http://a.example/             : %s<!doctype " NONE DIM " in 0:00:00.021000s" NONE
                 "%s\n",
                 shades[i].shade,
                 shades[i].status == 404   ? YELLOW " (status 404)" NONE
                 : shades[i].status == 500 ? YELLOW " (status 500)" NONE
                                           : "");
        assert_string_equal(line_of(&options, &result), line);
        options.format = FORMAT_TABLE;
        snprintf(line, sizeof(line), " %s   %u" NONE " <!doctype  " DIM "    21.000" NONE " ",
                 shades[i].shade, shades[i].status);
        assert_non_null(strstr(line_of(&options, &result), line));
    }
    options.format = FORMAT_JSON;
    assert_null(strchr(line_of(&options, &result), '\033'));
    options.format = FORMAT_TEXT;
    options.values.cert_warn_days = 7;
    result.tls.certificate = &certificate;
    assert_non_null(
        strstr(line_of(&options, &result), YELLOW " (certificate expires in 3 days)" NONE "\n"));
    result = result_refused(site);
    assert_string_equal(line_of(&options, &result),
                        "http://a.example/             : " RED "error: connection refused" NONE DIM
                        " in 0:00:00.003000s" NONE "\n");
    options.format = FORMAT_TABLE;
    assert_non_null(strstr(line_of(&options, &result), RED "error: connection refused" NONE));
    site_free(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_failures),
        cmocka_unit_test(test_text_of_a_certificate),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_text_of_legs),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_on_terminals),
        cmocka_unit_test(test_chosen_fields_on_terminals),
        cmocka_unit_test(test_failures_on_terminals),
        cmocka_unit_test(test_color),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

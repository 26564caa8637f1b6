/* Golden lines: a result in each format, and the totals of a race. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/output/report.h"

#define MS  NSEC_PER_MS
#define DAY 86400
#define NOW 1793000000 /* 2026-10-26T07:33:20Z */

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"
#define DIM    "\033[2m"
#define NONE   "\033[0m"

#define TIMINGS                                                                                    \
    "\"timings\":{\"blocked\":1.000,\"dns\":2.000,\"connect\":3.000,\"tls\":4.000,\"send\":5.000," \
    "\"wait\":6.001,\"receive\":6.999}"

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

static struct report_options options_of(enum format format)
{
    return (struct report_options){.format = format, .values = {.preview = 10, .unix_time = NOW}};
}

static const char *line_of(const struct report_options *options, const struct result *result)
{
    struct report *report = report_new(options);
    FILE *to = begin();

    report_result(report, to, result);
    fclose(to);
    report_free(report);
    return written;
}

static const char *header_of(const struct report_options *options)
{
    struct report *report = report_new(options);
    FILE *to = begin();

    report_begin(report, to);
    fclose(to);
    report_free(report);
    return written;
}

static const char *in_format(enum format format, const struct result *result)
{
    struct report_options options = options_of(format);

    return line_of(&options, result);
}

static const char *with_fields(enum format format, const char *fields, const struct result *result)
{
    struct report_options options = options_of(format);

    options.fields = (struct texts){&fields, 1};
    return line_of(&options, result);
}

/* A whole answer over TLS: each phase took a millisecond more than the one before, and 1 us. */
static struct result answered(const struct site *site)
{
    struct result result = {
        .site = site,
        .url = site->url.shown,
        .status = 200,
        .major = 1,
        .minor = 1,
        .tls = {.version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384"},
        .snippet = "<!doctype html>",
        .snippet_bytes = 15,
        .body_bytes = 15,
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

    address_parse(&result.address, "127.0.0.1", 41873);
    return result;
}

static struct result refused(const struct site *site)
{
    return (struct result){.site = site,
                           .url = site->url.shown,
                           .error = ERROR_CONNECT_REFUSED,
                           .phase = PHASE_CONNECT,
                           .detail = "Connection refused",
                           .stamps = {.taken = MS, .start = MS, .dns = 2 * MS, .done = 4 * MS}};
}

static struct tls_certificate certificate_of(int64_t days)
{
    static char subject[] = "CN=\"a\",O=\xc3\x84", issuer[] = "CN=Authority";
    static char first[] = "a.example", second[] = "*.a.example", *names[] = {first, second};

    return (struct tls_certificate){.subject = subject,
                                    .issuer = issuer,
                                    .names = names,
                                    .name_count = LENGTH(names),
                                    .not_before = 951782399, /* before the 29th of February */
                                    .not_after = NOW + days * DAY};
}

static void test_text(void **state)
{
    struct site *site = site_of("https://www.python.org/");
    struct result result = answered(site);

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
    assert_string_equal(in_format(FORMAT_TEXT, &result),
                        "https://www.python.org/       : error: connection closed in mid-answer in "
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
        {ERROR_TTFB_TIMEOUT, PHASE_WAIT, NULL, "no answer in time"},
        {ERROR_MALFORMED, PHASE_RECEIVE, "Expected HTTP/",
         "malformed HTTP answer (Expected HTTP/)"},
        {ERROR_MALFORMED, PHASE_RECEIVE, "\033[2J", "malformed HTTP answer (\\x1b[2J)"},
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
        struct result result = answered(site);
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
    struct result result = answered(site);
    struct report_options options = options_of(FORMAT_TEXT);

    (void)state;
    result.tcp = (struct tcp_facts){
        .known = true, .rtt_us = 123, .rttvar_us = 45, .retransmits = 2, .mss_bytes = 1448};
    assert_string_equal(line_of(&options, &result), TEXT_LINE "\n"); /* not asked for */
    options.values.tcp_info = true;
    assert_string_equal(line_of(&options, &result),
                        TEXT_LINE " rtt 0.123/0.045ms retrans 2 mss 1448\n");
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

/* The line of text is never changed by redirects, attempts and bodies cut off. */
static void test_text_of_legs(void **state)
{
    static char url[] = "http://a.example/";
    const struct leg legs[] = {{.url = url, .error = ERROR_CONNECT_REFUSED}};
    struct site *site = site_of("https://a.example/");
    struct result result = answered(site);

    (void)state;
    result.legs = legs;
    result.leg_count = 1;
    result.truncated = true;
    assert_string_equal(in_format(FORMAT_TEXT, &result), TEXT_LINE "\n");
    site_free(site);
}

static void test_json(void **state)
{
    struct site *site = site_of("https://u:secret@a.example/?\"q\"");
    struct result result = answered(site);

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
        "\"proxy\":null,\"cert_warning\":null}\n");
    result.truncated = true;
    result.content_type = "text/html; charset=\"x\"";
    result.coding = "gzip, br";
    result.charset = "ISO-8859-1";
    result.proxy = "http://proxy.example:3128";
    result.url = "https://b.example/";
    assert_non_null(strstr(in_format(FORMAT_JSON, &result),
                           "\"final_url\":\"https://b.example/\",\"redirects\":[],\"attempts\":[],"
                           "\"truncated\":true,"
                           "\"content_type\":\"text/html; charset=\\\"x\\\"\","
                           "\"encoding\":\"gzip, br\",\"charset\":\"ISO-8859-1\","
                           "\"proxy\":\"http://proxy.example:3128\",\"cert_warning\":null}\n"));
    result.address.length = 0;
    result.unix_socket = "/run/a \"b\"";
    assert_non_null(
        strstr(in_format(FORMAT_JSON, &result), "\"address\":\"unix:/run/a \\\"b\\\"\","));
    site_free(site);
}

static void test_json_of_a_failure(void **state)
{
    struct site *site = site_of("http://a.example/");
    struct result result = refused(site);

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
        "\"proxy\":null,\"cert_warning\":null}\n");
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
    result.error = ERROR_INPUT; /* a line that is no site */
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
    struct result result = answered(site);

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
    struct result result = answered(site);
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
    assert_non_null(strstr(written, "\"cert_warning\":null}\n"));
    options.values.cert_warn_days = 13;
    assert_non_null(strstr(line_of(&options, &result), "\"cert_warning\":false}\n"));
    options.values.cert_warn_days = 14;
    assert_non_null(strstr(line_of(&options, &result), "\"cert_warning\":true}\n"));
    certificate.not_after = NOW - 1;
    assert_non_null(strstr(line_of(&options, &result), "\"days_left\":-1}"));
    certificate.not_after = INT64_MAX; /* a year that the calendar does not reach */
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
    assert_non_null(strstr(written, "\"cert_warning\":null}\n"));
    result.tls.certificate = NULL;
    assert_non_null(strstr(line_of(&options, &result), "\"cert_warning\":null}\n"));
    site_free(site);
}

/* What a stranger sent, in every field that may hold it. */
static void test_json_of_strangers(void **state)
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
    memset(detail, '"', sizeof(detail)); /* cut */
    detail[sizeof(detail) - 1] = '\0';
    result.detail = detail;
    in_format(FORMAT_JSON, &result);
    assert_true(written_bytes < 2 * FIELDS_MESSAGE_BYTES + 1024);
    assert_non_null(strstr(written, "\\\"\"},\"snippet\""));
    site_free(site);
}

static void test_preview(void **state)
{
    struct site *site = site_of("https://a.example/");
    struct result result = answered(site);
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
    struct result result = answered(site);

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

/* As --fields may be given twice. */
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
        int unknown; /* where it begins; -1: all are known */
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

static void test_csv(void **state)
{
    static const char body[] = "=1,\"\r\n\t\033";
    struct site *site = site_of("http://a.example/?a,b");
    struct report_options options = options_of(FORMAT_CSV);
    struct result result = answered(site);

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
    result = refused(site);
    options.race = true;
    result.mode = "reactor";
    options.color = true; /* never here */
    assert_string_equal(line_of(&options, &result),
                        "reactor,\"http://a.example/?a,b\",,connect.refused,\"connection refused\","
                        ",3.000,0,,\"http://a.example/?a,b\",0,0,0.000,1.000,2.000,,,,\r\n");
    assert_int_equal(strncmp(header_of(&options), "mode,url,", 9), 0);
    site_free(site);
}

static void test_table(void **state)
{
    struct site *site = site_of("http://a.example/");
    struct report_options options = options_of(FORMAT_TABLE);
    struct result result = answered(site);

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
    result = refused(site);
    assert_string_equal(line_of(&options, &result),
                        "http://a.example/                   - error: connection refused in 3.000 "
                        "ms\n");
    options.race = true;
    result.mode = "blocking";
    assert_int_equal(strncmp(line_of(&options, &result), "blocking http://a.example/ ", 27), 0);
    site_free(site);
}

/* The URL takes what the other columns leave. */
static void test_table_on_terminals(void **state)
{
    static const struct {
        size_t terminal, url;
    } cases[] = {{0, 30}, {80, 20}, {112, 20}, {113, 21}, {130, 38}, {172, 80}, {1000, 80}};
    struct report_options options = options_of(FORMAT_TABLE);

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        options.terminal_columns = cases[i].terminal;
        assert_int_equal(strcspn(header_of(&options), "s") - strlen(" "), cases[i].url);
    }
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
    struct result result = answered(site);
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
    result = refused(site);
    assert_string_equal(line_of(&options, &result),
                        "http://a.example/             : " RED "error: connection refused" NONE DIM
                        " in 0:00:00.003000s" NONE "\n");
    options.format = FORMAT_TABLE;
    assert_non_null(strstr(line_of(&options, &result), RED "error: connection refused" NONE));
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
        cmocka_unit_test(test_text_of_a_certificate),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_text_of_legs),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_of_a_failure),
        cmocka_unit_test(test_json_of_legs),
        cmocka_unit_test(test_json_of_a_certificate),
        cmocka_unit_test(test_json_of_strangers),
        cmocka_unit_test(test_preview),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_fields_of_several_lists),
        cmocka_unit_test(test_check_fields),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_on_terminals),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_race),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

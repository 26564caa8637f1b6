/* Constructed results, and their lines in a format; for the tests of cli/output/report*.c. */
#ifndef TESTS_SUPPORT_REPORT_LINES_H
#define TESTS_SUPPORT_REPORT_LINES_H

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

static inline FILE *begin(void)
{
    free(written);
    written = NULL;
    return open_memstream(&written, &written_bytes);
}

static inline struct site *site_of(const char *url)
{
    struct site *site = site_new();

    assert_null(url_parse(&site->url, url, strlen(url)));
    return site;
}

static inline struct report_options options_of(enum format format)
{
    return (struct report_options){.format = format, .values = {.preview = 10, .unix_time = NOW}};
}

static inline const char *line_of(const struct report_options *options, const struct result *result)
{
    struct report *report = report_new(options);
    FILE *to = begin();

    report_result(report, to, result);
    fclose(to);
    report_free(report);
    return written;
}

static inline const char *header_of(const struct report_options *options)
{
    struct report *report = report_new(options);
    FILE *to = begin();

    report_begin(report, to);
    fclose(to);
    report_free(report);
    return written;
}

static inline const char *in_format(enum format format, const struct result *result)
{
    struct report_options options = options_of(format);

    return line_of(&options, result);
}

static inline const char *with_fields(enum format format, const char *fields,
                                      const struct result *result)
{
    struct report_options options = options_of(format);

    options.fields = (struct texts){&fields, 1};
    return line_of(&options, result);
}

/* A complete response over TLS; each phase took about 1 ms longer than the previous one. */
static inline struct result result_ok(const struct site *site)
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

static inline struct result result_refused(const struct site *site)
{
    return (struct result){.site = site,
                           .url = site->url.shown,
                           .error = ERROR_CONNECT_REFUSED,
                           .phase = PHASE_CONNECT,
                           .detail = "Connection refused",
                           .stamps = {.taken = MS, .start = MS, .dns = 2 * MS, .done = 4 * MS}};
}

static inline struct tls_certificate certificate_of(int64_t days)
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

static inline int end(void **state)
{
    (void)state;
    free(written);
    return 0;
}

#endif

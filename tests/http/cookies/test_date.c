/* Valid and invalid dates of both parsers. The seconds are from GNU date -u -d. */
#include "tests/support/unit.h"

#include "http/cookies/date.h"

#define NOW INT64_C(1700000000) /* Tue, 14 Nov 2023 22:13:20 GMT */

static const struct {
    const char *text;
    int64_t unix_time;
} http_dates[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"Wed Nov 16 08:49:37 1994", 784975777},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
    {"Tue, 14 Nov 2023 22:13:20 GMT", NOW},
    {"Tue, 19 Jan 2038 03:14:08 GMT", INT64_C(2147483648)},
    {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
    {"Sat, 29 Feb 2020 00:00:00 GMT", 1582934400},
    {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
    {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},  /* the wrong day of the week */
    /* two digits: at most 50 years after 2023 */
    {"Friday, 15-Nov-24 00:00:00 GMT", 1731628800},
    {"Sunday, 15-Nov-73 00:00:00 GMT", INT64_C(3277929600)},
    {"Friday, 15-Nov-74 00:00:00 GMT", 153705600},
    {"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
};

static const char *const no_http_dates[] = {
    "",
    "120",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "sun, 06 Nov 1994 08:49:37 GMT",
    "Son, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06 Nov 1994 8:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 29 Feb 2023 08:49:37 GMT",
    "Sun, 99 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov  16 08:49:37 1994",
    "Sun Nov 06 08:49:37 1994 GMT",
    "1994-11-06T08:49:37Z",
};

static void http_dates_are_strict(void **state)
{
    int64_t moment = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH(http_dates); i++) {
        const char *text = http_dates[i].text;

        if (!date_http(text, strlen(text), NOW, &moment) || moment != http_dates[i].unix_time)
            fail_msg("\"%s\": %lld", text, (long long)moment);
        for (size_t cut = 0; cut < strlen(text); cut++)
            assert_false(date_http(text, cut, NOW, &moment));
    }
    for (size_t i = 0; i < LENGTH(no_http_dates); i++)
        if (date_http(no_http_dates[i], strlen(no_http_dates[i]), NOW, &moment))
            fail_msg("\"%s\": %lld", no_http_dates[i], (long long)moment);
}

/* With a clock that is far from the present, a year of two digits has the same meaning. */
static void two_digits_with_any_clock(void **state)
{
    static const char text[] = "Sunday, 06-Nov-94 08:49:37 GMT";
    static const int64_t nows[] = {INT64_MIN, -INT64_C(3000000000), 0, INT64_MAX};
    int64_t moment = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH(nows); i++) {
        assert_true(date_http(text, strlen(text), nows[i], &moment));
        assert_int_equal(moment, 784111777);
    }
}

static const struct {
    const char *text;
    int64_t unix_time;
} cookie_dates[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"6 November 1994 8:49:37", 784111777},
    {"1994 08:49:37 NOV 6", 784111777},
    {"08:49:37 6 nov94 94", 784111777},
    {"6th NOVember, 94 CE @ 08:49:37.5", 784111777},
    {"8:49:37x 6x novx 1994x", 784111777},
    {"Sun, 06 Nov 1994 08:49:37 -0800 (PST)", 784111777}, /* time zones are ignored */
    {"01-Jan-70 00:00:00", 0},
    {"01-Jan-69 00:00:00", INT64_C(3124224000)},
    {"01-Jan-1601 00:00:00", -INT64_C(11644473600)},
    {"29-Feb-2020 00:00:00", 1582934400},
    {"12 13:14:15 May 16 2017", 1463058855}, /* 16 is the year, because the day is known */
};

static const char *const no_cookie_dates[] = {
    "",
    "; ,",
    "tomorrow",
    "0",
    "06 Nov 1994",
    "08:49:37 Nov 1994",
    "08:49:37 06 1994",
    "08:49:37 06 Nov",
    "08:49 06 Nov 1994",
    "008:49:37 06 Nov 1994",
    "08:49:370 06 Nov 1994",
    "08:49:37 00006 Nov 1",
    "08:49:37 06 No 1994",
    "08:49:37 06 Nov 19940",
    "08:49:37 06 Nov 1600",
    "08:49:37 06 Nov 100",
    "24:00:00 06 Nov 1994",
    "08:60:00 06 Nov 1994",
    "08:49:60 06 Nov 1994",
    "08:49:37 00 Nov 1994",
    "08:49:37 31 Nov 1994",
    "08:49:37 32 Dec 1994",
    "08:49:37 29 Feb 1900",
};

static void cookie_dates_are_lenient(void **state)
{
    int64_t moment = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH(cookie_dates); i++) {
        const char *text = cookie_dates[i].text;

        if (!date_cookie(text, strlen(text), &moment) || moment != cookie_dates[i].unix_time)
            fail_msg("\"%s\": %lld", text, (long long)moment);
    }
    for (size_t i = 0; i < LENGTH(no_cookie_dates); i++)
        if (date_cookie(no_cookie_dates[i], strlen(no_cookie_dates[i]), &moment))
            fail_msg("\"%s\": %lld", no_cookie_dates[i], (long long)moment);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_dates_are_strict),
        cmocka_unit_test(two_digits_with_any_clock),
        cmocka_unit_test(cookie_dates_are_lenient),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}

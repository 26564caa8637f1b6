/*
 * Retry-After and the dates of cookies. Parsed values are in range, and a parsed time that is
 * written in each form, with the calendar of the C library, is parsed as the same time.
 */
#include "tests/fuzz/fuzz.h"

#include <time.h>

#include "http/cookies/date.h"
#include "http/retry.h"

#define NOW        INT64_C(1700000000)
#define FIRST_YEAR 1601
#define LAST_YEAR  9999

/* IMF-fixdate, asctime, RFC 850 */
static size_t write_form(char *text, size_t room, int form, const struct tm *tm)
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *day = days[tm->tm_wday], *month = months + 3 * (ptrdiff_t)tm->tm_mon;
    int year = tm->tm_year + 1900, length;
    char clock[32];

    snprintf(clock, sizeof(clock), "%02d:%02d:%02d", tm->tm_hour, tm->tm_min, tm->tm_sec);
    if (form == 0)
        length = snprintf(text, room, "%.3s, %02d %.3s %04d %s GMT", day, tm->tm_mday, month, year,
                          clock);
    else if (form == 1)
        length =
            snprintf(text, room, "%.3s %.3s %2d %s %04d", day, month, tm->tm_mday, clock, year);
    else
        length = snprintf(text, room, "%s, %02d-%.3s-%02d %s GMT", day, tm->tm_mday, month,
                          year % 100, clock);
    MUST(length > 0 && (size_t)length < room);
    return (size_t)length;
}

static void check_written(int64_t moment)
{
    time_t from = (time_t)moment;
    struct tm tm;

    MUST(gmtime_r(&from, &tm));
    if (tm.tm_year < FIRST_YEAR - 1900 || tm.tm_year > LAST_YEAR - 1900)
        return; /* the last leap second is in the year after LAST_YEAR */
    for (int form = 0; form < 3; form++) {
        char text[64];
        size_t length = write_form(text, sizeof(text), form, &tm);
        int64_t http, cookie;

        if (form == 2 && (tm.tm_year < 1974 - 1900 || tm.tm_year > 2069 - 1900))
            continue; /* two digits would be another century */
        MUST(date_http(text, length, NOW, &http) && http == moment);
        MUST(date_cookie(text, length, &cookie) && cookie == moment);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_get(size); /* without a NUL, for the sanitizer */
    nsec wait = NSEC_NEVER;
    int64_t moment = 0, other = 0;
    bool is_date, is_wait;

    if (size)
        memcpy(text, data, size);
    is_date = date_http(text, size, NOW, &moment);
    is_wait = retry_after_parse(text, size, NOW, &wait);
    MUST(is_wait == (wait != NSEC_NEVER) && (!is_wait || wait <= RETRY_MAX_WAIT));
    MUST(!is_date || is_wait);
    MUST(!is_date || moment > NOW || wait == 0);
    if (is_date)
        check_written(moment);
    if (date_cookie(text, size, &other))
        check_written(other);
    free(text);
    return 0;
}

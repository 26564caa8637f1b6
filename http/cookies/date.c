/*
 * Two parsers over one calendar. strptime would parse the three forms of HTTP-date, but with the
 * words of the locale. One lenient parser for both would accept invalid dates in Retry-After.
 */
#include "http/cookies/date.h"

#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/span.h"

#define FIRST_YEAR 1601 /* of a cookie's date */
#define AHEAD      50   /* maximum years from now for a year of two digits */

static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char days[][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                "Thursday", "Friday", "Saturday"};

/* The parts of a date; -1: not known yet. */
struct date_parts {
    int year, month, day, hour, minute, second; /* January is 0 */
};

/* False: not a valid day or time of day. A leap second is the second 60. */
static bool to_unix(const struct date_parts *parts, int max_second, int64_t *unix_time)
{
    struct tm tm = {
        .tm_year = parts->year - 1900,
        .tm_mon = parts->month,
        .tm_mday = parts->day,
        .tm_hour = parts->hour,
        .tm_min = parts->minute,
    };

    if (parts->day < 1 || parts->hour > 23 || parts->minute > 59 || parts->second > max_second)
        return false;
    *unix_time = timegm(&tm) + parts->second;
    return tm.tm_mday == parts->day; /* 31 April would have become 1 May */
}

/* Reads `least` to `max` digits; the text after them is not checked. */
static bool take_number(struct span *rest, int least, int max, int *number)
{
    int count = 0, sum = 0;

    for (; rest->at < rest->end && count < max && is_digit(*rest->at); count++)
        sum = 10 * sum + (*rest->at++ - '0');
    *number = sum;
    return count >= least;
}

static bool take_text(struct span *rest, const char *text, size_t length)
{
    if (span_bytes(*rest) < length || memcmp(rest->at, text, length) != 0)
        return false;
    rest->at += length;
    return true;
}

static bool take_month(struct span *rest, int *month)
{
    for (*month = 0; *month < 12; ++*month)
        if (take_text(rest, months[*month], 3))
            return true;
    return false;
}

/* Reads the name of a day, or its first letters (`length` 3). */
static bool take_day_name(struct span *rest, size_t length)
{
    for (int i = 0; i < 7; i++)
        if (take_text(rest, days[i], length ? length : strlen(days[i])))
            return true;
    return false;
}

/* "08:49:37", each of `least` to two digits */
static bool take_time(struct span *rest, int least, struct date_parts *parts)
{
    return take_number(rest, least, 2, &parts->hour) && take_text(rest, ":", 1) &&
           take_number(rest, least, 2, &parts->minute) && take_text(rest, ":", 1) &&
           take_number(rest, least, 2, &parts->second);
}

/* Reads one conversion of a form, named as in strftime. */
static bool take_conversion(struct span *rest, char conversion, struct date_parts *parts)
{
    switch (conversion) {
    case 'a': return take_day_name(rest, 3);
    case 'A': return take_day_name(rest, 0);
    case 'b': return take_month(rest, &parts->month);
    case 'd': return take_number(rest, 2, 2, &parts->day);
    case 'e':
        return take_text(rest, " ", 1) ? take_number(rest, 1, 1, &parts->day)
                                       : take_number(rest, 2, 2, &parts->day);
    case 'T': return take_time(rest, 2, parts);
    case 'y': return take_number(rest, 2, 2, &parts->year);
    default: return take_number(rest, 4, 4, &parts->year);
    }
}

static bool take_form(struct span rest, const char *form, struct date_parts *parts)
{
    for (; *form; form++)
        if (*form == '%' ? !take_conversion(&rest, *++form, parts) : !take_text(&rest, form, 1))
            return false;
    return rest.at == rest.end;
}

/* The year of two digits that ends in `year` and is at most AHEAD years ahead. */
static int full_year(int year, int64_t now_unix)
{
    time_t now = (time_t)now_unix;
    struct tm tm;
    int latest;

    if (!gmtime_r(&now, &tm) || tm.tm_year < 0 || tm.tm_year > 9999 - 1900)
        return 1900 + year;
    latest = tm.tm_year + 1900 + AHEAD;
    return latest - ((latest - year) % 100);
}

bool date_http(const char *text, size_t length, int64_t now_unix, int64_t *unix_time)
{
    const struct span rest = span_of(text, length);
    struct date_parts parts;

    if (take_form(rest, "%a, %d %b %Y %T GMT", &parts) || /* Sun, 06 Nov 1994 08:49:37 GMT */
        take_form(rest, "%a %b %e %T %Y", &parts))        /* Sun Nov  6 08:49:37 1994 */
        return to_unix(&parts, 60, unix_time);
    if (!take_form(rest, "%A, %d-%b-%y %T GMT", &parts)) /* Sunday, 06-Nov-94 08:49:37 GMT */
        return false;
    parts.year = full_year(parts.year, now_unix);
    return to_unix(&parts, 60, unix_time);
}

/* Separators in a cookie's date. */
static bool is_delimiter(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte == '\t' || (byte >= 0x20 && byte <= 0x2f) || (byte >= 0x3b && byte <= 0x40) ||
           (byte >= 0x5b && byte <= 0x60) || (byte >= 0x7b && byte <= 0x7e);
}

/* Reads the number at the start of a word; a number with more than `max` digits is refused. */
static bool word_number(struct span word, int least, int max, int *number)
{
    return take_number(&word, least, max, number) && (word.at == word.end || !is_digit(*word.at));
}

static bool word_time(struct span word, struct date_parts *parts)
{
    struct date_parts read;

    if (!take_time(&word, 1, &read) || (word.at < word.end && is_digit(*word.at)))
        return false;
    parts->hour = read.hour;
    parts->minute = read.minute;
    parts->second = read.second;
    return true;
}

static bool word_month(struct span word, int *month)
{
    for (*month = 0; *month < 12; ++*month)
        if (span_starts(word, months[*month]))
            return true;
    return false;
}

/* A word is the first of time, day, month and year that it can be and that is still unknown. */
static void take_word(struct span word, struct date_parts *parts)
{
    int number;

    if (parts->hour < 0 && word_time(word, parts))
        return;
    if (parts->day < 0 && word_number(word, 1, 2, &number))
        parts->day = number;
    else if (parts->month < 0 && word_month(word, &number))
        parts->month = number;
    else if (parts->year < 0 && word_number(word, 2, 4, &number))
        parts->year = number + (number < 70 ? 2000 : number < 100 ? 1900 : 0);
}

bool date_cookie(const char *text, size_t length, int64_t *unix_time)
{
    struct span word, all = span_of(text, length);
    struct date_parts parts = {-1, -1, -1, -1, -1, -1};

    while (all.at < all.end) {
        while (all.at < all.end && is_delimiter(*all.at))
            all.at++;
        word.at = all.at;
        while (all.at < all.end && !is_delimiter(*all.at))
            all.at++;
        word.end = all.at;
        take_word(word, &parts);
    }
    return parts.year >= FIRST_YEAR && parts.month >= 0 && parts.day >= 0 && parts.hour >= 0 &&
           to_unix(&parts, 59, unix_time);
}

/* Values as text that is the same in every format: numbers, words and dates. */
#include <string.h>
#include <time.h>

#include "cli/output/report_format.h"

char *report_digits(char *end, uint64_t number, int digits)
{
    for (; number || digits > 0; digits--, number /= 10)
        *--end = (char)('0' + number % 10);
    return end;
}

/* RFC 3339 requires at least four digits in a year, which strftime does not ensure. */
static void spell_date(struct spelled *spelled, int64_t unix_time)
{
    time_t seconds = unix_time;
    struct tm parts;

    spelled->length = 0;
    if (gmtime_r(&seconds, &parts))
        spelled->length = (size_t)snprintf(spelled->room, sizeof(spelled->room), "%04lld",
                                           parts.tm_year + 1900LL);
    if (spelled->length)
        spelled->length +=
            strftime(spelled->room + spelled->length, sizeof(spelled->room) - spelled->length,
                     "-%m-%dT%H:%M:%SZ", &parts);
    spelled->at = spelled->length ? spelled->room : NULL;
}

static void spell_number(struct spelled *spelled, const struct value *value)
{
    char *end = spelled->room + sizeof(spelled->room), *at;
    bool negative = value->number < 0;
    uint64_t number = negative ? -(uint64_t)value->number : (uint64_t)value->number;

    if (value->kind == VALUE_SPAN) {
        at = report_digits(end, number / NSEC_PER_US % 1000, 3);
        *--at = '.';
        at = report_digits(at, number / NSEC_PER_MS, 1);
    } else {
        at = report_digits(end, number, 1);
    }
    if (negative)
        *--at = '-';
    spelled->at = at;
    spelled->length = (size_t)(end - at);
}

void report_spell(struct spelled *spelled, const struct value *value)
{
    switch (value->kind) {
    case VALUE_ABSENT:
    case VALUE_NULL:
    case VALUE_TEXT:
    case VALUE_OBJECT: spelled->at = NULL; return;
    case VALUE_DATE: spell_date(spelled, value->number); return;
    case VALUE_WORD: spelled->at = value->text; break;
    case VALUE_TRUTH: spelled->at = value->number ? "true" : "false"; break;
    case VALUE_NUMBER:
    case VALUE_STATUS:
    case VALUE_SPAN:
    case VALUE_NAMES:
    case VALUE_REDIRECTS:
    case VALUE_ATTEMPTS: spell_number(spelled, value); return;
    }
    spelled->length = strlen(spelled->at);
}

/* Durations and numbers against the same sums in floating point and by strtoul. The input is one
   text, given to both. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

#include "base/parse.h"

#define UNTOUCHED  0xdecaf /* what is not a number leaves what was there */
#define MAX_HOURS  1000.0L
#define ROUNDED_NS 32.0L /* digits too small to count are cut off, one by one */

/* The nanoseconds of a decimal number and a unit, below 0 where the text is none. */
static long double spelled_out(const char *text)
{
    size_t whole = strspn(text, "0123456789"), length = whole;
    const char *unit;
    char *end;
    long double value;

    if (text[length] == '.')
        length += 1 + strspn(text + length + 1, "0123456789");
    if (!whole && length < 2)
        return -1;
    unit = text + length;
    value = strtold(text, &end);
    if (end != unit)
        return -1;
    if (!strcmp(unit, "us"))
        return value * 1e3L;
    if (!strcmp(unit, "ms"))
        return value * 1e6L;
    if (!strcmp(unit, "s"))
        return value * 1e9L;
    if (!strcmp(unit, "m"))
        return value * 60e9L;
    return !strcmp(unit, "h") ? value * 3600e9L : -1;
}

static void check_duration(const char *text)
{
    long double wanted = spelled_out(text), max = MAX_HOURS * 3600e9L;
    nsec duration = UNTOUCHED;
    bool taken = duration_parse(text, &duration);

    if (wanted < 0 || wanted > max + ROUNDED_NS)
        MUST(!taken);
    else if (wanted <= max)
        MUST(taken);
    if (!taken) {
        MUST(duration == UNTOUCHED);
    } else {
        MUST(duration <= (nsec)max);
        MUST(fabsl((long double)duration - wanted) <= ROUNDED_NS);
    }
}

static void check_number(const char *text, unsigned long low, unsigned long high)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long number = UNTOUCHED, wanted;
    bool taken = number_parse(text, low, high, &number);

    errno = 0;
    wanted = strtoul(text, NULL, 10);
    MUST(taken == (digits && !text[digits] && !errno && wanted >= low && wanted <= high));
    MUST(number == (taken ? wanted : UNTOUCHED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part input = {data, size};
    char *text = part_text(&input);

    check_duration(text);
    check_number(text, 0, 0);
    check_number(text, 1, 10);
    check_number(text, 200, 999);
    check_number(text, 0, ULONG_MAX / 10);
    check_number(text, 1, ULONG_MAX);
    free(text);
    return 0;
}

/* Durations and numbers, compared with floating point numbers and strtoul. The input is the
   text. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

#include "base/parse.h"

#define UNTOUCHED  0xdecaf /* the value stays if parsing fails */
#define MAX_HOURS  1000.0L
#define ROUNDED_NS 32.0L /* small digits are truncated one by one */

/* The nanoseconds of a decimal number with a unit; below 0: invalid. */
static long double reference(const char *text)
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
    long double wanted = reference(text), max = MAX_HOURS * 3600e9L;
    nsec duration = UNTOUCHED;
    bool valid = duration_parse(text, &duration);

    if (wanted < 0 || wanted > max + ROUNDED_NS)
        MUST(!valid);
    else if (wanted <= max)
        MUST(valid);
    if (!valid) {
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
    bool valid = number_parse(text, low, high, &number);

    errno = 0;
    wanted = strtoul(text, NULL, 10);
    MUST(valid == (digits && !text[digits] && !errno && wanted >= low && wanted <= high));
    MUST(number == (valid ? wanted : UNTOUCHED));
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

/* Digits are read by hand: strtod accepts "inf", "0x1p3" and the decimal comma of the locale. */
#include "base/parse.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

#define MAX (1000 * 3600 * NSEC_PER_S)

static nsec unit_of(const char *unit)
{
    static const struct {
        const char *name;
        nsec span;
    } units[] = {
        {"us", NSEC_PER_US},    {"ms", NSEC_PER_MS},      {"s", NSEC_PER_S},
        {"m", 60 * NSEC_PER_S}, {"h", 3600 * NSEC_PER_S},
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (!strcmp(units[i].name, unit))
            return units[i].span;
    return 0;
}

bool duration_parse(const char *text, nsec *duration)
{
    const char *unit = text + strspn(text, "0123456789.");
    nsec span = unit_of(unit), whole = 0, part = 0;
    bool any = false;

    if (!span)
        return false;
    for (; is_digit(*text); text++, any = true) {
        whole = whole * 10 + (nsec)(*text - '0') * span;
        if (whole > MAX)
            return false;
    }
    if (*text == '.') {
        for (text++; is_digit(*text); text++, any = true) {
            span /= 10;
            part += (nsec)(*text - '0') * span;
        }
    }
    if (!any || text != unit || whole + part > MAX)
        return false;
    *duration = whole + part;
    return true;
}

bool number_parse(const char *text, unsigned long low, unsigned long high, unsigned long *number)
{
    unsigned long value = 0;

    if (!*text)
        return false;
    for (; is_digit(*text); text++) {
        unsigned long digit = (unsigned long)(*text - '0');

        if (digit > high || value > (high - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (*text || value < low)
        return false;
    *number = value;
    return true;
}

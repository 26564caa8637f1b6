/* Durations and numbers as people write them. */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>

#include "base/clock.h"

/* "798940us", "2.5s", "3m": a decimal number and one of us, ms, s, m, h. False where it is none, or
   over 1000 hours; *duration is left as it was then. */
bool duration_parse(const char *text, nsec *duration);

/* A whole number from `low` to `high`, nothing after it; *number likewise. */
bool number_parse(const char *text, unsigned long low, unsigned long high, unsigned long *number);

#endif

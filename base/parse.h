/* Parsing of durations and numbers that a person wrote. */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>

#include "base/clock.h"

/* Parses a decimal number and a unit (us, ms, s, m or h): "798940us", "2.5s", "3m". Returns false
   and leaves *duration unchanged if the text is not a duration or the time is over 1000 hours. */
bool duration_parse(const char *text, nsec *duration);

/* Parses a whole number from `low` to `high`. Returns false and leaves *number unchanged if the
   text is anything else. */
bool number_parse(const char *text, unsigned long low, unsigned long high, unsigned long *number);

#endif

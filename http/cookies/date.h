/*
 * Dates in fields, as seconds since 1970 in UTC: HTTP-date (RFC 9110, section 5.6.7), which is
 * parsed strictly, and the date of a cookie (RFC 6265, section 5.1.1), which is parsed leniently.
 * Neither depends on the locale or the time zone.
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses one of the three forms of HTTP-date, with nothing around it. A year of two digits is at
   most 50 years after `now_unix`. The name of the day must exist, but need not match the date.
   False: none of the forms, or not a valid date. */
bool date_http(const char *text, size_t length, int64_t now_unix, int64_t *unix_time);

/* Parses the Expires attribute of a cookie. False: not a date. */
bool date_cookie(const char *text, size_t length, int64_t *unix_time);

#endif

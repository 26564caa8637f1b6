/*
 * Dates in fields, as seconds since 1970 in UTC: HTTP-date (RFC 9110, section 5.6.7), which is read
 * strictly, and the date of a cookie (RFC 6265, section 5.1.1), of which what can be made out is taken.
 * No locale and no time zone is asked.
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads one of the three forms of HTTP-date, and nothing around it. A year of two digits is of the
   century that brings it at most 50 years beyond `now_unix`. The name of the day has to be one, but
   not the right one. False: none of the three, or no such day. */
bool date_http(const char *text, size_t length, int64_t now_unix, int64_t *unix_time);

/* Reads what a cookie's Expires says. False: no date can be made out. */
bool date_cookie(const char *text, size_t length, int64_t *unix_time);

#endif

/*
 * Writes JSON (RFC 8259) as it is composed, without spaces; nothing is held. The writer puts the
 * commas. A key is NULL for the top level, for an element of an array, and behind json_member; it
 * needs no escaping. The caller closes what it opens, and gives a key for each member of an object.
 */
#ifndef CLI_OUTPUT_JSON_H
#define CLI_OUTPUT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* On the caller's stack; the fields are the writer's. `to` is borrowed. */
struct json {
    FILE *to;
    bool comma; /* one goes in front of the next key or element */
};

void json_begin(struct json *json, FILE *to);
void json_end(struct json *json); /* the end of the line, behind the top-level value */

void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);

/* A key that is encoded already, "\"name\":". Its value is the next call. */
void json_member(struct json *json, const char *bytes, size_t length);

/* A string, as text_json escapes it. NULL: null. */
void json_string(struct json *json, const char *key, const char *text);

/* At most `max` characters of `length` bytes, as a string. */
void json_text(struct json *json, const char *key, const void *bytes, size_t length, size_t max);

/* A string that needs no escaping. */
void json_plain(struct json *json, const char *key, const char *bytes, size_t length);

void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
void json_unsigned(struct json *json, const char *key, uint64_t value);

/* `value` in units of 10^-decimals, decimals over 0: 1500 with 3 decimals is 1.500. */
void json_fixed(struct json *json, const char *key, uint64_t value, int decimals);

/* With so many decimals, or at most so many significant digits. NaN and infinity: null. */
void json_real(struct json *json, const char *key, double value, int decimals);
void json_digits(struct json *json, const char *key, double value, int digits);

/* A value that is encoded already. */
void json_encoded(struct json *json, const char *key, const char *bytes, size_t length);

#endif

/*
 * Writes JSON (RFC 8259) without spaces, directly to a stream. The writer adds the commas. A key is
 * NULL at the top level, for an element of an array, and after json_member. Keys are not escaped.
 * The caller closes each object and array, and gives a key for each member of an object.
 */
#ifndef CLI_OUTPUT_JSON_H
#define CLI_OUTPUT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Allocated by the caller; the fields are private. `to` is borrowed. */
struct json {
    FILE *to;
    bool comma; /* the next key or element needs a comma */
};

void json_begin(struct json *json, FILE *to);
void json_end(struct json *json); /* ends the line after the top-level value */

void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);

/* An encoded key, "\"name\":". The next call is its value. */
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

/* With `decimals` decimals, or at most `digits` significant digits. NaN and infinity: null. */
void json_real(struct json *json, const char *key, double value, int decimals);
void json_digits(struct json *json, const char *key, double value, int digits);

/* An encoded value. */
void json_encoded(struct json *json, const char *key, const char *bytes, size_t length);

#endif

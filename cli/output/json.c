/*
 * One flag is enough for the commas, because an object or array that ends is itself an element.
 * Rejected: a tree, as jansson builds it. A list may be endless, and a line must not allocate.
 */
#include "cli/output/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/output/text.h"

/* Writes the comma and the key before a value. */
static void begin_value(struct json *json, const char *key)
{
    if (json->comma)
        putc_unlocked(',', json->to);
    json->comma = true;
    if (!key)
        return;
    putc_unlocked('"', json->to);
    fputs_unlocked(key, json->to);
    fputs_unlocked("\":", json->to);
}

static void open_with(struct json *json, const char *key, char bracket)
{
    begin_value(json, key);
    putc_unlocked(bracket, json->to);
    json->comma = false;
}

static void close_with(struct json *json, char bracket)
{
    putc_unlocked(bracket, json->to);
    json->comma = true;
}

void json_begin(struct json *json, FILE *to)
{
    *json = (struct json){.to = to};
}

void json_end(struct json *json)
{
    putc_unlocked('\n', json->to);
    json->comma = false;
}

void json_object(struct json *json, const char *key)
{
    open_with(json, key, '{');
}

void json_object_end(struct json *json)
{
    close_with(json, '}');
}

void json_array(struct json *json, const char *key)
{
    open_with(json, key, '[');
}

void json_array_end(struct json *json)
{
    close_with(json, ']');
}

void json_member(struct json *json, const char *bytes, size_t length)
{
    begin_value(json, NULL);
    text_plain(json->to, bytes, length);
    json->comma = false;
}

void json_encoded(struct json *json, const char *key, const char *bytes, size_t length)
{
    begin_value(json, key);
    text_plain(json->to, bytes, length);
}

void json_plain(struct json *json, const char *key, const char *bytes, size_t length)
{
    begin_value(json, key);
    putc_unlocked('"', json->to);
    text_plain(json->to, bytes, length);
    putc_unlocked('"', json->to);
}

void json_null(struct json *json, const char *key)
{
    json_encoded(json, key, "null", 4);
}

void json_bool(struct json *json, const char *key, bool value)
{
    json_encoded(json, key, value ? "true" : "false", value ? 4 : 5);
}

void json_text(struct json *json, const char *key, const void *bytes, size_t length, size_t max)
{
    begin_value(json, key);
    text_json(json->to, bytes, length, max);
}

void json_string(struct json *json, const char *key, const char *text)
{
    if (text)
        json_text(json, key, text, strlen(text), TEXT_ALL);
    else
        json_null(json, key);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    fprintf(json->to, "%" PRIu64, value);
}

void json_fixed(struct json *json, const char *key, uint64_t value, int decimals)
{
    uint64_t unit = 1;

    for (int i = 0; i < decimals; i++)
        unit *= 10;
    begin_value(json, key);
    fprintf(json->to, "%" PRIu64 ".%0*" PRIu64, value / unit, decimals, value % unit);
}

void json_real(struct json *json, const char *key, double value, int decimals)
{
    if (!isfinite(value)) {
        json_null(json, key);
        return;
    }
    begin_value(json, key);
    fprintf(json->to, "%.*f", decimals, value);
}

void json_digits(struct json *json, const char *key, double value, int digits)
{
    if (!isfinite(value)) {
        json_null(json, key);
        return;
    }
    begin_value(json, key);
    fprintf(json->to, "%.*g", digits, value);
}

/* The JSON writer: commas at each level, escapes, numbers. */
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output/json.h"

static char *written;
static size_t written_bytes;

static void begin(struct json *json)
{
    free(written);
    written = NULL;
    json_begin(json, open_memstream(&written, &written_bytes));
}

static void assert_json(struct json *json, const char *expected)
{
    fclose(json->to);
    assert_string_equal(written, expected);
}

static void test_nesting(void **state)
{
    struct json json;

    (void)state;
    begin(&json);
    json_object(&json, NULL);
    json_object(&json, "a");
    json_object_end(&json);
    json_array(&json, "b");
    json_unsigned(&json, NULL, 1);
    json_array(&json, NULL);
    json_array_end(&json);
    json_object(&json, NULL);
    json_null(&json, "c");
    json_object_end(&json);
    json_array_end(&json);
    json_member(&json, "\"d\":", 4);
    json_object(&json, NULL);
    json_bool(&json, "e", true);
    json_bool(&json, "f", false);
    json_object_end(&json);
    json_member(&json, "\"g\":", 4);
    json_encoded(&json, NULL, "-3", 2);
    json_encoded(&json, "h", "4 ", 1);
    json_object_end(&json);
    json_end(&json);
    json_array(&json, NULL); /* a second line */
    json_array_end(&json);
    json_end(&json);
    assert_json(&json, "{\"a\":{},\"b\":[1,[],{\"c\":null}],\"d\":{\"e\":true,\"f\":false},"
                       "\"g\":-3,\"h\":4}\n[]\n");
}

static void test_strings(void **state)
{
    struct json json;

    (void)state;
    begin(&json);
    json_array(&json, NULL);
    json_string(&json, NULL, "a\"\\\n\x1b");
    json_string(&json, NULL, "\xff\xc3\xa4\xe2\x80\xae");
    json_string(&json, NULL, "");
    json_plain(&json, NULL, "a b ", 3);
    json_string(&json, NULL, NULL);
    json_text(&json, NULL, "\0\xc3\xa4xyz", 6, 3);
    json_array_end(&json);
    assert_json(&json, "[\"a\\\"\\\\\\n\\u001b\",\"\xef\xbf\xbd\xc3\xa4\\u202e\",\"\",\"a b\",null,"
                       "\"\\u0000\xc3\xa4x\"]");
}

static void test_numbers(void **state)
{
    struct json json;

    (void)state;
    begin(&json);
    json_object(&json, NULL);
    json_unsigned(&json, "max", UINT64_MAX);
    json_fixed(&json, "ms", 1500, 3);
    json_fixed(&json, "s", 7, 9);
    json_fixed(&json, "max_s", UINT64_MAX, 9);
    json_real(&json, "real", 2.0005, 3);
    json_real(&json, "negative", -1.5, 1);
    json_real(&json, "nan", NAN, 3);
    json_real(&json, "infinite", INFINITY, 3);
    json_digits(&json, "digits", 1234567.0, 9);
    json_digits(&json, "small", 0.05, 6);
    json_digits(&json, "none", NAN, 6);
    json_object_end(&json);
    assert_json(&json, "{\"max\":18446744073709551615,\"ms\":1.500,\"s\":0.000000007,"
                       "\"max_s\":18446744073.709551615,\"real\":2.001,\"negative\":-1.5,"
                       "\"nan\":null,\"infinite\":null,\"digits\":1234567,\"small\":0.05,"
                       "\"none\":null}");
}

static int end(void **state)
{
    (void)state;
    free(written);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

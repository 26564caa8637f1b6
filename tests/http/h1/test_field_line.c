/* Field lines split into name and value, and the values of fields that frame a message. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/h1/field_line.h"

static struct field_line_parts parts_of(const char *line)
{
    struct field_line_parts parts;

    assert_true(field_line_split(&parts, line, strlen(line)));
    field_line_trim(&parts);
    return parts;
}

static void lines_are_split(void **state)
{
    static const struct {
        const char *line, *parts; /* "name|value|", then the properties */
    } cases[] = {
        {"a:b", "a|b|"},
        {"a: \t b c \t", "a|b c|"},
        {"a:", "a||"},
        {"a: \t", "a||"},
        {"a:b:c", "a|b:c|"},
        {"a : b", "a|b|blank "},
        {"a\t :", "a||blank "},
        {":b", "|b|no-token "},
        {" : b", "|b|blank no-token "},
        {"a b: c", "a b|c|no-token "},
        {"a@b: c", "a@b|c|no-token "},
        {"\xc3\xa9: c", "\xc3\xa9|c|no-token "},
        {"!#$%&'*+-.^_`|~09AZaz: c", "!#$%&'*+-.^_`|~09AZaz|c|"},
        {"a: b\x01", "a|b\x01|control "},
        {"a: b\x7f", "a|b\x7f|control "},
        {"a: b\tc\xff", "a|b\tc\xff|"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct field_line_parts parts = parts_of(cases[i].line);
        char text[128];

        snprintf(text, sizeof(text), "%.*s|%.*s|%s%s%s", (int)parts.name_bytes, parts.name,
                 (int)parts.value_bytes, parts.value, parts.blank_before_colon ? "blank " : "",
                 field_line_has_token(&parts) ? "" : "no-token ",
                 field_line_has_control(&parts) ? "control " : "");
        assert_string_equal(text, cases[i].parts);
    }
    assert_false(field_line_split(&(struct field_line_parts){0}, "no colon", 8));
}

static void uses_by_name(void **state)
{
    static const struct {
        const char *line;
        enum field_use use;
    } cases[] = {
        {"content-LENGTH: 1", FIELD_LENGTH},    {"Transfer-Encoding: a", FIELD_CODING},
        {"Connection: a", FIELD_CONNECTION},    {"Proxy-connection: a", FIELD_CONNECTION},
        {"Content-Lengths: 1", FIELD_OTHER},    {"Content-Digest: 1", FIELD_OTHER},
        {"Content-Length : 1", FIELD_LENGTH},   {"X-Connection: a", FIELD_OTHER},
        {"Content-Length\x0b: 1", FIELD_OTHER}, {"Retry-Afte: 1", FIELD_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct field_line_parts parts = parts_of(cases[i].line);

        if (field_line_use(&parts) != cases[i].use)
            fail_msg("%s: %d", cases[i].line, field_line_use(&parts));
    }
}

static void tokens_of_lists(void **state)
{
    static const struct {
        const char *line;
        bool closes;
    } cases[] = {
        {"c: close", true},    {"c: CLOSE", true},           {"c: a, close", true},
        {"c: close,a", true},  {"c: a ,\tclose\t, b", true}, {"c: ,,close", true},
        {"c: closed", false},  {"c: a close", false},        {"c: ", false},
        {"c: clo,se", false},  {"c: keep-alive", false},     {"c: ,", false},
        {"c: close;a", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct field_line_parts parts = parts_of(cases[i].line);

        if (field_line_lists(&parts, "close") != cases[i].closes)
            fail_msg("%s", cases[i].line);
    }
}

static void lengths_are_numbers(void **state)
{
    static const struct {
        const char *line;
        uint64_t length;
        const char *why;
    } cases[] = {
        {"c: 0", 0, NULL},
        {"c: 18446744073709551615", UINT64_MAX, NULL},
        {"c: 007, 7 ,\t7", 7, NULL},
        {"c: 18446744073709551616", 0, "Content-Length is out of range"},
        {"c: 7, 8", 0, "Content-Length has different values"},
        {"c: 7 8", 0, "Content-Length is not a number"},
        {"c: 7,", 0, "Content-Length is not a number"},
        {"c:", 0, "Content-Length is not a number"},
        {"c: -1", 0, "Content-Length is not a number"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct field_line_parts parts = parts_of(cases[i].line);
        uint64_t length = 0;
        const char *why = field_line_length(&parts, &length);

        if (cases[i].why) {
            assert_non_null(why);
            assert_string_equal(why, cases[i].why);
        } else if (why || length != cases[i].length) {
            fail_msg("%s: %s", cases[i].line, why ? why : "another number");
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_split),
        cmocka_unit_test(uses_by_name),
        cmocka_unit_test(tokens_of_lists),
        cmocka_unit_test(lengths_are_numbers),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("field_line", tests, NULL, NULL);
}

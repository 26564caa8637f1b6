/* Field lines: iterated, found by name, and added in place of inherited ones. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "http/fields.h"

static void lines_are_iterated(void **state)
{
    static const char fields[] = "A: 1\r\nB:\r\nC: \t \r\nD:d\r\n";
    static const struct {
        const char *text;
        bool empty;
    } expected[] = {
        {"A: 1\r\n", false}, {"B:\r\n", true}, {"C: \t \r\n", true}, {"D:d\r\n", false}};
    const char *at = fields;
    struct request_field line;

    (void)state;
    for (size_t i = 0; i < LENGTH(expected); i++) {
        assert_true(fields_next(&at, &line));
        assert_int_equal(line.bytes, strlen(expected[i].text));
        assert_memory_equal(line.text, expected[i].text, line.bytes);
        assert_int_equal(line.empty, expected[i].empty);
    }
    assert_false(fields_next(&at, &line));
    assert_false(fields_next(&at, &line));
    at = NULL;
    assert_false(fields_next(&at, &line));
}

static void fields_are_found_by_name(void **state)
{
    static const char fields[] = "Ab: Cd: 1\r\nEf:\r\n";

    (void)state;
    assert_true(fields_have(fields, "Ab"));
    assert_true(fields_have(fields, "eF"));
    assert_false(fields_have(fields, "A"));
    assert_false(fields_have(fields, "Abc"));
    assert_false(fields_have(fields, "Cd"));
    assert_false(fields_have(fields, "Ef:\r\nsome name beyond the end"));
    assert_false(fields_have("", "A"));
    assert_false(fields_have(NULL, "A"));
}

/* Field lines, of which the first `inherited` bytes are inherited; an added line; the result. */
static const struct {
    const char *fields;
    size_t inherited;
    const char *line, *expected;
    size_t inherited_after;
} cases[] = {
    {NULL, 0, "A: 1", "A: 1\r\n", 0},
    {"A: 1\r\n", 0, "A: 2", "A: 1\r\nA: 2\r\n", 0},
    {"A: 1\r\n", 6, "a: 2", "a: 2\r\n", 0},
    {"A: 1\r\nB: 1\r\nA: 3\r\n", 18, "A: 4", "B: 1\r\nA: 4\r\n", 6},
    {"A: 1\r\nB: 1\r\nA: 3\r\n", 12, "A: 4", "B: 1\r\nA: 3\r\nA: 4\r\n", 6},
    {"Ab: 1\r\n", 7, "A: 2", "Ab: 1\r\nA: 2\r\n", 7},
    {"A: 1\r\n", 6, "Ab: 2", "A: 1\r\nAb: 2\r\n", 6},
    {"A: 1\r\n", 6, "A:", "A:\r\n", 0},
};

static void fields_are_added(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *fields = cases[i].fields ? strdup(cases[i].fields) : NULL;
        size_t inherited = cases[i].inherited;

        fields_add(&fields, cases[i].line, &inherited);
        assert_string_equal(fields, cases[i].expected);
        assert_int_equal(inherited, cases[i].inherited_after);
        free(fields);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_iterated),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(fields_are_added),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}

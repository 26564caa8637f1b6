/* The table of fields: names, objects and columns. Values of a result without data. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "cli/output/result_fields.h"

static void test_names(void **state)
{
    (void)state;
    for (enum field i = 0; i < FIELD_COUNT; i++) {
        const char *name = field_rows[i].name, *key = field_rows[i].key;
        enum field parent = field_rows[i].parent, found;

        assert_true(field_find(name, strlen(name), &found)); /* and each name is unique */
        assert_int_equal(found, i);
        assert_null(strchr(key, '.'));
        assert_string_equal(name + strlen(name) - strlen(key), key);
        if (parent == FIELD_RESULT) {
            assert_string_equal(name, key);
            continue;
        }
        assert_true(field_is_object(parent));
        assert_int_equal(strlen(name), strlen(field_rows[parent].name) + 1 + strlen(key));
        assert_memory_equal(name, field_rows[parent].name, strlen(field_rows[parent].name));
    }
    assert_false(field_find("url ", 4, &(enum field){0}));
    assert_false(field_find("", 0, &(enum field){0}));
}

/* The fields of an object follow it directly, and an object in an object is its last field, so that
   one pass over the table writes them. */
static void test_objects(void **state)
{
    (void)state;
    for (enum field object = 0; object < FIELD_COUNT; object++) {
        unsigned inside = 0, together = 0;

        for (enum field i = 0; i < FIELD_COUNT; i++)
            inside += field_rows[i].parent == object;
        for (enum field i = object + 1; i < FIELD_COUNT && field_rows[i].parent == object; i++)
            together++;
        assert_int_equal(inside, together);
        assert_int_equal(inside > 0, field_is_object(object));
    }
}

static void test_members(void **state)
{
    (void)state;
    for (enum field i = 0; i < FIELD_COUNT; i++) {
        for (int whole = 0; whole < 2; whole++) {
            const char *name = whole ? field_rows[i].name : field_rows[i].key;
            const char *member = whole ? field_rows[i].member : field_rows[i].own_member;
            size_t bytes = whole ? field_rows[i].member_bytes : field_rows[i].own_member_bytes;

            assert_int_equal(bytes, strlen(name) + strlen("\"\":"));
            assert_int_equal(member[0], '"');
            assert_memory_equal(member + 1, name, strlen(name));
            assert_memory_equal(member + bytes - 2, "\":", 2);
        }
    }
}

/* A column is at least as wide as its heading. */
static void test_columns(void **state)
{
    (void)state;
    for (enum field i = 0; i < FIELD_COUNT; i++) {
        int columns = field_rows[i].columns;

        if (field_is_object(i))
            assert_int_equal(columns, 0);
        else if (columns != COLUMNS_URL)
            assert_true((size_t)abs(columns) >= strlen(field_rows[i].key));
    }
}

/* A result without data has no invented values, and none of its NULL pointers is read. */
static void test_result_without_data(void **state)
{
    static char line[] = "no site";
    const struct site site = {.url = {.shown = line}};
    const struct result result = {.site = &site, .error = ERROR_INPUT};
    const struct fields_options options = {.preview = 10, .cert_warn_days = 7, .tcp_info = true};
    struct view view;

    (void)state;
    view_open(&view, &result, &options);
    for (enum field i = 0; i < FIELD_COUNT; i++) {
        struct value value = view_value(&view, i);

        if (value.kind == VALUE_OBJECT) {
            assert_int_equal(value.object, i);
            assert_true(field_is_object(i));
        }
        if (value.kind == VALUE_TEXT || value.kind == VALUE_WORD)
            assert_non_null(value.text);
    }
    assert_int_equal(view_value(&view, FIELD_MODE).kind, VALUE_ABSENT);
    assert_int_equal(view_value(&view, FIELD_TCP).kind, VALUE_NULL);
    assert_int_equal(view_value(&view, FIELD_CERT_WARNING).kind, VALUE_NULL);
    assert_int_equal(view_value(&view, FIELD_FINAL_URL).kind, VALUE_NULL);
    assert_int_equal(view_value(&view, FIELD_ERROR_CODE).kind, VALUE_WORD);
    assert_int_equal(view_value(&view, FIELD_RESULT).kind, VALUE_ABSENT);
}

static void test_days_left(void **state)
{
    static const struct {
        int64_t left, days;
    } cases[] = {{0, 0},   {1, 0},       {86399, 0},   {86400, 1},
                 {-1, -1}, {-86400, -1}, {-86401, -2}, {30 * 86400, 30}};
    const int64_t now = 1700000000;
    const struct fields_options options = {.unix_time = now};
    const struct site site = {.line = 1};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tls_certificate certificate = {.not_after = now + cases[i].left};
        const struct result result = {.site = &site,
                                      .tls = {.version = "TLSv1.3", .certificate = &certificate}};
        struct view view;

        view_open(&view, &result, &options);
        assert_true(view_value(&view, FIELD_DAYS_LEFT).number == cases[i].days);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_result_without_data),
        cmocka_unit_test(test_days_left),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}

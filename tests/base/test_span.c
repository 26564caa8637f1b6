/* Spans that are empty, absent, or a part of a longer text. */
#include "tests/support/unit.h"

#include "base/bytes.h"
#include "base/span.h"

static void texts_are_compared(void **state)
{
    static const struct {
        const char *span, *text;
        bool is, starts, ends;
    } cases[] = {
        {"", "", true, true, true},           {"a", "", false, true, true},
        {"", "a", false, false, false},       {"Path", "pATH", true, true, true},
        {"path", "pat", false, true, false},  {"path", "TH", false, false, true},
        {"pat", "path", false, false, false}, {"path", "math", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct span span = span_of(cases[i].span, strlen(cases[i].span));

        assert_int_equal(span_is(span, cases[i].text), cases[i].is);
        assert_int_equal(span_starts(span, cases[i].text), cases[i].starts);
        assert_int_equal(span_ends(span, cases[i].text), cases[i].ends);
        assert_int_equal(span_same(span, span_of(cases[i].text, strlen(cases[i].text))),
                         cases[i].is);
    }
    assert_false(span_is((struct span){0}, "a"));
    assert_true(span_same((struct span){0}, span_of("", 0)));
}

static void bytes_after_the_end_are_ignored(void **state)
{
    static const char text[] = "ab;c";

    (void)state;
    assert_true(span_is(span_of(text, 2), "ab"));
    assert_null(span_find(span_of(text, 2), ';'));
    assert_ptr_equal(span_find(span_of(text, 3), ';'), text + 2);
    assert_null(span_find((struct span){0}, ';'));
}

static void both_ends_are_trimmed(void **state)
{
    static const char *const cases[][2] = {
        {"", ""}, {" \t", ""}, {" a b\t", "a b"}, {"a", "a"}, {"a ", "a"}, {" a", "a"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_true(
            span_is(span_trim(span_of(cases[i][0], strlen(cases[i][0])), is_blank), cases[i][1]));
    assert_null(span_trim((struct span){0}, is_blank).at);
}

static void parts_are_taken_in_order(void **state)
{
    struct span rest = span_of("a=b;;c", 6), part;

    (void)state;
    part = span_take(&rest, ';');
    assert_true(span_is(part, "a=b"));
    assert_true(span_is(span_take(&part, '='), "a"));
    assert_true(span_is(part, "b"));
    assert_true(span_is(span_take(&rest, ';'), ""));
    assert_true(span_is(rest, "c"));
    assert_true(span_is(span_take(&rest, ';'), "c"));
    assert_int_equal(span_bytes(rest), 0);
    assert_true(span_is(span_take(&rest, ';'), ""));
}

static void bytes_are_copied(void **state)
{
    char to[] = "....";

    (void)state;
    assert_ptr_equal(span_put(to, span_of("abc", 2)), to + 2);
    assert_string_equal(to, "ab..");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_compared),    cmocka_unit_test(bytes_after_the_end_are_ignored),
        cmocka_unit_test(both_ends_are_trimmed), cmocka_unit_test(parts_are_taken_in_order),
        cmocka_unit_test(bytes_are_copied),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}

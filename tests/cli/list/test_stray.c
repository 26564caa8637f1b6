/* Invisible characters and encodings other than UTF-8 are reported by name. */
#include "tests/support/unit.h"

#include "cli/list/stray.h"

static void encodings_are_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *name; /* NULL: may be UTF-8 */
    } lists[] = {
        {"\xff\xfe#\0", 4, "UTF-16"},
        {"\xfe\xff\0#", 4, "UTF-16"},
        {"#\0", 2, "UTF-16"},
        {"\0#", 2, "UTF-16"},
        {"\xff\xfe\0\0", 4, "UTF-32"},
        {"\0\0\xfe\xff", 4, "UTF-32"},
        {"\xff\xfe\0", 3, "UTF-16"}, /* truncated */
        {"\xef\xbb\xbf#", 4, NULL},
        {"\0\0", 2, NULL},
        {"\xff", 1, NULL},
        {"", 0, NULL},
        {"http://a/", 9, NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lists); i++) {
        const char *why = stray_encoding(lists[i].bytes, lists[i].count);

        assert_int_equal(why != NULL, lists[i].name != NULL);
        if (why)
            assert_non_null(strstr(why, lists[i].name));
    }
}

static void a_cr_in_a_line(void **state)
{
    (void)state;
    assert_null(stray_line_end("", 0));
    assert_null(stray_line_end("a\nb\r", 3)); /* after the line */
    assert_string_equal(stray_line_end("a\rb", 3),
                        "the line contains a CR; lines end with LF or CR LF");
    assert_non_null(stray_line_end("a\0\r", 3));
}

static const char *at(const char *text)
{
    return stray_character(text, text + strlen(text));
}

static void characters_are_named(void **state)
{
    (void)state;
    assert_string_equal(at("\x1a"), "^Z (0x1a), the end of a DOS file, is not allowed; remove it");
    assert_string_equal(at("\xc2\xa0x"), "U+00A0 NO-BREAK SPACE is not allowed; remove it");
    assert_string_equal(at("\xe2\x80\x8b"), "U+200B ZERO WIDTH SPACE is not allowed; remove it");
    assert_string_equal(at("\xef\xbb\xbf"), "U+FEFF, a byte order mark, is not allowed; remove it");
}

static void visible_and_needed_characters_are_allowed(void **state)
{
    static const char *const fine[] = {
        "a",
        " ",
        "~",
        "\t",
        "\xc3\xa4",
        "\xe2\x82\xac", /* a letter, a currency */
        "\xe2\x80\x8c",
        "\xe2\x80\x8d", /* joiners are part of words */
        "a\xc2\xa0",    /* not at the beginning */
        "\xc2",
        "\xe2\x80",
        "", /* cut by the end of the line */
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(fine); i++)
        assert_null(at(fine[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_are_named),
        cmocka_unit_test(a_cr_in_a_line),
        cmocka_unit_test(characters_are_named),
        cmocka_unit_test(visible_and_needed_characters_are_allowed),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

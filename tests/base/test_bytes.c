/* The classes of bytes, each for all 256 values. */
#include "tests/support/unit.h"

#include <locale.h>
#include <string.h>

#include "base/bytes.h"

static const char digits[] = "0123456789";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool is_in(const char *set, char byte)
{
    return byte && strchr(set, byte);
}

static void classes_of_all_bytes(void **state)
{
    (void)state;
    setlocale(LC_ALL, "");
    for (int value = 0; value < 256; value++) {
        char byte = (char)value;
        bool control = (value < 32 && value != 9) || value == 127;
        const char *in_upper = is_in(upper, byte) ? strchr(upper, byte) : NULL;

        assert_int_equal(is_digit(byte), is_in(digits, byte));
        assert_int_equal(is_letter(byte), is_in(lower, byte) || in_upper);
        assert_int_equal(to_lower(byte), in_upper ? lower[in_upper - upper] : byte);
        assert_int_equal(is_blank(byte), value == 32 || value == 9);
        assert_int_equal(is_control(byte), control);
        assert_int_equal(has_control_byte(&byte, 1), control);
        assert_int_equal(is_space_or_control(byte), value <= 32);
        assert_int_equal(is_token(&byte, 1),
                         is_in("!#$%&'*+-.^_`|~", byte) || is_digit(byte) || is_letter(byte));
    }
    assert_false(is_token("", 0));
    assert_true(is_token("a-b", 3));
    assert_false(is_token("a b", 3));
    assert_false(has_control_byte("", 0));
    assert_true(has_control_byte("ab\n", 3));
}

static void hexadecimal_digits(void **state)
{
    static const char small[] = "0123456789abcdef", capital[] = "0123456789ABCDEF";

    (void)state;
    for (int value = 0; value < 256; value++) {
        char byte = (char)value;
        int expected = -1;

        for (int i = 0; i < 16; i++)
            if (byte == small[i] || byte == capital[i])
                expected = i;
        assert_int_equal(hex_digit(byte), expected);
    }
}

static void percent_is_decoded(void **state)
{
    static const char text[] = "a%41%fF%4%zz%";
    static const char expected[] = "aA\xff%4%zz%";
    const char *at = text, *end = text + sizeof(text) - 1;

    (void)state;
    for (size_t i = 0; i < sizeof(expected) - 1; i++)
        assert_int_equal(take_decoded(&at, end), expected[i]);
    assert_ptr_equal(at, end);
}

static void numbers_are_written(void **state)
{
    static const struct {
        unsigned number;
        const char *text;
    } cases[] = {{0, "0"}, {9, "9"}, {10, "10"}, {65535, "65535"}, {4294967295u, "4294967295"}};
    char text[16];

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_ptr_equal(put_decimal(text, cases[i].number), text + strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_of_all_bytes),
        cmocka_unit_test(hexadecimal_digits),
        cmocka_unit_test(percent_is_decoded),
        cmocka_unit_test(numbers_are_written),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}

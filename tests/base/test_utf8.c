/* Valid and invalid UTF-8, and encoding and decoding of each character. */
#include "tests/support/unit.h"

#include <string.h>

#include "base/utf8.h"

static void text_is_split_into_characters(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool whole;
    } cases[] = {
        {"a", 1, 1},
        {"ab", 1, 1},
        {"é", 2, 1},
        {"€x", 3, 1},
        {"😀x", 4, 1},
        {"\xc3", 1, 0},
        {"\xe2\x82", 2, 0},
        {"\xf0\x9f\x98", 3, 0},
        {"\xc3x", 1, 1},
        {"\xe2\x82x", 2, 1},
        {"\xf0\x9f\x98x", 3, 1},
        {"\x80", 1, 1},
        {"\xc0\xaf", 1, 1},         /* overlong */
        {"\xe0\x80\xaf", 1, 1},     /* overlong */
        {"\xf0\x80\x80\xaf", 1, 1}, /* overlong */
        {"\xed\xa0\x80", 1, 1},     /* a surrogate */
        {"\xed\x9f\xbf", 3, 1},
        {"\xf4\x90\x80\x80", 1, 1}, /* over U+10FFFF */
        {"\xf4\x8f\xbf\xbf", 4, 1},
        {"\xf5\x80", 1, 1},
        {"\xff", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const unsigned char *bytes = (const unsigned char *)cases[i].bytes;
        uint32_t character;
        bool whole;

        assert_int_equal(utf8_next(bytes, strlen(cases[i].bytes), &character, &whole),
                         cases[i].size);
        assert_int_equal(whole, cases[i].whole);
    }
}

static void each_character_is_encoded_and_decoded(void **state)
{
    (void)state;
    for (uint32_t character = 0; character <= 0x10ffff; character++) {
        char bytes[4];
        size_t length = (size_t)(utf8_put(bytes, character) - bytes);
        uint32_t read;
        bool whole;

        if (character >= 0xd800 && character <= 0xdfff)
            continue;
        if (utf8_next((unsigned char *)bytes, length, &read, &whole) != length || !whole ||
            read != character)
            fail_msg("U+%04X was read as U+%04X", (unsigned)character, (unsigned)read);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_split_into_characters),
        cmocka_unit_test(each_character_is_encoded_and_decoded),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}

/* Text from strangers: tables of UTF-8, well-formed and not, and the three ways out. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/text.h"

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static const struct {
    const char *bytes;
    size_t length;
    const char *characters; /* what is decoded, as UTF-8 again */
} cases[] = {
#define CASE(bytes, characters)                                                                    \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, characters                                                       \
    }
    CASE("", ""),
    CASE("plain", "plain"),
    CASE("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
         "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"),
    /* the first and the last of each length */
    CASE("\x7f", "\x7f"),
    CASE("\xc2\x80", "\xc2\x80"),
    CASE("\xdf\xbf", "\xdf\xbf"),
    CASE("\xe0\xa0\x80", "\xe0\xa0\x80"),
    CASE("\xed\x9f\xbf", "\xed\x9f\xbf"),
    CASE("\xee\x80\x80", "\xee\x80\x80"),
    CASE("\xef\xbf\xbd", "\xef\xbf\xbd"),
    CASE("\xef\xbf\xbf", "\xef\xbf\xbf"),
    CASE("\xf0\x90\x80\x80", "\xf0\x90\x80\x80"),
    CASE("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"),
    CASE("\xf4\x90\x80\x80", BAD BAD BAD BAD),
    CASE("\xf7\xbf\xbf\xbf", BAD BAD BAD BAD),
    CASE("\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD),
    CASE("\xfc\x84\x80\x80\x80\x80", BAD BAD BAD BAD BAD BAD),
    /* continuation bytes alone */
    CASE("\x80", BAD),
    CASE("\xbf", BAD),
    CASE("\x80\xbf\x80", BAD BAD BAD),
    /* first bytes alone, each followed by a space */
    CASE("\xc0 \xc1 \xc2 \xdf ", BAD " " BAD " " BAD " " BAD " "),
    CASE("\xe0 \xef \xf0 \xf4 \xf5 \xff ", BAD " " BAD " " BAD " " BAD " " BAD " " BAD " "),
    /* the last byte is missing: one replacement for the part */
    CASE("\xc3", BAD),
    CASE("\xe0\xa0", BAD),
    CASE("\xef\xbf", BAD),
    CASE("\xf0\x90\x80", BAD),
    CASE("\xf4\x8f\xbf", BAD),
    CASE("\xe2\x82(\xf0\x9f\x98)", BAD "(" BAD ")"),
    CASE("\xc3\xc3\xa4", BAD "\xc3\xa4"),
    CASE("\xf0\x90\xe2\x82\xac", BAD "\xe2\x82\xac"),
    /* what cannot be */
    CASE("\xfe\xff", BAD BAD),
    /* overlong: the slash, the NUL, the highest of each length */
    CASE("\xc0\xaf", BAD BAD),
    CASE("\xe0\x80\xaf", BAD BAD BAD),
    CASE("\xf0\x80\x80\xaf", BAD BAD BAD BAD),
    CASE("\xc0\x80", BAD BAD),
    CASE("\xe0\x9f\xbf", BAD BAD BAD),
    CASE("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD),
    /* surrogates, single and paired */
    CASE("\xed\xa0\x80", BAD BAD BAD),
    CASE("\xed\xbf\xbf", BAD BAD BAD),
    CASE("\xed\xa0\x80\xed\xb0\x80", BAD BAD BAD BAD BAD BAD),
#undef CASE
};

/* One character as UTF-8, plainly. */
static size_t encode(uint32_t character, char *to)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        to[0] = (char)(0xc0 | character >> 6);
        to[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        to[0] = (char)(0xe0 | character >> 12);
        to[1] = (char)(0x80 | (character >> 6 & 0x3f));
        to[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | character >> 18);
    to[1] = (char)(0x80 | (character >> 12 & 0x3f));
    to[2] = (char)(0x80 | (character >> 6 & 0x3f));
    to[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

static void test_next(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        unsigned char *bytes = malloc(cases[i].length ? cases[i].length : 1);
        char decoded[64];
        size_t at = 0, count = 0;

        memcpy(bytes, cases[i].bytes, cases[i].length); /* of its very size, for the sanitizer */
        while (at < cases[i].length) {
            uint32_t character;
            size_t taken = text_next(bytes + at, cases[i].length - at, &character);

            assert_in_range(taken, 1, cases[i].length - at);
            at += taken;
            count += encode(character, decoded + count);
        }
        decoded[count] = '\0';
        assert_string_equal(decoded, cases[i].characters);
        free(bytes);
    }
}

static void test_every_character(void **state)
{
    (void)state;
    for (uint32_t character = 1; character <= 0x10ffff; character++) {
        char bytes[4];
        size_t length = encode(character, bytes), taken;
        uint32_t read;

        if (character >= 0xd800 && character <= 0xdfff)
            continue;
        taken = text_next((unsigned char *)bytes, length, &read);
        if (taken != length || read != character)
            fail_msg("U+%04X was read as U+%04X of %zu bytes", (unsigned)character, (unsigned)read,
                     taken);
    }
}

/* What a writer wrote into memory. */
static char *written;
static size_t written_bytes;

static FILE *begin(void)
{
    free(written);
    written = NULL;
    return open_memstream(&written, &written_bytes);
}

static const struct {
    const char *bytes;
    size_t length, most;
    const char *shown;
    size_t columns;
    const char *json;
} shown[] = {
#define CASE(bytes, most, shown, columns, json)                                                    \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, most, shown, columns, json                                       \
    }
    CASE("", 10, "", 0, "\"\""),
    CASE("0123456789abc", 10, "0123456789", 10, "\"0123456789\""),
    CASE("0123456789abc", TEXT_ALL, "0123456789abc", 13, "\"0123456789abc\""),
    CASE("abc", 0, "", 0, "\"\""),
    CASE("a\0b", 10, "a\\x00b", 6, "\"a\\u0000b\""),
    CASE("\033[2J", 10, "\\x1b[2J", 7, "\"\\u001b[2J\""),
    CASE("\r\n\t", 10, "\\x0d\\x0a\\x09", 12, "\"\\r\\n\\t\""),
    CASE("\x7f", 10, "\\x7f", 4, "\"\\u007f\""),
    CASE("\xc2\x9b", 10, "\\x9b", 4, "\"\\u009b\""),     /* CSI */
    CASE("\xc2\xa0", 10, "\xc2\xa0", 1, "\"\xc2\xa0\""), /* no control character any more */
    CASE("\"q\" \\", 10, "\"q\" \\", 5, "\"\\\"q\\\" \\\\\""),
    CASE("\xff", 10, BAD, 1, "\"" BAD "\""),
    CASE("\xe2\x80\xae", 10, "\\u202e", 6, "\"\\u202e\""), /* right to left */
    CASE("\xe2\x81\xa6", 10, "\\u2066", 6, "\"\\u2066\""),
    CASE("\xe2\x80\xa8", 10, "\\u2028", 6, "\"\\u2028\""), /* a separator of lines */
    CASE("\xd8\x9c", 10, "\\u061c", 6, "\"\\u061c\""),
    CASE("\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xc3\xb6", 2, "\"\xc3\xa4\xc3\xb6\""),
    CASE("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 1, "\xf0\x9f\x98\x80", 1, "\"\xf0\x9f\x98\x80\""),
    CASE("ab\xe2\x82", 10, "ab" BAD, 3, "\"ab" BAD "\""),
#undef CASE
};

static void test_show(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(shown); i++) {
        FILE *to = begin();
        size_t columns = text_show(to, shown[i].bytes, shown[i].length, shown[i].most);

        fclose(to);
        assert_string_equal(written, shown[i].shown);
        assert_int_equal(columns, shown[i].columns);
    }
}

static void test_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(shown); i++) {
        FILE *to = begin();

        text_json(to, shown[i].bytes, shown[i].length, shown[i].most);
        fclose(to);
        assert_string_equal(written, shown[i].json);
    }
}

/* Whatever the bytes, what is written holds no control character and decodes without a fault. */
static void test_any_bytes(void **state)
{
    unsigned char bytes[64];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t length = unit_random() % sizeof(bytes);
        FILE *to = begin();

        for (size_t i = 0; i < length; i++)
            bytes[i] = (unsigned char)(unit_random() % 3 ? unit_random() : 0x80 | unit_random());
        text_show(to, bytes, length, TEXT_ALL);
        text_json(to, bytes, length, TEXT_ALL);
        fclose(to);
        for (size_t at = 0; at < written_bytes;) {
            uint32_t character;
            size_t taken = text_next((unsigned char *)written + at, written_bytes - at, &character);

            assert_true(character >= 0x20 && (character < 0x7f || character >= 0xa0));
            assert_true(character != 0xfffd || taken == 3);
            at += taken;
        }
    }
}

static void test_column(void **state)
{
    static const struct {
        const char *text;
        size_t width;
        const char *column;
    } columns[] = {
        {"", 3, "   "},
        {"ab", 4, "ab  "},
        {"abcd", 4, "abcd"},
        {"abcde", 4, "abcd"},
        {"\xc3\xa4\xc3\xb6", 4, "\xc3\xa4\xc3\xb6  "},
        {"\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xc3\xb6"},
        {"a\033b", 8, "a\\x1bb  "},
        {"a\033b", 3, "a  "}, /* an escape is not cut */
        {"\xff", 2, BAD " "},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(columns); i++) {
        FILE *to = begin();

        text_column(to, columns[i].text, columns[i].width);
        fclose(to);
        assert_string_equal(written, columns[i].column);
    }
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
        cmocka_unit_test(test_next),      cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_show),      cmocka_unit_test(test_json),
        cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_column),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

/* Untrusted text: valid and invalid UTF-8, and each way to print it. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "cli/output/text.h"

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static const struct {
    const char *bytes;
    size_t length;
    const char *characters; /* the decoded characters, encoded again */
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
    /* bytes that never occur */
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

/* Encodes one character as UTF-8. */
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

        memcpy(bytes, cases[i].bytes, cases[i].length); /* of the exact size, for the sanitizer */
        while (at < cases[i].length) {
            uint32_t character;
            bool whole;
            size_t taken = utf8_next(bytes + at, cases[i].length - at, &character, &whole);

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
        bool whole;

        if (character >= 0xd800 && character <= 0xdfff)
            continue;
        taken = utf8_next((unsigned char *)bytes, length, &read, &whole);
        if (taken != length || read != character)
            fail_msg("U+%04X was read as U+%04X of %zu bytes", (unsigned)character, (unsigned)read,
                     taken);
    }
}

/* The text that a case wrote. */
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
    size_t length, max;
    const char *shown;
    size_t columns;
    const char *json;
} shown[] = {
#define CASE(bytes, max, shown, columns, json)                                                     \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, max, shown, columns, json                                        \
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
    CASE("\xc2\xa0", 10, "\xc2\xa0", 1, "\"\xc2\xa0\""), /* not a control character */
    CASE("\"q\" \\", 10, "\"q\" \\", 5, "\"\\\"q\\\" \\\\\""),
    CASE("\xff", 10, BAD, 1, "\"" BAD "\""),
    CASE("\xe2\x80\xae", 10, "\\u202e", 6, "\"\\u202e\""), /* right to left */
    CASE("\xe2\x81\xa6", 10, "\\u2066", 6, "\"\\u2066\""),
    CASE("\xe2\x80\xa8", 10, "\\u2028", 6, "\"\\u2028\""), /* LINE SEPARATOR */
    CASE("\xd8\x9c", 10, "\\u061c", 6, "\"\\u061c\""),
    CASE("\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xc3\xb6", 2, "\"\xc3\xa4\xc3\xb6\""),
    CASE("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 1, "\xf0\x9f\x98\x80", 2, "\"\xf0\x9f\x98\x80\""),
    CASE("e\xcc\x81", 10, "e\xcc\x81", 1, "\"e\xcc\x81\""), /* one column, two characters */
    CASE("e\xcc\x81", 1, "e", 1, "\"e\""),
    CASE("ab\xe2\x82", 10, "ab" BAD, 3, "\"ab" BAD "\""),
#undef CASE
};

static void test_show(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(shown); i++) {
        FILE *to = begin();
        size_t columns = text_show(to, shown[i].bytes, shown[i].length, shown[i].max);

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

        text_json(to, shown[i].bytes, shown[i].length, shown[i].max);
        fclose(to);
        assert_string_equal(written, shown[i].json);
    }
}

/* For any bytes, the output is valid UTF-8 without control characters. */
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
        text_csv(to, bytes, length, TEXT_ALL);
        fclose(to);
        for (size_t at = 0; at < written_bytes;) {
            uint32_t character;
            bool whole;
            size_t taken =
                utf8_next((unsigned char *)written + at, written_bytes - at, &character, &whole);

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
        {"a\033b", 3, "a  "}, /* an escape is written whole or not at all */
        {"\xff", 2, BAD " "},
        {"\xe6\x97\xa5\xe6\x9c\xac", 5, "\xe6\x97\xa5\xe6\x9c\xac "}, /* two columns each */
        {"\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5 "},             /* not half a character */
        {"e\xcc\x81", 3, "e\xcc\x81  "},
        {"ae\xcc\x81z", 2, "ae\xcc\x81"}, /* a mark belongs to the last column */
        {"\xcc\x81", 2, "\xcc\x81  "},
        {"abc", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(columns); i++) {
        FILE *to = begin();

        text_cell(to, columns[i].text, strlen(columns[i].text), TEXT_ALL, columns[i].width);
        fclose(to);
        assert_string_equal(written, columns[i].column);
    }
}

/* A text with a length and a maximal number of characters. */
static void test_cell(void **state)
{
    FILE *to = begin();

    (void)state;
    text_cell(to, "a\0b\xe6\x97\xa5\xe6", 6, 3, 8);
    fclose(to);
    assert_string_equal(written, "a\\x00b  ");
}

static void test_columns(void **state)
{
    static const struct {
        uint32_t character;
        size_t columns;
    } widths[] = {
        {' ', 1},     {'~', 1},     {0x1b, 4},     {0x9b, 4},    {0xa0, 1},    {0x2ff, 1},
        {0x300, 0},   {0x36f, 0},   {0x370, 1},    {0x5bf, 0},   {0xe31, 0},   {0x10ff, 1},
        {0x1100, 2},  {0x115f, 2},  {0x1160, 0},   {0x200b, 0},  {0x200e, 6},  {0x202e, 6},
        {0x2e7f, 1},  {0x2e80, 2},  {0x3000, 2},   {0x303e, 2},  {0x303f, 1},  {0x302a, 0},
        {0x65e5, 2},  {0xac00, 2},  {0xd7a3, 2},   {0xfe0f, 0},  {0xff01, 2},  {0xff61, 1},
        {0xfffd, 1},  {0xfeff, 0},  {0x2705, 2},   {0x1f600, 2}, {0x20000, 2}, {0x3fffd, 2},
        {0x3fffe, 1}, {0xe0100, 0}, {0x10ffff, 1}, {0x0711, 0},  {0xa670, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(widths); i++)
        if (text_columns(widths[i].character) != widths[i].columns)
            fail_msg("U+%04X takes %zu columns", (unsigned)widths[i].character,
                     text_columns(widths[i].character));
}

static void test_csv(void **state)
{
    static const struct {
        const char *bytes;
        size_t length, max;
        const char *cell;
    } cells[] = {
#define CASE(bytes, max, cell) {bytes, sizeof(bytes) - 1, max, cell}
        CASE("", 10, "\"\""),
        CASE("plain, with a comma", TEXT_ALL, "\"plain, with a comma\""),
        CASE("0123456789abc", 10, "\"0123456789\""),
        CASE("say \"hi\"", TEXT_ALL, "\"say \"\"hi\"\"\""),
        CASE("back\\slash", TEXT_ALL, "\"back\\slash\""),
        CASE("a\r\nb\tc", TEXT_ALL, "\"a\\x0d\\x0ab\\x09c\""),
        CASE("=1+1", TEXT_ALL, "\"'=1+1\""),
        CASE("+1", TEXT_ALL, "\"'+1\""),
        CASE("-1", TEXT_ALL, "\"'-1\""),
        CASE("@SUM(A1)", TEXT_ALL, "\"'@SUM(A1)\""),
        CASE("\t=1", TEXT_ALL, "\"\\x09=1\""),
        CASE("\r=1", TEXT_ALL, "\"\\x0d=1\""),
        CASE("\xef\xbc\x9d"
             "1",
             TEXT_ALL,
             "\"'\xef\xbc\x9d"
             "1\""), /* full width */
        CASE("=\"\"", 2, "\"'=\"\"\""),
        CASE("=1", 0, "\"\""),
        CASE("1=1", TEXT_ALL, "\"1=1\""),
        CASE("\xff=", TEXT_ALL, "\"" BAD "=\""),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cells); i++) {
        FILE *to = begin();

        text_csv(to, cells[i].bytes, cells[i].length, cells[i].max);
        fclose(to);
        assert_string_equal(written, cells[i].cell);
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
        cmocka_unit_test(test_cell),      cmocka_unit_test(test_columns),
        cmocka_unit_test(test_csv),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

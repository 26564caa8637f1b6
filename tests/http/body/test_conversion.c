/* Conversion of each character set to UTF-8, split at every byte. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "http/body/conversion.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Converts in pieces of `piece` bytes, each in its own heap block. `cut`: the body is truncated. */
static char *converted(const char *label, const char *bytes, size_t count, size_t piece, bool cut)
{
    struct conversion *conversion = conversion_new(charset_of_label(span_of(label, strlen(label))));
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    unsigned char room[CONVERSION_ROOM];

    if (!conversion)
        fail_msg("the C library has no %s", label);
    for (size_t at = 0; at < count; at += piece) {
        size_t left = count - at < piece ? count - at : piece;
        unsigned char *copy = malloc(left);
        const unsigned char *from = copy;

        memcpy(copy, bytes + at, left);
        while (left)
            fwrite(room, 1, conversion_step(conversion, &from, &left, room), to);
        free(copy);
    }
    fwrite(room, 1, conversion_end(conversion, cut, room), to);
    conversion_free(conversion);
    fclose(to);
    return text;
}

static const struct {
    const char *label, *bytes, *text;
} texts[] = {
    {"latin1", "caf\xe9 \x80 \x93x\x94", "café € “x”"},
    /* 0x81 has no character: a control character */
    {"windows-1252", "a\x81z\x9d", "a\xc2\x81z\xc2\x9d"},
    {"windows-874", "\xa1\x9f\xff", "ก\xc2\x9f" REPLACEMENT},
    {"windows-1255", "\xf9\x81\xca", "ש\xc2\x81\xd6\xba"},
    {"iso-8859-7", "\xff", REPLACEMENT},
    {"iso-8859-15", "\xa4", "€"},
    {"iso-8859-2", "\xb1\xe6\xea\xb3", "ąćęł"},
    {"iso-8859-7", "\xe1\xe2\xe3", "αβγ"},
    {"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
    {"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
    {"koi8-u", "\xa4\xa6\xa7", "єії"},
    {"ibm866", "\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"},
    {"x-mac-cyrillic", "\x8f\xf0\xe8\xe2\xe5\xf2", "Привет"},
    {"macintosh", "caf\x8e", "café"},
    {"windows-1255", "\xf9\xec\xe5\xed", "שלום"},
    {"windows-1255", "a\xf9", "aש"},                       /* a point may follow */
    {"windows-1255", "\xf9\xff\xec", "ש" REPLACEMENT "ל"}, /* kept before an invalid byte */
    {"windows-1256", "\xe3\xd1\xcd\xc8\xc7", "مرحبا"},
    {"windows-1258", "Vi\xea\xf2t", "Việt"},
    {"tis-620", "\xa1\xa2\xa3", "กขฃ"},
    {"shift_jis", "\x93\xfa\x96{\x8c\xea \xb1\\", "日本語 ｱ\\"},
    {"shift_jis", "\x87\x40", "①"},
    /* the valid byte after an incomplete character is kept */
    {"shift_jis", "\x81 x", REPLACEMENT " x"},
    {"shift_jis", "\x81", REPLACEMENT},
    {"shift_jis", "\xff\x93\xfa", REPLACEMENT "日"},
    {"euc-jp", "\xc6\xfc\xcb\xdc\xb8\xec \x8e\xb1", "日本語 ｱ"},
    {"euc-jp", "\xad\xa1", "①"},
    {"euc-jp", "\xa9\xa1\xc6\xfc", REPLACEMENT "日"},
    {"iso-2022-jp", "a\x1b$BF|K\\8l\x1b(Bz", "a日本語z"},
    {"iso-2022-jp", "\x1b$B-!F|\x1b(Bz", REPLACEMENT "日z"}, /* the shift state is kept */
    {"iso-2022-jp", "a\x80z", "a" REPLACEMENT "z"},
    {"gb2312", "\xc4\xe3\xba\xc3", "你好"},
    {"gbk",
     "\x80"
     "5 \xc4\xe3\x80\x81\x30\x81\x30",
     "€5 你€\xc2\x80"},
    {"gb2312", "\xff\x80\x80", REPLACEMENT "€€"},
    {"gb18030", "\x80z\x81\x80", "€z亐"},
    {"gb18030", "\x81\x30\x80z", REPLACEMENT "0€z"},
    {"shift_jis", "\x80\x93\xfa", "\xc2\x80日"},
    {"gb18030", "\xc4\xe3\x81\x30\x84\x36\x95\x32\x82\x36", "你¥𠀀"},
    {"gb18030", "\xc4\xe3\x95\x32\x82", "你" REPLACEMENT},
    {"euc-kr", "\xbe\xc8\xb3\xe7 \x8c\x63", "안녕 똠"},
    {"big5", "\xa7\x41\xa6\x6e", "你好"},
    {"big5", "\x88\x62z", "\xc3\x8a\xcc\x84z"}, /* one character of Big5, two of Unicode */
    {"big5", "\x88\x62", "\xc3\x8a\xcc\x84"},
};

static void texts_are_converted(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        size_t count = strlen(texts[i].bytes);
        char *whole = converted(texts[i].label, texts[i].bytes, count, count, false);

        if (texts[i].text && strcmp(whole, texts[i].text) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", texts[i].label, whole, texts[i].text);
        for (size_t piece = 1; piece < count; piece++) {
            char *text = converted(texts[i].label, texts[i].bytes, count, piece, false);

            assert_string_equal(text, whole);
            free(text);
        }
        free(whole);
    }
}

static void wide_texts_are_converted(void **state)
{
    static const struct {
        const char *label, *bytes;
        size_t count;
        const char *text;
    } cases[] = {
        {"utf-16le", "h\0\xe9\0\x3d\xd8\0\xde", 8, "hé😀"},
        {"utf-16be", "\0h\0\xe9\xd8\x3d\xde\0", 8, "hé😀"},
        {"utf-16le", "\x3d\xd8z\0", 4, REPLACEMENT "z"},
        {"utf-16le", "\0\xdez\0", 4, REPLACEMENT "z"},
        {"utf-16le", "z\0\x3d\xd8", 4, "z" REPLACEMENT},
        {"utf-16le", "z\0y", 3, "z" REPLACEMENT},
        {"utf-16be", "\0z\0", 3, "z" REPLACEMENT},
        {"utf-16be", "", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        for (size_t piece = 1; piece <= cases[i].count + 1; piece++) {
            char *text = converted(cases[i].label, cases[i].bytes, cases[i].count, piece, false);

            assert_string_equal(text, cases[i].text);
            free(text);
        }
    }
}

static void incomplete_character_is_omitted(void **state)
{
    static const struct {
        const char *label, *bytes, *text;
    } cases[] = {
        {"shift_jis", "\x93\xfa\x96", "日"},
        {"gb18030", "\xc4\xe3\x95\x32\x82", "你"},
        {"iso-2022-jp", "\x1b$BF|K", "日"},
        {"windows-1255", "a\xf9", "aש"}, /* complete if nothing follows */
        {"utf-16le", "zx=", "硺"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *text = converted(cases[i].label, cases[i].bytes, strlen(cases[i].bytes), 2, true);

        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

/* The C library has each character set of the table; random bytes become valid UTF-8. */
static void all_charsets_are_available(void **state)
{
    static const char *const labels[] = {
        "windows-1250", "windows-1251",   "windows-1252", "windows-1253", "windows-1254",
        "windows-1255", "windows-1256",   "windows-1257", "windows-1258", "windows-874",
        "iso-8859-2",   "iso-8859-3",     "iso-8859-4",   "iso-8859-5",   "iso-8859-6",
        "iso-8859-7",   "iso-8859-8",     "iso-8859-10",  "iso-8859-13",  "iso-8859-14",
        "iso-8859-15",  "iso-8859-16",    "koi8-r",       "koi8-u",       "ibm866",
        "macintosh",    "x-mac-cyrillic", "gbk",          "gb18030",      "shift_jis",
        "euc-jp",       "iso-2022-jp",    "euc-kr",       "big5",         "utf-16le",
        "utf-16be",
    };
    char noise[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(1 + unit_random() % 255);
    for (size_t i = 0; i < LENGTH(labels); i++) {
        char *whole = converted(labels[i], noise, sizeof(noise), sizeof(noise), false);
        char *pieces = converted(labels[i], noise, sizeof(noise), 5, false);
        const unsigned char *at = (const unsigned char *)whole;

        assert_string_equal(pieces, whole);
        for (size_t left = strlen(whole); left;) {
            uint32_t character;
            bool is_whole;
            size_t size = utf8_next(at, left, &character, &is_whole);

            assert_true(is_whole && (size > 1 || *at < 0x80));
            at += size;
            left -= size;
        }
        free(whole);
        free(pieces);
    }
}

static void utf8_is_not_converted(void **state)
{
    (void)state;
    assert_null(conversion_new(&charset_utf8));
    conversion_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_converted),
        cmocka_unit_test(wide_texts_are_converted),
        cmocka_unit_test(incomplete_character_is_omitted),
        cmocka_unit_test(all_charsets_are_available),
        cmocka_unit_test(utf8_is_not_converted),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("conversion", tests, NULL, NULL);
}

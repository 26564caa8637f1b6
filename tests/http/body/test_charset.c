/* Character sets: how they are recognised, and that each becomes the right UTF-8, cut anywhere. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/body/charset.h"

#define REPLACEMENT "\xef\xbf\xbd"

static void assert_charset(const struct charset *charset, const char *name, const char *what)
{
    const char *is = charset ? charset->name : "(none)", *wanted = name ? name : "(none)";

    if (strcmp(is, wanted) != 0)
        fail_msg("\"%s\": %s, not %s", what, is, wanted);
}

static void labels_are_found(void **state)
{
    static const struct {
        const char *label, *name;
    } cases[] = {
        {"utf-8", "utf-8"},
        {"UTF8", "utf-8"},
        {" \t\nUtf-8\f\r ", "utf-8"},
        {"unicode-1-1-utf-8", "utf-8"},
        {"x-unicode20utf8", "utf-8"},
        {"latin1", "windows-1252"},
        {"ISO-8859-1", "windows-1252"},
        {"iso_8859-1:1987", "windows-1252"},
        {"us-ascii", "windows-1252"},
        {"ansi_x3.4-1968", "windows-1252"},
        {"windows-1252", "windows-1252"},
        {"Shift_JIS", "shift_jis"},
        {"sjis", "shift_jis"},
        {"windows-31j", "shift_jis"},
        {"GB2312", "gbk"},
        {"gb18030", "gb18030"},
        {"ks_c_5601-1987", "euc-kr"},
        {"Big5-HKSCS", "big5"},
        {"x-euc-jp", "euc-jp"},
        {"csiso2022jp", "iso-2022-jp"},
        {"iso-8859-9", "windows-1254"},
        {"tis-620", "windows-874"},
        {"koi8-ru", "koi8-u"},
        {"x-mac-roman", "macintosh"},
        {"x-mac-ukrainian", "x-mac-cyrillic"},
        {"iso-8859-16", "iso-8859-16"},
        {"utf-16", "utf-16le"},
        {"UTF-16BE", "utf-16be"},
        {"visual", "iso-8859-8"},
        {"", NULL},
        {" ", NULL},
        {"utf", NULL},
        {"utf-9", NULL},
        {"utf-7", NULL},
        {"l1 latin1", NULL},
        {"latin1//TRANSLIT", NULL},
        {"UTF-8//IGNORE", NULL},
        {"../../../../tmp/x", NULL},
        {"/tmp/x", NULL},
        {"iso-8859", NULL},
        {"replacement", NULL},
        {"x-unicode20utf8x-unicode20utf8xx", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
        {"\xc3\xa9", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_charset(charset_of_label(cases[i].label, strlen(cases[i].label)), cases[i].name,
                       cases[i].label);
    assert_null(charset_of_label("latin1\0", 7));
    assert_null(charset_of_label("latin1 \0l1", 10));
}

static void types_are_read(void **state)
{
    static const struct {
        const char *type, *name;
        bool page;
    } cases[] = {
        {NULL, NULL, true},
        {"", NULL, true},
        {"text/html", NULL, true},
        {" TEXT/HTML ", NULL, true},
        {"text/html;", NULL, true},
        {"text/html; charset=utf-8", "utf-8", true},
        {"text/html;charset=UTF-8", "utf-8", true},
        {"text/html ; Charset=\"utf-8\"", "utf-8", true},
        {"text/html; charset = latin1", "windows-1252", true},
        {"text/html; charset=latin1; x=y", "windows-1252", true},
        {"text/html; charset=latin1 ", "windows-1252", true},
        {"text/html; x=y; charset=sjis", "shift_jis", true},
        {"text/html; x=\"; charset=sjis\"; charset=big5", "big5", true},
        {"text/html; x=\"\\\"; charset=sjis\"; charset=big5", "big5", true},
        {"text/html; x=\"; charset=sjis", NULL, true},
        {"text/html; charset=\"sjis", "shift_jis", true},
        {"text/html; charset=\"\\", NULL, true},
        {"text/html; charset=", NULL, true},
        {"text/html; charset", NULL, true},
        {"text/html; charset=sjis; charset=big5", "shift_jis", true},
        {"text/html; charset=nonsense", NULL, true},
        {"text/html; charset='utf-8'", NULL, true},
        {"text/html; xcharset=utf-8", NULL, true},
        {"text/html; charset=utf-8, text/html", "utf-8", true},
        {"charset=utf-8", NULL, true},
        {"; charset=utf-8", "utf-8", true},
        {"application/xhtml+xml", NULL, true},
        {"text/xml", NULL, true},
        {"application/xml", NULL, true},
        {"image/svg+xml", NULL, true},
        {"html", NULL, true},
        {"text/plain", NULL, false},
        {"application/json", NULL, false},
        {"image/png; x=/html", NULL, false},
        {"text/plain; charset=koi8-r", "koi8-r", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *what = cases[i].type ? cases[i].type : "(null)";

        assert_charset(charset_of_type(cases[i].type), cases[i].name, what);
        if (charset_is_page(cases[i].type) != cases[i].page)
            fail_msg("\"%s\"", what);
    }
}

static void marks_are_seen(void **state)
{
    static const struct {
        const char *bytes;
        enum charset_mark mark;
        const char *name;
        size_t mark_bytes;
    } cases[] = {
        {"", CHARSET_MAYBE_MARK, NULL, 0},           {"\xef", CHARSET_MAYBE_MARK, NULL, 0},
        {"\xef\xbb", CHARSET_MAYBE_MARK, NULL, 0},   {"\xef\xbb\xbf", CHARSET_MARK, "utf-8", 3},
        {"\xef\xbb\xbfx", CHARSET_MARK, "utf-8", 3}, {"\xef\xbb\xbe", CHARSET_NO_MARK, NULL, 0},
        {"\xfe", CHARSET_MAYBE_MARK, NULL, 0},       {"\xfe\xff", CHARSET_MARK, "utf-16be", 2},
        {"\xff\xfe", CHARSET_MARK, "utf-16le", 2},   {"\xff\xfex", CHARSET_MARK, "utf-16le", 2},
        {"\xff\xff", CHARSET_NO_MARK, NULL, 0},      {"<", CHARSET_NO_MARK, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct charset *charset = NULL;
        size_t mark_bytes = 0;

        assert_int_equal(charset_of_mark((const unsigned char *)cases[i].bytes,
                                         strlen(cases[i].bytes), &charset, &mark_bytes),
                         cases[i].mark);
        assert_charset(charset, cases[i].name, cases[i].bytes);
        assert_int_equal(mark_bytes, cases[i].mark_bytes);
    }
}

static const struct {
    const char *page, *name;
} pages[] = {
    {"", NULL},
    {"<meta charset=sjis>", "shift_jis"},
    {"<META CHARSET=SJIS>", "shift_jis"},
    {"<meta charset='sjis'>", "shift_jis"},
    {"<meta charset=\"sjis\"/>", "shift_jis"},
    {"<meta charset=\" sjis \">", "shift_jis"},
    {"<meta/charset=sjis/>", NULL}, /* the label is "sjis/" */
    {"<meta/charset=sjis />", "shift_jis"},
    {"<meta\ncharset\t=\r\n sjis\f>", "shift_jis"},
    {"<meta name=x charset=sjis>", "shift_jis"},
    {"<meta charset=sjis charset=big5>", "shift_jis"},
    {"<meta charset=nonsense><meta charset=big5>", "big5"},
    {"<meta charset><meta charset=><meta charset=big5>", "big5"},
    {"<metacharset=sjis>", NULL},
    {"<meta>charset=sjis", NULL},
    {"<meta charset=utf-16>", "utf-8"},
    {"<meta charset=utf-16be>", "utf-8"},
    {"<meta charset=sjis", NULL},
    {"<meta charset=\"sjis>", NULL},
    {"<meta charset=sjis ", NULL},
    {"<meta charset=sjis x='>", NULL},
    {"<!doctype html><html lang=de><head><title>a < b</title><meta charset=latin1>",
     "windows-1252"},
    {"<meta http-equiv=content-type content='text/html; charset=sjis'>", "shift_jis"},
    {"<meta content='text/html; charset=sjis' http-equiv=Content-Type>", "shift_jis"},
    {"<meta http-equiv=\"Content-Type\" content=\"text/html;charset=\'sjis\'\">", "shift_jis"},
    {"<meta http-equiv=content-type content='charset = sjis ; x'>", "shift_jis"},
    {"<meta http-equiv=content-type content='charset charset=sjis'>", "shift_jis"},
    {"<meta http-equiv=content-type content='charsetcharset=sjis;big5'>", "shift_jis"},
    {"<meta http-equiv=content-type content='charset=\"sjis'>", NULL},
    {"<meta http-equiv=content-type content='charset='>", NULL},
    {"<meta http-equiv=content-type content='charset'>", NULL},
    {"<meta http-equiv=content-type content='text/html; charset=utf-16'>", "utf-8"},
    {"<meta content='text/html; charset=sjis'>", NULL},
    {"<meta http-equiv=refresh content='text/html; charset=sjis'>", NULL},
    {"<meta http-equiv=refresh http-equiv=content-type content='charset=sjis'>", NULL},
    {"<meta http-equiv=content-type content='charset=sjis' charset=big5>", "big5"},
    {"<meta charset=big5 http-equiv=content-type content='charset=sjis'>", "big5"},
    {"<meta content='charset=sjis' charset=big5>", "big5"},
    {"<meta content=x content='charset=sjis' http-equiv=content-type>", NULL},
    {"<!-- <meta charset=sjis> --><meta charset=big5>", "big5"},
    {"<!--><meta charset=sjis> --><meta charset=big5>", "shift_jis"},
    {"<!---><meta charset=sjis>", "shift_jis"},
    {"<!-- <meta charset=sjis>", NULL},
    {"<a title='<meta charset=sjis>'><meta charset=big5>", "big5"},
    {"<a title=<meta charset=sjis><meta charset=big5>", "big5"},
    {"</a title='<meta charset=sjis>'><meta charset=big5>", "big5"},
    {"<a title='<meta charset=sjis>", NULL},
    {"<a<meta charset=sjis><meta charset=big5>", "big5"},
    {"<?php '<meta charset=sjis>' ?><meta charset=big5>", "big5"},
    {"<! <meta charset=sjis><meta charset=big5>", "big5"},
    {"</ <meta charset=sjis><meta charset=big5>", "big5"},
    {"</><meta charset=big5>", "big5"},
    {"<<meta charset=sjis>", "shift_jis"},
    {"< meta charset=sjis>", NULL},
    {"<1><meta charset=sjis>", "shift_jis"},
    {"<", NULL},
    {"</", NULL},
    {"</a", NULL},
    {"<meta", NULL},
    {"<meta ", NULL},
    {"<meta =charset=sjis><meta charset=big5>", "big5"},
    {"<?xml version='1.0' encoding='sjis'?>", "shift_jis"},
    {"<?xml version=\"1.0\" encoding = \"sjis\" ?>", "shift_jis"},
    {"<?xml version='1.0' encoding='utf-16'?>", "utf-8"},
    {"<?xml version='1.0' encoding='nonsense'?>", NULL},
    {"<?xml version='1.0'?><x encoding='sjis'>", NULL},
    {"<?xml version='1.0' encoding=sjis?>", NULL},
    {"<?xml version='1.0' encoding='sjis?>", NULL},
    {"<?xml version='1.0' encoding 'sjis'?>", NULL},
    {"<?xml version='1.0' encoding='sjis'", NULL},
    {"<?xml encoding", NULL},
    {"<?xml encoding>", NULL},
    {"<?xml encoding=>", NULL},
    {" <?xml version='1.0' encoding='sjis'?>", NULL},
    {"<?xml version='1.0' encoding='sjis'?><meta charset=big5>", "big5"},
    {"<?xml version='1.0' encoding='sjis'?><a title='", "shift_jis"},
};

static void pages_say_it_themselves(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(pages); i++) {
        size_t length = strlen(pages[i].page);
        unsigned char *exact = malloc(length + !length);

        memcpy(exact, pages[i].page, length);
        assert_charset(charset_scan(exact, length), pages[i].name, pages[i].page);
        free(exact);
    }
    assert_charset(charset_scan((const unsigned char *)"<\0?\0x\0m\0", 8), "utf-16le", "<?xm");
    assert_charset(charset_scan((const unsigned char *)"\0<\0?\0x\0m", 8), "utf-16be", "<?xm");
}

/* No byte after the end is looked at; and a page that was cut says what it says, or nothing. */
static void every_prefix_of_a_page_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(pages); i++) {
        for (size_t length = 0; length < strlen(pages[i].page); length++) {
            unsigned char *part = malloc(length + !length);

            memcpy(part, pages[i].page, length);
            charset_scan(part, length);
            free(part);
        }
    }
}

static void pages_are_looked_at_so_far(void **state)
{
    static const char meta[] = "<meta charset=sjis>";
    size_t bytes = sizeof(meta) - 1;
    unsigned char page[2 * CHARSET_SCAN_BYTES];

    (void)state;
    memset(page, ' ', sizeof(page));
    memcpy(page + CHARSET_SCAN_BYTES - bytes, meta, bytes);
    assert_charset(charset_scan(page, sizeof(page)), "shift_jis", meta);
    memset(page, ' ', sizeof(page));
    memcpy(page + CHARSET_SCAN_BYTES - bytes + 1, meta, bytes);
    assert_charset(charset_scan(page, sizeof(page)), NULL, meta);
}

/* In pieces of so many bytes, each a block of its own. */
static char *converted(const char *label, const char *bytes, size_t count, size_t piece, bool cut)
{
    struct conversion *conversion = conversion_new(charset_of_label(label, strlen(label)));
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    unsigned char room[CHARSET_ROOM];

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
    {"windows-1252", "a\x81z\x9d", "a\xc2\x81z\xc2\x9d"}, /* a control where no character is */
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
    {"windows-1255", "a\xf9", "aש"},                       /* may yet get a point */
    {"windows-1255", "\xf9\xff\xec", "ש" REPLACEMENT "ל"}, /* stays before what is wrong */
    {"windows-1256", "\xe3\xd1\xcd\xc8\xc7", "مرحبا"},
    {"windows-1258", "Vi\xea\xf2t", "Việt"},
    {"tis-620", "\xa1\xa2\xa3", "กขฃ"},
    {"shift_jis", "\x93\xfa\x96{\x8c\xea \xb1\\", "日本語 ｱ\\"},
    {"shift_jis", "\x87\x40", "①"},
    {"shift_jis", "\x81 x", REPLACEMENT " x"}, /* a good byte is not taken along */
    {"shift_jis", "\x81", REPLACEMENT},
    {"shift_jis", "\xff\x93\xfa", REPLACEMENT "日"},
    {"euc-jp", "\xc6\xfc\xcb\xdc\xb8\xec \x8e\xb1", "日本語 ｱ"},
    {"euc-jp", "\xad\xa1", "①"},
    {"euc-jp", "\xa9\xa1\xc6\xfc", REPLACEMENT "日"},
    {"iso-2022-jp", "a\x1b$BF|K\\8l\x1b(Bz", "a日本語z"},
    {"iso-2022-jp", "\x1b$B-!F|\x1b(Bz", REPLACEMENT "日z"}, /* the shift stays */
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
    {"big5", "\x88\x62z", "\xc3\x8a\xcc\x84z"}, /* two characters of one */
    {"big5", "\x88\x62", "\xc3\x8a\xcc\x84"},
};

static void texts_become_utf8(void **state)
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

static void wide_texts_become_utf8(void **state)
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

static void a_cut_character_is_left_out(void **state)
{
    static const struct {
        const char *label, *bytes, *text;
    } cases[] = {
        {"shift_jis", "\x93\xfa\x96", "日"},
        {"gb18030", "\xc4\xe3\x95\x32\x82", "你"},
        {"iso-2022-jp", "\x1b$BF|K", "日"},
        {"windows-1255", "a\xf9", "aש"}, /* whole, if nothing follows */
        {"utf-16le", "zx=", "硺"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *text = converted(cases[i].label, cases[i].bytes, strlen(cases[i].bytes), 2, true);

        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

/* Whatever the table names, the C library has; and long nonsense in it becomes whole UTF-8. */
static void every_charset_converts(void **state)
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
            bool is_whole;
            size_t size = utf8_next(at, left, &is_whole);

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

static void utf8_is_cut_into_characters(void **state)
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
        bool whole;

        assert_int_equal(
            utf8_next((const unsigned char *)cases[i].bytes, strlen(cases[i].bytes), &whole),
            cases[i].size);
        assert_int_equal(whole, cases[i].whole);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_found),
        cmocka_unit_test(types_are_read),
        cmocka_unit_test(marks_are_seen),
        cmocka_unit_test(pages_say_it_themselves),
        cmocka_unit_test(every_prefix_of_a_page_is_safe),
        cmocka_unit_test(pages_are_looked_at_so_far),
        cmocka_unit_test(texts_become_utf8),
        cmocka_unit_test(wide_texts_become_utf8),
        cmocka_unit_test(a_cut_character_is_left_out),
        cmocka_unit_test(every_charset_converts),
        cmocka_unit_test(utf8_is_not_converted),
        cmocka_unit_test(utf8_is_cut_into_characters),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}

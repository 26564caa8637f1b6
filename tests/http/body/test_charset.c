/* Character sets: recognised by label, by media type and by byte order mark. */
#include "tests/support/unit.h"

#include "http/body/charset.h"

static void assert_charset(const struct charset *charset, const char *name, const char *what)
{
    const char *is = charset ? charset->name : "(none)", *wanted = name ? name : "(none)";

    if (strcmp(is, wanted) != 0)
        fail_msg("\"%s\": %s, not %s", what, is, wanted);
}

static void labels(void **state)
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
        assert_charset(charset_of_label(span_of(cases[i].label, strlen(cases[i].label))),
                       cases[i].name, cases[i].label);
    assert_null(charset_of_label(span_of("latin1\0", 7)));
    assert_null(charset_of_label(span_of("latin1 \0l1", 10)));
}

static void media_types(void **state)
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

static void byte_order_marks(void **state)
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels),
        cmocka_unit_test(media_types),
        cmocka_unit_test(byte_order_marks),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}

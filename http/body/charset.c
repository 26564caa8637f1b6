/* The table of labels, and the parsers of Content-Type and byte order marks. */
#include "http/body/charset.h"

#include <string.h>

#include "base/span.h"
#include "http/body/media_type.h"

const struct charset charset_utf8 = {
    "utf-8", NULL, "utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    CHARSET_MULTI};

/* The labels of the standard (WHATWG Encoding, section 4.2), without those of "replacement" and
   "x-user-defined". A label of an old set means the larger set that pages use in practice. */
static const struct charset charsets[] = {
    {"windows-1252", "CP1252",
     "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
     "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252",
     CHARSET_SINGLE},
    {"gbk", "GB18030", "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 iso-ir-58 x-gbk",
     CHARSET_MULTI},
    {"gb18030", "GB18030", "", CHARSET_MULTI},
    {"shift_jis", "CP932", "csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis",
     CHARSET_MULTI},
    {"euc-jp", "EUC-JP-MS", "cseucpkdfmtjapanese x-euc-jp", CHARSET_MULTI},
    {"iso-2022-jp", "ISO-2022-JP", "csiso2022jp", CHARSET_SHIFTED},
    {"euc-kr", "CP949",
     "cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
     "windows-949",
     CHARSET_MULTI},
    {"big5", "BIG5-HKSCS", "big5-hkscs cn-big5 csbig5 x-x-big5", CHARSET_MULTI},
    {"windows-1251", "CP1251", "cp1251 x-cp1251", CHARSET_SINGLE},
    {"windows-1250", "CP1250", "cp1250 x-cp1250", CHARSET_SINGLE},
    {"windows-1253", "CP1253", "cp1253 x-cp1253", CHARSET_SINGLE},
    {"windows-1254", "CP1254",
     "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 "
     "latin5 x-cp1254",
     CHARSET_SINGLE},
    {"windows-1255", "CP1255", "cp1255 x-cp1255", CHARSET_SINGLE},
    {"windows-1256", "CP1256", "cp1256 x-cp1256", CHARSET_SINGLE},
    {"windows-1257", "CP1257", "cp1257 x-cp1257", CHARSET_SINGLE},
    {"windows-1258", "CP1258", "cp1258 x-cp1258", CHARSET_SINGLE},
    {"windows-874", "CP874", "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620", CHARSET_SINGLE},
    {"iso-8859-2", "ISO-8859-2",
     "csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
     CHARSET_SINGLE},
    {"iso-8859-3", "ISO-8859-3",
     "csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
     CHARSET_SINGLE},
    {"iso-8859-4", "ISO-8859-4",
     "csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
     CHARSET_SINGLE},
    {"iso-8859-5", "ISO-8859-5",
     "csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
     CHARSET_SINGLE},
    {"iso-8859-6", "ISO-8859-6",
     "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i "
     "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
     CHARSET_SINGLE},
    {"iso-8859-7", "ISO-8859-7",
     "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
     "iso_8859-7:1987 sun_eu_greek",
     CHARSET_SINGLE},
    {"iso-8859-8", "ISO-8859-8",
     "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i iso-ir-138 "
     "iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual",
     CHARSET_SINGLE},
    {"iso-8859-10", "ISO-8859-10", "csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6",
     CHARSET_SINGLE},
    {"iso-8859-13", "ISO-8859-13", "iso8859-13 iso885913", CHARSET_SINGLE},
    {"iso-8859-14", "ISO-8859-14", "iso8859-14 iso885914", CHARSET_SINGLE},
    {"iso-8859-15", "ISO-8859-15", "csisolatin9 iso8859-15 iso885915 iso_8859-15 l9 latin9",
     CHARSET_SINGLE},
    {"iso-8859-16", "ISO-8859-16", "", CHARSET_SINGLE},
    {"koi8-r", "KOI8-R", "cskoi8r koi koi8 koi8_r", CHARSET_SINGLE},
    {"koi8-u", "KOI8-U", "koi8-ru", CHARSET_SINGLE},
    {"ibm866", "CP866", "866 cp866 csibm866", CHARSET_SINGLE},
    {"macintosh", "MACINTOSH", "csmacintosh mac x-mac-roman", CHARSET_SINGLE},
    {"x-mac-cyrillic", "MAC-UK", "x-mac-ukrainian", CHARSET_SINGLE},
    {"utf-16be", "UTF-16BE", "unicodefffe", CHARSET_WIDE},
    {"utf-16le", "UTF-16LE", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16",
     CHARSET_WIDE},
};

#define CHARSETS (sizeof(charsets) / sizeof(*charsets))

static bool is_called(const struct charset *charset, struct span label)
{
    struct span labels = span_of(charset->labels, strlen(charset->labels));

    while (span_bytes(labels))
        if (span_same(span_take(&labels, ' '), label))
            return true;
    return span_is(label, charset->name);
}

const struct charset *charset_of_label(struct span label)
{
    label = span_trim(label, is_html_space);
    if (!span_bytes(label))
        return NULL;
    if (span_is(label, charset_utf8.name) || is_called(&charset_utf8, label))
        return &charset_utf8; /* the usual case */
    for (size_t i = 0; i < CHARSETS; i++)
        if (is_called(&charsets[i], label))
            return &charsets[i];
    return NULL;
}

static const struct charset *charset_of_value(struct span value)
{
    if (span_starts(value, "\"")) { /* labels contain no escapes */
        value.at++;
        return charset_of_label(span_take(&value, '"'));
    }
    return charset_of_label(span_of(value.at, strcspn(value.at, "; \t,")));
}

/* Uses the first parameter whose first word is "charset", whether or not it is valid. */
const struct charset *charset_of_type(const char *content_type)
{
    struct span rest = {0};

    if (content_type)
        rest = span_of(content_type, strlen(content_type));
    media_type_take(&rest, ';');
    while (rest.at) {
        struct span value = media_type_take(&rest, ';'), name = media_type_take(&value, '=');

        if (span_is(name, "charset"))
            return value.at ? charset_of_value(span_trim(value, is_blank)) : NULL;
        if (span_starts(name, "charset") && is_blank(name.at[strlen("charset")]))
            return NULL;
    }
    return NULL;
}

bool charset_is_page(const char *content_type)
{
    struct span type;

    if (!content_type)
        return true;
    content_type += strspn(content_type, " \t");
    type = span_of(content_type, strcspn(content_type, "; \t,"));
    return !span_find(type, '/') || span_ends(type, "/html") || span_ends(type, "/xml") ||
           span_ends(type, "+xml");
}

enum charset_mark charset_of_mark(const unsigned char *bytes, size_t count,
                                  const struct charset **charset, size_t *mark_bytes)
{
    static const struct {
        unsigned char bytes[3];
        size_t count;
        const char *label;
    } marks[] = {
        {{0xef, 0xbb, 0xbf}, 3, "utf-8"},
        {{0xfe, 0xff}, 2, "utf-16be"},
        {{0xff, 0xfe}, 2, "utf-16le"},
    };

    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
        size_t seen = count < marks[i].count ? count : marks[i].count;

        if (seen && memcmp(bytes, marks[i].bytes, seen) != 0)
            continue;
        if (seen < marks[i].count)
            return CHARSET_MAYBE_MARK;
        *charset = charset_of_label(span_of(marks[i].label, strlen(marks[i].label)));
        *mark_bytes = seen;
        return CHARSET_MARK;
    }
    return CHARSET_NO_MARK;
}

/*
 * Three parts: the table of names; what a page says of itself; conversion.
 *
 * iconv is given a few bytes at a time and always has room for all that they can become. Letting it
 * stop for want of room was rejected: the C library then undoes a part of its work, and that has
 * often been where its mistakes were.
 */
#include "http/body/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/memory.h"

#define MODULE_ROOM_BYTES (1024 * 1024)
#define MOST_LABEL_BYTES  32 /* a longer label is nobody's */
#define MOST_AT_ONCE      64 /* bytes that iconv is given */

/* A byte becomes one character of three bytes at most (longer ones come of two), and one that the
   converter kept back may come before it. */
_Static_assert(CHARSET_ROOM >= 4 * MOST_AT_ONCE + 64, "iconv never wants for room");

const struct charset charset_utf8 = {
    "utf-8", NULL, " utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 ",
    CHARSET_MULTI};

/* The standard's labels (WHATWG Encoding, section 4.2), without those of the "replacement" and of
   "x-user-defined". Old labels stand for the larger set that pages mean by them. */
static const struct charset charsets[] = {
    {"windows-1252", "CP1252",
     " ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
     "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252 ",
     CHARSET_SINGLE},
    {"gbk", "GB18030",
     " chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 iso-ir-58 x-gbk ", CHARSET_MULTI},
    {"gb18030", "GB18030", " ", CHARSET_MULTI},
    {"shift_jis", "CP932", " csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis ",
     CHARSET_MULTI},
    {"euc-jp", "EUC-JP-MS", " cseucpkdfmtjapanese x-euc-jp ", CHARSET_MULTI},
    {"iso-2022-jp", "ISO-2022-JP", " csiso2022jp ", CHARSET_SHIFTED},
    {"euc-kr", "CP949",
     " cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
     "windows-949 ",
     CHARSET_MULTI},
    {"big5", "BIG5-HKSCS", " big5-hkscs cn-big5 csbig5 x-x-big5 ", CHARSET_MULTI},
    {"windows-1251", "CP1251", " cp1251 x-cp1251 ", CHARSET_SINGLE},
    {"windows-1250", "CP1250", " cp1250 x-cp1250 ", CHARSET_SINGLE},
    {"windows-1253", "CP1253", " cp1253 x-cp1253 ", CHARSET_SINGLE},
    {"windows-1254", "CP1254",
     " cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 "
     "latin5 x-cp1254 ",
     CHARSET_SINGLE},
    {"windows-1255", "CP1255", " cp1255 x-cp1255 ", CHARSET_SINGLE},
    {"windows-1256", "CP1256", " cp1256 x-cp1256 ", CHARSET_SINGLE},
    {"windows-1257", "CP1257", " cp1257 x-cp1257 ", CHARSET_SINGLE},
    {"windows-1258", "CP1258", " cp1258 x-cp1258 ", CHARSET_SINGLE},
    {"windows-874", "CP874", " dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 ", CHARSET_SINGLE},
    {"iso-8859-2", "ISO-8859-2",
     " csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2 ",
     CHARSET_SINGLE},
    {"iso-8859-3", "ISO-8859-3",
     " csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3 ",
     CHARSET_SINGLE},
    {"iso-8859-4", "ISO-8859-4",
     " csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4 ",
     CHARSET_SINGLE},
    {"iso-8859-5", "ISO-8859-5",
     " csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988 ",
     CHARSET_SINGLE},
    {"iso-8859-6", "ISO-8859-6",
     " arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i "
     "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 ",
     CHARSET_SINGLE},
    {"iso-8859-7", "ISO-8859-7",
     " csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
     "iso_8859-7:1987 sun_eu_greek ",
     CHARSET_SINGLE},
    {"iso-8859-8", "ISO-8859-8",
     " csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i iso-ir-138 "
     "iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual ",
     CHARSET_SINGLE},
    {"iso-8859-10", "ISO-8859-10", " csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6 ",
     CHARSET_SINGLE},
    {"iso-8859-13", "ISO-8859-13", " iso8859-13 iso885913 ", CHARSET_SINGLE},
    {"iso-8859-14", "ISO-8859-14", " iso8859-14 iso885914 ", CHARSET_SINGLE},
    {"iso-8859-15", "ISO-8859-15", " csisolatin9 iso8859-15 iso885915 iso_8859-15 l9 latin9 ",
     CHARSET_SINGLE},
    {"iso-8859-16", "ISO-8859-16", " ", CHARSET_SINGLE},
    {"koi8-r", "KOI8-R", " cskoi8r koi koi8 koi8_r ", CHARSET_SINGLE},
    {"koi8-u", "KOI8-U", " koi8-ru ", CHARSET_SINGLE},
    {"ibm866", "CP866", " 866 cp866 csibm866 ", CHARSET_SINGLE},
    {"macintosh", "MACINTOSH", " csmacintosh mac x-mac-roman ", CHARSET_SINGLE},
    {"x-mac-cyrillic", "MAC-UK", " x-mac-ukrainian ", CHARSET_SINGLE},
    {"utf-16be", "UTF-16BE", " unicodefffe ", CHARSET_WIDE},
    {"utf-16le", "UTF-16LE", " csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 ",
     CHARSET_WIDE},
};

#define CHARSETS (sizeof(charsets) / sizeof(*charsets))

static bool is_html_space(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r';
}

static bool is_word(const char *at, size_t length, const char *word)
{
    return strlen(word) == length && !strncasecmp(at, word, length);
}

/* `label` has a blank on both sides, as the labels in the table have. */
static bool is_called(const struct charset *charset, const char *label, size_t length)
{
    return is_word(label + 1, length - 2, charset->name) || strstr(charset->labels, label);
}

const struct charset *charset_of_label(const char *label, size_t length)
{
    char lower[MOST_LABEL_BYTES + 3];

    while (length && is_html_space(*label))
        label++, length--;
    while (length && is_html_space(label[length - 1]))
        length--;
    if (is_word(label, length, charset_utf8.name))
        return &charset_utf8; /* nearly always */
    if (!length || length > MOST_LABEL_BYTES)
        return NULL;
    lower[0] = lower[length + 1] = ' ';
    lower[length + 2] = '\0';
    for (size_t i = 0; i < length; i++) {
        if (label[i] <= ' ') /* would match two labels, or half a one */
            return NULL;
        lower[i + 1] = to_lower(label[i]);
    }
    if (is_called(&charset_utf8, lower, length + 2))
        return &charset_utf8;
    for (size_t i = 0; i < CHARSETS; i++)
        if (is_called(&charsets[i], lower, length + 2))
            return &charsets[i];
    return NULL;
}

/* Where a quoted string (RFC 9110, section 5.6.4) that begins at `at` ends: at its closing quote, or
   at the field's end. */
static const char *quoted_end(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return at;
}

/* The end of a parameter: a ';' that is not in a quoted string. */
static const char *parameter_end(const char *at)
{
    while (*at && *at != ';') {
        if (*at == '"')
            at = quoted_end(at);
        at += *at != '\0';
    }
    return at;
}

static const struct charset *charset_of_value(const char *at)
{
    at += strspn(at, " \t");
    if (*at == '"') /* no label has anything to escape */
        return charset_of_label(at + 1, (size_t)(quoted_end(at) - at - 1));
    return charset_of_label(at, strcspn(at, "; \t,"));
}

const struct charset *charset_of_type(const char *content_type)
{
    const char *at = content_type ? parameter_end(content_type) : "";

    while (*at == ';') {
        size_t name;

        at++;
        at += strspn(at, " \t");
        name = strcspn(at, "=; \t");
        if (is_word(at, name, "charset")) {
            at += name;
            at += strspn(at, " \t");
            return *at == '=' ? charset_of_value(at + 1) : NULL;
        }
        at = parameter_end(at);
    }
    return NULL;
}

static bool ends_with(const char *at, size_t length, const char *word)
{
    size_t bytes = strlen(word);

    return length >= bytes && !strncasecmp(at + length - bytes, word, bytes);
}

bool charset_is_page(const char *content_type)
{
    size_t length;

    if (!content_type)
        return true;
    content_type += strspn(content_type, " \t");
    length = strcspn(content_type, "; \t,");
    return !memchr(content_type, '/', length) || ends_with(content_type, length, "/html") ||
           ends_with(content_type, length, "/xml") || ends_with(content_type, length, "+xml");
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
        *charset = charset_of_label(marks[i].label, strlen(marks[i].label));
        *mark_bytes = seen;
        return CHARSET_MARK;
    }
    return CHARSET_NO_MARK;
}

/* What is left to read of a page; `over`: it ended in the middle of something. */
struct code_page {
    const char *at, *end;
    bool over;
};

struct slice {
    const char *at;
    size_t length;
};

struct attribute {
    struct slice name, value;
};

/* The next byte; -1 at the end, where the page is over. */
static int peek(struct code_page *page)
{
    if (page->at < page->end)
        return (unsigned char)*page->at;
    page->over = true;
    return -1;
}

static void skip_blanks(struct code_page *page)
{
    while (is_html_space(peek(page)))
        page->at++;
}

static bool begins(const struct code_page *page, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(page->end - page->at) >= length && !strncasecmp(page->at, word, length);
}

/* To the last byte of `word`, or to the end. */
static void skip_to(struct code_page *page, const char *from, const char *word)
{
    size_t length = strlen(word);
    const char *found = memmem(from, (size_t)(page->end - from), word, length);

    page->over = !found;
    page->at = found ? found + length - 1 : page->end;
}

/* The bytes up to a blank, or to one of `ends`. */
static struct slice take_until(struct code_page *page, const char *ends)
{
    const char *from = page->at;
    int byte;

    while ((byte = peek(page)) >= 0 && !is_html_space(byte) && !(byte && strchr(ends, byte)))
        page->at++;
    return (struct slice){from, (size_t)(page->at - from)};
}

/* The bytes up to the quote with which they began. */
static struct slice take_quoted(struct code_page *page)
{
    const char *from = page->at + 1;
    const char *close = memchr(from, *page->at, (size_t)(page->end - from));

    page->over = !close;
    page->at = close ? close + 1 : page->end;
    return (struct slice){from, close ? (size_t)(close - from) : 0};
}

/* HTML, section 13.2.3.2, "get an attribute". False at the end of the tag, and of the page. */
static bool take_attribute(struct code_page *page, struct attribute *attribute)
{
    int byte;

    *attribute = (struct attribute){0};
    while (is_html_space(byte = peek(page)) || byte == '/')
        page->at++;
    if (byte == '>' || byte < 0)
        return false;
    attribute->name.at = page->at++; /* may be a "=" */
    attribute->name.length = 1 + take_until(page, "=/>").length;
    skip_blanks(page);
    if (peek(page) == '=') {
        page->at++;
        skip_blanks(page);
        byte = peek(page);
        if (byte == '"' || byte == '\'')
            attribute->value = take_quoted(page);
        else
            attribute->value = take_until(page, ">");
    }
    return !page->over;
}

static bool is_named(const struct slice *slice, const char *word)
{
    return is_word(slice->at, slice->length, word);
}

/* "text/html; charset=utf-8" in a meta element (HTML, section 2.5.5). */
static const struct charset *charset_of_content(const struct slice *content)
{
    static const char word[] = "charset";
    struct code_page rest = {content->at, content->at, false};
    struct slice label;

    if (content->length) /* else there may be no pointer either */
        rest.end += content->length;
    for (; rest.at < rest.end; rest.at++) {
        if (!begins(&rest, word))
            continue;
        rest.at += sizeof(word) - 1;
        skip_blanks(&rest);
        if (peek(&rest) != '=') {
            rest.at--; /* "charset" may stand here again */
            continue;
        }
        rest.at++;
        skip_blanks(&rest);
        if (peek(&rest) == '"' || peek(&rest) == '\'')
            label = take_quoted(&rest);
        else
            label = take_until(&rest, ";");
        return charset_of_label(label.at, label.length);
    }
    return NULL;
}

/* A page that can be read as ASCII so far is not UTF-16, whatever it says. */
static const struct charset *not_wide(const struct charset *charset)
{
    return charset && charset->form == CHARSET_WIDE ? &charset_utf8 : charset;
}

/* After "<meta": what it declares, if it does. Of attributes with one name the first counts. */
static const struct charset *take_meta(struct code_page *page)
{
    bool pragma = false, needs_pragma = false, has_pragma = false, has_content = false;
    bool has_charset = false;
    const struct charset *charset = NULL;
    struct attribute attribute;

    while (take_attribute(page, &attribute)) {
        if (is_named(&attribute.name, "http-equiv") && !has_pragma) {
            has_pragma = true;
            pragma = is_named(&attribute.value, "content-type");
        } else if (is_named(&attribute.name, "content") && !has_content) {
            has_content = true;
            if (has_charset)
                continue;
            charset = charset_of_content(&attribute.value);
            needs_pragma = true;
        } else if (is_named(&attribute.name, "charset") && !has_charset) {
            has_charset = true;
            needs_pragma = false;
            charset = charset_of_label(attribute.value.at, attribute.value.length);
        }
    }
    return page->over || (needs_pragma && !pragma) ? NULL : not_wide(charset);
}

/* At a "<": passes over a comment, a tag with its attributes, or what else it begins. */
static const struct charset *take_markup(struct code_page *page)
{
    struct attribute attribute;
    int after;

    if (begins(page, "<!--")) {
        skip_to(page, page->at + 2, "-->"); /* "<!-->" is whole */
        return NULL;
    }
    after = page->end - page->at > 5 ? page->at[5] : -1;
    if (begins(page, "<meta") && (is_html_space(after) || after == '/')) {
        page->at += 5;
        return take_meta(page);
    }
    page->at++;
    after = peek(page);
    if (after == '/' && page->end - page->at > 1 && is_letter((char)page->at[1])) {
        page->at++;
        after = peek(page);
    }
    if (is_letter((char)after)) {
        take_until(page, ">");
        while (take_attribute(page, &attribute)) {
        }
    } else if (after == '!' || after == '/' || after == '?') {
        skip_to(page, page->at, ">");
    } else {
        page->at--;
    }
    return NULL;
}

/* "<?xml version='1.0' encoding='...'?>" (HTML, "get an XML encoding"). */
static const struct charset *charset_of_xml(const char *bytes, size_t count)
{
    static const char word[] = "encoding";
    const char *close = memchr(bytes, '>', count);
    struct code_page page = {bytes, close, false};
    struct slice label;

    if (!close || count < 5 || memcmp(bytes, "<?xml", 5) != 0)
        return NULL;
    skip_to(&page, page.at, word);
    if (page.over)
        return NULL;
    page.at++;
    skip_blanks(&page);
    if (peek(&page) != '=')
        return NULL;
    page.at++;
    skip_blanks(&page);
    if (peek(&page) != '"' && peek(&page) != '\'')
        return NULL;
    label = take_quoted(&page);
    return page.over ? NULL : not_wide(charset_of_label(label.at, label.length));
}

const struct charset *charset_scan(const unsigned char *bytes, size_t count)
{
    const char *text = (const char *)bytes;
    const struct charset *charset = NULL;
    struct code_page page;

    if (!count)
        return NULL;
    if (count > CHARSET_SCAN_BYTES)
        count = CHARSET_SCAN_BYTES;
    if (count >= 6 && !memcmp(text, "<\0?\0x\0", 6))
        return charset_of_label("utf-16le", 8);
    if (count >= 6 && !memcmp(text, "\0<\0?\0x", 6))
        return charset_of_label("utf-16be", 8);
    page = (struct code_page){text, text + count, false};
    while (!charset && !page.over &&
           (page.at = memchr(page.at, '<', (size_t)(page.end - page.at)))) {
        charset = take_markup(&page);
        page.at += !page.over;
    }
    return charset ? charset : charset_of_xml(text, count);
}

struct conversion {
    iconv_t iconv;
    const struct charset *charset;
    char held[MOST_AT_ONCE]; /* not converted yet: an incomplete character */
    size_t held_bytes;
};

/* A piece of output under way. */
struct utf8_output {
    char *at;
    size_t room;
};

/* Whether a module of iconv, the largest with its tables, could have been loaded. glibc says EINVAL where it
   found no memory for one, as it does for a set that it does not know. */
static bool has_room_for_module(void)
{
    void *volatile room = malloc(MODULE_ROOM_BYTES); /* volatile: it is not optimized away */

    free(room);
    return room;
}

struct conversion *conversion_new(const struct charset *charset)
{
    struct conversion *conversion;
    iconv_t iconv;

    if (!charset->iconv)
        return NULL;
    iconv = iconv_open("UTF-8", charset->iconv);
    if ((intptr_t)iconv == -1 && (errno == ENOMEM || !has_room_for_module()))
        memory_exhausted();
    if ((intptr_t)iconv == -1)
        return NULL;
    conversion = memory_get(sizeof(*conversion));
    conversion->iconv = iconv;
    conversion->charset = charset;
    conversion->held_bytes = 0;
    return conversion;
}

static void put_replacement(struct utf8_output *output)
{
    static const char replacement[] = "\xef\xbf\xbd";

    memcpy(output->at, replacement, sizeof(replacement) - 1);
    output->at += sizeof(replacement) - 1;
    output->room -= sizeof(replacement) - 1;
}

/* What the standard makes of a byte that iconv refuses at the beginning of a character: the euro sign of
   Microsoft's gbk; of an old set of Windows the control of the same number, where it has no character;
   a point of Hebrew that the C library has not. 0: it is wrong in the standard too. */
static unsigned char_of_refused(const struct charset *charset, unsigned char byte)
{
    bool windows = charset->form == CHARSET_SINGLE && !strncmp(charset->name, "windows-", 8);

    if (byte == 0x80 && !strcmp(charset->iconv, "GB18030"))
        return 0x20ac;
    if (byte == 0xca && !strcmp(charset->iconv, "CP1255"))
        return 0x05ba;
    if ((byte == 0x80 && !strcmp(charset->iconv, "CP932")) ||
        (windows && byte >= 0x80 && byte < 0xa0))
        return byte;
    return 0;
}

/* A character from U+0080 to U+FFFF. */
static void put_char(struct utf8_output *output, unsigned code)
{
    size_t bytes = code < 0x800 ? 2 : 3;

    *output->at++ = (char)(bytes == 2 ? 0xc0 | code >> 6 : 0xe0 | code >> 12);
    if (bytes == 3)
        *output->at++ = (char)(0x80 | (code >> 6 & 0x3f));
    *output->at++ = (char)(0x80 | (code & 0x3f));
    output->room -= bytes;
}

/* Some converters keep a character until they know that nothing combines with it. */
static void put_kept(struct conversion *conversion, struct utf8_output *output)
{
    iconv(conversion->iconv, NULL, NULL, &output->at, &output->room);
}

/* iconv refused what stands at `at`: how many bytes of it one U+FFFD stands for. A byte that could
   begin a character takes the next one with it, unless that is good by itself. */
static size_t bad_bytes(struct conversion *conversion, const char *at, size_t left)
{
    unsigned char first = (unsigned char)at[0], second = left > 1 ? (unsigned char)at[1] : 0;
    char one = at[0], *in = &one, nowhere[CHARSET_ROOM], *out = nowhere;
    size_t in_left = 1, room = sizeof(nowhere);
    bool begins_one =
        iconv(conversion->iconv, &in, &in_left, &out, &room) == (size_t)-1 && errno == EINVAL;

    if (left < 2 || !begins_one)
        return 1;
    switch (conversion->charset->form) {
    case CHARSET_SINGLE: break;
    case CHARSET_MULTI: return second >= 0x80 ? 2 : 1;
    case CHARSET_WIDE: return 2;
    case CHARSET_SHIFTED: return first > ' ' && second > ' ' && second < 0x7f ? 2 : 1;
    }
    return 1;
}

/* Converts what is held, until the rest is an incomplete character. */
static void convert_held(struct conversion *conversion, struct utf8_output *output)
{
    char *in = conversion->held;
    size_t left = conversion->held_bytes, bad;
    unsigned code;

    while (left && iconv(conversion->iconv, &in, &left, &output->at, &output->room) == (size_t)-1) {
        if (errno != EILSEQ)
            break;
        if (conversion->charset->form != CHARSET_SHIFTED)
            put_kept(conversion, output); /* this would undo a shift */
        code = char_of_refused(conversion->charset, (unsigned char)*in);
        bad = code ? 1 : bad_bytes(conversion, in, left);
        if (code)
            put_char(output, code);
        else
            put_replacement(output);
        in += bad;
        left -= bad;
    }
    if (left == sizeof(conversion->held)) /* no character is so long */
        left = 0;
    memmove(conversion->held, in, left);
    conversion->held_bytes = left;
}

size_t conversion_step(struct conversion *conversion, const unsigned char **bytes, size_t *count,
                       unsigned char *to)
{
    struct utf8_output output = {(char *)to, CHARSET_ROOM};
    size_t room = sizeof(conversion->held) - conversion->held_bytes;
    size_t taken = *count < room ? *count : room;

    memcpy(conversion->held + conversion->held_bytes, *bytes, taken);
    conversion->held_bytes += taken;
    *bytes += taken;
    *count -= taken;
    convert_held(conversion, &output);
    return CHARSET_ROOM - output.room;
}

size_t conversion_end(struct conversion *conversion, bool cut, unsigned char *to)
{
    struct utf8_output output = {(char *)to, CHARSET_ROOM};

    put_kept(conversion, &output);
    if (conversion->held_bytes && !cut)
        put_replacement(&output);
    conversion->held_bytes = 0;
    return CHARSET_ROOM - output.room;
}

void conversion_free(struct conversion *conversion)
{
    if (!conversion)
        return;
    iconv_close(conversion->iconv);
    free(conversion);
}

/* How many bytes a character has that begins so, and the range of its second byte, which keeps out
   overlong forms, surrogates and what is over U+10FFFF (RFC 3629, section 4). 0: none begins so. */
static size_t utf8_size(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t utf8_next(const unsigned char *bytes, size_t count, bool *whole)
{
    unsigned char low, high;
    size_t size = utf8_size(bytes[0], &low, &high), taken = 1;

    for (; taken < size && taken < count; taken++) {
        if (bytes[taken] < low || bytes[taken] > high) {
            size = taken; /* the maximal part of one */
            break;
        }
        low = 0x80;
        high = 0xbf;
    }
    *whole = taken >= size;
    return taken;
}

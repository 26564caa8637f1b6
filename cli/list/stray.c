/* Joiners (U+200C, U+200D) are not in the tables: they are part of words and of emoji. */
#include "cli/list/stray.h"

#include <string.h>

static const char utf_16[] = "the list is in UTF-16; it must be UTF-8: iconv -f UTF-16 -t UTF-8";
static const char utf_32[] = "the list is in UTF-32; it must be UTF-8: iconv -f UTF-32 -t UTF-8";

const char *stray_encoding(const char *bytes, size_t length)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *why;
    } marks[] = {
        {"\xff\xfe\0\0", 4, utf_32}, /* before UTF-16, which has the same first bytes */
        {"\0\0\xfe\xff", 4, utf_32},
        {"\xff\xfe", 2, utf_16},
        {"\xfe\xff", 2, utf_16},
    };

    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (length >= marks[i].length && !memcmp(bytes, marks[i].bytes, marks[i].length))
            return marks[i].why;
    return length >= 2 && !bytes[0] != !bytes[1] ? utf_16 : NULL;
}

const char *stray_line_end(const char *line, size_t length)
{
    return memchr(line, '\r', length) ? "the line contains a CR; lines end with LF or CR LF" : NULL;
}

#define NOT_ALLOWED(name) name " is not allowed; remove it"

const char *stray_character(const char *at, const char *end)
{
    static const struct {
        const char *bytes;
        const char *why;
    } strays[] = {
        {"\x1a", NOT_ALLOWED("^Z (0x1a), the end of a DOS file,")},
        {"\xc2\x85", NOT_ALLOWED("U+0085 NEXT LINE")},
        {"\xc2\xa0", NOT_ALLOWED("U+00A0 NO-BREAK SPACE")},
        {"\xe1\x9a\x80", NOT_ALLOWED("U+1680 OGHAM SPACE MARK")},
        {"\xe2\x80\x80", NOT_ALLOWED("U+2000 EN QUAD")},
        {"\xe2\x80\x81", NOT_ALLOWED("U+2001 EM QUAD")},
        {"\xe2\x80\x82", NOT_ALLOWED("U+2002 EN SPACE")},
        {"\xe2\x80\x83", NOT_ALLOWED("U+2003 EM SPACE")},
        {"\xe2\x80\x84", NOT_ALLOWED("U+2004 THREE-PER-EM SPACE")},
        {"\xe2\x80\x85", NOT_ALLOWED("U+2005 FOUR-PER-EM SPACE")},
        {"\xe2\x80\x86", NOT_ALLOWED("U+2006 SIX-PER-EM SPACE")},
        {"\xe2\x80\x87", NOT_ALLOWED("U+2007 FIGURE SPACE")},
        {"\xe2\x80\x88", NOT_ALLOWED("U+2008 PUNCTUATION SPACE")},
        {"\xe2\x80\x89", NOT_ALLOWED("U+2009 THIN SPACE")},
        {"\xe2\x80\x8a", NOT_ALLOWED("U+200A HAIR SPACE")},
        {"\xe2\x80\x8b", NOT_ALLOWED("U+200B ZERO WIDTH SPACE")},
        {"\xe2\x80\x8e", NOT_ALLOWED("U+200E LEFT-TO-RIGHT MARK")},
        {"\xe2\x80\x8f", NOT_ALLOWED("U+200F RIGHT-TO-LEFT MARK")},
        {"\xe2\x80\xa8", NOT_ALLOWED("U+2028 LINE SEPARATOR")},
        {"\xe2\x80\xa9", NOT_ALLOWED("U+2029 PARAGRAPH SEPARATOR")},
        {"\xe2\x80\xaa", NOT_ALLOWED("U+202A LEFT-TO-RIGHT EMBEDDING")},
        {"\xe2\x80\xac", NOT_ALLOWED("U+202C POP DIRECTIONAL FORMATTING")},
        {"\xe2\x80\xaf", NOT_ALLOWED("U+202F NARROW NO-BREAK SPACE")},
        {"\xe2\x81\x9f", NOT_ALLOWED("U+205F MEDIUM MATHEMATICAL SPACE")},
        {"\xe2\x81\xa0", NOT_ALLOWED("U+2060 WORD JOINER")},
        {"\xe3\x80\x80", NOT_ALLOWED("U+3000 IDEOGRAPHIC SPACE")},
        {"\xef\xbb\xbf", NOT_ALLOWED("U+FEFF, a byte order mark,")},
    };

    if (*at > ' ' && *at <= '~') /* the common case */
        return NULL;
    for (size_t i = 0; i < sizeof(strays) / sizeof(*strays); i++) {
        size_t length = strlen(strays[i].bytes);

        if ((size_t)(end - at) >= length && !memcmp(at, strays[i].bytes, length))
            return strays[i].why;
    }
    return NULL;
}

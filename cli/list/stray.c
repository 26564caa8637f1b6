/* Joiners (U+200C, U+200D) are not in the tables: they are part of words and of emoji. */
#include "cli/list/stray.h"

#include <string.h>

static const char utf_16[] = "the list is in UTF-16; it has to be UTF-8: iconv -f UTF-16 -t UTF-8";
static const char utf_32[] = "the list is in UTF-32; it has to be UTF-8: iconv -f UTF-32 -t UTF-8";

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
    return memchr(line, '\r', length) ? "there is a CR in the line; lines end with LF or CR LF"
                                      : NULL;
}

#define IS_IN_IT(name) name " is in it; remove it"

const char *stray_character(const char *at, const char *end)
{
    static const struct {
        const char *bytes;
        const char *why;
    } strays[] = {
        {"\x1a", IS_IN_IT("^Z (0x1a), the end of a DOS file,")},
        {"\xc2\x85", IS_IN_IT("U+0085 NEXT LINE")},
        {"\xc2\xa0", IS_IN_IT("U+00A0 NO-BREAK SPACE")},
        {"\xe1\x9a\x80", IS_IN_IT("U+1680 OGHAM SPACE MARK")},
        {"\xe2\x80\x80", IS_IN_IT("U+2000 EN QUAD")},
        {"\xe2\x80\x81", IS_IN_IT("U+2001 EM QUAD")},
        {"\xe2\x80\x82", IS_IN_IT("U+2002 EN SPACE")},
        {"\xe2\x80\x83", IS_IN_IT("U+2003 EM SPACE")},
        {"\xe2\x80\x84", IS_IN_IT("U+2004 THREE-PER-EM SPACE")},
        {"\xe2\x80\x85", IS_IN_IT("U+2005 FOUR-PER-EM SPACE")},
        {"\xe2\x80\x86", IS_IN_IT("U+2006 SIX-PER-EM SPACE")},
        {"\xe2\x80\x87", IS_IN_IT("U+2007 FIGURE SPACE")},
        {"\xe2\x80\x88", IS_IN_IT("U+2008 PUNCTUATION SPACE")},
        {"\xe2\x80\x89", IS_IN_IT("U+2009 THIN SPACE")},
        {"\xe2\x80\x8a", IS_IN_IT("U+200A HAIR SPACE")},
        {"\xe2\x80\x8b", IS_IN_IT("U+200B ZERO WIDTH SPACE")},
        {"\xe2\x80\x8e", IS_IN_IT("U+200E LEFT-TO-RIGHT MARK")},
        {"\xe2\x80\x8f", IS_IN_IT("U+200F RIGHT-TO-LEFT MARK")},
        {"\xe2\x80\xa8", IS_IN_IT("U+2028 LINE SEPARATOR")},
        {"\xe2\x80\xa9", IS_IN_IT("U+2029 PARAGRAPH SEPARATOR")},
        {"\xe2\x80\xaa", IS_IN_IT("U+202A LEFT-TO-RIGHT EMBEDDING")},
        {"\xe2\x80\xac", IS_IN_IT("U+202C POP DIRECTIONAL FORMATTING")},
        {"\xe2\x80\xaf", IS_IN_IT("U+202F NARROW NO-BREAK SPACE")},
        {"\xe2\x81\x9f", IS_IN_IT("U+205F MEDIUM MATHEMATICAL SPACE")},
        {"\xe2\x81\xa0", IS_IN_IT("U+2060 WORD JOINER")},
        {"\xe3\x80\x80", IS_IN_IT("U+3000 IDEOGRAPHIC SPACE")},
        {"\xef\xbb\xbf", IS_IN_IT("U+FEFF, a byte order mark,")},
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

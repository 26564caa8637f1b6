/* A scan from one "<" to the next, which skips comments and attributes. */
#include "http/body/page_charset.h"

#include <string.h>

/* The unread rest of a page; `over`: it ended inside a construct. */
struct code_page {
    struct span rest;
    bool over;
};

struct attribute {
    struct span name, value;
};

/* The next byte; at the end -1, and `over` is set. */
static int peek(struct code_page *page)
{
    if (page->rest.at < page->rest.end)
        return (unsigned char)*page->rest.at;
    page->over = true;
    return -1;
}

static bool is_space(int byte)
{
    return byte >= 0 && is_html_space((char)byte);
}

static bool is_quote(int byte)
{
    return byte == '"' || byte == '\'';
}

static void skip_blanks(struct code_page *page)
{
    while (is_space(peek(page)))
        page->rest.at++;
}

/* Skips to the last byte of `word`, or to the end. */
static void skip_to(struct code_page *page, const char *from, const char *word)
{
    size_t length = strlen(word);
    const char *found = memmem(from, (size_t)(page->rest.end - from), word, length);

    page->over = !found;
    page->rest.at = found ? found + length - 1 : page->rest.end;
}

/* Reads up to a blank, or to one of `ends`. */
static struct span take_until(struct code_page *page, const char *ends)
{
    const char *from = page->rest.at;
    int byte;

    while ((byte = peek(page)) >= 0 && !is_space(byte) && !(byte && strchr(ends, byte)))
        page->rest.at++;
    return (struct span){from, page->rest.at};
}

/* Reads up to the closing quote. */
static struct span take_quoted(struct code_page *page)
{
    const char *from = page->rest.at + 1;
    const char *close = memchr(from, *page->rest.at, (size_t)(page->rest.end - from));

    page->over = !close;
    page->rest.at = close ? close + 1 : page->rest.end;
    return (struct span){from, close ? close : from};
}

/* Reads "=" and the value, in quotes or up to a blank or one of `ends`. False: there is no "=". */
static bool take_value(struct code_page *page, const char *ends, struct span *value)
{
    skip_blanks(page);
    if (peek(page) != '=')
        return false;
    page->rest.at++;
    skip_blanks(page);
    *value = is_quote(peek(page)) ? take_quoted(page) : take_until(page, ends);
    return true;
}

/* HTML, section 13.2.3.2, "get an attribute". False at the end of the tag, and of the page. */
static bool take_attribute(struct code_page *page, struct attribute *attribute)
{
    int byte;

    *attribute = (struct attribute){0};
    while (is_space(byte = peek(page)) || byte == '/')
        page->rest.at++;
    if (byte == '>' || byte < 0)
        return false;
    attribute->name.at = page->rest.at++; /* may be a "=" */
    attribute->name.end = take_until(page, "=/>").end;
    take_value(page, ">", &attribute->value);
    return !page->over;
}

/* "text/html; charset=utf-8" in a meta element (HTML, section 2.5.5). */
static const struct charset *charset_of_content(struct span content)
{
    static const char word[] = "charset";
    struct code_page page = {content, false};
    struct span label;

    while (page.rest.at < page.rest.end) { /* "charset" may occur again */
        bool here = span_starts(page.rest, word);

        page.rest.at += here ? strlen(word) : 1;
        if (here && take_value(&page, ";", &label))
            return charset_of_label(label);
    }
    return NULL;
}

/* A page that was readable as ASCII is not UTF-16, even if it declares this. */
static const struct charset *not_wide(const struct charset *charset)
{
    return charset && charset->form == CHARSET_WIDE ? &charset_utf8 : charset;
}

/* Reads a meta element after "<meta" and returns its character set. The first of several attributes
   with one name is used. */
static const struct charset *take_meta(struct code_page *page)
{
    bool pragma = false, needs_pragma = false, has_pragma = false, has_content = false;
    bool has_charset = false;
    const struct charset *charset = NULL;
    struct attribute attribute;

    while (take_attribute(page, &attribute)) {
        if (span_is(attribute.name, "http-equiv") && !has_pragma) {
            has_pragma = true;
            pragma = span_is(attribute.value, "content-type");
        } else if (span_is(attribute.name, "content") && !has_content) {
            has_content = true;
            if (has_charset)
                continue;
            charset = charset_of_content(attribute.value);
            needs_pragma = true;
        } else if (span_is(attribute.name, "charset") && !has_charset) {
            has_charset = true;
            needs_pragma = false;
            charset = charset_of_label(attribute.value);
        }
    }
    return page->over || (needs_pragma && !pragma) ? NULL : not_wide(charset);
}

/* At a "<": skips a comment, a tag with its attributes, or other markup. */
static const struct charset *take_markup(struct code_page *page)
{
    struct attribute attribute;
    int after;

    if (span_starts(page->rest, "<!--")) {
        skip_to(page, page->rest.at + 2, "-->"); /* "<!-->" is complete */
        return NULL;
    }
    after = page->rest.end - page->rest.at > 5 ? page->rest.at[5] : -1;
    if (span_starts(page->rest, "<meta") && (is_space(after) || after == '/')) {
        page->rest.at += 5;
        return take_meta(page);
    }
    page->rest.at++;
    after = peek(page);
    if (after == '/' && page->rest.end - page->rest.at > 1 && is_letter((char)page->rest.at[1])) {
        page->rest.at++;
        after = peek(page);
    }
    if (is_letter((char)after)) {
        take_until(page, ">");
        while (take_attribute(page, &attribute)) {
        }
    } else if (after == '!' || after == '/' || after == '?') {
        skip_to(page, page->rest.at, ">");
    } else {
        page->rest.at--;
    }
    return NULL;
}

/* "<?xml version='1.0' encoding='...'?>" (HTML, "get an XML encoding"). */
static const struct charset *charset_of_xml(const char *bytes, size_t count)
{
    const char *close = memchr(bytes, '>', count);
    struct code_page page = {{bytes, close}, false};
    struct span label;

    if (!close || count < 5 || memcmp(bytes, "<?xml", 5) != 0)
        return NULL;
    skip_to(&page, page.rest.at, "encoding");
    if (page.over)
        return NULL;
    page.rest.at++;
    if (!take_value(&page, "", &label) || page.over || !is_quote(label.at[-1]))
        return NULL;
    return not_wide(charset_of_label(label));
}

const struct charset *page_charset(const unsigned char *bytes, size_t count)
{
    const char *text = (const char *)bytes;
    const struct charset *charset = NULL;
    struct code_page page;

    if (!count)
        return NULL;
    if (count > PAGE_CHARSET_BYTES)
        count = PAGE_CHARSET_BYTES;
    if (count >= 6 && !memcmp(text, "<\0?\0x\0", 6))
        return charset_of_label(span_of("utf-16le", 8));
    if (count >= 6 && !memcmp(text, "\0<\0?\0x", 6))
        return charset_of_label(span_of("utf-16be", 8));
    page = (struct code_page){span_of(text, count), false};
    while (!charset && !page.over && (page.rest.at = span_find(page.rest, '<'))) {
        charset = take_markup(&page);
        page.rest.at += !page.over;
    }
    return charset ? charset : charset_of_xml(text, count);
}

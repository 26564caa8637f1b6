/* Writes words in lines of a limited width, with colours. */
#include "cli/bench/bench_page.h"

#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/output/terminal.h"

#define MAX_UNIT 2 /* characters of a unit */

void page_put(const struct page *page, const char *text)
{
    fputs(text, page->to);
}

void page_shade(const struct page *page, const char *sequence)
{
    if (page->color)
        page_put(page, sequence);
}

/* Returns the length of the next word. A number and its unit are one word. */
static size_t word_length(const char *text)
{
    size_t length = strcspn(text, " "), unit;

    if (!length || text[length] != ' ' || !is_digit(text[length - 1]))
        return length;
    unit = strcspn(text + length + 1, " ,;:.)");
    return unit <= MAX_UNIT ? length + 1 + strcspn(text + length + 1, " ") : length;
}

void page_words(const struct page *page, const char *sequence, size_t column, size_t indent,
                const char *text)
{
    page_shade(page, sequence);
    while (*text) {
        size_t length = word_length(text);

        if (column > indent && column + 1 + length > page->columns) {
            fprintf(page->to, "\n%*s", (int)indent, "");
            column = indent;
        }
        column += (column > indent) + length;
        fprintf(page->to, "%s%.*s", column > indent + length ? " " : "", (int)length, text);
        text += length + strspn(text + length, " ");
    }
    page_shade(page, *sequence ? SHADE_NONE : "");
    page_put(page, "\n");
}

void page_shaded(const struct page *page, const char *sequence, const char *format, ...)
{
    va_list list;

    page_shade(page, sequence);
    va_start(list, format);
    vfprintf(page->to, format, list);
    va_end(list);
    page_shade(page, *sequence ? SHADE_NONE : "");
}

void page_notice(const struct page *page, const char *sequence, const char *text)
{
    if (!page->compact)
        page_put(page, "\n");
    page_words(page, sequence, 0, 0, text);
}

void page_label(const struct page *page, const char *label)
{
    page_shaded(page, *label ? SHADE_BOLD : "", "%-*s", LABEL_COLUMNS, label);
}

void page_line(const struct page *page, const char *label, const char *sequence, const char *format,
               ...)
{
    char text[NOTE_BYTES];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    page_label(page, label);
    page_words(page, sequence, LABEL_COLUMNS, LABEL_COLUMNS, text);
}

void page_add(char *text, const char *format, ...)
{
    size_t length = strlen(text);
    va_list list;

    va_start(list, format);
    vsnprintf(text + length, NOTE_BYTES - length, format, list);
    va_end(list);
}

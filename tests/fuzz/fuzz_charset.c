/*
 * Character sets. The first line is a Content-Type field, the second a label, the third the plan of
 * the pieces. The rest is a text: its character set is detected as in a page, and it is converted.
 * The result is valid UTF-8 in the C library's UTF-8 locale, and the same whole and in pieces.
 */
#include "tests/fuzz/fuzz.h"

#include <locale.h>
#include <wchar.h>

#include "base/utf8.h"
#include "http/body/conversion.h"
#include "http/body/page_charset.h"

static void check_utf8(const char *text, size_t length)
{
    mbstate_t state = {0};

    for (size_t at = 0, used; at < length; at += used) {
        used = mbrtowc(NULL, text + at, length - at, &state);
        used += !used; /* a NUL */
        MUST(used <= length - at);
    }
}

/* utf8_next agrees with the locale. */
static void check_reading(const struct part *text)
{
    uint32_t read;
    bool whole;
    size_t used;

    for (size_t at = 0; at < text->size; at += used) {
        mbstate_t state = {0};
        wchar_t character = 0;
        size_t known = mbrtowc(&character, (const char *)text->at + at, text->size - at, &state);

        used = utf8_next(text->at + at, text->size - at, &read, &whole);
        MUST(used > 0 && used <= 4 && used <= text->size - at);
        MUST(whole || used == text->size - at);
        if (text->at[at] && known <= 4 && character <= 0x10ffff)
            MUST(whole && used == known);
        else
            MUST(used <= 3);
    }
}

static void convert(const struct charset *charset, struct part rest, const struct part *plan,
                    bool cut, struct note *note)
{
    struct conversion *conversion = conversion_new(charset);
    unsigned char room[CONVERSION_ROOM];
    size_t made;

    MUST(conversion);
    note_open(note);
    for (size_t i = 0; rest.size; i++) {
        struct part piece = part_piece(&rest, plan, i);

        while (piece.size) {
            size_t left = piece.size;

            made = conversion_step(conversion, &piece.at, &piece.size, room);
            MUST(made <= sizeof(room) && piece.size < left);
            fwrite(room, 1, made, note->to);
        }
    }
    made = conversion_end(conversion, cut, room);
    MUST(made <= sizeof(room));
    fwrite(room, 1, made, note->to);
    conversion_free(conversion);
    note_close(note);
}

static void check_conversion(const struct charset *charset, const struct part *text,
                             const struct part *plan)
{
    static const struct part uncut;
    struct note whole, pieces, cut;

    convert(charset, *text, &uncut, false, &whole);
    convert(charset, *text, plan, false, &pieces);
    convert(charset, *text, plan, true, &cut);
    check_utf8(whole.text, whole.length);
    check_utf8(cut.text, cut.length);
    MUST(cut.length <= whole.length && !memcmp(cut.text, whole.text, cut.length));
    note_compare(&whole, &pieces);
    note_free(&whole);
    note_free(&pieces);
    note_free(&cut);
}

/* A name is a label of its own set. */
static void check_name(const struct charset *charset)
{
    if (charset)
        MUST(charset_of_label(span_of(charset->name, strlen(charset->name))) == charset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *locale;
    struct part rest = {data, size}, type = part_line(&rest), label = part_line(&rest);
    struct part plan = part_line(&rest);
    char *field = part_text(&type);
    const struct charset *charset = charset_of_type(field), *marked = NULL;
    size_t mark_bytes = 0;

    if (!locale)
        locale = setlocale(LC_CTYPE, "C.UTF-8");
    MUST(locale);
    check_name(charset);
    charset_is_page(field);
    check_name(page_charset(rest.at, rest.size));
    if (charset_of_mark(rest.at, rest.size, &marked, &mark_bytes) == CHARSET_MARK)
        MUST(marked && mark_bytes >= 2 && mark_bytes <= rest.size);
    check_reading(&rest);
    charset = charset_of_label(span_of((const char *)label.at, label.size));
    check_name(charset);
    if (charset && charset->iconv)
        check_conversion(charset, &rest, &plan);
    free(field);
    return 0;
}

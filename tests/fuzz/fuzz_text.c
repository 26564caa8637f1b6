/*
 * Untrusted bytes: the output is UTF-8 of limited length without control characters, in the C
 * library's UTF-8 locale. The first byte is the limit, in characters; the rest is the text.
 */
#include "tests/fuzz/fuzz.h"

#include <locale.h>
#include <wchar.h>

#include "base/utf8.h"
#include "cli/output/text.h"

#define LONGEST_ESCAPE 6 /* \u202e */

static bool may_be_shown(wchar_t character)
{
    uint32_t c = (uint32_t)character;
    bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
    bool surrogate = c >= 0xd800 && c <= 0xdfff;
    bool changes_direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
                             c == 0x200e || c == 0x200f || c == 0x061c;

    return !control && !surrogate && !changes_direction && c <= 0x10ffff;
}

/* The number of characters and columns. Aborts if a character may not be shown. */
static size_t count_shown(const char *text, size_t length, size_t *columns)
{
    mbstate_t state = {0};
    size_t count = 0;

    *columns = 0;
    for (size_t at = 0; at < length; count++) {
        wchar_t character;
        size_t used = mbrtowc(&character, text + at, length - at, &state);

        MUST(used > 0 && used <= length - at);
        MUST(may_be_shown(character));
        *columns += text_columns((uint32_t)character);
        at += used;
    }
    return count;
}

/* The number of characters. utf8_next must agree with the locale. */
static size_t count_read(const uint8_t *bytes, size_t length)
{
    size_t count = 0, used;

    for (size_t at = 0; at < length; at += used, count++) {
        mbstate_t state = {0};
        wchar_t wanted;
        uint32_t character;
        bool whole;
        size_t known = mbrtowc(&wanted, (const char *)bytes + at, length - at, &state);

        used = utf8_next(bytes + at, length - at, &character, &whole);
        MUST(used > 0 && used <= length - at && used <= 4);
        if (!bytes[at])
            MUST(used == 1 && character == 0);
        else if (known <= length - at && wanted <= 0x10ffff)
            MUST(used == known && character == (uint32_t)wanted);
        else
            MUST(used <= 3 && character == 0xfffd);
    }
    return count;
}

static void check_show(const struct part *text, size_t max)
{
    struct note all, some;
    size_t columns, wanted, shown, characters = count_read(text->at, text->size);

    note_open(&all);
    note_open(&some);
    columns = text_show(all.to, text->at, text->size, TEXT_ALL);
    MUST(!fflush(all.to));
    shown = count_shown(all.text, all.length, &wanted);
    MUST(columns == wanted && shown >= characters);

    columns = text_show(some.to, text->at, text->size, max);
    MUST(!fflush(some.to));
    shown = count_shown(some.text, some.length, &wanted);
    MUST(columns == wanted && shown <= max * LONGEST_ESCAPE);
    MUST(shown >= (characters < max ? characters : max));
    MUST(some.length <= all.length && !memcmp(all.text, some.text, some.length));
    note_free(&all);
    note_free(&some);
}

/* The length of an escape at `at`; 1 for any other character. */
static size_t check_escape(const char *at, const char *end)
{
    if (*at != '\\')
        return 1;
    MUST(end - at >= 2);
    if (at[1] != 'u') {
        MUST(at[1] && strchr("\"\\/bfnrt", at[1]));
        return 2;
    }
    MUST(end - at >= 6 && strspn(at + 2, "0123456789abcdef") >= 4);
    return 6;
}

/* A string by the grammar of RFC 8259, section 7. */
static void check_json(const struct part *text, size_t max)
{
    struct note json;
    size_t count = 0, columns;
    const char *end;

    note_open(&json);
    text_json(json.to, text->at, text->size, max);
    note_close(&json);
    MUST(json.length >= 2);
    end = json.text + json.length - 1;
    MUST(json.text[0] == '"' && *end == '"');
    count_shown(json.text, json.length, &columns);
    for (const char *at = json.text + 1; at < end; at += check_escape(at, end)) {
        MUST(*at != '"');
        count += ((unsigned char)*at & 0xc0) != 0x80;
    }
    MUST(count <= max && count <= text->size);
    note_free(&json);
}

/* A quoted cell of RFC 4180, on one line, that is not a formula in a spreadsheet. */
static void check_csv(const struct part *text, size_t max)
{
    struct note csv;
    size_t columns;
    const char *end;

    note_open(&csv);
    text_csv(csv.to, text->at, text->size, max);
    note_close(&csv);
    MUST(csv.length >= 2);
    end = csv.text + csv.length - 1;
    MUST(csv.text[0] == '"' && *end == '"');
    MUST(csv.length == 2 || !strchr("=+-@", csv.text[1]));
    count_shown(csv.text, csv.length, &columns);
    for (const char *at = csv.text + 1; at < end; at++) {
        if (*at != '"')
            continue;
        MUST(++at < end && *at == '"');
    }
    note_free(&csv);
}

static void check_column(const struct part *text, size_t width)
{
    struct note column;
    char *copy = part_text(text);
    size_t columns;

    note_open(&column);
    text_cell(column.to, copy, strlen(copy), TEXT_ALL, width);
    note_close(&column);
    count_shown(column.text, column.length, &columns);
    MUST(columns == width);
    note_free(&column);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *locale;
    struct part input = {data, size};
    size_t max = part_byte(&input);

    if (!locale)
        locale = setlocale(LC_CTYPE, "C.UTF-8");
    MUST(locale);
    check_show(&input, max);
    check_json(&input, max);
    check_json(&input, TEXT_ALL);
    check_csv(&input, max);
    check_csv(&input, TEXT_ALL);
    check_column(&input, max);
    return 0;
}

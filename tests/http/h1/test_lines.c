/* Lines of a head, whole and split at every byte. */
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "http/h1/lines.h"

/* The lines of a text, each in brackets, up to a blank line, an error or the end. */
struct outcome {
    char text[256];
    bool bare_lf, repaired;
    const char *why;
};

static void note(struct outcome *outcome, const struct lines *lines)
{
    strcat(outcome->text, "[");
    strncat(outcome->text, lines->text, lines->bytes);
    strcat(outcome->text, "]");
    assert_memory_equal(lines->text + lines->bytes, "\r\n", 2);
}

/* Takes lines from a copy of the bytes. Returns whether more bytes are wanted. */
static bool take_piece(struct lines *lines, struct outcome *outcome, const char *bytes,
                       size_t count)
{
    char *piece = malloc(count + !count);
    const char *at = piece;
    enum lines_status status;

    memcpy(piece, bytes, count);
    while ((status = lines_take(lines, true, &at, piece + count)) == LINES_TEXT)
        note(outcome, lines);
    if (status == LINES_BLANK)
        strcat(outcome->text, ".");
    if (status == LINES_MALFORMED)
        outcome->why = lines->why;
    free(piece);
    return status == LINES_MORE;
}

static struct outcome take(const char *bytes, size_t count, size_t first, size_t piece)
{
    struct outcome outcome = {0};
    struct lines lines = {0};
    bool more = true;

    for (size_t at = 0; at < count && more; first = piece) {
        size_t size = first < count - at ? first : count - at;

        more = take_piece(&lines, &outcome, bytes + at, size);
        at += size;
    }
    outcome.bare_lf = lines.bare_lf;
    outcome.repaired = lines.repaired;
    lines_free(&lines);
    return outcome;
}

#define CASE(bytes) bytes, sizeof(bytes) - 1

static void lines_in_pieces(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *text;
        bool bare_lf, repaired, malformed;
    } cases[] = {
        {CASE("a: b\r\nlonger than eight bytes\r\n\r\nx"), "[a: b][longer than eight bytes].", 0, 0,
         0},
        {CASE("\xff\x80\xe9\xff\x80\xe9\xff\x80\r\n\r\n"), "[\xff\x80\xe9\xff\x80\xe9\xff\x80].", 0,
         0, 0},
        {CASE("a\tb\r\n\r\n"), "[a\tb].", 0, 0, 0},
        {CASE("a\nb\r\n\n"), "[a][b].", 1, 0, 0},
        {CASE("a\r\r\nb\r\n\r\r\n"), "[a][b].", 0, 1, 0},
        {CASE("a\rb\r\r\rc\r\n\r\n"), "[a b   c].", 0, 1, 0},
        {CASE("a\r\n b\r\n\tc\r\nd\r\n\r\n"), "[a b\tc][d].", 0, 0, 0},
        {CASE("a\n b\n\n"), "[a b].", 1, 0, 0},
        {CASE("a\r\n \r\n\r\n"), "[a ].", 0, 0, 0},
        {CASE(" a\r\n\r\n"), "[ a].", 0, 0, 0},
        {CASE("a\r\nb\r\n"), "[a]", 0, 0, 0}, /* a folded line may follow */
        {CASE("a\r\nb"), "[a]", 0, 0, 0},
        {CASE("a\r\n\rb\r\n\r\n"), "[a]", 0, 0, 1},
        {CASE("\rb\r\n\r\n"), "", 0, 0, 1},
        {CASE("\r\r\rb"), "", 0, 0, 1},
        {CASE("a\r\nb\0c\r\n\r\n"), "[a]", 0, 0, 1},
        {CASE("a\0\r\n\r\n"), "", 0, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (size_t cut = 0; cut <= cases[i].count + 1; cut++) {
            size_t piece = cut > cases[i].count ? 1 : cases[i].count;
            struct outcome outcome = take(cases[i].bytes, cases[i].count, cut, piece);

            if (strcmp(outcome.text, cases[i].text) != 0 || !outcome.why != !cases[i].malformed ||
                (!outcome.why &&
                 (outcome.bare_lf != cases[i].bare_lf || outcome.repaired != cases[i].repaired)))
                fail_msg("case %zu, cut at %zu: %s, bare LF %d, repaired %d, %s", i, cut,
                         outcome.text, outcome.bare_lf, outcome.repaired,
                         outcome.why ? outcome.why : "well-formed");
        }
}

static void regular_lines_are_not_copied(void **state)
{
    static const char bytes[] = "first: line\r\nsecond: line\r\n\r\n";
    const char *at = bytes, *end = bytes + sizeof(bytes) - 1;
    struct lines lines = {0};

    (void)state;
    assert_int_equal(lines_take(&lines, false, &at, end), LINES_TEXT);
    assert_ptr_equal(lines.text, bytes);
    assert_int_equal(lines_take(&lines, true, &at, end), LINES_TEXT);
    assert_ptr_equal(lines.text, bytes + 13);
    assert_int_equal(lines_take(&lines, true, &at, end), LINES_BLANK);
    assert_ptr_equal(at, end);
    assert_null(lines.copy);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_in_pieces),
        cmocka_unit_test(regular_lines_are_not_copied),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}

/* Previews: the first characters of a body, for all codings and character sets, in pieces. */
#define ZLIB_CONST

#include "tests/support/unit.h"

#include <malloc.h>
#include <stdlib.h>
#include <zlib.h>

#include "http/body/page_charset.h"
#include "http/body/preview.h"
#include "tests/support/names.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define HTML        "text/html"
#define UTF8        "text/html; charset=utf-8"
#define BOMB_BYTES  (10 * 1024 * 1024)

/* Input and expected preview. */
struct body {
    const char *type, *coding;
    const void *bytes;
    size_t count;
    size_t characters; /* requested number */
};

/* Feeds a body in pieces, each in its own heap block. Returns the result of preview_finish; `*fed`
   is the number of bytes that preview_feed took. */
static enum preview_status preview_in_pieces(struct preview *preview, const struct body *body,
                                             size_t piece, bool complete, size_t *fed)
{
    const unsigned char *bytes = body->bytes;

    preview_start(preview, body->characters, body->type, body->coding);
    for (*fed = 0; *fed < body->count && preview->status == PREVIEW_MORE;) {
        size_t count = body->count - *fed < piece ? body->count - *fed : piece;
        unsigned char *copy = malloc(count);
        enum preview_status status;

        memcpy(copy, bytes + *fed, count);
        status = preview_feed(preview, copy, count);
        assert_int_equal(status, preview->status);
        free(copy);
        *fed += count;
    }
    return preview_finish(preview, complete);
}

static void assert_text(const struct preview *preview, const char *text)
{
    size_t bytes;
    const unsigned char *is = preview_text(preview, &bytes);

    if (bytes != strlen(text) || memcmp(is, text, bytes) != 0)
        fail_msg("\"%.*s\", not \"%s\"", (int)bytes, (const char *)is, text);
}

/* Feeds a body to its end, and compares the preview. */
static void expect_text(const struct body *body, size_t piece, bool complete, const char *text)
{
    struct preview preview;
    size_t fed;

    assert_int_equal(preview_in_pieces(&preview, body, piece, complete, &fed), PREVIEW_READY);
    assert_text(&preview, text);
    preview_free(&preview);
}

static const struct preview_case {
    const char *type, *bytes;
    const char *text, *charset; /* of ten characters */
} bodies[] = {
    {UTF8, "<!doctype html>", "<!doctype ", "utf-8"},
    {UTF8, "short", "short", "utf-8"},
    {UTF8, "", "", "utf-8"},
    {UTF8, "äöüÄÖÜßéèêë", "äöüÄÖÜßéèê", "utf-8"},
    {UTF8, "😀😀😀😀😀😀😀😀😀😀😀", "😀😀😀😀😀😀😀😀😀😀", "utf-8"},
    {UTF8, "\xef\xbb\xbf<!doctype html>", "<!doctype ", "utf-8"},
    {UTF8, "\xef\xbb\xbf", "", "utf-8"},
    {UTF8, "\xef\xbb", "\xef\xbb", "utf-8"}, /* two bytes of a byte order mark */
    {UTF8, "\xef\xbb\xbf\xef\xbb\xbfx", "\xef\xbb\xbfx", "utf-8"},
    {UTF8, "\xff\x80\xe2\x82xyz\xf0\x9f\x98wwwww", "\xff\x80\xe2\x82xyz\xf0\x9f\x98www", "utf-8"},
    {UTF8, "abc\xe2\x82", "abc\xe2\x82", "utf-8"},
    {UTF8, "<meta charset=latin1>\xe9", "<meta char", "utf-8"},
    {HTML, "<!doctype html>", "<!doctype ", "utf-8"},
    {HTML, "", "", "utf-8"},
    {HTML, "\xe9\xe9", "\xe9\xe9", "utf-8"},
    {HTML, "\xe9\xe9<meta charset=latin1>", "éé<meta ch", "windows-1252"},
    {NULL, "\xe9\xe9<meta charset=latin1>", "éé<meta ch", "windows-1252"},
    {"text/plain", "\xe9\xe9<meta charset=latin1>", "\xe9\xe9<meta ch", "utf-8"},
    {"text/html; charset=nonsense", "\xe9\xe9<meta charset=latin1>", "éé<meta ch", "windows-1252"},
    {"text/xml", "<?xml version='1.0' encoding='latin1'?>", "<?xml vers", "windows-1252"},
    {"text/html; charset=latin1", "caf\xe9", "café", "windows-1252"},
    {"text/html; charset=latin1", "", "", "windows-1252"},
    {"text/html; charset=latin1", "\xef\xbb\xbfé", "é", "utf-8"},
    {"text/html; charset=latin1", "\xef\xbbx", "ï»x", "windows-1252"},
    {"text/html; charset=latin1", "\xff\xfehx", "硨", "utf-16le"},
    {"text/html; charset=latin1", "\xff", "ÿ", "windows-1252"},
    {"text/html; charset=sjis", "\x93\xfa\x96{\x8c\xea", "日本語", "shift_jis"},
    {"text/html; charset=sjis", "\x93\xfa\x96", "日" REPLACEMENT, "shift_jis"},
    {"text/plain; charset=sjis",
     "\x93\xfa\x93\xfa\x93\xfa\x93\xfa\x93\xfa\x93\xfa\x93\xfa\x93\xfa\x93\xfa\x93\xfa\x93\xfa",
     "日日日日日日日日日日", "shift_jis"},
    {"text/html; charset=iso-2022-jp", "\x1b$BF|K\\8l\x1b(B", "日本語", "iso-2022-jp"},
    {"text/html; charset=windows-1255", "\xf9\xec\xe5\xed", "שלום", "windows-1255"},
};

/* Feeds a body as it is and with each coding, in pieces of every size. */
static void check_body(const struct preview_case *one, const struct body *body)
{
    const char *coding = body->coding ? body->coding : "identity";

    for (size_t piece = 1; piece <= body->count + 1; piece++) {
        struct preview preview;
        char name[CODING_NAME_BYTES];
        size_t fed;

        assert_int_equal(preview_in_pieces(&preview, body, piece, true, &fed), PREVIEW_READY);
        assert_text(&preview, one->text);
        assert_string_equal(preview_charset(&preview), one->charset);
        assert_string_equal(coding_list_name(&preview.codings, name), coding);
        assert_int_equal(preview_feed(&preview, (const unsigned char *)"x", 1), PREVIEW_READY);
        assert_text(&preview, one->text);
        preview_free(&preview);
    }
}

static void bodies_are_previewed(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bodies); i++) {
        struct body body = {bodies[i].type, NULL, bodies[i].bytes, strlen(bodies[i].bytes), 10};

        check_body(&bodies[i], &body);
    }
}

/* If a response is truncated, an incomplete character at its end is not shown. */
static void truncated_body_ends_with_a_character(void **state)
{
    static const struct {
        const char *type, *bytes, *text;
    } cases[] = {
        {UTF8, "abc\xe2\x82", "abc"},
        {HTML, "abc\xe2\x82", "abc"},
        {UTF8, "abc\xe2", "abc"},
        {UTF8, "abc\xff", "abc\xff"},
        {UTF8, "\xef\xbb", ""},
        {"text/html; charset=sjis", "\x93\xfa\x96", "日"},
        {"text/html; charset=windows-1255", "\xf9\xec\xe5\xed", "שלום"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct body body = {cases[i].type, NULL, cases[i].bytes, strlen(cases[i].bytes), 10};

        for (size_t piece = 1; piece <= body.count; piece++)
            expect_text(&body, piece, false, cases[i].text);
    }
}

/* READY is returned at the first byte after which the text cannot change. */
static void ready_comes_early(void **state)
{
    static const struct {
        const char *type, *begins;
        size_t wants; /* bytes until READY, of 2000 */
    } cases[] = {
        {UTF8, "", 10},
        {UTF8, "\xef\xbb\xbf", 13},
        {"text/plain", "", 10},
        {"text/html; charset=latin1", "", 10},
        {"text/html; charset=utf-16le", "", 20},
        {HTML, "\xef\xbb\xbf", 13},
        {HTML, "\xff\xfe", 22},
        {HTML, "", PAGE_CHARSET_BYTES},
        {HTML, "<meta charset=latin1>", PAGE_CHARSET_BYTES},
        {NULL, "", PAGE_CHARSET_BYTES},
    };
    char bytes[2000];

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct body body = {cases[i].type, NULL, bytes, sizeof(bytes), 10};
        struct preview preview;
        size_t fed;

        memset(bytes, 'x', sizeof(bytes));
        memcpy(bytes, cases[i].begins, strlen(cases[i].begins));
        assert_int_equal(preview_in_pieces(&preview, &body, 1, false, &fed), PREVIEW_READY);
        assert_int_equal(fed, cases[i].wants);
        preview_free(&preview);
    }
}

/* A charset declaration that ends within the limit, and one that ends a byte later. */
static void charset_declaration_has_a_limit(void **state)
{
    static const char meta[] = "<meta charset=latin1>";
    size_t bytes = sizeof(meta) - 1;
    char page[2 * PAGE_CHARSET_BYTES];

    (void)state;
    for (size_t late = 0; late < 2; late++) {
        for (size_t piece = 1; piece <= sizeof(page); piece *= 2) {
            struct body body = {HTML, NULL, page, sizeof(page), 3};

            memset(page, '\xe9', sizeof(page));
            memcpy(page + PAGE_CHARSET_BYTES - bytes + late, meta, bytes);
            expect_text(&body, piece, true, late ? "\xe9\xe9\xe9" : "ééé");
        }
    }
}

static void lengths_are_kept(void **state)
{
    static const size_t lengths[] = {1, 2, 15, 16, 17, 100, 1000, PREVIEW_MAX_CHARACTERS};
    static const char *const types[] = {UTF8, HTML, "text/html; charset=gb18030"};
    const char *const smiles[] = {"😀", "😀", "\x94\x39\xfc\x36"};
    size_t count = 4 * (PREVIEW_MAX_CHARACTERS + 10), fed, bytes;
    char *page = malloc(count);

    (void)state;
    for (size_t i = 0; i < LENGTH(lengths) * LENGTH(types); i++) {
        size_t length = lengths[i / LENGTH(types)], type = i % LENGTH(types);
        struct body body = {types[type], NULL, page, count, length};
        struct preview preview;

        for (size_t at = 0; at < count; at += 4)
            memcpy(page + at, smiles[type], 4);
        assert_int_equal(preview_in_pieces(&preview, &body, 1001, true, &fed), PREVIEW_READY);
        for (const unsigned char *at = preview_text(&preview, &bytes), *end = at + bytes; at < end;
             at += 4)
            assert_memory_equal(at, "😀", 4);
        assert_int_equal(bytes, 4 * length);
        preview_free(&preview);
    }
    free(page);
}

/* The text is valid after the struct was moved. */
static void a_preview_can_be_moved(void **state)
{
    struct preview preview, moved;

    (void)state;
    preview_start(&preview, 10, UTF8, NULL);
    assert_int_equal(preview_feed(&preview, (const unsigned char *)"01234", 5), PREVIEW_MORE);
    moved = preview;
    memset(&preview, 0xff, sizeof(preview));
    assert_int_equal(preview_feed(&moved, (const unsigned char *)"5678901", 7), PREVIEW_READY);
    assert_text(&moved, "0123456789");
    preview_free(&moved);
    preview_free(&moved); /* it is empty now */
}

/* `window_bits` as in zlib: 31 gzip, 15 zlib. */
static unsigned char *deflated(const void *plain, size_t *count, int window_bits)
{
    unsigned char *coded = malloc(*count + 1024);
    z_stream zlib = {.next_in = plain, .avail_in = (uInt)*count};

    assert_int_equal(deflateInit2(&zlib, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    zlib.next_out = coded;
    zlib.avail_out = (uInt)*count + 1024;
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    *count = zlib.total_out;
    deflateEnd(&zlib);
    return coded;
}

static void coded_bodies_are_previewed(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bodies); i++) {
        size_t count = strlen(bodies[i].bytes);
        unsigned char *zlib = deflated(bodies[i].bytes, &count, 15);
        unsigned char *gzip = deflated(zlib, &count, 31);
        struct body body = {bodies[i].type, "deflate, gzip", gzip, count, 10};

        check_body(&bodies[i], &body);
        free(zlib);
        free(gzip);
    }
}

/* If a coded body ends too early, the text before is shown. */
static void incomplete_coding_has_a_preview(void **state)
{
    static const char plain[] = "<!doctype html>";
    size_t count = sizeof(plain) - 1, fed, bytes;
    unsigned char *gzip = deflated(plain, &count, 31);

    (void)state;
    for (size_t wanted = 1; wanted <= 20; wanted++) {
        for (size_t length = 0; length <= count; length++) {
            struct body body = {HTML, "gzip", gzip, length, wanted};
            struct preview preview;

            assert_int_equal(preview_in_pieces(&preview, &body, 3, true, &fed), PREVIEW_READY);
            preview_text(&preview, &bytes);
            assert_true(bytes <= wanted &&
                        (length < count || bytes == (wanted < 15 ? wanted : 15)));
            preview_free(&preview);
            assert_int_equal(preview_in_pieces(&preview, &body, 3, false, &fed), PREVIEW_READY);
            preview_text(&preview, &bytes);
            assert_true(bytes <= wanted);
            preview_free(&preview);
        }
    }
    free(gzip);
}

static void truncated_coding_ends_with_a_character(void **state)
{
    static const char plain[] = "äéöèü";
    size_t count = sizeof(plain) - 1, fed, bytes;
    unsigned char *gzip = deflated(plain, &count, 31);

    (void)state;
    for (size_t length = 0; length < count; length++) {
        struct body body = {UTF8, "gzip", gzip, length, 10};
        struct preview preview;

        preview_in_pieces(&preview, &body, 3, true, &fed);
        preview_text(&preview, &bytes);
        assert_int_equal(bytes % 2, 0);
        preview_free(&preview);
    }
    free(gzip);
}

/* A decoding error is reported only if there is no character before it. */
static void malformed_coding_is_reported(void **state)
{
    static const char plain[] = "<!doctype html>";
    size_t count = sizeof(plain) - 1, fed;
    unsigned char *gzip = deflated(plain, &count, 31);
    struct body body = {UTF8, "gzip", gzip, count, 20};
    struct preview preview;

    (void)state;
    gzip[count - 1] ^= 1; /* in the length */
    for (size_t piece = 1; piece <= count; piece++) {
        body.characters = 20;
        assert_int_equal(preview_in_pieces(&preview, &body, piece, true, &fed), PREVIEW_READY);
        assert_text(&preview, plain); /* the text before the error */
        assert_int_equal(preview_feed(&preview, gzip, 1), PREVIEW_READY);
        preview_free(&preview);
        body.characters = 10; /* complete before the error */
        assert_int_equal(preview_in_pieces(&preview, &body, piece, true, &fed), PREVIEW_READY);
        assert_text(&preview, "<!doctype ");
        preview_free(&preview);
    }
    body = (struct body){HTML, "gzip", plain, sizeof(plain) - 1, 10};
    assert_int_equal(preview_in_pieces(&preview, &body, 4, false, &fed), PREVIEW_MALFORMED);
    assert_text(&preview, "");
    assert_int_equal(preview_feed(&preview, gzip, 1), PREVIEW_MALFORMED);
    preview_free(&preview);
    gzip[10] = 0xff; /* the first block has an invalid type */
    body = (struct body){UTF8, "gzip", gzip, count, 20};
    assert_int_equal(preview_in_pieces(&preview, &body, 1, true, &fed), PREVIEW_MALFORMED);
    preview_free(&preview);
    free(gzip);
}

static void fields_are_used(void **state)
{
    static const struct {
        const char *coding, *bytes, *text, *name;
        enum preview_status status;
    } cases[] = {
        {"compress", "<!doctype html>", "<!doctype ", "unknown", PREVIEW_READY},
        {"gzip, none", "<!doctype html>", "<!doctype ", "unknown", PREVIEW_READY},
        {"identity", "<!doctype html>", "<!doctype ", "identity", PREVIEW_READY},
        {"gzip", "", "", "gzip", PREVIEW_READY}, /* no body: HEAD, 304 */
        {"br, zstd", "", "", "br, zstd", PREVIEW_READY},
        {"br, br, br, br, br", "", "", "unknown", PREVIEW_READY},
        {"br, br, br, br, br", "x", "", "unknown", PREVIEW_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct body body = {UTF8, cases[i].coding, cases[i].bytes, strlen(cases[i].bytes), 10};
        struct preview preview;
        char name[CODING_NAME_BYTES];
        size_t fed;

        assert_int_equal(preview_in_pieces(&preview, &body, 100, true, &fed), cases[i].status);
        assert_text(&preview, cases[i].text);
        assert_string_equal(coding_list_name(&preview.codings, name), cases[i].name);
        preview_free(&preview);
    }
}

/* Ten megabytes in ten kilobytes: only the requested bytes are decoded. */
static void bombs_cost_the_wanted_bytes(void **state)
{
    static const struct {
        const char *type;
        size_t bytes; /* maximum number of decoded bytes */
    } cases[] = {
        {UTF8, 40},
        {HTML, PAGE_CHARSET_BYTES},
        {"text/html; charset=latin1", 40},
        {"text/html; charset=utf-16be", 80},
    };
    void *zeros = calloc(1, BOMB_BYTES);
    size_t whole = BOMB_BYTES;
    unsigned char *gzip = deflated(zeros, &whole, 31);

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct preview preview;
        uint64_t taken, made;
        size_t bytes;

        /* fed byte by byte, it decodes exactly the wanted bytes */
        preview_start(&preview, 10, cases[i].type, "gzip");
        for (size_t at = 0; preview.status == PREVIEW_MORE; at++) {
            if (preview.decoder) {
                decoder_work(preview.decoder, &taken, &made);
                assert_true(taken == at && made <= cases[i].bytes);
            }
            assert_true(at < 200);
            preview_feed(&preview, gzip + at, 1);
        }
        preview_free(&preview);
        preview_start(&preview, 10, cases[i].type, "gzip");
        assert_int_equal(preview_feed(&preview, gzip, whole), PREVIEW_READY);
        assert_memory_equal(preview_text(&preview, &bytes), zeros, 10);
        assert_int_equal(bytes, 10);
        preview_free(&preview);
    }
    free(gzip);
    free(zeros);
}

/* Escape sequences are no text: a limit ends an endless sequence of them. */
static void endless_escape_sequences_end(void **state)
{
    static const char shift[] = {0x1b, '(', 'B'};
    static char shifts[300000];
    struct body body = {"text/html; charset=iso-2022-jp", NULL, shifts, sizeof(shifts), 10};
    struct preview preview;

    (void)state;
    for (size_t at = 0; at < sizeof(shifts); at += sizeof(shift))
        memcpy(shifts + at, shift, sizeof(shift));
    for (size_t piece = 1; piece < 20000; piece *= 5) {
        size_t fed;

        assert_int_equal(preview_in_pieces(&preview, &body, piece, true, &fed), PREVIEW_READY);
        assert_text(&preview, "");
        assert_true(fed <= 1024 + 160 + piece);
        preview_free(&preview);
    }
}

/* A page in UTF-8 without a coding needs only the struct. */
static void uncoded_utf8_allocates_nothing(void **state)
{
    static const unsigned char page[1500] = "<!doctype html>";
    struct preview preview;
    struct mallinfo2 before = mallinfo2(), after; /* all 0 under a sanitizer */

    (void)state;
    preview_start(&preview, 10, UTF8, NULL);
    preview_feed(&preview, page, 5);
    after = mallinfo2();
    assert_int_equal(before.uordblks, after.uordblks);
    assert_int_equal(preview_feed(&preview, page + 5, 20), PREVIEW_READY);
    after = mallinfo2();
    assert_int_equal(before.uordblks, after.uordblks);
    assert_null(preview.long_text);
    preview_start(&preview, 10, HTML, NULL);
    assert_int_equal(preview_feed(&preview, page, sizeof(page)), PREVIEW_READY);
    after = mallinfo2();
    assert_int_equal(before.uordblks, after.uordblks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_previewed),
        cmocka_unit_test(truncated_body_ends_with_a_character),
        cmocka_unit_test(ready_comes_early),
        cmocka_unit_test(charset_declaration_has_a_limit),
        cmocka_unit_test(lengths_are_kept),
        cmocka_unit_test(a_preview_can_be_moved),
        cmocka_unit_test(coded_bodies_are_previewed),
        cmocka_unit_test(incomplete_coding_has_a_preview),
        cmocka_unit_test(truncated_coding_ends_with_a_character),
        cmocka_unit_test(malformed_coding_is_reported),
        cmocka_unit_test(fields_are_used),
        cmocka_unit_test(bombs_cost_the_wanted_bytes),
        cmocka_unit_test(endless_escape_sequences_end),
        cmocka_unit_test(uncoded_utf8_allocates_nothing),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("preview", tests, NULL, NULL);
}

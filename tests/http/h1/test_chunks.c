/* Framing of a chunked body: sizes, limits and errors. test_h1_parser has complete bodies, split at
   every byte. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/h1/chunks.h"

#define MAX 1000

static enum chunks_status take(struct chunks *chunks, const char *bytes, size_t *taken)
{
    const char *at = bytes;
    enum chunks_status status = chunks_take(chunks, MAX, &at, bytes + strlen(bytes));

    *taken = (size_t)(at - bytes);
    return status;
}

static void sizes_are_read(void **state)
{
    static const struct {
        const char *line;
        enum chunks_status status;
        uint64_t left;
        size_t extra;
        bool bare_lf;
    } cases[] = {
        {"3\r\n", CHUNKS_DATA, 3, 0, 0},
        {"00aF\r\n", CHUNKS_DATA, 0xaf, 0, 0},
        {"ffffffffffffffff\r\n", CHUNKS_DATA, UINT64_MAX, 0, 0},
        {"00000000000000000001\r\n", CHUNKS_DATA, 1, 4, 0},
        {"3\n", CHUNKS_DATA, 3, 0, 1},
        {"3 \t;a=\"b;\\\"\"\r\n", CHUNKS_DATA, 3, 11, 0},
        {"0\r\n", CHUNKS_TRAILERS, 0, 0, 0},
        {"0;a\n", CHUNKS_TRAILERS, 0, 2, 1},
        {"3\r", CHUNKS_MORE, 3, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct chunks chunks = {0};
        size_t taken;
        enum chunks_status status = take(&chunks, cases[i].line, &taken);

        if (status != cases[i].status || taken != strlen(cases[i].line) ||
            chunks.left != cases[i].left || chunks.extra != cases[i].extra ||
            chunks.bare_lf != cases[i].bare_lf)
            fail_msg("%s: %d, %ju left, %zu extra", cases[i].line, status, (uintmax_t)chunks.left,
                     chunks.extra);
    }
}

static void other_bytes_are_refused(void **state)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"x", "Invalid character in chunk size"},
        {"", NULL},
        {" 3", "Invalid character in chunk size"},
        {"3 4", "Invalid character in chunk size"},
        {"3\rx", "Expected LF after chunk size"},
        {"3;\x01", "Invalid character in chunk extension"},
        {"3;\"\n", "Invalid character in chunk extension"},
        {"3;\"\\\r", "Invalid character in chunk extension"},
        {"10000000000000000", "Chunk size is out of range"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct chunks chunks = {0};
        size_t taken;
        enum chunks_status status = take(&chunks, cases[i].line, &taken);

        assert_int_equal(status, cases[i].why ? CHUNKS_MALFORMED : CHUNKS_MORE);
        if (cases[i].why)
            assert_string_equal(chunks.why, cases[i].why);
    }
}

/* Content allows a number of other bytes; too many of them are an error. */
static void extra_bytes_are_counted(void **state)
{
    static char line[2 * MAX] = "9;";
    struct chunks chunks = {0};
    size_t taken;

    (void)state;
    assert_int_equal(take(&chunks, "9;12345678\r\n", &taken), CHUNKS_DATA);
    assert_int_equal(chunks.extra, 9);
    chunks_skip(&chunks, 4);
    assert_int_equal(chunks.left, 5);
    assert_int_equal(chunks.extra, 5);
    chunks_skip(&chunks, 5);
    assert_int_equal(chunks.extra, 0);
    assert_int_equal(take(&chunks, "\r\n1\r\n", &taken), CHUNKS_DATA);
    chunks_skip(&chunks, 1);
    assert_int_equal(chunks.extra, 0);
    memset(line + 2, 'x', sizeof(line) - 3);
    assert_int_equal(take(&chunks, "\r\n", &taken), CHUNKS_MORE);
    assert_int_equal(take(&chunks, line, &taken), CHUNKS_MORE);
    assert_int_equal(chunks.extra, MAX);
    assert_int_equal(taken, MAX + 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(other_bytes_are_refused),
        cmocka_unit_test(extra_bytes_are_counted),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("chunks", tests, NULL, NULL);
}

/* Lines for a trace: put together as by printf, or cut out of a block. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/trace.h"

static char told[65536]; /* "kind connection text|" a line */
static size_t used;

static void on_line(void *owner, uint64_t connection, enum trace_kind kind, const char *text,
                    size_t length)
{
    assert_ptr_equal(owner, told);
    used += (size_t)snprintf(told + used, sizeof(told) - used, "%c%u %.*s|", "*><"[kind],
                             (unsigned)connection, (int)length, text);
    assert_true(used < sizeof(told));
}

static const struct trace trace = {.line = on_line, .owner = told};

static int setup(void **state)
{
    (void)state;
    used = 0;
    *told = '\0';
    return 0;
}

static void notes(void **state)
{
    static char text[20001];
    char expected[20010];

    (void)state;
    trace_note(&trace, 7, "trying %s, %d%%", "x\ny", 5);
    assert_string_equal(told, "*7 trying x\ny, 5%|");
    trace_note(&trace, 8, "%s", "");
    assert_string_equal(told, "*7 trying x\ny, 5%|*8 |");
    setup(NULL);
    trace_answer(&trace, 7, "%s: %d", "Age", 5);
    assert_string_equal(told, "<7 Age: 5|");
    setup(NULL);
    memset(text, 'x', sizeof(text) - 1);
    trace_note(&trace, 1, "%s", text);
    snprintf(expected, sizeof(expected), "*1 %s|", text);
    assert_string_equal(told, expected); /* however long */
}

static void blocks(void **state)
{
    static const struct {
        const char *block, *told;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ">3 GET / HTTP/1.1|>3 Host: a|>3 |"},
        {"GET / HTTP/1.1\r\n\r\n", ">3 GET / HTTP/1.1|>3 |"},
        {"GET /\r\n\r\na=1&b=2\r\nno line", ">3 GET /|>3 |"}, /* content is not shown */
        {"a\nb\n\n", ">3 a|>3 b|>3 |"},
        {"a", ">3 a|>3 |"}, /* one that is not closed ends too */
        {"", ">3 |"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        setup(NULL);
        trace_block(&trace, 3, TRACE_REQUEST, cases[i].block);
        assert_string_equal(told, cases[i].told);
    }
    setup(NULL);
    trace_block(&trace, 3, TRACE_RESPONSE, "a\r\n\r\n");
    assert_string_equal(told, "<3 a|<3 |");
}

static void nobody_looks(void **state)
{
    (void)state;
    trace_note(NULL, 1, "%s", "x");
    trace_answer(NULL, 1, "%s", "x");
    trace_block(NULL, 1, TRACE_REQUEST, NULL);
    assert_string_equal(told, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(notes, setup),
        cmocka_unit_test_setup(blocks, setup),
        cmocka_unit_test_setup(nobody_looks, setup),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}

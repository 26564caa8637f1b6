/* Lines are written in the list's order, even if they complete in a random order. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/fetch/order.h"

static char *written;
static size_t written_bytes;
static FILE *log_;

static void on_line(void *owner, const struct order_line *line)
{
    assert_ptr_equal(owner, &log_);
    assert_int_equal(line->line, 3 * line->number);
    assert_int_equal(line->failed, line->number % 2);
    fwrite(line->bytes, 1, line->length, log_);
    fflush(log_);
}

static int begin(void **state)
{
    log_ = open_memstream(&written, &written_bytes);
    fflush(log_);
    *state = order_new(on_line, &log_);
    return 0;
}

static int end(void **state)
{
    order_free(*state);
    fclose(log_);
    free(written);
    return 0;
}

static void put_bytes(struct order *order, uint64_t number, const char *bytes, size_t length)
{
    order_put(order, &(struct order_line){number, 3 * number, number % 2, bytes, length});
}

static void put(struct order *order, uint64_t number)
{
    char line[32];
    int length = snprintf(line, sizeof(line), "%u ", (unsigned)number);

    put_bytes(order, number, line, (size_t)length);
}

static void test_in_order(void **state)
{
    put(*state, 0);
    assert_string_equal(written, "0 ");
    put(*state, 1);
    assert_string_equal(written, "0 1 ");
}

static void test_waits_for_earlier_lines(void **state)
{
    put(*state, 2);
    put(*state, 1);
    assert_int_equal(written_bytes, 0);
    put(*state, 0);
    assert_string_equal(written, "0 1 2 ");
    put(*state, 4);
    assert_string_equal(written, "0 1 2 ");
    put(*state, 3);
    assert_string_equal(written, "0 1 2 3 4 ");
}

/* A flush writes the lines after a gap too, in order. */
static void test_flush(void **state)
{
    put(*state, 5);
    put(*state, 1);
    put(*state, 3);
    order_flush(*state);
    assert_string_equal(written, "1 3 5 ");
    order_flush(*state);
    assert_string_equal(written, "1 3 5 ");
}

static void test_flush_after_some(void **state)
{
    put(*state, 0);
    put(*state, ORDER_WINDOW);
    put(*state, 2);
    order_flush(*state);
    assert_string_equal(written, "0 2 16384 ");
}

static void test_window(void **state)
{
    assert_true(order_has_room(*state, 0));
    assert_true(order_has_room(*state, ORDER_WINDOW - 1));
    assert_false(order_has_room(*state, ORDER_WINDOW));
    put(*state, 1);
    assert_false(order_has_room(*state, ORDER_WINDOW));
    put(*state, 0);
    assert_true(order_has_room(*state, ORDER_WINDOW + 1));
    assert_false(order_has_room(*state, ORDER_WINDOW + 2));
}

/* Long lines reach the byte limit before the window. The line that all wait for may still start. */
static void test_max_bytes(void **state)
{
    enum { LONG = 1024 * 1024 };
    char *line = calloc(1, LONG);
    uint64_t number = 1;

    memset(line, 'x', LONG);
    for (; number <= ORDER_MAX_BYTES / LONG; number++) {
        assert_true(order_has_room(*state, number));
        put_bytes(*state, number, line, LONG);
    }
    assert_false(order_has_room(*state, number));
    assert_true(order_has_room(*state, 0));
    assert_int_equal(written_bytes, 0);
    put(*state, 0);
    assert_int_equal(written_bytes, 2 + ORDER_MAX_BYTES);
    assert_true(order_has_room(*state, number));
    put(*state, number + 1);
    assert_true(order_has_room(*state, number + 2));
    free(line);
}

static void test_empty_lines(void **state)
{
    put_bytes(*state, 1, "b", 1);
    put_bytes(*state, 0, "", 0);
    assert_string_equal(written, "b");
}

/* Many rounds of the ring; within the window, lines complete in a random order. */
static void test_shuffled(void **state)
{
    enum { MANY = 5 * ORDER_WINDOW };
    static uint64_t open[ORDER_WINDOW];
    size_t count = 0;
    uint64_t next = 0;
    char *at;

    while (next < MANY || count) {
        size_t pick;

        while (next < MANY && count < ORDER_WINDOW && order_has_room(*state, next))
            open[count++] = next++;
        assert_true(count);
        pick = count ? unit_random() % count : 0;
        put(*state, open[pick]);
        open[pick] = open[--count];
    }
    at = written;
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(strtoul(at, &at, 10), i);
        at++;
    }
    assert_int_equal(*at, '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, begin, end),
        cmocka_unit_test_setup_teardown(test_waits_for_earlier_lines, begin, end),
        cmocka_unit_test_setup_teardown(test_flush, begin, end),
        cmocka_unit_test_setup_teardown(test_flush_after_some, begin, end),
        cmocka_unit_test_setup_teardown(test_window, begin, end),
        cmocka_unit_test_setup_teardown(test_max_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_empty_lines, begin, end),
        cmocka_unit_test_setup_teardown(test_shuffled, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The set of lines, compared with a plain array of marks. */
#include "tests/support/unit.h"

#include "cli/fetch/line_set.h"

static void test_empty(void **state)
{
    struct line_set lines = {0};
    enum line_mark mark;
    size_t at = 0;

    (void)state;
    assert_int_equal(line_set_get(&lines, 1), LINE_NONE);
    assert_int_equal(line_set_next(&lines, &at, &mark), 0);
    line_set_mark(&lines, 1, LINE_NONE);
    assert_int_equal(lines.used, 0);
    line_set_free(&lines);
}

static void check_all(const struct line_set *lines, const unsigned char *marks, uint64_t max)
{
    enum line_mark mark;
    size_t at = 0, count[3] = {0}, found = 0;
    uint64_t line;

    for (line = 1; line <= max; line++) {
        assert_int_equal(line_set_get(lines, line), marks[line]);
        count[marks[line]]++;
    }
    assert_int_equal(lines->in_flight, count[LINE_IN_FLIGHT]);
    for (; (line = line_set_next(lines, &at, &mark)); found++) {
        assert_in_range(line, 1, max);
        assert_int_equal(mark, marks[line]);
    }
    assert_int_equal(found, count[LINE_IN_FLIGHT] + count[LINE_REPORTED]);
}

static void test_against_an_array(void **state)
{
    enum { MAX = 500, STEPS = 20000, EACH = 500 };
    static unsigned char marks[MAX + 1];
    struct line_set lines = {0};

    (void)state;
    for (int step = 1; step <= STEPS; step++) {
        uint64_t line = 1 + unit_random() % MAX;

        marks[line] = (unsigned char)(unit_random() % 3);
        line_set_mark(&lines, line, (enum line_mark)marks[line]);
        if (step % EACH == 0)
            check_all(&lines, marks, MAX);
    }
    line_set_free(&lines);
}

/* One line stays while a million are added and removed: the set stays small. */
static void test_bounded(void **state)
{
    struct line_set lines = {0};

    (void)state;
    line_set_mark(&lines, 1, LINE_IN_FLIGHT);
    for (uint64_t line = 2; line < 1000000; line++) {
        line_set_mark(&lines, line, LINE_IN_FLIGHT);
        line_set_mark(&lines, line, LINE_NONE);
    }
    assert_int_equal(lines.used, 1);
    assert_in_range(lines.room, 1, 64);
    assert_int_equal(line_set_get(&lines, 1), LINE_IN_FLIGHT);
    line_set_free(&lines);
}

/* Marks of lines up to the floor are dropped. */
static void test_floor(void **state)
{
    struct line_set lines = {0};
    enum line_mark mark;
    size_t at = 0;

    (void)state;
    for (uint64_t line = 1; line < 100000; line++) {
        line_set_mark(&lines, line, LINE_REPORTED);
        lines.floor = line > 10 ? line - 10 : 0;
    }
    assert_in_range(lines.room, 1, 256);
    for (uint64_t line = 100000 - 10; line < 100000; line++)
        assert_int_equal(line_set_get(&lines, line), LINE_REPORTED);
    for (uint64_t line; (line = line_set_next(&lines, &at, &mark));)
        assert_true(line > lines.floor);
    line_set_free(&lines);
}

static void test_highest(void **state)
{
    struct line_set lines = {0};

    (void)state;
    line_set_mark(&lines, LINE_SET_MAX, LINE_REPORTED);
    assert_int_equal(line_set_get(&lines, LINE_SET_MAX), LINE_REPORTED);
    assert_int_equal(line_set_get(&lines, LINE_SET_MAX - 1), LINE_NONE);
    line_set_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),   cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_floor),
        cmocka_unit_test(test_highest),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

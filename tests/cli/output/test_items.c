/* Items of a line: the least important are left out, and a number is never cut. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "cli/output/items.h"

/* The shown items as a line. */
static const char *line_of(const struct items *items)
{
    static char line[256];

    *line = '\0';
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->list[i];

        if (item->shown)
            snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s",
                     *line ? item->between : "", item->text);
    }
    return line;
}

static void test_fit(void **state)
{
    static const struct {
        size_t columns;
        const char *line;
    } cases[] = {
        {100, "10 done, 5xx 1: bad, 7 left"},
        {27, "10 done, 5xx 1: bad, 7 left"},
        {26, "10 done, 5xx 1, 7 left"},
        {22, "10 done, 5xx 1, 7 left"},
        {21, "10 done, 7 left"},
        {15, "10 done, 7 left"},
        {14, "7 left"},
        {6, "7 left"},
        {5, ""},
        {0, ""},
    };
    struct items items = {.count = 0};

    (void)state;
    items_add(&items, 1, "", "%d done", 10);
    items_add(&items, 2, ", ", "5xx 1");
    items_add(&items, 5, ": ", "bad");
    items_add(&items, 0, ", ", "7 left");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(items_fit(&items, cases[i].columns), strlen(cases[i].line));
        assert_string_equal(line_of(&items), cases[i].line);
    }
}

/* No less important item takes the columns of one that does not fit. */
static void test_order(void **state)
{
    struct items items = {.count = 0};

    (void)state;
    items_add(&items, 0, "", "a");
    items_add(&items, 2, ",", "b");
    items_add(&items, 1, ",", "1,000,000");
    items_fit(&items, 5);
    assert_string_equal(line_of(&items), "a");
    items.count = 0;
    assert_int_equal(items_fit(&items, 5), 0);
}

static void test_classes(void **state)
{
    uint64_t counts[ITEMS_CLASSES] = {[1] = 1, [2] = 2000000, [3] = 3, [4] = 4, [5] = 5, [9] = 9};
    struct items items = {.count = 0};

    (void)state;
    items_add_classes(&items, 3, counts);
    items_fit(&items, 80);
    assert_string_equal(line_of(&items), "1xx 1, 2xx 2,000,000, 3xx 3, 4xx 4, 5xx 5, 9xx 9");
    items_fit(&items, 12);
    assert_string_equal(line_of(&items), "4xx 4, 5xx 5");
    items_fit(&items, 34);
    assert_string_equal(line_of(&items), "2xx 2,000,000, 3xx 3, 4xx 4, 5xx 5");
    assert_int_equal(items.list[0].rank, 3 + 4);
    assert_string_equal(items.list[0].shade, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_classes),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("items", tests, NULL, NULL);
}

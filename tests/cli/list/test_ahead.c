/* The index of lines that were read ahead: found in order, taken once, bounded. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "cli/list/ahead.h"

/* All lines with the hash fit, or none does: `owner` is a bool. */
static bool fits_all(void *owner, const struct ahead_line *line)
{
    (void)line;
    return *(bool *)owner;
}

static bool yes = true, no = false;

static size_t take(struct ahead *ahead, uint32_t hash, uint64_t offset)
{
    struct ahead_line line;

    return ahead_take(ahead, hash, offset, fits_all, &yes, &line) ? line.number : 0;
}

static void earliest_line_first_and_once(void **state)
{
    struct ahead *ahead = ahead_new();

    (void)state;
    for (size_t i = 1; i <= 6; i++)
        ahead_add(ahead, i % 2, 100 * i, i);
    assert_int_equal(take(ahead, 1, 0), 1);
    assert_int_equal(take(ahead, 1, 0), 3);
    assert_int_equal(take(ahead, 0, 0), 2);
    assert_int_equal(take(ahead, 1, 0), 5);
    assert_int_equal(take(ahead, 1, 0), 0);
    assert_int_equal(take(ahead, 7, 0), 0);
    ahead_free(ahead);
}

static void lines_before_the_offset_are_skipped(void **state)
{
    struct ahead *ahead = ahead_new();

    (void)state;
    for (size_t i = 1; i <= 6; i++)
        ahead_add(ahead, 1, 100 * i, i);
    assert_int_equal(take(ahead, 1, 301), 4);
    assert_int_equal(take(ahead, 1, 601), 0);
    ahead_add(ahead, 1, 700, 7);
    assert_int_equal(take(ahead, 1, 601), 7);
    ahead_free(ahead);
}

static void lines_that_do_not_fit_stay(void **state)
{
    struct ahead *ahead = ahead_new();
    struct ahead_line line;

    (void)state;
    ahead_add(ahead, 1, 0, 1);
    assert_false(ahead_take(ahead, 1, 0, fits_all, &no, &line));
    assert_int_equal(take(ahead, 1, 0), 1);
    ahead_free(ahead);
    ahead = ahead_new();
    assert_int_equal(take(ahead, 1, 0), 0);
    ahead_free(ahead);
}

/* Compared with a table of all lines: the last AHEAD_LINES are found, in order, each once. */
static void the_ring_holds_the_last_lines(void **state)
{
    enum { LINES = 5 * AHEAD_LINES, HASHES = 3000 };
    struct ahead *ahead = ahead_new();
    unsigned char *taken = calloc(LINES + 1, 1);

    (void)state;
    for (size_t added = 1; added <= LINES; added++) {
        uint32_t hash = (uint32_t)unit_random() % HASHES;
        size_t found = take(ahead, hash, 0);

        ahead_add(ahead, (uint32_t)(added * 2654435761u) % HASHES, added, added);
        if (!found)
            continue;
        assert_false(taken[found]);
        taken[found] = 1;
        assert_int_equal((uint32_t)(found * 2654435761u) % HASHES, hash);
        assert_true(found + AHEAD_LINES >= added);
    }
    free(taken);
    ahead_free(ahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earliest_line_first_and_once),
        cmocka_unit_test(lines_before_the_offset_are_skipped),
        cmocka_unit_test(lines_that_do_not_fit_stay),
        cmocka_unit_test(the_ring_holds_the_last_lines),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The first bad lines are reported, then only their number. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "base/memory.h"
#include "cli/list/bad_lines.h"
#include "tests/support/stderr_capture.h"

/* A line that is not a valid site. */
static struct site *bad_site(const char *shown, const char *why)
{
    struct site *site = site_new();

    site->url.shown = memory_text(shown, strlen(shown));
    site->line_error = memory_text(why, strlen(why));
    return site;
}

static void nothing_is_bad(void **state)
{
    struct bad_lines bad = {.file = "list"};
    bool good;

    (void)state;
    stderr_capture_begin();
    good = bad_lines_end(&bad);
    assert_string_equal(stderr_capture_end(), "");
    assert_true(good);
}

/* A message begins with the file and line of a list, or with the URL of the command line. */
static void one_bad_line_is_printed(void **state)
{
    struct site *site = bad_site("a\n", "list:1: why");
    bool good;

    (void)state;
    for (int words = 0; words < 2; words++) {
        struct bad_lines bad = {.file = words ? NULL : "list"};

        stderr_capture_begin();
        bad_lines_add(&bad, site);
        good = bad_lines_end(&bad);
        assert_string_equal(stderr_capture_end(), words ? "firstbyte: a\\x0a: list:1: why\n"
                                                        : "firstbyte: list:1: why: a\\x0a\n");
        assert_false(good);
    }
    site_free(site);
}

static void many_bad_lines_are_counted(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct bad_lines bad = {.file = more ? NULL : "list"};
        char last[64];
        const char *printed;

        stderr_capture_begin();
        for (size_t i = 0; i < BAD_LINES_SHOWN + more; i++)
            bad_lines_add_as(&bad, "line", "why");
        bad_lines_end(&bad);
        printed = stderr_capture_end();
        for (int i = 0; i < BAD_LINES_SHOWN; i++) {
            assert_memory_equal(printed, "firstbyte: line: why\n", 21);
            printed += 21;
        }
        snprintf(last, sizeof(last),
                 "firstbyte: URLs: %d are bad, of which the first %d are shown\n",
                 BAD_LINES_SHOWN + 1, BAD_LINES_SHOWN);
        assert_string_equal(printed, more ? last : "");
    }
}

static void names_of_lists(void **state)
{
    (void)state;
    assert_null(bad_lines_file(NULL));
    assert_string_equal(bad_lines_file("list"), "list");
    assert_string_equal(bad_lines_file("-"), "standard input");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_bad),
        cmocka_unit_test(one_bad_line_is_printed),
        cmocka_unit_test(many_bad_lines_are_counted),
        cmocka_unit_test(names_of_lists),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

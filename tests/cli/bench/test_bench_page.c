/* The width of lines, and colours. */
#include "tests/support/sample_run.h"

/* The columns that a line of text takes. */
static size_t width_of(const char *line, size_t length)
{
    size_t columns = 0;

    for (size_t i = 0; i < length; i++)
        columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    return columns;
}

/* No line is longer than the terminal, none ends with a space. */
static void test_width(void **state)
{
    static void (*const open[])(struct sample_run * sample) = {
        sample_open_normal, sample_open_stall, sample_open_saturated};
    static const size_t widths[] = {0, 80, 100, 120};

    (void)state;
    for (size_t i = 0; i < LENGTH(open) * LENGTH(widths); i++) {
        size_t width = widths[i / LENGTH(open)];
        struct sample_run sample;

        open[i % LENGTH(open)](&sample);
        for (const char *line = text_of(&sample, false, width), *end; (end = strchr(line, '\n'));
             line = end + 1) {
            if (width_of(line, (size_t)(end - line)) > (width ? width : 80))
                fail_msg("over %zu columns: %.*s", width, (int)(end - line), line);
            assert_true(end == line || end[-1] != ' ');
        }
        sample_close(&sample);
    }
}

/* The same text with escape sequences. */
static void test_color(void **state)
{
    struct sample_run sample;
    char *plain, *to;

    (void)state;
    sample_open_saturated(&sample);
    plain = strdup(text_of(&sample, false, 0));
    assert_null(strchr(plain, '\033'));
    ASSERT_LINES(text_of(&sample, true, 0), "\033[31mThe client", "\033[33mInterrupted", "\033[0m");
    to = written;
    for (const char *from = written; *from; from++) {
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    }
    *to = '\0';
    assert_string_equal(written, plain);
    free(plain);
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_color),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}

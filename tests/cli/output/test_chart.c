/* Charts of histograms: every value is counted, and the rows fit a screen. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "cli/output/chart.h"

#define US       NSEC_PER_US
#define MS       NSEC_PER_MS
#define S        NSEC_PER_S
#define MAX_ROWS 18

static char *written;
static size_t written_bytes;

static const char *chart_of(const struct histogram *histogram, size_t columns)
{
    FILE *to;

    free(written);
    written = NULL;
    to = open_memstream(&written, &written_bytes);
    chart_draw(to, histogram, false, columns);
    fclose(to);
    return written;
}

static void record(struct histogram *histogram, nsec value, unsigned times)
{
    while (times--)
        histogram_record(histogram, value);
}

static void test_golden(void **state)
{
    struct histogram *histogram = histogram_new();

    (void)state;
    assert_string_equal(chart_of(histogram, 80), "");
    record(histogram, 100 * US, 800);
    record(histogram, 105 * US, 400);
    record(histogram, 20 * MS, 1);
    assert_string_equal(chart_of(histogram, 60),
                        "   up to                            count   share\n"
                        "   100 us █████████████████           800   66.6%  p50\n"
                        "   106 us ████████▌                   400   33.3%  p90-p99.9\n"
                        "     ⋮\n"
                        "  20.0 ms ▏                             1   0.08%  max\n");
    histogram_clear(histogram);
    record(histogram, 2 * S, 3);
    assert_string_equal(chart_of(histogram, 60),
                        "   up to                            count   share\n"
                        "  2.00 s  █████████████████             3    100%  p50-max\n");
    histogram_free(histogram);
}

/* In another character set than UTF-8 the chart has the same columns in ASCII. */
static void test_ascii(void **state)
{
    struct histogram *histogram = histogram_new();

    (void)state;
    record(histogram, 100 * US, 800);
    record(histogram, 105 * US, 400);
    record(histogram, 20 * MS, 1);
    setenv("LC_ALL", "C", 1);
    assert_string_equal(chart_of(histogram, 60),
                        "   up to                            count   share\n"
                        "   100 us #################           800   66.6%  p50\n"
                        "   106 us ########=                   400   33.3%  p90-p99.9\n"
                        "     :\n"
                        "  20.0 ms -                             1   0.08%  max\n");
    setenv("LC_ALL", "C.UTF-8", 1);
    histogram_free(histogram);
}

/* The sum of the counts, and the number of rows. */
static uint64_t sum_of(const char *chart, size_t *rows)
{
    uint64_t sum = 0;

    *rows = 0;
    for (const char *line = strchr(chart, '\n') + 1, *end; (end = strchr(line, '\n'));
         line = end + 1, ++*rows) {
        const char *share = memchr(line, '%', (size_t)(end - line)), *at;
        uint64_t count = 0, unit = 1;

        if (!share)
            continue;
        for (at = share; *at != ' '; at--)
            ;
        for (; *at == ' '; at--)
            ;
        for (; is_digit(*at) || *at == ','; at--) {
            if (*at == ',')
                continue;
            count += unit * (uint64_t)(*at - '0');
            unit *= 10;
        }
        sum += count;
    }
    return sum;
}

static void test_all_are_drawn(void **state)
{
    static const struct {
        nsec min, max;
    } cases[] = {{0, 0},
                 {0, 50},
                 {1, HISTOGRAM_MAX},
                 {100 * US, 101 * US},
                 {50 * US, 2 * S},
                 {1 * MS, 10 * MS},
                 {HISTOGRAM_MAX, 2 * HISTOGRAM_MAX}};
    struct histogram *histogram = histogram_new();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t rows;

        histogram_clear(histogram);
        for (unsigned j = 0; j < 5000; j++) {
            nsec value = cases[i].min;

            for (nsec scale = cases[i].max - cases[i].min; scale; scale /= 1 + unit_random() % 9)
                if (unit_random() % 4 == 0 || scale < 10) {
                    value += scale - scale / 4 * (unit_random() % 4);
                    break;
                }
            histogram_record(histogram, value);
        }
        assert_int_equal(sum_of(chart_of(histogram, 80), &rows), 5000);
        assert_in_range(rows, 1, MAX_ROWS);
        assert_non_null(strstr(written, "max\n"));
    }
    histogram_free(histogram);
}

/* A tail of single values has one row, and all values are counted. */
static void test_tail(void **state)
{
    struct histogram *histogram = histogram_new();
    size_t rows;

    (void)state;
    record(histogram, 100 * US, 100000);
    for (unsigned i = 0; i < 60; i++)
        histogram_record(histogram, 101 * US + i * 2 * US);
    assert_int_equal(sum_of(chart_of(histogram, 80), &rows), 100060);
    assert_int_equal(rows, 2);
    histogram_free(histogram);
}

/* Two modes are shown with a gap between them. */
static void test_two_modes(void **state)
{
    struct histogram *histogram = histogram_new();
    size_t rows;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        histogram_record(histogram, 200 * US + i * 50);
        histogram_record(histogram, 9 * MS + i * 1000);
    }
    assert_int_equal(sum_of(chart_of(histogram, 80), &rows), 2000);
    assert_non_null(strstr(written, "⋮"));
    assert_true(rows > 4);
    histogram_free(histogram);
}

static int end(void **state)
{
    (void)state;
    free(written);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_all_are_drawn), cmocka_unit_test(test_tail),
        cmocka_unit_test(test_two_modes),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("chart", tests, NULL, end);
}

/* Figures at the values where the unit, the decimals or the length changes. */
#include "tests/support/unit.h"

#include <math.h>

#include "cli/output/figures.h"

static void test_span(void **state)
{
    static const struct {
        double span;
        const char *text;
    } cases[] = {
        {0, "0 ns"},       {850, "850 ns"},     {999.4, "999 ns"},    {999.6, "1.00 us"},
        {1324, "1.32 us"}, {9996, "10.0 us"},   {12345, "12.3 us"},   {99960, "100 us"},
        {250e3, "250 us"}, {999.4e3, "999 us"}, {999.6e3, "1.00 ms"}, {1.32e6, "1.32 ms"},
        {2e9, "2.00 s"},   {30e9, "30.0 s"},    {3600e9, "3600 s"},   {-1, "-"},
        {NAN, "-"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(figure_span(cases[i].span).text, cases[i].text);
}

static void test_bytes(void **state)
{
    (void)state;
    assert_string_equal(figure_bytes(0).text, "0 B");
    assert_string_equal(figure_bytes(999).text, "999 B");
    assert_string_equal(figure_bytes(1020).text, "1.02 kB");
    assert_string_equal(figure_bytes(98.84e6).text, "98.8 MB");
    assert_string_equal(figure_bytes(1.8e19).text, "18000 PB");
}

static void test_count_and_rate(void **state)
{
    static const struct {
        double rate;
        const char *text;
    } cases[] = {{0, "0"},
                 {0.25, "0.25"},
                 {0.0951, "0.10"},
                 {0.0949, "0.0949"},
                 {1.0 / 3600, "0.000278"},
                 {1.0 / 86400, "1.16e-05"},
                 {9.996, "10.0"},
                 {99.96, "100"},
                 {1234567, "1,234,567"},
                 {NAN, "0"},
                 {1e30, "18,446,744,073,709,551,615"}};

    (void)state;
    assert_string_equal(figure_count(0).text, "0");
    assert_string_equal(figure_count(999).text, "999");
    assert_string_equal(figure_count(1000).text, "1,000");
    assert_string_equal(figure_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(figure_rate(cases[i].rate).text, cases[i].text);
}

static void test_share(void **state)
{
    static const struct {
        double share;
        const char *text;
    } cases[] = {
        {0, "0%"},          {1e-9, "<0.01%"},     {0.0001, "0.01%"}, {0.0012, "0.12%"},
        {0.00994, "0.99%"}, {0.00996, "1.0%"},    {0.434, "43.4%"},  {0.9994, "99.9%"},
        {0.9997, "99.97%"}, {0.999999, "99.99%"}, {1, "100%"},       {1.5, "150%"},
        {NAN, "0%"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(figure_share(cases[i].share).text, cases[i].text);
}

static void test_blocks(void **state)
{
    (void)state;
    assert_string_equal(figure_across(0, true), "");
    assert_string_equal(figure_across(1, true), "▏");
    assert_string_equal(figure_across(8, true), "█");
    assert_string_equal(figure_across(9, true), "█");
    assert_string_equal(figure_upward(0, true), " ");
    assert_string_equal(figure_upward(4, true), "▄");
    assert_string_equal(figure_upward(100, true), "█");
    for (unsigned eighths = 0; eighths <= 8; eighths++) {
        assert_int_equal(figure_across(eighths, false)[0], "\0---====#"[eighths]);
        assert_int_equal(figure_upward(eighths, false)[0], " ...::::#"[eighths]);
        assert_int_equal(strlen(figure_upward(eighths, false)), 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span),           cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_count_and_rate), cmocka_unit_test(test_share),
        cmocka_unit_test(test_blocks),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}

/* A constructed comparison, as text and as JSON. */
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/diff/diff_report.h"

static const struct diff_set before = {.name = "before", .count = 1};
static const struct diff_set after = {.name = "af\x1bter", .count = 5};

/* A comparison without measurements. */
static struct diff_comparison unmeasured(void)
{
    struct diff_comparison pair = {.baseline = &before, .compared = &after};

    for (int metric = 0; metric < DIFF_METRICS; metric++)
        pair.measure[metric] =
            (struct diff_measure){NAN, NAN, {NAN, NAN, NAN}, NAN, false, DIFF_VERDICT_NOT_JUDGED};
    return pair;
}

static char *written(const struct diff_comparisons *all,
                     void (*put)(const struct diff_comparisons *all, FILE *to))
{
    size_t bytes;
    char *text;
    FILE *to = open_memstream(&text, &bytes);

    put(all, to);
    fclose(to);
    return text;
}

static void assert_contains(const struct diff_comparisons *all, const char *text, const char *json)
{
    char *as_text = written(all, diff_report_text), *as_json = written(all, diff_report_json);

    if (!strstr(as_text, text) || !strstr(as_json, json))
        fail_msg("%s\n%s", as_text, as_json);
    free(as_text);
    free(as_json);
}

static void each_verdict_has_words(void **state)
{
    static const struct {
        enum diff_verdict verdict;
        const char *text, *json;
    } cases[] = {
        {DIFF_VERDICT_NONE, "af\\x1bter: no difference shown\n", "\"verdict\":\"none\""},
        {DIFF_VERDICT_NOT_JUDGED, "nothing to judge: there are no measurements\n",
         "\"not_judged\""},
        {DIFF_VERDICT_TOO_FEW,
         "1 and 5 runs cannot show any difference.\n"
         "Each set needs 7 runs (bench --repeat 7)\n",
         "\"too_few_runs\""},
        {DIFF_VERDICT_SLOWER, "slower by p99; faster by p50\n", "\"slower\""},
        {DIFF_VERDICT_FASTER, "faster by p50\n", "\"faster\""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct diff_comparison pair = unmeasured();
        const struct diff_comparisons all = {.list = &pair, .count = 1, .judged = 2, .needed = 7};

        pair.verdict = cases[i].verdict;
        pair.measure[DIFF_P50].verdict = DIFF_VERDICT_FASTER;
        pair.measure[DIFF_P99].verdict = DIFF_VERDICT_SLOWER;
        assert_contains(&all, cases[i].text, cases[i].json);
        assert_contains(&all, "af\\x1bter (5 runs) against before (1 run)\n",
                        "\"baseline\":{\"name\":\"before\",\"runs\":1}");
    }
}

static void rows_have_three_digits_and_units(void **state)
{
    struct diff_comparison pair = unmeasured();
    const struct diff_comparisons all = {.list = &pair, .count = 1, .judged = 2, .needed = 7};

    (void)state;
    assert_contains(&all, "", "\"rps\":{\"verdict\":\"not_judged\",\"baseline\":null");
    pair.measure[DIFF_ERRORS] =
        (struct diff_measure){0.25, 0.5, {2, 1.5, 2.5}, 1e-9, true, DIFF_VERDICT_SLOWER};
    pair.measure[DIFF_RPS] =
        (struct diff_measure){39000, 12345.6, {0.3166, 0.3, 0.35}, NAN, false, DIFF_VERDICT_NONE};
    pair.measure[DIFF_P99] =
        (struct diff_measure){1180.7, 2e6, {1693.9, 12.34, 1700}, NAN, true, DIFF_VERDICT_SLOWER};
    assert_contains(&all,
                    "requests/s        39,000      12,346   0.317   0.300   0.350        - none "
                    "shown\n",
                    "\"rps\":{\"verdict\":\"none\",\"baseline\":39000,\"compared\":12345.6,");
    assert_contains(&all,
                    "p99              1.18 ms      2.00 s   1,694    12.3   1,700        - "
                    "slower\n",
                    "\"p99\":{\"verdict\":\"slower\",\"baseline\":1180.7,");
    assert_contains(
        &all, "errors             25.0%       50.0%   2.000   1.500   2.500  <0.0001 more\n",
        "\"errors\":{\"verdict\":\"slower\",\"baseline\":0.25,\"compared\":0.5,\"ratio\":2");
    assert_contains(&all,
                    "CPU/request            -           -       -       -       -        - not "
                    "judged\n",
                    "\"cpu\":{\"verdict\":\"not_judged\",\"baseline\":null");
}

static void warnings_come_first(void **state)
{
    struct diff_comparison pair = unmeasured();
    char note[] = "be\tware", *notes[] = {note};
    const struct diff_comparisons all = {.list = &pair, .count = 1, .notes = notes, .noted = 1};
    char *text = written(&all, diff_report_text);

    (void)state;
    assert_int_equal(strncmp(text, "warning: be\\x09ware\n\n", 21), 0);
    free(text);
    assert_contains(&all, "", "\"warnings\":[\"be\\tware\"]");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_has_words),
        cmocka_unit_test(rows_have_three_digits_and_units),
        cmocka_unit_test(warnings_come_first),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("diff_report", tests, NULL, NULL);
}

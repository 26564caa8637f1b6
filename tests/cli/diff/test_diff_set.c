/* A set of runs from its JSON: valid input, and the message for each invalid input. */
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/diff/diff_set.h"

/* A run in parts, so that a case can replace one of them. */
#define SCHEMA  "\"schema\":\"firstbyte.bench/1\""
#define CONFIG  "\"config\":{\"url\":\"http://a/\",\"rate\":100,\"seed\":1}"
#define TOTALS  "\"totals\":{\"waiting\":0,\"completed\":1000,\"failed\":0,\"rps\":100.5}"
#define LATENCY "\"latency_us\":{\"mean\":6,\"p50\":1,\"p90\":2,\"p99\":3,\"p99.9\":4}"
#define STATUS  "\"status\":{\"200\":1000}"
#define CLIENT  "\"client\":{\"cpu_user_s\":0.25,\"cpu_sys_s\":0.5,\"verdict\":\"ok\"}"
#define RUN_OF(schema, config, totals, latency, status, client)                                    \
    "{" schema "," config "," totals "," latency "," status "," client "}"
#define RUN RUN_OF(SCHEMA, CONFIG, TOTALS, LATENCY, STATUS, CLIENT)

static bool parse(struct diff_set *set, const char *text, char **why)
{
    return diff_set_parse(set, "A", text, strlen(text), why);
}

static struct diff_set parse_valid(const char *text)
{
    struct diff_set set;
    char *why;

    if (!parse(&set, text, &why))
        fail_msg("%s: %s", text, why);
    assert_null(why);
    return set;
}

static void numbers(void **state)
{
    static const double wanted[] = {100.5, 1, 2, 3, 4, 6, 750, 0};
    struct diff_set set = parse_valid(RUN);
    const struct diff_run *run = set.runs;

    (void)state;
    assert_int_equal(set.count, 1);
    assert_string_equal(set.name, "A");
    assert_int_equal(LENGTH(wanted), DIFF_METRICS);
    for (size_t i = 0; i < LENGTH(wanted); i++)
        if (fabs(run->value[i] - wanted[i]) > 1e-9)
            fail_msg("metric %zu: %g", i, run->value[i]);
    assert_false(run->saturated || run->interrupted || run->open_loop || run->waited);
    diff_set_free(&set);
}

static void flags_and_errors(void **state)
{
    static const char text[] =
        "{" SCHEMA "," CONFIG ",\"interrupted\":true,\"raw_latency_us\":{},"
        "\"totals\":{\"waiting\":3,\"completed\":90,\"failed\":10,\"rps\":1}," LATENCY ","
        "\"status\":{\"200\":50,\"399\":20,\"400\":5,\"503\":15},"
        "\"client\":{\"cpu_user_s\":0,\"cpu_sys_s\":0,\"verdict\":\"saturated\"}}";
    struct diff_set set = parse_valid(text);
    const struct diff_run *run = set.runs;

    (void)state;
    assert_true(run->saturated && run->interrupted && run->open_loop && run->waited);
    assert_true(fabs(run->value[DIFF_ERRORS] - 0.3) < 1e-9);
    diff_set_free(&set);
}

static void a_run_without_a_response(void **state)
{
    static const char text[] =
        RUN_OF(SCHEMA, CONFIG, "\"totals\":{\"waiting\":0,\"completed\":0,\"failed\":0,\"rps\":0}",
               "\"latency_us\":null", "\"status\":{}", CLIENT)
            RUN_OF(SCHEMA, CONFIG,
                   "\"totals\":{\"waiting\":0,\"completed\":0,\"failed\":9,\"rps\":0}",
                   "\"latency_us\":{\"mean\":null,\"p50\":null,\"p90\":null,\"p99\":null,"
                   "\"p99.9\":null}",
                   "\"status\":{}", CLIENT);
    struct diff_set set = parse_valid(text);

    (void)state;
    assert_int_equal(set.count, 2);
    for (size_t i = 0; i < set.count; i++) {
        for (int metric = DIFF_P50; metric <= DIFF_CPU; metric++)
            assert_true(isnan(set.runs[i].value[metric]));
        assert_true(set.runs[i].value[DIFF_RPS] < 1e-9);
    }
    assert_true(isnan(set.runs[0].value[DIFF_ERRORS]));
    assert_true(fabs(set.runs[1].value[DIFF_ERRORS] - 1) < 1e-9);
    diff_set_free(&set);
}

static void several_runs(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {
        {RUN, 1},
        {RUN "\n", 1},
        {RUN RUN, 2},
        {"\n" RUN "\r\n\t " RUN "\n\n" RUN, 3},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct diff_set set = parse_valid(cases[i].text);

        if (set.count != cases[i].count)
            fail_msg("case %zu: %zu runs", i, set.count);
        diff_set_free(&set);
    }
}

#define RANGE " is not a number from 0 to 1e18"

static const struct {
    const char *text, *why; /* the beginning of the error */
} refused[] = {
    {"", "it contains no run"},
    {" \n\t\r\n", "it contains no run"},
    {"nonsense", "run 1: not JSON: line 1, column "},
    {"1", "run 1: not JSON: line 1, column "},
    {RUN "\n\n{\"a\":\n}", "run 2: not JSON: line 4, column 1: "},
    {RUN "\n" RUN "\n{", "run 3: not JSON: line 3, column "},
    {"{\"a\":1,\"a\":2}", "run 1: not JSON: line 1, "},
    {"{\"a\":1e999}", "run 1: not JSON: line 1, "},
    {"{\"a\":\"\\u0000\"}", "run 1: not JSON: line 1, "},
    {"[]", "run 1 (line 1): it is not a JSON object"},
    {RUN "\n[]", "run 2 (line 2): it is not a JSON object"},
    {"{}", "run 1 (line 1): it has no \"schema\": it is not the report of a run"},
    {"{\"schema\":1}", "run 1 (line 1): it has no \"schema\""},
    {"{\"schema\":\"firstbyte.bench/2\"}",
     "run 1 (line 1): its schema is \"firstbyte.bench/2\", not \"firstbyte.bench/1\""},
    {"{" SCHEMA "}", "run 1 (line 1): totals.rps is missing"},
    {RUN_OF(SCHEMA, CONFIG, "\"totals\":[]", LATENCY, STATUS, CLIENT),
     "run 1 (line 1): totals.rps is missing"},
    {RUN_OF(SCHEMA, CONFIG, "\"totals\":{\"rps\":\"1\"}", LATENCY, STATUS, CLIENT),
     "run 1 (line 1): totals.rps" RANGE},
    {RUN_OF(SCHEMA, CONFIG, "\"totals\":{\"rps\":null}", LATENCY, STATUS, CLIENT),
     "run 1 (line 1): totals.rps" RANGE},
    {RUN_OF(SCHEMA, CONFIG, "\"totals\":{\"rps\":-0.5}", LATENCY, STATUS, CLIENT),
     "run 1 (line 1): totals.rps" RANGE},
    {RUN_OF(SCHEMA, CONFIG, "\"totals\":{\"rps\":1.1e18}", LATENCY, STATUS, CLIENT),
     "run 1 (line 1): totals.rps" RANGE},
    {RUN_OF(SCHEMA, CONFIG, TOTALS, "\"latency_us\":7", STATUS, CLIENT),
     "run 1 (line 1): latency_us.p50 is missing"},
    {RUN_OF(SCHEMA, CONFIG, TOTALS, LATENCY, "\"status\":[]", CLIENT),
     "run 1 (line 1): status is missing"},
    {RUN_OF(SCHEMA, CONFIG, TOTALS, LATENCY, "\"status\":{\"200\":\"x\"}", CLIENT),
     "run 1 (line 1): status has a count that" RANGE},
    {RUN_OF(SCHEMA, CONFIG, TOTALS, LATENCY, "\"status\":{\"500\":1001}", CLIENT),
     "run 1 (line 1): status has more responses than totals.completed"},
    {RUN_OF(SCHEMA, CONFIG, TOTALS, LATENCY, STATUS,
            "\"client\":{\"cpu_user_s\":0,\"cpu_sys_s\":0,\"verdict\":\"fine\"}"),
     "run 1 (line 1): client.verdict is none of \"ok\", \"saturated\", \"starved\" and "
     "\"suspended\""},
    {RUN_OF(SCHEMA, "\"config\":null", TOTALS, LATENCY, STATUS, CLIENT),
     "run 1 (line 1): config is missing"},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(refused); i++) {
        struct diff_set set;
        char *why;

        if (parse(&set, refused[i].text, &why))
            fail_msg("%s is accepted", refused[i].text);
        if (strncmp(why, refused[i].why, strlen(refused[i].why)) != 0)
            fail_msg("%s: %s", refused[i].text, why);
        assert_true(!set.count && !set.runs);
        free(why);
    }
}

/* The text, repeated. The caller frees it. */
static char *repeated(const char *text, size_t times)
{
    size_t length = strlen(text);
    char *all = malloc(length * times + 1), *to = all;

    assert_non_null(all);
    for (size_t i = 0; i < times; i++)
        to = mempcpy(to, text, length);
    *to = '\0';
    return all;
}

static void bounds(void **state)
{
    char *max = repeated(RUN "\n", DIFF_MAX_RUNS), *more = repeated(RUN "\n", DIFF_MAX_RUNS + 1);
    char *deep = repeated("[", 1000000), *why;
    struct diff_set set = parse_valid(max);

    (void)state;
    assert_int_equal(set.count, DIFF_MAX_RUNS);
    diff_set_free(&set);
    assert_false(parse(&set, more, &why));
    assert_string_equal(why, "over 1,000 runs");
    free(why);
    assert_false(parse(&set, deep, &why));
    free(why);
    free(max);
    free(more);
    free(deep);
}

static void files(void **state)
{
    char path[256], *why;
    int fd = unit_file(path, sizeof(path));
    struct diff_set set;

    (void)state;
    assert_int_equal(write(fd, RUN "\n" RUN, sizeof(RUN "\n" RUN) - 1), sizeof(RUN "\n" RUN) - 1);
    assert_true(diff_set_read(&set, path, &why));
    assert_int_equal(set.count, 2);
    diff_set_free(&set);
    assert_int_equal(ftruncate(fd, (off_t)DIFF_MAX_FILE_BYTES + 1), 0);
    assert_false(diff_set_read(&set, path, &why));
    assert_string_equal(why, "over 64 MiB");
    free(why);
    close(fd);
    unlink(path);
    assert_false(diff_set_read(&set, path, &why));
    assert_string_equal(why, "No such file or directory");
    free(why);
}

/* A run from before HTTP/2 had HTTP/1.1. A value of the wrong type is a difference. */
static void runs_without_a_protocol(void **state)
{
    static const struct {
        const char *config, *differences;
    } cases[] = {
        {"\"protocol\":\"HTTP/1.1\",\"streams\":null,\"window\":null,\"header_table\":null", ""},
        {"\"protocol\":\"HTTP/2\",\"streams\":10",
         "protocol (none and \"HTTP/2\"), streams (none and 10)"},
        {"\"protocol\":2", "protocol (none and 2)"},
        {"\"other\":null", "other (none and null)"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct diff_set set, older = parse_valid(RUN);
        char text[1024], *printed, *why;
        size_t length;
        FILE *to = open_memstream(&printed, &length);

        snprintf(text, sizeof(text),
                 RUN_OF(SCHEMA, "\"config\":{\"url\":\"http://a/\",\"rate\":100,%s}", TOTALS,
                        LATENCY, STATUS, CLIENT),
                 cases[i].config);
        if (!parse(&set, text, &why))
            fail_msg("%s: %s", text, why);
        diff_run_differs(&older.runs[0], &set.runs[0], false, to);
        fclose(to);
        assert_string_equal(printed, cases[i].differences);
        free(printed);
        to = open_memstream(&printed, &length);
        assert_int_equal(!*cases[i].differences,
                         !diff_run_differs(&set.runs[0], &older.runs[0], false, to));
        fclose(to);
        free(printed);
        diff_set_free(&set);
        diff_set_free(&older);
    }
}

static void differing_configurations(void **state)
{
#define WITH_CONFIG(config) RUN_OF(SCHEMA, "\"config\":" config, TOTALS, LATENCY, STATUS, CLIENT)
    static const struct {
        const char *text;
        bool two_servers;
        const char *differences;
    } cases[] = {
        {RUN RUN, false, ""},
        {WITH_CONFIG("{\"seed\":1}") WITH_CONFIG("{\"seed\":2}"), false, ""},
        {WITH_CONFIG("{\"a\":1,\"b\":2}") WITH_CONFIG("{\"b\":2,\"a\":1}"), false, ""},
        {WITH_CONFIG("{\"url\":\"a\"}") WITH_CONFIG("{\"url\":\"b\"}"), false,
         "url (\"a\" and \"b\")"},
        {WITH_CONFIG("{\"url\":\"a\"}") WITH_CONFIG("{\"url\":\"b\"}"), true, ""},
        {WITH_CONFIG("{\"rate\":1}") WITH_CONFIG("{\"rate\":2}"), true, "rate (1 and 2)"},
        {WITH_CONFIG("{\"a\":1,\"b\":[1]}") WITH_CONFIG("{\"b\":null,\"c\":{}}"), false,
         "a (1 and none), b ([1] and null), c (none and {})"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct diff_set set = parse_valid(cases[i].text);
        char *printed = NULL;
        size_t length, count;
        FILE *to = open_memstream(&printed, &length);

        count = diff_run_differs(&set.runs[0], &set.runs[1], cases[i].two_servers, to);
        fclose(to);
        if (strcmp(printed, cases[i].differences) != 0 || !count != !*cases[i].differences)
            fail_msg("case %zu: %zu: %s", i, count, printed);
        free(printed);
        diff_set_free(&set);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(flags_and_errors),
        cmocka_unit_test(a_run_without_a_response),
        cmocka_unit_test(several_runs),
        cmocka_unit_test(refusals),
        cmocka_unit_test(bounds),
        cmocka_unit_test(files),
        cmocka_unit_test(differing_configurations),
        cmocka_unit_test(runs_without_a_protocol),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("diff_set", tests, NULL, NULL);
}

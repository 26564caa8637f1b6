/* Valid and invalid durations and numbers. */
#include "tests/support/unit.h"

#include "base/parse.h"

static const struct {
    const char *text;
    nsec duration;
} valid[] = {
    {"0s", 0},
    {"1us", NSEC_PER_US},
    {"798940us", 798940 * NSEC_PER_US},
    {"1ms", NSEC_PER_MS},
    {"250ms", 250 * NSEC_PER_MS},
    {"5s", 5 * NSEC_PER_S},
    {"007s", 7 * NSEC_PER_S},
    {"2m", 120 * NSEC_PER_S},
    {"1h", 3600 * NSEC_PER_S},
    {"1000h", 3600000 * NSEC_PER_S},
    {"1.5s", 1500 * NSEC_PER_MS},
    {"0.5h", 1800 * NSEC_PER_S},
    {".5s", 500 * NSEC_PER_MS},
    {"5.s", 5 * NSEC_PER_S},
    {"1.000001s", 1000001 * NSEC_PER_US},
    {"0.001us", 1},
    {"0.0001us", 0},
    {"0.99999999999999999999999999us", 999},
};

static const char *const invalid[] = {
    "",     "s",     "5",       ".s",     "5 s",
    " 5s",  "5s ",   "-5s",     "+5s",    "5S",
    "5sec", "5d",    "5ns",     "1e3s",   "0x5s",
    "inf",  "nans",  "1,5s",    "1.2.3s", "1..2s",
    "5.5",  "1001h", "1000.1h", "60001m", "99999999999999999999s",
    "5ss",  "5s5s",  "5m30s",
};

static void valid_durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(valid); i++) {
        nsec duration = 42;

        if (!duration_parse(valid[i].text, &duration))
            fail_msg("%s is refused", valid[i].text);
        assert_int_equal(duration, valid[i].duration);
    }
}

static void invalid_durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(invalid); i++) {
        nsec duration = 42;

        if (duration_parse(invalid[i], &duration))
            fail_msg("%s is accepted", invalid[i]);
    }
}

static void numbers_in_a_range(void **state)
{
    static const struct {
        const char *text;
        unsigned long low, high;
        bool accepted;
        unsigned long number;
    } numbers[] = {
        {"1", 1, 10, true, 1},
        {"10", 1, 10, true, 10},
        {"010", 1, 10, true, 10},
        {"0", 0, 0, true, 0},
        {"0", 1, 10, false, 0},
        {"11", 1, 10, false, 0},
        {"", 0, 10, false, 0},
        {"-1", 0, 10, false, 0},
        {"+1", 0, 10, false, 0},
        {" 1", 0, 10, false, 0},
        {"1 ", 0, 10, false, 0},
        {"1x", 0, 10, false, 0},
        {"0x1", 0, 10, false, 0},
        {"1.0", 0, 10, false, 0},
        {"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", 0, UINT64_MAX, false, 0},
        {"99999999999999999999999999", 0, UINT64_MAX, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(numbers); i++) {
        unsigned long number = 0;
        bool accepted = number_parse(numbers[i].text, numbers[i].low, numbers[i].high, &number);

        if (accepted != numbers[i].accepted)
            fail_msg("\"%s\" is %s", numbers[i].text, accepted ? "accepted" : "refused");
        if (accepted)
            assert_int_equal(number, numbers[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_durations),
        cmocka_unit_test(invalid_durations),
        cmocka_unit_test(numbers_in_a_range),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

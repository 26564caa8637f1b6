/* Limits: valid and invalid ones, and whether a run meets them. */
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

#include "bench/load/slo.h"

static const char sixteen[] = "p1=1s,p2=1s,p3=1s,p4=1s,p5=1s,p6=1s,p7=1s,p8=1s,p9=1s,p10=1s,p11=1s,"
                              "p12=1s,p13=1s,p14=1s,p15=1s,p16=2s";
static const char seventeen[] = "p1=1s,p2=1s,p3=1s,p4=1s,p5=1s,p6=1s,p7=1s,p8=1s,p9=1s,p10=1s,"
                                "p11=1s,p12=1s,p13=1s,p14=1s,p15=1s,p16=1s,p17=1s";

static const struct {
    const char *text;
    size_t count;
    enum slo_kind kind; /* of the last part */
    double percent, limit;
} valid[] = {
    {"p99=5ms", 1, SLO_PERCENTILE, 99, 5e6},
    {"p99.9=5ms", 1, SLO_PERCENTILE, 99.9, 5e6},
    {"p0.001=1us", 1, SLO_PERCENTILE, 0.001, 1e3},
    {"p99.99999999999=1h", 1, SLO_PERCENTILE, 99.99999999999, 3600e9},
    {"p5.=0.5us", 1, SLO_PERCENTILE, 5, 500},
    {"mean=1.5ms", 1, SLO_MEAN, 0, 1.5e6},
    {"max=2s", 1, SLO_MAX, 0, 2e9},
    {"errors=0", 1, SLO_ERRORS, 0, 0},
    {"errors=0%", 1, SLO_ERRORS, 0, 0},
    {"errors=0.1%", 1, SLO_ERRORS, 0, 0.001},
    {"errors=.5%", 1, SLO_ERRORS, 0, 0.005},
    {"errors=100%", 1, SLO_ERRORS, 0, 1},
    {"errors=0.001", 1, SLO_ERRORS, 0, 0.001},
    {"rps=10000", 1, SLO_RPS, 0, 10000},
    {"rps=0.5", 1, SLO_RPS, 0, 0.5},
    {"p99=5ms,p50=1ms,errors=0.1%,rps=10000", 4, SLO_RPS, 0, 10000},
    {"p9=1s,p90=1s,p99=1s,mean=1s,max=1s,p90.0001=1s", 6, SLO_PERCENTILE, 90.0001, 1e9},
    {sixteen, 16, SLO_PERCENTILE, 16, 2e9},
};

static const char *const invalid[] = {
    "",
    ",",
    "=",
    "p99",
    "p99=",
    "=5ms",
    "p99=5ms,",
    ",p99=5ms",
    "p99=5ms,,p50=1ms",
    "p99==5ms",
    "p99=5ms p50=1ms",
    "p99=5ms, p50=1ms",
    " p99=5ms",
    "p99 =5ms",
    "p99= 5ms",
    "p99=5ms ",
    /* names */
    "p=5ms",
    "p.=5ms",
    "q99=5ms",
    "P99=5ms",
    "p-1=5ms",
    "p+1=5ms",
    "pp9=5ms",
    "p9x=5ms",
    "pinf=5ms",
    "pnan=5ms",
    "p1e1=5ms",
    "p0x10=5ms",
    "p99.9.9=5ms",
    "p99,9=5ms",
    "p0=5ms",
    "p0.0=5ms",
    "p100=5ms",
    "p100.0=5ms",
    "p101=5ms",
    "p999=5ms",
    "p99.999999999999999999=5ms",
    "median=5ms",
    "Mean=5ms",
    "maximum=5ms",
    "error=0",
    "rp=5",
    "rps10",
    /* limits */
    "p99=0ms",
    "p99=0.0s",
    "mean=0s",
    "max=0us",
    "p99=5",
    "p99=-5ms",
    "p99=5 ms",
    "p99=5ns",
    "p99=inf",
    "p99=5%",
    "p99=1.01h",
    "max=2h",
    "mean=1001h",
    "p99=0000000000000000000000000000000005ms",
    "errors=",
    "errors=%",
    "errors=.",
    "errors=.%",
    "errors=-1%",
    "errors=100.1%",
    "errors=101%",
    "errors=1",
    "errors=5",
    "errors=1.5",
    "errors=0%%",
    "errors=5ms",
    "errors=x",
    "errors=nan",
    "errors=1e-3",
    "rps=0",
    "rps=0.0",
    "rps=-1",
    "rps=x",
    "rps=inf",
    "rps=1e4",
    "rps=0x10",
    "rps=1k",
    "rps=10%",
    "rps=1.2.3",
    "rps=10000000000000000",
    /* twice */
    "p99=5ms,p99=6ms",
    "p99=5ms,p99.0=5ms",
    "p99=5ms,p099=6ms",
    "errors=0,errors=1%",
    "rps=1,p9=1s,rps=2",
    "max=1s,max=1s",
    "mean=1s,mean=1s",
    /* one too many */
    seventeen,
};

static void valid_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(valid); i++) {
        struct slo slo;
        const char *why = slo_parse(&slo, valid[i].text);
        const struct slo_part *last = &slo.part[valid[i].count - 1];

        if (why)
            fail_msg("%s is refused: %s", valid[i].text, why);
        assert_int_equal(slo.count, valid[i].count);
        if (last->kind != valid[i].kind || last->percent != valid[i].percent ||
            last->limit != valid[i].limit)
            fail_msg("%s: %d, %.17g, %.17g", valid[i].text, last->kind, last->percent, last->limit);
        assert_true(isnan(last->measured));
        assert_false(last->held);
    }
}

static void invalid_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(invalid); i++) {
        struct slo slo;

        if (!slo_parse(&slo, invalid[i]))
            fail_msg("\"%s\" is accepted", invalid[i]);
        assert_int_equal(slo.count, 0);
    }
}

static void names_are_as_given(void **state)
{
    struct slo slo;

    (void)state;
    assert_null(slo_parse(&slo, "p99.90=5ms,errors=0"));
    assert_string_equal(slo.part[0].name, "p99.90");
    assert_string_equal(slo.part[1].name, "errors");
}

/* A run of two seconds: latencies of 1 to 100 ms, two error statuses, four failures. */
static struct tally *a_run(void)
{
    struct tally *tally = tally_new();

    tally->from = NSEC_PER_S;
    tally->to = 3 * NSEC_PER_S;
    for (nsec ms = 1; ms <= 100; ms++)
        histogram_record(tally->latency, ms * NSEC_PER_MS);
    tally->completed = 96;
    tally->failed = 4;
    tally->status[200] = 93;
    tally->status[399] = 1;
    tally->status[400] = 1;
    tally->status[999] = 1;
    return tally;
}

static void limits_are_judged(void **state)
{
    static const struct {
        const char *text;
        bool held;
        double min, max; /* measured */
    } cases[] = {
        {"p50=51ms", true, 50e6, 50.05e6},
        {"p50=49ms", false, 50e6, 50.05e6},
        {"p99.5=101ms", true, 100e6, 100e6},
        {"max=100ms", true, 100e6, 100e6},
        {"max=99.9ms", false, 100e6, 100e6},
        {"mean=50.6ms", true, 50.4e6, 50.6e6},
        {"mean=50.4ms", false, 50.4e6, 50.6e6},
        {"errors=6%", true, 0.06, 0.06},
        {"errors=0.059", false, 0.06, 0.06},
        {"errors=0", false, 0.06, 0.06},
        {"rps=48", true, 48, 48},
        {"rps=48.1", false, 48, 48},
    };
    struct tally *tally = a_run();

    (void)state;
    assert_int_equal(tally_error_count(tally), 6);
    assert_int_equal(tally_ended(tally), 100);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct slo slo;

        assert_null(slo_parse(&slo, cases[i].text));
        if (slo_judge(&slo, tally) != cases[i].held || slo.part[0].held != cases[i].held ||
            slo.part[0].measured < cases[i].min || slo.part[0].measured > cases[i].max)
            fail_msg("%s: %f", cases[i].text, slo.part[0].measured);
    }
    tally_free(tally);
}

static void all_must_be_held(void **state)
{
    struct slo slo;
    struct tally *tally = a_run();

    (void)state;
    assert_null(slo_parse(&slo, "p50=1s,max=1ms,errors=50%"));
    assert_false(slo_judge(&slo, tally));
    assert_true(slo.part[0].held);
    assert_false(slo.part[1].held);
    assert_true(slo.part[2].held);
    assert_null(slo_parse(&slo, "p50=1s,max=1s,errors=50%"));
    assert_true(slo_judge(&slo, tally));
    tally_free(tally);
}

static void nothing_measured_is_missed(void **state)
{
    static const char *const texts[] = {"p99=1h", "mean=1h", "max=1h", "errors=100%", "rps=0.1"};
    struct tally *tally = tally_new();

    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct slo slo;

        assert_null(slo_parse(&slo, texts[i]));
        assert_false(slo_judge(&slo, tally));
        assert_true(isnan(slo.part[0].measured));
    }
    tally_free(tally);
}

/* The rate of a schedule is reached in exactly the schedule's span, to the nanosecond. */
static void rate_of_the_schedule(void **state)
{
    static const struct {
        const char *text;
        uint64_t completed;
        nsec span;
        bool held;
    } cases[] = {
        {"rps=3", 2, 666666667, true},         {"rps=3", 2, 666666669, false},
        {"rps=100", 100, NSEC_PER_S, true},    {"rps=100", 99, NSEC_PER_S, false},
        {"rps=100", 100, 1000000002, false},   {"rps=0.3", 3, 10 * NSEC_PER_S, true},
        {"rps=7000", 4999, 714142858, true},   {"rps=10000000", 1, 100, true},
        {"rps=10000000", 1000, 100002, false},
    };
    struct tally *tally = tally_new();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct slo slo;

        assert_null(slo_parse(&slo, cases[i].text));
        tally->completed = cases[i].completed;
        tally->to = cases[i].span;
        if (slo_judge(&slo, tally) != cases[i].held)
            fail_msg("case %zu: %.17g", i, slo.part[0].measured);
    }
    tally_free(tally);
}

/* A hung server: a request in flight at the end of a closed loop has no latency. It is judged by
   its age if that is over the limit. A younger request may still meet the limit and is ignored. */
static void in_flight_at_the_end(void **state)
{
    static const struct {
        const char *text;
        unsigned responses, in_flight; /* of 1 ms; of 2 s, and one more of 2 ms */
        bool held;
        double min, max; /* measured */
    } cases[] = {
        {"max=1s", 1000, 1, false, 2e9, 2e9},
        {"max=2s", 1000, 1, true, 1e6, 1.001e6}, /* not over the limit */
        {"p99=5ms", 1000, 10, true, 1e6, 1.001e6},
        {"p99=5ms", 1000, 11, false, 2e9, 2e9}, /* its rank is reached */
        {"p50=5ms", 10, 10, true, 1e6, 1.001e6},
        {"p50=5ms", 10, 11, false, 2e9, 2e9},
        {"p50=5ms", 0, 1, false, 2e9, 2e9}, /* no response at all */
        {"p99.9=3s", 1000, 500, true, 1e6, 1.001e6},
        {"mean=5ms", 1000, 1, true, 2.9e6, 3.1e6},
        {"mean=5ms", 1000, 10, false, 20e6, 22e6},
        {"errors=0", 1000, 10, true, 0, 0},
        {"rps=100", 1000, 10, true, 500, 500},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tally *tally = tally_new();
        struct slo slo;

        tally->to = 2 * NSEC_PER_S;
        tally->completed = cases[i].responses;
        histogram_record_many(tally->latency, NSEC_PER_MS, cases[i].responses);
        histogram_record_many(tally->unfinished, 2 * NSEC_PER_S, cases[i].in_flight);
        histogram_record(tally->unfinished, 2 * NSEC_PER_MS);
        assert_null(slo_parse(&slo, cases[i].text));
        if (slo_judge(&slo, tally) != cases[i].held || slo.part[0].measured < cases[i].min ||
            slo.part[0].measured > cases[i].max)
            fail_msg("case %zu, %s: %f", i, cases[i].text, slo.part[0].measured);
        assert_int_equal(tally->latency->count, cases[i].responses); /* the reported values stay */
        tally_free(tally);
    }
}

/* Missed limits that a busy client cannot cause: errors, and a max that kernel timestamps prove. */
static void missed_limits_that_are_proven(void **state)
{
    static const struct {
        const char *text;
        nsec proven;
        bool is_proven;
    } cases[] = {
        {"errors=0", 0, true},
        {"errors=5%", 0, true},
        {"errors=6%", 0, false},
        {"max=50ms", 0, false},
        {"max=50ms", 50000000, false},
        {"max=50ms", 50000001, true},
        {"max=1s", NSEC_PER_S / 2, false},
        {"p50=1ms", 90000000, false},
        {"mean=1ms", 90000000, false},
        {"rps=100", 0, false},
        {"p50=1ms,max=50ms", 60000000, true},
    };
    struct tally *tally = a_run();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct slo slo;

        tally->proven = cases[i].proven;
        assert_null(slo_parse(&slo, cases[i].text));
        slo_judge(&slo, tally);
        if (slo_is_proven(&slo) != cases[i].is_proven)
            fail_msg("%s, %lu", cases[i].text, cases[i].proven);
    }
    tally_clear(tally);
    { /* no request ended: nothing is proven */
        struct slo slo;

        assert_null(slo_parse(&slo, "errors=0"));
        assert_false(slo_judge(&slo, tally));
        assert_false(slo_is_proven(&slo));
    }
    tally_free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_limits),
        cmocka_unit_test(invalid_limits),
        cmocka_unit_test(names_are_as_given),
        cmocka_unit_test(limits_are_judged),
        cmocka_unit_test(all_must_be_held),
        cmocka_unit_test(nothing_measured_is_missed),
        cmocka_unit_test(rate_of_the_schedule),
        cmocka_unit_test(in_flight_at_the_end),
        cmocka_unit_test(missed_limits_that_are_proven),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The verdict of a run: whether the client limited the measurement, and why. */
#include "tests/support/unit.h"

#include "bench/load/verdict.h"

enum { BUSY = 1, LATE = 2, STARVED = 4, SUSPENDED = 8 };

static const struct {
    /* sums over the processes, in a run of one second */
    unsigned busy_ms;
    unsigned starved_ms, suspended_ms;
    unsigned longest_ms; /* suspension */
    unsigned processes;
    double busiest;          /* process: the part of the time in which it was busy */
    unsigned punctual, late; /* sends */
    unsigned reasons;
    enum verdict verdict;
} cases[] = {
    {0, 0, 0, 0, 1, 0, 0, 0, 0, VERDICT_OK},
    {950, 0, 0, 0, 1, 0, 0, 0, 0, VERDICT_OK},
    {951, 0, 0, 0, 1, 0, 0, 0, BUSY, VERDICT_SATURATED},
    {100, 0, 0, 0, 1, 0.99, 9, 0, 0, VERDICT_OK}, /* one process: busiest is ignored */
    {1000, 0, 0, 0, 4, 0.94, 9, 0, 0, VERDICT_OK},
    {1000, 0, 0, 0, 4, 0.96, 9, 0, BUSY, VERDICT_SATURATED},
    /* late without another cause */
    {500, 0, 0, 0, 1, 0, 990, 10, 0, VERDICT_OK},
    {500, 0, 0, 0, 1, 0, 989, 11, LATE, VERDICT_SATURATED},
    {990, 0, 0, 0, 1, 0, 0, 10, BUSY | LATE, VERDICT_SATURATED},
    /* few late sends are ignored */
    {10, 0, 0, 0, 1, 0, 24, 1, 0, VERDICT_OK},
    {10, 0, 0, 0, 1, 0, 0, 9, 0, VERDICT_OK},
    {10, 0, 0, 0, 1, 0, 100, 9, 0, VERDICT_OK},
    {10, 0, 0, 0, 1, 0, 0, 10, LATE, VERDICT_SATURATED},
    /* other processes used its core */
    {500, 100, 0, 0, 1, 0, 0, 0, 0, VERDICT_OK},
    {500, 101, 0, 0, 1, 0, 0, 0, STARVED, VERDICT_STARVED},
    {500, 60, 0, 0, 1, 0, 900, 100, LATE | STARVED, VERDICT_STARVED},
    {500, 40, 0, 0, 1, 0, 900, 100, LATE, VERDICT_SATURATED},
    {860, 130, 0, 0, 1, 0, 900, 100, LATE | STARVED, VERDICT_STARVED},
    /* the process was stopped */
    {500, 0, 10, 10, 1, 0, 0, 0, 0, VERDICT_OK},
    {500, 0, 11, 11, 1, 0, 0, 0, SUSPENDED, VERDICT_SUSPENDED},
    {100, 0, 99, 99, 100, 0.5, 0, 0, 0, VERDICT_OK},
    {100, 0, 100, 100, 100, 0.5, 0, 0, SUSPENDED, VERDICT_SUSPENDED},
    {300, 0, 700, 700, 1, 0, 300, 700, LATE | SUSPENDED, VERDICT_SUSPENDED},
    {300, 20, 400, 400, 1, 0, 600, 400, LATE | SUSPENDED, VERDICT_SUSPENDED},
    {300, 400, 200, 200, 1, 0, 600, 400, LATE | STARVED | SUSPENDED, VERDICT_STARVED},
    {300, 200, 400, 400, 1, 0, 600, 400, LATE | STARVED | SUSPENDED, VERDICT_SUSPENDED},
};

static void verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tally *tally = tally_new();
        struct judgement judgement;
        unsigned reasons;

        tally->to = NSEC_PER_S;
        tally->processes = cases[i].processes;
        tally->cpu_user = cases[i].busy_ms * NSEC_PER_MS;
        tally->starved = cases[i].starved_ms * NSEC_PER_MS;
        tally->suspended = cases[i].suspended_ms * NSEC_PER_MS;
        tally->suspension = cases[i].longest_ms * NSEC_PER_MS;
        histogram_record_many(tally->send_delay, VERDICT_LATE * 99 / 100, cases[i].punctual);
        histogram_record_many(tally->send_delay, VERDICT_LATE * 101 / 100, cases[i].late);
        judgement = verdict_judge(tally, cases[i].busiest);
        reasons = judgement.busy * BUSY | judgement.late * LATE | judgement.starved * STARVED |
                  judgement.suspended * SUSPENDED;
        if (reasons != cases[i].reasons || judgement.verdict != cases[i].verdict)
            fail_msg("case %zu: %s, %u", i, verdict_name(judgement.verdict), reasons);
        tally_free(tally);
    }
}

/* In a short run, shares of time are ignored, but a suspension of 100 ms counts. */
static void short_runs(void **state)
{
    struct tally *tally = tally_new();

    (void)state;
    tally->to = VERDICT_MIN_SPAN - 1;
    tally->cpu_user = tally->starved = tally->suspended = VERDICT_MIN_SPAN;
    assert_int_equal(verdict_judge(tally, 0).verdict, VERDICT_OK);
    tally->suspension = VERDICT_MAX_SUSPENSION;
    assert_int_equal(verdict_judge(tally, 0).verdict, VERDICT_SUSPENDED);
    tally_free(tally);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(verdict_name(VERDICT_OK), "ok");
    assert_string_equal(verdict_name(VERDICT_SATURATED), "saturated");
    assert_string_equal(verdict_name(VERDICT_STARVED), "starved");
    assert_string_equal(verdict_name(VERDICT_SUSPENDED), "suspended");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(short_runs),
        cmocka_unit_test(names),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

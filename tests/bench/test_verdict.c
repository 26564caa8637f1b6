/* When the client was what was measured. */
#include "tests/support/unit.h"

#include "bench/verdict.h"

static void verdicts(void **state)
{
    static const struct {
        unsigned busy_ms;   /* of a second */
        unsigned processes; /* their CPU is the sum of busy_ms */
        double busiest;
        unsigned punctual, late; /* sends */
        bool is_busy, is_late;
        double busy_share, late_share;
    } cases[] = {
        {0, 1, 0, 0, 0, false, false, 0, 0},           {950, 1, 0, 0, 0, false, false, 0.95, 0},
        {951, 1, 0, 0, 0, true, false, 0.951, 0},      {500, 1, 0, 99, 1, false, false, 0.5, 0.01},
        {500, 1, 0, 989, 11, false, true, 0.5, 0.011}, {990, 1, 0, 0, 5, true, true, 0.99, 1},
        {100, 1, 0.99, 9, 0, false, false, 0.1, 0}, /* of one process its own share counts */
        {1000, 4, 0.94, 9, 0, false, false, 0.94, 0},  {1000, 4, 0.96, 9, 0, true, false, 0.96, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tally *tally = tally_new();
        struct judgement judgement;

        tally->to = NSEC_PER_S;
        tally->processes = cases[i].processes;
        tally->cpu_user = cases[i].busy_ms * NSEC_PER_MS;
        for (unsigned n = 0; n < cases[i].punctual; n++)
            histogram_record(tally->lateness, VERDICT_LATE * 99 / 100);
        for (unsigned n = 0; n < cases[i].late; n++)
            histogram_record(tally->lateness, VERDICT_LATE * 101 / 100);
        judgement = verdict_judge(tally, cases[i].busiest);
        if (judgement.busy != cases[i].is_busy || judgement.late != cases[i].is_late ||
            judgement.busy_share != cases[i].busy_share ||
            judgement.late_share != cases[i].late_share)
            fail_msg("case %zu: %f busy, %f late", i, judgement.busy_share, judgement.late_share);
        assert_int_equal(judgement.verdict,
                         cases[i].is_busy || cases[i].is_late ? VERDICT_SATURATED : VERDICT_OK);
        tally_free(tally);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

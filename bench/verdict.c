/*
 * Three signs that it was the client that was measured: its thread had no time left, it had none given for
 * others had its core, or it sent later than it was to although nothing but itself was in the way. Loop lag is reported and does not decide: a
 * turn that answers many connections makes it grow long before anything is late.
 */
#include "bench/verdict.h"

struct judgement verdict_judge(const struct tally *tally, double busiest)
{
    const struct histogram *lateness = tally->lateness;
    bool long_enough = tally->to - tally->from >= VERDICT_LEAST_SPAN;
    struct judgement judgement = {
        .busy_share = tally->processes > 1 ? busiest : tally_busy(tally),
        .starved_share = tally_starved(tally),
    };

    if (lateness->count)
        judgement.late_share = (double)(lateness->count - histogram_up_to(lateness, VERDICT_LATE)) /
                               (double)lateness->count;
    judgement.busy = long_enough && judgement.busy_share > VERDICT_MOST_BUSY;
    judgement.starved = long_enough && judgement.starved_share > VERDICT_MOST_STARVED;
    judgement.late = judgement.late_share > VERDICT_MOST_LATE;
    judgement.verdict =
        judgement.busy || judgement.starved || judgement.late ? VERDICT_SATURATED : VERDICT_OK;
    return judgement;
}

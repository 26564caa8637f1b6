/*
 * Four signs that it was the client that was measured: its thread had no time left, others had its core, it was
 * stopped, or it sent later than it was to although nothing but itself was in the way. Lateness has a cause: a
 * share of the time in which the thread did not run makes about that share of the sends late. Loop lag is
 * reported and does not decide: a turn that answers many connections makes it grow long before anything is late.
 */
#include "bench/load/verdict.h"

static void judge_lateness(struct judgement *judgement, const struct histogram *lateness)
{
    uint64_t late;

    if (!lateness->count)
        return;
    late = lateness->count - histogram_up_to(lateness, VERDICT_LATE);
    judgement->late_share = (double)late / (double)lateness->count;
    judgement->late = late >= VERDICT_LEAST_LATE && judgement->late_share > VERDICT_MAX_LATE;
}

/* Whether a share of the time in which the thread did not run makes up half of what was late. */
static bool explains(const struct judgement *judgement, double share)
{
    return judgement->late && share >= judgement->late_share / 2;
}

/* A thread that was busy throughout had no time in which it could have been kept from running. */
static enum verdict decide(const struct judgement *judgement)
{
    if (judgement->busy)
        return VERDICT_SATURATED;
    if (judgement->suspended &&
        !(judgement->starved && judgement->starved_share > judgement->suspended_share))
        return VERDICT_SUSPENDED;
    if (judgement->starved)
        return VERDICT_STARVED;
    return judgement->late ? VERDICT_SATURATED : VERDICT_OK;
}

struct judgement verdict_judge(const struct tally *tally, double busiest)
{
    bool long_enough = tally->to - tally->from >= VERDICT_LEAST_SPAN;
    struct judgement judgement = {
        .busy_share = tally->processes > 1 ? busiest : tally_busy(tally),
        .starved_share = tally_share(tally, tally->starved),
        .suspended_share = tally_share(tally, tally->suspended),
        .suspension = tally->suspension,
    };

    judge_lateness(&judgement, tally->lateness);
    judgement.busy = long_enough && judgement.busy_share > VERDICT_MAX_BUSY;
    judgement.starved = (long_enough && judgement.starved_share > VERDICT_MAX_STARVED) ||
                        explains(&judgement, judgement.starved_share);
    judgement.suspended = (long_enough && judgement.suspended_share > VERDICT_MAX_SUSPENDED) ||
                          judgement.suspension >= VERDICT_MAX_SUSPENSION ||
                          explains(&judgement, judgement.suspended_share);
    judgement.verdict = decide(&judgement);
    return judgement;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {[VERDICT_OK] = "ok",
                                        [VERDICT_SATURATED] = "saturated",
                                        [VERDICT_STARVED] = "starved",
                                        [VERDICT_SUSPENDED] = "suspended"};

    return names[verdict];
}

bool verdict_limited(const struct tally *tally)
{
    return tally_limited(tally) > VERDICT_MAX_LIMITED;
}

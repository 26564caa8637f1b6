/*
 * Four signs that the client was the bottleneck: its thread had no CPU time left, it waited for a
 * core, it was stopped, or requests started late without an external reason. If the thread does not
 * run for a share of the time, about that share of the starts is late. The loop's lag is reported,
 * but is no reason for a verdict: a turn that serves many connections increases it long before a
 * request is late.
 */
#include "bench/load/verdict.h"

static void judge_send_delay(struct judgement *judgement, const struct histogram *delay)
{
    uint64_t late;

    if (!delay->count)
        return;
    late = delay->count - histogram_up_to(delay, VERDICT_LATE);
    judgement->late_share = (double)late / (double)delay->count;
    judgement->late = late >= VERDICT_MIN_LATE && judgement->late_share > VERDICT_MAX_LATE;
}

/* Whether the thread's absence for this share of the time explains half of the late starts. */
static bool explains(const struct judgement *judgement, double share)
{
    return judgement->late && share >= judgement->late_share / 2;
}

/* A busy thread had no time in which it could have been starved or suspended. */
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
    bool long_enough = tally->to - tally->from >= VERDICT_MIN_SPAN;
    struct judgement judgement = {
        .busy_share = tally->processes > 1 ? busiest : tally_busy(tally),
        .starved_share = tally_share(tally, tally->starved),
        .suspended_share = tally_share(tally, tally->suspended),
        .suspension = tally->suspension,
    };

    judge_send_delay(&judgement, tally->send_delay);
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

/* Timings are differences of successive stamps, so that their sum is the total. */
#include "http/result.h"

const char *phase_name(enum phase phase)
{
    static const char *const names[PHASE_COUNT] = {
        "blocked", "dns", "connect", "tls", "send", "wait", "receive",
    };

    return names[phase];
}

nsec result_elapsed(const struct result *result)
{
    const struct stamps *stamps = &result->stamps;
    nsec elapsed = (result->error || !stamps->head ? stamps->done : stamps->head) - stamps->start;

    for (size_t i = 0; i < result->leg_count; i++)
        if (result->legs[i].redirect)
            elapsed += result->legs[i].stamps.done - result->legs[i].stamps.start;
    return elapsed;
}

void stamps_timings(const struct stamps *s, bool failed, enum phase phase,
                    nsec timings[PHASE_COUNT])
{
    const nsec ends[PHASE_COUNT] = {
        s->assigned ? s->assigned : s->start, s->dns, s->connect, s->tls, s->send, s->first_byte, 0,
    };
    nsec from = s->taken;
    enum phase last = failed ? phase : PHASE_RECEIVE;

    for (int i = 0; i < PHASE_COUNT; i++) {
        timings[i] = ends[i] ? ends[i] - from : NSEC_NEVER;
        if (ends[i])
            from = ends[i];
    }
    if (s->queued) { /* the client's own time, not the server's */
        timings[PHASE_BLOCKED] += s->queued;
        if (s->tls)
            timings[PHASE_TLS] -= s->queued;
        else
            from += s->queued;
    }
    timings[last] = (timings[last] == NSEC_NEVER ? 0 : timings[last]) + s->done - from;
}

/* Timings are differences of neighbouring stamps, so that their sum is the whole. */
#include "http/result.h"

#include <string.h>

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

    return (result->error ? stamps->done : stamps->head) - stamps->start;
}

void result_timings(const struct result *result, nsec timings[PHASE_COUNT])
{
    const struct stamps *s = &result->stamps;
    const nsec ends[PHASE_COUNT] = {
        s->start, s->dns, s->connect, s->tls, s->send, s->first_byte, 0,
    };
    nsec from = s->taken;
    enum phase last;

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
    /* The last stretch belongs to the receiving, or to the phase that failed. */
    last = result->error ? result->phase : PHASE_RECEIVE;
    timings[last] = (timings[last] == NSEC_NEVER ? 0 : timings[last]) + s->done - from;
}

void result_add_body(struct result *result, const char *bytes, size_t count)
{
    size_t room = SNIPPET_BYTES - result->snippet_bytes, keep = count < room ? count : room;

    memcpy(result->snippet + result->snippet_bytes, bytes, keep);
    result->snippet_bytes += keep;
    result->body_bytes += count;
}

#include "tests/support/stamps.h"

#include "tests/support/unit.h"

static void check_order(const struct stamps *s)
{
    const nsec order[] = {s->taken, s->start, s->assigned,   s->dns,  s->connect,
                          s->tls,   s->send,  s->first_byte, s->head, s->done};
    nsec prev = 0;

    assert_true(s->taken && s->start && s->done);
    for (size_t i = 0; i < LENGTH(order); i++) {
        if (order[i] && order[i] < prev)
            fail_msg("stamp %zu goes backwards", i);
        prev = order[i] ? order[i] : prev;
    }
    assert_true(s->first_byte || !s->head);
    assert_true(s->send || !s->first_byte);
}

static void check_timings(const struct result *result)
{
    nsec timings[PHASE_COUNT], sum = 0, redirects = 0;
    const struct stamps *s = &result->stamps;

    stamps_timings(s, result->error, result->phase, timings);
    for (int i = 0; i < PHASE_COUNT; i++)
        sum += timings[i] == NSEC_NEVER ? 0 : timings[i];
    assert_true(sum == s->done - s->taken);
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_true(timings[i] == NSEC_NEVER || timings[i] <= s->done - s->taken);
    if (!result->error || result->phase != PHASE_BLOCKED)
        assert_true(timings[PHASE_BLOCKED] ==
                    (s->assigned ? s->assigned : s->start) - s->taken + s->queued);
    for (size_t i = 0; i < result->leg_count; i++)
        if (result->legs[i].redirect)
            redirects += result->legs[i].stamps.done - result->legs[i].stamps.start;
    assert_true(result_elapsed(result) <= s->done - s->start + redirects);
    assert_true(result_elapsed(result) >= redirects);
    if (result->error)
        assert_true(timings[result->phase] != NSEC_NEVER);
    else
        assert_true(timings[PHASE_RECEIVE] != NSEC_NEVER && timings[PHASE_WAIT] != NSEC_NEVER &&
                    timings[PHASE_SEND] != NSEC_NEVER);
}

/* Only for ASCII, where a character is one byte. */
static void check_snippet(const struct result *result, size_t preview)
{
    assert_int_equal(!result->charset, !result->snippet || !result->body_bytes);
    if (!result->snippet || result->coding)
        return;
    for (size_t i = 0; i < result->snippet_bytes; i++)
        if (result->snippet[i] & 0x80)
            return;
    assert_true(result->snippet_bytes <= result->body_bytes);
    assert_true(result->snippet_bytes == preview || result->snippet_bytes == result->body_bytes);
}

void stamps_check(const struct result *result, size_t preview)
{
    const struct stamps *s = &result->stamps;

    assert_non_null(result->site);
    check_order(s);
    check_timings(result);
    if (!result->error) {
        assert_true(result->status >= 200);
        assert_true(s->head);
    }
    assert_int_equal(!s->head, !result->status);
    check_snippet(result, preview);
}

/*
 * Rejected: a queue of the waiting requests, each with its reason. It would grow with the length of
 * a stall.
 */
#include "bench/load/stalls.h"

void absences_add(struct absences *absences, nsec from, nsec to)
{
    struct absence *shortest = absences->all;

    if (absences->count < ABSENCES_MAX) {
        absences->all[absences->count++] = (struct absence){from, to};
        return;
    }
    for (struct absence *one = shortest + 1; one < absences->all + ABSENCES_MAX; one++)
        if (one->to - one->from < shortest->to - shortest->from)
            shortest = one;
    if (to - from > shortest->to - shortest->from)
        *shortest = (struct absence){from, to};
}

nsec absences_remaining(const struct absences *absences, nsec at)
{
    nsec longest = 0;

    for (size_t i = 0; i < absences->count; i++) {
        struct absence absence = absences->all[i];

        if (at >= absence.from && at < absence.to)
            longest = nsec_max(longest, absence.to - at);
    }
    return longest;
}

void absences_drop(struct absences *absences, nsec until)
{
    size_t kept = 0;

    for (size_t i = 0; i < absences->count; i++)
        if (absences->all[i].to > until)
            absences->all[kept++] = absences->all[i];
    absences->count = kept;
}

nsec stalls_send_delay(struct stalls *stalls, nsec intended, nsec late, nsec lag, bool waited)
{
    absences_drop(&stalls->absences, intended);
    return nsec_max(waited ? nsec_min(late, lag) : late,
                    absences_remaining(&stalls->absences, intended));
}

void stalls_set_busy(struct stalls *stalls, bool busy, nsec now)
{
    if (!busy)
        stalls->busy_since = 0;
    else if (!stalls->busy_since)
        stalls->busy_since = now;
}

nsec stalls_limited(struct stalls *stalls, nsec intended, nsec from, nsec now)
{
    from = nsec_max(nsec_max(from, intended), nsec_max(stalls->busy_since, stalls->limited_until));
    if (!stalls->busy_since || from >= now)
        return 0;
    stalls->limited_until = now;
    return now - from;
}

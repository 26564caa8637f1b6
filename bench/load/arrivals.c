/*
 * The queue of an open loop is two positions in its schedule: the next request to start, and the
 * next request that is not due yet. The requests between them wait. A list of the waiting requests
 * was rejected: it would grow with the length of a stall.
 */
#include "bench/load/arrivals.h"

#include "bench/load/histogram.h"

#define MARK_EVERY UINT64_C(1000000) /* due requests between two marks */

void arrivals_init(struct arrivals *arrivals, bool open_loop, uint64_t requests,
                   uint64_t all_requests)
{
    *arrivals = (struct arrivals){.open_loop = open_loop,
                                  .requests = requests,
                                  .all_requests = all_requests,
                                  .from = NSEC_NEVER,
                                  .end = NSEC_NEVER};
}

void arrivals_begin(struct arrivals *arrivals, const struct schedule_options *schedule, nsec start,
                    nsec from, nsec end)
{
    arrivals->from = from;
    arrivals->end = end;
    if (!arrivals->open_loop)
        return;
    schedule_start(&arrivals->queue, schedule, start);
    arrivals->due = arrivals->queue;
}

void arrivals_measure_from(struct arrivals *arrivals, nsec from)
{
    arrivals->from = from;
}

/* --- due requests --- */

static nsec next_intended(const struct arrivals *arrivals, const struct schedule *schedule,
                          uint64_t counted)
{
    nsec next = schedule_peek(schedule);

    return next < arrivals->end && (!arrivals->requests || counted < arrivals->requests)
               ? next
               : NSEC_NEVER;
}

nsec arrivals_next(const struct arrivals *arrivals)
{
    return next_intended(arrivals, &arrivals->queue, arrivals->begun);
}

nsec arrivals_next_due(const struct arrivals *arrivals)
{
    return next_intended(arrivals, &arrivals->due, arrivals->scheduled);
}

/* Copies the state of a Poisson schedule from time to time; a constant one can be skipped fast. */
static void mark_due(struct arrivals *arrivals)
{
    if (arrivals->due.options.arrival != ARRIVAL_POISSON ||
        arrivals->due.count - arrivals->marks[1].count < MARK_EVERY)
        return;
    arrivals->marks[0] = arrivals->marks[1];
    arrivals->marks[1] = arrivals->due;
}

uint64_t arrivals_update_due(struct arrivals *arrivals, nsec now)
{
    nsec last = nsec_min(now, arrivals->end - 1);
    uint64_t prev = arrivals->scheduled, max, count;

    if (schedule_peek(&arrivals->due) > last)
        return 0;
    if (schedule_peek(&arrivals->due) < arrivals->from)
        schedule_skip(&arrivals->due, nsec_min(last, arrivals->from - 1), UINT64_MAX);
    do {
        max = arrivals->requests ? arrivals->requests - arrivals->scheduled : UINT64_MAX;
        count = schedule_skip(&arrivals->due, last, max < MARK_EVERY ? max : MARK_EVERY);
        arrivals->scheduled += count;
        mark_due(arrivals);
    } while (count == MARK_EVERY);
    return arrivals->scheduled - prev;
}

nsec arrivals_take(struct arrivals *arrivals)
{
    return schedule_take(&arrivals->queue);
}

/* --- the end --- */

/* Calls `each` for the times of the schedule from number `first` to `end`, excluded: one call for
   all ages in one bucket of the histogram, and a call of its own for the youngest. */
static void each_age(struct schedule rest, uint64_t first, uint64_t end, nsec now,
                     void (*each)(void *owner, nsec age, uint64_t count), void *owner)
{
    uint64_t left;

    schedule_skip(&rest, NSEC_NEVER - 1, first - rest.count);
    while ((left = end - rest.count)) {
        nsec age = now - schedule_peek(&rest);
        nsec until = now - histogram_lowest(age);

        each(owner, age, schedule_skip(&rest, until, left > 1 ? left - 1 : 1));
    }
}

/* There may be too many requests to compute each time. In a Poisson schedule only the youngest
   millions are computed; older ones are assumed to be spread evenly. At their age this error is
   smaller than a bucket of the histogram. */
void arrivals_each_waiting(const struct arrivals *arrivals, nsec now,
                           void (*each)(void *owner, nsec age, uint64_t count), void *owner)
{
    uint64_t end = arrivals->due.count, first = end - (arrivals->scheduled - arrivals->begun);
    const struct schedule *mark = &arrivals->marks[0];
    struct schedule rest = arrivals->queue;

    if (mark->count > rest.count) {
        if (mark->count > first) {
            each_age(schedule_even(&rest, mark), first, mark->count, now, each, owner);
            first = mark->count;
        }
        rest = *mark;
    }
    each_age(rest, first, end, now, each, owner);
}

nsec arrivals_end_time(const struct arrivals *arrivals, nsec now)
{
    const struct schedule *due = &arrivals->due;
    nsec end = now;

    if (!arrivals->open_loop)
        return now;
    if (arrivals_all_ended(arrivals))
        end = due->options.arrival == ARRIVAL_POISSON
                  ? schedule_peek(due)
                  : schedule_end(due, arrivals->from, arrivals->all_requests);
    return nsec_min(nsec_max(end, now), arrivals->end);
}

/*
 * Timers and tasks that change the phase. The owner does the work of each phase and the counting.
 */
#include "bench/load/phases.h"

#define OPEN_TIMEOUT NSEC_PER_S /* from one opened connection to the next, in OPENING */

/* The end of the next interval. Intervals that passed while the program was stopped become one. */
static nsec next_tick(const struct phases *phases)
{
    nsec interval = phases->options.interval;
    nsec next = phases->interval_timer.deadline + interval, now = loop_now(phases->loop);

    return next > now ? next : next + (now - next + interval) / interval * interval;
}

static void begin_measuring(struct phases *phases)
{
    phases->phase = RUN_MEASURING;
    phases->events->measuring(phases->owner);
}

static void on_interval(void *owner)
{
    struct phases *phases = owner;

    if (phases->phase != RUN_MEASURING)
        begin_measuring(phases);
    else if (phases->interval_timer.deadline >= phases->end) /* on_end reports the last interval */
        return;
    else
        phases->events->interval(phases->owner);
    loop_arm(phases->loop, &phases->interval_timer, next_tick(phases)); /* no drift */
}

static void begin_warmup(struct phases *phases)
{
    const struct phases_options *options = &phases->options;
    nsec now = loop_clock(phases->loop), start = options->start > now ? options->start : now;

    phases->phase = RUN_WARMUP;
    loop_cancel(phases->loop, &phases->open_timer);
    phases->from = clock_after(start, options->warmup);
    phases->end = clock_after(phases->from, options->duration);
    loop_arm(phases->loop, &phases->end_timer, phases->end);
    loop_arm(phases->loop, &phases->interval_timer, phases->from);
    phases->events->warmup(phases->owner, start);
    if (phases->from <= now)
        on_interval(phases);
}

static void end_opening(void *owner)
{
    struct phases *phases = owner;

    if (phases->phase == RUN_OPENING)
        begin_warmup(phases);
    phases->events->start_requests(phases->owner);
}

static void finish(struct phases *phases)
{
    phases_stop_timers(phases);
    phases->phase = RUN_OVER;
    phases->events->finished(phases->owner);
}

static void on_end(void *owner)
{
    struct phases *phases = owner;
    nsec now = loop_clock(phases->loop);

    if (phases->phase == RUN_DRAINING) {
        finish(phases);
        return;
    }
    if (phases->phase == RUN_OVER)
        return;
    phases->stopping = true;
    phases_stop_timers(phases);
    if (phases->phase != RUN_MEASURING) { /* stopped early: nothing was measured */
        phases->from = now;
        begin_measuring(phases);
    }
    phases->phase = RUN_DRAINING;
    if (phases->events->ended(phases->owner, now) && phases->options.drain)
        loop_arm(phases->loop, &phases->end_timer, clock_after(now, phases->options.drain));
    else
        finish(phases);
}

void phases_init(struct phases *phases, const struct phases_options *options, struct loop *loop,
                 const struct phases_events *events, void *owner)
{
    *phases = (struct phases){
        .options = *options,
        .loop = loop,
        .events = events,
        .owner = owner,
        .from = NSEC_NEVER,
        .end = NSEC_NEVER,
    };
    timer_init(&phases->interval_timer, on_interval, phases, "load interval");
    timer_init(&phases->end_timer, on_end, phases, "load end");
    timer_init(&phases->open_timer, end_opening, phases, "load open deadline");
    task_init(&phases->start_requests, end_opening, phases, "load connections open");
    task_init(&phases->end_task, on_end, phases, "load over");
}

void phases_start(struct phases *phases, bool opening)
{
    if (opening)
        loop_arm(phases->loop, &phases->open_timer, loop_clock(phases->loop) + OPEN_TIMEOUT);
    else
        begin_warmup(phases);
}

void phases_note_opened(struct phases *phases, bool all)
{
    loop_arm(phases->loop, &phases->open_timer, loop_clock(phases->loop) + OPEN_TIMEOUT);
    if (all)
        loop_defer(phases->loop, &phases->start_requests);
}

void phases_end_opening(struct phases *phases)
{
    begin_warmup(phases);
    loop_defer(phases->loop, &phases->start_requests);
}

void phases_end(struct phases *phases)
{
    loop_defer(phases->loop, &phases->end_task);
}

void phases_stop(struct phases *phases)
{
    phases->stopping = true;
    phases_end(phases);
}

void phases_stop_timers(struct phases *phases)
{
    loop_cancel(phases->loop, &phases->interval_timer);
    loop_cancel(phases->loop, &phases->end_timer);
    loop_cancel(phases->loop, &phases->open_timer);
    loop_undefer(phases->loop, &phases->start_requests);
    loop_undefer(phases->loop, &phases->end_task);
}

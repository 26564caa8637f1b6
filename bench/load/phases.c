/*
 * Timers and tasks that lead from one phase to the next. What happens in a phase, and what is counted, is the
 * owner's: no figure is looked at here.
 */
#include "bench/load/phases.h"

#define PATIENCE NSEC_PER_S /* for the next connection of those that are to stand first */

/* The next whole interval; those that passed while the program stood still are one. */
static nsec next_tick(const struct phases *phases)
{
    nsec interval = phases->options.interval;
    nsec next = phases->tick.deadline + interval, now = loop_now(phases->loop);

    return next > now ? next : next + (now - next + interval) / interval * interval;
}

/* The warm-up is over. */
static void measure(struct phases *phases)
{
    phases->phase = RUN_MEASURING;
    phases->events->measuring(phases->owner);
}

static void on_tick(void *owner)
{
    struct phases *phases = owner;

    if (phases->phase != RUN_MEASURING)
        measure(phases);
    else if (phases->tick.deadline >= phases->end) /* the last interval is on_over's */
        return;
    else
        phases->events->interval(phases->owner);
    loop_arm(phases->loop, &phases->tick, next_tick(phases)); /* no drift */
}

/* Requests start, or in an open loop become due, from here on. */
static void begin(struct phases *phases)
{
    const struct phases_options *options = &phases->options;
    nsec now = loop_clock(phases->loop), start = options->start > now ? options->start : now;

    phases->phase = RUN_WARMUP;
    loop_cancel(phases->loop, &phases->patience);
    phases->from = clock_after(start, options->warmup);
    phases->end = clock_after(phases->from, options->duration);
    loop_arm(phases->loop, &phases->finish, phases->end);
    loop_arm(phases->loop, &phases->tick, phases->from);
    phases->events->begun(phases->owner, start);
    if (phases->from <= now)
        on_tick(phases);
}

/* The connections of a closed loop stand, as far as they can be made: all begin at once. */
static void on_opened(void *owner)
{
    struct phases *phases = owner;

    if (phases->phase == RUN_OPENING)
        begin(phases);
    phases->events->opened(phases->owner);
}

static void close_all(struct phases *phases)
{
    phases_quiet(phases);
    phases->phase = RUN_OVER;
    phases->events->over(phases->owner);
}

static void on_over(void *owner)
{
    struct phases *phases = owner;
    nsec now = loop_clock(phases->loop);

    if (phases->phase == RUN_DRAINING) {
        close_all(phases);
        return;
    }
    if (phases->phase == RUN_OVER)
        return;
    phases->stopping = true;
    phases_quiet(phases);
    if (phases->phase != RUN_MEASURING) { /* it ends in the warm-up: nothing was measured */
        phases->from = now;
        measure(phases);
    }
    phases->phase = RUN_DRAINING;
    if (phases->events->ended(phases->owner, now) && phases->options.drain)
        loop_arm(phases->loop, &phases->finish, clock_after(now, phases->options.drain));
    else
        close_all(phases);
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
    timer_init(&phases->tick, on_tick, phases, "load interval");
    timer_init(&phases->finish, on_over, phases, "load end");
    timer_init(&phases->patience, on_opened, phases, "load open deadline");
    task_init(&phases->opened, on_opened, phases, "load connections open");
    task_init(&phases->over, on_over, phases, "load over");
}

void phases_start(struct phases *phases, bool opening)
{
    if (opening)
        loop_arm(phases->loop, &phases->patience, loop_clock(phases->loop) + PATIENCE);
    else
        begin(phases);
}

void phases_opened(struct phases *phases, bool all)
{
    loop_arm(phases->loop, &phases->patience, loop_clock(phases->loop) + PATIENCE);
    if (all)
        loop_defer(phases->loop, &phases->opened);
}

void phases_begin(struct phases *phases)
{
    begin(phases);
    loop_defer(phases->loop, &phases->opened);
}

void phases_finish(struct phases *phases)
{
    loop_defer(phases->loop, &phases->over);
}

void phases_stop(struct phases *phases)
{
    phases->stopping = true;
    phases_finish(phases);
}

void phases_quiet(struct phases *phases)
{
    loop_cancel(phases->loop, &phases->tick);
    loop_cancel(phases->loop, &phases->finish);
    loop_cancel(phases->loop, &phases->patience);
    loop_undefer(phases->loop, &phases->opened);
    loop_undefer(phases->loop, &phases->over);
}

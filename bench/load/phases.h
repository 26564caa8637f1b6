/*
 * Inside of the load generator: the phases of a run, and its intervals.
 *
 *   OPENING     a closed loop's connections are made; no request starts before
 *   WARMUP      requests start, and are not measured
 *   MEASURING   an interval is over every so often
 *   DRAINING    the run is over and reported; what was in request is waited for
 *   OVER        all is closed
 */
#ifndef BENCH_LOAD_PHASES_H
#define BENCH_LOAD_PHASES_H

#include "reactor/loop.h"

enum run_phase { RUN_OPENING, RUN_WARMUP, RUN_MEASURING, RUN_DRAINING, RUN_OVER };

struct phases_options {
    nsec start;    /* when the warm-up begins; in the past: at once */
    nsec warmup;   /* 0: none */
    nsec duration; /* measured; NSEC_NEVER: until phases_finish */
    nsec interval; /* over 0 */
    nsec drain;    /* how long is waited at most for what was in request; 0: not at all */
};

/* Called from timers and tasks, and from phases_start and phases_begin. */
struct phases_events {
    void (*begun)(void *owner, nsec start); /* WARMUP; `from` and `end` are known */
    void (*opened)(void *owner);            /* and the clients that are there may start requests */
    void (*measuring)(void *owner);         /* MEASURING */
    void (*interval)(void *owner);          /* one is over; the last one ends with `ended` */
    bool (*ended)(void *owner, nsec now);   /* returns whether requests are in request */
    void (*over)(void *owner);              /* OVER; the phases may be freed in it */
};

/* Read by others, written by its own functions alone. */
struct phases {
    enum run_phase phase;
    bool stopping;  /* nothing is to be started any more */
    nsec from, end; /* of measuring; NSEC_NEVER: not known yet, or by number alone */

    struct phases_options options;
    const struct phases_events *events;
    void *owner;           /* their argument */
    struct loop *loop;     /* borrowed */
    struct timer tick;     /* an interval is over, or the warm-up */
    struct timer finish;   /* the run is */
    struct timer patience; /* no connection has opened for long: it begins with those that stand */
    struct task opened;    /* the connections stand, or one cannot be made: requests start */
    struct task over;      /* it ended inside of an event */
};

void phases_init(struct phases *phases, const struct phases_options *options, struct loop *loop,
                 const struct phases_events *events, void *owner);

/* The run begins, with OPENING or without. */
void phases_start(struct phases *phases, bool opening);

/* OPENING: a connection has opened; `all`: it was the last. */
void phases_opened(struct phases *phases, bool all);

/* OPENING ends now: not all connections can be made. `opened` is called after this turn's events. */
void phases_begin(struct phases *phases);

/* The run is over, or what was waited for is: at the end of the turn, where events may still come before. */
void phases_finish(struct phases *phases);

/* The same before its time: nothing is to be started in between. */
void phases_stop(struct phases *phases);

/* No event is to come any more. */
void phases_quiet(struct phases *phases);

#endif

/*
 * Private to the load generator: the phases of a run, and its intervals.
 *
 *   OPENING     closed loop: the connections are opened; no request starts
 *   WARMUP      requests start and are not measured
 *   MEASURING   requests are measured; the interval event is called at the end of each interval
 *   DRAINING    the run is over and reported; requests in flight may end
 *   OVER        everything is closed
 */
#ifndef BENCH_LOAD_PHASES_H
#define BENCH_LOAD_PHASES_H

#include "reactor/loop.h"

enum run_phase { RUN_OPENING, RUN_WARMUP, RUN_MEASURING, RUN_DRAINING, RUN_OVER };

struct phases_options {
    nsec start;    /* when the warm-up begins; a time in the past means now */
    nsec warmup;   /* 0: none */
    nsec duration; /* measured; NSEC_NEVER: until phases_end */
    nsec interval; /* over 0 */
    nsec drain;    /* maximum duration of DRAINING; 0: none */
};

/* Called from timers and tasks, and from phases_start and phases_end_opening. */
struct phases_events {
    void (*warmup)(void *owner, nsec start); /* WARMUP has begun; `from` and `end` are set */

    /* After OPENING: the open clients may start requests. Not called in a run without OPENING. */
    void (*start_requests)(void *owner);
    void (*measuring)(void *owner); /* MEASURING has begun */
    void (*interval)(void *owner);  /* an interval is over; for the last one, `ended` is called */

    /* MEASURING is over. Returns whether requests are in flight. */
    bool (*ended)(void *owner, nsec now);
    void (*finished)(void *owner); /* OVER; the phases may be freed in it */
};

/* Other modules read the first group; only the functions below write. */
struct phases {
    enum run_phase phase;
    bool stopping;  /* no request may start any more */
    nsec from, end; /* of MEASURING; NSEC_NEVER: not known yet, or no time limit */

    struct phases_options options;
    const struct phases_events *events;
    void *owner;                 /* argument of the events */
    struct loop *loop;           /* borrowed */
    struct timer interval_timer; /* end of the interval, or of the warm-up */
    struct timer end_timer;      /* end of the run, or of DRAINING */
    struct timer open_timer;     /* no connection opened for a second: OPENING ends */
    struct task start_requests;  /* OPENING ends, or has ended: calls start_requests */
    struct task end_task;        /* does the work of phases_end */
};

void phases_init(struct phases *phases, const struct phases_options *options, struct loop *loop,
                 const struct phases_events *events, void *owner);

/* Starts the run: with OPENING, or with WARMUP. */
void phases_start(struct phases *phases, bool opening);

/* OPENING: a connection has opened. `all`: it was the last one. */
void phases_note_opened(struct phases *phases, bool all);

/* Ends OPENING early, because a connection failed. start_requests is called at the end of the
   turn. */
void phases_end_opening(struct phases *phases);

/* Ends MEASURING, or DRAINING, at the end of the turn. Events may still be called before that. */
void phases_end(struct phases *phases);

/* Like phases_end, and no request may start from now on. */
void phases_stop(struct phases *phases);

/* After this, no event is called. */
void phases_stop_timers(struct phases *phases);

#endif

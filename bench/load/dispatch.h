/*
 * Inside of the load generator: which client takes what is due, when another connection is begun for it, and
 * when a request is over. What it does depends on arrivals, connections and phases alone; the record is written.
 */
#ifndef BENCH_LOAD_DISPATCH_H
#define BENCH_LOAD_DISPATCH_H

#include "bench/load/arrivals.h"
#include "bench/load/connections.h"
#include "bench/load/phases.h"
#include "bench/load/record.h"
#include "bench/load/stalls.h"

struct dispatch {
    const struct load_options *options; /* this and the next four are borrowed */
    struct loop *loop;
    struct phases *phases;
    struct connections *connections;
    struct record *record;
    struct arrivals arrivals;
    struct stalls stalls; /* open loop */
    struct timer wake;    /* open loop: the next request is due */
    struct timer expiry;  /* the oldest request in request is too old */
    bool put_off;         /* the expiry was, since it came late */
    uint64_t random;      /* for the choice of targets */
};

void dispatch_init(struct dispatch *dispatch, const struct load_options *options,
                   struct phases *phases, struct connections *connections, struct record *record);

/* The client has room: requests start on it, which are to be sent. */
void dispatch_room(struct dispatch *dispatch, struct client *client);

/* Clients that are absent may connect: those for which there are requests do. `waited`: with a connection for
   each request, these waited until there was a client. */
void dispatch_dial(struct dispatch *dispatch, bool waited);

/* Open loop: what is due by now starts, and is sent. */
void dispatch_wake(struct dispatch *dispatch);

/* A counted request has ended. The last one ends the run. */
void dispatch_completed(struct dispatch *dispatch, const struct load_request *request,
                        const struct response_arrival *arrival);
void dispatch_failed(struct dispatch *dispatch, const struct load_request *request,
                     enum error error);

/* No connection could be made, and no request was there to be failed by it: the next one is. */
void dispatch_fail_next(struct dispatch *dispatch, const struct client *client, enum error error);

/* Open loop: the loop came `lag` too late to what it found now. */
void dispatch_lag(struct dispatch *dispatch, nsec now, nsec lag);

/* An interval is over: what is due by now, and how long it waits for a connection, is counted. */
void dispatch_report(struct dispatch *dispatch, nsec now);

/* The run is over: what is unfinished has the age that it has by now. */
void dispatch_ages(struct dispatch *dispatch, nsec now);

/* Its timers do not come any more. */
void dispatch_quiet(struct dispatch *dispatch);

#endif

/*
 * Private to the load generator: which client takes the next request, when another connection is
 * opened, and when a request has timed out. Decisions depend only on arrivals, connections and
 * phases. The record is written here and never read.
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
    struct stalls stalls;   /* open loop */
    struct timer due_timer; /* open loop: the next request is due */
    struct timer expiry;    /* timeout of the oldest request in flight */
    bool expiry_deferred;   /* once, because the loop was late */
    uint64_t random;        /* for the choice of targets */
};

void dispatch_init(struct dispatch *dispatch, const struct load_options *options,
                   struct phases *phases, struct connections *connections, struct record *record);

/* Starts requests on a client that has room; the caller sends them. */
void dispatch_fill_client(struct dispatch *dispatch, struct client *client);

/* Opens connections for absent clients, as many as the requests need. `waited`, in the open loop
   with a new connection for each request: the requests that start here have waited for a client. */
void dispatch_dial(struct dispatch *dispatch, bool waited);

/* Open loop: starts and sends the requests that are due. */
void dispatch_start_due(struct dispatch *dispatch);

/* A counted request has ended. The last one ends the run. */
void dispatch_completed(struct dispatch *dispatch, const struct load_request *request,
                        const struct load_response *response);
void dispatch_failed(struct dispatch *dispatch, const struct load_request *request,
                     enum error error);

/* A dial failed for a client that has no request: the next request of the load fails instead. */
void dispatch_fail_next(struct dispatch *dispatch, const struct client *client, enum error error);

/* Open loop: the current turn of the loop began `lag` too late. */
void dispatch_note_lag(struct dispatch *dispatch, nsec now, nsec lag);

/* End of an interval: counts the due requests, and the time they waited for a connection. */
void dispatch_count_interval(struct dispatch *dispatch, nsec now);

/* End of the run: records the ages of the requests that have not ended. */
void dispatch_record_unfinished(struct dispatch *dispatch, nsec now);

/* After this, no timer of this module fires. */
void dispatch_stop_timers(struct dispatch *dispatch);

#endif

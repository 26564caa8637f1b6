/*
 * Connects arrivals, connections, phases and counts, and passes the clients' events to them.
 */
#include "bench/load/load.h"

#include <stdlib.h>

#include "base/memory.h"
#include "bench/load/connections.h"
#include "bench/load/dispatch.h"
#include "bench/load/phases.h"
#include "bench/load/record.h"
#include "bench/load/spread.h"

struct load {
    struct load_options options;
    struct loop *loop; /* borrowed */
    struct phases phases;
    struct connections connections;
    struct dispatch dispatch;
    struct record record;
    struct spread *spread;
    struct probe probe; /* measures the lag of the loop while requests are counted */
    void (*interval)(void *owner, const struct tally *tally);
    void (*done)(void *owner);
    void *owner; /* argument of both */
};

/* --- events of requests --- */

/* While DRAINING, a request that ends was already reported as in flight; the last one ends
   DRAINING. Returns whether the phase is DRAINING. */
static bool end_when_drained(struct load *load)
{
    bool draining = load->phases.phase == RUN_DRAINING;

    if (draining && list_is_empty(&load->connections.group.requests))
        phases_end(&load->phases);
    return draining;
}

static void on_client_room(void *owner, struct client *client)
{
    struct load *load = owner;

    dispatch_fill_client(&load->dispatch, client);
}

/* In a closed loop the latency begins with the stream, or with the end of the connection that had
   none, and the wait is a figure of its own. In an open loop the latency begins with the intended
   start, and includes the wait. */
static void on_request_waited(void *owner, struct load_request *request, nsec wait)
{
    struct load *load = owner;

    if (!load->options.open_loop)
        request->intended = request->started;
    if (request->counted && load->phases.phase != RUN_DRAINING)
        histogram_record(load->record.tally->slot_wait, wait);
}

static void on_request_completed(void *owner, const struct load_request *request,
                                 const struct load_response *response)
{
    struct load *load = owner;

    request->client->failures = 0;
    if (end_when_drained(load) || !request->counted)
        return;
    dispatch_completed(&load->dispatch, request, response);
    if (request->client->address_counts) {
        request->client->address_counts->completed++;
        request->client->address_counts->time += response->received - request->started;
    }
}

static void on_request_failed(void *owner, const struct load_request *request, enum error error)
{
    struct load *load = owner;

    if (end_when_drained(load) || !request->counted)
        return;
    dispatch_failed(&load->dispatch, request, error);
    if (request->client->address_counts)
        request->client->address_counts->failed++;
}

/* --- events of connections --- */

/* With a connection for each request, the wait for a handshake slot is not caused by the server: it
   is added to the start of the request. In an open loop the intended start does not change. */
static void exclude_handshake_wait(const struct load *load, struct client *client)
{
    struct load_request *request = client_oldest(client);
    nsec queued = client->dial->stamps.queued;

    request->started += queued;
    if (!load->options.open_loop)
        request->intended += queued;
}

static void on_client_opened(void *owner, struct client *client)
{
    struct load *load = owner;

    connections_note_opened(&load->connections);
    if (load->phases.phase == RUN_DRAINING)
        return;
    record_connection(&load->record, client->dial, client->conn);
    client->address_counts = spread_opened(load->spread, &client->conn->address);
    if (load->options.new_connections)
        exclude_handshake_wait(load, client);
    connections_dial_later(&load->connections); /* one dial less is pending */
    if (load->phases.phase == RUN_OPENING)
        phases_note_opened(&load->phases, load->connections.open == load->options.connections);
}

static void on_client_closed(void *owner, struct client *client, enum error error)
{
    struct load *load = owner;

    connections_note_closed(&load->connections, client);
    if (load->phases.phase == RUN_DRAINING) { /* requests are not sent again */
        client_close(client);
        end_when_drained(load);
        return;
    }
    connections_judge_trial(&load->connections, client, error);
    if (!error) {
        connections_requeue(&load->connections, client);
        return;
    }
    if (load->phases.phase == RUN_OPENING) /* the open connections do not wait for retries */
        phases_end_opening(&load->phases);
    if (!client->dial_failed_requests)
        dispatch_fail_next(&load->dispatch, client, error);
    connections_requeue_failed(&load->connections, client);
}

static void on_dial(void *owner)
{
    struct load *load = owner;

    dispatch_dial(&load->dispatch, true);
}

static void on_all_failed(void *owner, enum error why)
{
    struct load *load = owner;

    if (load->phases.stopping)
        return;
    load->record.tally->gave_up = why;
    load_stop(load);
}

/* --- the run --- */

/* Reports an interval and begins the next. */
static void report(struct load *load, nsec now)
{
    const struct arrivals *arrivals = &load->dispatch.arrivals;

    dispatch_count_interval(&load->dispatch, now);
    spread_report(load->spread, load->record.tally);
    load->interval(load->owner, record_interval(&load->record, now, load->connections.open,
                                                arrivals->scheduled - arrivals->begun,
                                                arrivals->begun - arrivals->ended));
    record_next(&load->record, now);
}

static void on_warmup(void *owner, nsec start)
{
    struct load *load = owner;

    arrivals_begin(&load->dispatch.arrivals, &load->options.schedule, start, load->phases.from,
                   load->phases.end);
    record_set_start(&load->record, load->phases.from);
    connections_dial_later(&load->connections);
}

static void on_start_requests(void *owner)
{
    struct load *load = owner;

    for (size_t i = 0; i < load->options.connections; i++) {
        struct client *client = &load->connections.clients[i];

        if (client->state == CLIENT_OPEN) {
            dispatch_fill_client(&load->dispatch, client);
            client_send(client);
        }
    }
}

static void on_turn(void *owner, nsec lag)
{
    struct load *load = owner;
    nsec now = loop_now(load->loop);

    record_turn(&load->record, now, lag);
    dispatch_note_lag(&load->dispatch, now, lag);
}

static void on_measuring(void *owner)
{
    struct load *load = owner;

    arrivals_measure_from(&load->dispatch.arrivals, load->phases.from);
    record_set_start(&load->record, load->phases.from);
    record_start(&load->record);
    load->probe = (struct probe){.owner = load, .turn = on_turn};
    loop_set_probe(load->loop, &load->probe);
}

static void on_interval(void *owner)
{
    struct load *load = owner;
    nsec now, end = load->phases.end;

    if (load->options.open_loop)
        dispatch_start_due(&load->dispatch); /* requests due now belong to this interval */
    now = loop_now(load->loop);
    report(load, load->options.open_loop && now > end ? end : now);
}

static void stop_timers(struct load *load)
{
    phases_stop_timers(&load->phases);
    connections_stop_timers(&load->connections);
    dispatch_stop_timers(&load->dispatch);
    if (loop_probe(load->loop) == &load->probe)
        loop_set_probe(load->loop, NULL);
}

static bool on_ended(void *owner, nsec now)
{
    struct load *load = owner;

    stop_timers(load);
    /* a timer ended the run: record_turn is not called for this turn */
    record_absence(&load->record, now, loop_lag(load->loop));
    record_end(&load->record, now);
    dispatch_record_unfinished(&load->dispatch, now);
    report(load, arrivals_end_time(&load->dispatch.arrivals, now));
    return !list_is_empty(&load->connections.group.requests);
}

static void on_finished(void *owner)
{
    struct load *load = owner;

    stop_timers(load);
    connections_close_all(&load->connections);
    load->done(load->owner);
}

void load_stop(struct load *load)
{
    phases_stop(&load->phases);
}

void load_start(struct load *load)
{
    bool opening = !load->options.open_loop && !load->options.new_connections;

    if (opening)
        connections_dial_later(&load->connections);
    phases_start(&load->phases, opening);
}

/* --- making and freeing --- */

static void init_phases(struct load *load)
{
    static const struct phases_events events = {.warmup = on_warmup,
                                                .start_requests = on_start_requests,
                                                .measuring = on_measuring,
                                                .interval = on_interval,
                                                .ended = on_ended,
                                                .finished = on_finished};
    const struct load_options *options = &load->options;

    phases_init(&load->phases,
                &(struct phases_options){.start = options->open_loop ? options->start : 0,
                                         .warmup = options->warmup,
                                         .duration = options->duration,
                                         .interval = LOAD_INTERVAL,
                                         .drain = options->drain},
                load->loop, &events, load);
}

struct load *load_new(const struct load_options *options, struct dialer *dialer,
                      void (*interval)(void *owner, const struct tally *tally),
                      void (*done)(void *owner), void *owner, char **why)
{
    static const struct client_events clients = {.opened = on_client_opened,
                                                 .room = on_client_room,
                                                 .waited = on_request_waited,
                                                 .completed = on_request_completed,
                                                 .failed = on_request_failed,
                                                 .closed = on_client_closed};
    static const struct connections_events events = {.dial = on_dial, .all_failed = on_all_failed};
    struct load *load = memory_zeroed(sizeof(*load));

    load->options = *options;
    if (options->requests && options->requests < options->connections)
        load->options.connections = options->requests;
    if (!options->all_requests)
        load->options.all_requests = options->requests;
    load->loop = dialer->loop;
    init_phases(load);
    dispatch_init(&load->dispatch, &load->options, &load->phases, &load->connections,
                  &load->record);
    load->interval = interval;
    load->done = done;
    load->owner = owner;
    load->spread = spread_new(dialer, options->schedule.share);
    *why = connections_init(&load->connections, &load->options, dialer, &clients, &events, load);
    record_init(&load->record, &load->connections.group, options->open_loop, options->timeout);
    if (*why) {
        load_free(load);
        return NULL;
    }
    return load;
}

void load_free(struct load *load)
{
    if (!load)
        return;
    stop_timers(load);
    connections_free(&load->connections);
    record_free(&load->record);
    spread_free(load->spread);
    free(load);
}

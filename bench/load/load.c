/*
 * The front: what brings arrivals, connections, phases and figures together, and hears of the clients' events.
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
    struct record record;  /* what is counted */
    struct spread *spread; /* over the host's addresses */
    struct probe probe;    /* the lag of the loop, while requests are counted */
    void (*interval)(void *owner, const struct tally *tally);
    void (*done)(void *owner);
    void *owner; /* their argument */
};

/* --- how they end --- */

/* The run is over: what ends now was reported as in request. The last of it ends the wait. */
static bool end_when_drained(struct load *load)
{
    bool draining = load->phases.phase == RUN_DRAINING;

    if (draining && list_is_empty(&load->connections.group.requests))
        phases_finish(&load->phases);
    return draining;
}

static void on_room(void *owner, struct client *client)
{
    struct load *load = owner;

    dispatch_room(&load->dispatch, client);
}

static void on_completed(void *owner, const struct load_request *request,
                         const struct response_arrival *arrival)
{
    struct load *load = owner;

    request->client->refused = 0;
    if (end_when_drained(load) || !request->counted)
        return;
    dispatch_completed(&load->dispatch, request, arrival);
    if (request->client->at) {
        request->client->at->completed++;
        request->client->at->time += arrival->at - request->started;
    }
}

static void on_failed(void *owner, const struct load_request *request, enum error error)
{
    struct load *load = owner;

    if (end_when_drained(load) || !request->counted)
        return;
    dispatch_failed(&load->dispatch, request, error);
    if (request->client->at)
        request->client->at->failed++;
}

/* --- connections --- */

/* With a connection for each request, a wait for a handshake slot is not the server's: the
   request starts later by that. What was intended in an open loop stays. */
static void shift(const struct load *load, struct client *client)
{
    struct load_request *request = client_oldest(client);
    nsec queued = client->dial->stamps.queued;

    request->started += queued;
    if (!load->options.open_loop)
        request->intended += queued;
}

static void on_open(void *owner, struct client *client)
{
    struct load *load = owner;

    connections_opened(&load->connections);
    if (load->phases.phase == RUN_DRAINING)
        return;
    record_connection(&load->record, client->dial, client->conn);
    client->at = spread_opened(load->spread, &client->conn->address);
    if (load->options.new_connections)
        shift(load, client);
    connections_look(&load->connections); /* there is room for another to connect */
    if (load->phases.phase == RUN_OPENING)
        phases_opened(&load->phases, load->connections.open == load->options.connections);
}

static void on_gone(void *owner, struct client *client, enum error error)
{
    struct load *load = owner;

    connections_closed(&load->connections, client);
    if (load->phases.phase == RUN_DRAINING) { /* what would go on the next one is given up */
        client_close(client);
        end_when_drained(load);
        return;
    }
    connections_judge(&load->connections, client, error);
    if (!error) {
        connections_again(&load->connections, client);
        return;
    }
    if (load->phases.phase == RUN_OPENING) /* the others have waited long enough */
        phases_begin(&load->phases);
    if (!client->blamed)
        dispatch_fail_next(&load->dispatch, client, error);
    connections_rest(&load->connections, client);
}

static void on_look(void *owner)
{
    struct load *load = owner;

    dispatch_dial(&load->dispatch, true);
}

static void on_hopeless(void *owner, enum error why)
{
    struct load *load = owner;

    if (load->phases.stopping)
        return;
    load->record.tally->gave_up = why;
    load_stop(load);
}

/* --- the run --- */

/* Hands an interval over and begins the next. */
static void report(struct load *load, nsec now)
{
    const struct arrivals *arrivals = &load->dispatch.arrivals;

    dispatch_report(&load->dispatch, now);
    spread_report(load->spread, load->record.tally);
    load->interval(load->owner, record_interval(&load->record, now, load->connections.open,
                                                arrivals->scheduled - arrivals->begun,
                                                arrivals->begun - arrivals->ended));
    record_next(&load->record, now);
}

static void on_begun(void *owner, nsec start)
{
    struct load *load = owner;

    arrivals_begin(&load->dispatch.arrivals, &load->options.schedule, start, load->phases.from,
                   load->phases.end);
    record_from(&load->record, load->phases.from);
    connections_look(&load->connections);
}

static void on_opened(void *owner)
{
    struct load *load = owner;

    for (size_t i = 0; i < load->options.connections; i++) {
        struct client *client = &load->connections.clients[i];

        if (client->state == CLIENT_OPEN) {
            dispatch_room(&load->dispatch, client);
            client_send(client);
        }
    }
}

static void on_turn(void *owner, nsec lag)
{
    struct load *load = owner;
    nsec now = loop_now(load->loop);

    record_turn(&load->record, now, lag);
    dispatch_lag(&load->dispatch, now, lag);
}

static void on_measuring(void *owner)
{
    struct load *load = owner;

    arrivals_begin_early(&load->dispatch.arrivals, load->phases.from);
    record_from(&load->record, load->phases.from);
    record_begin(&load->record);
    load->probe = (struct probe){.owner = load, .turn = on_turn};
    loop_set_probe(load->loop, &load->probe);
}

static void on_interval(void *owner)
{
    struct load *load = owner;
    nsec now, end = load->phases.end;

    if (load->options.open_loop)
        dispatch_wake(&load->dispatch); /* what is due at this moment does not wait */
    now = loop_now(load->loop);
    report(load, load->options.open_loop && now > end ? end : now);
}

/* No timer or task is to come any more. */
static void be_quiet(struct load *load)
{
    phases_quiet(&load->phases);
    connections_quiet(&load->connections);
    dispatch_quiet(&load->dispatch);
    if (loop_probe(load->loop) == &load->probe)
        loop_set_probe(load->loop, NULL);
}

static bool on_ended(void *owner, nsec now)
{
    struct load *load = owner;

    be_quiet(load);
    record_away(&load->record, now,
                loop_lag(load->loop)); /* a timer ended the run: record_turn is not called again */
    record_end(&load->record, now);
    dispatch_ages(&load->dispatch, now);
    report(load, arrivals_end(&load->dispatch.arrivals, now));
    return !list_is_empty(&load->connections.group.requests);
}

static void on_over(void *owner)
{
    struct load *load = owner;

    be_quiet(load);
    connections_close(&load->connections);
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
        connections_look(&load->connections);
    phases_start(&load->phases, opening);
}

/* --- making and freeing --- */

static void init_phases(struct load *load)
{
    static const struct phases_events events = {.begun = on_begun,
                                                .opened = on_opened,
                                                .measuring = on_measuring,
                                                .interval = on_interval,
                                                .ended = on_ended,
                                                .over = on_over};
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
    static const struct client_events clients = {.open = on_open,
                                                 .room = on_room,
                                                 .completed = on_completed,
                                                 .failed = on_failed,
                                                 .gone = on_gone};
    static const struct connections_events events = {.look = on_look, .hopeless = on_hopeless};
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
    be_quiet(load);
    connections_free(&load->connections);
    record_free(&load->record);
    spread_free(load->spread);
    free(load);
}

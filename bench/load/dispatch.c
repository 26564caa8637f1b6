/*
 * Which client takes the next request, and what happens when the request ends.
 */
#include "bench/load/dispatch.h"

#include "base/random.h"
#include "bench/load/options.h"
#include "bench/load/verdict.h"

#define EXPIRY_GRACE (10 * NSEC_PER_MS) /* to read responses after an absence of the loop */

/* Maximum of dials begun, and of requests started on idle connections, in one turn. Without a
   limit, dials that fail immediately could keep the loop from its timers and signals forever. */
#define DIALS_PER_TURN  64
#define STARTS_PER_TURN 256

/* --- start of requests --- */

/* Open loop: the intended start of the next request to start; NSEC_NEVER: there is none. */
static nsec next_intended(const struct dispatch *dispatch)
{
    return dispatch->phases->stopping ? NSEC_NEVER : arrivals_next(&dispatch->arrivals);
}

/* Open loop: counts the requests that have become due. */
static void count_due(struct dispatch *dispatch, nsec now)
{
    dispatch->record->tally->scheduled += arrivals_update_due(&dispatch->arrivals, now);
}

/* Closed loop: whether another request may start. */
static bool has_more(const struct dispatch *dispatch)
{
    return !dispatch->phases->stopping && dispatch->phases->phase != RUN_OPENING &&
           arrivals_has_more(&dispatch->arrivals);
}

/* Returns whether the request is counted. */
static bool count_start(struct dispatch *dispatch, nsec intended)
{
    if (!arrivals_count_start(&dispatch->arrivals, intended))
        return false;
    dispatch->record->tally->scheduled += !dispatch->options->open_loop;
    dispatch->record->tally->started++;
    return true;
}

static void start(struct dispatch *dispatch, struct client *client, nsec intended, nsec now)
{
    const struct targets *targets = dispatch->options->targets;
    uint64_t random = targets_count(targets) > 1 ? random_next(&dispatch->random) : 0;
    bool counted = count_start(dispatch, intended);

    client_start(client, targets_pick(targets, random), intended, now, counted);
    if (dispatch->options->requests_per_connection &&
        client->request_count >= dispatch->options->requests_per_connection)
        client->no_more_requests = true;
    if (dispatch->expiry.state == TIMER_IDLE)
        loop_arm(dispatch->loop, &dispatch->expiry, clock_after(now, dispatch->options->timeout));
}

/* The part of a request's delay that the load generator has caused. */
static nsec send_delay(struct dispatch *dispatch, const struct client *client, nsec intended,
                       nsec late, bool waited)
{
    bool on_new_connection =
        client->state == CLIENT_OPEN && client->request_count <= client->group->slots;
    nsec lag = on_new_connection ? 0 : loop_lag(dispatch->loop);

    return stalls_send_delay(&dispatch->stalls, intended, late, lag, waited);
}

/* Open loop: counts how long the first request in the queue has waited for a busy connection. */
static void count_limited(struct dispatch *dispatch, nsec intended, nsec now)
{
    dispatch->record->tally->limited +=
        stalls_limited(&dispatch->stalls, intended, dispatch->phases->from, now);
}

/* Open loop: starts the first request in the queue. `waited`: it waited for a connection. */
static void start_queued(struct dispatch *dispatch, struct client *client, bool waited)
{
    nsec now = loop_clock(dispatch->loop), intended;

    count_due(dispatch, now);
    intended = arrivals_take(&dispatch->arrivals);
    count_limited(dispatch, intended, now);
    start(dispatch, client, intended, now);
    if (intended >= dispatch->phases->from)
        histogram_record(dispatch->record->tally->send_delay,
                         send_delay(dispatch, client, intended, now - intended, waited));
}

static void start_now(struct dispatch *dispatch, struct client *client)
{
    nsec now = loop_clock(dispatch->loop);

    start(dispatch, client, now, now);
}

/* How many waiting requests the pending dials will take. A pipeline is filled only when no more
   connections may be opened. */
static size_t requests_of_dials(const struct connections *connections)
{
    const struct client_group *group = &connections->group;

    return connections->connecting * (group->multiplexed ? group->slots : 1);
}

/* Whether another connection is needed. */
static bool wants_connection(struct dispatch *dispatch)
{
    const struct connections *connections = dispatch->connections;

    if (dispatch->options->new_connections)
        return dispatch->options->open_loop ? next_intended(dispatch) <= loop_now(dispatch->loop)
                                            : has_more(dispatch);
    if (connections_dial_limit_reached(connections) || dispatch->phases->stopping)
        return false;
    if (!dispatch->options->open_loop)
        return dispatch->phases->phase == RUN_OPENING || has_more(dispatch);
    if (!list_is_empty(&connections->idle))
        return false;
    count_due(dispatch, loop_now(dispatch->loop));
    return arrivals_waiting(&dispatch->arrivals) > requests_of_dials(connections);
}

/* Open loop: notes whether another request would have to wait for a busy connection. While a dial
   is pending, the request would wait for the dial instead, unless each request has its own. */
static void note_busy(struct dispatch *dispatch)
{
    const struct connections *connections = dispatch->connections;
    bool busy = list_is_empty(&connections->idle) && list_is_empty(&connections->absent) &&
                (dispatch->options->new_connections || !connections->connecting);

    stalls_set_busy(&dispatch->stalls, busy, loop_now(dispatch->loop));
}

/* Open loop: opens a connection if requests wait for one, and arms the timer for the next request
   if a client is idle or another connection may be opened. Called whenever that may have changed;
   first by dispatch_dial, when the warm-up begins. */
static void prepare_next_start(struct dispatch *dispatch)
{
    struct connections *connections = dispatch->connections;
    bool idle = !list_is_empty(&connections->idle);
    bool full = connections_dial_limit_reached(connections) && !dispatch->options->new_connections;
    /* if the limit is reached, the end of a dial calls this function again */
    bool absent = !list_is_empty(&connections->absent) && !full;
    nsec next = NSEC_NEVER;

    note_busy(dispatch);
    if (absent && wants_connection(dispatch))
        connections_dial_later(connections);
    if (idle)
        next = next_intended(dispatch);
    else if (absent && !dispatch->phases->stopping)
        next = arrivals_next_due(&dispatch->arrivals);
    if (dispatch->due_timer.state == TIMER_IDLE ? next != NSEC_NEVER
                                                : dispatch->due_timer.deadline != next)
        loop_arm(dispatch->loop, &dispatch->due_timer, next);
}

void dispatch_fill_client(struct dispatch *dispatch, struct client *client)
{
    if (!dispatch->options->open_loop) {
        while (client_may_start(client) && has_more(dispatch))
            start_now(dispatch, client);
        return;
    }
    while (client_has_room(client) && next_intended(dispatch) <= loop_clock(dispatch->loop))
        start_queued(dispatch, client, list_is_empty(&dispatch->connections->idle));
    connections_update_idle(dispatch->connections, client);
    prepare_next_start(dispatch);
}

/* Clients with requests are first in the list. With a connection for each request, the request
   starts before its dial. */
void dispatch_dial(struct dispatch *dispatch, bool waited)
{
    bool over = dispatch->phases->phase >= RUN_DRAINING;
    struct client *client;
    unsigned left = DIALS_PER_TURN;

    while (left && !over && (client = connections_next_absent(dispatch->connections))) {
        if (!client->in_flight && !wants_connection(dispatch))
            break;
        if (dispatch->options->new_connections && !client->in_flight) {
            if (dispatch->options->open_loop)
                start_queued(dispatch, client, waited);
            else
                start_now(dispatch, client);
        }
        connections_dial(dispatch->connections, client);
        left--;
    }
    if (!left)
        connections_dial_later(dispatch->connections);
    if (dispatch->options->open_loop && !over)
        prepare_next_start(dispatch);
}

void dispatch_start_due(struct dispatch *dispatch)
{
    struct link *link;
    unsigned left = STARTS_PER_TURN; /* the rest starts in the next turn, by the timer */

    while (left && next_intended(dispatch) <= loop_now(dispatch->loop) &&
           (link = list_first(&dispatch->connections->idle))) {
        struct client *client = LIST_OWNER(link, struct client, link);

        if (client_has_room(client)) { /* else the server has lowered its limit of streams */
            start_queued(dispatch, client, false);
            left--;
        }
        connections_rotate_idle(dispatch->connections, client);
        client_send(client);
    }
    dispatch_dial(dispatch, false);
}

/* --- end of requests --- */

static void count_end(struct dispatch *dispatch)
{
    arrivals_count_end(&dispatch->arrivals);
    if (arrivals_all_ended(&dispatch->arrivals))
        phases_end(dispatch->phases);
}

void dispatch_completed(struct dispatch *dispatch, const struct load_request *request,
                        const struct load_response *response)
{
    record_response(dispatch->record, request, response);
    count_end(dispatch);
}

/* The age of a request that failed; in a closed loop, without the wait for a handshake slot. */
static nsec age_of(const struct dispatch *dispatch, const struct client *client, nsec began)
{
    nsec age = loop_clock(dispatch->loop) - began;

    if (dispatch->options->open_loop)
        return age;
    return age > client->handshake_wait ? age - client->handshake_wait : 0;
}

void dispatch_failed(struct dispatch *dispatch, const struct load_request *request,
                     enum error error)
{
    record_failure(dispatch->record, error, age_of(dispatch, request->client, request->intended));
    count_end(dispatch);
}

/* In a closed loop this request has waited since the dial began. */
void dispatch_fail_next(struct dispatch *dispatch, const struct client *client, enum error error)
{
    nsec now = loop_clock(dispatch->loop), began = client->dial_start, intended = now;

    if (dispatch->options->open_loop) {
        count_due(dispatch, now);
        if (next_intended(dispatch) > now)
            return;
        began = intended = arrivals_take(&dispatch->arrivals);
    } else if (!has_more(dispatch)) {
        return;
    }
    if (!count_start(dispatch, intended))
        return;
    record_failure(dispatch->record, error, age_of(dispatch, client, began));
    count_end(dispatch);
}

/* After an absence of the loop, responses may have arrived in time: they are read first, once.
   Returns whether the timer was armed again. */
static bool defer_expiry(struct dispatch *dispatch)
{
    dispatch->expiry_deferred =
        !dispatch->expiry_deferred && loop_lag(dispatch->loop) > VERDICT_LATE;
    if (dispatch->expiry_deferred)
        loop_arm(dispatch->loop, &dispatch->expiry, loop_now(dispatch->loop) + EXPIRY_GRACE);
    return dispatch->expiry_deferred;
}

static void on_expiry(void *owner)
{
    struct dispatch *dispatch = owner;
    struct link *link;

    if (defer_expiry(dispatch))
        return;
    while ((link = list_first(&dispatch->connections->group.requests))) {
        struct load_request *request = LIST_OWNER(link, struct load_request, link);
        nsec deadline = clock_after(load_request_assigned(request), dispatch->options->timeout);

        if (deadline > loop_now(dispatch->loop)) {
            loop_arm(dispatch->loop, &dispatch->expiry, deadline);
            return;
        }
        client_expire(request);
    }
}

/* --- the run --- */

void dispatch_note_lag(struct dispatch *dispatch, nsec now, nsec lag)
{
    if (dispatch->options->open_loop && lag > VERDICT_LATE)
        absences_add(&dispatch->stalls.absences, now - lag, now);
}

void dispatch_count_interval(struct dispatch *dispatch, nsec now)
{
    if (!dispatch->options->open_loop)
        return;
    count_due(dispatch, now);
    if (arrivals_waiting(&dispatch->arrivals))
        count_limited(dispatch, arrivals_oldest_waiting(&dispatch->arrivals), now);
}

static void count_age(void *owner, nsec age, uint64_t count)
{
    record_unfinished(owner, age, count);
}

void dispatch_record_unfinished(struct dispatch *dispatch, nsec now)
{
    const struct load_request *request;

    LIST_EACH (request, &dispatch->connections->group.requests, link)
        if (request->counted)
            record_unfinished(dispatch->record, now - request->intended, 1);
    if (!dispatch->options->open_loop)
        return;
    count_due(dispatch, now);
    arrivals_each_waiting(&dispatch->arrivals, now, count_age, dispatch->record);
}

static void on_due(void *owner)
{
    dispatch_start_due(owner);
}

void dispatch_init(struct dispatch *dispatch, const struct load_options *options,
                   struct phases *phases, struct connections *connections, struct record *record)
{
    *dispatch = (struct dispatch){
        .options = options,
        .loop = phases->loop,
        .phases = phases,
        .connections = connections,
        .record = record,
        .random = options->seed,
    };
    arrivals_init(&dispatch->arrivals, options->open_loop, options->requests,
                  options->all_requests);
    timer_init(&dispatch->due_timer, on_due, dispatch, "load next arrival");
    timer_init(&dispatch->expiry, on_expiry, dispatch, "load request expiry");
}

void dispatch_stop_timers(struct dispatch *dispatch)
{
    loop_cancel(dispatch->loop, &dispatch->due_timer);
    loop_cancel(dispatch->loop, &dispatch->expiry);
}

/*
 * Which client takes what is due, and what becomes of it. It depends on arrivals, connections and phases; what
 * it counts in the record, it does not look at.
 */
#include "bench/load/dispatch.h"

#include "base/random.h"
#include "bench/load/options.h"
#include "bench/load/verdict.h"

#define GRACE (10 * NSEC_PER_MS) /* for what came while the loop was away */

/* Connections begun, and requests started on idle ones, in one turn: the rest is deferred. A connection that
   fails at once makes room for the next one, and as fast as they fail more requests become due: timers and
   signals would never be served. */
#define DIALS_A_TURN  64
#define STARTS_A_TURN 256

/* --- when requests start --- */

/* When the next request of an open loop is intended; NSEC_NEVER where there is none any more. */
static nsec queue_head(const struct dispatch *dispatch)
{
    return dispatch->phases->stopping ? NSEC_NEVER : arrivals_next(&dispatch->arrivals);
}

/* Open loop: counts what has become due until now. */
static void count_due(struct dispatch *dispatch, nsec now)
{
    dispatch->record->tally->scheduled += arrivals_pass(&dispatch->arrivals, now);
}

/* Whether a closed loop has another request. */
static bool has_more(const struct dispatch *dispatch)
{
    return !dispatch->phases->stopping && dispatch->phases->phase != RUN_OPENING &&
           arrivals_has_more(&dispatch->arrivals);
}

/* Counts a request that starts. Returns whether it counts. */
static bool count_start(struct dispatch *dispatch, nsec intended)
{
    if (!arrivals_start(&dispatch->arrivals, intended))
        return false;
    dispatch->record->tally->scheduled += !dispatch->options->open_loop;
    dispatch->record->tally->started++;
    return true;
}

/* Starts a request. */
static void start(struct dispatch *dispatch, struct client *client, nsec intended, nsec now)
{
    const struct targets *targets = dispatch->options->targets;
    uint64_t random = targets_count(targets) > 1 ? random_next(&dispatch->random) : 0;
    bool counted = count_start(dispatch, intended);

    client_start(client, targets_pick(targets, random), intended, now, counted);
    if (dispatch->options->requests_per_connection &&
        client->asked >= dispatch->options->requests_per_connection)
        client->last = true;
    if (dispatch->expiry.state == TIMER_IDLE)
        loop_arm(dispatch->loop, &dispatch->expiry, clock_after(now, dispatch->options->timeout));
}

/* How late a request is by our own fault. */
static nsec own_delay(struct dispatch *dispatch, const struct client *client, nsec intended,
                      nsec late, bool waited)
{
    bool fresh = client->state == CLIENT_OPEN && client->asked <= dispatch->options->pipeline;
    nsec lag = fresh ? 0 : loop_lag(dispatch->loop);

    return stalls_own_delay(&dispatch->stalls, intended, late, lag, waited);
}

/* Open loop: for how long the request that was intended then has waited for a connection. */
static void count_limited(struct dispatch *dispatch, nsec intended, nsec now)
{
    dispatch->record->tally->limited +=
        stalls_limited(&dispatch->stalls, intended, dispatch->phases->from, now);
}

/* Open loop: starts the request that is first in the queue. `waited`: until there was a connection. */
static void start_queued(struct dispatch *dispatch, struct client *client, bool waited)
{
    nsec now = loop_clock(dispatch->loop), intended;

    count_due(dispatch, now);
    intended = arrivals_take(&dispatch->arrivals);
    count_limited(dispatch, intended, now);
    start(dispatch, client, intended, now);
    if (intended >= dispatch->phases->from)
        histogram_record(dispatch->record->tally->lateness,
                         own_delay(dispatch, client, intended, now - intended, waited));
}

/* Closed loop: starts a request. */
static void start_now(struct dispatch *dispatch, struct client *client)
{
    nsec now = loop_clock(dispatch->loop);

    start(dispatch, client, now, now);
}

/* Whether another connection is to be begun. Where each request makes its own, one that is due is. */
static bool wants_connection(struct dispatch *dispatch)
{
    const struct connections *connections = dispatch->connections;

    if (dispatch->options->new_connections)
        return dispatch->options->open_loop ? queue_head(dispatch) <= loop_now(dispatch->loop)
                                            : has_more(dispatch);
    if (connections_full(connections) || dispatch->phases->stopping)
        return false;
    if (!dispatch->options->open_loop)
        return dispatch->phases->phase == RUN_OPENING || has_more(dispatch);
    if (!list_is_empty(&connections->idle))
        return false;
    count_due(dispatch, loop_now(dispatch->loop));
    return arrivals_waiting(&dispatch->arrivals) > connections->connecting;
}

/* Open loop: whether another request would have to wait for a connection that is busy. Where connections are
   being made it waits for those, but with one for each request they are busy then. */
static void note_busy(struct dispatch *dispatch)
{
    const struct connections *connections = dispatch->connections;
    bool busy = list_is_empty(&connections->idle) && list_is_empty(&connections->absent) &&
                (dispatch->options->new_connections || !connections->connecting);

    stalls_busy(&dispatch->stalls, busy, loop_now(dispatch->loop));
}

/* Open loop: what waits has a connection made for it; the timer is armed for what comes next, where there
   will be something to be done: a client is idle, or another connection may be made. */
static void arm_wake(struct dispatch *dispatch)
{
    struct connections *connections = dispatch->connections;
    bool idle = !list_is_empty(&connections->idle);
    bool full = connections_full(connections) && !dispatch->options->new_connections;
    bool absent =
        !list_is_empty(&connections->absent) && !full; /* on_open and on_gone look again */
    nsec next = NSEC_NEVER;

    note_busy(dispatch);
    if (absent && wants_connection(dispatch))
        connections_look(connections);
    if (idle)
        next = queue_head(dispatch);
    else if (absent && !dispatch->phases->stopping)
        next = arrivals_next_due(&dispatch->arrivals);
    if (dispatch->wake.state == TIMER_IDLE ? next != NSEC_NEVER : dispatch->wake.deadline != next)
        loop_arm(dispatch->loop, &dispatch->wake, next);
}

/* It takes what is due, in the order of the intended times. */
void dispatch_room(struct dispatch *dispatch, struct client *client)
{
    if (!dispatch->options->open_loop) {
        while (client_has_room(client) && has_more(dispatch))
            start_now(dispatch, client);
        return;
    }
    while (client_has_room(client) && queue_head(dispatch) <= loop_clock(dispatch->loop))
        start_queued(dispatch, client, list_is_empty(&dispatch->connections->idle));
    connections_place(dispatch->connections, client);
    arm_wake(dispatch);
}

/* Those that still have requests come first. With a connection for each request, that is there before it. */
void dispatch_dial(struct dispatch *dispatch, bool waited)
{
    bool over = dispatch->phases->phase >= RUN_DRAINING;
    struct client *client;
    unsigned left = DIALS_A_TURN;

    while (left && !over && (client = connections_next(dispatch->connections))) {
        if (!client->in_flight && !wants_connection(dispatch))
            break;
        if (dispatch->options->new_connections && !client->in_flight) {
            if (dispatch->options->open_loop)
                start_queued(dispatch, client, waited);
            else
                start_now(dispatch, client);
        }
        connections_begin(dispatch->connections, client);
        left--;
    }
    if (!left)
        connections_look(dispatch->connections);
    if (dispatch->options->open_loop && !over)
        arm_wake(dispatch);
}

void dispatch_wake(struct dispatch *dispatch)
{
    struct link *link;
    unsigned left = STARTS_A_TURN; /* then arm_wake calls again in the next turn */

    while (left && queue_head(dispatch) <= loop_now(dispatch->loop) &&
           (link = list_first(&dispatch->connections->idle))) {
        struct client *client = LIST_OWNER(link, struct client, link);

        start_queued(dispatch, client, false);
        connections_place(dispatch->connections, client);
        client_send(client);
        left--;
    }
    dispatch_dial(dispatch, false);
}

/* --- how they end --- */

/* A request that counts has ended. */
static void count_end(struct dispatch *dispatch)
{
    arrivals_finish(&dispatch->arrivals);
    if (arrivals_are_over(&dispatch->arrivals))
        phases_finish(dispatch->phases);
}

void dispatch_completed(struct dispatch *dispatch, const struct load_request *request,
                        const struct response_arrival *arrival)
{
    record_response(dispatch->record, request, arrival);
    count_end(dispatch);
}

/* For how long a request had waited, less its own wait for a handshake slot; what was intended in an
   open loop stays. */
static nsec age_of(const struct dispatch *dispatch, const struct client *client, nsec began)
{
    nsec age = loop_clock(dispatch->loop) - began;

    if (dispatch->options->open_loop)
        return age;
    return age > client->queued ? age - client->queued : 0;
}

void dispatch_failed(struct dispatch *dispatch, const struct load_request *request,
                     enum error error)
{
    record_failure(dispatch->record, error, age_of(dispatch, request->client, request->intended));
    count_end(dispatch);
}

/* In a closed loop it is the one that the connection was made for, and waited for it. */
void dispatch_fail_next(struct dispatch *dispatch, const struct client *client, enum error error)
{
    nsec now = loop_clock(dispatch->loop), began = client->dialled, intended = now;

    if (dispatch->options->open_loop) {
        count_due(dispatch, now);
        if (queue_head(dispatch) > now)
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

/* Where the loop was away, responses may have come in time: they are read first, for this once. */
static bool expires_later(struct dispatch *dispatch)
{
    dispatch->put_off = !dispatch->put_off && loop_lag(dispatch->loop) > VERDICT_LATE;
    if (dispatch->put_off)
        loop_arm(dispatch->loop, &dispatch->expiry, loop_now(dispatch->loop) + GRACE);
    return dispatch->put_off;
}

static void on_expiry(void *owner)
{
    struct dispatch *dispatch = owner;
    struct link *link;

    if (expires_later(dispatch))
        return;
    while ((link = list_first(&dispatch->connections->group.requests))) {
        const struct load_request *request = LIST_OWNER(link, struct load_request, link);
        nsec deadline = clock_after(request->started, dispatch->options->timeout);

        if (deadline > loop_now(dispatch->loop)) {
            loop_arm(dispatch->loop, &dispatch->expiry, deadline);
            return;
        }
        client_fail(request->client, ERROR_TOTAL_TIMEOUT);
    }
}

/* --- the run --- */

void dispatch_lag(struct dispatch *dispatch, nsec now, nsec lag)
{
    if (dispatch->options->open_loop && lag > VERDICT_LATE)
        absences_note(&dispatch->stalls.absences, now - lag, now);
}

void dispatch_report(struct dispatch *dispatch, nsec now)
{
    if (!dispatch->options->open_loop)
        return;
    count_due(dispatch, now);
    if (arrivals_waiting(&dispatch->arrivals))
        count_limited(dispatch, arrivals_oldest(&dispatch->arrivals), now);
}

static void count_age(void *owner, nsec age, uint64_t count)
{
    record_ages(owner, age, count);
}

void dispatch_ages(struct dispatch *dispatch, nsec now)
{
    const struct load_request *request;

    LIST_EACH (request, &dispatch->connections->group.requests, link)
        if (request->counted)
            record_ages(dispatch->record, now - request->intended, 1);
    if (!dispatch->options->open_loop)
        return;
    count_due(dispatch, now);
    arrivals_ages(&dispatch->arrivals, now, count_age, dispatch->record);
}

static void on_wake(void *owner)
{
    dispatch_wake(owner);
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
    timer_init(&dispatch->wake, on_wake, dispatch, "load next arrival");
    timer_init(&dispatch->expiry, on_expiry, dispatch, "load request expiry");
}

void dispatch_quiet(struct dispatch *dispatch)
{
    loop_cancel(dispatch->loop, &dispatch->wake);
    loop_cancel(dispatch->loop, &dispatch->expiry);
}

/*
 * The client's machine: ABSENT, CONNECTING, OPEN. Requests in request are in a list in the order of their start,
 * each with a stream of its own.
 *
 * http/exchange is not used: an exchange makes a result of everything about one response. Here a response is
 * a status and a time.
 */
#include "bench/load/client.h"

#include "http/h1/h1.h"

#define READ_BUDGET 4 /* receives in a turn: then the other clients are served */

struct load_request *client_oldest(const struct client *client)
{
    struct link *first = list_first(&client->requests);

    return first ? LIST_OWNER(first, struct load_request, of_client) : NULL;
}

/* It is over; what it points to stays until the next start. */
static const struct load_request *take_oldest(struct load_request *request)
{
    struct client *client = request->client;

    list_remove(&request->link);
    list_remove(&request->of_client);
    request->next_spare = client->spare;
    client->spare = request;
    client->in_flight--;
    return request;
}

static const char *const state_names[] = {
    [CLIENT_ABSENT] = "absent", [CLIENT_CONNECTING] = "connecting", [CLIENT_OPEN] = "open"};

/* The only place where the state changes. */
static void enter(struct client *client, enum client_state state)
{
    if (client->state != state)
        probe_state(client->group->dialer->loop, "load client", client->number,
                    state_names[client->state], state_names[state]);
    client->state = state;
}

/* The connection, or its dial, is over. Requests that are left go on the next one. */
static void leave(struct client *client, enum error error)
{
    client->conn = NULL;
    enter(client, CLIENT_ABSENT);
    client->last = client->lost = false;
    client->asked = client->waiting = client->in_flight;
    client->group->events->gone(client->group->owner, client, error);
}

/* All that is in request has failed. */
static void fail_all(struct client *client, enum error error)
{
    struct client_group *group = client->group;

    while (client->in_flight)
        group->events->failed(group->owner, take_oldest(client_oldest(client)), error);
}

/* Whether a request that has ended without a response goes on the next connection. All that are in request fail
   when the server ends the connection; behind bytes that are no response only those fail that had been sent. One
   of those on a connection that never served fails: else requests and connections would follow each other for
   ever. */
static bool goes_on(const struct client *client, const struct stream_end *end)
{
    const struct conn *conn = client->conn;

    switch (end->replay) {
    case REPLAY_BEHIND_CLOSE: return true;
    case REPLAY_ANY:
        return (conn->served || client->lost) &&
               (end->error == ERROR_MALFORMED || conn->protocol->multiplexed);
    default: return false;
    }
}

/* --- events --- */

static void on_end(struct stream *stream, const struct stream_end *end)
{
    struct load_request *request = STREAM_OWNER(stream, struct load_request, stream);
    struct client *client = request->client;
    struct client_group *group = client->group;

    if (!end->error) {
        const struct response_arrival arrival = {
            .status = end->status,
            .at = end->arrival.at,
            .stamped = client->conn->sock->stamped,
            .kernel_age_ns = end->arrival.kernel_age_ns,
        };

        group->events->completed(group->owner, take_oldest(request), &arrival);
    } else if (!goes_on(client, end)) {
        client->lost = true;
        group->events->failed(group->owner, take_oldest(request), end->error);
    }
}

/* Hands a request to the connection. */
static void submit(struct client *client, struct load_request *request)
{
    static const struct stream_events events = {.end = on_end};

    request->stream.events = &events;
    request->stream.out.bytes = request->target->bytes;
    request->stream.out.count = request->target->count;
    request->stream.out.headless = request->target->head;
    conn_submit(client->conn, &request->stream);
}

/* Hands over requests that were started before there was room for them. */
static void submit_waiting(struct client *client)
{
    for (struct link *link = client->requests.next;
         client->waiting && link != &client->requests && conn_capacity(client->conn);
         link = link->next) {
        struct load_request *request = LIST_OWNER(link, struct load_request, of_client);

        if (stream_is_submitted(&request->stream))
            continue;
        submit(client, request);
        client->waiting--;
    }
}

void client_send(struct client *client)
{
    if (client->last)
        conn_stop(client->conn);
    conn_flush(client->conn);
}

/* Lets the load start what it has for this client. */
static void on_room(struct conn *conn)
{
    struct client *client = conn->owner;

    if (client->waiting)
        submit_waiting(client);
    if (client_has_room(client))
        client->group->events->room(client->group->owner, client);
    if (client->last)
        conn_stop(conn);
}

/* That is the server's right, but on a connection that never had a request it is a failure: a load would make
   such connections for ever. */
static void on_closed(struct conn *conn, enum error error)
{
    leave(conn->owner, conn->used ? ERROR_NONE : error);
}

static void open_client(struct client *client)
{
    struct client_group *group = client->group;
    struct conn *conn = conn_open(client->dial, &group->conn_options, client);

    client->conn = conn;
    enter(client, CLIENT_OPEN);
    client->stood = true;
    sock_no_delay(conn->sock); /* or a request would wait for the ACK of the one before */
    if (client->stamped)
        sock_enable_timestamps(conn->sock);
    submit_waiting(client);
    group->events->open(group->owner, client);
    on_room(conn);
    client_send(client);
}

static void end_dial(struct client *client)
{
    dial_free(client->dial);
    client->dial = NULL;
}

static void on_dialled(void *owner)
{
    struct client *client = owner;
    struct dial *dial = client->dial;
    enum error error = dial->error;

    if (dial->state == DIAL_OPEN) {
        open_client(client);
        if (client->dial == dial) /* else it was closed in an event */
            end_dial(client);
        return;
    }
    client->blamed = client->in_flight > 0;
    client->queued = dial->stamps.queued;
    end_dial(client);
    fail_all(client, error);
    leave(client, error);
}

/* --- for the load --- */

void client_group_init(struct client_group *group)
{
    static const struct conn_events events = {.room = on_room, .closed = on_closed};

    list_init(&group->requests);
    group->conn_options = (struct conn_options){
        .events = &events,
        .pipeline = group->pipeline,
        .read_budget = READ_BUDGET,
        .protocol = h1_always,
        .bytes_in = &group->bytes_in,
        .bytes_out = &group->bytes_out,
    };
}

void client_init(struct client *client, struct client_group *group, unsigned number,
                 struct load_request *requests)
{
    *client = (struct client){.group = group, .number = number};
    list_init(&client->requests);
    for (unsigned i = group->pipeline; i--; client->spare = &requests[i]) {
        requests[i].client = client;
        requests[i].next_spare = client->spare;
    }
}

void client_connect(struct client *client, const struct dial_options *options)
{
    enter(client, CLIENT_CONNECTING);
    client->stood = client->blamed = false;
    client->queued = 0;
    client->dial = dial_new(client->group->dialer, client->group->url, options, on_dialled, client);
    if (client->dial->state == DIAL_FAILED)
        on_dialled(client);
}

void client_start(struct client *client, const struct target *target, nsec intended, nsec now,
                  bool counted)
{
    struct load_request *request = client->spare;

    client->spare = request->next_spare;
    list_put_last(&client->requests, &request->of_client);
    client->in_flight++;
    request->target = target;
    request->intended = intended;
    request->started = now;
    request->counted = counted;
    list_put_last(&client->group->requests, &request->link);
    client->asked++;
    if (client->state == CLIENT_OPEN)
        submit(client, request);
    else
        client->waiting++;
}

/* Ends dial or connection without an event. */
static void cut(struct client *client)
{
    end_dial(client);
    if (client->conn)
        conn_close(client->conn);
    client->conn = NULL;
}

void client_fail(struct client *client, enum error error)
{
    bool any = client->dial || client->conn;

    cut(client);
    fail_all(client, error);
    if (any)
        leave(client, ERROR_NONE);
}

void client_close(struct client *client)
{
    cut(client);
    while (client->in_flight)
        take_oldest(client_oldest(client));
    enter(client, CLIENT_ABSENT);
}

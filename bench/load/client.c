/*
 * The client's machine: ABSENT, CONNECTING, OPEN. Requests in flight are in a list in the order of their start,
 * each with a stream of its own.
 *
 * http/exchange is not used: an exchange makes a result of everything about one response. Here a response is
 * a status and a time.
 */
#include "bench/load/client.h"

#include "http/h1/h1.h"

#define READ_BUDGET 4 /* receives in a turn: then the other clients are served */

struct flight *client_oldest(const struct client *client)
{
    struct link *first = list_first(&client->in_flight);

    return first ? LIST_OWNER(first, struct flight, of_client) : NULL;
}

/* It is over; what it points to stays until the next start. */
static const struct flight *land(struct flight *flight)
{
    struct client *client = flight->client;

    list_remove(&flight->link);
    list_remove(&flight->of_client);
    flight->next_spare = client->spare;
    client->spare = flight;
    client->flying--;
    return flight;
}

static const char *const state_names[] = {
    [CLIENT_ABSENT] = "absent", [CLIENT_CONNECTING] = "connecting", [CLIENT_OPEN] = "open"};

/* The only place where the state changes. */
static void enter(struct client *client, enum client_state state)
{
    if (client->state != state)
        probe_state(client->crew->dialer->loop, "load client", client->number,
                    state_names[client->state], state_names[state]);
    client->state = state;
}

/* The connection, or its dial, is over. Requests that are left go on the next one. */
static void leave(struct client *client, enum error error)
{
    client->conn = NULL;
    enter(client, CLIENT_ABSENT);
    client->last = client->lost = false;
    client->asked = client->waiting = client->flying;
    client->crew->events->gone(client->crew->owner, client, error);
}

/* All that is in flight has failed. */
static void fail_all(struct client *client, enum error error)
{
    struct crew *crew = client->crew;

    while (client->flying)
        crew->events->failed(crew->owner, land(client_oldest(client)), error);
}

/* Whether a request that has ended without a response goes on the next connection. All that are in flight fail
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
    struct flight *flight = STREAM_OWNER(stream, struct flight, stream);
    struct client *client = flight->client;
    struct crew *crew = client->crew;

    if (!end->error) {
        const struct answer_arrival arrival = {
            .status = end->status,
            .at = end->arrival.at,
            .stamped = client->conn->sock->stamped,
            .lay = end->arrival.kernel_age_ns,
        };

        crew->events->answered(crew->owner, land(flight), &arrival);
    } else if (!goes_on(client, end)) {
        client->lost = true;
        crew->events->failed(crew->owner, land(flight), end->error);
    }
}

/* Hands a request to the connection. */
static void submit(struct client *client, struct flight *flight)
{
    static const struct stream_events events = {.end = on_end};

    flight->stream.events = &events;
    flight->stream.out.bytes = flight->target->bytes;
    flight->stream.out.count = flight->target->count;
    flight->stream.out.headless = flight->target->head;
    conn_submit(client->conn, &flight->stream);
}

/* Hands over requests that were started before there was room for them. */
static void submit_waiting(struct client *client)
{
    for (struct link *link = client->in_flight.next;
         client->waiting && link != &client->in_flight && conn_capacity(client->conn);
         link = link->next) {
        struct flight *flight = LIST_OWNER(link, struct flight, of_client);

        if (stream_is_submitted(&flight->stream))
            continue;
        submit(client, flight);
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
        client->crew->events->room(client->crew->owner, client);
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
    struct crew *crew = client->crew;
    struct conn *conn = conn_open(client->dial, &crew->conn_options, client);

    client->conn = conn;
    enter(client, CLIENT_OPEN);
    client->stood = true;
    sock_no_delay(conn->sock); /* or a request would wait for the ACK of the one before */
    if (client->stamped)
        sock_stamp(conn->sock);
    submit_waiting(client);
    crew->events->open(crew->owner, client);
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
    client->blamed = client->flying > 0;
    client->queued = dial->stamps.queued;
    end_dial(client);
    fail_all(client, error);
    leave(client, error);
}

/* --- for the load --- */

void crew_init(struct crew *crew)
{
    static const struct conn_events events = {.room = on_room, .closed = on_closed};

    list_init(&crew->flights);
    crew->conn_options = (struct conn_options){
        .events = &events,
        .pipeline = crew->pipeline,
        .read_budget = READ_BUDGET,
        .protocol = h1_always,
        .bytes_in = &crew->bytes_in,
        .bytes_out = &crew->bytes_out,
    };
}

void client_init(struct client *client, struct crew *crew, unsigned number, struct flight *flights)
{
    *client = (struct client){.crew = crew, .number = number};
    list_init(&client->in_flight);
    for (unsigned i = crew->pipeline; i--; client->spare = &flights[i]) {
        flights[i].client = client;
        flights[i].next_spare = client->spare;
    }
}

void client_connect(struct client *client, const struct dial_options *options)
{
    enter(client, CLIENT_CONNECTING);
    client->stood = client->blamed = false;
    client->queued = 0;
    client->dial = dial_new(client->crew->dialer, client->crew->url, options, on_dialled, client);
    if (client->dial->state == DIAL_FAILED)
        on_dialled(client);
}

void client_start(struct client *client, const struct target *target, nsec intended, nsec now,
                  bool counted)
{
    struct flight *flight = client->spare;

    client->spare = flight->next_spare;
    list_put_last(&client->in_flight, &flight->of_client);
    client->flying++;
    flight->target = target;
    flight->intended = intended;
    flight->started = now;
    flight->counted = counted;
    list_put_last(&client->crew->flights, &flight->link);
    client->asked++;
    if (client->state == CLIENT_OPEN)
        submit(client, flight);
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
    while (client->flying)
        land(client_oldest(client));
    enter(client, CLIENT_ABSENT);
}

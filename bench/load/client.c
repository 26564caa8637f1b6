/*
 * The state machine of a client: ABSENT, CONNECTING, OPEN. Each request has its own stream.
 *
 * http/exchange is not used: it collects everything about one response. A load needs only the
 * status and the times.
 */
#include "bench/load/client.h"

#define READ_BUDGET 4 /* recv calls per turn; then the other clients are served */

struct load_request *client_oldest(const struct client *client)
{
    struct link *first = list_first(&client->requests);

    return first ? LIST_OWNER(first, struct load_request, client_link) : NULL;
}

/* Removes a request that has ended. Its fields stay valid until the next client_start. */
static const struct load_request *take_out(struct load_request *request)
{
    struct client *client = request->client;

    list_remove(&request->link);
    list_remove(&request->client_link);
    request->next_spare = client->spare;
    client->spare = request;
    client->in_flight--;
    return request;
}

static const char *const state_names[] = {
    [CLIENT_ABSENT] = "absent", [CLIENT_CONNECTING] = "connecting", [CLIENT_OPEN] = "open"};

/* The only place where the state changes. */
static void set_state(struct client *client, enum client_state state)
{
    if (client->state != state)
        probe_state(client->group->dialer->loop, "load client", client->number,
                    state_names[client->state], state_names[state]);
    client->state = state;
}

/* The connection or the dial is over. The remaining requests wait for the next connection. */
static void end_connection(struct client *client, enum error error)
{
    client->conn = NULL;
    set_state(client, CLIENT_ABSENT);
    client->no_more_requests = client->conn_failed_request = false;
    client->request_count = client->unsubmitted = client->in_flight;
    client->group->events->closed(client->group->owner, client, error);
}

static void fail_all(struct client *client, enum error error)
{
    struct client_group *group = client->group;

    while (client->in_flight)
        group->events->failed(group->owner, take_out(client_oldest(client)), error);
}

/* Whether a request that ended without a response is sent again on the next connection. If the
   server closes the connection, all requests in flight fail; after a malformed response, only those
   that had been sent. On a connection without any response at least one request fails, otherwise
   the load would send requests on new connections forever. */
static bool is_replayed(const struct client *client, const struct stream_end *end)
{
    const struct conn *conn = client->conn;

    switch (end->replay) {
    case REPLAY_AFTER_CLOSE: return true;
    case REPLAY_ANY:
        return (conn->served || client->conn_failed_request) &&
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
        const struct load_response response = {
            .status = end->status,
            .received = end->arrival.at,
            .stamped = client->conn->sock->timestamps,
            .kernel_age_ns = end->arrival.kernel_age_ns,
        };

        group->events->completed(group->owner, take_out(request), &response);
    } else if (!is_replayed(client, end)) {
        client->conn_failed_request = true;
        group->events->failed(group->owner, take_out(request), end->error);
    }
}

static void submit(struct client *client, struct load_request *request)
{
    static const struct stream_events events = {.end = on_end};

    request->stream.events = &events;
    request->stream.out.bytes = request->target->bytes;
    request->stream.out.count = request->target->count;
    request->stream.out.is_head_request = request->target->is_head_request;
    request->stream.out.prepared = request->target->prepared;
    conn_submit(client->conn, &request->stream);
}

/* Submits requests that were started before the connection had room. */
static void submit_waiting(struct client *client)
{
    for (struct link *link = client->requests.next;
         client->unsubmitted && link != &client->requests && conn_capacity(client->conn);
         link = link->next) {
        struct load_request *request = LIST_OWNER(link, struct load_request, client_link);

        if (stream_is_submitted(&request->stream))
            continue;
        submit(client, request);
        client->unsubmitted--;
    }
}

void client_send(struct client *client)
{
    struct conn *conn = client->conn; /* conn_drain may close it: client->conn is then NULL */

    if (client->no_more_requests)
        conn_drain(conn);
    conn_flush(conn);
}

static void on_room(struct conn *conn)
{
    struct client *client = conn->owner;

    if (client->unsubmitted)
        submit_waiting(client);
    if (client_has_room(client))
        client->group->events->room(client->group->owner, client);
    if (client->no_more_requests)
        conn_drain(conn);
}

/* A server may close a connection. Before the first request this is a failure: otherwise the load
   would open such connections forever. */
static void on_closed(struct conn *conn, enum error error)
{
    end_connection(conn->owner, conn->used ? ERROR_NONE : error);
}

static void open_client(struct client *client)
{
    struct client_group *group = client->group;
    struct conn *conn = conn_open(client->dial, &group->conn_options, client);

    client->conn = conn;
    set_state(client, CLIENT_OPEN);
    client->was_open = true;
    sock_no_delay(conn->sock); /* a request does not wait for the ACK of the previous one */
    if (client->stamped)
        sock_enable_timestamps(conn->sock);
    submit_waiting(client);
    group->events->opened(group->owner, client);
    on_room(conn);
    conn_flush(conn);
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
        if (client->dial == dial) /* otherwise an event has closed it */
            end_dial(client);
        return;
    }
    client->dial_failed_requests = client->in_flight > 0;
    client->handshake_wait = dial->stamps.queued;
    end_dial(client);
    fail_all(client, error);
    end_connection(client, error);
}

/* --- interface --- */

void client_group_init(struct client_group *group)
{
    static const struct conn_events events = {.room = on_room, .closed = on_closed};

    list_init(&group->requests);
    group->conn_options = (struct conn_options){
        .events = &events,
        .pipeline = group->slots,
        .read_budget = READ_BUDGET,
        .protocol = group->negotiation->protocol,
        .heads = &group->heads,
        .bytes_in = &group->bytes_in,
        .bytes_out = &group->bytes_out,
        .counters = &group->counters,
    };
}

void client_group_free(struct client_group *group)
{
    head_memo_free(&group->heads);
}

void client_init(struct client *client, struct client_group *group, unsigned number,
                 struct load_request *requests)
{
    *client = (struct client){.group = group, .number = number};
    list_init(&client->requests);
    for (unsigned i = group->slots; i--; client->spare = &requests[i]) {
        requests[i].client = client;
        requests[i].next_spare = client->spare;
    }
}

void client_connect(struct client *client, const struct dial_options *options)
{
    set_state(client, CLIENT_CONNECTING);
    client->was_open = client->dial_failed_requests = false;
    client->handshake_wait = 0;
    client->dial = dial_new(client->group->dialer, client->group->url, options, on_dialled, client);
    if (client->dial->state == DIAL_FAILED)
        on_dialled(client);
}

void client_start(struct client *client, const struct target *target, nsec intended, nsec now,
                  bool counted)
{
    struct load_request *request = client->spare;

    client->spare = request->next_spare;
    list_put_last(&client->requests, &request->client_link);
    client->in_flight++;
    request->target = target;
    request->intended = intended;
    request->started = now;
    request->counted = counted;
    list_put_last(&client->group->requests, &request->link);
    client->request_count++;
    if (client->state == CLIENT_OPEN)
        submit(client, request);
    else
        client->unsubmitted++;
}

/* Closes the dial or the connection without calling an event. */
static void drop_connection(struct client *client)
{
    end_dial(client);
    if (client->conn)
        conn_close(client->conn);
    client->conn = NULL;
}

void client_fail(struct client *client, enum error error)
{
    bool any = client->dial || client->conn;

    drop_connection(client);
    fail_all(client, error);
    if (any)
        end_connection(client, ERROR_NONE);
}

void client_close(struct client *client)
{
    drop_connection(client);
    while (client->in_flight)
        take_out(client_oldest(client));
    set_state(client, CLIENT_ABSENT);
}

/*
 * The state machine of a client: ABSENT, CONNECTING, OPEN. Each request has its own stream.
 *
 * http/exchange is not used: it collects everything about one response. A load needs only the
 * status and the times.
 */
#include "bench/load/client.h"

#define READ_BUDGET       4   /* recv calls per turn; then the other clients are served */
#define MAX_FIRST_STREAMS 100 /* what a server is expected to allow (RFC 9113, section 6.5.2) */

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

/* A request has got the stream for which it has waited, or has lost its connection. */
static void end_wait(struct load_request *request)
{
    struct client_group *group = request->client->group;

    request->waits = false;
    request->slot_wait = loop_clock(group->dialer->loop) - request->started;
    request->started += request->slot_wait;
    group->events->waited(group->owner, request, request->slot_wait);
}

/* Without a connection, the requests wait for the next one, and no longer for a stream. */
static void end_waits(struct client *client)
{
    struct load_request *request;

    LIST_EACH (request, &client->requests, client_link)
        if (request->waits)
            end_wait(request);
}

/* The connection or the dial is over. The remaining requests wait for the next connection. */
static void end_connection(struct client *client, enum error error)
{
    client->conn = NULL;
    set_state(client, CLIENT_ABSENT);
    client->no_more_requests = client->conn_failed_request = false;
    client->request_count = client->unsubmitted = client->in_flight;
    end_waits(client);
    client->group->events->closed(client->group->owner, client, error);
}

static void fail_all(struct client *client, enum error error)
{
    struct client_group *group = client->group;

    while (client->in_flight)
        group->events->failed(group->owner, take_out(client_oldest(client)), error);
}

/* Whether a request that ended without a response is sent again on the next connection.

   HTTP/1.1: if the server closes the connection, all requests in flight fail; after a malformed
   response, only those that had been sent.

   HTTP/2: the requests that the server has not processed, except those that it refused one by one.

   On a connection without any response at least one request fails, otherwise the load would send
   requests on new connections forever. While streams are open, one of them may get a response. */
static bool is_replayed(const struct client *client, const struct stream_end *end)
{
    const struct conn *conn = client->conn;
    bool one_ended = conn->served || client->conn_failed_request;

    if (end->replay == REPLAY_AFTER_CLOSE)
        return true;
    if (end->replay != REPLAY_ANY)
        return false;
    if (client->group->multiplexed)
        return end->error != ERROR_HTTP2_REFUSED_STREAM && (one_ended || conn->streams);
    return one_ended && end->error == ERROR_MALFORMED;
}

/* --- events --- */

static void on_end(struct stream *stream, const struct stream_end *end)
{
    struct load_request *request = STREAM_OWNER(stream, struct load_request, stream);
    struct client *client = request->client;
    struct client_group *group = client->group;

    if (end->error && is_replayed(client, end)) {
        client->unsubmitted++;
        group->resent += group->multiplexed && request->counted;
    } else if (!end->error) {
        const struct load_response response = {
            .status = end->status,
            .received = end->arrival.at,
            .stamped = client->conn->sock->timestamps,
            .kernel_age_ns = end->arrival.kernel_age_ns,
        };

        group->events->completed(group->owner, take_out(request), &response);
    } else {
        client->conn_failed_request = true;
        group->events->failed(group->owner, take_out(request), end->error);
    }
}

static const struct stream_events stream_events = {.end = on_end};

static void submit(struct client *client, struct load_request *request)
{
    request->stream.events = &stream_events;
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
        if (request->waits)
            end_wait(request);
    }
}

/* Ends the connection after the requests that were submitted, if no others are to be. */
static void drain_if_last(struct client *client)
{
    if (client->no_more_requests && !client->unsubmitted)
        conn_drain(client->conn);
}

void client_send(struct client *client)
{
    struct conn *conn = client->conn; /* conn_drain may close it: client->conn is then NULL */

    drain_if_last(client);
    conn_flush(conn);
}

static void on_room(struct conn *conn)
{
    struct client *client = conn->owner;

    if (client->unsubmitted)
        submit_waiting(client);
    if (client_may_start(client))
        client->group->events->room(client->group->owner, client);
    drain_if_last(client);
}

/* The server allows no other stream: the next request waits for one from now on. */
static void on_full(struct conn *conn)
{
    struct client *client = conn->owner;

    if (client_may_start(client))
        client->group->events->room(client->group->owner, client);
    drain_if_last(client);
}

/* A server may close a connection. Before the first request this is a failure: otherwise the load
   would open such connections forever. HTTP/2 reports no error when no stream was open. */
static void on_closed(struct conn *conn, enum error error)
{
    if (conn->requests)
        error = ERROR_NONE;
    else if (!error)
        error = ERROR_EMPTY;
    end_connection(conn->owner, error);
}

/* How many streams a new connection has before the server's SETTINGS: as many as the server has
   allowed on earlier connections. The first connection has one, because the server may allow
   fewer than any larger number. */
static unsigned first_streams(const struct protocol_counters *counters)
{
    if (!counters->any_settings || !counters->streams_limit_min)
        return 1;
    return counters->streams_limit_min < MAX_FIRST_STREAMS ? counters->streams_limit_min
                                                           : MAX_FIRST_STREAMS;
}

static void open_client(struct client *client)
{
    struct client_group *group = client->group;
    struct conn *conn;

    group->conn_options.first_streams = first_streams(&group->counters);
    conn = conn_open(client->dial, &group->conn_options, client);
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
    static const struct conn_events events = {
        .room = on_room, .full = on_full, .closed = on_closed};

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

/* Submits a request, unless there is no connection or no stream for it. */
static void submit_or_wait(struct client *client, struct load_request *request)
{
    bool open = client->state == CLIENT_OPEN;

    request->slot_wait = 0;
    request->waits = open && !conn_capacity(client->conn);
    if (open && !request->waits)
        submit(client, request);
    else
        client->unsubmitted++;
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
    if (client->state == CLIENT_OPEN && !client->group->multiplexed)
        submit(client, request);
    else
        submit_or_wait(client, request);
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

/* Fails one request of several, which has no stream or whose stream is reset. */
static void expire_one(struct load_request *request)
{
    struct client *client = request->client;
    struct client_group *group = client->group;
    bool submitted = stream_is_submitted(&request->stream);

    if (submitted && client->conn->received_at < request->started)
        conn_drain(client->conn);
    client->conn_failed_request = true;
    client->unsubmitted -= !submitted;
    group->events->failed(group->owner, take_out(request), ERROR_TOTAL_TIMEOUT);
    if (submitted) /* `room`, `full` or `closed` may be called */
        conn_cancel(&request->stream, ERROR_TOTAL_TIMEOUT);
    else if (client->state == CLIENT_OPEN)
        on_full(client->conn);
}

void client_expire(struct load_request *request)
{
    struct client *client = request->client;

    if (client->group->multiplexed && (client->state == CLIENT_OPEN || client->in_flight > 1))
        expire_one(request);
    else
        client_fail(client, ERROR_TOTAL_TIMEOUT);
}

void client_close(struct client *client)
{
    drop_connection(client);
    while (client->in_flight)
        take_out(client_oldest(client));
    set_state(client, CLIENT_ABSENT);
}

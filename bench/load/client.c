/*
 * The client's machine: ABSENT, CONNECTING, OPEN. Requests lie in a ring in the order of their start;
 * answers take them out at its one end, the load puts them in at the other.
 *
 * http/exchange is not used: an exchange makes a result of everything about one answer, and owns its
 * connection for as long. Here an answer is a status and a time, and several may be under way at once.
 */
#include "bench/load/client.h"

#include <string.h>

#include "http/h1/h1_parser.h"

#define READS_A_TURN 4 /* then the other clients have their turn */

enum step {
    STEP_WAIT, /* nothing more to do until an event comes */
    STEP_ON,   /* go on */
    STEP_OVER, /* the connection is gone */
};

static struct flight *oldest(const struct client *client)
{
    return &client->flights[client->first];
}

/* The i-th in flight, from the oldest. */
static struct flight *nth(const struct client *client, unsigned i)
{
    unsigned place = client->first + i;

    return &client
                ->flights[place < client->crew->pipeline ? place : place - client->crew->pipeline];
}

/* Takes the oldest out of the ring; what it points to stays until the next start. */
static const struct flight *land(struct client *client)
{
    struct flight *flight = oldest(client);

    list_remove(&flight->link);
    client->first = client->first + 1 < client->crew->pipeline ? client->first + 1 : 0;
    client->flying--;
    if (client->unsent > client->flying)
        client->unsent = client->flying; /* it did not leave whole */
    return flight;
}

/* Makes the parser ready for the answer to the oldest, of which only the end is of interest. */
static void expect_answer(struct client *client)
{
    static const struct http1_events events = {0}; /* nothing but its end */

    http1_start_answer(&client->conn->http1, oldest(client)->target->head, &events, client);
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

/* The connection is over. Requests that are left go on the next one. */
static enum step leave(struct client *client, enum error error)
{
    struct conn *conn = client->conn;

    client->conn = NULL;
    enter(client, CLIENT_ABSENT);
    client->last = client->closing = client->answering = false;
    client->send_error = 0;
    client->asked = client->unsent = client->flying;
    client->sent = 0;
    conn_close(conn);
    client->crew->events->gone(client->crew->owner, client, error);
    return STEP_OVER;
}

/* All that is in flight has failed. */
static void fail_all(struct client *client, enum error error)
{
    struct crew *crew = client->crew;

    while (client->flying)
        crew->events->failed(crew->owner, land(client), error);
}

void client_fail(struct client *client, enum error error)
{
    fail_all(client, error);
    if (client->conn)
        leave(client, ERROR_NONE);
}

/* --- sending --- */

/* What is to be sent next: of one request, that request's own bytes; of several, a copy of them. */
static const char *unsent_bytes(struct client *client, size_t *count)
{
    unsigned i = client->flying - client->unsent;
    const struct target *target = nth(client, i)->target;
    char *to = client->crew->scratch, *end = to + CREW_SCRATCH_BYTES;

    *count = target->count - client->sent;
    if (client->unsent == 1 || *count > CREW_SCRATCH_BYTES)
        return target->bytes + client->sent;
    to = mempcpy(to, target->bytes + client->sent, *count);
    while (++i < client->flying) {
        target = nth(client, i)->target;
        if (target->count > (size_t)(end - to))
            break;
        to = mempcpy(to, target->bytes, target->count);
    }
    *count = (size_t)(to - client->crew->scratch);
    return client->crew->scratch;
}

/* So many bytes more have left. */
static void note_sent(struct client *client, size_t count)
{
    client->crew->bytes_out += count;
    client->sent += count;
    while (client->unsent) {
        size_t whole = nth(client, client->flying - client->unsent)->target->count;

        if (client->sent < whole)
            break;
        client->sent -= whole;
        client->unsent--;
    }
}

/* A failure is kept for later: the server may have answered before it hung up. */
void client_send(struct client *client)
{
    while (client->unsent && !client->send_error) {
        size_t count;
        const char *bytes = unsent_bytes(client, &count);
        struct io io = conn_write(client->conn, bytes, count);

        if (io.status == IO_ERROR)
            client->send_error = io.error;
        if (io.status != IO_OK)
            return;
        note_sent(client, io.count);
    }
}

/* Lets the load start what it has for this client. */
static void take_and_send(struct client *client)
{
    if (client_has_room(client))
        client->crew->events->room(client->crew->owner, client);
    client_send(client);
}

/* --- the connection --- */

static enum step step_connecting(struct client *client)
{
    struct conn *conn = client->conn;

    if (conn->state == CONN_CLOSED) {
        enum error error = conn->dial->error;

        client->blamed = client->flying > 0;
        client->queued = conn->dial->stamps.queued;
        fail_all(client, error);
        return leave(client, error);
    }
    if (conn->state != CONN_OPEN)
        return STEP_WAIT;
    enter(client, CLIENT_OPEN);
    client->stood = true;
    sock_no_delay(conn->sock); /* or a request would wait for the ACK of the one before */
    if (client->stamped)
        sock_stamp(conn->sock);
    if (client->flying)
        expect_answer(client);
    client->crew->events->open(client->crew->owner, client);
    take_and_send(client);
    return STEP_ON;
}

/* --- receiving --- */

static void answered(struct client *client, nsec at)
{
    struct crew *crew = client->crew;
    const struct sock *sock = client->conn->sock;
    const struct answer_arrival arrival = {
        .status = client->conn->http1.status,
        .at = at,
        .stamped = sock->stamped,
        .lay = sock->lay,
    };

    client->answering = false;
    client->closing = !client->conn->http1.keep_alive || client->unsent == client->flying;
    crew->events->answered(crew->owner, land(client), &arrival);
    if (client->flying)
        expect_answer(client);
}

/* The connection broke, or an answer is none. What is behind the oldest fails with it. */
static enum step broken(struct client *client, enum error error)
{
    fail_all(client, error);
    return leave(client, ERROR_NONE);
}

/* The end before a byte of the answer: where sending failed before, that is what is told. */
static enum error unanswered(const struct client *client, enum error error)
{
    return client->send_error ? error_of_send(client->send_error) : error;
}

/* The connection ended while nothing was asked for. That is the server's right, but on one that never had
   a request it is a failure: a load would make such connections for ever. */
static enum step idle_end(struct client *client, enum error error)
{
    return leave(client, client->asked ? ERROR_NONE : error);
}

/* The server ended the connection in order, which may close an answer. */
static enum step at_end(struct client *client, nsec at)
{
    if (!client->flying)
        return idle_end(client, ERROR_EMPTY);
    if (!client->answering)
        return broken(client, unanswered(client, ERROR_EMPTY));
    if (http1_finish(&client->conn->http1) != HTTP1_DONE)
        return broken(client, ERROR_TRUNCATED);
    answered(client, at);
    return leave(client, ERROR_NONE);
}

static enum step at_error(struct client *client, int reason)
{
    enum error error = error_of_receive(reason, client->answering);

    if (!client->flying)
        return idle_end(client, error);
    return broken(client, client->answering ? error : unanswered(client, error));
}

/* Of requests on this connection a byte has left: so many, the oldest. */
static unsigned asked_for(const struct client *client)
{
    return client->flying - client->unsent + (client->sent > 0);
}

/* What came is no response. The requests that have not begun to leave go on the next connection. */
static enum step confused(struct client *client, enum error error)
{
    struct crew *crew = client->crew;

    for (unsigned left = asked_for(client); left; left--)
        crew->events->failed(crew->owner, land(client), error);
    return leave(client, ERROR_NONE);
}

/* Looks at what came: the end of one answer, a part of one, or several. Extra line ends between
   them are ignored (RFC 9112, section 2.2). Other bytes that were not asked for end the connection,
   and fail no request: a server that gives up an idle connection may say so (408). */
static enum step digest(struct client *client, const unsigned char *bytes, size_t count, nsec at)
{
    while (count) {
        enum http1_status status;
        size_t used;

        if (client->closing)
            return leave(client, ERROR_NONE);
        if (!client->answering) {
            used = asked_for(client) ? http1_skip_line_ends(&client->conn->http1, bytes, count)
                                     : http1_extra_line_ends(bytes, count);
            if (used == count)
                return STEP_ON;
            bytes += used;
            count -= used;
            if (!asked_for(client))
                return idle_end(client, ERROR_MALFORMED);
        }
        client->answering = true;
        status = http1_feed(&client->conn->http1, bytes, count, &used);
        if (status == HTTP1_MORE)
            return STEP_ON;
        if (status != HTTP1_DONE)
            return confused(client, error_of_http1(status));
        answered(client, at);
        bytes += used;
        count -= used;
    }
    return STEP_ON;
}

/* Whether nothing more is to come on this connection. */
static bool is_over(const struct client *client)
{
    return (client->closing && !client->answering) || (client->last && !client->flying);
}

/* Reads once. STEP_ON: there may be more. */
static enum step receive(struct client *client)
{
    const unsigned char *bytes;
    struct io io = conn_read(client->conn, &bytes);
    enum step step;
    nsec at;

    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return STEP_WAIT;
    if (io.status == IO_ERROR)
        return at_error(client, io.error);
    at = loop_clock(client->crew->dialer->loop);
    if (io.status == IO_EOF)
        return at_end(client, at);
    client->crew->bytes_in += io.count;
    step = digest(client, bytes, io.count, at);
    return step == STEP_ON && is_over(client) ? leave(client, ERROR_NONE) : step;
}

/* Where all that was asked for has been answered and the socket is drained, no read is needed to see that
   nothing is left. */
static enum step step_open(struct client *client, int reads)
{
    const struct sock *sock = client->conn->sock;
    enum step step;

    if (reads == READS_A_TURN) {
        conn_yield(client->conn);
        return STEP_WAIT;
    }
    step = receive(client);
    if (step == STEP_OVER)
        return step;
    if (!client->flying && !sock->readable)
        step = STEP_WAIT;
    client->last = client->last || sock->ended; /* more would only be lost */
    take_and_send(client);
    return step;
}

/* Every event enters here. */
static void on_wake(void *owner)
{
    struct client *client = owner;
    enum step step = STEP_ON;

    for (int reads = 0; step == STEP_ON;) {
        switch (client->state) {
        case CLIENT_ABSENT: return;
        case CLIENT_CONNECTING: step = step_connecting(client); break;
        case CLIENT_OPEN: step = step_open(client, reads++); break;
        }
    }
}

void client_connect(struct client *client)
{
    enter(client, CLIENT_CONNECTING);
    client->stood = client->blamed = false;
    client->queued = 0;
    client->conn = conn_new(client->crew->dialer, client->crew->url, on_wake, client);
    if (client->conn->state >= CONN_OPEN)
        on_wake(client);
}

void client_start(struct client *client, const struct target *target, nsec intended, nsec now,
                  bool counted)
{
    struct flight *flight = nth(client, client->flying);

    flight->client = client;
    flight->target = target;
    flight->intended = intended;
    flight->started = now;
    flight->counted = counted;
    list_put_last(&client->crew->flights, &flight->link);
    client->asked++;
    client->unsent++;
    if (!client->flying++ && client->state == CLIENT_OPEN)
        expect_answer(client);
}

void client_close(struct client *client)
{
    while (client->flying)
        land(client);
    if (client->conn)
        conn_close(client->conn);
    client->conn = NULL;
    enter(client, CLIENT_ABSENT);
}

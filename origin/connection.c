/*
 * The state machine of a connection: HANDSHAKE, REQUEST, DELAY, RESPONSE, STALLED (by a fault),
 * CLOSED; with HTTP/2 it is in STREAMS from the preface on. Each event calls origin_conn_drive, and
 * set_state alone changes the state. A response of HTTP/1.1 is composed completely before its first
 * byte is sent; after its last byte, `ending` is executed.
 */
#include "origin/connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/step.h"
#include "origin/h2_server.h"
#include "origin/request_parser.h"
#include "origin/response.h"

#define DRIP_EVERY     (10 * NSEC_PER_MS)
#define ENDLESS_BYTES  16384 /* the part that is repeated */
#define STEPS_PER_TURN 256   /* then other connections are served */

enum origin_conn_state {
    ORIGIN_CONN_HANDSHAKE, /* first state */
    ORIGIN_CONN_REQUEST,   /* reads a request */
    ORIGIN_CONN_DELAY,     /* the delay of the site's line */
    ORIGIN_CONN_RESPONSE,  /* sends the response */
    ORIGIN_CONN_STREAMS,   /* HTTP/2: reads and sends */
    ORIGIN_CONN_STALLED,   /* sends nothing more until the client closes */
    ORIGIN_CONN_CLOSED,    /* waits for its deferred free */
};

struct origin_conn {
    struct origin_server *server;
    struct link link; /* in server->conns */
    struct sock *sock;
    struct transport *transport;
    bool https;
    enum origin_conn_state state;
    uint64_t number;    /* for the trace */
    struct timer timer; /* end of the delay, or next byte of a drip */
    struct request_parser request;
    struct h2_server *h2; /* of STREAMS; owned */
    char *response;       /* owned; with HTTP/2: output of the session, of any streams */
    size_t head_bytes, length, sent;
    size_t repeat_from; /* offset for ENDING_REPEAT */
    enum ending ending;
    bool drip;
    nsec delay;
    struct deferred_free deferred;
};

static void set_state(struct origin_conn *conn, enum origin_conn_state state)
{
    static const char *const names[] = {"HANDSHAKE", "REQUEST", "DELAY", "RESPONSE",
                                        "STREAMS",   "STALLED", "CLOSED"};
    struct loop *loop = conn->server->loop;

    probe_state(loop, "origin", conn->number, names[conn->state], names[state]);
    conn->state = state;
    switch (state) {
    case ORIGIN_CONN_REQUEST: request_parser_start(&conn->request); break;
    case ORIGIN_CONN_DELAY:
        loop_arm(loop, &conn->timer, clock_after(loop_clock(loop), conn->delay));
        break;
    case ORIGIN_CONN_CLOSED: loop_cancel(loop, &conn->timer); break;
    case ORIGIN_CONN_HANDSHAKE:
    case ORIGIN_CONN_RESPONSE:
    case ORIGIN_CONN_STREAMS:
    case ORIGIN_CONN_STALLED: break;
    }
}

static enum step close_conn(struct origin_conn *conn, bool reset)
{
    struct origin_server *server = conn->server;

    if (reset) {
        struct linger now = {.l_onoff = 1};

        setsockopt(conn->sock->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        sock_close(conn->sock, server->loop); /* before the transport can send close_notify */
    }
    conn->transport->calls->close(conn->transport);
    if (!reset)
        sock_close(conn->sock, server->loop);
    set_state(conn, ORIGIN_CONN_CLOSED);
    list_remove(&conn->link);
    h2_server_free(conn->h2);
    free(conn->response);
    loop_free_later(server->loop, &conn->deferred, free, conn);
    return STEP_WAIT;
}

static const char *reason_phrase(unsigned status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Unknown Status";
    }
}

static void write_head(FILE *to, const struct origin_response *response)
{
    fprintf(to, "HTTP/1.1 %u %s\r\n", response->status, reason_phrase(response->status));
    origin_response_write_fields(to, response);
    fputs("\r\n", to);
}

static void write_body(FILE *to, const struct origin_response *response)
{
    bool chunked = response->framing == FRAMING_CHUNKED;

    if (chunked && response->body_bytes)
        fprintf(to, "%zx\r\n", response->body_bytes);
    fwrite(response->body, 1, response->body_bytes, to);
    if (chunked)
        fputs(response->body_bytes ? "\r\n0\r\n\r\n" : "0\r\n\r\n", to);
}

static void compose(struct origin_conn *conn, const struct origin_response *response)
{
    FILE *to;

    free(conn->response);
    to = memory_stream(&conn->response, &conn->length);
    write_head(to, response);
    fflush(to);
    conn->head_bytes = conn->length;
    if (response->has_body)
        write_body(to, response);
    fclose(to);
    conn->sent = conn->repeat_from = 0;
    conn->ending = response->framing == FRAMING_CLOSE ? ENDING_CLOSE : ENDING_KEEP;
}

/* The faults whose response is `head`, and then repetitions of `filler`. */
struct replacement {
    enum fault fault;
    const char *head, *filler;
};

static const struct replacement replacements[] = {
    {FAULT_GARBAGE, RESPONSE_GARBAGE, ""},
    {FAULT_HEAD_ENDLESS, "HTTP/1.1 200 OK\r\n", RESPONSE_FIELD_FILLER},
    {FAULT_BODY_ENDLESS, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", RESPONSE_BODY_FILLER},
    {FAULT_BODY_CHUNK, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno size\r\n",
     ""},
};

/* Replaces the response by `head`, and by repetitions of `filler`. */
static void replace_response(struct origin_conn *conn, const char *head, const char *filler)
{
    FILE *to;

    free(conn->response);
    to = memory_stream(&conn->response, &conn->length);
    fputs(head, to);
    fflush(to);
    conn->repeat_from = conn->length;
    while (*filler && conn->length < ENDLESS_BYTES) {
        fputs(filler, to);
        fflush(to);
    }
    fclose(to);
}

static void apply_byte_fault(struct origin_conn *conn, const struct origin_response *response)
{
    size_t head = conn->head_bytes;

    switch (response->part) {
    case PART_WHOLE: break;
    case PART_NOTHING: conn->length = 0; break;
    case PART_HALF_HEAD: conn->length = head / 2; break;
    case PART_HALF_BODY: conn->length = head + (conn->length - head) / 2; break;
    }
    for (size_t i = 0; i < sizeof(replacements) / sizeof(*replacements); i++)
        if (replacements[i].fault == response->fault)
            replace_response(conn, replacements[i].head, replacements[i].filler);
    if (response->ending != ENDING_KEEP)
        conn->ending = response->ending;
    conn->drip = response->fault == FAULT_DRIP;
}

static void prepare(struct origin_conn *conn)
{
    const struct request_parser *parsed = &conn->request;
    const struct site_behaviour *behaviour =
        conn->server->find_behaviour(conn->server->owner, parsed->host, parsed->target);
    const struct origin_request request = {.host = parsed->host,
                                           .target = parsed->target,
                                           .https = conn->https,
                                           .is_head = parsed->is_head_request};
    struct origin_response response;

    origin_response_plan(&response, behaviour, &request);
    conn->delay = behaviour->delay;
    compose(conn, &response);
    apply_byte_fault(conn, &response);
    origin_response_free(&response);
}

static void origin_conn_drive(struct origin_conn *conn);

static void on_wake(void *owner)
{
    origin_conn_drive(owner);
}

static void start_streams(struct origin_conn *conn)
{
    const struct h2_server_options options = {.loop = conn->server->loop,
                                              .https = conn->https,
                                              .find_behaviour = conn->server->find_behaviour,
                                              .owner = conn->server->owner,
                                              .wake = on_wake,
                                              .wake_owner = conn};

    conn->h2 = h2_server_new(&options);
    set_state(conn, ORIGIN_CONN_STREAMS);
}

/* Whether the handshake agreed on HTTP/2. */
static bool has_agreed_on_h2(const struct transport *transport)
{
    struct tls_facts facts;

    if (!transport->calls->facts)
        return false;
    transport->calls->facts(transport, &facts); /* clients have no certificate */
    return !strcmp(facts.alpn, "h2");
}

static enum step step_handshake(struct origin_conn *conn)
{
    switch (conn->transport->calls->handshake(conn->transport).status) {
    case IO_OK:
        if (has_agreed_on_h2(conn->transport))
            start_streams(conn);
        else
            set_state(conn, ORIGIN_CONN_REQUEST);
        return STEP_CONTINUE;
    case IO_WANT_READ:
    case IO_WANT_WRITE: return STEP_WAIT;
    default: return close_conn(conn, false);
    }
}

/* The client has sent the preface of HTTP/2 without TLS, at the beginning of the connection. */
static enum step begin_prior_knowledge(struct origin_conn *conn, const unsigned char *rest,
                                       size_t count)
{
    static const unsigned char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    if (conn->https || conn->response)
        return close_conn(conn, false);
    start_streams(conn);
    h2_server_receive(conn->h2, preface, sizeof(preface) - 1);
    h2_server_receive(conn->h2, rest, count);
    return STEP_CONTINUE;
}

/* No pipelining: if bytes follow the request, they are ignored and the connection is closed. */
static enum step step_request(struct origin_conn *conn)
{
    unsigned char *buffer = loop_buffer(conn->server->loop);
    struct io io = conn->transport->calls->read(conn->transport, buffer, LOOP_BUFFER_BYTES);
    size_t used;

    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return STEP_WAIT;
    if (io.status != IO_OK)
        return close_conn(conn, false);
    switch (request_parser_feed(&conn->request, buffer, io.count, &used)) {
    case REQUEST_MORE: return STEP_CONTINUE;
    case REQUEST_DONE: break;
    case REQUEST_HTTP2: return begin_prior_knowledge(conn, buffer + used, io.count - used);
    default: return close_conn(conn, false);
    }
    prepare(conn);
    if (used < io.count || !conn->request.keep_alive)
        conn->ending = conn->ending == ENDING_KEEP ? ENDING_CLOSE : conn->ending;
    set_state(conn, ORIGIN_CONN_DELAY);
    return STEP_WAIT;
}

static enum step end_response(struct origin_conn *conn)
{
    switch (conn->ending) {
    case ENDING_KEEP: set_state(conn, ORIGIN_CONN_REQUEST); return STEP_CONTINUE;
    case ENDING_CLOSE: return close_conn(conn, false);
    case ENDING_FIN:
        shutdown(conn->sock->watch.fd, SHUT_WR); /* close_notify can no longer be sent */
        return close_conn(conn, false);
    case ENDING_RESET: return close_conn(conn, true);
    case ENDING_REPEAT: /* in the next turn, so that other connections are served */
        conn->sent = conn->repeat_from;
        loop_yield(conn->server->loop, &conn->sock->watch, 0);
        return STEP_WAIT;
    case ENDING_STALL: break;
    }
    set_state(conn, ORIGIN_CONN_STALLED);
    return STEP_WAIT;
}

static enum step step_response(struct origin_conn *conn)
{
    size_t left = conn->length - conn->sent;
    struct io io;

    if (!left)
        return end_response(conn);
    if (conn->drip && conn->timer.state == TIMER_ARMED)
        return STEP_WAIT;
    io = conn->transport->calls->write(conn->transport, conn->response + conn->sent,
                                       conn->drip ? 1 : left);
    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return STEP_WAIT;
    if (io.status != IO_OK)
        return close_conn(conn, false);
    conn->sent += io.count;
    if (conn->drip)
        loop_arm(conn->server->loop, &conn->timer, loop_clock(conn->server->loop) + DRIP_EVERY);
    return STEP_CONTINUE;
}

static enum step read_streams(struct origin_conn *conn)
{
    unsigned char *buffer = loop_buffer(conn->server->loop);
    struct io io = conn->transport->calls->read(conn->transport, buffer, LOOP_BUFFER_BYTES);

    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return STEP_WAIT;
    if (io.status != IO_OK)
        return close_conn(conn, false);
    h2_server_receive(conn->h2, buffer, io.count);
    return STEP_CONTINUE;
}

static enum step write_streams(struct origin_conn *conn)
{
    struct io io = conn->transport->calls->write(conn->transport, conn->response + conn->sent,
                                                 conn->length - conn->sent);

    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return STEP_WAIT;
    if (io.status != IO_OK)
        return close_conn(conn, false);
    conn->sent += io.count;
    if (conn->sent < conn->length || conn->length < H2_SERVER_OUTPUT_BYTES / 2)
        return STEP_CONTINUE;
    /* the rest in the next turn, so that other connections are served */
    loop_yield(conn->server->loop, &conn->sock->watch, 0);
    return STEP_WAIT;
}

/* Output first: while the socket accepts no more, nothing is read, so that a client which does not
   read responses cannot make the output grow. */
static enum step step_streams(struct origin_conn *conn)
{
    if (conn->sent < conn->length)
        return write_streams(conn);
    if (!conn->response)
        conn->response = memory_get(H2_SERVER_OUTPUT_BYTES);
    conn->sent = 0;
    conn->length = h2_server_output(conn->h2, (unsigned char *)conn->response);
    if (conn->length)
        return STEP_CONTINUE;
    free(conn->response); /* an idle connection has no buffer */
    conn->response = NULL;
    conn->ending = h2_server_ending(conn->h2);
    return conn->ending == ENDING_KEEP ? read_streams(conn) : end_response(conn);
}

/* Closes if the client has closed during the wait. */
static enum step step_wait(struct origin_conn *conn)
{
    return conn->sock->ended ? close_conn(conn, false) : STEP_WAIT;
}

static void origin_conn_drive(struct origin_conn *conn)
{
    enum step step = STEP_CONTINUE;

    for (int steps = 0; step == STEP_CONTINUE; steps++) {
        if (steps == STEPS_PER_TURN) {
            loop_yield(conn->server->loop, &conn->sock->watch, 0);
            return;
        }
        switch (conn->state) {
        case ORIGIN_CONN_HANDSHAKE: step = step_handshake(conn); break;
        case ORIGIN_CONN_REQUEST: step = step_request(conn); break;
        case ORIGIN_CONN_DELAY: step = step_wait(conn); break;
        case ORIGIN_CONN_RESPONSE: step = step_response(conn); break;
        case ORIGIN_CONN_STREAMS: step = step_streams(conn); break;
        case ORIGIN_CONN_STALLED: step = step_wait(conn); break;
        case ORIGIN_CONN_CLOSED: return;
        }
    }
}

static void on_ready(void *owner, uint32_t events)
{
    struct origin_conn *conn = owner;

    sock_note_events(conn->sock, events);
    origin_conn_drive(conn);
}

static void on_timer(void *owner)
{
    struct origin_conn *conn = owner;

    if (conn->state == ORIGIN_CONN_DELAY)
        set_state(conn, ORIGIN_CONN_RESPONSE);
    origin_conn_drive(conn);
}

void origin_conn_accept(struct origin_server *server, int fd, bool https)
{
    struct origin_conn *conn = memory_zeroed(sizeof(*conn));
    int error;

    assert(fd >= 0);
    conn->server = server;
    conn->number = ++server->accepted;
    conn->https = https;
    timer_init(&conn->timer, on_timer, conn, "origin connection delay");
    conn->sock = sock_adopt(server->loop, fd, on_ready, conn, "origin connection", &error);
    if (conn->sock)
        conn->transport = https ? tls_server_open(server->tls, conn->sock) : plain_open(conn->sock);
    if (!conn->transport) { /* out of memory or epoll failed: the client sees a closed connection */
        sock_close(conn->sock, server->loop);
        free(conn);
        return;
    }
    list_put_first(&server->conns, &conn->link);
}

void origin_conn_close_all(struct origin_server *server)
{
    struct link *link;

    while ((link = list_first(&server->conns)))
        close_conn(LIST_OWNER(link, struct origin_conn, link), false);
}

/*
 * The state machine of a connection: HANDSHAKE, REQUEST, DELAY, RESPONSE, STALLED (by a fault),
 * CLOSED. Each event calls origin_conn_drive, and set_state alone changes the state. A response is
 * composed completely before its first byte is sent; after its last byte, `ending` is executed.
 */
#include "origin/connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/step.h"
#include "http/fields.h"
#include "origin/request_parser.h"

#define DRIP_EVERY       (10 * NSEC_PER_MS)
#define DEFAULT_STATUS   200
#define MAX_DEFAULT_BODY 2048  /* bytes */
#define ENDLESS_BYTES    16384 /* the part that is repeated */
#define STEPS_PER_TURN   256   /* then other connections are served */
#define LOCATION_BYTES   (sizeof("https://") + REQUEST_MAX_HOST_BYTES + REQUEST_MAX_TARGET_BYTES)

enum origin_conn_state {
    ORIGIN_CONN_HANDSHAKE, /* first state */
    ORIGIN_CONN_REQUEST,   /* reads a request */
    ORIGIN_CONN_DELAY,     /* the delay of the site's line */
    ORIGIN_CONN_RESPONSE,  /* sends the response */
    ORIGIN_CONN_STALLED,   /* sends nothing more until the client closes */
    ORIGIN_CONN_CLOSED,    /* waits for its deferred free */
};

enum ending {
    ENDING_KEEP,   /* the next request may follow */
    ENDING_CLOSE,  /* close_notify, then FIN */
    ENDING_FIN,    /* FIN without close_notify */
    ENDING_RESET,  /* RST */
    ENDING_STALL,  /* nothing more is sent, and the connection stays open */
    ENDING_REPEAT, /* the last part is sent repeatedly, without end */
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
    char *response; /* owned */
    size_t head_bytes, length, sent;
    size_t repeat_from; /* offset for ENDING_REPEAT */
    enum ending ending;
    bool drip;
    nsec delay;
    struct deferred_free deferred;
};

static void set_state(struct origin_conn *conn, enum origin_conn_state state)
{
    static const char *const names[] = {"HANDSHAKE", "REQUEST", "DELAY",
                                        "RESPONSE",  "STALLED", "CLOSED"};
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

/* The body for a site without one: a small page with the host name, of a length by a hash. */
static char *default_body(const char *host, size_t *length)
{
    char *body = memory_get(MAX_DEFAULT_BODY);
    size_t want;
    int count;

    count = snprintf(body, MAX_DEFAULT_BODY, "<!doctype html><title>%.255s</title>\n", host);
    want = (size_t)count + hash_text(host) % (MAX_DEFAULT_BODY - (size_t)count);
    memset(body + count, '.', want - (size_t)count);
    *length = want;
    return body;
}

static bool has_no_body(unsigned status)
{
    return status == 204 || status == 304;
}

struct origin_response {
    unsigned status;
    enum framing framing;
    const char *headers;  /* of the site's line; they replace default fields of the same name */
    const char *location; /* NULL: none */
    const char *coding;   /* NULL: none */
    const char *body;
    size_t body_bytes;
    char location_buffer[LOCATION_BYTES];
};

static void write_field(FILE *to, const struct origin_response *response, const char *name,
                        const char *value)
{
    if (value && !fields_have(response->headers, name))
        fprintf(to, "%s: %s\r\n", name, value);
}

static void write_framing(FILE *to, const struct origin_response *response)
{
    char count[24];

    if (has_no_body(response->status))
        return;
    snprintf(count, sizeof(count), "%zu", response->body_bytes);
    switch (response->framing) {
    case FRAMING_LENGTH: write_field(to, response, "Content-Length", count); break;
    case FRAMING_CHUNKED: write_field(to, response, "Transfer-Encoding", "chunked"); break;
    default: write_field(to, response, "Connection", "close"); break;
    }
}

static void write_head(FILE *to, const struct origin_response *response)
{
    const char *at = response->headers;
    struct request_field line;

    fprintf(to, "HTTP/1.1 %u %s\r\n", response->status, reason_phrase(response->status));
    write_field(to, response, "Server", "firstbyte-rehearsal");
    write_field(to, response, "Content-Type", "text/html");
    write_field(to, response, "Content-Encoding", response->coding);
    write_field(to, response, "Location", response->location);
    write_framing(to, response);
    while (fields_next(&at, &line))
        if (!line.empty)
            fwrite(line.text, 1, line.bytes, to);
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
    if (!conn->request.is_head_request && !has_no_body(response->status))
        write_body(to, response);
    fclose(to);
    conn->sent = conn->repeat_from = 0;
    conn->ending = response->framing == FRAMING_CLOSE ? ENDING_CLOSE : ENDING_KEEP;
}

static void redirect(struct origin_response *response, const char *location)
{
    response->status = 302;
    response->location = location;
}

/* The faults that are complete responses with wrong fields. */
static void apply_field_fault(const struct origin_conn *conn, enum fault fault,
                              struct origin_response *response)
{
    static const char no_gzip[] = "these bytes are no gzip";
    const struct request_parser *request = &conn->request;

    switch (fault) {
    case FAULT_REDIRECT_LOOP:
        snprintf(response->location_buffer, sizeof(response->location_buffer), "%s://%s%s",
                 conn->https ? "https" : "http", request->host, request->target);
        redirect(response, response->location_buffer);
        break;
    case FAULT_REDIRECT_ENDLESS: /* from "/7" to "/8", from a path without a number to "/1" */
        snprintf(response->location_buffer, sizeof(response->location_buffer), "/%lu",
                 strtoul(request->target + (*request->target == '/'), NULL, 10) + 1);
        redirect(response, response->location_buffer);
        break;
    case FAULT_BAD_LOCATION: redirect(response, "gopher://x/"); break;
    case FAULT_BAD_CODING:
        response->coding = "gzip";
        response->body = no_gzip;
        response->body_bytes = sizeof(no_gzip) - 1;
        break;
    case FAULT_NO_CLOSE_NOTIFY: response->framing = FRAMING_CLOSE; break;
    default: break;
    }
}

/* How a fault changes the bytes of a response. */
struct byte_fault {
    enum { WHOLE, NOTHING, HALF_HEAD, HALF_BODY } part; /* of the response: this part is sent */
    enum ending ending;                                 /* ENDING_KEEP: not changed */
    const char *head, *filler;                          /* sent instead; NULL: not replaced */
};

/* Other faults concern the name, the connection or the certificate, or are in apply_field_fault. */
static const struct byte_fault byte_faults[FAULT_COUNT] = {
    [FAULT_WAIT_STALL] = {NOTHING, ENDING_STALL, NULL, NULL},
    [FAULT_WAIT_CLOSE] = {NOTHING, ENDING_CLOSE, NULL, NULL},
    [FAULT_WAIT_RESET] = {NOTHING, ENDING_RESET, NULL, NULL},
    [FAULT_GARBAGE] = {WHOLE, ENDING_CLOSE, "\x16\x03 this is \x1b[31mno HTTP\r\n\r\n", ""},
    [FAULT_HEAD_ENDLESS] = {WHOLE, ENDING_REPEAT, "HTTP/1.1 200 OK\r\n", "X-More: of the same\r\n"},
    [FAULT_BODY_ENDLESS] = {WHOLE, ENDING_REPEAT, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                            "endless "},
    [FAULT_BODY_CHUNK] = {WHOLE, ENDING_CLOSE,
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno size\r\n",
                          ""},
    [FAULT_HEAD_STALL] = {HALF_HEAD, ENDING_STALL, NULL, NULL},
    [FAULT_BODY_STALL] = {HALF_BODY, ENDING_STALL, NULL, NULL},
    [FAULT_BODY_RESET] = {HALF_BODY, ENDING_RESET, NULL, NULL},
    [FAULT_TRUNCATE] = {HALF_BODY, ENDING_CLOSE, NULL, NULL},
    [FAULT_NO_CLOSE_NOTIFY] = {WHOLE, ENDING_FIN, NULL, NULL},
    [FAULT_HANG_UP] = {WHOLE, ENDING_CLOSE, NULL, NULL},
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

static void apply_byte_fault(struct origin_conn *conn, enum fault fault)
{
    const struct byte_fault *change = &byte_faults[fault];
    size_t head = conn->head_bytes;

    switch (change->part) {
    case WHOLE: break;
    case NOTHING: conn->length = 0; break;
    case HALF_HEAD: conn->length = head / 2; break;
    case HALF_BODY: conn->length = head + (conn->length - head) / 2; break;
    }
    if (change->head)
        replace_response(conn, change->head, change->filler);
    if (change->ending != ENDING_KEEP)
        conn->ending = change->ending;
    conn->drip = fault == FAULT_DRIP;
}

static void prepare(struct origin_conn *conn)
{
    const struct site_behaviour *behaviour =
        conn->server->find_behaviour(conn->server->owner, conn->request.host, conn->request.target);
    struct origin_response response = {
        .status = behaviour->status ? behaviour->status : DEFAULT_STATUS,
        .framing = behaviour->framing,
        .headers = behaviour->headers,
        .body = behaviour->body,
        .body_bytes = behaviour->body_bytes,
    };
    char *body = NULL;

    if (!behaviour->body)
        response.body = body = default_body(conn->request.host, &response.body_bytes);
    conn->delay = behaviour->delay;
    apply_field_fault(conn, behaviour->fault, &response);
    compose(conn, &response);
    apply_byte_fault(conn, behaviour->fault);
    free(body);
}

static enum step step_handshake(struct origin_conn *conn)
{
    switch (conn->transport->calls->handshake(conn->transport).status) {
    case IO_OK: set_state(conn, ORIGIN_CONN_REQUEST); return STEP_CONTINUE;
    case IO_WANT_READ:
    case IO_WANT_WRITE: return STEP_WAIT;
    default: return close_conn(conn, false);
    }
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

/*
 * The connection's state machine: OPEN, DRAINING, CLOSED. Every event of the socket enters
 * on_ready, which reads and passes the bytes to the protocol. After each receive conn_flush carries
 * out what the events requested: it reports new capacity, sends, or closes.
 *
 * Rejected: streams that read for themselves. Several streams share a connection, and each would
 * have to know whether another is being served.
 */
#include "http/conn.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/fields.h"
#include "http/request.h"

#define MAX_IDLE_READS 4 /* an extra line end may arrive in pieces */

/* Receives of a multiplexed connection after which it sends, if more bytes are waiting. The
   requests and window updates that they cause leave in one send. */
#define MAX_READS_BEFORE_SEND 8

static const char *const state_names[] = {
    [CONN_OPEN] = "open", [CONN_DRAINING] = "draining", [CONN_CLOSED] = "closed"};

/* The only place where the state changes. */
static void enter(struct conn *conn, enum conn_state state)
{
    probe_state(conn->loop, "connection", conn->number, state_names[conn->state],
                state_names[state]);
    conn->state = state;
}

/* --- closing --- */

static void free_conn(void *owner)
{
    struct conn *conn = owner;

    free(conn->host);
    free(conn);
}

static void close_transport(struct conn *conn)
{
    if (!conn->transport)
        return;
    conn->transport->calls->close(conn->transport);
    conn->transport = NULL;
    sock_close(conn->sock, conn->loop);
    conn->sock = NULL;
}

static void send_output(struct conn *conn);

/* The last step of a CLOSED connection, outside all its events: ends the streams, sends the last
   output of the protocol, then calls `closed`. */
static void finish(struct conn *conn)
{
    conn->finished = true;
    conn->call_depth++;
    conn->protocol->close(conn, conn->error, conn->detail);
    if (conn->transport)
        send_output(conn);
    conn->call_depth--;
    if (conn->owner)
        conn->options->events->closed(conn, conn->error);
    close_transport(conn);
    loop_free_later(conn->loop, &conn->deferred, free_conn, conn);
}

/* Calls an event, which may be NULL. */
static void call(struct conn *conn, void (*event)(struct conn *conn))
{
    if (!event)
        return;
    conn->call_depth++;
    event(conn);
    conn->call_depth--;
}

static bool must_report_room(const struct conn *conn)
{
    return conn->room_unreported && conn_capacity(conn);
}

/* Reports that the limit is reached, although a stream has ended. If it grows, `room` follows. */
static void report_full(struct conn *conn)
{
    if (!conn->room_unreported || !conn->protocol->multiplexed || conn->state != CONN_OPEN)
        return;
    conn->room_unreported = false;
    call(conn, conn->options->events->full);
}

/* Carries out what the events that have just returned requested. */
void conn_flush(struct conn *conn)
{
    if (conn->call_depth)
        return;
    conn->flush_deferred = false;
    conn->unsent_reads = 0;
    if (conn->draining_unreported && conn->owner) {
        conn->draining_unreported = false;
        call(conn, conn->options->events->draining);
    }
    do {
        if (must_report_room(conn)) {
            conn->room_unreported = false;
            call(conn, conn->options->events->room);
        } else {
            report_full(conn);
        }
        if (conn->state != CONN_CLOSED)
            send_output(conn);
    } while (must_report_room(conn)); /* a stream has ended in its event `sent` */
    if (conn->state == CONN_DRAINING && !conn->streams)
        enter(conn, CONN_CLOSED);
    if (conn->state == CONN_CLOSED && !conn->finished)
        finish(conn);
}

void conn_flush_later(struct conn *conn)
{
    conn->flush_deferred = true;
    loop_yield(conn->loop, &conn->sock->watch, 0);
}

void conn_drain(struct conn *conn)
{
    if (conn->state != CONN_OPEN)
        return;
    enter(conn, CONN_DRAINING);
    conn->draining_unreported = true;
    conn_flush(conn);
}

void conn_fail(struct conn *conn, enum error error, const char *detail)
{
    if (conn->state == CONN_CLOSED)
        return;
    enter(conn, CONN_CLOSED);
    conn->error = error;
    conn->detail = detail;
    conn_flush(conn);
}

void conn_close(struct conn *conn)
{
    conn->owner = NULL;
    conn_fail(conn, ERROR_NONE, NULL);
    close_transport(conn); /* frees the descriptor immediately, even inside an event */
}

/* --- sending --- */

/* Sends until a write would block. `call_depth` is over 0: streams that an event submits are sent
   by the same `while`. */
static void send_output(struct conn *conn)
{
    const char *bytes;
    size_t count;

    if (conn->send_error)
        return;
    conn->call_depth++;
    while ((bytes = conn->protocol->output(conn, &count))) {
        struct io io = conn->transport->calls->write(conn->transport, bytes, count);

        if (io.status == IO_ERROR) { /* the peer may have sent a response before it closed */
            conn->send_error = io.error;
            conn->send_detail = conn->transport->why;
            loop_yield(conn->loop, &conn->sock->watch, 0);
        }
        conn->write_blocked = io.status != IO_OK;
        if (conn->write_blocked) {
            conn->protocol->sent(conn, 0); /* output in conn_scratch is not valid any more */
            break;
        }
        if (conn->options->bytes_out)
            *conn->options->bytes_out += io.count;
        conn->protocol->sent(conn, io.count);
        if (conn->state == CONN_CLOSED && !(conn->finished && conn->transport))
            break; /* an event closed it; `finish` sends the protocol's last output */
    }
    conn->call_depth--;
}

/* --- receiving --- */

/* Whether another receive may return bytes: a response is expected, or bytes are already waiting in
   the socket or the transport. */
static bool may_read_more(const struct conn *conn)
{
    const struct transport *transport = conn->transport;

    return conn->streams || conn->sock->readable ||
           (transport->calls->pending && transport->calls->pending(transport));
}

/* Passes bytes to the protocol and flushes. False: another receive would return nothing, because
   all expected responses are complete and the socket is empty, or the connection is closed. */
static bool receive(struct conn *conn, const unsigned char *bytes, size_t count)
{
    bool more;
    struct arrival arrival = {.at = loop_clock(conn->loop)};

    if (conn->sock->timestamps)
        arrival.kernel_age_ns = conn->sock->kernel_age_ns;
    conn->received_at = arrival.at;
    conn->call_depth++;
    conn->protocol->receive(conn, bytes, count, &arrival);
    conn->call_depth--;
    more = conn->state != CONN_CLOSED && may_read_more(conn);
    if (!more || !conn->protocol->multiplexed || ++conn->unsent_reads == MAX_READS_BEFORE_SEND)
        conn_flush(conn);
    return more && conn->state != CONN_CLOSED;
}

/* A read would block. */
static void read_blocked(struct conn *conn)
{
    if (conn->protocol->read_blocked) {
        conn->call_depth++;
        conn->protocol->read_blocked(conn);
        conn->call_depth--;
    }
    if (conn->protocol->read_blocked || conn->unsent_reads)
        conn_flush(conn);
}

/* Reads once. False: a read would block, or the connection is closed. */
static bool receive_once(struct conn *conn)
{
    unsigned char *buffer = loop_buffer(conn->loop);
    struct io io = conn->transport->calls->read(conn->transport, buffer, LOOP_BUFFER_BYTES);

    switch (io.status) {
    case IO_OK:
        if (conn->options->bytes_in)
            *conn->options->bytes_in += io.count;
        return receive(conn, buffer, io.count);
    case IO_EOF:
    case IO_ERROR:
        conn->receive_error = io.status == IO_ERROR ? io.error : 0;
        receive(conn, buffer, 0);
        if (conn->unsent_reads)
            conn_flush(conn);
        return false;
    default: read_blocked(conn); return false;
    }
}

static void on_ready(void *owner, uint32_t events)
{
    struct conn *conn = owner;

    sock_note_events(conn->sock, events);
    if (conn->write_blocked || conn->flush_deferred)
        conn_flush(conn);
    for (unsigned reads = 1; conn->state != CONN_CLOSED && receive_once(conn); reads++)
        if (reads == conn->options->read_budget) {
            if (conn->unsent_reads)
                conn_flush(conn);
            if (conn->state != CONN_CLOSED) /* else the flush has closed the socket */
                loop_yield(conn->loop, &conn->sock->watch, 0);
            return;
        }
}

bool conn_is_reusable(struct conn *conn)
{
    unsigned char *buffer = loop_buffer(conn->loop);

    if (conn->unread_bytes || conn->state != CONN_OPEN || conn->sock->ended)
        return false;
    if (!conn->protocol->ignores)
        return true;
    for (int reads = 0; reads < MAX_IDLE_READS; reads++) {
        struct io io = conn->transport->calls->read(conn->transport, buffer, LOOP_BUFFER_BYTES);

        if (io.status != IO_OK)
            return io.status == IO_WANT_READ;
        if (!conn->protocol->ignores(buffer, io.count))
            return false;
    }
    return false;
}

/* --- streams --- */

static const struct protocol *choose_protocol(const struct conn_options *options,
                                              struct transport *transport)
{
    struct tls_facts facts = {0};

    transport->calls->facts(transport, &facts);
    tls_certificate_drop(facts.certificate);
    return options->protocol(facts.alpn);
}

struct conn *conn_open(struct dial *dial, const struct conn_options *options, void *owner)
{
    const struct protocol *protocol = choose_protocol(options, dial->transport);
    struct conn *conn = memory_zeroed(sizeof(*conn) + protocol->session_bytes);
    struct dialled dialled = dial_take(dial);

    conn->loop = dial->dialer->loop;
    conn->dialer = dial->dialer;
    conn->options = options;
    conn->protocol = protocol;
    conn->owner = owner;
    conn->number = dial->number;
    conn->host = dialled.host;
    conn->port = dial->port;
    conn->https = dial->https;
    conn->proxy = dial->proxy;
    conn->is_forwarded = dial_is_forwarded(dial);
    conn->address = dial->address;
    conn->sock = dialled.sock;
    watch_set_owner(&conn->sock->watch, on_ready, conn, "connection");
    conn->transport = dialled.transport;
    conn->stream_limit = UINT_MAX;
    if (protocol->multiplexed)
        sock_no_delay(conn->sock); /* a frame does not wait for the ACK of the previous one */
    protocol->open(conn);
    loop_yield(conn->loop, &conn->sock->watch, 0); /* TLS may have read bytes after its handshake */
    return conn;
}

unsigned conn_capacity(const struct conn *conn)
{
    bool accepts = conn->state == CONN_OPEN && !(conn->sock->ended && conn->served);

    return accepts ? conn->protocol->capacity(conn) : 0;
}

void conn_submit(struct conn *conn, struct stream *stream)
{
    assert(!stream_is_submitted(stream) && conn->state == CONN_OPEN);
    stream->conn = conn;
    conn->requests++;
    conn->streams++;
    conn->protocol->submit(conn, stream);
}

void conn_stream_ended(struct conn *conn, struct stream *stream)
{
    stream->conn = NULL;
    conn->streams--;
    conn->room_unreported = true;
}

void conn_report_room(struct conn *conn)
{
    conn->room_unreported = true;
}

void conn_cancel(struct stream *stream, enum error error)
{
    struct conn *conn = stream->conn;

    assert(error);
    conn->call_depth++;
    conn->protocol->cancel(conn, stream, error);
    conn->call_depth--;
    conn_flush(conn);
}

char *conn_scratch(struct conn *conn)
{
    struct dialer *dialer = conn->dialer;

    if (!dialer->scratch)
        dialer->scratch = memory_get(CONN_SCRATCH_BYTES);
    return dialer->scratch;
}

void conn_address_request(const struct conn *conn, struct request *request)
{
    const struct proxy *proxy = conn->proxy;

    if (conn->is_forwarded) {
        request->absolute_url = true;
        request->proxy_user_info = proxy->user_info;
        request->proxy_user_info_bytes = proxy->user_info_bytes;
        request->proxy_authorization = proxy->authorization;
    } else if (proxies_any(conn->dialer->proxies)) {
        request->omit_proxy_authorization = true;
        if (fields_have(request->headers, "Proxy-Authorization"))
            probe_line(conn->loop, conn->number, PROBE_NOTE,
                       "Proxy-Authorization is for a proxy, and not sent to the site");
    }
}

/*
 * The connection's machine: RESOLVE, CONNECT, TURN, HANDSHAKE, OPEN. Every event enters conn_drive: a
 * name resolved, a descriptor ready, a deadline passed. One function changes the state: it stamps the
 * time and arms the deadline of the phase that begins.
 */
#include "http/conn.h"

#include <stdlib.h>
#include <string.h>

#include "reactor/memory.h"

enum step {
    STEP_WAIT, /* nothing more to do until an event comes */
    STEP_ON,   /* the state changed: go on */
};

static void conn_drive(struct conn *conn);

static void join_list(struct conn *conn)
{
    struct dialer *dialer = conn->dialer;

    conn->waiting = true;
    conn->turn_next = NULL;
    conn->turn_before = dialer->turn_last;
    if (dialer->turn_last)
        dialer->turn_last->turn_next = conn;
    else
        dialer->turn_first = conn;
    dialer->turn_last = conn;
}

static void leave_list(struct conn *conn)
{
    struct dialer *dialer = conn->dialer;

    if (!conn->waiting)
        return;
    conn->waiting = false;
    if (conn->turn_before)
        conn->turn_before->turn_next = conn->turn_next;
    else
        dialer->turn_first = conn->turn_next;
    if (conn->turn_next)
        conn->turn_next->turn_before = conn->turn_before;
    else
        dialer->turn_last = conn->turn_before;
}

static nsec phase_limit(const struct conn *conn, enum conn_state state)
{
    switch (state) {
    case CONN_RESOLVE: return conn->dialer->dns_timeout;
    case CONN_CONNECT: return conn->dialer->connect_timeout;
    case CONN_HANDSHAKE: return conn->dialer->tls_timeout;
    default: return NSEC_NEVER;
    }
}

/* The handshake is over, or its turn is: the next in the list has one. */
static void pass_turn(struct conn *conn)
{
    struct dialer *dialer = conn->dialer;
    struct conn *next = dialer->turn_first;

    if (!conn->shaking)
        return;
    conn->shaking = false;
    loop_cancel(dialer->loop, &conn->turn);
    if (!next) {
        dialer->handshakes--;
        return;
    }
    leave_list(next);
    next->shaking = true;
    conn_yield(next);
}

static void on_turn_over(void *owner)
{
    pass_turn(owner);
}

/* The only place where the state changes while things go well; fail ends it. */
static void enter(struct conn *conn, enum conn_state state)
{
    nsec now = loop_clock(conn->dialer->loop);

    switch (conn->state) { /* what has just ended */
    case CONN_RESOLVE: conn->stamps.dns = conn->numeric ? 0 : now; break;
    case CONN_CONNECT: conn->stamps.connect = now; break;
    case CONN_TURN: conn->stamps.queued = conn->https ? now - conn->stamps.connect : 0; break;
    case CONN_HANDSHAKE:
        conn->stamps.tls = conn->https ? now : 0;
        pass_turn(conn);
        break;
    default: break;
    }
    conn->state = state;
    loop_arm(conn->dialer->loop, &conn->deadline, clock_after(now, phase_limit(conn, state)));
    if (conn->shaking)
        loop_arm(conn->dialer->loop, &conn->turn, now + DIAL_HANDSHAKE_TURN);
}

static enum step fail(struct conn *conn, enum error error, const char *detail)
{
    conn->error = error;
    conn->detail = detail;
    conn->phase = conn_phase(conn);
    conn->state = CONN_CLOSED;
    return STEP_ON;
}

static void take_addresses(struct conn *conn, const struct address *addresses, size_t count)
{
    conn->addresses = memory_get(count * sizeof(*addresses));
    memcpy(conn->addresses, addresses, count * sizeof(*addresses));
    conn->address_count = count;
}

static void on_resolved(void *owner, enum resolve_status status, const struct address *addresses,
                        size_t count)
{
    struct conn *conn = owner;

    conn->lookup = NULL;
    if (status == RESOLVE_OK)
        take_addresses(conn, addresses, count);
    else
        fail(conn, error_of_lookup(status), NULL);
    conn_drive(conn);
}

static void on_ready(void *owner, uint32_t events)
{
    struct conn *conn = owner;

    sock_note(conn->sock, events);
    conn_drive(conn);
}

static void on_deadline(void *owner)
{
    struct conn *conn = owner;

    switch (conn->state) {
    case CONN_RESOLVE: fail(conn, ERROR_DNS_TIMEOUT, NULL); break;
    case CONN_CONNECT: fail(conn, ERROR_CONNECT_TIMEOUT, NULL); break;
    default: fail(conn, ERROR_TLS_TIMEOUT, NULL); break;
    }
    conn_drive(conn);
}

static enum step step_resolve(struct conn *conn)
{
    struct address literal;

    if (!conn->addresses && !conn->lookup) {
        if (conn->numeric && address_parse(&literal, conn->host, 0))
            take_addresses(conn, &literal, 1);
        else
            conn->lookup = resolver_lookup(conn->dialer->resolver, conn->host, on_resolved, conn);
    }
    if (!conn->addresses)
        return STEP_WAIT;
    enter(conn, CONN_CONNECT);
    return STEP_ON;
}

/* Starts towards the next address that can be tried at all; `error` is that of the one before. */
static enum step try_next(struct conn *conn, int error)
{
    while (!conn->sock && conn->address_next < conn->address_count) {
        conn->address = conn->addresses[conn->address_next++];
        dial_aim(conn->dialer, &conn->address, conn->https, conn->port, conn->numeric);
        conn->sock = sock_connect(conn->dialer->loop, &conn->address, on_ready, conn, &error);
    }
    return conn->sock ? STEP_WAIT : fail(conn, error_of_connect(error), errno_words(error));
}

static enum step step_connect(struct conn *conn)
{
    int error;

    if (!conn->sock)
        return try_next(conn, 0);
    if (!conn->sock->writable && !conn->sock->ended)
        return STEP_WAIT;
    error = sock_connected(conn->sock);
    if (error) {
        sock_close(conn->sock, conn->dialer->loop);
        conn->sock = NULL;
        return try_next(conn, error);
    }
    enter(conn, CONN_TURN);
    return STEP_ON;
}

/* The turn is given by the one that finishes before; what is plain needs none. */
static enum step step_turn(struct conn *conn)
{
    struct dialer *dialer = conn->dialer;

    if (conn->https && !conn->shaking) {
        if (!conn->waiting && dialer->handshakes == DIAL_MOST_HANDSHAKES)
            join_list(conn);
        if (conn->waiting)
            return STEP_WAIT;
        dialer->handshakes++;
        conn->shaking = true;
    }
    enter(conn, CONN_HANDSHAKE);
    return STEP_ON;
}

static enum step step_handshake(struct conn *conn)
{
    struct io io;

    if (!conn->transport)
        conn->transport = conn->dialer->open(conn->dialer->open_owner, conn->sock, conn->host,
                                             conn->port, conn->https);
    if (!conn->transport)
        return fail(conn, ERROR_TLS_FAILED, "TLS cannot start");
    io = conn->transport->calls->handshake(conn->transport);
    switch (io.status) {
    case IO_OK: enter(conn, CONN_OPEN); return STEP_ON;
    case IO_EOF: return fail(conn, ERROR_TLS_CLOSED, NULL);
    case IO_ERROR:
        return fail(conn, error_of_handshake(io.error),
                    conn->transport->why ? conn->transport->why : errno_words(io.error));
    default: return STEP_WAIT;
    }
}

static enum step run(struct conn *conn)
{
    switch (conn->state) {
    case CONN_RESOLVE: return step_resolve(conn);
    case CONN_CONNECT: return step_connect(conn);
    case CONN_TURN: return step_turn(conn);
    case CONN_HANDSHAKE: return step_handshake(conn);
    case CONN_OPEN:
    case CONN_CLOSED: break;
    }
    return STEP_WAIT;
}

/* Every event enters here; the user hears of it once, when the machine has come to rest. */
static void conn_drive(struct conn *conn)
{
    while (run(conn) == STEP_ON)
        ;
    if (conn->state >= CONN_OPEN)
        conn->wake(conn->owner);
}

struct conn *conn_new(struct dialer *dialer, const struct url *url, void (*wake)(void *owner),
                      void *owner)
{
    struct conn *conn = memory_zeroed(sizeof(*conn));
    nsec now = loop_clock(dialer->loop);

    conn->dialer = dialer;
    conn->wake = wake;
    conn->owner = owner;
    conn->host = memory_text(url->host, strlen(url->host));
    conn->port = url->port;
    conn->https = url->https;
    conn->numeric = url->numeric;
    conn->stamps.start = now;
    timer_init(&conn->deadline, on_deadline, conn);
    timer_init(&conn->turn, on_turn_over, conn);
    loop_arm(dialer->loop, &conn->deadline, clock_after(now, dialer->dns_timeout));
    while (run(conn) == STEP_ON)
        ;
    return conn;
}

bool conn_fits(const struct conn *conn, const struct url *url)
{
    return conn->port == url->port && conn->https == url->https && !strcmp(conn->host, url->host);
}

enum phase conn_phase(const struct conn *conn)
{
    switch (conn->state) {
    case CONN_RESOLVE: return PHASE_DNS;
    case CONN_CONNECT: return PHASE_CONNECT;
    case CONN_TURN: return PHASE_BLOCKED;
    case CONN_HANDSHAKE: return PHASE_TLS;
    case CONN_OPEN: return PHASE_SEND;
    case CONN_CLOSED: break;
    }
    return conn->phase;
}

struct io conn_write(struct conn *conn, const void *bytes, size_t count)
{
    return conn->transport->calls->write(conn->transport, bytes, count);
}

struct io conn_read(struct conn *conn, const unsigned char **bytes)
{
    unsigned char *buffer = loop_buffer(conn->dialer->loop);

    *bytes = buffer;
    return conn->transport->calls->read(conn->transport, buffer, LOOP_BUFFER_BYTES);
}

void conn_yield(struct conn *conn)
{
    loop_again(conn->dialer->loop, &conn->sock->watch, 0);
}

static void bury(void *owner)
{
    struct conn *conn = owner;

    free(conn->host);
    free(conn->addresses);
    free(conn);
}

void conn_close(struct conn *conn)
{
    struct loop *loop = conn->dialer->loop;

    conn->state = CONN_CLOSED;
    leave_list(conn);
    pass_turn(conn);
    if (conn->lookup)
        lookup_detach(conn->lookup);
    loop_cancel(loop, &conn->deadline);
    if (conn->transport)
        conn->transport->calls->close(conn->transport);
    sock_close(conn->sock, loop);
    loop_bury(loop, &conn->grave, bury, conn);
}

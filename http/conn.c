/*
 * The connection's machine: DIALLING, OPEN, CLOSED. The dial is a machine of its own (http/dial/dial.c);
 * when it ends, what it opened passes to the connection, and it is freed: a connection that is held has
 * nothing of it.
 */
#include "http/conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MOST_QUIET_READS 4 /* an extra line end may come in pieces */

bool conn_asks_proxy(const struct conn *conn)
{
    return proxy_forwards(conn->proxy, conn->https);
}

static void drop_dial(struct conn *conn)
{
    dial_free(conn->dial);
    conn->dial = NULL;
}

static void on_ready(void *owner, uint32_t events)
{
    struct conn *conn = owner;

    sock_note(conn->sock, events);
    conn->wake(conn->owner);
}

/* The dial has ended: what it opened is the connection's. */
static void take_over(struct conn *conn)
{
    struct dial *dial = conn->dial;
    struct dialled dialled;

    if (dial->state == DIAL_FAILED) {
        conn->state = CONN_CLOSED;
        return;
    }
    dialled = dial_take(dial);
    conn->host = dialled.host;
    conn->sock = dialled.sock;
    watch_pass(&conn->sock->watch, on_ready, conn, "connection");
    conn->transport = dialled.transport;
    conn->address = dial->address;
    conn->state = CONN_OPEN;
}

static void on_dialled(void *owner)
{
    struct conn *conn = owner;

    take_over(conn);
    conn->wake(conn->owner);
    if (conn->state == CONN_OPEN)
        drop_dial(conn);
}

struct conn *conn_new(struct dialer *dialer, const struct url *url, void (*wake)(void *owner),
                      void *owner)
{
    struct conn *conn = memory_zeroed(sizeof(*conn));

    conn->dialer = dialer;
    conn->wake = wake;
    conn->owner = owner;
    conn->dial = dial_new(dialer, url, on_dialled, conn);
    conn->number = conn->dial->number;
    conn->port = url->port;
    conn->https = url->https;
    conn->proxy = conn->dial->proxy;
    if (conn->dial->state == DIAL_FAILED)
        conn->state = CONN_CLOSED;
    return conn;
}

bool conn_fits(const struct conn *conn, const struct url *url)
{
    return conn->port == url->port && conn->https == url->https && !strcmp(conn->host, url->host);
}

const struct sock *conn_sock(const struct conn *conn)
{
    return conn->state == CONN_OPEN ? conn->sock : conn->dial->sock;
}

enum phase conn_phase(const struct conn *conn)
{
    return conn->state == CONN_OPEN ? PHASE_SEND : dial_phase(conn->dial);
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

bool conn_is_quiet(struct conn *conn)
{
    for (int reads = 0; reads < MOST_QUIET_READS; reads++) {
        const unsigned char *bytes;
        struct io io = conn_read(conn, &bytes);

        if (io.status != IO_OK)
            return io.status == IO_WANT_READ;
        if (http1_extra_line_ends(bytes, io.count) < io.count)
            return false;
    }
    return false;
}

void conn_yield(struct conn *conn)
{
    loop_again(conn->dialer->loop, &conn->sock->watch, 0);
}

static void free_conn(void *owner)
{
    struct conn *conn = owner;

    http1_free(&conn->http1);
    free(conn->host);
    free(conn);
}

void conn_close(struct conn *conn)
{
    struct loop *loop = conn->dialer->loop;

    conn->state = CONN_CLOSED;
    drop_dial(conn);
    loop_cancel(loop, &conn->deadline);
    if (conn->transport)
        conn->transport->calls->close(conn->transport);
    sock_close(conn->sock, loop);
    loop_bury(loop, &conn->grave, free_conn, conn);
}

/*
 * An HTTP/2 connection without socket: a test feeds received bytes, and decides how much of the
 * output is written. It does what http/conn.c does around the protocol. A header alone, because the
 * fuzz targets are not linked with the other helpers.
 */
#ifndef SUPPORT_H2_CONN_H
#define SUPPORT_H2_CONN_H

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/conn.h"
#include "http/h2/h2.h"

#define H2_CONN_OUT_BYTES (256 * 1024)

struct h2_conn {
    struct conn *conn; /* its `owner` is NULL after conn_close */
    struct dialer dialer;
    struct sock sock; /* the server has not ended its direction */
    struct conn_options options;
    struct protocol_counters counters;
    unsigned char out[H2_CONN_OUT_BYTES]; /* the first bytes that were written */
    size_t out_bytes;
};

static inline void h2_conn_open(struct h2_conn *one, struct loop *loop)
{
    struct conn *conn = memory_zeroed(sizeof(*conn) + h2_protocol.session_bytes);

    memset(one, 0, sizeof(*one));
    one->conn = conn;
    one->options.counters = &one->counters;
    conn->loop = loop;
    conn->dialer = &one->dialer;
    conn->sock = &one->sock;
    conn->options = &one->options;
    conn->protocol = &h2_protocol;
    conn->owner = one;
    conn->call_depth = 1; /* always inside an event: conn_flush does nothing */
    h2_protocol.open(conn);
}

/* Writes at most `room` bytes of the output. Returns how many. */
static inline size_t h2_conn_write(struct h2_conn *one, size_t room)
{
    struct conn *conn = one->conn;
    size_t total = 0, count;
    const char *bytes;

    while (conn->state != CONN_CLOSED || conn->finished) {
        size_t kept = sizeof(one->out) - one->out_bytes;

        bytes = h2_protocol.output(conn, &count);
        if (!bytes)
            break;
        count = count < room - total ? count : room - total;
        kept = count < kept ? count : kept;
        memcpy(one->out + one->out_bytes, bytes, kept);
        one->out_bytes += kept;
        total += count;
        h2_protocol.sent(conn, count);
        if (!count)
            break;
    }
    return total;
}

/* Carries out what the events requested. */
static inline void h2_conn_settle(struct h2_conn *one)
{
    struct conn *conn = one->conn;

    if (conn->state == CONN_DRAINING && !conn->streams)
        conn_fail(conn, ERROR_NONE, NULL);
    if (conn->state != CONN_CLOSED || conn->finished)
        return;
    conn->finished = true;
    h2_protocol.close(conn, conn->error, conn->detail);
    h2_conn_write(one, SIZE_MAX);
}

static inline void h2_conn_receive(struct h2_conn *one, const void *bytes, size_t count)
{
    const struct arrival arrival = {.at = loop_clock(one->conn->loop)};

    if (one->conn->state == CONN_CLOSED)
        return;
    h2_protocol.receive(one->conn, bytes, count, &arrival);
    h2_conn_settle(one);
}

/* The server ends its direction. */
static inline void h2_conn_receive_end(struct h2_conn *one)
{
    struct transport transport = {.why = NULL};

    if (one->conn->state == CONN_CLOSED)
        return;
    one->conn->transport = &transport;
    h2_protocol.receive(one->conn, NULL, 0, NULL);
    one->conn->transport = NULL;
    h2_conn_settle(one);
}

/* Closes the connection if it is open: its streams end. */
static inline void h2_conn_free(struct h2_conn *one)
{
    conn_fail(one->conn, ERROR_TRUNCATED, NULL);
    h2_conn_settle(one);
    free(one->dialer.scratch);
    free(one->conn);
}

#endif

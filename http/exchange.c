/*
 * The exchange's machine: QUEUED, CONNECTING, SEND, HEAD, BODY, DONE. Every event enters
 * exchange_drive: the connection woke, a deadline passed. One function changes the state, stamps the
 * time and sets the deadline; one finishes, and reports.
 */
#include "http/exchange.h"

#include <stdlib.h>

#include "http/request.h"

/* A connection with more to read than this yields, so that the others get their turn. */
#define READS_A_TURN 16

enum step {
    STEP_WAIT, /* nothing more to do until an event comes */
    STEP_ON,   /* the state changed: go on */
    STEP_OVER, /* reported: the exchange may be gone */
};

static void on_wake(void *owner);

static nsec now(const struct exchange *exchange)
{
    return loop_clock(exchange->dialer->loop);
}

static void set_deadline(struct exchange *exchange, nsec limit)
{
    if (limit > exchange->total_deadline)
        limit = exchange->total_deadline;
    if (limit != exchange->deadline.deadline || exchange->deadline.state == TIMER_IDLE)
        loop_arm(exchange->dialer->loop, &exchange->deadline, limit);
}

/* The only place where the state changes before the end. A state that is entered again, after a
   dead kept connection, is stamped anew. */
static void enter(struct exchange *exchange, enum exchange_state state)
{
    struct stamps *stamps = &exchange->result.stamps;
    nsec limit = NSEC_NEVER, at = now(exchange);

    switch (state) {
    case EXCHANGE_CONNECTING:
        if (!stamps->start)
            stamps->start = at;
        stamps->send = 0;
        break;
    case EXCHANGE_HEAD:
        stamps->send = at;
        limit = clock_after(at, exchange->ttfb_timeout);
        break;
    case EXCHANGE_BODY: stamps->head = at; break;
    default: break;
    }
    exchange->state = state;
    set_deadline(exchange, limit);
}

/* The only end: the connection is kept or closed, the result reported. */
static enum step finish(struct exchange *exchange, bool keep)
{
    struct result *result = &exchange->result;
    struct conn *conn = exchange->conn;

    result->stamps.done = now(exchange);
    loop_cancel(exchange->dialer->loop, &exchange->deadline);
    exchange->conn = NULL;
    exchange->state = EXCHANGE_DONE;
    free(exchange->request);
    exchange->request = NULL;
    if (conn && keep)
        pool_keep(exchange->pool, conn);
    else if (conn)
        conn_close(conn);
    exchange->done(exchange->owner, result);
    return STEP_OVER;
}

/* Copies what the connection knows. */
static void note_connection(struct exchange *exchange)
{
    struct result *result = &exchange->result;
    const struct conn *conn = exchange->conn;

    result->address = conn->address;
    if (!exchange->kept) {
        result->stamps.dns = conn->stamps.dns;
        result->stamps.connect = conn->stamps.connect;
        result->stamps.queued = conn->stamps.queued;
        result->stamps.tls = conn->stamps.tls;
    }
}

static enum step fail(struct exchange *exchange, enum error error, const char *detail)
{
    static const enum phase phases[] = {
        [EXCHANGE_QUEUED] = PHASE_BLOCKED, [EXCHANGE_CONNECTING] = PHASE_DNS,
        [EXCHANGE_SEND] = PHASE_SEND,      [EXCHANGE_HEAD] = PHASE_WAIT,
        [EXCHANGE_BODY] = PHASE_RECEIVE,   [EXCHANGE_DONE] = PHASE_RECEIVE,
    };
    struct result *result = &exchange->result;

    result->error = error;
    result->detail = detail;
    result->phase = phases[exchange->state];
    if (exchange->state == EXCHANGE_CONNECTING && exchange->conn) {
        note_connection(exchange); /* it may have come further since it was noted */
        result->phase = conn_phase(exchange->conn);
    }
    if (exchange->state == EXCHANGE_HEAD && result->stamps.first_byte)
        result->phase = PHASE_RECEIVE;
    return finish(exchange, false);
}

/* Called before a byte of the answer came: a kept connection that dies so is replaced, once. */
static enum step fail_or_retry(struct exchange *exchange, enum error error, const char *detail)
{
    if (!exchange->kept || exchange->retried)
        return fail(exchange, error, detail);
    exchange->retried = true;
    conn_close(exchange->conn);
    exchange->conn = NULL;
    exchange->sent = 0;
    exchange->send_error = 0;
    exchange->result.tls = (struct tls_facts){NULL, NULL};
    enter(exchange, EXCHANGE_CONNECTING);
    return STEP_ON;
}

static void on_head(void *owner, const struct http1 *http1)
{
    struct exchange *exchange = owner;

    exchange->result.status = http1->status;
    exchange->result.major = http1->major;
    exchange->result.minor = http1->minor;
    enter(exchange, EXCHANGE_BODY);
}

static void on_body(void *owner, const char *bytes, size_t count)
{
    struct exchange *exchange = owner;

    result_add_body(&exchange->result, bytes, count);
}

static enum step step_connecting(struct exchange *exchange)
{
    static const struct http1_events events = {.head = on_head, .body = on_body};
    const struct site *site = exchange->site;

    if (!exchange->conn && !exchange->retried)
        exchange->conn = pool_take(exchange->pool, &site->url, on_wake, exchange);
    if (!exchange->conn)
        exchange->conn = conn_new(exchange->dialer, &site->url, on_wake, exchange);
    exchange->kept = exchange->conn->served;
    note_connection(exchange);
    if (exchange->conn->state == CONN_CLOSED)
        return fail(exchange, exchange->conn->error, exchange->conn->detail);
    if (exchange->conn->state != CONN_OPEN)
        return STEP_WAIT;
    exchange->conn->transport->calls->facts(exchange->conn->transport, &exchange->result.tls);
    http1_start_answer(&exchange->conn->http1, site->head, &events, exchange);
    enter(exchange, EXCHANGE_SEND);
    return STEP_ON;
}

/* Sends what goes. A failure is kept for later: the server may have answered before it hung up. */
static struct io send_some(struct exchange *exchange)
{
    struct io io = {.status = IO_OK};

    while (exchange->sent < exchange->request_bytes && io.status == IO_OK) {
        io = conn_write(exchange->conn, exchange->request + exchange->sent,
                        exchange->request_bytes - exchange->sent);
        exchange->sent += io.count;
    }
    if (io.status == IO_ERROR) {
        exchange->send_error = io.error;
        exchange->send_detail = exchange->conn->transport->why;
    }
    return io;
}

/* Nothing follows the answer; what does would be taken for the next one. After a short receive this
   costs no system call. */
static bool is_quiet(struct conn *conn)
{
    const unsigned char *bytes;

    return conn_read(conn, &bytes).status == IO_WANT_READ;
}

/* The answer's end in the parser's words. */
static enum step conclude(struct exchange *exchange, enum http1_status status, bool all_used)
{
    const struct http1 *http1 = &exchange->conn->http1;

    switch (status) {
    case HTTP1_MORE: return STEP_ON;
    case HTTP1_DONE:
        exchange->conn->served = true;
        return finish(exchange, http1->keep_alive && all_used &&
                                    exchange->sent == exchange->request_bytes &&
                                    !exchange->conn->sock->ended && is_quiet(exchange->conn));
    default: break;
    }
    return fail(exchange, error_of_http1(status),
                status == HTTP1_MALFORMED ? http1_why(http1) : NULL);
}

/* The end before a byte of the answer: where sending failed before, that is what is told. */
static enum step unanswered(struct exchange *exchange, enum error error, const char *detail)
{
    int reason = exchange->send_error;

    if (!reason)
        return fail_or_retry(exchange, error, detail);
    return fail_or_retry(exchange, error_of_send(reason),
                         exchange->send_detail ? exchange->send_detail : errno_words(reason));
}

/* The connection came to its end in order: that may close the body. */
static enum step at_end(struct exchange *exchange)
{
    if (!exchange->result.stamps.first_byte)
        return unanswered(exchange, ERROR_EMPTY, NULL);
    return conclude(exchange, http1_finish(&exchange->conn->http1), true);
}

static enum step at_error(struct exchange *exchange, int reason)
{
    const char *why = exchange->conn->transport->why;
    bool any_byte = exchange->result.stamps.first_byte;
    enum error error = error_of_receive(reason, any_byte);

    if (!why)
        why = errno_words(reason);
    return any_byte ? fail(exchange, error, why) : unanswered(exchange, error, why);
}

/* Reads once. STEP_ON: there may be more. */
static enum step receive(struct exchange *exchange)
{
    struct stamps *stamps = &exchange->result.stamps;
    struct conn *conn = exchange->conn;
    const unsigned char *bytes;
    struct io io = conn_read(conn, &bytes);
    enum http1_status status;
    size_t used;

    switch (io.status) {
    case IO_OK: break;
    case IO_EOF: return at_end(exchange);
    case IO_ERROR: return at_error(exchange, io.error);
    default: return STEP_WAIT;
    }
    if (!stamps->first_byte) {
        if (exchange->state == EXCHANGE_SEND) /* it answers before it has heard all */
            enter(exchange, EXCHANGE_HEAD);
        stamps->first_byte = now(exchange);
        set_deadline(exchange, NSEC_NEVER);
    }
    status = http1_feed(&conn->http1, bytes, io.count, &used);
    return conclude(exchange, status, used == io.count);
}

static enum step step_send(struct exchange *exchange)
{
    struct io io = send_some(exchange);
    enum step step;

    if (exchange->sent == exchange->request_bytes) {
        enter(exchange, EXCHANGE_HEAD);
        return STEP_ON;
    }
    step = receive(exchange);
    if (step == STEP_WAIT && io.status == IO_ERROR)
        return unanswered(exchange, ERROR_EMPTY, NULL);
    return step;
}

/* Head and body are read alike: the parser tells where one ends and the other begins. */
static enum step step_receive(struct exchange *exchange, int reads)
{
    if (exchange->sent < exchange->request_bytes && !exchange->send_error)
        send_some(exchange);
    if (reads < READS_A_TURN)
        return receive(exchange);
    conn_yield(exchange->conn);
    return STEP_WAIT;
}

static void exchange_drive(struct exchange *exchange)
{
    enum step step = STEP_ON;

    for (int reads = 0; step == STEP_ON;) {
        switch (exchange->state) {
        case EXCHANGE_QUEUED: enter(exchange, EXCHANGE_CONNECTING); break;
        case EXCHANGE_CONNECTING: step = step_connecting(exchange); break;
        case EXCHANGE_SEND: step = step_send(exchange); break;
        case EXCHANGE_HEAD:
        case EXCHANGE_BODY: step = step_receive(exchange, reads++); break;
        case EXCHANGE_DONE: return;
        }
    }
}

static void on_wake(void *owner)
{
    exchange_drive(owner);
}

static void on_deadline(void *owner)
{
    struct exchange *exchange = owner;
    bool total = exchange->deadline.deadline >= exchange->total_deadline;

    fail(exchange, total ? ERROR_TOTAL_TIMEOUT : ERROR_TTFB_TIMEOUT, NULL);
}

void exchange_init(struct exchange *exchange, struct dialer *dialer, struct pool *pool,
                   const struct site *site, nsec ttfb_timeout)
{
    *exchange = (struct exchange){
        .dialer = dialer,
        .pool = pool,
        .site = site,
        .ttfb_timeout = ttfb_timeout,
        .total_deadline = NSEC_NEVER,
        .result = {.site = site, .stamps.taken = loop_clock(dialer->loop)},
    };
    timer_init(&exchange->deadline, on_deadline, exchange);
}

void exchange_start(struct exchange *exchange, void (*done)(void *owner, const struct result *),
                    void *owner)
{
    exchange->done = done;
    exchange->owner = owner;
    exchange->request = request_build(exchange->site, &exchange->request_bytes);
    exchange->total_deadline = clock_after(now(exchange), exchange->site->timeout);
    exchange_drive(exchange);
}

void exchange_abort(struct exchange *exchange)
{
    loop_cancel(exchange->dialer->loop, &exchange->deadline);
    if (exchange->conn)
        conn_close(exchange->conn);
    exchange->conn = NULL;
    free(exchange->request);
    exchange->request = NULL;
    exchange->state = EXCHANGE_DONE;
}

/*
 * The exchange's machine: QUEUED, CONNECTING, SEND, HEAD, BODY, DONE. Every event enters
 * exchange_drive: the connection woke, a deadline passed. One function changes the state, stamps the
 * time and sets the deadline; one finishes, and reports.
 */
#include "http/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/fields.h"

/* Content up to this size goes out in one block with the head, in one send. */
#define MOST_JOINED_BYTES (64 * 1024)

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

/* What is told when the request goes out: on what connection, and the request itself. */
static void tell_request(const struct exchange *exchange)
{
    const struct trace *trace = exchange->dialer->trace;
    const struct conn *conn = exchange->conn;
    const struct tls_facts *tls = &exchange->result.tls;
    const struct tls_certificate *certificate = tls->certificate;

    if (exchange->kept)
        trace_note(trace, conn->number, "reusing the connection to %s", conn->host);
    else if (tls->version)
        trace_note(trace, conn->number, "%s, %s, ALPN %s%s", tls->version, tls->cipher,
                   *tls->alpn ? tls->alpn : "none", tls->resumed ? ", resumed" : "");
    if (!exchange->kept && certificate)
        trace_note(trace, conn->number, "certificate of %s, issued by %s", certificate->subject,
                   certificate->issuer);
    trace_block(trace, conn->number, TRACE_REQUEST, exchange->block);
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
        limit = clock_after(at, exchange->options->ttfb_timeout);
        break;
    case EXCHANGE_BODY: stamps->head = at; break;
    default: break;
    }
    exchange->state = state;
    set_deadline(exchange, limit);
}

static bool is_refused_by_proxy(const struct exchange *exchange)
{
    return exchange->result.status == 407 && conn_asks_proxy(exchange->conn);
}

/* The only end: `leave` takes the connection over, or (NULL) it is closed; the result is reported. */
static enum step finish(struct exchange *exchange,
                        void (*leave)(struct pool *pool, struct conn *conn))
{
    struct result *result = &exchange->result;
    struct conn *conn = exchange->conn;
    enum error error = answer_finish(&exchange->answer, !result->error && !result->truncated);

    if (error && !result->error) {
        result->error = error;
        result->phase = PHASE_RECEIVE;
        result->detail = result->coding;
    } else if (!result->error && is_refused_by_proxy(exchange)) {
        result->error = ERROR_PROXY_AUTH; /* no site says so (RFC 9110, section 15.5.8) */
        result->phase = PHASE_RECEIVE;
    }
    if (exchange->options->tcp_facts && conn && conn_sock(conn))
        result->tcp = sock_tcp_facts(conn_sock(conn));
    result->stamps.done = now(exchange);
    loop_cancel(exchange->dialer->loop, &exchange->deadline);
    exchange->conn = NULL;
    exchange->state = EXCHANGE_DONE;
    free(exchange->block);
    exchange->block = NULL;
    if (conn && leave && exchange->options->keep_alive)
        leave(exchange->pool, conn);
    else if (conn)
        conn_close(conn); /* its words stay until the end of the turn */
    exchange->done(exchange->owner, result);
    return STEP_OVER;
}

/* Copies what the connection and its dial know. */
static void note_connection(struct exchange *exchange)
{
    struct result *result = &exchange->result;
    const struct conn *conn = exchange->conn;
    const struct dial *dial = conn->dial;

    result->address = dial ? dial->address : conn->address;
    result->proxy = conn->proxy ? conn->proxy->shown : NULL;
    result->unix_socket = exchange->dialer->unix_socket;
    if (dial) {
        result->stamps.dns = dial->stamps.dns;
        result->stamps.connect = dial->stamps.connect;
        result->stamps.queued = dial->stamps.queued;
        result->stamps.tls = dial->stamps.tls;
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
    return finish(exchange, NULL);
}

/* A kept connection was of no use: goes on with a new one, once, as if nothing had come. */
static enum step replace(struct exchange *exchange)
{
    struct result *result = &exchange->result;

    exchange->retried = true;
    conn_close(exchange->conn);
    exchange->conn = NULL;
    exchange->sent = 0;
    exchange->send_error = 0;
    tls_certificate_drop(result->tls.certificate);
    result->tls = (struct tls_facts){0};
    result->status = result->major = result->minor = 0;
    result->body_bytes = 0;
    result->truncated = false;
    result->stamps.first_byte = result->stamps.head = 0;
    answer_free(&exchange->answer);
    enter(exchange, EXCHANGE_CONNECTING);
    return STEP_ON;
}

static bool may_be_replaced(const struct exchange *exchange)
{
    return exchange->kept && !exchange->retried;
}

/* Called before a byte of the answer came. */
static enum step fail_or_retry(struct exchange *exchange, enum error error, const char *detail)
{
    return may_be_replaced(exchange) ? replace(exchange) : fail(exchange, error, detail);
}

static void on_field(void *owner, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    struct exchange *exchange = owner;

    answer_field(&exchange->answer, name, name_bytes, value, value_bytes);
    trace_answer(exchange->dialer->trace, exchange->conn->number, "%.*s: %.*s", (int)name_bytes,
                 name, (int)value_bytes, value);
}

/* Asked for where there is a trace alone. */
static void on_status(void *owner, const struct http1 *http1, const char *reason,
                      size_t reason_bytes)
{
    const struct exchange *exchange = owner;

    trace_answer(exchange->dialer->trace, exchange->conn->number, "HTTP/%u.%u %u%s%.*s",
                 http1->major, http1->minor, http1->status, reason_bytes ? " " : "",
                 (int)reason_bytes, reason);
}

static void on_head(void *owner, const struct http1 *http1)
{
    struct exchange *exchange = owner;

    answer_head(&exchange->answer, http1);
    trace_answer(exchange->dialer->trace, exchange->conn->number, "%s", "");
    enter(exchange, EXCHANGE_BODY);
}

static void on_body(void *owner, const char *bytes, size_t count)
{
    struct exchange *exchange = owner;

    answer_body(&exchange->answer, bytes, count);
}

/* A connection stands: whatever is said on it from here on belongs to this exchange. */
static void start_talking(struct exchange *exchange)
{
    static const struct http1_events events = {.field = on_field, .head = on_head, .body = on_body};
    static const struct http1_events traced = {
        .field = on_field, .status = on_status, .head = on_head, .body = on_body};
    struct conn *conn = exchange->conn;
    struct answer *answer = &exchange->answer;

    conn->transport->calls->facts(conn->transport, &exchange->result.tls);
    http1_start_answer(&conn->http1, !strcmp(exchange->request.method, "HEAD"),
                       exchange->dialer->trace ? &traced : &events, exchange);
    answer_start(answer, &exchange->options->answer, &exchange->result);
    answer->jar = exchange->jar;
    answer->url = exchange->request.url;
    answer->unix_time = clock_unix_s();
}

/* Puts together what is sent; who is asked is known by now. */
static void make_block(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct content *content = request->content;
    const struct proxy *proxy = exchange->conn->proxy;
    size_t count = content ? content->count : 0;

    if (exchange->block)
        return;
    if (conn_asks_proxy(exchange->conn)) {
        request->absolute = true;
        request->proxy_user_info = proxy->user_info;
        request->proxy_user_info_bytes = proxy->user_info_bytes;
        request->proxy_authorization = proxy->authorization;
    } else if (proxies_any(exchange->dialer->proxies)) {
        request->past_proxy = true;
        if (fields_have(request->headers, "Proxy-Authorization"))
            trace_note(exchange->dialer->trace, exchange->conn->number,
                       "Proxy-Authorization is for a proxy, and not sent to the site");
    }
    exchange->block = request_build(request, &exchange->head_bytes);
    exchange->block_bytes = exchange->head_bytes;
    exchange->total_bytes = exchange->head_bytes + count;
    if (count && exchange->total_bytes <= MOST_JOINED_BYTES) {
        exchange->block = memory_grow(exchange->block, exchange->total_bytes + 1, 1);
        memcpy(exchange->block + exchange->head_bytes, content->bytes, count);
        exchange->block[exchange->total_bytes] = '\0';
        exchange->block_bytes = exchange->total_bytes;
    }
}

static struct conn *kept_connection(struct exchange *exchange)
{
    const struct request *request = &exchange->request;

    if (exchange->retried || !exchange->options->keep_alive ||
        !request_is_idempotent(request->method))
        return NULL;
    return pool_take(exchange->pool, request->url, on_wake, exchange);
}

static enum step step_connecting(struct exchange *exchange)
{
    if (!exchange->conn)
        exchange->conn = kept_connection(exchange);
    if (!exchange->conn)
        exchange->conn = conn_new(exchange->dialer, exchange->request.url, on_wake, exchange);
    exchange->kept = exchange->conn->served;
    note_connection(exchange);
    if (exchange->conn->state == CONN_CLOSED)
        return fail(exchange, exchange->conn->dial->error, exchange->conn->dial->detail);
    if (exchange->conn->state != CONN_OPEN)
        return STEP_WAIT;
    make_block(exchange);
    start_talking(exchange);
    enter(exchange, EXCHANGE_SEND);
    if (exchange->dialer->trace)
        tell_request(exchange);
    return STEP_ON;
}

/* What is to be sent next: the rest of the block, then of the content that is not in it. */
static const char *unsent(const struct exchange *exchange, size_t *count)
{
    if (exchange->sent < exchange->block_bytes) {
        *count = exchange->block_bytes - exchange->sent;
        return exchange->block + exchange->sent;
    }
    *count = exchange->total_bytes - exchange->sent;
    return exchange->request.content->bytes + (exchange->sent - exchange->head_bytes);
}

/* Sends what goes. A failure is kept for later: the server may have answered before it hung up. */
static struct io send_some(struct exchange *exchange)
{
    struct io io = {.status = IO_OK};

    while (exchange->sent < exchange->total_bytes && io.status == IO_OK) {
        size_t count;
        const char *bytes = unsent(exchange, &count);

        io = conn_write(exchange->conn, bytes, count);
        exchange->sent += io.count;
    }
    if (io.status == IO_ERROR) {
        exchange->send_error = io.error;
        exchange->send_detail = exchange->conn->transport->why;
    }
    return io;
}

/* The rest of the body is not wanted. */
static enum step hang_up(struct exchange *exchange)
{
    exchange->result.truncated = exchange->answer.previewed;
    return finish(exchange, NULL);
}

/* The head is there, of a redirect that will be followed: nothing more of it is needed. */
static bool needs_no_body(const struct exchange *exchange)
{
    return exchange->state == EXCHANGE_BODY && exchange->answer.redirect &&
           exchange->options->answer.follow;
}

/* No more can be read now, and what is needed is there. */
static enum step leave_body(struct exchange *exchange)
{
    return finish(exchange, exchange->sent == exchange->total_bytes ? pool_drain : NULL);
}

/* The server had waited for a request and gave up; our request came too late to be the one that its
   response is about (RFC 9110, section 15.5.9). */
static bool was_idle_too_long(const struct exchange *exchange)
{
    return exchange->state == EXCHANGE_BODY && exchange->result.status == 408 &&
           may_be_replaced(exchange);
}

/* The body ends here, and not as it should. */
static enum step break_off(struct exchange *exchange, enum error error, const char *detail)
{
    if (needs_no_body(exchange) || is_refused_by_proxy(exchange))
        return finish(exchange, NULL);
    return fail(exchange, error, detail);
}

/* What came on a kept connection is no response: it may be the rest of what the server sent behind the
   one before. */
static bool was_not_clean(const struct exchange *exchange, enum http1_status status)
{
    return status == HTTP1_MALFORMED && !exchange->conn->http1.head_done &&
           may_be_replaced(exchange);
}

/* The answer's end in the parser's words. */
static enum step conclude(struct exchange *exchange, enum http1_status status, bool all_used)
{
    const struct http1 *http1 = &exchange->conn->http1;
    bool whole = all_used && exchange->sent == exchange->total_bytes;
    bool idle = was_idle_too_long(exchange);

    if (idle || was_not_clean(exchange, status)) {
        trace_note(exchange->dialer->trace, exchange->conn->number,
                   idle ? "the connection had been idle for too long; once more on a new one"
                        : "the connection had bytes of no response; once more on a new one");
        return replace(exchange);
    }
    switch (status) {
    case HTTP1_MORE: return exchange->answer.enough ? hang_up(exchange) : STEP_ON;
    case HTTP1_DONE:
        exchange->conn->served = true;
        return finish(exchange, http1->keep_alive && whole && !exchange->conn->sock->ended &&
                                        conn_is_quiet(exchange->conn)
                                    ? pool_keep
                                    : NULL);
    default: break;
    }
    return break_off(exchange, error_of_http1(status),
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
    return any_byte ? break_off(exchange, error, why) : unanswered(exchange, error, why);
}

/* Reads once. STEP_ON: there may be more. */
static enum step receive(struct exchange *exchange)
{
    struct stamps *stamps = &exchange->result.stamps;
    struct conn *conn = exchange->conn;
    const unsigned char *bytes;
    struct io io = conn_read(conn, &bytes);
    enum http1_status status;
    size_t skipped = 0, used;

    switch (io.status) {
    case IO_OK: break;
    case IO_EOF: return at_end(exchange);
    case IO_ERROR: return at_error(exchange, io.error);
    default: return needs_no_body(exchange) ? leave_body(exchange) : STEP_WAIT;
    }
    if (!stamps->first_byte) {
        skipped = http1_skip_line_ends(&conn->http1, bytes, io.count);
        if (skipped == io.count)
            return STEP_ON;
        if (exchange->state == EXCHANGE_SEND) /* it answers before it has heard all */
            enter(exchange, EXCHANGE_HEAD);
        stamps->first_byte = now(exchange);
        set_deadline(exchange, NSEC_NEVER);
    }
    status = http1_feed(&conn->http1, bytes + skipped, io.count - skipped, &used);
    used += skipped;
    used += http1_extra_line_ends(bytes + used, io.count - used);
    return conclude(exchange, status, used == io.count);
}

static enum step step_send(struct exchange *exchange)
{
    struct io io = send_some(exchange);
    enum step step;

    if (exchange->sent == exchange->total_bytes) {
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
    if (exchange->sent < exchange->total_bytes && !exchange->send_error)
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

    break_off(exchange, total ? ERROR_TOTAL_TIMEOUT : ERROR_TTFB_TIMEOUT, NULL);
}

void exchange_init(struct exchange *exchange, struct dialer *dialer, struct pool *pool,
                   const struct exchange_options *options, const struct site *site)
{
    *exchange = (struct exchange){
        .dialer = dialer,
        .pool = pool,
        .options = options,
        .total_deadline = NSEC_NEVER,
        .result = {.site = site, .stamps.taken = loop_clock(dialer->loop)},
    };
    timer_init(&exchange->deadline, on_deadline, exchange, "exchange deadline");
}

void exchange_start(struct exchange *exchange, const struct request *request, nsec timeout,
                    struct cookies **jar, void (*done)(void *owner, const struct result *result),
                    void *owner)
{
    exchange->request = *request;
    exchange->request.closing = !exchange->options->keep_alive;
    exchange->jar = jar;
    exchange->done = done;
    exchange->owner = owner;
    exchange->result.url = request->url->shown;
    exchange->total_deadline = clock_after(now(exchange), timeout);
    exchange_drive(exchange);
}

void exchange_clear(struct exchange *exchange)
{
    loop_cancel(exchange->dialer->loop, &exchange->deadline);
    if (exchange->conn)
        conn_close(exchange->conn);
    exchange->conn = NULL;
    free(exchange->block);
    exchange->block = NULL;
    answer_free(&exchange->answer);
    tls_certificate_drop(exchange->result.tls.certificate);
    exchange->result.tls.certificate = NULL;
    exchange->state = EXCHANGE_DONE;
}

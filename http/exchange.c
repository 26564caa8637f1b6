/*
 * The exchange's state machine: QUEUED, CONNECTING, SEND, HEAD, BODY, DONE. It is driven by the
 * events of its wait for a connection, of its stream, and of its deadline. `enter` changes the
 * state, stamps the time and sets the deadline; `finish` reports.
 */
#include "http/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/fields.h"

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

/* The only place where the state changes. A state that is entered again, after a kept connection
   was replaced, gets a new stamp. */
static void enter(struct exchange *exchange, enum exchange_state state, nsec at)
{
    static const char *const names[] = {
        [EXCHANGE_QUEUED] = "queued", [EXCHANGE_CONNECTING] = "connecting",
        [EXCHANGE_SEND] = "send",     [EXCHANGE_HEAD] = "head",
        [EXCHANGE_BODY] = "body",     [EXCHANGE_DONE] = "done",
    };
    struct stamps *stamps = &exchange->result.stamps;
    nsec limit = NSEC_NEVER;

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
    case EXCHANGE_DONE: stamps->done = at; break;
    default: break;
    }
    probe_state(exchange->dialer->loop, "exchange", exchange->result.site->number + 1,
                names[exchange->state], names[state]);
    exchange->state = state;
    if (state < EXCHANGE_DONE)
        set_deadline(exchange, limit);
    else
        loop_cancel(exchange->dialer->loop, &exchange->deadline);
}

/* --- the end --- */

static bool is_refused_by_proxy(const struct exchange *exchange)
{
    return exchange->result.status == 407 && exchange->conn->is_forwarded;
}

/* The socket of the connection or the dial; NULL: none. */
static const struct sock *socket_of(const struct exchange *exchange, const struct dial *dial)
{
    if (exchange->conn)
        return exchange->conn->sock;
    return dial ? dial->sock : NULL;
}

/* Cancels the wait or the stream. */
static void release_all(struct exchange *exchange)
{
    pool_cancel(&exchange->wait);
    if (stream_is_submitted(&exchange->stream))
        conn_cancel(&exchange->stream, ERROR_EMPTY);
    exchange->conn = NULL;
}

/* Ends the exchange and reports the result. `reusable`: the connection may be used again. */
static void finish(struct exchange *exchange, bool reusable, const struct dial *dial)
{
    struct result *result = &exchange->result;
    enum error error = response_finish(&exchange->response, !result->error && !result->truncated);
    const struct sock *sock = socket_of(exchange, dial);

    if (error && !result->error) {
        result->error = error;
        result->phase = PHASE_RECEIVE;
        result->detail = result->coding;
    } else if (!result->error && is_refused_by_proxy(exchange)) {
        result->error = ERROR_PROXY_AUTH; /* only a proxy sends it (RFC 9110, section 15.5.8) */
        result->phase = PHASE_RECEIVE;
    }
    if (exchange->options->tcp_facts && sock)
        result->tcp = sock_tcp_facts(sock);
    enter(exchange, EXCHANGE_DONE, now(exchange));
    if (exchange->conn && !stream_is_submitted(&exchange->stream))
        pool_release(exchange->conn, reusable);
    release_all(exchange);
    exchange->done(exchange->owner, result);
}

/* A stamp of the dial; 0: it is older than this exchange. */
static nsec stamp_since(nsec stamp, nsec start)
{
    return stamp < start ? 0 : stamp;
}

static void copy_stamps(struct exchange *exchange, const struct dial *dial)
{
    struct stamps *stamps = &exchange->result.stamps;

    if (exchange->wait.waited)
        stamps->assigned = stamp_since(dial->stamps.start, stamps->start);
    stamps->dns = stamp_since(dial->stamps.dns, stamps->start);
    stamps->connect = stamp_since(dial->stamps.connect, stamps->start);
    stamps->queued = dial->stamps.queued;
    stamps->tls = stamp_since(dial->stamps.tls, stamps->start);
}

/* The exchange has waited for a connection that another one dialled. Stamps of its own dial, for a
   request that was refused, would be older than the end of this wait. */
static void note_wait(struct exchange *exchange)
{
    struct stamps *stamps = &exchange->result.stamps;

    stamps->assigned = exchange->began;
    stamps->dns = stamps->connect = stamps->queued = stamps->tls = 0;
}

static void fail(struct exchange *exchange, enum error error, const char *detail,
                 const struct dial *dial)
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
    if (exchange->state == EXCHANGE_CONNECTING && !dial) {
        result->phase = PHASE_BLOCKED; /* it was waiting for a connection */
    } else if (exchange->state == EXCHANGE_CONNECTING) {
        result->address = dial->address;
        result->proxy = dial->proxy ? dial->proxy->shown : NULL;
        result->phase = PHASE_BLOCKED;
        if (exchange->wait.began_dial) {
            copy_stamps(exchange, dial);
            result->phase = dial_phase(dial);
        }
    }
    if (exchange->state == EXCHANGE_HEAD && result->stamps.first_byte)
        result->phase = PHASE_RECEIVE;
    finish(exchange, false, dial);
}

/* Whether the head of a followed redirect is complete: the body is not needed. */
static bool needs_no_body(const struct exchange *exchange)
{
    return exchange->state == EXCHANGE_BODY && exchange->response.redirect &&
           exchange->options->response.follow;
}

/* The response ends prematurely. */
static void break_off(struct exchange *exchange, enum error error, const char *detail)
{
    if (needs_no_body(exchange) || (exchange->conn && is_refused_by_proxy(exchange)))
        finish(exchange, false, NULL);
    else
        fail(exchange, error, detail, pool_wait_dial(&exchange->wait));
}

/* --- a connection --- */

static void request_stream(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    enum pool_use use = POOL_ANY;

    if (!exchange->options->keep_alive)
        use = POOL_OWN;
    else if (exchange->replayed || !request_is_idempotent(request->method))
        use = POOL_UNUSED;
    enter(exchange, EXCHANGE_CONNECTING, now(exchange));
    exchange->wait.waited = false;
    pool_request(exchange->pool, &exchange->wait, exchange->dialer, request->url, use);
}

/* Whether a failure may be due to a kept connection of HTTP/1.1. */
static bool is_replaceable(const struct exchange *exchange)
{
    return exchange->kept && !exchange->replayed && !exchange->conn->protocol->multiplexed;
}

/* Repeats the request once, on another connection or another stream, and discards the state of the
   failed attempt. */
static void replace(struct exchange *exchange, const char *why)
{
    struct result *result = &exchange->result;

    if (why)
        probe_line(exchange->dialer->loop, exchange->conn->number, PROBE_NOTE, "%s", why);
    exchange->replayed = true;
    if (!stream_is_submitted(&exchange->stream))
        pool_release(exchange->conn, false);
    release_all(exchange);
    tls_certificate_drop(result->tls.certificate);
    result->tls = (struct tls_facts){0};
    result->status = result->major = result->minor = 0;
    result->connection = result->requests_before = result->stream = 0;
    result->body_bytes = 0;
    result->truncated = false;
    result->stamps.first_byte = result->stamps.head = 0;
    response_free(&exchange->response);
    request_stream(exchange);
}

/* Reports the connection of the request for -v. */
static void report_connection(const struct exchange *exchange)
{
    const struct conn *conn = exchange->conn;
    const struct tls_facts *tls = &exchange->result.tls;
    const struct tls_certificate *certificate = tls->certificate;

    if (conn->requests)
        probe_line(conn->loop, conn->number, PROBE_NOTE, "reusing the connection to %s",
                   conn->host);
    else if (tls->version)
        probe_line(conn->loop, conn->number, PROBE_NOTE, "%s, %s, ALPN %s%s", tls->version,
                   tls->cipher, *tls->alpn ? tls->alpn : "none", tls->resumed ? ", resumed" : "");
    if (!conn->requests && certificate)
        probe_line(conn->loop, conn->number, PROBE_NOTE, "certificate of %s, issued by %s",
                   certificate->subject, certificate->issuer);
}

/* Prepares for the response. */
static void start_response(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    struct conn *conn = exchange->conn;

    conn->transport->calls->facts(conn->transport, &exchange->result.tls);
    response_start(response, &exchange->options->response, &exchange->result);
    response->jar = exchange->jar;
    response->url = exchange->request.url;
    response->unix_time = clock_unix_s();
}

/* --- events of the stream --- */

static struct exchange *exchange_of(struct stream *stream)
{
    return STREAM_OWNER(stream, struct exchange, stream);
}

static void on_sent(struct stream *stream, nsec at)
{
    struct exchange *exchange = exchange_of(stream);

    if (exchange->state == EXCHANGE_SEND) /* else the response has already begun */
        enter(exchange, EXCHANGE_HEAD, at);
}

static void on_first_byte(struct stream *stream, const struct arrival *arrival)
{
    struct exchange *exchange = exchange_of(stream);

    if (exchange->state == EXCHANGE_SEND)
        enter(exchange, EXCHANGE_HEAD, arrival->at);
    exchange->result.stamps.first_byte = arrival->at;
    set_deadline(exchange, NSEC_NEVER);
}

static void on_status(struct stream *stream, const struct status_line *line)
{
    const struct conn *conn = exchange_of(stream)->conn;

    if (stream->id) {
        probe_line(conn->loop, conn->number, PROBE_NOTE, "stream %u: response", stream->id);
        probe_line(conn->loop, conn->number, PROBE_RECEIVED, "HTTP/2 %u", line->status);
        return;
    }
    probe_line(conn->loop, conn->number, PROBE_RECEIVED, "HTTP/%u.%u %u%s%.*s", line->major,
               line->minor, line->status, line->reason_bytes ? " " : "", (int)line->reason_bytes,
               line->reason);
}

static void on_field(struct stream *stream, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    struct exchange *exchange = exchange_of(stream);

    response_field(&exchange->response, name, name_bytes, value, value_bytes);
    probe_line(exchange->dialer->loop, exchange->conn->number, PROBE_RECEIVED, "%.*s: %.*s",
               (int)name_bytes, name, (int)value_bytes, value);
}

static void on_head(struct stream *stream, const struct status_line *line, nsec at)
{
    struct exchange *exchange = exchange_of(stream);

    response_head(&exchange->response, line);
    probe_line(exchange->dialer->loop, exchange->conn->number, PROBE_RECEIVED, "%s", "");
    enter(exchange, EXCHANGE_BODY, at);
    /* 408: the server timed out while it waited for a request, before this one arrived (RFC 9110,
       section 15.5.9). */
    if (line->status == 408 && is_replaceable(exchange))
        replace(exchange, "the connection had been idle for too long; retrying on a new one");
    else if (needs_no_body(exchange))
        stream->rest = REST_DISCARDED;
}

static void on_body(struct stream *stream, const char *bytes, size_t count)
{
    struct exchange *exchange = exchange_of(stream);

    response_body(&exchange->response, bytes, count);
    if (exchange->response.enough)
        stream->rest = REST_ABANDONED;
}

/* The received bytes are not a response: on a kept connection they may belong to the previous
   one. */
static bool had_stale_bytes(const struct exchange *exchange, enum error error)
{
    return error == ERROR_MALFORMED && exchange->state == EXCHANGE_HEAD && is_replaceable(exchange);
}

/* Whether the request is sent again: the connection was closed before it was sent, or the server
   did not process it. */
static bool may_be_sent_again(const struct exchange *exchange, const struct stream_end *end)
{
    bool multiplexed = exchange->conn->protocol->multiplexed;

    if (exchange->result.stamps.first_byte || (exchange->replayed && !end->others_processed))
        return false;
    switch (end->replay) {
    case REPLAY_NEVER: break;
    case REPLAY_IDEMPOTENT: return request_is_idempotent(exchange->request.method);
    case REPLAY_AFTER_CLOSE: return true;
    /* A new HTTP/1.1 connection that fails immediately is the site's result. */
    case REPLAY_ANY: return exchange->kept || multiplexed;
    case REPLAY_LATER: break;
    }
    return false;
}

/* Whether the request is sent again by HTTP/1.1, because the server requires it. Once: the server
   may agree on HTTP/2 although it was not offered. */
static bool falls_back(const struct exchange *exchange, enum error error)
{
    return error == ERROR_HTTP2_HTTP_1_1_REQUIRED && !exchange->fell_back &&
           !exchange->result.stamps.first_byte && pool_require_http1(exchange->conn);
}

static void on_end(struct stream *stream, const struct stream_end *end)
{
    struct exchange *exchange = exchange_of(stream);
    struct conn *conn = exchange->conn;

    if (had_stale_bytes(exchange, end->error)) {
        replace(exchange, "the connection had unexpected bytes; retrying on a new one");
    } else if (falls_back(exchange, end->error)) {
        exchange->fell_back = true;
        replace(exchange, "the server requires HTTP/1.1; retrying with it");
    } else if (end->error && may_be_sent_again(exchange, end)) {
        replace(exchange, NULL);
    } else if (end->error) {
        exchange->result.unprocessed =
            conn->protocol->multiplexed && replay_is_unprocessed(end->replay);
        break_off(exchange, end->error, end->detail);
    } else {
        if (!end->complete)
            exchange->result.truncated = exchange->response.preview_started;
        finish(exchange, end->complete ? conn_is_reusable(conn) : conn->state == CONN_OPEN, NULL);
    }
}

/* --- events of the wait --- */

static void on_ready(struct pool_wait *wait, struct conn *conn, const struct dial *dial)
{
    static const struct stream_events events = {
        .sent = on_sent,
        .first_byte = on_first_byte,
        .status = on_status,
        .field = on_field,
        .head = on_head,
        .body = on_body,
        .end = on_end,
    };
    struct exchange *exchange = LIST_OWNER(wait, struct exchange, wait);

    exchange->conn = conn;
    exchange->kept = conn->served;
    exchange->result.address = conn->address;
    exchange->result.proxy = conn->proxy ? conn->proxy->shown : NULL;
    exchange->result.connection = conn->number;
    exchange->result.requests_before = conn->requests;
    exchange->began = now(exchange);
    if (dial)
        copy_stamps(exchange, dial);
    else if (wait->waited)
        note_wait(exchange);
    start_response(exchange);
    enter(exchange, EXCHANGE_SEND, exchange->began);
    if (probe_takes_lines(conn->loop))
        report_connection(exchange);
    exchange->stream = (struct stream){
        .events = &events,
        .out.request = &exchange->request,
    };
    conn_submit(conn, &exchange->stream);
    exchange->result.stream = exchange->stream.id;
    if (exchange->options->connected)
        exchange->options->connected(exchange->owner, conn);
}

static void on_failed(struct pool_wait *wait, const struct dial *dial)
{
    struct exchange *exchange = LIST_OWNER(wait, struct exchange, wait);

    fail(exchange, dial->error, dial->detail, dial);
}

/* A connection that was silent during the whole stream may be dead: it takes no more streams. The
   others on it continue. */
static void distrust_connection(const struct exchange *exchange)
{
    struct conn *conn = exchange->conn;

    if (conn && conn->protocol->multiplexed && conn->received_at <= exchange->began)
        conn_drain(conn);
}

static void on_deadline(void *owner)
{
    struct exchange *exchange = owner;
    bool total = exchange->deadline.deadline >= exchange->total_deadline;

    distrust_connection(exchange);
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
    exchange->wait.ready = on_ready;
    exchange->wait.failed = on_failed;
    timer_init(&exchange->deadline, on_deadline, exchange, "exchange deadline");
}

void exchange_start(struct exchange *exchange, const struct request *request, nsec timeout,
                    struct cookies **jar, void (*done)(void *owner, const struct result *result),
                    void *owner)
{
    exchange->request = *request;
    exchange->request.connection_close = !exchange->options->keep_alive;
    exchange->jar = jar;
    exchange->done = done;
    exchange->owner = owner;
    exchange->result.url = request->url->shown;
    exchange->total_deadline = clock_after(now(exchange), timeout);
    exchange->result.unix_socket = exchange->dialer->unix_socket;
    request_stream(exchange);
}

void exchange_clear(struct exchange *exchange)
{
    if (exchange->state != EXCHANGE_DONE)
        enter(exchange, EXCHANGE_DONE, now(exchange));
    release_all(exchange);
    response_free(&exchange->response);
    tls_certificate_drop(exchange->result.tls.certificate);
    exchange->result.tls.certificate = NULL;
}

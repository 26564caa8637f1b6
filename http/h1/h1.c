/*
 * HTTP/1.1 on a connection: a FIFO of streams (RFC 9112, section 9.3.2). Requests are sent in the
 * order of their submission, several in one send; responses arrive in the same order, each for the
 * oldest stream.
 *
 * A response may be complete before its request was sent (an early refusal of content). Then, and
 * after "Connection: close" or a repaired message, the connection is drained: later streams are
 * sent on other connections.
 *
 * Sending and receiving are in one file, though it is long: both work on the one queue.
 */
#include "http/h1/h1.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/conn.h"
#include "http/h1/h1_parser.h"
#include "http/request.h"

/* Content up to this size is copied after the head and sent with it. */
#define MAX_JOINED_BYTES (64 * 1024)

/* Limits for reading the rest of an unwanted response; above them a new connection is cheaper. */
#define MAX_DISCARDED_BYTES (64 * 1024)
#define MAX_DISCARDING_TIME (5 * NSEC_PER_S)

struct h1 {
    struct h1_parser parser;
    struct link streams; /* the oldest first */
    struct link *unsent; /* the first with unsent bytes; the list's head: none */
    unsigned count;      /* of streams */
    bool receiving;      /* a byte of the oldest stream's response was received */
    bool discarding;     /* the response being read no longer belongs to a stream */
    uint32_t discarded_bytes;
    struct timer discard_limit;
};

static struct h1 *h1_of(const struct conn *conn)
{
    return conn_session(conn);
}

static struct stream *stream_of(struct link *link)
{
    return LIST_OWNER(link, struct stream, link);
}

static struct stream *oldest(const struct h1 *h1)
{
    struct link *first = list_first(&h1->streams);

    return first ? stream_of(first) : NULL;
}

/* --- events of the parser, for the oldest stream --- */

/* An earlier event has closed the connection: no more events are called. */
static bool is_closed(const struct conn *conn)
{
    return conn->state == CONN_CLOSED;
}

static struct status_line status_line_of(const struct h1_parser *parser)
{
    return (struct status_line){parser->status, parser->major, parser->minor, NULL, 0};
}

static void on_status(void *owner, const struct h1_parser *parser, const char *reason, size_t bytes)
{
    const struct conn *conn = owner;
    struct stream *stream = oldest(h1_of(conn));
    struct status_line line = status_line_of(parser);

    line.reason = reason;
    line.reason_bytes = bytes;
    if (stream->events->status && !is_closed(conn))
        stream->events->status(stream, &line);
}

static void on_field(void *owner, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    const struct conn *conn = owner;
    struct stream *stream = oldest(h1_of(conn));

    if (!is_closed(conn))
        stream->events->field(stream, name, name_bytes, value, value_bytes);
}

static void on_head(void *owner, const struct h1_parser *parser)
{
    const struct conn *conn = owner;
    struct stream *stream = oldest(h1_of(conn));
    struct status_line line = status_line_of(parser);

    if (stream->events->head && !is_closed(conn))
        stream->events->head(stream, &line, loop_clock(conn->loop));
}

static void on_body(void *owner, const char *bytes, size_t count)
{
    const struct conn *conn = owner;
    struct stream *stream = oldest(h1_of(conn));

    if (stream->events->body && !is_closed(conn))
        stream->events->body(stream, bytes, count);
}

/* Prepares the parser for the response of the oldest stream. */
static void expect_response(struct conn *conn)
{
    static const struct h1_events none = {0};
    static const struct h1_events all = {on_field, on_status, on_head, on_body};
    struct h1 *h1 = h1_of(conn);
    const struct stream *stream = oldest(h1);

    h1_parser_start_response(&h1->parser, stream->out.is_head_request,
                             stream->events->field ? &all : &none, conn);
    if (!stream->events->field)
        h1->parser.memo = conn->options->heads;
}

/* --- ends --- */

static void take_out(struct conn *conn, struct stream *stream)
{
    struct h1 *h1 = h1_of(conn);

    if (h1->unsent == &stream->link)
        h1->unsent = stream->link.next;
    list_remove(&stream->link);
    h1->count--;
    free(stream->block);
    stream->block = NULL;
    conn_stream_ended(conn, stream);
}

static void end_stream(struct conn *conn, struct stream *stream, const struct stream_end *end)
{
    take_out(conn, stream);
    if (conn->owner) /* NULL after conn_close: no events */
        stream->events->end(stream, end);
}

/* Drains the connection. Its streams end, and their requests are sent on other connections. */
static void move_streams(struct conn *conn)
{
    static const struct stream_end end = {.error = ERROR_EMPTY, .replay = REPLAY_AFTER_CLOSE};
    struct h1 *h1 = h1_of(conn);
    struct stream *stream;

    conn_drain(conn);
    while ((stream = oldest(h1)))
        end_stream(conn, stream, &end);
}

/* Whether a request may be sent again when the connection closes before its response. */
static enum replay replay_of(const struct conn *conn, const struct stream *stream, bool receiving)
{
    if (!stream->begun)
        return REPLAY_ANY;
    return conn->served && !receiving ? REPLAY_IDEMPOTENT : REPLAY_NEVER;
}

/* --- the rest of a response that belongs to no stream --- */

static void stop_discarding(struct conn *conn)
{
    struct h1 *h1 = h1_of(conn);

    loop_cancel(conn->loop, &h1->discard_limit);
    h1->discarding = false;
}

static void on_discard_limit(void *owner)
{
    conn_fail(owner, ERROR_NONE, NULL);
}

/* Ends the stream; the connection reads and discards the rest of the response. */
static void discard_rest(struct conn *conn, struct stream *stream)
{
    static const struct stream_end end = {.error = ERROR_NONE};
    struct h1 *h1 = h1_of(conn);

    if (!stream_is_sent(stream))
        conn_drain(conn);
    h1->discarding = true;
    h1->receiving = false;
    h1->discarded_bytes = 0;
    h1_parser_stop_events(&h1->parser);
    loop_arm(conn->loop, &h1->discard_limit,
             clock_after(loop_clock(conn->loop), MAX_DISCARDING_TIME));
    end_stream(conn, stream, &end);
}

/* Why sending failed. */
static const char *send_words(const struct conn *conn)
{
    return conn->send_detail ? conn->send_detail : errno_words(conn->send_error);
}

static void h1_read_blocked(struct conn *conn)
{
    struct h1 *h1 = h1_of(conn);
    struct stream *stream = oldest(h1);

    if (h1->receiving && stream->rest == REST_DISCARDED && h1->parser.head_done)
        discard_rest(conn, stream);
    else if (stream && !h1->receiving && conn->send_error && conn->options->fails_unsent)
        conn_fail(conn, error_of_send(conn->send_error), send_words(conn));
}

/* --- receiving --- */

/* The response is complete. */
static void complete(struct conn *conn, const struct arrival *arrival)
{
    struct h1 *h1 = h1_of(conn);
    struct stream *stream = oldest(h1);
    struct stream_end end = {.complete = true, .status = h1->parser.status, .arrival = *arrival};
    bool reusable = h1->parser.keep_alive;

    conn->served = true;
    if (h1->discarding) {
        stop_discarding(conn);
    } else {
        reusable = reusable && stream_is_sent(stream);
        if (!reusable)
            conn_drain(conn);
        h1->receiving = false;
        end_stream(conn, stream, &end);
    }
    if (conn->state == CONN_CLOSED)
        return;
    if (!reusable)
        move_streams(conn);
    else if (h1->count)
        expect_response(conn);
}

/* The beginning of a response: line ends before it are skipped (RFC 9112, section 2.2). Unexpected
   bytes close the connection. Returns how many bytes were consumed. */
static size_t begin_response(struct conn *conn, const unsigned char *bytes, size_t count,
                             const struct arrival *arrival)
{
    struct h1 *h1 = h1_of(conn);
    struct stream *stream = oldest(h1);
    size_t used;

    if (h1->discarding)
        return 0;
    if (!stream || !stream->begun) {
        used = h1_extra_line_ends(bytes, count);
        if (used < count)
            conn_fail(conn, ERROR_MALFORMED, NULL);
        return used;
    }
    used = h1_parser_skip_line_ends(&h1->parser, bytes, count);
    if (used < count) {
        h1->receiving = true;
        if (stream->events->first_byte)
            stream->events->first_byte(stream, arrival);
    }
    return used;
}

/* The response is not complete. */
static void response_continues(struct conn *conn, size_t used)
{
    static const struct stream_end end = {.error = ERROR_NONE};
    struct h1 *h1 = h1_of(conn);
    struct stream *stream = oldest(h1);

    if (h1->discarding) {
        h1->discarded_bytes += (uint32_t)used;
        if (h1->discarded_bytes >= MAX_DISCARDED_BYTES)
            conn_fail(conn, ERROR_NONE, NULL);
    } else if (stream->rest == REST_ABANDONED) {
        h1_parser_stop_events(&h1->parser);
        conn_drain(conn);
        end_stream(conn, stream, &end);
        move_streams(conn);
    }
}

/* Fails with the reason for the end of the connection. Before the first byte of a response, a
   failure to send is more precise. */
static void fail_at_end(struct conn *conn)
{
    const struct h1 *h1 = h1_of(conn);
    int reason = conn->receive_error;
    const char *why = conn->transport->why;

    if (h1->discarding)
        conn_fail(conn, ERROR_NONE, NULL);
    else if (!h1->receiving && conn->send_error)
        conn_fail(conn, error_of_send(conn->send_error), send_words(conn));
    else if (!reason)
        conn_fail(conn, h1->receiving ? ERROR_TRUNCATED : ERROR_EMPTY, NULL);
    else
        conn_fail(conn, error_of_receive(reason, h1->receiving), why ? why : errno_words(reason));
}

/* The connection has ended, which may complete a response. */
static void connection_ended(struct conn *conn, const struct arrival *arrival)
{
    struct h1 *h1 = h1_of(conn);

    if ((h1->receiving || h1->discarding) && !conn->receive_error &&
        h1_parser_finish(&h1->parser) == H1_DONE) {
        complete(conn, arrival);
        move_streams(conn);
    } else {
        fail_at_end(conn);
    }
}

static void h1_receive(struct conn *conn, const unsigned char *bytes, size_t count,
                       const struct arrival *arrival)
{
    struct h1 *h1 = h1_of(conn);

    if (!count)
        connection_ended(conn, arrival);
    while (count && conn->state != CONN_CLOSED) {
        enum h1_status status;
        size_t used = h1->receiving ? 0 : begin_response(conn, bytes, count, arrival);

        bytes += used;
        count -= used;
        if (!count || conn->state == CONN_CLOSED)
            return;
        status = h1_parser_feed(&h1->parser, bytes, count, &used);
        bytes += used;
        count -= used;
        if (conn->state == CONN_CLOSED)
            return;
        if (status == H1_MORE) {
            response_continues(conn, used);
            return;
        }
        if (status == H1_DONE) {
            conn->unread_bytes = count - h1_extra_line_ends(bytes, count);
            complete(conn, arrival);
        } else {
            conn_fail(conn, error_of_h1(status),
                      status == H1_MALFORMED ? h1_parser_why(&h1->parser) : NULL);
        }
    }
}

/* RFC 9112, section 2.2. */
static bool h1_ignores(const unsigned char *bytes, size_t count)
{
    return h1_extra_line_ends(bytes, count) == count;
}

/* --- sending --- */

/* Encodes a request: its head, followed by its content when that is small. */
static void encode(struct conn *conn, struct stream *stream)
{
    struct request request = *stream->out.request;
    const struct content *content = request.content;
    size_t content_bytes = content ? content->count : 0, bytes;

    conn_address_request(conn, &request);
    stream->block = request_build(&request, &bytes);
    probe_block(conn->loop, conn->number, PROBE_SENT, stream->block);
    if (content_bytes && bytes + content_bytes <= MAX_JOINED_BYTES) {
        stream->block = memory_grow(stream->block, bytes + content_bytes + 1, 1);
        memcpy(stream->block + bytes, content->bytes, content_bytes);
        bytes += content_bytes;
        stream->block[bytes] = '\0';
        content_bytes = 0;
    }
    stream->next[0] = stream->block;
    stream->left[0] = bytes;
    stream->next[1] = content_bytes ? content->bytes : NULL;
    stream->left[1] = content_bytes;
}

static unsigned h1_capacity(const struct conn *conn)
{
    const struct h1 *h1 = h1_of(conn);

    return h1->discarding ? 0 : conn->options->pipeline - h1->count;
}

static void h1_submit(struct conn *conn, struct stream *stream)
{
    struct h1 *h1 = h1_of(conn);

    assert(stream->out.request || stream->out.render || stream->out.count);
    stream->begun = false;
    stream->left[1] = 0;
    if (stream->out.request) {
        stream->out.is_head_request = !strcmp(stream->out.request->method, "HEAD");
        encode(conn, stream);
    } else {
        stream->next[0] = stream->out.bytes;
        stream->left[0] = stream->out.bytes ? stream->out.count : SIZE_MAX; /* rendered later */
    }
    list_put_last(&h1->streams, &stream->link);
    if (h1->unsent == &h1->streams)
        h1->unsent = &stream->link;
    if (!h1->count++)
        expect_response(conn);
}

/* Writes the request of a stream with `render` into its own block, which is freed when it was
   sent. */
static void render(struct stream *stream)
{
    stream->block = memory_get(STREAM_RENDER_BYTES);
    stream->left[0] = stream->out.render(stream, stream->block);
    stream->next[0] = stream->block;
    assert(stream->left[0] <= STREAM_RENDER_BYTES);
}

/* Copies requests, from `link` on, as many as fit completely. */
static const char *gather(struct h1 *h1, struct link *link, char *scratch, size_t *count)
{
    char *to = scratch, *end = scratch + CONN_SCRATCH_BYTES;

    for (; link != &h1->streams; link = link->next) {
        struct stream *stream = stream_of(link);

        if (stream->left[0] == SIZE_MAX)
            render(stream);
        if (stream->left[0] > (size_t)(end - to))
            break;
        to = mempcpy(to, stream->next[0], stream->left[0]);
        if (stream->left[1])
            break;
    }
    *count = (size_t)(to - scratch);
    return scratch;
}

/* Length of the unsent bytes of this stream and of those that follow it directly in memory. */
static size_t adjacent_bytes(const struct h1 *h1, const struct stream *stream)
{
    const char *end = stream->next[0] + stream->left[0];

    for (struct link *link = stream->link.next; link != &h1->streams; link = link->next) {
        const struct stream *next = stream_of(link);

        if (next->next[0] != end || next->left[0] == SIZE_MAX || next->block)
            break;
        end += next->left[0];
    }
    return (size_t)(end - stream->next[0]);
}

static const char *h1_output(struct conn *conn, size_t *count)
{
    struct h1 *h1 = h1_of(conn);
    struct stream *stream;
    bool last;

    if (h1->unsent == &h1->streams)
        return NULL;
    stream = stream_of(h1->unsent);
    last = stream->link.next == &h1->streams;
    if (stream->left[0] == SIZE_MAX)
        render(stream);
    if (!stream->left[0]) {
        *count = stream->left[1];
        return stream->next[1];
    }
    *count = last || stream->left[1] ? stream->left[0] : adjacent_bytes(h1, stream);
    if (last || stream->left[1] || *count > stream->left[0] || *count > CONN_SCRATCH_BYTES)
        return stream->next[0];
    return gather(h1, h1->unsent, conn_scratch(conn), count);
}

/* Removes up to `count` sent bytes from a piece. Returns how many. */
static size_t consume(struct stream *stream, int piece, size_t count)
{
    if (count > stream->left[piece])
        count = stream->left[piece];
    stream->next[piece] += count;
    stream->left[piece] -= count;
    return count;
}

static void h1_sent(struct conn *conn, size_t count)
{
    struct h1 *h1 = h1_of(conn);

    /* An event may remove streams and close the connection. No other event follows then, but the
       sent bytes still decide which requests may be sent again. */
    while (count && h1->unsent != &h1->streams) {
        struct stream *stream = stream_of(h1->unsent);

        stream->begun = true;
        count -= consume(stream, 0, count);
        count -= consume(stream, 1, count);
        if (!stream_is_sent(stream))
            return;
        h1->unsent = stream->link.next;
        if (stream->block) {
            free(stream->block);
            stream->block = NULL;
        }
        if (stream->events->sent && conn->state != CONN_CLOSED)
            stream->events->sent(stream, loop_clock(conn->loop));
    }
}

/* --- opening and closing --- */

static void h1_open(struct conn *conn)
{
    struct h1 *h1 = h1_of(conn);

    list_init(&h1->streams);
    h1->unsent = &h1->streams;
    timer_init(&h1->discard_limit, on_discard_limit, conn, "rest of a response");
}

/* A single request can only be cancelled by closing the connection. */
static void h1_cancel(struct conn *conn, struct stream *stream, enum error error)
{
    struct h1 *h1 = h1_of(conn);

    assert(stream);
    if (stream == oldest(h1) && h1->receiving)
        h1_parser_stop_events(&h1->parser);
    take_out(conn, stream);
    conn_fail(conn, error, NULL);
}

static void h1_close(struct conn *conn, enum error error, const char *detail)
{
    struct h1 *h1 = h1_of(conn);
    bool receiving = h1->receiving;
    struct stream *stream;

    stop_discarding(conn);
    while ((stream = oldest(h1))) {
        struct stream_end end = {
            .error = error, .detail = detail, .replay = replay_of(conn, stream, receiving)};

        receiving = false;
        end_stream(conn, stream, &end);
    }
    h1_parser_free(&h1->parser);
}

const struct protocol *h1_always(const char *alpn)
{
    (void)alpn;
    return &h1_protocol;
}

const struct protocol h1_protocol = {
    .session_bytes = sizeof(struct h1),
    .open = h1_open,
    .capacity = h1_capacity,
    .submit = h1_submit,
    .receive = h1_receive,
    .read_blocked = h1_read_blocked,
    .ignores = h1_ignores,
    .output = h1_output,
    .sent = h1_sent,
    .cancel = h1_cancel,
    .close = h1_close,
};

/*
 * HTTP/2 on a connection: submits requests to nghttp2, gathers its output, feeds it with received
 * bytes. events.c has the way back, from its callbacks to the streams.
 *
 * nghttp2 never calls the socket: mem_recv and mem_send are its only input and output. All that one
 * flush produces is written by one send.
 */
#include "http/h2/h2.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/h1/h1.h"
#include "http/h2/session.h"
#include "http/request.h"

#define MAX_CHUNK_BYTES (17 * 1024) /* that mem_send returns at once */

static struct h2_stream *h2_stream_of(struct link *link)
{
    return LIST_OWNER(link, struct h2_stream, link);
}

/* --- streams --- */

static struct h2_stream *new_stream(const struct conn *conn, struct stream *stream)
{
    struct h2 *h2 = h2_of(conn);
    struct link *spare = list_first(&h2->spare);
    struct h2_stream *one = spare ? h2_stream_of(spare) : memory_get(sizeof(*one));

    if (spare)
        list_remove(spare);
    *one = (struct h2_stream){.stream = stream,
                              .first_byte = UINT64_MAX,
                              .last_byte = UINT64_MAX,
                              .in_unsent = true,
                              .window = h2_stream_window(conn->options)};
    list_put_last(&h2->streams, &one->link);
    list_put_last(&h2->unsent, &one->unsent);
    stream->block = (char *)one; /* owned by the session */
    return one;
}

static void leave_unsent(struct h2_stream *one)
{
    if (one->in_unsent)
        list_remove(&one->unsent);
    one->in_unsent = false;
}

void h2_end_stream(struct conn *conn, struct h2_stream *one, const struct stream_end *end)
{
    struct stream *stream = one->stream;

    one->stream = NULL;
    leave_unsent(one);
    stream->block = NULL;
    conn_stream_ended(conn, stream);
    if (conn->owner) /* NULL after conn_close: no events */
        stream->events->end(stream, end);
}

void h2_abandon(struct conn *conn, struct h2_stream *one)
{
    static const struct stream_end end = {.error = ERROR_NONE};

    nghttp2_submit_rst_stream(h2_of(conn)->session, NGHTTP2_FLAG_NONE, one->id, NGHTTP2_CANCEL);
    h2_of(conn)->has_output = true;
    h2_end_stream(conn, one, &end);
}

/* --- sending --- */

/* Passes content to nghttp2. */
static ssize_t read_content(nghttp2_session *session, int32_t id, uint8_t *to, size_t room,
                            uint32_t *flags, nghttp2_data_source *source, void *owner)
{
    struct h2_stream *one = source->ptr;
    struct stream *stream = one->stream;
    size_t count;

    (void)session;
    (void)id;
    (void)owner;
    if (!stream) /* cancelled: RST_STREAM follows */
        return NGHTTP2_ERR_DEFERRED;
    count = stream->left[1] < room ? stream->left[1] : room;
    memcpy(to, stream->next[1], count);
    stream->next[1] += count;
    stream->left[1] -= count;
    if (!stream->left[1])
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)count;
}

/* Prepares the request of a stream for this connection; it belongs to the stream. */
static const struct h2_request *prepare(struct conn *conn, const struct request *plain,
                                        struct h2_stream *one)
{
    struct request request = *plain;

    conn_address_request(conn, &request);
    one->request = h2_request_new(&request, conn->https);
    return one->request;
}

static void h2_submit(struct conn *conn, struct stream *stream)
{
    struct h2 *h2 = h2_of(conn);
    struct h2_stream *one = new_stream(conn, stream);
    const struct outgoing *out = &stream->out;
    nghttp2_data_provider provider = {.source.ptr = one, .read_callback = read_content};
    const struct h2_request *request =
        out->prepared ? out->prepared : prepare(conn, out->request, one);
    const struct content *content = request->content;

    stream->begun = false;
    stream->next[1] = content ? content->bytes : NULL;
    stream->left[1] = content ? content->count : 0;
    one->plain_bytes = request->plain_bytes;
    one->id = nghttp2_submit_request(h2->session, NULL, request->list, request->count,
                                     stream->left[1] ? &provider : NULL, one);
    h2->has_output = true;
    assert(one->id > 0); /* capacity is 0 before the numbers of streams run out */
    stream->id = (uint32_t)one->id;
    if (one->id == INT32_MAX) /* the last number of a client */
        conn_drain(conn);
}

static const char *h2_output(struct conn *conn, size_t *count)
{
    struct h2 *h2 = h2_of(conn);
    char *scratch = conn_scratch(conn);
    const uint8_t *chunk;
    ssize_t bytes;

    if (h2->rest) {
        *count = h2->rest_bytes - h2->rest_at;
        return h2->rest + h2->rest_at;
    }
    if (!h2->session) { /* after h2_close: the last output */
        *count = h2->gathered;
        return h2->gathered ? scratch : NULL;
    }
    h2->gathered = 0;
    while (h2->has_output && h2->gathered + MAX_CHUNK_BYTES <= CONN_SCRATCH_BYTES) {
        bytes = nghttp2_session_mem_send(h2->session, &chunk);
        if (bytes <= 0) {
            h2->has_output = false;
            break;
        }
        memcpy(scratch + h2->gathered, chunk, (size_t)bytes);
        h2->gathered += (size_t)bytes;
        h2->out_offset += (uint64_t)bytes;
        if (h2->completed)
            h2->completed->last_byte = h2->out_offset;
        h2->completed = NULL;
    }
    *count = h2->gathered;
    return h2->gathered ? scratch : NULL;
}

/* Keeps the bytes of the scratch buffer that were not written. */
static void keep_rest(struct conn *conn, size_t written)
{
    struct h2 *h2 = h2_of(conn);

    h2->rest_bytes = h2->gathered - written;
    h2->rest_at = 0;
    h2->rest = memory_get(h2->rest_bytes);
    memcpy(h2->rest, conn_scratch(conn) + written, h2->rest_bytes);
    h2->gathered = 0;
}

static void consume_rest(struct h2 *h2, size_t count)
{
    h2->rest_at += count;
    if (h2->rest_at < h2->rest_bytes)
        return;
    free(h2->rest);
    h2->rest = NULL;
}

/* Reports the requests whose last byte was written. */
static void report_sent(struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    struct link *next;

    for (struct link *link = h2->unsent.next; link != &h2->unsent; link = next) {
        struct h2_stream *one = LIST_OWNER(link, struct h2_stream, unsent);
        struct stream *stream = one->stream;

        next = link->next;
        if (one->first_byte < h2->sent_offset)
            stream->begun = true;
        if (one->last_byte > h2->sent_offset)
            continue;
        leave_unsent(one);
        if (stream->events->sent && conn->state != CONN_CLOSED)
            stream->events->sent(stream, loop_clock(conn->loop));
        next = h2->unsent.next; /* the event may have changed the list */
    }
}

static enum error error_of_library(int code)
{
    switch (code) {
    case NGHTTP2_ERR_FLOODED:
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: return ERROR_HTTP2_FLOOD;
    case NGHTTP2_ERR_SETTINGS_EXPECTED: return ERROR_HTTP2_NOT_HTTP2;
    default: return ERROR_HTTP2_PROTOCOL;
    }
}

/* Whether nghttp2 has found an error of the connection, and will send GOAWAY. After a GOAWAY of the
   server the result is true without an error. */
static bool is_ending(const struct h2 *h2)
{
    return !nghttp2_session_check_request_allowed(h2->session) &&
           nghttp2_session_get_next_stream_id(h2->session) <= INT32_MAX;
}

static void end_with_error(struct conn *conn)
{
    enum error error = error_of_library(h2_of(conn)->library_code);

    conn_fail(conn, error, NULL); /* h2_close knows the detail */
}

/* nghttp2 has ended the session: after its GOAWAY was sent, because of an error of the connection,
   or because both sides have ended. */
static void end_if_over(struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);

    if (!h2->goaway && !h2->library_code)
        return;
    if (nghttp2_session_want_read(h2->session) || conn->state == CONN_CLOSED)
        return;
    if (conn->streams)
        end_with_error(conn);
    else
        conn_drain(conn);
}

static void h2_sent(struct conn *conn, size_t count)
{
    struct h2 *h2 = h2_of(conn);

    if (!h2->session) { /* the last output is written once */
        h2->gathered = 0;
        return;
    }
    h2->sent_offset += count;
    if (h2->rest)
        consume_rest(h2, count);
    else if (count < h2->gathered)
        keep_rest(conn, count);
    else
        h2->gathered = 0;
    report_sent(conn);
    end_if_over(conn);
}

/* --- receiving --- */

/* The error when a write has failed. If the server has reset the connection, that write consumed
   the error of the socket, and a read then finds the end of the bytes without close_notify. */
static enum error error_of_end(int send_error)
{
    enum error error = error_of_send(send_error);

    return error == ERROR_SEND_RESET ? ERROR_RECEIVE_RESET : error;
}

/* The server has ended its direction, or the connection failed. */
static void fail_at_end(struct conn *conn)
{
    const struct h2 *h2 = h2_of(conn);
    int reason = conn->receive_error;
    const char *why = conn->transport->why;

    if (h2->goaway_code == NGHTTP2_HTTP_1_1_REQUIRED)
        conn_fail(conn, ERROR_HTTP2_HTTP_1_1_REQUIRED, NULL);
    else if (h2->goaway_code)
        conn_fail(conn, ERROR_HTTP2_GOAWAY, h2->detail);
    else if (h2->received && !h2->settings_received) /* fewer bytes than a frame has */
        conn_fail(conn, ERROR_HTTP2_NOT_HTTP2, NULL);
    else if (conn->send_error && (!reason || reason == TLS_TRUNCATED))
        conn_fail(conn, error_of_end(conn->send_error), errno_words(conn->send_error));
    else if (!reason)
        conn_fail(conn, conn->streams ? ERROR_TRUNCATED : ERROR_NONE, NULL);
    else
        conn_fail(conn, error_of_receive(reason, true), why ? why : errno_words(reason));
}

/* The server has sent more bytes of bodies than the window of the connection allows. */
static void end_over_window(struct conn *conn)
{
    nghttp2_session_terminate_session(h2_of(conn)->session, NGHTTP2_FLOW_CONTROL_ERROR);
    conn_fail(conn, ERROR_HTTP2_PROTOCOL, NULL); /* h2_close knows the detail */
}

static void h2_receive(struct conn *conn, const unsigned char *bytes, size_t count,
                       const struct arrival *arrival)
{
    struct h2 *h2 = h2_of(conn);
    ssize_t used;

    if (!count) {
        fail_at_end(conn);
        return;
    }
    h2->received = h2->has_output = true;
    h2->arrival = arrival;
    used = nghttp2_session_mem_recv(h2->session, bytes, count);
    h2->arrival = NULL;
    if (conn->state == CONN_CLOSED)
        return;
    if (h2->over_window)
        end_over_window(conn);
    else if (h2->idle_controls > H2_MAX_IDLE_CONTROLS)
        conn_fail(conn, ERROR_HTTP2_FLOOD, "over 1,000 control frames without a response");
    else if (used < 0)
        conn_fail(conn, error_of_library((int)used), nghttp2_strerror((int)used));
    else if (!h2->goaway && is_ending(h2))
        end_with_error(conn);
}

/* --- opening and closing --- */

static void h2_open(struct conn *conn)
{
    const struct conn_options *options = conn->options;
    struct h2 *h2 = h2_of(conn);

    list_init(&h2->streams);
    list_init(&h2->unsent);
    list_init(&h2->spare);
    h2->max_streams = options->first_streams ? options->first_streams : H2_INITIAL_STREAMS;
    h2->last_processed = INT32_MAX;
    h2->window = H2_FIRST_WINDOW;
    h2->session = h2_session_new(conn);
    h2->has_output = true;
}

static unsigned h2_capacity(const struct conn *conn)
{
    const struct h2 *h2 = h2_of(conn);

    if (!h2->session || h2->goaway)
        return 0;
    return conn->streams < h2->max_streams ? h2->max_streams - conn->streams : 0;
}

static void h2_cancel(struct conn *conn, struct stream *stream, enum error error)
{
    struct h2_stream *one = (struct h2_stream *)stream->block;

    (void)error; /* the other streams continue */
    one->stream = NULL;
    leave_unsent(one);
    stream->block = NULL;
    nghttp2_submit_rst_stream(h2_of(conn)->session, NGHTTP2_FLAG_NONE, one->id, NGHTTP2_CANCEL);
    h2_of(conn)->has_output = true;
    conn_stream_ended(conn, stream);
}

/* Whether the request of a stream may be sent again when the connection closes. */
static enum replay replay_of(const struct conn *conn, const struct h2_stream *one)
{
    const struct h2 *h2 = h2_of(conn);

    if (!one->stream->begun || (h2->goaway && one->id > h2->last_processed))
        return h2->goaway_code == NGHTTP2_ENHANCE_YOUR_CALM ? REPLAY_LATER : REPLAY_ANY;
    return conn->served && !one->receiving ? REPLAY_IDEMPOTENT : REPLAY_NEVER;
}

static void free_streams(struct link *list)
{
    struct link *first;

    while ((first = list_take_first(list))) {
        struct h2_stream *one = h2_stream_of(first);

        h2_request_free(one->request);
        free(one);
    }
}

/* Prepares the last output, with GOAWAY. After an error of the connection nghttp2 describes the
   error there. */
static void gather_last(struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    const uint8_t *chunk;
    size_t count;

    nghttp2_session_terminate_session(h2->session, NGHTTP2_NO_ERROR);
    h2->has_output = true;
    if (!h2->rest)
        h2_output(conn, &count);
    else /* not sent: an incomplete frame would be followed by another */
        while (nghttp2_session_mem_send(h2->session, &chunk) > 0)
            ;
}

/* The error of a stream when the connection ends with `error`. */
static enum error error_of_stream(const struct h2_stream *one, enum error error)
{
    if (one->receiving)
        return error;
    switch (error) {
    case ERROR_TRUNCATED:
    case ERROR_TLS_TRUNCATED: return ERROR_EMPTY;
    case ERROR_RECEIVE_RESET: return one->in_unsent ? ERROR_SEND_RESET : ERROR_WAIT_RESET;
    default: return error;
    }
}

static void h2_close(struct conn *conn, enum error error, const char *detail)
{
    struct h2 *h2 = h2_of(conn);
    struct link *next;

    gather_last(conn);
    if (error == ERROR_HTTP2_PROTOCOL && *h2->detail)
        detail = h2->detail;
    for (struct link *link = h2->streams.next; link != &h2->streams; link = next) {
        struct h2_stream *one = h2_stream_of(link);
        struct stream_end end = {.error = error_of_stream(one, error), .detail = detail};

        next = link->next;
        if (!one->stream)
            continue;
        end.replay = replay_of(conn, one);
        end.others_processed = end.replay == REPLAY_ANY && h2_ends_gracefully(conn);
        h2_end_stream(conn, one, &end);
    }
    nghttp2_session_del(h2->session);
    h2->session = NULL;
    free(h2->rest);
    h2->rest = NULL;
    free_streams(&h2->streams);
    free_streams(&h2->spare);
}

const struct protocol *h2_or_h1(const char *alpn)
{
    return !strcmp(alpn, "h2") ? &h2_protocol : &h1_protocol;
}

const struct protocol *h2_always(const char *alpn)
{
    (void)alpn;
    return &h2_protocol;
}

const char *h2_library_version(void)
{
    return nghttp2_version(0)->version_str;
}

const struct protocol h2_protocol = {
    .session_bytes = sizeof(struct h2),
    .multiplexed = true,
    .open = h2_open,
    .capacity = h2_capacity,
    .submit = h2_submit,
    .receive = h2_receive,
    .output = h2_output,
    .sent = h2_sent,
    .cancel = h2_cancel,
    .close = h2_close,
};

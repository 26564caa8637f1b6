/*
 * The session of nghttp2, and its callbacks for requests. h2_response.c has the responses,
 * h2_faults.c the faults that only HTTP/2 has.
 *
 * The first output waits for the first request, or for 20 ms: a site may delay its SETTINGS, and
 * only a request tells which site it is. (SNI would tell it over TLS only.)
 */
#include "origin/h2_server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "origin/h2_session.h"

#define DEFAULT_STREAMS      100
#define FIRST_REQUEST_WAIT   (20 * NSEC_PER_MS)
#define MAX_CHUNK_BYTES      (17 * 1024)  /* that mem_send returns at once */
#define MAX_SENT_FIELD_BYTES (512 * 1024) /* more than `head-endless` needs */

/* --- requests --- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    struct h2_server *server = owner;
    struct h2_server_stream *stream;

    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    stream = memory_zeroed(sizeof(*stream));
    stream->server = server;
    stream->id = frame->hd.stream_id;
    h2_server_stream_init(stream);
    list_put_last(&server->streams, &stream->link);
    server->last_id = stream->id;
    nghttp2_session_set_stream_user_data(session, stream->id, stream);
    return 0;
}

static bool is_text(nghttp2_vec bytes, const char *text)
{
    return bytes.len == strlen(text) && !memcmp(bytes.base, text, bytes.len);
}

/* Copies a value, truncating it to `room` bytes with the NUL. */
static void copy_value(char *to, size_t room, nghttp2_vec value)
{
    size_t count = value.len < room ? value.len : room - 1;

    memcpy(to, value.base, count);
    to[count] = '\0';
}

static void take_field(struct h2_server_stream *stream, nghttp2_vec name, nghttp2_vec value)
{
    if (is_text(name, ":method")) {
        stream->is_head = is_text(value, "HEAD");
        stream->is_connect = is_text(value, "CONNECT");
    } else if (is_text(name, ":path")) {
        copy_value(stream->target, sizeof(stream->target), value);
    } else if (is_text(name, ":authority") || (is_text(name, "host") && !*stream->host)) {
        copy_value(stream->host, sizeof(stream->host), value);
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                     nghttp2_rcbuf *value, uint8_t flags, void *owner)
{
    struct h2_server_stream *stream =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    nghttp2_vec field = nghttp2_rcbuf_get_buf(name), text = nghttp2_rcbuf_get_buf(value);

    (void)flags;
    (void)owner;
    if (!stream)
        return 0;
    stream->head_bytes += field.len + text.len;
    if (stream->head_bytes > REQUEST_MAX_HEAD_BYTES)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
    if (!stream->head_done)
        take_field(stream, field, text);
    return 0;
}

/* The fields are complete. */
static void take_head(struct h2_server *server, struct h2_server_stream *stream)
{
    const struct site_behaviour *behaviour =
        server->options.find_behaviour(server->options.owner, stream->host, stream->target);

    stream->head_done = true;
    if (!server->requests++)
        h2_server_apply(server, behaviour);
    h2_server_prepare(stream, behaviour);
    if (behaviour->h2.goaway_after && server->requests >= behaviour->h2.goaway_after)
        h2_server_goaway(server, server->last_id);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    struct h2_server *server = owner;
    struct h2_server_stream *stream =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    if (!stream || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
        stream->id > server->served_id)
        return 0;
    if (stream->is_connect)
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id,
                                         NGHTTP2_CONNECT_ERROR);
    if (!stream->head_done)
        take_head(server, stream);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        h2_server_respond(stream);
    return 0;
}

/* Content is dropped. */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t count, void *owner)
{
    const struct h2_server *server = owner;

    (void)flags;
    (void)bytes;
    return server->no_window ? 0 : nghttp2_session_consume(session, id, count);
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    struct h2_server *server = owner;
    const struct h2_server_stream *stream =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    if (!stream || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
        (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
        return 0;
    if (stream->fault == FAULT_HANG_UP && server->served_id == INT32_MAX) {
        server->served_id = server->last_id;
        server->hang_up = true;
    } else if (stream->ending == ENDING_CLOSE || stream->ending == ENDING_FIN ||
               stream->ending == ENDING_RESET) {
        server->ending = stream->ending;
    }
    return 0;
}

static void free_stream(struct h2_server_stream *stream)
{
    loop_cancel(stream->server->options.loop, &stream->timer);
    list_remove(&stream->link);
    free(stream->text);
    loop_free_later(stream->server->options.loop, &stream->deferred, free, stream);
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *owner)
{
    struct h2_server_stream *stream = nghttp2_session_get_stream_user_data(session, id);
    struct h2_server *server = owner;
    const struct link *oldest;

    (void)code;
    if (!stream)
        return 0;
    free_stream(stream);
    oldest = list_first(&server->streams);
    if (server->hang_up &&
        (!oldest || LIST_OWNER(oldest, struct h2_server_stream, link)->id > server->served_id))
        server->ending = ENDING_CLOSE;
    return 0;
}

/* --- the session --- */

static const nghttp2_session_callbacks *callbacks(void)
{
    static nghttp2_session_callbacks *all;

    if (all)
        return all;
    if (nghttp2_session_callbacks_new(&all))
        memory_exhausted();
    nghttp2_session_callbacks_set_on_begin_headers_callback(all, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(all, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(all, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, on_stream_close);
    return all;
}

static const nghttp2_option *session_options(void)
{
    static nghttp2_option *options;

    if (options)
        return options;
    if (nghttp2_option_new(&options))
        memory_exhausted();
    nghttp2_option_set_no_auto_window_update(options, 1); /* on_data decides */
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_max_send_header_block_length(options, MAX_SENT_FIELD_BYTES);
    return options;
}

static void on_hold_over(void *owner)
{
    struct h2_server *server = owner;

    server->options.wake(server->options.wake_owner);
}

static void on_change(void *owner)
{
    struct h2_server *server = owner;
    const nghttp2_settings_entry setting = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                            server->streams_then - 1};

    nghttp2_submit_settings(server->session, NGHTTP2_FLAG_NONE, &setting, 1);
    server->options.wake(server->options.wake_owner);
}

struct h2_server *h2_server_new(const struct h2_server_options *options)
{
    static const nghttp2_settings_entry setting = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                                   DEFAULT_STREAMS};
    struct h2_server *server = memory_zeroed(sizeof(*server));

    assert(options->loop && options->find_behaviour && options->wake);
    server->options = *options;
    server->served_id = INT32_MAX;
    list_init(&server->streams);
    timer_init(&server->hold, on_hold_over, server, "origin first output");
    timer_init(&server->change, on_change, server, "origin stream limit");
    if (nghttp2_session_server_new2(&server->session, callbacks(), server, session_options()))
        memory_exhausted();
    nghttp2_submit_settings(server->session, NGHTTP2_FLAG_NONE, &setting, 1);
    loop_arm(options->loop, &server->hold,
             clock_after(loop_clock(options->loop), FIRST_REQUEST_WAIT));
    return server;
}

void h2_server_free(struct h2_server *server)
{
    struct link *link;

    if (!server)
        return;
    loop_cancel(server->options.loop, &server->hold);
    loop_cancel(server->options.loop, &server->change);
    nghttp2_session_del(server->session); /* calls no callback */
    while ((link = list_first(&server->streams)))
        free_stream(LIST_OWNER(link, struct h2_server_stream, link));
    free(server->raw);
    loop_free_later(server->options.loop, &server->deferred, free, server);
}

void h2_server_receive(struct h2_server *server, const unsigned char *bytes, size_t count)
{
    if (server->ending == ENDING_KEEP &&
        nghttp2_session_mem_recv(server->session, bytes, count) < 0)
        server->ending = ENDING_CLOSE;
}

/* The bytes of a fault, after the frames of nghttp2. */
static size_t take_raw(struct h2_server *server, unsigned char *to, size_t room)
{
    size_t count = 0;

    assert(server->raw_bytes <= room);
    do {
        memcpy(to + count, server->raw, server->raw_bytes);
        count += server->raw_bytes;
    } while (server->ending == ENDING_REPEAT && server->raw_bytes <= room - count);
    if (server->ending != ENDING_REPEAT) {
        free(server->raw);
        server->raw = NULL;
    }
    return count;
}

size_t h2_server_output(struct h2_server *server, unsigned char to[H2_SERVER_OUTPUT_BYTES])
{
    const uint8_t *chunk;
    size_t count = 0;
    ssize_t bytes = 0;

    if (server->hold.state == TIMER_ARMED)
        return 0;
    while (H2_SERVER_OUTPUT_BYTES - count >= MAX_CHUNK_BYTES &&
           (bytes = nghttp2_session_mem_send(server->session, &chunk)) > 0) {
        memcpy(to + count, chunk, (size_t)bytes);
        count += (size_t)bytes;
    }
    if (bytes < 0)
        server->ending = ENDING_CLOSE;
    if (bytes <= 0 && server->raw)
        count += take_raw(server, to + count, H2_SERVER_OUTPUT_BYTES - count);
    return count;
}

enum ending h2_server_ending(const struct h2_server *server)
{
    if (server->hold.state == TIMER_ARMED)
        return ENDING_KEEP;
    if (server->ending != ENDING_KEEP)
        return server->ending;
    return nghttp2_session_want_read(server->session) || nghttp2_session_want_write(server->session)
               ? ENDING_KEEP
               : ENDING_CLOSE;
}

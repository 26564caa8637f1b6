/*
 * From the callbacks of nghttp2 to the events of streams. A callback may close the connection or
 * cancel streams through an event: then no event follows, while nghttp2 continues to the end of the
 * received bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "http/h2/session.h"

#define FIELD_OVERHEAD_BYTES 32 /* of a field in the limit (RFC 9113, section 6.5.2) */

/* The stream of a frame; NULL: none, or no event may be called. The last one is remembered: a head
   calls a function for each field. */
static struct h2_stream *stream_of(nghttp2_session *session, int32_t id, const struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    struct h2_stream *one = h2->last_stream;

    if (!one || one->id != id)
        one = h2->last_stream = nghttp2_session_get_stream_user_data(session, id);
    return one && one->stream && conn->state != CONN_CLOSED ? one : NULL;
}

static struct status_line line_of(const struct h2_stream *one)
{
    return (struct status_line){.status = one->status, .major = 2, .reason = ""};
}

static bool is_interim(const struct h2_stream *one)
{
    return one->status / 100 == 1;
}

/* --- a head --- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    struct conn *conn = owner;
    struct h2_stream *one = stream_of(session, frame->hd.stream_id, conn);

    if (!one)
        return 0;
    one->status_valid = false;
    if (one->receiving)
        return 0;
    one->receiving = true;
    if (one->stream->events->first_byte)
        one->stream->events->first_byte(one->stream, h2_of(conn)->arrival);
    return 0;
}

/* ":status": nghttp2 has checked that it has three digits. Returns a result of nghttp2. */
static int take_status(struct h2_stream *one, struct span value)
{
    struct status_line line;

    one->status = 0;
    for (const char *at = value.at; at < value.end; at++)
        one->status = one->status * 10 + (unsigned)(*at - '0');
    if (one->status < 100) {
        one->malformed = true;
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
    }
    one->status_valid = true;
    line = line_of(one);
    if (one->stream->events->status)
        one->stream->events->status(one->stream, &line);
    return 0;
}

static struct span span_of_bytes(nghttp2_vec bytes)
{
    return span_of((const char *)bytes.base, bytes.len);
}

static void take_field(struct stream *stream, struct span name, struct span value)
{
    size_t bytes;

    if (span_bytes(name) > STREAM_MAX_NAME_BYTES)
        return;
    value = span_trim(value, is_space_or_control);
    bytes = span_bytes(value);
    stream->events->field(stream, name.at, span_bytes(name), value.at,
                          bytes < STREAM_MAX_VALUE_BYTES ? bytes : STREAM_MAX_VALUE_BYTES);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                     nghttp2_rcbuf *value, uint8_t flags, void *owner)
{
    struct conn *conn = owner;
    struct protocol_counters *counters = conn->options->counters;
    struct h2_stream *one = stream_of(session, frame->hd.stream_id, conn);
    nghttp2_vec field = nghttp2_rcbuf_get_buf(name), text = nghttp2_rcbuf_get_buf(value);
    size_t bytes = field.len + text.len;

    (void)flags;
    if (counters)
        counters->header_bytes_in_plain += bytes + H2_LINE_OVERHEAD_BYTES;
    if (!one)
        return 0;
    one->field_bytes += bytes + FIELD_OVERHEAD_BYTES;
    if (one->field_bytes > H2_MAX_FIELD_BYTES) {
        one->too_large = true;
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
    }
    if (*field.base == ':') /* a response has only ":status"; nghttp2 checks this */
        return take_status(one, span_of_bytes(text));
    if (one->stream->events->field && !one->head_done && !is_interim(one))
        take_field(one->stream, span_of_bytes(field), span_of_bytes(text));
    return 0;
}

/* A field with a forbidden character, or one that HTTP/2 does not allow. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
                             nghttp2_rcbuf *name, nghttp2_rcbuf *value, uint8_t flags, void *owner)
{
    struct h2_stream *one = stream_of(session, frame->hd.stream_id, owner);

    (void)name;
    (void)value;
    (void)flags;
    if (one)
        one->malformed = true;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* Ends the stream if its owner wants no more. Called after `head` and `body`. */
static void abandon_if_unwanted(struct conn *conn, struct h2_stream *one)
{
    if (one->stream && conn->state != CONN_CLOSED && one->stream->rest != REST_WANTED)
        h2_abandon(conn, one);
}

/* A head, or trailers, is complete. */
static int take_head(nghttp2_session *session, struct conn *conn, struct h2_stream *one)
{
    struct status_line line = line_of(one);

    if (one->head_done || !one->status_valid)
        return 0;
    if (is_interim(one)) {
        if (++one->interim <= H2_MAX_INTERIM)
            return 0;
        one->malformed = true;
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, one->id,
                                         NGHTTP2_ENHANCE_YOUR_CALM);
    }
    one->head_done = true;
    if (one->stream->events->head)
        one->stream->events->head(one->stream, &line, loop_clock(conn->loop));
    abandon_if_unwanted(conn, one);
    return 0;
}

/* --- the body --- */

/* nghttp2 enlarges the window as soon as it has received bytes, before the server can know this:
   bytes beyond what was granted are found here (RFC 9113, section 6.9.1). */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t count, void *owner)
{
    struct conn *conn = owner;
    struct h2 *h2 = h2_of(conn);
    struct h2_stream *one = stream_of(session, id, conn);

    (void)flags;
    if (count > h2->window) {
        h2->over_window = true;
        return NGHTTP2_ERR_CALLBACK_FAILURE; /* nghttp2 reads no more; h2_receive closes */
    }
    h2->window -= count;
    h2->idle_controls = 0; /* an empty frame is no progress: no call of this function */
    if (!one || one->over_window)
        return 0;
    if (count > one->window) {
        one->over_window = true;
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id,
                                         NGHTTP2_FLOW_CONTROL_ERROR);
    }
    one->window -= count;
    if (one->stream->events->body)
        one->stream->events->body(one->stream, (const char *)bytes, count);
    abandon_if_unwanted(conn, one);
    return 0;
}

/* --- frames --- */

/* The response is complete. */
static void complete_stream(struct conn *conn, struct h2_stream *one)
{
    const struct stream_end end = {
        .complete = true, .status = one->status, .arrival = *h2_of(conn)->arrival};

    conn->served = true;
    h2_end_stream(conn, one, &end);
}

static void count_limit(struct protocol_counters *counters, uint32_t limit)
{
    if (!counters)
        return;
    if (!counters->any_settings || limit < counters->streams_limit_min)
        counters->streams_limit_min = limit;
    if (!counters->any_settings || limit > counters->streams_limit_max)
        counters->streams_limit_max = limit;
    counters->any_settings = true;
}

static void take_settings(nghttp2_session *session, struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);

    h2->settings_received = true;
    h2->max_streams =
        nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    conn->stream_limit = h2->max_streams;
    count_limit(conn->options->counters, h2->max_streams);
    conn_report_room(conn);
}

/* "ENHANCE_YOUR_CALM, too many pings" */
static void describe_goaway(struct h2 *h2, const nghttp2_goaway *goaway)
{
    snprintf(h2->detail, sizeof(h2->detail), "%s%s%.*s", nghttp2_http2_strerror(goaway->error_code),
             goaway->opaque_data_len ? ", " : "", (int)goaway->opaque_data_len,
             goaway->opaque_data_len ? (const char *)goaway->opaque_data : "");
}

static void take_goaway(struct conn *conn, const nghttp2_goaway *goaway)
{
    struct h2 *h2 = h2_of(conn);

    if (conn->options->counters)
        conn->options->counters->goaways++;
    h2->goaway = true;
    h2->goaway_code = goaway->error_code;
    h2->last_processed = goaway->last_stream_id;
    describe_goaway(h2, goaway);
    conn_drain(conn);
}

static void take_reset(struct conn *conn, struct h2_stream *one, uint32_t code)
{
    struct protocol_counters *counters = conn->options->counters;

    if (counters && code == NGHTTP2_REFUSED_STREAM)
        counters->refused++;
    else if (counters)
        counters->resets++;
    if (one)
        one->reset = true;
}

/* END_STREAM was received. If the request was not sent completely, the stream ends here, because
   the server may never read the rest (RFC 9113, section 8.1). */
static void take_end(nghttp2_session *session, struct conn *conn, struct h2_stream *one)
{
    if (!one->stream || conn->state == CONN_CLOSED || !one->head_done || one->over_window)
        return;
    one->ended = true;
    if (nghttp2_session_get_stream_local_close(session, one->id))
        return; /* nghttp2 closes it now */
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, one->id, NGHTTP2_CANCEL);
    complete_stream(conn, one);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    struct conn *conn = owner;
    struct h2 *h2 = h2_of(conn);
    struct h2_stream *one = stream_of(session, frame->hd.stream_id, conn);
    int result = 0;

    if (probe_takes_lines(conn->loop))
        h2_report_received(conn, frame);
    if (++h2->idle_controls > H2_MAX_IDLE_CONTROLS)
        return NGHTTP2_ERR_CALLBACK_FAILURE; /* nghttp2 reads no more; h2_receive closes */
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        h2->idle_controls = 0;
        if (conn->options->counters) {
            conn->options->counters->header_bytes_in += frame->hd.length;
            conn->options->counters->heads_in++;
        }
        if (!one)
            break;
        result = take_head(session, conn, one);
        if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
            take_end(session, conn, one);
        break;
    case NGHTTP2_DATA:
        if (one && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
            take_end(session, conn, one);
        break;
    case NGHTTP2_RST_STREAM: take_reset(conn, one, frame->rst_stream.error_code); break;
    case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK))
            take_settings(session, conn);
        break;
    case NGHTTP2_GOAWAY: take_goaway(conn, &frame->goaway); break;
    default: break;
    }
    return result;
}

/* A frame that is not valid. If the error concerns its stream alone, nghttp2 resets that. A frame
   without a part of the message, such as WINDOW_UPDATE, does not make the message malformed. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int code,
                            void *owner)
{
    struct h2_stream *one = stream_of(session, frame->hd.stream_id, owner);

    (void)code;
    if (one && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
        one->malformed = true;
    return 0;
}

/* --- the end of a stream --- */

/* The server has not processed the request: GOAWAY, or RST_STREAM with REFUSED_STREAM. */
static struct stream_end refusal(const struct conn *conn, const struct h2_stream *one)
{
    const struct h2 *h2 = h2_of(conn);
    struct stream_end end = {.error = ERROR_HTTP2_REFUSED_STREAM, .replay = REPLAY_ANY};

    if (!one->reset && h2->goaway) {
        end.error = ERROR_HTTP2_GOAWAY;
        end.detail = h2->detail;
    }
    if (one->receiving) /* a part of the response was received, so the request was processed */
        end.replay = REPLAY_NEVER;
    else if (h2->goaway_code == NGHTTP2_ENHANCE_YOUR_CALM)
        end.replay = REPLAY_LATER;
    end.others_processed = end.replay == REPLAY_ANY && !one->reset && h2_ends_gracefully(conn);
    return end;
}

/* The error of a stream that was closed before its response was complete. */
static struct stream_end end_of(const struct conn *conn, const struct h2_stream *one, uint32_t code)
{
    const struct h2 *h2 = h2_of(conn);
    struct stream_end end = {.error = ERROR_HTTP2_RESET, .detail = nghttp2_http2_strerror(code)};

    if (one->over_window) {
        end.error = ERROR_HTTP2_PROTOCOL;
        end.detail = "more bytes than the window of the stream";
    } else if (one->too_large) {
        end.error = ERROR_HEADER_TOO_LARGE;
        end.detail = NULL;
    } else if (one->malformed || (!one->reset && code == NGHTTP2_PROTOCOL_ERROR)) {
        end.error = ERROR_MALFORMED;
        end.detail = one->interim > H2_MAX_INTERIM ? "over 32 interim responses" : NULL;
    } else if (code == NGHTTP2_HTTP_1_1_REQUIRED ||
               (h2->goaway_code == NGHTTP2_HTTP_1_1_REQUIRED && code == NGHTTP2_REFUSED_STREAM)) {
        end.error = ERROR_HTTP2_HTTP_1_1_REQUIRED;
        end.detail = NULL;
    } else if (code == NGHTTP2_REFUSED_STREAM) {
        end = refusal(conn, one);
    } else if (code == NGHTTP2_NO_ERROR) {
        end.error = one->head_done ? ERROR_TRUNCATED : ERROR_EMPTY;
        end.detail = NULL;
    } else if (!one->reset) { /* nghttp2 has reset it: FLOW_CONTROL_ERROR, STREAM_CLOSED */
        end.error = ERROR_HTTP2_PROTOCOL;
    }
    return end;
}

static void recycle(struct h2 *h2, struct h2_stream *one)
{
    if (h2->last_stream == one)
        h2->last_stream = NULL;
    list_remove(&one->link);
    list_put_first(&h2->spare, &one->link); /* the next stream finds it in the CPU's cache */
    h2_request_free(one->request);
    one->request = NULL;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *owner)
{
    struct conn *conn = owner;
    struct h2 *h2 = h2_of(conn);
    struct h2_stream *one = nghttp2_session_get_stream_user_data(session, id);
    struct stream_end end;

    if (!one)
        return 0;
    if (one->stream && conn->state != CONN_CLOSED) {
        if (one->ended && !one->malformed && !one->too_large && !one->over_window) {
            complete_stream(conn, one);
        } else {
            end = end_of(conn, one, code);
            h2_end_stream(conn, one, &end);
        }
    }
    if (!one->stream) /* else h2_close ends it */
        recycle(h2, one);
    return 0;
}

/* --- output --- */

static int before_send(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    const struct conn *conn = owner;
    struct h2_stream *one = stream_of(session, frame->hd.stream_id, conn);

    if (one && frame->hd.type == NGHTTP2_HEADERS)
        one->first_byte = h2_of(conn)->out_offset;
    return 0;
}

/* Called before mem_send returns the bytes of the frame. */
static void enlarge_window(struct h2 *h2, struct h2_stream *one, const nghttp2_frame *frame)
{
    uint64_t bytes = (uint64_t)frame->window_update.window_size_increment;

    if (!frame->hd.stream_id)
        h2->window += bytes;
    else if (one)
        one->window += bytes;
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    struct conn *conn = owner;
    struct h2_stream *one = stream_of(session, frame->hd.stream_id, conn);

    if (probe_takes_lines(conn->loop))
        h2_report_sent(conn, frame);
    if (frame->hd.type == NGHTTP2_HEADERS && conn->options->counters) {
        conn->options->counters->header_bytes_out += frame->hd.length;
        conn->options->counters->header_bytes_out_plain += one ? one->plain_bytes : 0;
        conn->options->counters->heads_out++;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code)
        describe_goaway(h2_of(conn), &frame->goaway);
    if (frame->hd.type == NGHTTP2_DATA)
        h2_of(conn)->idle_controls = 0; /* the server sends WINDOW_UPDATE for it */
    if (one && frame->hd.flags & NGHTTP2_FLAG_END_STREAM &&
        (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
        h2_of(conn)->completed = one;
    if (frame->hd.type == NGHTTP2_WINDOW_UPDATE)
        enlarge_window(h2_of(conn), one, frame);
    return 0;
}

/* An error of the connection or of a stream. The text is for developers. */
static int on_error(nghttp2_session *session, int code, const char *text, size_t bytes, void *owner)
{
    (void)session;
    (void)text;
    (void)bytes;
    h2_of(owner)->library_code = code;
    return 0;
}

const nghttp2_session_callbacks *h2_callbacks(void)
{
    static nghttp2_session_callbacks *callbacks;

    if (callbacks)
        return callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, before_send);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_error_callback2(callbacks, on_error);
    return callbacks;
}

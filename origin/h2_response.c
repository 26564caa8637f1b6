/* Responses over HTTP/2: composed when the fields of the request are complete, sent after the
   delay, whole or cut by a fault. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "http/fields.h"
#include "origin/h2_session.h"

#define DRIP_EVERY     (10 * NSEC_PER_MS)
#define FILLER_BYTES   16384 /* of the body that `body-endless` repeats */
#define ENDLESS_FIELDS 8000  /* of `head-endless`: 392,000 bytes by section 6.5.2 */
#define STATUS_BYTES   16

/* --- composing --- */

static void write_fields(FILE *to, struct origin_response *response)
{
    if (response->fault == FAULT_BODY_CHUNK)
        response->declared_bytes++; /* more than the body has: HTTP/2 has no chunks */
    if (response->ending == ENDING_REPEAT)
        response->framing = FRAMING_CHUNKED; /* without Content-Length */
    origin_response_write_fields(to, response);
    if (response->fault == FAULT_HEAD_ENDLESS)
        for (int i = 0; i < ENDLESS_FIELDS; i++)
            fputs(RESPONSE_FIELD_FILLER, to);
}

static void write_body(FILE *to, const struct origin_response *response)
{
    if (response->fault == FAULT_BODY_ENDLESS)
        for (size_t count = 0; count < FILLER_BYTES; count += strlen(RESPONSE_BODY_FILLER))
            fputs(RESPONSE_BODY_FILLER, to);
    else
        fwrite(response->body, 1, response->body_bytes, to);
}

static void compose(struct h2_server_stream *stream, struct origin_response *response)
{
    FILE *to = memory_stream(&stream->text, &stream->end);

    write_fields(to, response);
    fputc('\0', to);
    fflush(to);
    stream->at = stream->body_at = stream->end;
    write_body(to, response);
    fclose(to);
    if (response->part == PART_HALF_BODY || response->fault == FAULT_H2_TRUNCATE)
        stream->end = stream->at + (stream->end - stream->at) / 2;
}

void h2_server_prepare(struct h2_server_stream *stream, const struct site_behaviour *behaviour)
{
    const struct origin_request request = {.host = stream->host,
                                           .target = stream->target,
                                           .https = stream->server->options.https,
                                           .is_head = stream->is_head};
    struct origin_response response;

    origin_response_plan(&response, behaviour, &request);
    stream->status = response.status;
    stream->fault = response.fault;
    stream->part = response.part;
    stream->ending = response.fault == FAULT_BODY_CHUNK || response.fault == FAULT_HANG_UP
                         ? ENDING_KEEP
                         : response.ending;
    stream->has_body = response.has_body;
    stream->delay = behaviour->delay;
    stream->reset = behaviour->h2.reset;
    compose(stream, &response);
    origin_response_free(&response);
}

/* --- the head --- */

static nghttp2_nv field_of(const char *name, size_t name_bytes, const char *value,
                           size_t value_bytes)
{
    return (nghttp2_nv){.name = (uint8_t *)name,
                        .namelen = name_bytes,
                        .value = (uint8_t *)value,
                        .valuelen = value_bytes};
}

/* A line "Name: value" with CR LF. */
static nghttp2_nv field_of_line(const struct request_field *line)
{
    const char *colon = memchr(line->text, ':', line->bytes), *value = colon + 1;
    const char *end = line->text + line->bytes - strlen("\r\n");

    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    return field_of(line->text, (size_t)(colon - line->text), value, (size_t)(end - value));
}

/* A field of a connection, which HTTP/2 does not have (section 8.2.2). */
static bool is_of_connection(const struct request_field *line)
{
    static const char *const names[] = {"Connection", "Keep-Alive", "Proxy-Connection",
                                        "Transfer-Encoding", "Upgrade"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (field_is_named(line, names[i], strlen(names[i])))
            return true;
    return false;
}

static bool is_close(const struct request_field *line)
{
    nghttp2_nv field = field_of_line(line);

    return field_is_named(line, "Connection", strlen("Connection")) &&
           field.valuelen == strlen("close") &&
           !strncasecmp((const char *)field.value, "close", field.valuelen);
}

static size_t count_lines(const char *text)
{
    struct request_field line;
    size_t count = 0;

    while (fields_next(&text, &line))
        count++;
    return count;
}

/* --- the body --- */

/* Whether END_STREAM is withheld: the fault ends the response in another way. */
static bool is_cut(const struct h2_server_stream *stream)
{
    return stream->part == PART_HALF_BODY || stream->fault == FAULT_H2_TRUNCATE ||
           stream->fault == FAULT_HEAD_ENDLESS || stream->ending == ENDING_FIN;
}

/* The sent part of the body is complete. */
static ssize_t end_body(struct h2_server_stream *stream, uint32_t *flags)
{
    struct h2_server *server = stream->server;

    if (!is_cut(stream)) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        return 0;
    }
    if (stream->fault == FAULT_H2_TRUNCATE)
        nghttp2_submit_rst_stream(server->session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
    else if (stream->ending != ENDING_STALL && stream->ending != ENDING_REPEAT)
        server->ending = stream->ending;
    return NGHTTP2_ERR_DEFERRED;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t room,
                         uint32_t *flags, nghttp2_data_source *source, void *owner)
{
    struct h2_server_stream *stream = source->ptr;
    struct loop *loop = stream->server->options.loop;
    size_t count = stream->end - stream->at;

    (void)session;
    (void)id;
    (void)owner;
    if (stream->server->ending != ENDING_KEEP || stream->timer.state == TIMER_ARMED)
        return NGHTTP2_ERR_DEFERRED;
    if (!count)
        return end_body(stream, flags);
    if (count > room)
        count = room;
    if (stream->fault == FAULT_DRIP && stream->end - stream->at > 1) {
        count = 1;
        loop_arm(loop, &stream->timer, loop_clock(loop) + DRIP_EVERY);
    }
    memcpy(to, stream->text + stream->at, count);
    stream->at += count;
    if (stream->at == stream->end && stream->fault == FAULT_BODY_ENDLESS)
        stream->at = stream->body_at;
    else if (stream->at == stream->end && !is_cut(stream))
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)count;
}

/* --- sending --- */

static void submit(struct h2_server_stream *stream)
{
    nghttp2_session *session = stream->server->session;
    nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_body};
    nghttp2_nv *fields = memory_get((1 + count_lines(stream->text)) * sizeof(*fields));
    char status[STATUS_BYTES];
    const char *at = stream->text;
    struct request_field line;
    size_t count = 0;
    bool close = false;

    snprintf(status, sizeof(status), "%u", stream->status);
    fields[count++] = field_of(":status", strlen(":status"), status, strlen(status));
    while (fields_next(&at, &line)) {
        close = close || is_close(&line);
        if (!is_of_connection(&line))
            fields[count++] = field_of_line(&line); /* nghttp2 makes names lower case */
    }
    nghttp2_submit_response(session, stream->id, fields, count, stream->has_body ? &body : NULL);
    if (close && stream->ending == ENDING_KEEP)
        h2_server_goaway(stream->server, stream->server->last_id);
    free(fields);
}

static void respond_now(struct h2_server_stream *stream)
{
    stream->responded = true;
    if (!h2_server_replace(stream))
        submit(stream);
}

/* The delay is over, or the next byte of a drip is due. */
static void on_timer(void *owner)
{
    struct h2_server_stream *stream = owner;
    struct h2_server *server = stream->server;

    if (stream->responded)
        nghttp2_session_resume_data(server->session, stream->id);
    else
        respond_now(stream);
    server->options.wake(server->options.wake_owner);
}

void h2_server_stream_init(struct h2_server_stream *stream)
{
    timer_init(&stream->timer, on_timer, stream, "origin stream delay");
}

void h2_server_respond(struct h2_server_stream *stream)
{
    struct loop *loop = stream->server->options.loop;

    if (stream->delay)
        loop_arm(loop, &stream->timer, clock_after(loop_clock(loop), stream->delay));
    else
        respond_now(stream);
}

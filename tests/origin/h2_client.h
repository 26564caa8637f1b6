/* A client of nghttp2 and the HTTP/2 server of the origin, connected in memory. */
#ifndef TESTS_ORIGIN_H2_CLIENT_H
#define TESTS_ORIGIN_H2_CLIENT_H

#include "tests/support/unit.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>

#include "origin/h2_server.h"

#define MAX_STREAMS 256
#define MAX_FIELDS  8 /* of a request */

struct received {
    unsigned status;
    size_t body_bytes;
    char body[64];
    char fields[512]; /* "name: value|", without ":status" */
    bool ended;       /* END_STREAM */
    bool closed;
    uint32_t code; /* of a closed stream */
};

struct h2_fixture {
    struct loop *loop;
    struct h2_server *server;
    struct site_behaviour behaviour; /* for every request, but "/other" */
    struct site_behaviour other;
    char last_request[128];
    unsigned requests;
    unsigned wakes;
    nghttp2_session *client;
    size_t sent_bytes; /* by the server */
    size_t step;       /* at most this many bytes are passed at once */
    int error;         /* of the client's nghttp2_session_mem_recv; 0: none */
    unsigned goaways;  /* received */
    int32_t goaway_id; /* of the last one */
    size_t content;    /* bytes of content that are still to be sent */
    struct received streams[2 * MAX_STREAMS]; /* by id */
};

static inline const struct site_behaviour *h2_find(void *owner, const char *host,
                                                   const char *target)
{
    struct h2_fixture *fixture = owner;

    fixture->requests++;
    snprintf(fixture->last_request, sizeof(fixture->last_request), "%s%s", host, target);
    return strcmp(target, "/other") != 0 ? &fixture->behaviour : &fixture->other;
}

static inline int h2_on_header(nghttp2_session *session, const nghttp2_frame *frame,
                               const uint8_t *name, size_t name_bytes, const uint8_t *value,
                               size_t value_bytes, uint8_t flags, void *owner)
{
    struct h2_fixture *fixture = owner;
    struct received *to = &fixture->streams[frame->hd.stream_id];
    size_t length = strlen(to->fields);

    (void)session;
    (void)flags;
    if (*name == ':')
        to->status = (unsigned)strtoul((const char *)value, NULL, 10);
    else
        snprintf(to->fields + length, sizeof(to->fields) - length, "%.*s: %.*s|", (int)name_bytes,
                 (const char *)name, (int)value_bytes, (const char *)value);
    return 0;
}

static inline int h2_on_data(nghttp2_session *session, uint8_t flags, int32_t id,
                             const uint8_t *bytes, size_t count, void *owner)
{
    struct h2_fixture *fixture = owner;
    struct received *to = &fixture->streams[id];

    (void)session;
    (void)flags;
    for (size_t i = 0; i < count && to->body_bytes + i < sizeof(to->body) - 1; i++)
        to->body[to->body_bytes + i] = (char)bytes[i];
    to->body_bytes += count;
    return 0;
}

static inline int h2_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
    struct h2_fixture *fixture = owner;

    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        fixture->goaways++;
        fixture->goaway_id = frame->goaway.last_stream_id;
    }
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        fixture->streams[frame->hd.stream_id].ended = true;
    return 0;
}

static inline int h2_on_close(nghttp2_session *session, int32_t id, uint32_t code, void *owner)
{
    struct h2_fixture *fixture = owner;

    (void)session;
    fixture->streams[id].closed = true;
    fixture->streams[id].code = code;
    return 0;
}

static inline void h2_new_client(struct h2_fixture *fixture)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *options;

    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, h2_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, h2_on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, h2_on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, h2_on_close);
    nghttp2_option_new(&options);
    nghttp2_option_set_peer_max_concurrent_streams(options, MAX_STREAMS);
    nghttp2_option_set_max_send_header_block_length(options, 1024 * 1024);
    nghttp2_session_client_new2(&fixture->client, callbacks, fixture, options);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(options);
    nghttp2_submit_settings(fixture->client, NGHTTP2_FLAG_NONE, NULL, 0);
}

/* The server has output when its timer has expired. */
static inline void h2_on_wake(void *owner)
{
    struct h2_fixture *fixture = owner;

    fixture->wakes++;
}

static inline int h2_begin(void **state)
{
    struct h2_fixture *fixture = calloc(1, sizeof(*fixture));
    struct h2_server_options options = {
        .find_behaviour = h2_find, .owner = fixture, .wake = h2_on_wake, .wake_owner = fixture};

    fixture->loop = options.loop = loop_new();
    fixture->behaviour = (struct site_behaviour){.body = (char *)"abcd", .body_bytes = 4};
    fixture->other = (struct site_behaviour){.body = (char *)"other", .body_bytes = 5};
    fixture->step = SIZE_MAX;
    fixture->server = h2_server_new(&options);
    h2_new_client(fixture);
    *state = fixture;
    return 0;
}

static inline int h2_end(void **state)
{
    struct h2_fixture *fixture = *state;

    nghttp2_session_del(fixture->client);
    h2_server_free(fixture->server);
    loop_free(fixture->loop);
    free(fixture);
    return 0;
}

/* For a test with several connections. */
static inline struct h2_fixture *h2_again(void **state)
{
    h2_end(state);
    h2_begin(state);
    return *state;
}

static inline nghttp2_nv h2_pair(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)name,
                        .namelen = strlen(name),
                        .value = (uint8_t *)value,
                        .valuelen = strlen(value)};
}

static inline ssize_t h2_read_content(nghttp2_session *session, int32_t id, uint8_t *to,
                                      size_t room, uint32_t *flags, nghttp2_data_source *source,
                                      void *owner)
{
    struct h2_fixture *fixture = owner;
    size_t count = fixture->content < room ? fixture->content : room;

    (void)session;
    (void)id;
    (void)source;
    memset(to, 'c', count);
    fixture->content -= count;
    if (!fixture->content)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)count;
}

/* Submits a request of the method to "a.example" and returns its id. */
static inline int32_t h2_request(struct h2_fixture *fixture, const char *method, const char *target)
{
    const nghttp2_nv fields[] = {h2_pair(":method", method), h2_pair(":scheme", "http"),
                                 h2_pair(":authority", "a.example"), h2_pair(":path", target)};
    const nghttp2_data_provider content = {.read_callback = h2_read_content};

    return nghttp2_submit_request(fixture->client, NULL, fields, LENGTH(fields),
                                  fixture->content ? &content : NULL, NULL);
}

/* The client's bytes go to the server. Returns their number. */
static inline size_t h2_upload(struct h2_fixture *fixture)
{
    const uint8_t *bytes;
    ssize_t count;
    size_t total = 0;

    while ((count = nghttp2_session_mem_send(fixture->client, &bytes)) > 0) {
        total += (size_t)count;
        for (size_t at = 0, part; at < (size_t)count; at += part) {
            part = (size_t)count - at < fixture->step ? (size_t)count - at : fixture->step;
            h2_server_receive(fixture->server, bytes + at, part);
        }
    }
    return total;
}

/* The server's bytes go to the client, at most about 1 MiB. Returns their number. */
static inline size_t h2_download(struct h2_fixture *fixture)
{
    unsigned char bytes[H2_SERVER_OUTPUT_BYTES];
    size_t count, total = 0;

    while (total < 1024 * 1024 && (count = h2_server_output(fixture->server, bytes)) > 0) {
        total += count;
        for (size_t at = 0, part; at < count && !fixture->error; at += part) {
            ssize_t used;

            part = count - at < fixture->step ? count - at : fixture->step;
            used = nghttp2_session_mem_recv(fixture->client, bytes + at, part);
            if (used < 0)
                fixture->error = (int)used;
        }
    }
    fixture->sent_bytes += total;
    return total;
}

/* Passes bytes in both directions until both sides have none. */
static inline void h2_pump(struct h2_fixture *fixture)
{
    for (int i = 0; i < 100 && h2_upload(fixture) + h2_download(fixture); i++)
        ;
}

/* The same, and timers expire, until the condition is true. */
#define H2_UNTIL(fixture, condition)                                                               \
    do {                                                                                           \
        h2_pump(fixture);                                                                          \
        for (int turns_ = 0; !(condition); turns_++) {                                             \
            if (turns_ > 1000)                                                                     \
                fail_msg("never true: %s", #condition);                                            \
            loop_turn((fixture)->loop, 10 * NSEC_PER_MS);                                          \
            h2_pump(fixture);                                                                      \
        }                                                                                          \
    } while (0)

#endif

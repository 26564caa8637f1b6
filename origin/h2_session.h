/* Inside the HTTP/2 server of the origin only: the state of a connection and of a stream. */
#ifndef ORIGIN_H2_SESSION_H
#define ORIGIN_H2_SESSION_H

#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "origin/h2_server.h"

struct h2_server {
    struct h2_server_options options;
    nghttp2_session *session;
    struct link streams;       /* open */
    int32_t last_id;           /* the highest id of a request */
    int32_t served_id;         /* requests with a higher id are not processed: after GOAWAY */
    bool hang_up;              /* `ending` becomes ENDING_CLOSE when those up to served_id ended */
    unsigned requests;         /* so far */
    bool no_window;            /* no WINDOW_UPDATE is sent */
    unsigned streams_then;     /* MAX_CONCURRENT_STREAMS + 1 when `change` expires; 0: none */
    struct timer hold, change; /* until `hold` expires, nothing is sent */

    /* Set by a fault: output ends with `raw`, then this follows. With ENDING_REPEAT `raw` is sent
       repeatedly. */
    enum ending ending;
    unsigned char *raw; /* owned; NULL: none */
    size_t raw_bytes;

    struct deferred_free deferred;
};

/* A request, then its response. It lives until nghttp2 closes the stream. */
struct h2_server_stream {
    struct h2_server *server;
    struct link link; /* in server->streams */
    int32_t id;
    struct timer timer; /* end of the delay, or next byte of a drip */

    /* the request */
    size_t head_bytes;
    bool head_done, is_head, is_connect;
    char host[REQUEST_MAX_HOST_BYTES];
    char target[REQUEST_MAX_TARGET_BYTES];

    /* The response. `text` has the lines of the fields, a NUL, and the body; owned. */
    char *text;
    size_t at, end; /* offsets of the rest of the body */
    size_t body_at; /* offset of the body */
    unsigned status;
    enum fault fault;
    enum part part;
    enum ending ending;
    unsigned reset; /* as in struct h2_behaviour */
    nsec delay;
    bool has_body, responded;

    struct deferred_free deferred;
};

/* h2_faults.c */

/* Queues GOAWAY. Only the first call has an effect. */
void h2_server_goaway(struct h2_server *server, int32_t served_id);

/* Applies the keys that concern a connection: called for its first request. */
void h2_server_apply(struct h2_server *server, const struct site_behaviour *behaviour);

/* Carries out a fault that replaces a response. Returns false if the stream has none. */
bool h2_server_replace(struct h2_server_stream *stream);

/* h2_response.c */

/* Composes the response, when the fields of the request are complete. */
void h2_server_prepare(struct h2_server_stream *stream, const struct site_behaviour *behaviour);

/* Responds after the delay, when the request is complete. */
void h2_server_respond(struct h2_server_stream *stream);

/* Initializes the timer of a stream. */
void h2_server_stream_init(struct h2_server_stream *stream);

#endif

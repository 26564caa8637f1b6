/*
 * Frames of a server while many streams are open: each stream ends exactly once, and no event
 * follows its end.
 *
 * The first line of the input is the plan of the pieces in which the rest, the frames after the
 * server's SETTINGS, is received. Its letters choose what events do: 'c' cancel the stream, 'n'
 * cancel the next one, 'x' close the connection, 'd' discard the rest of the response, 's' submit
 * another request, 'b' writes are blocked, 'p' requests have content.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/support/h2_conn.h"

#define STREAMS      24
#define OPENED       16
#define EVENT_PERIOD 3 /* an event acts each third time */

struct one_stream {
    struct stream stream; /* first */
    bool submitted, over; /* over: ended, cancelled, or detached because the connection closed */
    bool head;
    unsigned ends;
};

static struct h2_conn peer;
static struct one_stream streams[STREAMS];
static struct h2_request *requests[2];
static unsigned submitted, events;
static const char *actions; /* the letters of the plan */

static void submit_next(void)
{
    struct one_stream *one = &streams[submitted];

    if (submitted == STREAMS || peer.conn->state != CONN_OPEN || !conn_capacity(peer.conn))
        return;
    one->stream.out.prepared = requests[strchr(actions, 'p') && submitted % 2];
    one->submitted = true;
    submitted++;
    conn_submit(peer.conn, &one->stream);
}

static void cancel(struct one_stream *one)
{
    if (!stream_is_submitted(&one->stream) || peer.conn->state == CONN_CLOSED)
        return;
    one->over = true;
    conn_cancel(&one->stream, ERROR_INTERRUPTED);
    MUST(!stream_is_submitted(&one->stream));
}

/* Every event. Returns the stream, whose owner may have acted. */
static struct one_stream *on_event(struct stream *stream)
{
    struct one_stream *one = (struct one_stream *)stream;

    MUST(one->submitted && !one->over && !one->ends && peer.conn->owner);
    if (++events % EVENT_PERIOD)
        return one;
    if (strchr(actions, 's'))
        submit_next();
    if (strchr(actions, 'n'))
        cancel(&streams[(one - streams + 1) % STREAMS]);
    if (strchr(actions, 'd'))
        stream->rest = REST_DISCARDED;
    if (strchr(actions, 'c'))
        cancel(one);
    if (strchr(actions, 'x') && events > 20)
        conn_close(peer.conn);
    return one;
}

static void on_sent(struct stream *stream, nsec at)
{
    (void)at;
    on_event(stream);
}

static void on_first_byte(struct stream *stream, const struct arrival *arrival)
{
    MUST(arrival->at);
    on_event(stream);
}

static void on_status(struct stream *stream, const struct status_line *line)
{
    MUST(line->status >= 100 && line->status <= 999 && line->major == 2);
    on_event(stream);
}

static void on_field(struct stream *stream, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    struct one_stream *one = (struct one_stream *)stream;

    MUST(!one->head);
    MUST(name_bytes && name_bytes <= STREAM_MAX_NAME_BYTES && name[0] != ':');
    MUST(value_bytes <= STREAM_MAX_VALUE_BYTES);
    for (size_t i = 0; i < value_bytes; i++)
        MUST((unsigned char)value[i] >= ' ' || value[i] == '\t');
    on_event(stream);
}

static void on_head(struct stream *stream, const struct status_line *line, nsec at)
{
    struct one_stream *one = (struct one_stream *)stream;

    (void)at;
    MUST(!one->head && line->status >= 200);
    one->head = true;
    on_event(stream);
}

static void on_body(struct stream *stream, const char *bytes, size_t count)
{
    MUST(((struct one_stream *)stream)->head && bytes && count);
    on_event(stream);
}

static void on_end(struct stream *stream, const struct stream_end *end)
{
    struct one_stream *one = (struct one_stream *)stream;

    MUST(one->submitted && !one->over && !one->ends && peer.conn->owner);
    MUST(!stream_is_submitted(stream));
    MUST(!end->complete || (one->head && !end->error && end->status >= 200 && end->arrival.at));
    MUST(end->complete || end->error || stream->rest != REST_WANTED);
    one->ends++;
    if (peer.conn->state == CONN_OPEN && strchr(actions, 's'))
        submit_next();
}

static const struct stream_events stream_events = {
    .sent = on_sent,
    .first_byte = on_first_byte,
    .status = on_status,
    .field = on_field,
    .head = on_head,
    .body = on_body,
    .end = on_end,
};

static void prepare(void)
{
    struct content *content = content_new("0123456789", 10);
    static struct url url;

    MUST(!url_parse(&url, "http://a.example/", strlen("http://a.example/")));
    for (int i = 0; i < 2; i++) {
        struct request request = {
            .method = i ? "POST" : "GET", .url = &url, .content = i ? content : NULL};

        requests[i] = h2_request_new(&request, false);
    }
}

static void run(struct part rest, const struct part *plan)
{
    static const unsigned char settings[9] = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    size_t room = strchr(actions, 'b') ? 7 : SIZE_MAX;

    for (size_t i = 0; i < STREAMS; i++)
        streams[i] = (struct one_stream){.stream.events = &stream_events};
    submitted = events = 0;
    while (submitted < OPENED)
        submit_next();
    h2_conn_write(&peer, room);
    h2_conn_receive(&peer, settings, sizeof(settings));
    for (size_t i = 0; rest.size && peer.conn->state != CONN_CLOSED; i++) {
        struct part piece = part_piece(&rest, plan, i);

        h2_conn_receive(&peer, piece.at, piece.size);
        if (peer.conn->state != CONN_CLOSED)
            h2_conn_write(&peer, room);
        h2_conn_settle(&peer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct loop *loop;
    struct part rest = {data, size}, plan = part_line(&rest);
    char *text = part_text(&plan);
    bool closed;

    if (!loop) {
        loop = loop_new();
        prepare();
    }
    actions = text;
    h2_conn_open(&peer, loop);
    run(rest, &plan);
    h2_conn_receive_end(&peer);
    closed = !peer.conn->owner;
    h2_conn_free(&peer);
    for (size_t i = 0; i < STREAMS; i++) {
        MUST(!stream_is_submitted(&streams[i].stream));
        MUST(streams[i].ends + streams[i].over == streams[i].submitted || closed);
    }
    free(text);
    return 0;
}

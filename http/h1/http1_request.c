/*
 * Requests, which llhttp reads from the first byte to the last, as strictly as it does by itself: a
 * server that guesses what a request means is how requests are smuggled.
 */
#include "http/h1/http1_request.h"

#include <string.h>
#include <strings.h>

static int on_headers_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;

    http1->head_done = true;
    http1->major = parser->http_major;
    http1->minor = parser->http_minor;
    http1->request->head = parser->method == HTTP_HEAD;
    if (http1->events->head)
        http1->events->head(http1->owner, http1);
    return 0;
}

static int on_body(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

    if (http1->events->body)
        http1->events->body(http1->owner, bytes, count);
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;

    http1->keep_alive = llhttp_should_keep_alive(parser) &&
                        !((parser->flags & F_CHUNKED) && (parser->flags & F_CONTENT_LENGTH));
    http1->done = true;
    return HPE_PAUSED;
}

/* Appends what fits to a text closed with a NUL. */
static void append(char *to, size_t room, const char *bytes, size_t count)
{
    size_t have = strlen(to), space = room - have - 1;

    if (count > space)
        count = space;
    memcpy(to + have, bytes, count);
    to[have + count] = '\0';
}

static int on_url(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

    append(http1->request->target, sizeof(http1->request->target), bytes, count);
    return 0;
}

/* Chunk extensions, and the fields of trailers: their bytes count with the head. */
static int on_extra(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

    (void)bytes;
    http1->head_bytes += count;
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;
    struct http1_request *request = http1->request;

    if (http1->head_done)
        return on_extra(parser, bytes, count);
    if (!request->field_bytes)
        request->field[0] = '\0';
    request->field_bytes += count;
    append(request->field, sizeof(request->field), bytes, count);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

    if (http1->head_done)
        return on_extra(parser, bytes, count);
    if (!strcasecmp(http1->request->field, "host"))
        append(http1->request->host, sizeof(http1->request->host), bytes, count);
    return 0;
}

static int on_header_value_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;

    http1->request->field_bytes = 0;
    return 0;
}

void http1_start_request(struct http1 *http1, struct http1_request *request,
                         const struct http1_events *events, void *owner)
{
    static const llhttp_settings_t settings = {
        .on_url = on_url,
        .on_header_field = on_header_field,
        .on_header_value = on_header_value,
        .on_header_value_complete = on_header_value_complete,
        .on_headers_complete = on_headers_complete,
        .on_chunk_extension_name = on_extra,
        .on_chunk_extension_value = on_extra,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };

    *http1 = (struct http1){.events = events, .owner = owner, .request = request};
    llhttp_init(&http1->parser, HTTP_REQUEST, &settings);
    http1->parser.data = http1;
    *request = (struct http1_request){0};
}

/* Hands bytes to llhttp; while the head goes on, not more than it may still have. */
enum http1_status http1_feed_request(struct http1 *http1, const unsigned char *bytes, size_t count,
                                     size_t *used)
{
    *used = 0;
    while (*used < count) {
        const char *at = (const char *)bytes + *used;
        size_t room = HTTP1_MOST_HEAD_BYTES - http1->head_bytes, part = count - *used;
        llhttp_errno_t error;

        if (!http1->head_done && part > room)
            part = room;
        error = llhttp_execute(&http1->parser, at, part);
        if (error == HPE_PAUSED && http1->done) {
            *used += (size_t)(llhttp_get_error_pos(&http1->parser) - at);
            return HTTP1_DONE;
        }
        *used += part;
        if (error == HPE_PAUSED_UPGRADE)
            return HTTP1_UPGRADE;
        if (error != HPE_OK) {
            http1->why = http1_parser_why(&http1->parser);
            return HTTP1_MALFORMED;
        }
        if (!http1->head_done)
            http1->head_bytes += part;
        if (http1->head_bytes >= HTTP1_MOST_HEAD_BYTES)
            return HTTP1_TOO_LARGE;
    }
    return HTTP1_MORE;
}

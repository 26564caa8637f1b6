/* The callbacks of llhttp, and the size limit of a head, which llhttp does not have. */
#include "origin/request_parser.h"

#include <string.h>
#include <strings.h>

static int on_headers_complete(llhttp_t *parser)
{
    struct request_parser *request = parser->data;

    request->head_done = true;
    request->is_head_request = parser->method == HTTP_HEAD;
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct request_parser *request = parser->data;

    request->keep_alive = llhttp_should_keep_alive(parser) &&
                          !((parser->flags & F_CHUNKED) && (parser->flags & F_CONTENT_LENGTH));
    request->done = true;
    return HPE_PAUSED;
}

/* Appends to a text that ends with a NUL, truncating it to `room` bytes. */
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
    struct request_parser *request = parser->data;

    append(request->target, sizeof(request->target), bytes, count);
    return 0;
}

/* Chunk extensions and trailer fields count as head bytes. */
static int on_extra(llhttp_t *parser, const char *bytes, size_t count)
{
    struct request_parser *request = parser->data;

    (void)bytes;
    request->head_bytes += count;
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *bytes, size_t count)
{
    struct request_parser *request = parser->data;

    if (request->head_done)
        return on_extra(parser, bytes, count);
    if (!request->field_bytes)
        request->field[0] = '\0';
    request->field_bytes += count;
    append(request->field, sizeof(request->field), bytes, count);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *bytes, size_t count)
{
    struct request_parser *request = parser->data;

    if (request->head_done)
        return on_extra(parser, bytes, count);
    if (!strcasecmp(request->field, "host"))
        append(request->host, sizeof(request->host), bytes, count);
    return 0;
}

static int on_header_value_complete(llhttp_t *parser)
{
    struct request_parser *request = parser->data;

    request->field_bytes = 0;
    return 0;
}

void request_parser_start(struct request_parser *request)
{
    static const llhttp_settings_t settings = {
        .on_url = on_url,
        .on_header_field = on_header_field,
        .on_header_value = on_header_value,
        .on_header_value_complete = on_header_value_complete,
        .on_headers_complete = on_headers_complete,
        .on_chunk_extension_name = on_extra,
        .on_chunk_extension_value = on_extra,
        .on_message_complete = on_message_complete,
    };

    *request = (struct request_parser){.done = false};
    llhttp_init(&request->parser, HTTP_REQUEST, &settings);
    request->parser.data = request;
}

/* While the head is incomplete, llhttp gets at most the bytes that the limit allows. */
enum request_status request_parser_feed(struct request_parser *request, const unsigned char *bytes,
                                        size_t count, size_t *used)
{
    *used = 0;
    while (*used < count) {
        const char *at = (const char *)bytes + *used;
        size_t room = REQUEST_MAX_HEAD_BYTES - request->head_bytes, part = count - *used;
        llhttp_errno_t error;

        if (!request->head_done && part > room)
            part = room;
        error = llhttp_execute(&request->parser, at, part);
        if ((error == HPE_PAUSED && request->done) || error == HPE_PAUSED_H2_UPGRADE) {
            *used += (size_t)(llhttp_get_error_pos(&request->parser) - at);
            return request->done ? REQUEST_DONE : REQUEST_HTTP2;
        }
        *used += part;
        if (error == HPE_PAUSED_UPGRADE)
            return REQUEST_UPGRADE;
        if (error != HPE_OK)
            return REQUEST_MALFORMED;
        if (!request->head_done)
            request->head_bytes += part;
        if (request->head_bytes >= REQUEST_MAX_HEAD_BYTES)
            return REQUEST_TOO_LARGE;
    }
    return REQUEST_MORE;
}

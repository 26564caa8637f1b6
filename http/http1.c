/*
 * Callbacks of llhttp turned into the few things that a connection asks: more, done or wrong.
 *
 * llhttp hands over names and values as they lie in the bytes fed, cut where those are cut. Copying
 * each into a buffer before it is told would be simpler, and would cost a copy of every field and a
 * buffer in every connection. A head nearly always comes whole: so a piece is borrowed while the feed
 * lasts, and copied only when it goes on in the next one (or on a folded line). Where nobody asks for
 * fields, or for the reason phrase, a table of callbacks does without theirs.
 */
#include "http/http1.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reactor/memory.h"

#define NAME_ROOM (HTTP1_MOST_NAME_BYTES + 1) /* a full one is over the limit */

static bool is_interim(const struct http1 *http1)
{
    return http1->parser.type == HTTP_RESPONSE && http1->parser.status_code / 100 == 1 &&
           http1->parser.status_code != 101;
}

static void note_status(struct http1 *http1)
{
    http1->status = http1->parser.status_code;
    http1->major = http1->parser.http_major;
    http1->minor = http1->parser.http_minor;
}

/* 1: no body follows, whatever the fields say (RFC 9110, section 6.4.1). */
static int on_headers_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;
    unsigned status = parser->status_code;

    if (is_interim(http1))
        return 1;
    if (parser->type == HTTP_RESPONSE && (status < 100 || status > 999))
        return -1;
    http1->head_done = true;
    note_status(http1);
    if (http1->request)
        http1->request->head = parser->method == HTTP_HEAD;
    if (http1->events->head)
        http1->events->head(http1->owner, http1);
    return http1->headless || status == 204 || status == 304;
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

    if (is_interim(http1))
        return 0;
    /* Both framings at once is a sign of smuggling: take the answer, but none after it
       (RFC 9112, section 6.1). */
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

static int on_header_field(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;
    struct http1_request *request = http1->request;

    if (!request->field_bytes)
        request->field[0] = '\0';
    request->field_bytes += count;
    append(request->field, sizeof(request->field), bytes, count);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

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

/* Copies what was borrowed, as far as there is room: what it points to is about to change. */
static void piece_hold(struct http1_piece *piece, size_t room)
{
    if (!piece->bytes || piece->at == piece->held)
        return;
    if (!piece->held)
        piece->held = memory_get(room);
    if (piece->bytes > room)
        piece->bytes = room;
    memcpy(piece->held, piece->at, piece->bytes);
    piece->at = piece->held;
}

static void piece_add(struct http1_piece *piece, size_t room, const char *bytes, size_t count)
{
    if (!piece->bytes) {
        piece->at = bytes;
        piece->bytes = count;
        return;
    }
    piece_hold(piece, room);
    if (count > room - piece->bytes)
        count = room - piece->bytes;
    memcpy(piece->held + piece->bytes, bytes, count);
    piece->bytes += count;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes off optional white space (RFC 9110, section 5.6.3); llhttp leaves some at the end. */
static void piece_trim(struct http1_piece *piece)
{
    while (piece->bytes && is_blank(piece->at[piece->bytes - 1]))
        piece->bytes--;
    while (piece->bytes && is_blank(*piece->at)) {
        piece->at++;
        piece->bytes--;
    }
}

/* The final head goes on: neither an interim one nor the trailers. */
static bool is_told(const struct http1 *http1)
{
    return !http1->head_done && !is_interim(http1);
}

static int on_answer_name(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

    if (is_told(http1))
        piece_add(&http1->name, NAME_ROOM, bytes, count);
    return 0;
}

static int on_answer_value(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

    if (is_told(http1))
        piece_add(&http1->value, HTTP1_MOST_VALUE_BYTES, bytes, count);
    return 0;
}

static int on_answer_value_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;
    struct http1_piece *name = &http1->name, *value = &http1->value;
    bool fits = name->bytes <= HTTP1_MOST_NAME_BYTES;

    if (value->bytes > HTTP1_MOST_VALUE_BYTES)
        value->bytes = HTTP1_MOST_VALUE_BYTES;
    piece_trim(name);
    piece_trim(value);
    note_status(http1);
    if (fits && name->bytes)
        http1->events->field(http1->owner, name->at, name->bytes, value->bytes ? value->at : "",
                             value->bytes);
    name->bytes = 0;
    value->bytes = 0;
    return 0;
}

static int on_answer_reason(llhttp_t *parser, const char *bytes, size_t count)
{
    struct http1 *http1 = parser->data;

    piece_add(&http1->value, HTTP1_MOST_VALUE_BYTES, bytes, count);
    return 0;
}

static int on_answer_reason_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;
    struct http1_piece *reason = &http1->value;

    if (reason->bytes > HTTP1_MOST_VALUE_BYTES)
        reason->bytes = HTTP1_MOST_VALUE_BYTES;
    piece_trim(reason);
    note_status(http1);
    http1->events->status(http1->owner, http1, reason->bytes ? reason->at : "", reason->bytes);
    reason->bytes = 0;
    return 0;
}

static void start(struct http1 *http1, const struct http1_events *events, void *owner)
{
    *http1 = (struct http1){.events = events, .owner = owner};
}

static const llhttp_settings_t *settings_of(const struct http1_events *events)
{
    static const llhttp_settings_t without_fields = {
        .on_headers_complete = on_headers_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };
    static const llhttp_settings_t with_fields = {
        .on_header_field = on_answer_name,
        .on_header_value = on_answer_value,
        .on_header_value_complete = on_answer_value_complete,
        .on_headers_complete = on_headers_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };
    static const llhttp_settings_t with_status = {
        .on_status = on_answer_reason,
        .on_status_complete = on_answer_reason_complete,
        .on_header_field = on_answer_name,
        .on_header_value = on_answer_value,
        .on_header_value_complete = on_answer_value_complete,
        .on_headers_complete = on_headers_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };

    if (!events->field)
        return &without_fields;
    return events->status ? &with_status : &with_fields;
}

void http1_start_answer(struct http1 *http1, bool headless, const struct http1_events *events,
                        void *owner)
{
    start(http1, events, owner);
    llhttp_init(&http1->parser, HTTP_RESPONSE, settings_of(events));
    llhttp_set_lenient_chunked_length(&http1->parser, 1);
    llhttp_set_lenient_keep_alive(&http1->parser, 1); /* "close" in a 1xx is not the end */
    http1->parser.data = http1;
    http1->headless = headless;
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
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };

    start(http1, events, owner);
    llhttp_init(&http1->parser, HTTP_REQUEST, &settings);
    http1->parser.data = http1;
    *request = (struct http1_request){0};
    http1->request = request;
}

/* The bytes fed are about to change: a field that goes on is copied. When the head is over, or wrong,
   nothing is held any more. */
static void end_feed(struct http1 *http1, llhttp_errno_t error)
{
    if (error != HPE_OK || http1->head_done) {
        http1_free(http1);
        return;
    }
    piece_hold(&http1->name, NAME_ROOM);
    piece_hold(&http1->value, HTTP1_MOST_VALUE_BYTES);
}

void http1_free(struct http1 *http1)
{
    free(http1->name.held);
    free(http1->value.held);
    http1->name = http1->value = (struct http1_piece){0};
}

/* Hands bytes to llhttp; while the head goes on, not more than it may still have. */
enum http1_status http1_feed(struct http1 *http1, const unsigned char *bytes, size_t count,
                             size_t *used)
{
    size_t limit = HTTP1_MOST_HEAD_BYTES - http1->head_bytes;
    size_t first = http1->head_done || count < limit ? count : limit;
    bool told = http1->events->field && !http1->head_done;
    llhttp_errno_t error = llhttp_execute(&http1->parser, (const char *)bytes, first);

    *used = first;
    if (told)
        end_feed(http1, error);
    if (error == HPE_PAUSED && http1->done) {
        *used = (size_t)(llhttp_get_error_pos(&http1->parser) - (const char *)bytes);
        return http1->status == 101 ? HTTP1_UPGRADE : HTTP1_DONE;
    }
    if (error == HPE_PAUSED_UPGRADE)
        return HTTP1_UPGRADE;
    if (error != HPE_OK)
        return HTTP1_MALFORMED;
    if (!http1->head_done) {
        http1->head_bytes += first;
        if (http1->head_bytes < HTTP1_MOST_HEAD_BYTES)
            return HTTP1_MORE;
        http1_free(http1);
        return HTTP1_TOO_LARGE;
    }
    if (first < count) { /* the head ended inside its limit: the rest is body */
        enum http1_status status = http1_feed(http1, bytes + first, count - first, used);

        *used += first;
        return status;
    }
    return HTTP1_MORE;
}

void http1_drop_rest(struct http1 *http1)
{
    static const struct http1_events none = {0};

    http1->events = &none;
    http1->owner = NULL;
}

enum http1_status http1_finish(struct http1 *http1)
{
    llhttp_finish(&http1->parser);
    http1_free(http1);
    return http1->done ? HTTP1_DONE : HTTP1_CUT;
}

enum error error_of_http1(enum http1_status status)
{
    switch (status) {
    case HTTP1_TOO_LARGE: return ERROR_HEADER_TOO_LARGE;
    case HTTP1_UPGRADE: return ERROR_UPGRADE;
    case HTTP1_CUT: return ERROR_TRUNCATED;
    default: return ERROR_MALFORMED;
    }
}

const char *http1_why(const struct http1 *http1)
{
    const char *reason = llhttp_get_error_reason(&http1->parser);

    /* for a callback's refusal llhttp has words of its own, whatever the callback sets */
    if (llhttp_get_errno(&http1->parser) == HPE_CB_HEADERS_COMPLETE)
        return "Status code is not of three digits";
    return reason && *reason ? reason : llhttp_errno_name(llhttp_get_errno(&http1->parser));
}

#define TEXT(x)          #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)

const char *http1_parser_version(void)
{
    return VERSION(LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
}

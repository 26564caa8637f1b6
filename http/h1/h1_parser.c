/*
 * Responses. A head is read line by line (lines, field_line); llhttp parses the status line and
 * Transfer-Encoding, whose grammar is complex. The value of a field is read only if the field
 * frames the message or is reported. Lengths, the framing of a chunked body (chunks) and trailers
 * are read here.
 *
 * llhttp alone is not enough: version 8 cannot accept bare LFs or blanks after a chunk size, and it
 * takes some bare CRs for a line end and skips the next byte; the lenient flags of version 9 do not
 * skip a malformed field. Nearly all heads arrive complete and regular; then no line is copied, and
 * this costs less than passing all bytes to llhttp.
 *
 * Rejected: llhttp first, and a second parser, line by line, when llhttp fails. The two differ in
 * what they accept, so the events would depend on where the bytes are cut.
 */
#include "http/h1/h1_parser.h"

#include <string.h>

#include "base/bytes.h"
#include "http/h1/field_line.h"
#include "http/h1/status_line.h"

/* --- llhttp --- */

static int on_headers_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

/* Prepares llhttp for a head. A copy is cheaper than llhttp_init. */
static void start_llhttp(struct h1_parser *parser)
{
    static const llhttp_settings_t settings = {.on_headers_complete = on_headers_complete};
    static llhttp_t fresh;

    if (!fresh.settings)
        llhttp_init(&fresh, HTTP_RESPONSE, &settings);
    parser->llhttp = fresh;
}

/* Passes bytes to llhttp, which must return `wanted`. */
static bool parse(struct h1_parser *parser, const char *bytes, size_t count, llhttp_errno_t wanted)
{
    llhttp_errno_t error = llhttp_execute(&parser->llhttp, bytes, count);
    const char *reason = llhttp_get_error_reason(&parser->llhttp);

    if (error == wanted)
        return true;
    parser->why = reason && *reason ? reason : llhttp_errno_name(error);
    return false;
}

static enum h1_status malformed(struct h1_parser *parser, const char *why)
{
    parser->why = why;
    return H1_MALFORMED;
}

/* Another head follows a head with this status. */
static bool is_interim(unsigned status)
{
    return status / 100 == 1 && status != 101;
}

/* --- a head --- */

static void report_status(struct h1_parser *parser)
{
    size_t bytes;
    const char *reason = status_line_reason(parser->lines.text, parser->lines.bytes, &bytes);

    if (bytes > H1_MAX_VALUE_BYTES)
        bytes = H1_MAX_VALUE_BYTES;
    parser->events->status(parser->owner, parser, reason, bytes);
}

/* Passes the status line to llhttp, with one space before the code: llhttp reads a code after
   several spaces as 0. */
static bool parse_status_line(struct h1_parser *parser)
{
    const char *at = parser->lines.text, *end = at + parser->lines.bytes + 2;
    const char *space = at + sizeof("HTTP/1.1") - 1;

    if (end - space < 4 || space[0] != ' ' || space[1] != ' ')
        return parse(parser, at, (size_t)(end - at), HPE_OK);
    if (!parse(parser, at, (size_t)(space + 1 - at), HPE_OK))
        return false;
    while (*space == ' ')
        space++;
    return parse(parser, space, (size_t)(end - space), HPE_OK);
}

static bool take_status_line(struct h1_parser *parser)
{
    start_llhttp(parser);
    if (!parse_status_line(parser))
        return false;
    parser->has_status = true;
    parser->status = parser->llhttp.status_code;
    parser->major = parser->llhttp.http_major;
    parser->minor = parser->llhttp.http_minor;
    if (parser->events->status && parser->events->field)
        report_status(parser);
    return true;
}

static const char *take_length(struct h1_parser *parser, const struct field_line_parts *field)
{
    uint64_t length;
    const char *why = field_line_length(field, &length);

    if (!why && parser->has_length && length != parser->left)
        why = "Content-Length has different values";
    parser->has_length = true;
    parser->left = length;
    return why;
}

/* Passes Transfer-Encoding to llhttp. */
static bool parse_coding(struct h1_parser *parser, const struct field_line_parts *field)
{
    static const char name[] = "Transfer-Encoding:";
    const char *end = parser->lines.text + parser->lines.bytes + 2;

    parser->has_coding = true;
    return parse(parser, name, sizeof(name) - 1, HPE_OK) &&
           parse(parser, field->value, (size_t)(end - field->value), HPE_OK);
}

/* A line that was not copied has no control character except DEL. */
static bool has_control(const struct h1_parser *parser, const struct field_line_parts *field)
{
    if (parser->lines.text == parser->lines.copy)
        return field_line_has_control(field);
    return memchr(field->value, 0x7f, field->value_bytes);
}

static bool is_1_1(const struct h1_parser *parser)
{
    return parser->major > 0 && parser->minor > 0;
}

/* RFC 9112, section 9.3. */
static void take_connection(struct h1_parser *parser, const struct field_line_parts *field)
{
    parser->closes |= field_line_lists(field, "close");
    if (!is_1_1(parser))
        parser->persists |= field_line_lists(field, "keep-alive");
    parser->repaired |= has_control(parser, field); /* the value might have been "close" */
}

/* Reads a field that determines where the message ends, or whether another one may follow. */
static bool take_framing(struct h1_parser *parser, const struct field_line_parts *field,
                         enum field_use use)
{
    switch (use) {
    case FIELD_LENGTH: parser->why = take_length(parser, field); return !parser->why;
    case FIELD_CODING: return parse_coding(parser, field);
    case FIELD_CONNECTION: take_connection(parser, field); break;
    case FIELD_OTHER: break;
    }
    return true;
}

static void report_field(struct h1_parser *parser, const struct field_line_parts *field)
{
    size_t bytes = field->value_bytes;

    if (field->name_bytes > H1_MAX_NAME_BYTES || !field_line_has_token(field) ||
        has_control(parser, field))
        return;
    if (bytes > H1_MAX_VALUE_BYTES)
        bytes = H1_MAX_VALUE_BYTES;
    parser->events->field(parser->owner, field->name, field->name_bytes, field->value, bytes);
}

static bool take_field_line(struct h1_parser *parser)
{
    struct field_line_parts field;
    enum field_use use;

    if (is_blank(*parser->lines.text))
        parser->why = "Blank before the first field";
    else if (!field_line_split(&field, parser->lines.text, parser->lines.bytes))
        parser->why = "Field line without a colon";
    if (parser->why)
        return false;
    parser->repaired |= field.blank_before_colon;
    use = field_line_use(&field);
    if (use == FIELD_OTHER && !parser->events->field)
        return true;
    field_line_trim(&field);
    if (!take_framing(parser, &field, use))
        return false;
    if (parser->events->field && !is_interim(parser->status))
        report_field(parser, &field);
    return true;
}

/* A blank line: the end of the head, or a line before the status line. */
static enum h1_status take_blank(struct h1_parser *parser)
{
    if (!parser->has_status)
        return H1_MORE;
    parser->repaired |= parser->lines.repaired;
    parser->lines.bare_lf = false; /* it is allowed in a head */
    h1_parser_free(parser);
    if (parser->has_coding && !parse(parser, "\r\n", 2, HPE_PAUSED))
        return H1_MALFORMED;
    return H1_DONE;
}

/* Reads lines up to the end of the head. DONE: it is complete. */
static enum h1_status take_lines(struct h1_parser *parser, const char **at, const char *end)
{
    struct lines *lines = &parser->lines;
    enum h1_status status = H1_MORE;

    while (status == H1_MORE) {
        switch (lines_take(lines, parser->has_status, at, end)) {
        case LINES_MORE:
            if (!parser->has_status && !status_line_may_become(lines->text, lines->bytes))
                return malformed(parser, "Expected HTTP/");
            return H1_MORE;
        case LINES_TEXT:
            if (!(parser->has_status ? take_field_line(parser) : take_status_line(parser)))
                return H1_MALFORMED;
            break;
        case LINES_BLANK: status = take_blank(parser); break;
        case LINES_MALFORMED: return malformed(parser, lines->why);
        }
    }
    return status;
}

/* Calls `take` with at most the bytes that the head may still have. */
static enum h1_status limited(struct h1_parser *parser, const char **at, const char *end,
                              enum h1_status (*take)(struct h1_parser *parser, const char **at,
                                                     const char *end))
{
    size_t room = H1_MAX_HEAD_BYTES - parser->head_bytes;
    const char *start = *at, *stop = (size_t)(end - start) < room ? end : start + room;
    enum h1_status status = take(parser, at, stop);

    parser->head_bytes += (size_t)(*at - start);
    if (status == H1_MORE && parser->head_bytes == H1_MAX_HEAD_BYTES)
        return H1_TOO_LARGE;
    return status;
}

/* Prepares for the next head. */
static void expect_head(struct h1_parser *parser)
{
    parser->part = H1_HEAD;
    parser->has_status = parser->has_length = parser->has_coding = false;
    parser->closes = parser->persists = false;
}

static enum h1_status finish(struct h1_parser *parser)
{
    parser->done = true;
    parser->keep_alive &= !parser->repaired;
    return parser->status == 101 ? H1_UPGRADE : H1_DONE;
}

/* The last transfer coding is chunked. */
static bool is_chunked(const struct h1_parser *parser)
{
    return parser->has_coding && parser->llhttp.flags & F_CHUNKED;
}

/* Whether the message ends with its head, regardless of its fields. */
static bool has_no_body(const struct h1_parser *parser)
{
    return parser->is_head_request || parser->status == 101 || parser->status == 204 ||
           parser->status == 304;
}

/* Section 6.3: where the body ends. */
static enum h1_status start_body(struct h1_parser *parser)
{
    if (has_no_body(parser))
        return finish(parser);
    if (is_chunked(parser)) {
        parser->part = H1_CHUNKS;
        parser->chunks = (struct chunks){0};
    } else if (parser->has_length && !parser->has_coding) {
        parser->part = H1_LENGTH;
        if (!parser->left)
            return finish(parser);
    } else {
        parser->part = H1_TO_END;
        parser->keep_alive = false;
    }
    return H1_MORE;
}

/* A head is complete. DONE: it is the final one. Both framings in one head are a sign of request
   smuggling: the response is accepted, but none after it (section 6.1). */
static enum h1_status end_head(struct h1_parser *parser)
{
    bool both = parser->has_length && is_chunked(parser);

    if (parser->status < 100 || parser->status > 999)
        return malformed(parser, "Status code is not of three digits");
    if (is_interim(parser->status)) {
        expect_head(parser);
        return H1_MORE;
    }
    parser->keep_alive = !parser->closes && (is_1_1(parser) || parser->persists) && !both;
    return H1_DONE;
}

/* Applies the facts of a remembered head with which these bytes begin. False: there is none. */
static bool recall_head(struct h1_parser *parser, const char **at, const char *end)
{
    size_t bytes;
    const struct head_facts *facts =
        head_memo_find(parser->memo, *at, (size_t)(end - *at), parser->is_head_request, &bytes);

    if (!facts)
        return false;
    *at += bytes;
    parser->head_bytes = bytes;
    parser->status = facts->status;
    parser->major = facts->major;
    parser->minor = facts->minor;
    parser->keep_alive = facts->keep_alive;
    parser->repaired = facts->repaired;
    parser->has_length = facts->has_length;
    parser->left = facts->length;
    return true;
}

/* Remembers a final head, unless the response is chunked, ends with the connection, or switches to
   another protocol. Not inlined: most heads are found, or not looked for. */
__attribute__((noinline)) static void remember_head(const struct h1_parser *parser,
                                                    const char *head, size_t bytes)
{
    struct head_facts facts = {.status = parser->status,
                               .major = parser->major,
                               .minor = parser->minor,
                               .is_head_request = parser->is_head_request,
                               .keep_alive = parser->keep_alive,
                               .repaired = parser->repaired,
                               .has_length = parser->has_length,
                               .length = parser->left};

    if (!parser->has_coding && parser->status != 101 && (parser->has_length || has_no_body(parser)))
        head_memo_put(parser->memo, head, bytes, &facts);
}

static enum h1_status feed_head(struct h1_parser *parser, const char **at, const char *end)
{
    const char *head = *at;
    bool use_memo = parser->memo && !parser->head_bytes && head_memo_is_used(parser->memo);

    if (!use_memo || !recall_head(parser, at, end)) {
        enum h1_status status = limited(parser, at, end, take_lines);

        if (status == H1_DONE)
            status = end_head(parser);
        if (status != H1_DONE)
            return status;
        if (use_memo)
            remember_head(parser, head, (size_t)(*at - head));
    }
    parser->head_done = true;
    if (parser->events->head)
        parser->events->head(parser->owner, parser);
    return start_body(parser);
}

/* --- the body --- */

/* Reports content. */
static void take_content(struct h1_parser *parser, const char **at, size_t count)
{
    const char *bytes = *at;

    *at += count;
    if (parser->events->body)
        parser->events->body(parser->owner, bytes, count);
}

static enum h1_status feed_length(struct h1_parser *parser, const char **at, const char *end)
{
    size_t count = (size_t)(end - *at);

    if (count > parser->left)
        count = (size_t)parser->left;
    parser->left -= count;
    take_content(parser, at, count);
    return parser->left ? H1_MORE : finish(parser);
}

static enum h1_status feed_chunks(struct h1_parser *parser, const char **at, const char *end)
{
    struct chunks *chunks = &parser->chunks;
    size_t max = H1_MAX_HEAD_BYTES - parser->head_bytes;
    size_t count = (size_t)(end - *at);

    if (chunks->state == CHUNKS_IN_DATA) {
        if (count > chunks->left)
            count = (size_t)chunks->left;
        chunks_skip(chunks, count);
        take_content(parser, at, count);
        return H1_MORE;
    }
    switch (chunks_take(chunks, max, at, end)) {
    case CHUNKS_MORE: return chunks->extra < max ? H1_MORE : H1_TOO_LARGE;
    case CHUNKS_DATA: return H1_MORE;
    case CHUNKS_MALFORMED: return malformed(parser, chunks->why);
    case CHUNKS_TRAILERS: break;
    }
    parser->head_bytes += chunks->extra;
    parser->repaired |= chunks->bare_lf;
    parser->part = H1_TRAILERS;
    return H1_MORE;
}

/* Reads trailers and discards them. DONE: they are complete. */
static enum h1_status take_trailers(struct h1_parser *parser, const char **at, const char *end)
{
    struct field_line_parts field;

    for (;;) {
        switch (lines_take(&parser->lines, true, at, end)) {
        case LINES_MORE: return H1_MORE;
        case LINES_MALFORMED: return malformed(parser, parser->lines.why);
        case LINES_BLANK:
            parser->repaired |= parser->lines.repaired || parser->lines.bare_lf;
            return H1_DONE;
        case LINES_TEXT: break;
        }
        if (is_blank(*parser->lines.text))
            return malformed(parser, "Blank at the beginning of a trailer");
        if (!field_line_split(&field, parser->lines.text, parser->lines.bytes))
            return malformed(parser, "Trailer without a colon");
    }
}

static enum h1_status feed_trailers(struct h1_parser *parser, const char **at, const char *end)
{
    enum h1_status status = limited(parser, at, end, take_trailers);

    return status == H1_DONE ? finish(parser) : status;
}

/* --- calls of the owner --- */

void h1_parser_start_response(struct h1_parser *parser, bool is_head_request,
                              const struct h1_events *events, void *owner)
{
    parser->events = events;
    parser->owner = owner;
    parser->status = parser->major = parser->minor = 0;
    parser->is_head_request = is_head_request;
    parser->head_done = parser->done = parser->keep_alive = parser->repaired = false;
    parser->head_bytes = 0;
    parser->why = NULL;
    parser->lines = (struct lines){0};
    parser->memo = NULL;
    expect_head(parser);
}

static enum h1_status feed_part(struct h1_parser *parser, const char **at, const char *end)
{
    switch (parser->part) {
    case H1_HEAD: return feed_head(parser, at, end);
    case H1_LENGTH: return feed_length(parser, at, end);
    case H1_CHUNKS: return feed_chunks(parser, at, end);
    case H1_TRAILERS: return feed_trailers(parser, at, end);
    case H1_TO_END: take_content(parser, at, (size_t)(end - *at)); break;
    }
    return H1_MORE;
}

enum h1_status h1_parser_feed(struct h1_parser *parser, const unsigned char *bytes, size_t count,
                              size_t *used)
{
    const char *at = (const char *)bytes, *end = at + count;
    enum h1_status status = H1_MORE;

    while (status == H1_MORE && at < end)
        status = feed_part(parser, &at, end);
    *used = (size_t)(at - (const char *)bytes);
    if (status != H1_MORE)
        h1_parser_free(parser);
    return status;
}

void h1_parser_stop_events(struct h1_parser *parser)
{
    static const struct h1_events none = {0};

    parser->events = &none;
    parser->owner = NULL;
}

enum h1_status h1_parser_finish(struct h1_parser *parser)
{
    h1_parser_free(parser);
    parser->done |= parser->part == H1_TO_END;
    return parser->done ? H1_DONE : H1_CUT;
}

void h1_parser_free(struct h1_parser *parser)
{
    if (parser->lines.copy)
        lines_free(&parser->lines);
}

size_t h1_extra_line_ends(const unsigned char *bytes, size_t count)
{
    size_t i = 0;

    while (i < count &&
           (bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 == count || bytes[i + 1] == '\n'))))
        i++;
    return i;
}

size_t h1_parser_skip_line_ends(struct h1_parser *parser, const unsigned char *bytes, size_t count)
{
    size_t room = H1_MAX_HEAD_BYTES - parser->head_bytes;
    size_t skipped = h1_extra_line_ends(bytes, count < room ? count : room);

    if (skipped && bytes[skipped - 1] == '\r')
        skipped--;
    parser->head_bytes += skipped;
    return skipped;
}

enum error error_of_h1(enum h1_status status)
{
    switch (status) {
    case H1_TOO_LARGE: return ERROR_HEADER_TOO_LARGE;
    case H1_UPGRADE: return ERROR_UPGRADE;
    case H1_CUT: return ERROR_TRUNCATED;
    default: return ERROR_MALFORMED;
    }
}

const char *h1_parser_why(const struct h1_parser *parser)
{
    return parser->why ? parser->why : "";
}

#define TEXT(x)          #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)

const char *h1_parser_version(void)
{
    return VERSION(LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
}

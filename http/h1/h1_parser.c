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

/* Prepares the parser for a head. A copy is cheaper than llhttp_init. */
static void start_parser(struct http1 *http1)
{
    static const llhttp_settings_t settings = {.on_headers_complete = on_headers_complete};
    static llhttp_t fresh;

    if (!fresh.settings)
        llhttp_init(&fresh, HTTP_RESPONSE, &settings);
    http1->parser = fresh;
}

/* Passes bytes to llhttp, which must return `wanted`. */
static bool parse(struct http1 *http1, const char *bytes, size_t count, llhttp_errno_t wanted)
{
    llhttp_errno_t error = llhttp_execute(&http1->parser, bytes, count);
    const char *reason = llhttp_get_error_reason(&http1->parser);

    if (error == wanted)
        return true;
    http1->why = reason && *reason ? reason : llhttp_errno_name(error);
    return false;
}

static enum http1_status malformed(struct http1 *http1, const char *why)
{
    http1->why = why;
    return HTTP1_MALFORMED;
}

/* Another head follows a head with this status. */
static bool is_interim(unsigned status)
{
    return status / 100 == 1 && status != 101;
}

/* --- a head --- */

static void report_status(struct http1 *http1)
{
    size_t bytes;
    const char *reason = status_line_reason(http1->lines.text, http1->lines.bytes, &bytes);

    if (bytes > HTTP1_MAX_VALUE_BYTES)
        bytes = HTTP1_MAX_VALUE_BYTES;
    http1->events->status(http1->owner, http1, reason, bytes);
}

/* Passes the status line to llhttp, with one space before the code: llhttp reads a code after
   several spaces as 0. */
static bool parse_status_line(struct http1 *http1)
{
    const char *at = http1->lines.text, *end = at + http1->lines.bytes + 2;
    const char *space = at + sizeof("HTTP/1.1") - 1;

    if (end - space < 4 || space[0] != ' ' || space[1] != ' ')
        return parse(http1, at, (size_t)(end - at), HPE_OK);
    if (!parse(http1, at, (size_t)(space + 1 - at), HPE_OK))
        return false;
    while (*space == ' ')
        space++;
    return parse(http1, space, (size_t)(end - space), HPE_OK);
}

static bool take_status_line(struct http1 *http1)
{
    start_parser(http1);
    if (!parse_status_line(http1))
        return false;
    http1->has_status = true;
    http1->status = http1->parser.status_code;
    http1->major = http1->parser.http_major;
    http1->minor = http1->parser.http_minor;
    if (http1->events->status && http1->events->field)
        report_status(http1);
    return true;
}

static const char *take_length(struct http1 *http1, const struct field_line_parts *field)
{
    uint64_t length;
    const char *why = field_line_length(field, &length);

    if (!why && http1->has_length && length != http1->left)
        why = "Content-Length has different values";
    http1->has_length = true;
    http1->left = length;
    return why;
}

/* Passes Transfer-Encoding to llhttp. */
static bool parse_coding(struct http1 *http1, const struct field_line_parts *field)
{
    static const char name[] = "Transfer-Encoding:";
    const char *end = http1->lines.text + http1->lines.bytes + 2;

    http1->has_coding = true;
    return parse(http1, name, sizeof(name) - 1, HPE_OK) &&
           parse(http1, field->value, (size_t)(end - field->value), HPE_OK);
}

/* A line that was not copied has no control character except DEL. */
static bool has_control(const struct http1 *http1, const struct field_line_parts *field)
{
    if (http1->lines.text == http1->lines.copy)
        return field_line_has_control(field);
    return memchr(field->value, 0x7f, field->value_bytes);
}

static bool is_1_1(const struct http1 *http1)
{
    return http1->major > 0 && http1->minor > 0;
}

/* RFC 9112, section 9.3. */
static void take_connection(struct http1 *http1, const struct field_line_parts *field)
{
    http1->closes |= field_line_lists(field, "close");
    if (!is_1_1(http1))
        http1->persists |= field_line_lists(field, "keep-alive");
    http1->repaired |= has_control(http1, field); /* the value might have been "close" */
}

/* Reads a field that determines where the message ends, or whether another one may follow. */
static bool take_framing(struct http1 *http1, const struct field_line_parts *field,
                         enum field_use use)
{
    switch (use) {
    case FIELD_LENGTH: http1->why = take_length(http1, field); return !http1->why;
    case FIELD_CODING: return parse_coding(http1, field);
    case FIELD_CONNECTION: take_connection(http1, field); break;
    case FIELD_OTHER: break;
    }
    return true;
}

static void report_field(struct http1 *http1, const struct field_line_parts *field)
{
    size_t bytes = field->value_bytes;

    if (field->name_bytes > HTTP1_MAX_NAME_BYTES || !field_line_has_token(field) ||
        has_control(http1, field))
        return;
    if (bytes > HTTP1_MAX_VALUE_BYTES)
        bytes = HTTP1_MAX_VALUE_BYTES;
    http1->events->field(http1->owner, field->name, field->name_bytes, field->value, bytes);
}

static bool take_field_line(struct http1 *http1)
{
    struct field_line_parts field;
    enum field_use use;

    if (is_blank(*http1->lines.text))
        http1->why = "Blank before the first field";
    else if (!field_line_split(&field, http1->lines.text, http1->lines.bytes))
        http1->why = "Field line without a colon";
    if (http1->why)
        return false;
    http1->repaired |= field.blank_before_colon;
    use = field_line_use(&field);
    if (use == FIELD_OTHER && !http1->events->field)
        return true;
    field_line_trim(&field);
    if (!take_framing(http1, &field, use))
        return false;
    if (http1->events->field && !is_interim(http1->status))
        report_field(http1, &field);
    return true;
}

/* A blank line: the end of the head, or a line before the status line. */
static enum http1_status take_blank(struct http1 *http1)
{
    if (!http1->has_status)
        return HTTP1_MORE;
    http1->repaired |= http1->lines.repaired;
    http1->lines.bare_lf = false; /* it is allowed in a head */
    http1_free(http1);
    if (http1->has_coding && !parse(http1, "\r\n", 2, HPE_PAUSED))
        return HTTP1_MALFORMED;
    return HTTP1_DONE;
}

/* Reads lines up to the end of the head. DONE: it is complete. */
static enum http1_status take_lines(struct http1 *http1, const char **at, const char *end)
{
    struct lines *lines = &http1->lines;
    enum http1_status status = HTTP1_MORE;

    while (status == HTTP1_MORE) {
        switch (lines_take(lines, http1->has_status, at, end)) {
        case LINES_MORE:
            if (!http1->has_status && !status_line_may_become(lines->text, lines->bytes))
                return malformed(http1, "Expected HTTP/");
            return HTTP1_MORE;
        case LINES_TEXT:
            if (!(http1->has_status ? take_field_line(http1) : take_status_line(http1)))
                return HTTP1_MALFORMED;
            break;
        case LINES_BLANK: status = take_blank(http1); break;
        case LINES_MALFORMED: return malformed(http1, lines->why);
        }
    }
    return status;
}

/* Calls `take` with at most the bytes that the head may still have. */
static enum http1_status limited(struct http1 *http1, const char **at, const char *end,
                                 enum http1_status (*take)(struct http1 *http1, const char **at,
                                                           const char *end))
{
    size_t room = HTTP1_MAX_HEAD_BYTES - http1->head_bytes;
    const char *start = *at, *stop = (size_t)(end - start) < room ? end : start + room;
    enum http1_status status = take(http1, at, stop);

    http1->head_bytes += (size_t)(*at - start);
    if (status == HTTP1_MORE && http1->head_bytes == HTTP1_MAX_HEAD_BYTES)
        return HTTP1_TOO_LARGE;
    return status;
}

/* Prepares for the next head. */
static void expect_head(struct http1 *http1)
{
    http1->part = HTTP1_HEAD;
    http1->has_status = http1->has_length = http1->has_coding = false;
    http1->closes = http1->persists = false;
}

static enum http1_status finish(struct http1 *http1)
{
    http1->done = true;
    http1->keep_alive &= !http1->repaired;
    return http1->status == 101 ? HTTP1_UPGRADE : HTTP1_DONE;
}

/* The last transfer coding is chunked. */
static bool is_chunked(const struct http1 *http1)
{
    return http1->has_coding && http1->parser.flags & F_CHUNKED;
}

/* Section 6.3: where the body ends. */
static enum http1_status start_body(struct http1 *http1)
{
    if (http1->headless || http1->status == 101 || http1->status == 204 || http1->status == 304)
        return finish(http1);
    if (is_chunked(http1)) {
        http1->part = HTTP1_CHUNKS;
        http1->chunks = (struct chunks){0};
    } else if (http1->has_length && !http1->has_coding) {
        http1->part = HTTP1_LENGTH;
        if (!http1->left)
            return finish(http1);
    } else {
        http1->part = HTTP1_TO_END;
        http1->keep_alive = false;
    }
    return HTTP1_MORE;
}

/* A head is complete. Both framings at once are a sign of request smuggling: the response is
   accepted, but none after it (section 6.1). */
static enum http1_status end_head(struct http1 *http1)
{
    bool both = http1->has_length && is_chunked(http1);

    if (http1->status < 100 || http1->status > 999)
        return malformed(http1, "Status code is not of three digits");
    if (is_interim(http1->status)) {
        expect_head(http1);
        return HTTP1_MORE;
    }
    http1->head_done = true;
    http1->keep_alive = !http1->closes && (is_1_1(http1) || http1->persists) && !both;
    if (http1->events->head)
        http1->events->head(http1->owner, http1);
    return start_body(http1);
}

static enum http1_status feed_head(struct http1 *http1, const char **at, const char *end)
{
    enum http1_status status = limited(http1, at, end, take_lines);

    return status == HTTP1_DONE ? end_head(http1) : status;
}

/* --- the body --- */

/* Reports content. */
static void take_content(struct http1 *http1, const char **at, size_t count)
{
    const char *bytes = *at;

    *at += count;
    if (http1->events->body)
        http1->events->body(http1->owner, bytes, count);
}

static enum http1_status feed_length(struct http1 *http1, const char **at, const char *end)
{
    size_t count = (size_t)(end - *at);

    if (count > http1->left)
        count = (size_t)http1->left;
    http1->left -= count;
    take_content(http1, at, count);
    return http1->left ? HTTP1_MORE : finish(http1);
}

static enum http1_status feed_chunks(struct http1 *http1, const char **at, const char *end)
{
    struct chunks *chunks = &http1->chunks;
    size_t max = HTTP1_MAX_HEAD_BYTES - http1->head_bytes;
    size_t count = (size_t)(end - *at);

    if (chunks->state == CHUNKS_IN_DATA) {
        if (count > chunks->left)
            count = (size_t)chunks->left;
        chunks_skip(chunks, count);
        take_content(http1, at, count);
        return HTTP1_MORE;
    }
    switch (chunks_take(chunks, max, at, end)) {
    case CHUNKS_MORE: return chunks->extra < max ? HTTP1_MORE : HTTP1_TOO_LARGE;
    case CHUNKS_DATA: return HTTP1_MORE;
    case CHUNKS_MALFORMED: return malformed(http1, chunks->why);
    case CHUNKS_TRAILERS: break;
    }
    http1->head_bytes += chunks->extra;
    http1->repaired |= chunks->bare_lf;
    http1->part = HTTP1_TRAILERS;
    return HTTP1_MORE;
}

/* Reads trailers and discards them. DONE: they are complete. */
static enum http1_status take_trailers(struct http1 *http1, const char **at, const char *end)
{
    struct field_line_parts field;

    for (;;) {
        switch (lines_take(&http1->lines, true, at, end)) {
        case LINES_MORE: return HTTP1_MORE;
        case LINES_MALFORMED: return malformed(http1, http1->lines.why);
        case LINES_BLANK:
            http1->repaired |= http1->lines.repaired || http1->lines.bare_lf;
            return HTTP1_DONE;
        case LINES_TEXT: break;
        }
        if (is_blank(*http1->lines.text))
            return malformed(http1, "Blank at the beginning of a trailer");
        if (!field_line_split(&field, http1->lines.text, http1->lines.bytes))
            return malformed(http1, "Trailer without a colon");
    }
}

static enum http1_status feed_trailers(struct http1 *http1, const char **at, const char *end)
{
    enum http1_status status = limited(http1, at, end, take_trailers);

    return status == HTTP1_DONE ? finish(http1) : status;
}

/* --- calls of the owner --- */

void http1_start_response(struct http1 *http1, bool headless, const struct http1_events *events,
                          void *owner)
{
    http1->events = events;
    http1->owner = owner;
    http1->status = http1->major = http1->minor = 0;
    http1->headless = headless;
    http1->head_done = http1->done = http1->keep_alive = http1->repaired = false;
    http1->head_bytes = 0;
    http1->why = NULL;
    http1->lines = (struct lines){0};
    expect_head(http1);
}

static enum http1_status feed_part(struct http1 *http1, const char **at, const char *end)
{
    switch (http1->part) {
    case HTTP1_HEAD: return feed_head(http1, at, end);
    case HTTP1_LENGTH: return feed_length(http1, at, end);
    case HTTP1_CHUNKS: return feed_chunks(http1, at, end);
    case HTTP1_TRAILERS: return feed_trailers(http1, at, end);
    case HTTP1_TO_END: take_content(http1, at, (size_t)(end - *at)); break;
    }
    return HTTP1_MORE;
}

enum http1_status http1_feed(struct http1 *http1, const unsigned char *bytes, size_t count,
                             size_t *used)
{
    const char *at = (const char *)bytes, *end = at + count;
    enum http1_status status = HTTP1_MORE;

    while (status == HTTP1_MORE && at < end)
        status = feed_part(http1, &at, end);
    *used = (size_t)(at - (const char *)bytes);
    if (status != HTTP1_MORE)
        http1_free(http1);
    return status;
}

void http1_drop_rest(struct http1 *http1)
{
    static const struct http1_events none = {0};

    http1->events = &none;
    http1->owner = NULL;
}

enum http1_status http1_finish(struct http1 *http1)
{
    http1_free(http1);
    http1->done |= http1->part == HTTP1_TO_END;
    return http1->done ? HTTP1_DONE : HTTP1_CUT;
}

void http1_free(struct http1 *http1)
{
    if (http1->lines.copy)
        lines_free(&http1->lines);
}

size_t http1_extra_line_ends(const unsigned char *bytes, size_t count)
{
    size_t i = 0;

    while (i < count &&
           (bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 == count || bytes[i + 1] == '\n'))))
        i++;
    return i;
}

size_t http1_skip_line_ends(struct http1 *http1, const unsigned char *bytes, size_t count)
{
    size_t room = HTTP1_MAX_HEAD_BYTES - http1->head_bytes;
    size_t skipped = http1_extra_line_ends(bytes, count < room ? count : room);

    if (skipped && bytes[skipped - 1] == '\r')
        skipped--;
    http1->head_bytes += skipped;
    return skipped;
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
    return http1->why ? http1->why : "";
}

#define TEXT(x)          #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)

const char *http1_parser_version(void)
{
    return VERSION(LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
}

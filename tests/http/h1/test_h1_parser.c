/* Responses, fed whole, byte by byte, and split at every byte: the events must be the same. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/h1/h1_parser.h"

/* The events of a message. */
struct record {
    enum h1_status end;
    unsigned heads, status, major, minor;
    bool keep_alive;
    size_t used;
    char body[512];
    size_t body_bytes;
    char fields[2 * H1_MAX_VALUE_BYTES]; /* "name=value;" for each field */
    size_t fields_bytes;
};

static void on_field(void *owner, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    struct record *record = owner;
    size_t bytes = name_bytes + value_bytes + 2;

    assert_int_equal(record->heads, 0);
    assert_true(record->fields_bytes + bytes < sizeof(record->fields));
    record->fields_bytes += (size_t)sprintf(record->fields + record->fields_bytes, "%.*s=%.*s;",
                                            (int)name_bytes, name, (int)value_bytes, value);
}

static void on_head(void *owner, const struct h1_parser *parser)
{
    struct record *record = owner;

    record->heads++;
    record->status = parser->status;
    record->major = parser->major;
    record->minor = parser->minor;
}

static void on_body(void *owner, const char *bytes, size_t count)
{
    struct record *record = owner;

    assert_int_equal(record->heads, 1);
    assert_true(record->body_bytes + count < sizeof(record->body));
    memcpy(record->body + record->body_bytes, bytes, count);
    record->body_bytes += count;
}

static const struct h1_events events = {.field = on_field, .head = on_head, .body = on_body};
static const struct h1_events no_fields = {.head = on_head, .body = on_body};

/* Feeds a piece from its own allocation, so that a sanitizer detects reads beyond it. */
static enum h1_status feed(struct h1_parser *parser, const char *bytes, size_t count, size_t *used)
{
    unsigned char *piece = malloc(count + !count);
    enum h1_status status;

    memcpy(piece, bytes, count);
    status = h1_parser_feed(parser, piece, count, used);
    free(piece);
    return status;
}

/* Feeds a started message in pieces: `first` bytes, then `piece` at a time; then the end. */
static void feed_all(struct h1_parser *parser, struct record *record, const char *bytes,
                     size_t count, size_t first, size_t piece)
{
    size_t at = 0;

    record->end = H1_MORE;
    for (size_t next = first; at < count && record->end == H1_MORE; next = piece) {
        size_t used = 0, size = next < count - at ? next : count - at;

        if (size)
            record->end = feed(parser, bytes + at, size, &used);
        assert_true(used <= size);
        assert_true(record->end != H1_MORE || used == size);
        record->used += used;
        at += size;
    }
    if (record->end == H1_MORE)
        record->end = h1_parser_finish(parser);
    record->keep_alive = record->end == H1_DONE && parser->keep_alive;
}

static struct record parse_in_pieces(const char *bytes, size_t count, bool is_head_request,
                                     size_t first, size_t piece)
{
    struct record record = {0};
    struct h1_parser parser;

    h1_parser_start_response(&parser, is_head_request, &events, &record);
    feed_all(&parser, &record, bytes, count, first, piece);
    assert_null(parser.lines.copy);
    return record;
}

static bool same(const struct record *a, const struct record *b)
{
    if (a->end != b->end || a->heads != b->heads || a->status != b->status)
        return false;
    if (a->end == H1_MALFORMED || a->end == H1_TOO_LARGE)
        return true; /* the bytes before an error may differ */
    return a->keep_alive == b->keep_alive && a->used == b->used && a->major == b->major &&
           a->minor == b->minor && a->body_bytes == b->body_bytes &&
           !memcmp(a->body, b->body, a->body_bytes) && !strcmp(a->fields, b->fields);
}

#define OK       "HTTP/1.1 200 OK\r\n"
#define CHUNKED  OK "Transfer-Encoding: chunked\r\n\r\n"
#define LENGTH_3 OK "Content-Length: 3\r\n\r\n"

static const struct response_case {
    const char *bytes;
    bool is_head_request;
    enum h1_status end;
    unsigned status;
    bool keep_alive;
    const char *body;
    size_t left; /* bytes after the message's end */
} responses[] = {
    /* Content-Length */
    {LENGTH_3 "abc", 0, H1_DONE, 200, 1, "abc", 0},
    {LENGTH_3 "abcXY", 0, H1_DONE, 200, 1, "abc", 2},
    {LENGTH_3 "ab", 0, H1_CUT, 200, 0, "ab", 0},
    {LENGTH_3, 0, H1_CUT, 200, 0, "", 0},
    {OK "Content-Length: 0\r\n\r\n", 0, H1_DONE, 200, 1, "", 0},
    {OK "Content-Length: 0\r\n\r\nHTTP", 0, H1_DONE, 200, 1, "", 4},
    {OK "content-LENGTH:3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3  \r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Connection: close\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "Connection: x, CLOSE\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 404, 1, "abc", 0},
    {"HTTP/1.1 500\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 500, 1, "abc", 0},
    {"HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1 299 \xc3\xa9t\xe9\r\nContent-Length: 1\r\n\r\n\xff", 0, H1_DONE, 299, 1, "\xff", 0},
    /* HTTP/1.0 */
    {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200,
     1, "abc", 0},
    {"HTTP/1.0 200 OK\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    /* a body up to the end of the connection */
    {OK "\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "\r\n", 0, H1_DONE, 200, 0, "", 0},
    {OK "Connection: keep-alive\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    /* chunked */
    {CHUNKED "3\r\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3\r\nabc\r\n0\r\n\r\nXYZ", 0, H1_DONE, 200, 1, "abc", 3},
    {CHUNKED "0\r\n\r\n", 0, H1_DONE, 200, 1, "", 0},
    {CHUNKED "1\r\na\r\n2\r\nbc\r\n00\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", 0, H1_DONE, 200, 1,
     "01234567890123456789", 0},
    {CHUNKED "3;x=y\r\nabc\r\n0;last\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-More: 99\r\n\r\n!", 0, H1_DONE, 200, 1, "abc", 1},
    {CHUNKED "3\r\nabc\r\n0\r\n", 0, H1_CUT, 200, 0, "abc", 0},
    {CHUNKED "3\r\nabc\r\n", 0, H1_CUT, 200, 0, "abc", 0},
    {CHUNKED "3\r\nab", 0, H1_CUT, 200, 0, "ab", 0},
    {CHUNKED "", 0, H1_CUT, 200, 0, "", 0},
    {OK "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 0, H1_DONE,
     200, 0, "a", 0},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 0, H1_DONE, 200, 1, "a", 0},
    {OK "Transfer-Encoding: gzip\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    /* both framings: chunked is used, and the connection is not kept */
    {OK "Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 0, H1_DONE,
     200, 0, "a", 0},
    {OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n", 0, H1_DONE,
     200, 0, "a", 0},
    /* responses without a body, with any header fields */
    {LENGTH_3, 1, H1_DONE, 200, 1, "", 0},
    {LENGTH_3 "abc", 1, H1_DONE, 200, 1, "", 3},
    {CHUNKED, 1, H1_DONE, 200, 1, "", 0},
    {OK "\r\n", 1, H1_DONE, 200, 1, "", 0},
    {"HTTP/1.1 204 No Content\r\n\r\n", 0, H1_DONE, 204, 1, "", 0},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 204, 1, "", 3},
    {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0", 0, H1_DONE, 204, 1, "", 1},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", 0, H1_DONE, 304, 1, "", 0},
    {"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n", 0, H1_DONE, 304, 0, "", 0},
    {"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", 0, H1_DONE, 205, 1, "", 0},
    /* interim responses */
    {"HTTP/1.1 100 Continue\r\n\r\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" LENGTH_3 "abcX",
     0, H1_DONE, 200, 1, "abc", 1},
    {"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1,
     "abc", 0},
    {"HTTP/1.1 103 Early Hints\r\n\r\n" LENGTH_3, 1, H1_DONE, 200, 1, "", 0},
    {"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1,
     "abc", 0},
    {"HTTP/1.1 100 Continue\r\n\r\n", 0, H1_CUT, 0, 0, "", 0},
    /* other protocols */
    {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n\xff\x01", 0,
     H1_UPGRADE, 101, 0, "", 0},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, H1_UPGRADE, 101, 0, "", 0},
    /* an upgrade offer, as some servers send with every response */
    {OK "Connection: Upgrade, Keep-Alive\r\nUpgrade: h2,h2c\r\nContent-Length: 3\r\n\r\nabc", 0,
     H1_DONE, 200, 1, "abc", 0},
    {OK "Connection: Upgrade\r\nUpgrade: h2,h2c\r\nContent-Length: 3\r\n\r\n", 1, H1_DONE, 200, 1,
     "", 0},
    {OK "Connection: Upgrade\r\nUpgrade: h2,h2c\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    /* empty, or truncated in the head */
    {"", 0, H1_CUT, 0, 0, "", 0},
    {"HTTP/1.1 2", 0, H1_CUT, 0, 0, "", 0},
    {OK "Content-Length: 0\r\n", 0, H1_CUT, 0, 0, "", 0},
    {OK "Content-Length: 0\r\n\r", 0, H1_CUT, 0, 0, "", 0},
    /* not HTTP/1 */
    {"garbage", 0, H1_MALFORMED, 0, 0, "", 0},
    {"SSH-2.0-OpenSSH_9.2\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {"<html></html>", 0, H1_MALFORMED, 0, 0, "", 0},
    {"GET / HTTP/1.1\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {"HTTP/1.1 abc\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {"HTTP/1.1 20 OK\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {"HTTP/9.9 200 OK\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "no colon\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: x\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: -1\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 99999999999999999999\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {CHUNKED "x\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabcd\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "ffffffffffffffffff\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    /* a bare LF ends a line (section 2.2) */
    {"HTTP/1.1  200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1    404\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 404, 1, "abc", 0},
    {"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1 200 OK\nContent-Length: 3\n\nabcX", 0, H1_DONE, 200, 1, "abc", 1},
    {OK "Content-Length: 3\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1 200 OK\nContent-Length: 3\r\n\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1 204 No\n\n", 0, H1_DONE, 204, 1, "", 0},
    {"HTTP/1.1 200\nContent-Length: 3\n\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.0 200 OK\n\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {"HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 3\n\nabc", 0, H1_DONE, 200, 1,
     "abc", 0},
    {"HTTP/1.1 200 OK\nX: a\n b\nContent-Length: 3\n\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1 200 OK\nContent-Length: 3\n", 0, H1_CUT, 0, 0, "", 0},
    /* also in a chunked body, but then the connection is not kept */
    {CHUNKED "3\nabc\n0\n\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3\r\nabc\n0\r\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3\r\nabc\r\n0\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3\r\nabc\r\n0\r\n\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3\r\nabc\r\n0\r\nX: y\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3;x\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3 \nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    /* a CR without LF: part of a line end, or a space */
    {"HTTP/1.1 200 OK\r\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "Content-Length: 3\r\r\n\r\r\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {"HTTP/1.1 200 OK\rContent-Length: 5\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "X: a\rContent-Length: 9\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "X: \ra: d\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "X:\ra: d\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "X\r: d\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "Content-Length: 3\r\n X\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3\r4\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3\r\n\rabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3\r\n\r\rabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3\r\n\r", 0, H1_CUT, 0, 0, "", 0},
    {OK "\rX: y\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {"\rHTTP/1.1 200 OK\r\n\r\n", 0, H1_MALFORMED, 0, 0, "", 0},
    {CHUNKED "3\rabc\r\n0\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\r\nabc\r\n0\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3 \r \nabc\r\n0\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3;x\ry\r\nabc\r\n0\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabc\r\r\n0\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabc\r0\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabc\r\n0\r\n\rX: y\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabc\r\n0\r\nX: a\rb\r\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    {CHUNKED "3\r\nabc\r\n0\r\n\r\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    /* fields that are ignored */
    {OK "X: a\x01"
        "b\r\nContent-Length: 3\r\n\r\nabc",
     0, H1_DONE, 200, 1, "abc", 0},
    {OK "X: \x7f\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Set-Cookie: a=\x01"
        "b\r\nContent-Length: 3\r\n\r\nabc",
     0, H1_DONE, 200, 1, "abc", 0},
    {OK "X@A: b\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Bad(Name: b\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Bad Name: b\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "\xc3\xa9: b\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "\x01: b\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK ": b\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    /* a blank before the colon */
    {OK "Content-Length : 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "Content-Length\t : 3\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "Content-Length: 3\r\nX : y\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "Content-Length: 3\r\nConnection : x\r\n\r\nabc", 0, H1_DONE, 200, 0, "abc", 0},
    {OK "Transfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 0, "abc", 0},
    /* control characters in fields that frame the message */
    {OK "Content-Length: 3\x01\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Transfer-Encoding: chunked\x01\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, H1_MALFORMED, 0, 0, "",
     0},
    {OK "Connection: clo\x01"
        "se\r\nContent-Length: 3\r\n\r\nabc",
     0, H1_DONE, 200, 0, "abc", 0},
    /* Content-Length more than once (section 6.3) */
    {OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3\r\nX: y\r\ncontent-length: 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3, 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3,3 ,\t3\t\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3\r\nContent-Length: 03\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3,\r\n 3\r\n\r\nabc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     0, H1_DONE, 200, 0, "abc", 0},
    {"HTTP/1.1 103 x\r\nContent-Length: 9\r\n\r\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1, "abc", 0},
    {OK "Content-Length: 3\r\nContent-Length: 3, 4\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3, 4\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3,\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: ,3\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3,,3\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3 3\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3;\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 0x3\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: +3\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3.0\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: \r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 18446744073709551616\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 3\r\nContent-Length: x\r\n\r\nabc", 0, H1_MALFORMED, 0, 0, "", 0},
    {OK "Content-Length: 18446744073709551615\r\n\r\nabc", 0, H1_CUT, 200, 0, "abc", 0},
    /* chunk sizes with blanks and extensions (section 7.1.1) */
    {CHUNKED "3 \r\nabc\r\n0 \r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3\t \r\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3 ; x = y\r\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3;x;y=z;\tw\r\nabc\r\n0;x\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3;x=\"y;\\\"\\\\z\" ; a=\"\"\r\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3;x=y \r\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3;\r\nabc\r\n0;\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "0003\r\nabc\r\n000\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED "3;\xc3\xa9\r\nabc\r\n0\r\n\r\n", 0, H1_DONE, 200, 1, "abc", 0},
    {CHUNKED " 3\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3 4\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3,\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3=x\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "0x3\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED ";x\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3;x=\"y\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3;x=\"y\\\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3;\x01\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3;x=\"\x7f\"\r\nabc", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabcd\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabc0\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "10000000000000000\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "fffffffffffffff\r\nabc", 0, H1_CUT, 200, 0, "abc", 0},
    /* trailers */
    {CHUNKED "3\r\nabc\r\n0\r\nX: y\r\n folded\r\nBad(Name: z\r\nY: a\x01"
             "b\r\n\r\n!",
     0, H1_DONE, 200, 1, "abc", 1},
    {CHUNKED "3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n!", 0, H1_DONE, 200, 1, "abc", 1},
    {CHUNKED "3\r\nabc\r\n0\r\n X: y\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    {CHUNKED "3\r\nabc\r\n0\r\nno colon\r\n\r\n", 0, H1_MALFORMED, 200, 0, "", 0},
    /* blank lines before the response */
    {"\r\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1, "abc", 0},
    {"\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1, "abc", 0},
    {"\r\n\n\r\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1, "abc", 0},
    {"HTTP/1.1 100 Continue\r\n\r\n\r\n" LENGTH_3 "abc", 0, H1_DONE, 200, 1, "abc", 0},
    {"\r\n", 0, H1_CUT, 0, 0, "", 0},
    {"\r\nSSH", 0, H1_MALFORMED, 0, 0, "", 0},
};

static bool is_as_expected(const struct response_case *one, struct record *record)
{
    if (record->end != one->end || record->status != one->status ||
        record->keep_alive != one->keep_alive)
        return false;
    if (one->end != H1_DONE && one->end != H1_CUT)
        return true;
    record->body[record->body_bytes] = '\0';
    return !strcmp(record->body, one->body) && record->heads == (one->status != 0) &&
           record->used == strlen(one->bytes) - one->left;
}

/* Feeds a response whole, then split in all ways. Returns the number of wrong results. */
static int check_response(const struct response_case *one)
{
    size_t count = strlen(one->bytes);
    struct record whole = parse_in_pieces(one->bytes, count, one->is_head_request, count, count);

    if (!is_as_expected(one, &whole)) {
        print_error("%s\n-- end %d, status %u, keep-alive %d, used %zu of %zu, %zu of body\n",
                    one->bytes, whole.end, whole.status, whole.keep_alive, whole.used, count,
                    whole.body_bytes);
        return 1;
    }
    for (size_t split = 0; split <= count + 3; split++) {
        size_t first = split <= count ? split : split - count;
        struct record parts = parse_in_pieces(one->bytes, count, one->is_head_request, first,
                                              split <= count ? count : first);

        if (!same(&whole, &parts)) {
            print_error("%s\n-- cut at %zu: end %d, status %u\n", one->bytes, first, parts.end,
                        parts.status);
            return 1;
        }
    }
    return 0;
}

static void responses_in_pieces(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH(responses); i++)
        wrong += check_response(&responses[i]);
    assert_int_equal(wrong, 0);
}

/* Without a field callback the other events are the same. */
static void responses_without_field_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(responses); i++) {
        const struct response_case *one = &responses[i];
        size_t count = strlen(one->bytes);
        struct record record = {0};
        struct h1_parser parser;

        h1_parser_start_response(&parser, one->is_head_request, &no_fields, &record);
        feed_all(&parser, &record, one->bytes, count, count / 2, count);
        assert_int_equal(record.fields_bytes, 0);
        if (!is_as_expected(one, &record))
            fail_msg("%s: end %d, status %u", one->bytes, record.end, record.status);
    }
}

#define INTERIM "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX: interim\r\n\r\n"

/* Fields of a head. */
static const struct {
    const char *bytes, *fields;
} field_cases[] = {
    {OK "\r\n", ""},
    {OK "X: a\r\n\r\n", "X=a;"},
    {OK "X:a\r\nlonger-Name: some words here\r\nx: b\r\n\r\n",
     "X=a;longer-Name=some words here;x=b;"},
    {OK "X:  \t a \t b \t \r\n\r\n", "X=a \t b;"},
    {OK "X:\r\nY: \t \r\nZ:z\r\n\r\n", "X=;Y=;Z=z;"},
    {OK "X: a:b=c; d\r\n\r\n", "X=a:b=c; d;"},
    {OK "X: \xc3\xa9 \xff\r\n\r\n", "X=\xc3\xa9 \xff;"},
    {OK "X : a\r\nY\t \t:b\r\n\r\n", "X=a;Y=b;"},
    {OK "X: a\x01"
        "b\r\nY: \x7f\r\nZ: c\td\r\n\r\n",
     "Z=c\td;"},
    {OK "X@A: b\r\n\xc3\xa9: b\r\nBad Name: b\r\nX: a\r\n\r\n", "X=a;"},
    {OK "Bad(Name: a\r\n folded\r\nX: a\r\n\r\n", "X=a;"},
    {"HTTP/1.1 200 OK\nX: a\nY:\tb\n\n", "X=a;Y=b;"},
    {"HTTP/1.1 200 OK\r\r\nSet-Cookie: s=x\r\n\r\nhello", "Set-Cookie=s=x;"},
    {"HTTP/1.1 200 OK\rContent-Length: 5\r\nX: a\r\n\r\n", "X=a;"},
    {OK "X: a\rY: b\r\nZ:\rc\r\r\n\r\n", "X=a Y: b;Z=c;"},
    {OK "Content-Length: 3\r\nContent-Length: 3, 3\r\n\r\nabc",
     "Content-Length=3;Content-Length=3, 3;"},
    {OK ": a\r\nX: b\r\n\r\n", "X=b;"},
    {OK " : a\r\nX: b\r\n\r\n", ""}, /* malformed */
    {OK "X: a\r\n b\r\n\r\n", "X=a b;"},
    {OK "X: a\r\n\t b\r\n  c\r\nY: d\r\n\r\n", "X=a\t b  c;Y=d;"},
    {OK "X:\r\n a\r\n\r\n", "X=a;"},
    /* fields that llhttp interprets */
    {OK "Content-Length: 3  \r\nConnection: close \r\n\r\nabc",
     "Content-Length=3;Connection=close;"},
    {OK "connection:Keep-Alive,\r\n x\r\nContent-Length:0\r\n\r\n",
     "connection=Keep-Alive, x;Content-Length=0;"},
    {OK "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
     "Connection=upgrade;Upgrade=h2c;Content-Length=0;"},
    {"HTTP/1.1 101 Up\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
     "Upgrade=h2c;Connection=upgrade;"},
    {"HTTP/1.1 302 Found\r\nLocation: /a?b\r\nContent-Length: 0\r\n\r\n",
     "Location=/a?b;Content-Length=0;"},
    /* fields of interim heads and trailers are not reported */
    {INTERIM OK "X: a\r\n\r\n", "X=a;"},
    {INTERIM INTERIM OK "\r\n", ""},
    {INTERIM, ""},
    {CHUNKED "3\r\nabc\r\n0\r\nX: trailer\r\n\r\n", "Transfer-Encoding=chunked;"},
    {CHUNKED "0\r\nX: trailer\r\n folded\r\nY: \r\n\r\n", "Transfer-Encoding=chunked;"},
    /* truncated in the head: complete fields */
    {OK "X: a\r\nY: b", "X=a;"},
    {OK "X: a\r\nY", "X=a;"},
};

static void fields_in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(field_cases); i++) {
        const char *bytes = field_cases[i].bytes;
        size_t count = strlen(bytes);

        for (size_t cut = 0; cut <= count; cut++) {
            size_t pieces[] = {count, 1, 3};

            for (size_t p = 0; p < LENGTH(pieces); p++) {
                struct record record = parse_in_pieces(bytes, count, false, cut, pieces[p]);

                if (strcmp(record.fields, field_cases[i].fields) != 0)
                    fail_msg("%s: cut at %zu, by %zu: \"%s\"", bytes, cut, pieces[p],
                             record.fields);
            }
        }
    }
}

static void on_status(void *owner, const struct h1_parser *parser, const char *reason,
                      size_t reason_bytes)
{
    struct record *record = owner;

    assert_int_equal(record->heads, 0);
    assert_true(record->fields_bytes + reason_bytes + 16 < sizeof(record->fields));
    record->fields_bytes +=
        (size_t)sprintf(record->fields + record->fields_bytes, "%u.%u %u (%.*s);", parser->major,
                        parser->minor, parser->status, (int)reason_bytes, reason);
}

/* Status lines and fields, with a status callback. */
static const struct {
    const char *bytes, *events;
} reasons[] = {
    {OK "\r\n", "1.1 200 (OK);"},
    {"HTTP/1.0 404 Not  Found \r\nX: a\r\n\r\n", "1.0 404 (Not  Found);X=a;"},
    {"HTTP/1.1 500\r\nX: a\r\n\r\n", "1.1 500 ();X=a;"},
    {"HTTP/1.1 500 \r\n\r\n", "1.1 500 ();"},
    {"HTTP/1.1 299 \xc3\xa9t\xe9\r\n\r\n", "1.1 299 (\xc3\xa9t\xe9);"},
    {"HTTP/1.1 200 404 Not\tFound\n\n", "1.1 200 (404 Not\tFound);"},
    {"HTTP/1.1 200 OK\rX: a\r\r\n\r\n", "1.1 200 (OK X: a);"},
    {"HTTP/1.1 200\r\n\r\n", "1.1 200 ();"},
    {INTERIM OK "X: a\r\n\r\n", "1.1 103 (Early Hints);1.1 200 (OK);X=a;"},
    {OK "X: a", "1.1 200 (OK);"},
    {"HTTP/1.1 200 Cut", ""},
};

static void reasons_in_pieces(void **state)
{
    static const struct h1_events with_status = {
        .field = on_field, .status = on_status, .head = on_head, .body = on_body};

    (void)state;
    for (size_t i = 0; i < LENGTH(reasons); i++) {
        size_t count = strlen(reasons[i].bytes);

        for (size_t cut = 0; cut <= count; cut++) {
            struct record record = {0};
            struct h1_parser parser;

            h1_parser_start_response(&parser, false, &with_status, &record);
            feed_all(&parser, &record, reasons[i].bytes, count, cut, cut % 2 ? 1 : count);
            if (strcmp(record.fields, reasons[i].events) != 0)
                fail_msg("%s: cut at %zu: \"%s\"", reasons[i].bytes, cut, record.fields);
            assert_null(parser.lines.copy);
        }
    }
}

static void long_reason_is_truncated(void **state)
{
    static const struct h1_events with_status = {
        .field = on_field, .status = on_status, .head = on_head, .body = on_body};
    static const size_t pieces[] = {1, 1000, 3 * H1_MAX_VALUE_BYTES};
    static char bytes[3 * H1_MAX_VALUE_BYTES];
    int count =
        snprintf(bytes, sizeof(bytes), "HTTP/1.1 200 %0*d\r\n\r\n", 2 * H1_MAX_VALUE_BYTES, 0);

    (void)state;
    for (size_t p = 0; p < LENGTH(pieces); p++) {
        struct record record = {0};
        struct h1_parser parser;

        h1_parser_start_response(&parser, true, &with_status, &record);
        feed_all(&parser, &record, bytes, (size_t)count, pieces[p], pieces[p]);
        assert_int_equal(record.end, H1_DONE);
        assert_int_equal(record.fields_bytes, H1_MAX_VALUE_BYTES + strlen("1.1 200 ();"));
    }
}

/* Parses a header field with a name and a value of these lengths. */
static struct record field_of(size_t name_bytes, size_t value_bytes, size_t piece)
{
    char *bytes = malloc(name_bytes + value_bytes + 64), *to = bytes;
    struct record record;

    to = stpcpy(to, OK);
    memset(to, 'n', name_bytes);
    to = stpcpy(to + name_bytes, ": ");
    memset(to, 'v', value_bytes);
    to = stpcpy(to + value_bytes, "\r\nX: a\r\n\r\n");
    record = parse_in_pieces(bytes, (size_t)(to - bytes), true, piece, piece);
    assert_int_equal(record.end, H1_DONE);
    free(bytes);
    return record;
}

static void fields_have_limits(void **state)
{
    enum { NAME = H1_MAX_NAME_BYTES, VALUE = H1_MAX_VALUE_BYTES };
    static const size_t pieces[] = {1, 2, 255, 256, 257, 1000, 8191, 8192, 1000000};

    (void)state;
    for (size_t p = 0; p < LENGTH(pieces); p++) {
        struct record max = field_of(NAME, VALUE, pieces[p]);
        struct record value_over = field_of(1, VALUE + 1, pieces[p]);
        struct record far_over = field_of(NAME + 1, 3 * VALUE, pieces[p]);

        assert_int_equal(max.fields_bytes, NAME + VALUE + strlen("=;X=a;"));
        assert_int_equal(value_over.fields_bytes, VALUE + strlen("n=;X=a;"));
        assert_int_equal(strspn(value_over.fields + 2, "v"), VALUE);
        assert_string_equal(far_over.fields, "X=a;");
        assert_string_equal(field_of(3 * NAME, 1, pieces[p]).fields, "X=a;");
    }
}

/* Counts fields whose callback gets the fed bytes, and fields that were copied. */
struct field_counter {
    const unsigned char *bytes; /* the fed bytes */
    size_t count;
    unsigned borrowed, copied;
};

static void on_seen_field(void *owner, const char *name, size_t name_bytes, const char *value,
                          size_t value_bytes)
{
    struct field_counter *field_counter = owner;
    const char *start = (const char *)field_counter->bytes, *end = start + field_counter->count;
    bool name_in = name >= start && name + name_bytes <= end;
    bool value_in = value >= start && value + value_bytes <= end;

    *(name_in && value_in ? &field_counter->borrowed : &field_counter->copied) += 1;
}

static void no_head(void *owner, const struct h1_parser *parser)
{
    (void)owner;
    (void)parser;
}

static void only_split_lines_are_copied(void **state)
{
    static const char head[] = OK "A: some\r\nB: other\r\nC: third\r\n\r\n";
    static const struct h1_events seen = {.field = on_seen_field, .head = no_head};

    (void)state;
    for (size_t cut = 0; cut < sizeof(head); cut++) {
        struct field_counter field_counter = {(const unsigned char *)head, cut, 0, 0};
        struct h1_parser parser;
        size_t used;

        h1_parser_start_response(&parser, true, &seen, &field_counter);
        h1_parser_feed(&parser, field_counter.bytes, cut, &used);
        field_counter.bytes += cut;
        field_counter.count = sizeof(head) - 1 - cut;
        if (cut < sizeof(head) - 1)
            assert_int_equal(
                h1_parser_feed(&parser, field_counter.bytes, field_counter.count, &used), H1_DONE);
        assert_int_equal(field_counter.borrowed + field_counter.copied, 3);
        assert_true(field_counter.copied <= 1);
        if (cut <= strlen(OK) || cut == sizeof(head) - 1)
            assert_int_equal(field_counter.copied, 0);
        else if (cut <= strlen(OK "A: some\r\n")) /* a folded line might follow */
            assert_int_equal(field_counter.copied, 1);
    }
}

/* The copy of an incomplete line is freed (a sanitizer detects a leak). */
static void freed_with_an_incomplete_head(void **state)
{
    struct record record = {0};
    struct h1_parser parser = {0};
    size_t used;

    (void)state;
    h1_parser_free(&parser);
    h1_parser_start_response(&parser, false, &events, &record);
    assert_int_equal(feed(&parser, OK "Name: val", strlen(OK "Name: val"), &used), H1_MORE);
    assert_memory_equal(parser.lines.copy, "Name: val", 9);
    h1_parser_free(&parser);
    assert_null(parser.lines.copy);
    h1_parser_free(&parser);
    assert_int_equal(record.fields_bytes, 0);
}

/* Irregular responses are accepted or refused, with the same result however they are split. */
static void irregular_responses_in_pieces(void **state)
{
    static const char *const irregular[] = {
        "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nBad Name: a\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 3\r\n\r\nabc",
        "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1  200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 2000 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 099 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/0.9 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "ICY 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;\r\na\r\n0;\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=\"y;z\"\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n",
        "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(irregular); i++) {
        size_t count = strlen(irregular[i]);
        struct record whole = parse_in_pieces(irregular[i], count, false, count, count);

        assert_int_not_equal(whole.end, H1_MORE);
        for (size_t cut = 0; cut <= count; cut++) {
            struct record parts = parse_in_pieces(irregular[i], count, false, cut, count);

            if (!same(&whole, &parts))
                fail_msg("%s: cut at %zu, end %d, not %d", irregular[i], cut, parts.end, whole.end);
        }
    }
}

/* A response whose heads have `bytes` bytes, the interim ones in `before`; its body is "abc". */
static char *head_of(size_t bytes, const char *before, size_t *count)
{
    static const char start[] = LENGTH_3;
    size_t fixed = strlen(before) + sizeof(start) - 1 + sizeof("X: \r\n") - 1;
    char *text = malloc(bytes + 4), *to = text;

    to = stpcpy(to, before);
    to += sprintf(to, "%.*sX: ", (int)sizeof(start) - 3, start);
    memset(to, 'x', bytes - fixed);
    to = stpcpy(to + (bytes - fixed), "\r\n\r\nabc");
    *count = (size_t)(to - text);
    assert_int_equal(*count, bytes + 3);
    return text;
}

static void heads_have_a_limit(void **state)
{
    static const char *const before[] = {"", "HTTP/1.1 100 Continue\r\n\r\n"};
    static const size_t pieces[] = {
        1, 7, 4096, 65536, H1_MAX_HEAD_BYTES, H1_MAX_HEAD_BYTES + 2, H1_MAX_HEAD_BYTES + 100};

    (void)state;
    for (size_t i = 0; i < LENGTH(before); i++) {
        for (size_t p = 0; p < LENGTH(pieces); p++) {
            size_t count;
            char *fits = head_of(H1_MAX_HEAD_BYTES, before[i], &count);
            struct record record = parse_in_pieces(fits, count, false, pieces[p], pieces[p]);

            assert_int_equal(record.end, H1_DONE);
            assert_int_equal(record.used, count);
            assert_memory_equal(record.body, "abc", 3);
            free(fits);
            fits = head_of(H1_MAX_HEAD_BYTES + 1, before[i], &count);
            record = parse_in_pieces(fits, count, false, pieces[p], pieces[p]);
            assert_int_equal(record.end, H1_TOO_LARGE);
            assert_int_equal(record.heads, 0);
            free(fits);
        }
    }
}

#define NUL_CASE(before, after)                                                                    \
    {                                                                                              \
        before "\0" after, sizeof(before "\0" after) - 1                                           \
    }

/* NUL is an error in every line; it is allowed in content. */
static void nul_is_an_error(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
    } cases[] = {
        NUL_CASE("", "HTTP/1.1 200 OK\r\n\r\n"),
        NUL_CASE("HTTP/1.1 200 O", "K\r\n\r\n"),
        NUL_CASE("HTTP/1.1 200 OK", "\r\n\r\n"),
        NUL_CASE(OK "X", ": a\r\n\r\n"),
        NUL_CASE(OK "X: ", "a\r\n\r\n"),
        NUL_CASE(OK "X: a", "\r\n\r\n"),
        NUL_CASE(OK "X: a\r\n ", "b\r\n\r\n"),
        NUL_CASE(OK "", "\r\n\r\n"),
        NUL_CASE(CHUNKED "3", "\r\nabc\r\n0\r\n\r\n"),
        NUL_CASE(CHUNKED "3;", "\r\nabc\r\n0\r\n\r\n"),
        NUL_CASE(CHUNKED "3\r\nabc", "\r\n0\r\n\r\n"),
        NUL_CASE(CHUNKED "0\r\nX: ", "a\r\n\r\n"),
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (size_t cut = 0; cut <= cases[i].count; cut++) {
            struct record record =
                parse_in_pieces(cases[i].bytes, cases[i].count, false, cut, cases[i].count);

            if (record.end != H1_MALFORMED)
                fail_msg("case %zu, cut at %zu: end %d", i, cut, record.end);
        }
}

/* Feeds `start`, then `more` repeatedly. Returns the last status, and in `taken` the number of
   bytes of `more` that were taken. */
static enum h1_status feed_endless(const char *start, const char *more, size_t max, size_t *taken)
{
    static const struct h1_events silent = {0};
    struct h1_parser parser;
    enum h1_status status;
    size_t used;

    h1_parser_start_response(&parser, false, &silent, NULL);
    status = feed(&parser, start, strlen(start), &used);
    for (*taken = 0; status == H1_MORE && *taken < max; *taken += used)
        status = feed(&parser, more, strlen(more), &used);
    h1_parser_free(&parser);
    return status;
}

/* Endless bytes that are not content count towards the limit of the head. */
static void endless_frames_are_too_large(void **state)
{
    static const struct {
        const char *start, *more;
    } cases[] = {
        {CHUNKED "0\r\n", "X: trailer\r\n"},
        {CHUNKED "0\r\n", "xxxxxxxxxxxxxxx"},
        {CHUNKED "0\r\n", "X: folded\r\n "},
        {CHUNKED "5;", "xxxxxxxxxxxxxxxxxxx"},
        {CHUNKED "5;x=\"", "yyyyyyyyyyyyyyyyyy"},
        {CHUNKED "5", "                    "},
        {CHUNKED "0", "00000000000000000000"},
        {CHUNKED, "1;extension\r\nx\r\n"},
        {"\r\n", "\r\n\r\n\r\n\r\n"},
        {OK, "X: y\r\n"},
        {OK "X:", "yyyyyyyyyyyyyyy"},
        {"HTTP/1.1 200 ", "yyyyyyyyyyyyyyy"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t taken;
        enum h1_status status =
            feed_endless(cases[i].start, cases[i].more, 4 * H1_MAX_HEAD_BYTES, &taken);

        if (status != H1_TOO_LARGE || taken > 2 * H1_MAX_HEAD_BYTES)
            fail_msg("case %zu: end %d after %zu bytes", i, status, taken);
    }
}

/* Content does not count towards the limit of the head. */
static void long_bodies_have_no_limit(void **state)
{
    static const char *const chunks[] = {"8;extension\r\n01234567\r\n", "1\r\nx\r\n",
                                         "000002\r\nxy\r\n",
                                         "00000000000000000010\r\n0123456789abcdef\r\n"};

    (void)state;
    for (size_t i = 0; i < LENGTH(chunks); i++) {
        size_t taken;

        assert_int_equal(feed_endless(CHUNKED, chunks[i], 4 * H1_MAX_HEAD_BYTES, &taken), H1_MORE);
    }
}

/* Interim heads count towards the limit of the head. */
static void endless_interim_heads_are_too_large(void **state)
{
    static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    struct record record = {0};
    struct h1_parser parser;
    enum h1_status status = H1_MORE;
    size_t used, heads = 0;

    (void)state;
    h1_parser_start_response(&parser, false, &events, &record);
    for (; status == H1_MORE; heads++)
        status = feed(&parser, interim, sizeof(interim) - 1, &used);
    assert_int_equal(status, H1_TOO_LARGE);
    assert_int_equal(heads, H1_MAX_HEAD_BYTES / (sizeof(interim) - 1) + 1);
    assert_int_equal(record.heads, 0);
}

static void malformed_has_a_reason(void **state)
{
    struct record record = {0};
    struct h1_parser parser;
    size_t used;

    (void)state;
    h1_parser_start_response(&parser, false, &events, &record);
    assert_int_equal(feed(&parser, "garbage", 7, &used), H1_MALFORMED);
    assert_true(strlen(h1_parser_why(&parser)) > 5);
    h1_parser_start_response(&parser, false, &events, &record);
    assert_int_equal(feed(&parser, "HTTP/1.1 99 Odd\r\n\r\n", 19, &used), H1_MALFORMED);
    assert_string_equal(h1_parser_why(&parser), "Status code is not of three digits");
    assert_true(strlen(h1_parser_version()) >= 5);
}

static void malformed_lengths_have_a_reason(void **state)
{
    static const struct {
        const char *fields, *why;
    } cases[] = {
        {"Content-Length: 99999999999999999999\r\n", "Content-Length is out of range"},
        {"Content-Length: 3x\r\n", "Content-Length is not a number"},
        {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length has different values"},
        {"Content-Length: 3, 4\r\n", "Content-Length has different values"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct record record = {0};
        struct h1_parser parser;
        char bytes[128];
        int count = snprintf(bytes, sizeof(bytes), OK "%s\r\n", cases[i].fields);
        size_t used;

        h1_parser_start_response(&parser, false, &events, &record);
        assert_int_equal(feed(&parser, bytes, (size_t)count, &used), H1_MALFORMED);
        assert_string_equal(h1_parser_why(&parser), cases[i].why);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_in_pieces),
        cmocka_unit_test(responses_without_field_events),
        cmocka_unit_test(fields_in_pieces),
        cmocka_unit_test(reasons_in_pieces),
        cmocka_unit_test(long_reason_is_truncated),
        cmocka_unit_test(fields_have_limits),
        cmocka_unit_test(only_split_lines_are_copied),
        cmocka_unit_test(freed_with_an_incomplete_head),
        cmocka_unit_test(irregular_responses_in_pieces),
        cmocka_unit_test(heads_have_a_limit),
        cmocka_unit_test(nul_is_an_error),
        cmocka_unit_test(endless_frames_are_too_large),
        cmocka_unit_test(long_bodies_have_no_limit),
        cmocka_unit_test(endless_interim_heads_are_too_large),
        cmocka_unit_test(malformed_has_a_reason),
        cmocka_unit_test(malformed_lengths_have_a_reason),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("h1_parser", tests, NULL, NULL);
}

/* Each request gives the same result whole, byte by byte, and cut in two at every offset. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "origin/request_parser.h"

/* Feeds a piece from its own allocation, so that a sanitizer detects a read beyond its end. */
static enum request_status feed(struct request_parser *request, const char *bytes, size_t count,
                                size_t *used)
{
    unsigned char *piece = malloc(count + !count);
    enum request_status status;

    memcpy(piece, bytes, count);
    status = request_parser_feed(request, piece, count, used);
    free(piece);
    return status;
}

/* Feeds `first` bytes, then `piece` bytes at a time. A complete request uses all bytes. */
static enum request_status feed_in_pieces(struct request_parser *request, const char *bytes,
                                          size_t first, size_t piece)
{
    size_t count = strlen(bytes), at = 0, taken = 0;
    enum request_status status = REQUEST_MORE;

    request_parser_start(request);
    for (size_t next = first; at < count && status == REQUEST_MORE; next = piece) {
        size_t used = 0, size = next < count - at ? next : count - at;

        status = feed(request, bytes + at, size, &used);
        assert_true(used <= size);
        assert_true(status != REQUEST_MORE || used == size);
        taken += used;
        at += size;
    }
    assert_true(status != REQUEST_DONE || taken == count);
    return status;
}

static void requests_cut_anywhere(void **state)
{
    static const struct {
        const char *bytes;
        enum request_status end;
        bool keep_alive, head;
        const char *target, *host;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_DONE, 1, 0, "/", "a"},
        {"HEAD /x?y HTTP/1.1\r\nHost: a:81\r\n\r\n", REQUEST_DONE, 1, 1, "/x?y", "a:81"},
        {"GET /a HTTP/1.1\r\nX: y\r\nhOST:   b.c\r\nHostess: d\r\nHos: e\r\n\r\n", REQUEST_DONE, 1,
         0, "/a", "b.c"},
        {"GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n", REQUEST_DONE, 0, 0, "/", "a"},
        {"GET / HTTP/1.0\r\n\r\n", REQUEST_DONE, 0, 0, "/", ""},
        {"GET / HTTP/1.1\r\nA:\r\nHost: a\r\nB:\r\n\r\n", REQUEST_DONE, 1, 0, "/", "a"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", REQUEST_DONE, 1, 0, "/",
         "a"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         REQUEST_DONE, 1, 0, "/", "a"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabc", REQUEST_MORE, 0, 0, "/",
         "a"},
        {"GET / HTTP/1.1\r\nHost: a\r\n", REQUEST_MORE, 0, 0, "/", "a"},
        {"nonsense\r\n\r\n", REQUEST_MALFORMED, 0, 0, "", ""},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REQUEST_HTTP2, 0, 0, "*", ""},
        {"PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", REQUEST_MALFORMED, 0, 0, "*", ""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *bytes = cases[i].bytes;
        size_t count = strlen(bytes);

        for (size_t cut = 1; cut <= count + 1; cut++) {
            struct request_parser request;
            enum request_status end =
                feed_in_pieces(&request, bytes, cut > count ? 1 : cut,
                               cut > count ? 1 : count); /* last: byte by byte */

            if (end != cases[i].end || request.keep_alive != cases[i].keep_alive)
                fail_msg("%s: cut at %zu, end %d, keep-alive %d", bytes, cut, end,
                         request.keep_alive);
            if (end == REQUEST_MALFORMED)
                continue;
            assert_string_equal(request.target, cases[i].target);
            assert_string_equal(request.host, cases[i].host);
            assert_int_equal(request.is_head_request, cases[i].head);
        }
    }
}

static void long_targets_and_hosts_are_truncated(void **state)
{
    enum { LONG = 3 * REQUEST_MAX_TARGET_BYTES };
    char *bytes = malloc(3 * LONG), *to = bytes;
    static struct request_parser request;

    (void)state;
    to = stpcpy(to, "GET /");
    memset(to, 'x', LONG);
    to = stpcpy(to + LONG, " HTTP/1.1\r\nHost: ");
    memset(to, 'y', LONG);
    stpcpy(to + LONG, "\r\n\r\n");
    assert_int_equal(feed_in_pieces(&request, bytes, 1000, 1000), REQUEST_DONE);
    assert_int_equal(strlen(request.target), REQUEST_MAX_TARGET_BYTES - 1);
    assert_int_equal(strlen(request.host), REQUEST_MAX_HOST_BYTES - 1);
    free(bytes);
}

/* Two requests in one piece: the second is fed after a new start. */
static void pipelined_requests(void **state)
{
    static const char both[] =
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
    struct request_parser request;
    size_t used, more;

    (void)state;
    request_parser_start(&request);
    assert_int_equal(feed(&request, both, sizeof(both) - 1, &used), REQUEST_DONE);
    assert_string_equal(request.target, "/1");
    assert_int_equal(used, (sizeof(both) - 1) / 2);
    request_parser_start(&request);
    assert_int_equal(feed(&request, both + used, sizeof(both) - 1 - used, &more), REQUEST_DONE);
    assert_string_equal(request.target, "/2");
    assert_string_equal(request.host, "b");
}

/* Heads without an end; chunk extensions and trailers count too. */
static void heads_have_a_limit(void **state)
{
#define CHUNKED "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    static const struct {
        const char *start, *more;
    } cases[] = {
        {"GET /", "xxxxxxxx"},
        {"GET / HTTP/1.1\r\n", "A: b\r\n"},
        {CHUNKED, "1;extension=value\r\nx\r\n"},
        {CHUNKED "0\r\n", "Trailer: value\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct request_parser request;
        size_t used, taken = 0;
        enum request_status status;

        request_parser_start(&request);
        status = feed(&request, cases[i].start, strlen(cases[i].start), &used);
        for (; status == REQUEST_MORE && taken < 4 * REQUEST_MAX_HEAD_BYTES; taken += used)
            status = feed(&request, cases[i].more, strlen(cases[i].more), &used);
        if (status != REQUEST_TOO_LARGE || taken > 2 * REQUEST_MAX_HEAD_BYTES)
            fail_msg("case %zu: end %d after %zu bytes", i, status, taken);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_cut_anywhere),
        cmocka_unit_test(long_targets_and_hosts_are_truncated),
        cmocka_unit_test(pipelined_requests),
        cmocka_unit_test(heads_have_a_limit),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The recorded parts of a response: header fields, the requested part of the body, and its end. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/h1/h1_parser.h"
#include "http/response.h"

#define ENOUGH 100000

static struct response_options options;
static struct result result;
static struct response response;
static struct h1_parser parser;
static struct cookies *jar;
static struct url url;
static enum h1_status status; /* of the last feed */

/* "hello, world" in gzip (RFC 1952). */
static const char gzip[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x28"
    "\xcf\x2f\xca\x49\x01\x00\x3a\x72\xab\xff\x0c\x00\x00\x00";

static void on_field(void *owner, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    (void)owner;
    response_field(&response, name, name_bytes, value, value_bytes);
}

static void on_head(void *owner, const struct h1_parser *head)
{
    const struct status_line line = {
        .status = head->status, .major = head->major, .minor = head->minor};

    (void)owner;
    response_head(&response, &line);
}

static void on_body(void *owner, const char *bytes, size_t count)
{
    (void)owner;
    response_body(&response, bytes, count);
}

static int setup(void **state)
{
    (void)state;
    options = (struct response_options){.preview = 10, .max_body = ENOUGH};
    assert_null(url_parse(&url, "http://a/", 9));
    return 0;
}

static void clear(void)
{
    response_free(&response);
    response_free(&response); /* a second time, when it is all zeros */
    h1_parser_free(&parser);
    cookies_free(jar);
    jar = NULL;
}

static int teardown(void **state)
{
    (void)state;
    clear();
    url_free(&url);
    return 0;
}

static void begin(const char *method)
{
    static const struct h1_events events = {.field = on_field, .head = on_head, .body = on_body};

    clear();
    result = (struct result){.error = ERROR_NONE};
    response_start(&response, &options, &result);
    h1_parser_start_response(&parser, !strcmp(method, "HEAD"), &events, NULL);
    status = H1_MORE;
}

static void feed(const char *bytes, size_t count)
{
    size_t consumed;

    assert_int_equal(status, H1_MORE);
    status = h1_parser_feed(&parser, (const unsigned char *)bytes, count, &consumed);
}

#define FEED(text) feed(text, strlen(text))

static enum error finish(void)
{
    return response_finish(&response, status == H1_DONE);
}

/* Feeds a complete response to GET. */
static enum error take(const char *text)
{
    begin("GET");
    feed(text, strlen(text));
    return finish();
}

static void expect_text(const char *text)
{
    assert_int_equal(result.snippet_bytes, strlen(text));
    assert_memory_equal(result.snippet, text, strlen(text));
}

static void fields(void **state)
{
    (void)state;
    assert_int_equal(take("HTTP/1.0 404 No\r\ncontent-TYPE: text/html; charset=latin1\r\n"
                          "Retry-After: 5\r\nLocation: /x\r\nContent-Length: 2\r\n\r\n\xe9!"),
                     ERROR_NONE);
    assert_int_equal(result.status, 404);
    assert_int_equal(result.major, 1);
    assert_int_equal(result.minor, 0);
    assert_string_equal(result.content_type, "text/html; charset=latin1");
    assert_null(result.coding);
    assert_string_equal(response.retry_after, "5");
    assert_string_equal(response.location, "/x");
    assert_false(response.redirect); /* 404 is no redirect, even with a Location */
    expect_text("\xc3\xa9!");
    assert_string_equal(result.charset, "windows-1252");
    assert_int_equal(result.body_bytes, 2);
}

static void absent_fields(void **state)
{
    (void)state;
    assert_int_equal(take("HTTP/1.1 200 OK\r\nContent-Types: a\r\nContent-Typ: b\r\n"
                          "X-Location: c\r\nContent-Length: 0\r\n\r\n"),
                     ERROR_NONE);
    assert_true(!result.content_type && !result.coding && !response.retry_after &&
                !response.location);
    assert_int_equal(result.snippet_bytes, 0);
}

/* If a field may occur only once, its first value that is not empty is used. */
static void repeated_fields(void **state)
{
    (void)state;
    assert_int_equal(take("HTTP/1.1 301 Moved\r\nLocation:\r\nLocation: /1\r\nLocation: /2\r\n"
                          "Retry-After: 1\r\n"
                          "Retry-After: 2\r\nContent-Length: 0\r\n\r\n"),
                     ERROR_NONE);
    assert_string_equal(response.location, "/1");
    assert_string_equal(response.retry_after, "1");
    assert_true(response.redirect);
}

/* The last valid Content-Type is used, with the charset of an earlier one of the same type. */
static void several_types(void **state)
{
    static const struct {
        const char *lines, *type, *charset;
    } cases[] = {
        {"Content-Type: text/plain; charset=gbk\r\n", "text/plain; charset=gbk", "gbk"},
        {"Content-Type: text/plain; charset=gbk\r\nContent-Type: text/html; charset=koi8-r\r\n",
         "text/html; charset=koi8-r", "koi8-r"},
        {"Content-Type: text/plain; charset=koi8-r\r\nContent-Type: text/plain\r\n",
         "text/plain; charset=koi8-r", "koi8-r"},
        {"Content-Type: text/html; charset=koi8-r\r\nContent-Type: text/plain\r\n", "text/plain",
         "utf-8"},
        {"Content-Type: text/html; charset=koi8-r\r\nX: y\r\nContent-Type: */*\r\n",
         "text/html; charset=koi8-r", "koi8-r"},
        {"Content-Type: text/html; charset=koi8-r\r\nContent-Type:\r\n",
         "text/html; charset=koi8-r", "koi8-r"},
        {"Content-Type: text/plain; charset=gbk, text/plain; charset=koi8-r\r\n",
         "text/plain; charset=koi8-r", "koi8-r"},
        {"Content-Type: nonsense\r\n", "nonsense", "utf-8"},
        {"Content-Type:\r\n", "", "utf-8"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char text[256];

        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%sContent-Length: 2\r\n\r\nhi",
                 cases[i].lines);
        assert_int_equal(take(text), ERROR_NONE);
        assert_string_equal(result.content_type, cases[i].type);
        assert_string_equal(result.charset, cases[i].charset);
    }
}

static void redirects(void **state)
{
    (void)state;
    for (unsigned code = 200; code < 600; code++) {
        bool moves = code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
        char text[128];

        snprintf(text, sizeof(text), "HTTP/1.1 %u X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
                 code);
        take(text);
        assert_int_equal(response.redirect, moves);
        snprintf(text, sizeof(text), "HTTP/1.1 %u X\r\nContent-Length: 0\r\n\r\n", code);
        take(text);
        assert_false(response.redirect);
    }
    options.follow = true;
    assert_int_equal(take("HTTP/1.1 302 X\r\nLocation: \r\nContent-Length: 2\r\n\r\nhi"),
                     ERROR_NONE);
    assert_false(response.redirect); /* an empty Location */
    expect_text("hi");
}

/* Several fields form one list (RFC 9110, section 5.3). */
static void codings_in_several_lines(void **state)
{
    static const struct {
        const char *lines, *coding;
        bool decoded;
    } cases[] = {
        {"Content-Encoding: gzip\r\n", "gzip", true},
        {"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", "identity, gzip", true},
        {"Content-Encoding: \r\ncontent-encoding: GZIP\r\nContent-Encoding: \r\n", "GZIP, ", true},
        {"Content-Encoding: gzip\r\nX: y\r\nContent-Encoding: identity\r\n", "gzip, identity",
         true},
        {"Content-Encoding: gzip\r\nContent-Encoding: rot13\r\n", "gzip, rot13", false},
    };

    (void)state;
    options.preview = 100;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char head[256];

        snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n",
                 cases[i].lines, sizeof(gzip) - 1);
        begin("GET");
        feed(head, strlen(head));
        feed(gzip, sizeof(gzip) - 1);
        assert_int_equal(finish(), ERROR_NONE);
        assert_string_equal(result.coding, cases[i].coding);
        assert_int_equal(result.body_bytes, sizeof(gzip) - 1); /* encoded bytes */
        if (cases[i].decoded)
            expect_text("hello, world");
        else
            assert_true(result.snippet_bytes > 0);
    }
}

/* Lists of codings or types have the limit of a field. */
static void endless_lists(void **state)
{
    static char line[40000];

    (void)state;
    begin("GET");
    FEED("HTTP/1.1 200 OK\r\n");
    snprintf(line, sizeof(line), "Content-Encoding: %05000d\r\nContent-Type: a/%030000d\r\n", 0, 0);
    for (int i = 0; i < 7; i++)
        feed(line, strlen(line));
    FEED("Content-Type: b/c\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(finish(), ERROR_NONE);
    assert_int_equal(strlen(result.coding), 5000);
    assert_string_equal(result.content_type, "b/c");
}

static void malformed_body(void **state)
{
    char bytes[sizeof(gzip)];

    (void)state;
    options.preview = 100;
    memcpy(bytes, gzip, sizeof(gzip));
    bytes[sizeof(gzip) - 6] ^= 1; /* in the checksum */
    begin("GET");
    FEED("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    feed(bytes, sizeof(gzip) - 1);
    assert_false(response.malformed); /* the body has text before the error */
    assert_false(response.enough);
    FEED("more");
    assert_int_equal(finish(), ERROR_NONE);
    expect_text("hello, world");
    assert_int_equal(result.body_bytes, sizeof(gzip) - 1 + 4);
    begin("GET");
    FEED("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello, world");
    assert_true(response.malformed);
    assert_true(response.enough); /* the rest is not needed */
    assert_int_equal(finish(), ERROR_BAD_CODING);
    expect_text("");
}

/* If a coded body ends too early, the text before is shown. */
static void incomplete_coding(void **state)
{
    (void)state;
    options.preview = 100;
    for (int complete = 0; complete < 2; complete++) {
        begin("GET");
        FEED("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
        feed(gzip, sizeof(gzip) - 4);
        assert_false(response.malformed);
        assert_int_equal(response_finish(&response, complete), ERROR_NONE);
        expect_text("hello, world");
    }
}

static void responses_without_a_body(void **state)
{
    static const char *const responses[][2] = {
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"},
        {"HEAD", "HTTP/1.1 301 X\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"GET", "HTTP/1.1 204 X\r\nContent-Encoding: br\r\n\r\n"},
        {"GET", "HTTP/1.1 304 X\r\nContent-Encoding: zstd\r\nContent-Length: 9\r\n\r\n"},
        {"GET", "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(responses); i++) {
        begin(responses[i][0]);
        feed(responses[i][1], strlen(responses[i][1]));
        assert_int_equal(status, H1_DONE);
        assert_int_equal(finish(), ERROR_NONE);
        assert_int_equal(result.body_bytes, 0);
        assert_int_equal(result.snippet_bytes, 0);
        assert_null(result.charset);
        assert_false(result.truncated);
    }
}

/* --max-body: a body of exactly this length is not truncated. */
static void body_up_to_a_limit(void **state)
{
    (void)state;
    for (uint64_t max = 0; max < 8; max++) {
        for (size_t piece = 1; piece < 9; piece++) {
            options.max_body = max;
            begin("GET");
            FEED("HTTP/1.1 200 OK\r\n\r\n");
            for (size_t at = 0; at < 6 && !response.enough; at += piece)
                feed(&"abcdef"[at], piece < 6 - at ? piece : 6 - at);
            assert_int_equal(finish(), ERROR_NONE);
            assert_int_equal(result.body_bytes, max < 6 ? max : 6);
            assert_int_equal(result.truncated, max < 6);
            assert_int_equal(response.enough, max < 6);
            assert_int_equal(result.snippet_bytes, result.body_bytes);
            assert_memory_equal(result.snippet, "abcdef", result.snippet_bytes);
        }
    }
}

/* Bytes after the limit are not counted. */
static void bytes_after_the_limit_are_ignored(void **state)
{
    (void)state;
    options.max_body = 3;
    begin("GET");
    FEED("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n5\r\nefghi\r\n");
    assert_true(response.enough);
    assert_int_equal(finish(), ERROR_NONE);
    assert_int_equal(result.body_bytes, 3);
    expect_text("abc");
}

static void body_until_the_preview(void **state)
{
    (void)state;
    options.preview = 4;
    for (int until = 0; until < 2; until++) {
        options.until_preview = until;
        begin("GET");
        FEED("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nabc");
        assert_false(response.enough);
        FEED("d");
        assert_int_equal(response.enough, until);
        assert_int_equal(result.body_bytes, 4);
        assert_false(result.truncated); /* nothing was left out yet */
        FEED("e");
        assert_int_equal(result.truncated, until);
        assert_int_equal(result.body_bytes, until ? 4 : 5);
        assert_int_equal(finish(), ERROR_NONE);
        expect_text("abcd");
    }
}

/* The preview counts decoded characters. */
static void body_until_the_decoded_preview(void **state)
{
    (void)state;
    options.preview = 5;
    options.until_preview = true;
    begin("GET");
    FEED("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
         "Content-Type: text/plain; charset=utf-8\r\n\r\n");
    for (size_t i = 0; i < sizeof(gzip) - 1 && !response.enough; i++)
        feed(gzip + i, 1);
    assert_true(response.enough);
    assert_true(result.body_bytes < sizeof(gzip) - 8); /* it did not wait for the checksum */
    assert_int_equal(finish(), ERROR_NONE);
    expect_text("hello");
}

/* The body of a redirect that is followed is read up to a limit, so that the connection can be
   reused; it is not shown. */
static void body_of_a_redirect(void **state)
{
    static char piece[RESPONSE_MAX_REDIRECT_BYTES];

    (void)state;
    options.max_body = 1;
    options.follow = true;
    begin("GET");
    FEED("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Encoding: gzip\r\n\r\n");
    feed(piece, sizeof(piece) - 1);
    assert_false(response.enough);
    feed(piece, 1);
    assert_false(response.enough);
    assert_int_equal(result.body_bytes, RESPONSE_MAX_REDIRECT_BYTES);
    feed(piece, 1);
    assert_true(response.enough);
    assert_int_equal(finish(), ERROR_NONE); /* not decoded */
    assert_null(result.snippet);
    assert_null(result.charset);
    assert_int_equal(result.body_bytes, RESPONSE_MAX_REDIRECT_BYTES);

    options.follow = false; /* the redirect is the result */
    assert_int_equal(take("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 2\r\n\r\nhi"),
                     ERROR_NONE);
    expect_text("h");
    assert_true(result.truncated);
}

static void cookies_are_stored(void **state)
{
    char *set;

    (void)state;
    begin("GET");
    response.jar = &jar;
    response.url = &url;
    FEED("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nSet-Cookie2: c=3\r\n\r\n");
    set = cookies_for(jar, &url, 0);
    assert_string_equal(set, "a=1; b=2");
    free(set);
    begin("GET"); /* without a jar */
    FEED("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\r\n");
    assert_null(jar);
}

/* Fields of interim heads are ignored. */
static void interim_heads_are_ignored(void **state)
{
    (void)state;
    assert_int_equal(take("HTTP/1.1 103 Early\r\nLocation: /x\r\nContent-Encoding: gzip\r\n\r\n"
                          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
                     ERROR_NONE);
    assert_int_equal(result.status, 200);
    assert_null(response.location);
    expect_text("hi");
}

static void incomplete_head(void **state)
{
    (void)state;
    begin("GET");
    FEED("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n");
    assert_int_equal(finish(), ERROR_NONE);
    assert_int_equal(result.status, 0);
    assert_null(result.snippet);
    response_free(&response);
    assert_int_equal(response_finish(&response, false), ERROR_NONE); /* not started */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(fields),
        CASE(absent_fields),
        CASE(repeated_fields),
        CASE(several_types),
        CASE(redirects),
        CASE(codings_in_several_lines),
        CASE(endless_lists),
        CASE(malformed_body),
        CASE(incomplete_coding),
        CASE(responses_without_a_body),
        CASE(body_up_to_a_limit),
        CASE(bytes_after_the_limit_are_ignored),
        CASE(body_until_the_preview),
        CASE(body_until_the_decoded_preview),
        CASE(body_of_a_redirect),
        CASE(cookies_are_stored),
        CASE(interim_heads_are_ignored),
        CASE(incomplete_head),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}

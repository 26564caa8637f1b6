/* The embedded origin, spoken to byte by byte over plain sockets. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "origin/server.h"
#include "tests/support/names.h"

struct fixture {
    struct loop *loop;
    struct origin *origin;
    struct dial_map map;
    const char *pem;
    int fd; /* of the client */
    char heard[65536];
    size_t heard_bytes;
    bool ended; /* the origin closed */
};

static void tell(struct fixture *fixture, const char *url, struct play play)
{
    struct url parsed;

    assert_null(url_parse(&parsed, url, strlen(url)));
    if (play.body)
        play.body_bytes = strlen(play.body);
    origin_add_site(fixture->origin, &parsed, &play);
    url_free(&parsed);
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *why;

    fixture->loop = loop_new();
    fixture->origin = origin_new(fixture->loop, &why);
    if (!fixture->origin)
        fail_msg("%s", why);
    origin_get_map(fixture->origin, &fixture->map, &fixture->pem);
    tell(fixture, "http://a.example/", (struct play){.body = (char *)"uno"});
    tell(fixture, "http://a.example/two", (struct play){.body = (char *)"second", .status = 404});
    tell(fixture, "http://b.example/",
         (struct play){.body = (char *)"chunky", .framing = FRAMING_CHUNKED});
    tell(fixture, "http://c.example/",
         (struct play){.body = (char *)"closing", .framing = FRAMING_CLOSE});
    tell(fixture, "http://d.example/", (struct play){.status = 204, .body = (char *)"never"});
    tell(fixture, "http://e.example/",
         (struct play){.body = (char *)"late", .delay = 30 * NSEC_PER_MS});
    tell(fixture, "http://f.example/",
         (struct play){.body = (char *)"there",
                       .status = 301,
                       .headers = (char *)"Location: /b\r\ncontent-type: text/plain\r\nServer:\r\n"
                                          "Set-Cookie: a=%HOST%\r\nSet-Cookie: b=2\r\n"});
    tell(fixture, "http://g.example/",
         (struct play){.body = (char *)"up",
                       .headers = (char *)"Retry-After: 1\r\n",
                       .fault = FAULT_TRUNCATE,
                       .fail_first = 2});
    fixture->fd = -1;
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->fd >= 0)
        close(fixture->fd);
    origin_free(fixture->origin);
    loop_free(fixture->loop);
    free(fixture);
    return 0;
}

static void dial(struct fixture *fixture)
{
    const struct address *to = &fixture->map.http;

    if (fixture->fd >= 0)
        close(fixture->fd);
    fixture->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(connect(fixture->fd, &to->any, to->length) == 0 || errno == EINPROGRESS);
    fixture->ended = false;
    fixture->heard_bytes = 0;
}

static void listen_for_more(struct fixture *fixture)
{
    ssize_t count;

    loop_turn(fixture->loop, NSEC_PER_MS);
    count = recv(fixture->fd, fixture->heard + fixture->heard_bytes,
                 sizeof(fixture->heard) - 1 - fixture->heard_bytes, 0);
    if (count > 0)
        fixture->heard_bytes += (size_t)count;
    fixture->ended = count == 0 || (count < 0 && errno != EAGAIN);
    fixture->heard[fixture->heard_bytes] = '\0';
}

/* Says something and listens until the answer ends with `last`, or the origin closes. */
static const char *ask(struct fixture *fixture, const char *text, const char *last)
{
    size_t length = strlen(last);

    fixture->heard_bytes = 0;
    assert_int_equal(send(fixture->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    for (int i = 0; i < 2000 && !fixture->ended; i++) {
        listen_for_more(fixture);
        if (fixture->heard_bytes >= length &&
            !strcmp(fixture->heard + fixture->heard_bytes - length, last) && length)
            break;
    }
    return fixture->heard;
}

#define GET(target, host) "GET " target " HTTP/1.1\r\nHost: " host "\r\n\r\n"

static void test_told(void **state)
{
    struct fixture *fixture = *state;
    const char *answer;

    dial(fixture);
    answer = ask(fixture, GET("/", "a.example"), "uno");
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(answer, "\r\nContent-Length: 3\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\nuno"));
    /* kept alive; another target, another answer; a target that was not told has the first */
    answer = ask(fixture, GET("/two", "a.example"), "second");
    assert_non_null(strstr(answer, "HTTP/1.1 404 Not Found\r\n"));
    assert_non_null(strstr(answer, "second"));
    assert_non_null(strstr(ask(fixture, GET("/three", "a.example"), "uno"), "uno"));
    assert_non_null(strstr(ask(fixture, GET("/two", "A.Example:8080"), "second"), "second"));
    assert_false(fixture->ended);
}

static void test_framings(void **state)
{
    struct fixture *fixture = *state;
    const char *answer;

    dial(fixture);
    answer = ask(fixture, GET("/", "b.example"), "\r\n0\r\n\r\n");
    assert_non_null(strstr(answer, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\n6\r\nchunky\r\n0\r\n\r\n"));
    answer = ask(fixture, GET("/", "d.example"), "\r\n\r\n");
    assert_non_null(strstr(answer, "HTTP/1.1 204 No Content\r\n"));
    assert_null(strstr(answer, "never"));
    assert_null(strstr(answer, "Content-Length"));
    answer = ask(fixture, "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n", "\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Length: 3"));
    assert_null(strstr(answer, "uno"));
    answer = ask(fixture, GET("/", "c.example"), "");
    assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\nclosing"));
    assert_true(fixture->ended);
}

/* The line's own fields stand in place of ours; one without a value only takes ours away. */
static void test_fields(void **state)
{
    struct fixture *fixture = *state;

    dial(fixture);
    assert_string_equal(ask(fixture, GET("/", "f.example"), "there"),
                        "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 5\r\nLocation: /b\r\n"
                        "content-type: text/plain\r\nSet-Cookie: a=%HOST%\r\n"
                        "Set-Cookie: b=2\r\n\r\nthere");
    assert_non_null(strstr(ask(fixture, GET("/", "a.example"), "uno"),
                           "\r\nServer: firstbyte-rehearsal\r\nContent-Type: text/html\r\n"));
}

/* Refused twice, then as told: the fault too. Who asks does not count. */
static void test_fail_first(void **state)
{
    struct fixture *fixture = *state;
    const char *answer;

    for (int i = 0; i < 2; i++) {
        dial(fixture);
        answer = ask(fixture, GET("/", "g.example"), "up");
        assert_non_null(strstr(answer, "HTTP/1.1 503 Service Unavailable\r\n"));
        assert_non_null(strstr(answer, "\r\nRetry-After: 1\r\n"));
        assert_false(fixture->ended);
    }
    answer = ask(fixture, GET("/", "g.example"), "");
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    assert_true(fixture->ended);
    dial(fixture);
    assert_non_null(strstr(ask(fixture, GET("/", "g.example"), ""), "HTTP/1.1 200 OK\r\n"));
}

/* Faults that are whole answers: to what, and a part of what comes. */
static const struct {
    enum fault fault;
    const char *target, *comes;
} wrong[] = {
    {FAULT_REDIRECT_LOOP, "/x?y", "302 Found\r\n"},
    {FAULT_REDIRECT_LOOP, "/x?y", "\r\nLocation: http://h.example:81/x?y\r\n"},
    {FAULT_REDIRECT_ENDLESS, "/", "302 Found\r\n"},
    {FAULT_REDIRECT_ENDLESS, "/", "\r\nLocation: /1\r\n"},
    {FAULT_REDIRECT_ENDLESS, "/1", "\r\nLocation: /2\r\n"},
    {FAULT_REDIRECT_ENDLESS, "/99", "\r\nLocation: /100\r\n"},
    {FAULT_REDIRECT_ENDLESS, "/x", "\r\nLocation: /1\r\n"},
    {FAULT_BAD_LOCATION, "/", "302 Found\r\n"},
    {FAULT_BAD_LOCATION, "/", "\r\nLocation: gopher://x/\r\n"},
    {FAULT_BAD_CODING, "/", "200 OK\r\n"},
    {FAULT_BAD_CODING, "/", "\r\nContent-Encoding: gzip\r\n"},
    {FAULT_BAD_CODING, "/", "\r\n\r\nthese bytes are no gzip"},
};

static void test_wrong_answers(void **state)
{
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        struct fixture *fixture = *state;
        char request[128];
        const char *answer;

        tell(fixture, "http://h.example/", (struct play){.fault = wrong[i].fault});
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: h.example:81\r\nConnection: close\r\n\r\n",
                 wrong[i].target);
        dial(fixture);
        answer = ask(fixture, request, "");
        if (!strstr(answer, wrong[i].comes))
            fail_msg("%s: %s", fault_name(wrong[i].fault), answer);
        end(state);
        begin(state); /* what was told of a host first, holds */
    }
}

/* What is cut is the answer that there is: that to HEAD has no body. */
static void test_cut_heads(void **state)
{
    struct fixture *fixture = *state;
    static const enum fault faults[] = {FAULT_TRUNCATE, FAULT_BODY_RESET, FAULT_BODY_STALL,
                                        FAULT_BAD_CODING, FAULT_REDIRECT_LOOP};

    for (size_t i = 0; i < LENGTH(faults); i++) {
        char url[32], request[96];
        const char *answer;

        snprintf(url, sizeof(url), "http://%s.example/", fault_name(faults[i]));
        tell(fixture, url, (struct play){.fault = faults[i]});
        snprintf(request, sizeof(request), "HEAD / HTTP/1.1\r\nHost: %s.example\r\n\r\n",
                 fault_name(faults[i]));
        dial(fixture);
        answer = ask(fixture, request, "\r\n\r\n");
        assert_int_equal(strncmp(answer, "HTTP/1.1 ", 9), 0);
        assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
        assert_int_equal(fixture->heard_bytes, strlen(answer));
    }
}

/* Of a host with many targets each has its own answer, and what is told twice is played as told
   first. */
static void test_many(void **state)
{
    enum { TARGETS = 3000 };
    struct fixture *fixture = *state;
    char url[64], body[32];

    for (int i = 0; i < 2 * TARGETS; i++) {
        snprintf(url, sizeof(url), "http://%s.example/%d", i % 3 ? "many" : "more", i % TARGETS);
        snprintf(body, sizeof(body), "body %d.", i);
        tell(fixture, url, (struct play){.body = body});
    }
    dial(fixture);
    assert_non_null(strstr(ask(fixture, GET("/1", "many.example"), "body 1."), "\nbody 1."));
    assert_non_null(
        strstr(ask(fixture, GET("/2997", "more.example"), "body 2997."), "\nbody 2997."));
    assert_non_null(strstr(ask(fixture, GET("/3", "more.example"), "body 3."), "\nbody 3."));
    assert_non_null(strstr(ask(fixture, GET("/none", "more.example"), "body 0."), "\nbody 0."));
}

/* A name that nobody told of has an answer, the same each time. */
static void test_made_up(void **state)
{
    struct fixture *fixture = *state;
    static char first[sizeof(fixture->heard)];

    dial(fixture);
    strcpy(first,
           ask(fixture, "GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n", ""));
    assert_non_null(strstr(first, "HTTP/1.1 200 OK"));
    assert_non_null(strstr(first, "<title>other.example</title>"));
    dial(fixture);
    assert_string_equal(
        first,
        ask(fixture, "GET /x HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n", ""));
}

static void test_delay(void **state)
{
    struct fixture *fixture = *state;
    nsec began = clock_now();

    dial(fixture);
    assert_non_null(strstr(ask(fixture, GET("/", "e.example"), "late"), "late"));
    assert_true(clock_now() - began >= 30 * NSEC_PER_MS);
}

/* A request in pieces; what is no request; a client that leaves at any time. */
static void test_clients(void **state)
{
    struct fixture *fixture = *state;
    static const char request[] = GET("/", "a.example");

    dial(fixture);
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        assert_int_equal(send(fixture->fd, request + i, 1, MSG_NOSIGNAL), 1);
        loop_turn(fixture->loop, 0);
    }
    assert_non_null(strstr(ask(fixture, "", "uno"), "uno"));
    dial(fixture);
    ask(fixture, "\x16\x03\x01 this is no request\r\n\r\n", "");
    assert_true(fixture->ended);
    assert_int_equal(fixture->heard_bytes, 0);
    for (size_t length = 0; length < sizeof(request); length++) {
        dial(fixture);
        loop_turn(fixture->loop, 0);
        send(fixture->fd, request, length, MSG_NOSIGNAL);
        loop_turn(fixture->loop, 0);
    }
    dial(fixture);
    send(fixture->fd, GET("/", "e.example"), sizeof(GET("/", "e.example")) - 1, MSG_NOSIGNAL);
    unit_settle(fixture->loop);
    dial(fixture); /* that one left before its answer */
    assert_non_null(strstr(ask(fixture, request, "uno"), "uno"));
}

static void test_where(void **state)
{
    struct fixture *fixture = *state;
    char text[ADDRESS_TEXT_BYTES];

    assert_ptr_equal(strstr(address_text(&fixture->map.http, text), "127.0.0.1:"), text);
    assert_ptr_equal(strstr(address_text(&fixture->map.https, text), "127.0.0.1:"), text);
    assert_ptr_equal(strstr(address_text(&fixture->map.nameserver, text), "127.0.0.1:"), text);
    assert_int_not_equal(address_port(&fixture->map.http), address_port(&fixture->map.https));
    assert_ptr_equal(strstr(fixture->pem, "-----BEGIN CERTIFICATE-----"), fixture->pem);
}

/* Two at once are two. */
static void test_two_origins(void **state)
{
    struct fixture *fixture = *state;
    const char *why;
    struct origin *other = origin_new(fixture->loop, &why);
    struct dial_map map;
    const char *pem;

    assert_non_null(other);
    origin_get_map(other, &map, &pem);
    assert_int_not_equal(address_port(&map.http), address_port(&fixture->map.http));
    assert_string_not_equal(pem, fixture->pem);
    origin_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_told, begin, end),
        cmocka_unit_test_setup_teardown(test_framings, begin, end),
        cmocka_unit_test_setup_teardown(test_fields, begin, end),
        cmocka_unit_test_setup_teardown(test_fail_first, begin, end),
        cmocka_unit_test_setup_teardown(test_wrong_answers, begin, end),
        cmocka_unit_test_setup_teardown(test_cut_heads, begin, end),
        cmocka_unit_test_setup_teardown(test_many, begin, end),
        cmocka_unit_test_setup_teardown(test_made_up, begin, end),
        cmocka_unit_test_setup_teardown(test_delay, begin, end),
        cmocka_unit_test_setup_teardown(test_clients, begin, end),
        cmocka_unit_test_setup_teardown(test_where, begin, end),
        cmocka_unit_test_setup_teardown(test_two_origins, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

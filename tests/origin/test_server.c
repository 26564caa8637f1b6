/* The embedded origin, tested with requests over plain sockets. */
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
    char received[65536];
    size_t received_bytes;
    bool closed; /* by the origin */
};

static void add_site(struct fixture *fixture, const char *url, struct site_behaviour behaviour)
{
    struct url parsed;

    assert_null(url_parse(&parsed, url, strlen(url)));
    if (behaviour.body)
        behaviour.body_bytes = strlen(behaviour.body);
    origin_add_site(fixture->origin, &parsed, &behaviour);
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
    add_site(fixture, "http://a.example/", (struct site_behaviour){.body = (char *)"uno"});
    add_site(fixture, "http://a.example/two",
             (struct site_behaviour){.body = (char *)"second", .status = 404});
    add_site(fixture, "http://b.example/",
             (struct site_behaviour){.body = (char *)"chunky", .framing = FRAMING_CHUNKED});
    add_site(fixture, "http://c.example/",
             (struct site_behaviour){.body = (char *)"closing", .framing = FRAMING_CLOSE});
    add_site(fixture, "http://d.example/",
             (struct site_behaviour){.status = 204, .body = (char *)"never"});
    add_site(fixture, "http://e.example/",
             (struct site_behaviour){.body = (char *)"late", .delay = 30 * NSEC_PER_MS});
    add_site(fixture, "http://f.example/",
             (struct site_behaviour){
                 .body = (char *)"there",
                 .status = 301,
                 .headers = (char *)"Location: /b\r\ncontent-type: text/plain\r\nServer:\r\n"
                                    "Set-Cookie: a=%HOST%\r\nSet-Cookie: b=2\r\n"});
    add_site(fixture, "http://g.example/",
             (struct site_behaviour){.body = (char *)"up",
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
    fixture->closed = false;
    fixture->received_bytes = 0;
}

static void receive(struct fixture *fixture)
{
    ssize_t count;

    loop_turn(fixture->loop, NSEC_PER_MS);
    count = recv(fixture->fd, fixture->received + fixture->received_bytes,
                 sizeof(fixture->received) - 1 - fixture->received_bytes, 0);
    if (count > 0)
        fixture->received_bytes += (size_t)count;
    fixture->closed = count == 0 || (count < 0 && errno != EAGAIN);
    fixture->received[fixture->received_bytes] = '\0';
}

/* Sends `text` and receives until the response ends with `last`, or the origin closes. */
static const char *send_request(struct fixture *fixture, const char *text, const char *last)
{
    size_t length = strlen(last);

    fixture->received_bytes = 0;
    assert_int_equal(send(fixture->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    for (int i = 0; i < 2000 && !fixture->closed; i++) {
        receive(fixture);
        if (fixture->received_bytes >= length &&
            !strcmp(fixture->received + fixture->received_bytes - length, last) && length)
            break;
    }
    return fixture->received;
}

#define GET(target, host) "GET " target " HTTP/1.1\r\nHost: " host "\r\n\r\n"

static void test_responses(void **state)
{
    struct fixture *fixture = *state;
    const char *response;

    dial(fixture);
    response = send_request(fixture, GET("/", "a.example"), "uno");
    assert_non_null(strstr(response, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(response, "\r\nContent-Length: 3\r\n"));
    assert_non_null(strstr(response, "\r\n\r\nuno"));
    /* kept alive; each target has its response; an unknown target has that of the first */
    response = send_request(fixture, GET("/two", "a.example"), "second");
    assert_non_null(strstr(response, "HTTP/1.1 404 Not Found\r\n"));
    assert_non_null(strstr(response, "second"));
    assert_non_null(strstr(send_request(fixture, GET("/three", "a.example"), "uno"), "uno"));
    assert_non_null(
        strstr(send_request(fixture, GET("/two", "A.Example:8080"), "second"), "second"));
    assert_false(fixture->closed);
}

static void test_framings(void **state)
{
    struct fixture *fixture = *state;
    const char *response;

    dial(fixture);
    response = send_request(fixture, GET("/", "b.example"), "\r\n0\r\n\r\n");
    assert_non_null(strstr(response, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_non_null(strstr(response, "\r\n\r\n6\r\nchunky\r\n0\r\n\r\n"));
    response = send_request(fixture, GET("/", "d.example"), "\r\n\r\n");
    assert_non_null(strstr(response, "HTTP/1.1 204 No Content\r\n"));
    assert_null(strstr(response, "never"));
    assert_null(strstr(response, "Content-Length"));
    response = send_request(fixture, "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n", "\r\n\r\n");
    assert_non_null(strstr(response, "Content-Length: 3"));
    assert_null(strstr(response, "uno"));
    response = send_request(fixture, GET("/", "c.example"), "");
    assert_non_null(strstr(response, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(response, "\r\n\r\nclosing"));
    assert_true(fixture->closed);
}

/* The site's header fields replace the default ones; one without a value only removes it. */
static void test_fields(void **state)
{
    struct fixture *fixture = *state;

    dial(fixture);
    assert_string_equal(send_request(fixture, GET("/", "f.example"), "there"),
                        "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 5\r\nLocation: /b\r\n"
                        "content-type: text/plain\r\nSet-Cookie: a=%HOST%\r\n"
                        "Set-Cookie: b=2\r\n\r\nthere");
    assert_non_null(strstr(send_request(fixture, GET("/", "a.example"), "uno"),
                           "\r\nServer: firstbyte-rehearsal\r\nContent-Type: text/html\r\n"));
}

/* Status 503 twice, then the configured response with its fault, over all connections. */
static void test_fail_first(void **state)
{
    struct fixture *fixture = *state;
    const char *response;

    for (int i = 0; i < 2; i++) {
        dial(fixture);
        response = send_request(fixture, GET("/", "g.example"), "up");
        assert_non_null(strstr(response, "HTTP/1.1 503 Service Unavailable\r\n"));
        assert_non_null(strstr(response, "\r\nRetry-After: 1\r\n"));
        assert_false(fixture->closed);
    }
    response = send_request(fixture, GET("/", "g.example"), "");
    assert_non_null(strstr(response, "HTTP/1.1 200 OK\r\n"));
    assert_true(fixture->closed);
    dial(fixture);
    assert_non_null(
        strstr(send_request(fixture, GET("/", "g.example"), ""), "HTTP/1.1 200 OK\r\n"));
}

/* Faults that are complete responses: the target of the request, a part of the response. */
static const struct {
    enum fault fault;
    const char *target, *part;
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

static void test_faulty_responses(void **state)
{
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        struct fixture *fixture = *state;
        char request[128];
        const char *response;

        add_site(fixture, "http://h.example/", (struct site_behaviour){.fault = wrong[i].fault});
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: h.example:81\r\nConnection: close\r\n\r\n",
                 wrong[i].target);
        dial(fixture);
        response = send_request(fixture, request, "");
        if (!strstr(response, wrong[i].part))
            fail_msg("%s: %s", fault_name(wrong[i].fault), response);
        end(state);
        begin(state); /* the first behaviour of a site is kept */
    }
}

/* A response to HEAD has no body, with faults of the body too. */
static void test_faults_of_head_responses(void **state)
{
    struct fixture *fixture = *state;
    static const enum fault faults[] = {FAULT_TRUNCATE, FAULT_BODY_RESET, FAULT_BODY_STALL,
                                        FAULT_BAD_CODING, FAULT_REDIRECT_LOOP};

    for (size_t i = 0; i < LENGTH(faults); i++) {
        char url[32], request[96];
        const char *response;

        snprintf(url, sizeof(url), "http://%s.example/", fault_name(faults[i]));
        add_site(fixture, url, (struct site_behaviour){.fault = faults[i]});
        snprintf(request, sizeof(request), "HEAD / HTTP/1.1\r\nHost: %s.example\r\n\r\n",
                 fault_name(faults[i]));
        dial(fixture);
        response = send_request(fixture, request, "\r\n\r\n");
        assert_int_equal(strncmp(response, "HTTP/1.1 ", 9), 0);
        assert_string_equal(strstr(response, "\r\n\r\n"), "\r\n\r\n");
        assert_int_equal(fixture->received_bytes, strlen(response));
    }
}

/* Each of many targets of a host has its own response. A target that is added twice keeps the
   first. */
static void test_many(void **state)
{
    enum { TARGETS = 3000 };
    struct fixture *fixture = *state;
    char url[64], body[32];

    for (int i = 0; i < 2 * TARGETS; i++) {
        snprintf(url, sizeof(url), "http://%s.example/%d", i % 3 ? "many" : "more", i % TARGETS);
        snprintf(body, sizeof(body), "body %d.", i);
        add_site(fixture, url, (struct site_behaviour){.body = body});
    }
    dial(fixture);
    assert_non_null(
        strstr(send_request(fixture, GET("/1", "many.example"), "body 1."), "\nbody 1."));
    assert_non_null(
        strstr(send_request(fixture, GET("/2997", "more.example"), "body 2997."), "\nbody 2997."));
    assert_non_null(
        strstr(send_request(fixture, GET("/3", "more.example"), "body 3."), "\nbody 3."));
    assert_non_null(
        strstr(send_request(fixture, GET("/none", "more.example"), "body 0."), "\nbody 0."));
}

/* A host without a site has a generated response, the same each time. */
static void test_unknown_host(void **state)
{
    struct fixture *fixture = *state;
    static char first[sizeof(fixture->received)];

    dial(fixture);
    strcpy(first,
           send_request(fixture,
                        "GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n", ""));
    assert_non_null(strstr(first, "HTTP/1.1 200 OK"));
    assert_non_null(strstr(first, "<title>other.example</title>"));
    dial(fixture);
    assert_string_equal(
        first,
        send_request(fixture, "GET /x HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
                     ""));
}

static void test_delay(void **state)
{
    struct fixture *fixture = *state;
    nsec began = clock_now();

    dial(fixture);
    assert_non_null(strstr(send_request(fixture, GET("/", "e.example"), "late"), "late"));
    assert_true(clock_now() - began >= 30 * NSEC_PER_MS);
}

/* A request in pieces, a malformed request, and a client that closes at any time. */
static void test_clients(void **state)
{
    struct fixture *fixture = *state;
    static const char request[] = GET("/", "a.example");

    dial(fixture);
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        assert_int_equal(send(fixture->fd, request + i, 1, MSG_NOSIGNAL), 1);
        loop_turn(fixture->loop, 0);
    }
    assert_non_null(strstr(send_request(fixture, "", "uno"), "uno"));
    dial(fixture);
    send_request(fixture, "\x16\x03\x01 this is no request\r\n\r\n", "");
    assert_true(fixture->closed);
    assert_int_equal(fixture->received_bytes, 0);
    for (size_t length = 0; length < sizeof(request); length++) {
        dial(fixture);
        loop_turn(fixture->loop, 0);
        send(fixture->fd, request, length, MSG_NOSIGNAL);
        loop_turn(fixture->loop, 0);
    }
    dial(fixture);
    send(fixture->fd, GET("/", "e.example"), sizeof(GET("/", "e.example")) - 1, MSG_NOSIGNAL);
    unit_settle(fixture->loop);
    dial(fixture); /* the previous client closed before its response */
    assert_non_null(strstr(send_request(fixture, request, "uno"), "uno"));
}

static void test_addresses(void **state)
{
    struct fixture *fixture = *state;
    char text[ADDRESS_TEXT_BYTES];

    assert_ptr_equal(strstr(address_text(&fixture->map.http, text), "127.0.0.1:"), text);
    assert_ptr_equal(strstr(address_text(&fixture->map.https, text), "127.0.0.1:"), text);
    assert_ptr_equal(strstr(address_text(&fixture->map.nameserver, text), "127.0.0.1:"), text);
    assert_int_not_equal(address_port(&fixture->map.http), address_port(&fixture->map.https));
    assert_ptr_equal(strstr(fixture->pem, "-----BEGIN CERTIFICATE-----"), fixture->pem);
}

/* Two origins at the same time are independent. */
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
        cmocka_unit_test_setup_teardown(test_responses, begin, end),
        cmocka_unit_test_setup_teardown(test_framings, begin, end),
        cmocka_unit_test_setup_teardown(test_fields, begin, end),
        cmocka_unit_test_setup_teardown(test_fail_first, begin, end),
        cmocka_unit_test_setup_teardown(test_faulty_responses, begin, end),
        cmocka_unit_test_setup_teardown(test_faults_of_head_responses, begin, end),
        cmocka_unit_test_setup_teardown(test_many, begin, end),
        cmocka_unit_test_setup_teardown(test_unknown_host, begin, end),
        cmocka_unit_test_setup_teardown(test_delay, begin, end),
        cmocka_unit_test_setup_teardown(test_clients, begin, end),
        cmocka_unit_test_setup_teardown(test_addresses, begin, end),
        cmocka_unit_test_setup_teardown(test_two_origins, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

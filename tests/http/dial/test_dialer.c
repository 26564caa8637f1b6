/* Exchanges over real transports with a server on the same loop: system calls and results. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/exchange.h"
#include "tests/support/calls.h"
#include "tests/support/fixture.h"
#include "tls/tls_server.h"

#define HELLO   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define ENDLESS "HTTP/1.1 200 OK\r\n\r\nhello"

/* The server's behavior on each connection. */
enum behavior {
    RESPONDS, /* HELLO to each request */
    ENDS,     /* ENDLESS, then the end, in order */
    CUTS,     /* ENDLESS, then the end without close_notify */
    CLOSES,   /* HELLO, then closes without an announcement */
    REFUSES,  /* accepts, and resets */
};

static struct {
    struct loop *loop;
    struct authority *authority;
    struct tls_server *tls;
    bool https;
    enum behavior behavior;
    struct watch listener;
    struct address at;
    struct sock *sock; /* of the last connection */
    struct transport *transport;
    int accepted;
} server;

static struct dialer dialer;
static struct pool *pool;
static struct outcome outcome;

static void close_connection(void)
{
    if (server.transport)
        server.transport->calls->close(server.transport);
    sock_close(server.sock, server.loop);
    server.transport = NULL;
    server.sock = NULL;
}

static void send_text(const char *text)
{
    struct io io = server.transport->calls->write(server.transport, text, strlen(text));

    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.count, strlen(text));
}

static void respond(void)
{
    switch (server.behavior) {
    case RESPONDS: send_text(HELLO); return;
    case CLOSES: send_text(HELLO); break;
    case ENDS: send_text(ENDLESS); break;
    case CUTS:
        send_text(ENDLESS);
        shutdown(server.sock->watch.fd, SHUT_WR);
        break;
    case REFUSES: break;
    }
    close_connection();
}

/* Each request is small, and is received in one piece. */
static void on_server_ready(void *owner, uint32_t events)
{
    char buffer[4096];
    struct io io;

    (void)owner;
    sock_note_events(server.sock, events);
    if (server.transport->calls->handshake(server.transport).status != IO_OK)
        return;
    while (server.sock) {
        io = server.transport->calls->read(server.transport, buffer, sizeof(buffer));
        if (io.status == IO_OK)
            respond();
        else if (io.status == IO_WANT_READ)
            return;
        else
            close_connection();
    }
}

static void on_accept(void *owner, uint32_t events)
{
    int fd = sock_accept(server.listener.fd), error;

    (void)owner;
    (void)events;
    assert_true(fd >= 0);
    close_connection();
    server.accepted++;
    server.sock = sock_adopt(server.loop, fd, on_server_ready, NULL, "test", &error);
    server.transport =
        server.https ? tls_server_open(server.tls, server.sock) : plain_open(server.sock);
}

static enum certificate_kind choose(void *owner, const char *name)
{
    (void)owner;
    (void)name;
    return CERTIFICATE_VALID;
}

static int setup(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    server.loop = loop_new();
    server.authority = authority_new();
    server.tls = tls_server_new(server.authority, choose, NULL);
    address_parse(&server.at, "127.0.0.1", 0);
    watch_init(&server.listener, on_accept, NULL, "test");
    loop_watch(server.loop, &server.listener, sock_listen(&server.at, SOCK_BACKLOG), EPOLLIN);
    dialer_init(&dialer, server.loop);
    dialer.trust.authorities_pem = authority_pem(server.authority);
    pool = pool_new(&(struct pool_options){.limit = 10, .max_streams = 1});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    dialer_free(&dialer);
    close_connection();
    loop_close(server.loop, &server.listener);
    tls_server_free(server.tls);
    authority_free(server.authority);
    loop_free(server.loop);
    return 0;
}

static void start(struct exchange *exchange, const struct site *site)
{
    struct request request = request_of(site);

    outcome = (struct outcome){0};
    exchange_init(exchange, &dialer, pool, &fixture_options, site);
    exchange_start(exchange, &request, NSEC_NEVER, NULL, outcome_record, &outcome);
}

static void fetch_one(bool https, enum behavior behavior)
{
    struct site *site = site_new();
    struct exchange exchange = {0};
    char text[64];

    server.https = https;
    server.behavior = behavior;
    snprintf(text, sizeof(text), "%s://127.0.0.1:%u/", https ? "https" : "http",
             address_port(&server.at));
    assert_null(url_parse(&site->url, text, strlen(text)));
    start(&exchange, site);
    TURN_UNTIL(server.loop, outcome.reports);
    exchange_clear(&exchange);
    site_free(site);
}

static void expect_hello(void)
{
    assert_int_equal(outcome.result.error, ERROR_NONE);
    assert_int_equal(outcome.result.body_bytes, 5);
}

/* At each end one send and one receive, and no call of epoll_ctl. */
static void kept_request_costs_two_calls_at_each_end(void **state)
{
    (void)state;
    for (int https = 0; https < 2; https++) {
        fetch_one(https, RESPONDS);
        expect_hello();
        for (int i = 0; i < 3; i++) {
            calls_reset();
            fetch_one(https, RESPONDS);
            expect_hello();
            assert_int_equal(calls.send, 2);
            assert_int_equal(calls.recv, 2);
            assert_int_equal(calls.epoll_ctl, 0);
        }
        assert_int_equal(server.accepted, https + 1);
    }
    assert_string_equal(outcome.result.tls.version, "TLSv1.3");
}

/* A connection is registered once. */
static void new_connection_registers_once(void **state)
{
    (void)state;
    calls_reset();
    fetch_one(false, RESPONDS);
    expect_hello();
    assert_int_equal(calls.epoll_ctl, 2); /* one for each end */
    assert_int_equal(calls.send, 2);
    assert_int_equal(calls.recv, 2);
}

static void endings_of_a_body(void **state)
{
    static const struct {
        bool https;
        enum behavior behavior;
        enum error error;
    } cases[] = {
        {false, ENDS, ERROR_NONE},         {true, ENDS, ERROR_NONE},
        {false, CUTS, ERROR_NONE}, /* not detectable with plain TCP */
        {true, CUTS, ERROR_TLS_TRUNCATED}, {false, REFUSES, ERROR_EMPTY},
        {true, REFUSES, ERROR_EMPTY},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fetch_one(cases[i].https, cases[i].behavior);
        if (outcome.result.error != cases[i].error)
            fail_msg("case %zu: %s", i, error_code(outcome.result.error));
        assert_false(pool_drop_oldest(pool));
    }
}

/* The server closes a kept connection: the next request gets a new one. */
static void server_closes_a_kept_connection(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        fetch_one(i >= 3, CLOSES);
        expect_hello();
        assert_int_equal(server.accepted, i + 1);
        if (i % 2)
            unit_settle(server.loop); /* the pool handles the close event */
    }
}

static void plain_server_on_a_tls_port(void **state)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct site *site = site_new();
    struct exchange exchange = {0};
    char url[64];

    (void)state;
    server.https = false;
    server.behavior = RESPONDS;
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", address_port(&server.at));
    assert_null(url_parse(&site->url, url, strlen(url)));
    start(&exchange, site);
    TURN_UNTIL(server.loop, server.sock || outcome.reports);
    if (server.sock)
        assert_int_equal(write(server.sock->watch.fd, text, sizeof(text) - 1), sizeof(text) - 1);
    TURN_UNTIL(server.loop, outcome.reports);
    assert_int_equal(outcome.result.error, ERROR_TLS_NOT_TLS);
    assert_int_equal(outcome.result.phase, PHASE_TLS);
    exchange_clear(&exchange);
    site_free(site);
}

/* Without trusted authorities no connection succeeds. */
static void trust_that_cannot_be_read(void **state)
{
    char *why;

    (void)state;
    dialer.trust.authorities_pem = NULL;
    dialer.trust.authorities_file = "/nowhere/at/all.pem";
    why = dialer_prepare_tls(&dialer);
    assert_non_null(why);
    free(why);
    fetch_one(true, RESPONDS);
    assert_int_equal(outcome.result.error, ERROR_TLS_FAILED);
    dialer.trust.authorities_file = NULL;
    dialer.trust.authorities_pem = authority_pem(server.authority);
    assert_null(dialer_prepare_tls(&dialer));
    assert_null(dialer_prepare_tls(&dialer));
    fetch_one(true, RESPONDS);
    expect_hello();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(kept_request_costs_two_calls_at_each_end),
        CASE(new_connection_registers_once),
        CASE(endings_of_a_body),
        CASE(server_closes_a_kept_connection),
        CASE(plain_server_on_a_tls_port),
        CASE(trust_that_cannot_be_read),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("dial", tests, NULL, NULL);
}

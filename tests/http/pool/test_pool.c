/* Which connection a request gets, which idle connections are kept, and how waits end. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "http/dial/route.h"
#include "tests/support/fixture.h"

#define GET   "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define MOVED "HTTP/1.1 302 X\r\nTransfer-Encoding: chunked\r\n\r\n"

#define MAX_DROPPED_BYTES (64 * 1024)
#define MAX_DROPPING_TIME (5 * NSEC_PER_S)

/* A user of the pool: requests a stream, sends a request on it, and returns the connection. */
struct user {
    struct pool_wait wait;
    struct stream stream;
    struct url url;
    struct conn *conn; /* from the last `ready` */
    bool submits;      /* sends a request in `ready` */
    bool discards_rest;
    int ready, failed, ended;
    bool was_dialled;
};

static struct fixture fixture;
static struct routes *routes;
static const struct script_step responds[] = {AFTER_REQUEST, SEND(OK), REPEAT};
static const struct script responding_script = {.reads = responds};

/* All origins are at the fixture's listener. */
static int setup(void **state)
{
    char text[64];

    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    fixture_set_scripts(&fixture, &responding_script, 1);
    routes = routes_new();
    snprintf(text, sizeof(text), "::127.0.0.1:%u", address_port(&fixture.address));
    assert_null(routes_add_connect_to(routes, text));
    fixture.dialer.routes = routes;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&fixture);
    routes_free(routes);
    return 0;
}

static struct user *user_of(struct stream *stream)
{
    return STREAM_OWNER(stream, struct user, stream);
}

static void on_head(struct stream *stream, const struct status_line *line, nsec at)
{
    (void)line;
    (void)at;
    if (user_of(stream)->discards_rest)
        stream->rest = REST_DISCARDED;
}

static void on_field(struct stream *stream, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    (void)stream;
    (void)name;
    (void)name_bytes;
    (void)value;
    (void)value_bytes;
}

static void on_body(struct stream *stream, const char *bytes, size_t count)
{
    (void)bytes;
    (void)count;
    if (user_of(stream)->discards_rest)
        fail_msg("a discarded body was reported");
}

static void on_end(struct stream *stream, const struct stream_end *end)
{
    struct user *user = user_of(stream);

    assert_int_equal(end->error, ERROR_NONE);
    user->ended++;
    pool_release(user->conn, !end->complete || conn_is_reusable(user->conn));
}

static void on_ready(struct pool_wait *wait, struct conn *conn, const struct dial *dial)
{
    static const struct stream_events events = {
        .field = on_field, .head = on_head, .body = on_body, .end = on_end};
    struct user *user = LIST_OWNER(wait, struct user, wait);

    user->ready++;
    user->conn = conn;
    user->was_dialled = dial;
    if (!user->submits)
        return;
    user->stream =
        (struct stream){.events = &events, .out = {.bytes = GET, .count = sizeof(GET) - 1}};
    conn_submit(conn, &user->stream);
}

static void on_failed(struct pool_wait *wait, const struct dial *dial)
{
    struct user *user = LIST_OWNER(wait, struct user, wait);

    assert_int_equal(dial->state, DIAL_FAILED);
    user->failed++;
}

static void request_stream(struct user *user, const char *scheme, const char *host, int port,
                           enum pool_use use)
{
    char text[128];

    *user = (struct user){
        .wait = {.ready = on_ready, .failed = on_failed},
        .submits = user->submits,
        .discards_rest = user->discards_rest,
    };
    snprintf(text, sizeof(text), "%s://%s:%d/", scheme, host, port);
    assert_null(url_parse(&user->url, text, strlen(text)));
    pool_request(fixture.pool, &user->wait, &fixture.dialer, &user->url, use);
}

static void cancel(struct user *user)
{
    pool_cancel(&user->wait);
    url_free(&user->url);
}

/* Opens a connection, sends one request on it, and returns it idle. */
static struct conn *idle(const char *scheme, int port)
{
    struct user user = {.submits = true};

    request_stream(&user, scheme, "127.0.0.1", port, POOL_UNUSED);
    TURN_UNTIL(fixture.loop, user.ended);
    assert_true(user.was_dialled);
    cancel(&user);
    return user.conn;
}

/* Takes the connection that a request gets out of the pool. NULL: it would get a new one. */
static struct conn *take(const char *scheme, const char *host, int port)
{
    struct user user = {.submits = false};

    request_stream(&user, scheme, host, port, POOL_ANY);
    cancel(&user); /* cancels a dial */
    return user.conn;
}

/* Takes the connection, which must be `wanted`, and closes it. */
static void take_and_close(const char *scheme, const char *host, int port, struct conn *wanted)
{
    assert_ptr_equal(take(scheme, host, port), wanted);
    pool_release(wanted, false);
}

static void connection_to_the_same_origin_is_taken(void **state)
{
    struct conn *conn = idle("http", 1), *secure = idle("https", 1);

    (void)state;
    assert_null(take("http", "127.0.0.1", 2));
    assert_null(take("http", "127.0.0.2", 1));
    take_and_close("http", "127.0.0.1", 1, conn);
    assert_null(take("http", "127.0.0.1", 1));
    take_and_close("https", "127.0.0.1", 1, secure);
}

static void last_used_connection_is_taken_first(void **state)
{
    struct conn *conns[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        conns[i] = idle("http", 1);
    for (int i = 2; i >= 0; i--)
        take_and_close("http", "127.0.0.1", 1, conns[i]);
}

/* Replaces the pool by an empty one with this limit. */
static void new_pool(size_t limit)
{
    pool_free(fixture.pool);
    fixture.pool = pool_new(&(struct pool_options){.limit = limit, .max_streams = 1});
}

static void oldest_connection_over_the_limit_is_closed(void **state)
{
    struct conn *conns[5], *taken;

    (void)state;
    new_pool(3);
    for (int i = 0; i < 5; i++)
        conns[i] = idle("http", i + 1);
    assert_int_equal(fixture.closed, 2);
    assert_null(take("http", "127.0.0.1", 1));
    assert_null(take("http", "127.0.0.1", 2));
    taken = take("http", "127.0.0.1", 4); /* from the middle of the list */
    assert_ptr_equal(taken, conns[3]);
    pool_release(taken, true); /* it is the newest now */
    assert_true(pool_drop_oldest(fixture.pool));
    assert_true(pool_drop_oldest(fixture.pool));
    assert_int_equal(fixture.closed, 4);
    take_and_close("http", "127.0.0.1", 4, conns[3]);
    assert_false(pool_drop_oldest(fixture.pool));
    new_pool(0);
    idle("http", 1);
    assert_int_equal(fixture.closed, 6);
}

/* More origins than slots of the table, taken in another order. */
static void many_origins(void **state)
{
    enum { MANY = 700 };
    static struct conn *conns[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        conns[i] = idle("http", i + 1);
    for (int i = 0; i < MANY; i++) {
        int which = i * 333 % MANY;

        take_and_close("http", "127.0.0.1", which + 1, conns[which]);
        if (i % 100 == 0)
            loop_turn(fixture.loop, 0);
    }
    assert_false(pool_drop_oldest(fixture.pool));
}

/* Events of an idle connection, and whether it is kept. */
static void idle_connections_are_watched(void **state)
{
    static const struct {
        struct script_step read;
        bool lives;
    } cases[] = {
        {HANG, true}, /* only a TLS message */
        {SEND("\r\n"), true},   {SEND("\n"), true},
        {SEND("\r\nx"), false}, {SEND("HTTP/1.1 408 Request Timeout\r\n"), false},
        {END, false},           {FAIL(ECONNRESET), false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step reads[] = {AFTER_REQUEST, SEND(OK), HANG, cases[i].read, LAST};
        const struct script script = {.reads = reads};

        fixture_set_scripts(&fixture, &script, 1);
        idle("http", 1);
        fixture_skip_hang(&fixture); /* to the event */
        fixture_send_event(&fixture, EPOLLIN);
        unit_settle(fixture.loop);
        assert_int_equal(fixture.closed, !cases[i].lives);
        assert_int_equal(pool_drop_oldest(fixture.pool), cases[i].lives);
        assert_null(take("http", "127.0.0.1", 1));
    }
}

/* A connection without a stream, while it still receives the rest of its response. */
static struct conn *receiving_rest(const struct script *script, int port)
{
    struct user user = {.submits = true, .discards_rest = true};

    fixture_set_scripts(&fixture, script, 1);
    request_stream(&user, "http", "127.0.0.1", port, POOL_UNUSED);
    TURN_UNTIL(fixture.loop, user.ended);
    cancel(&user);
    return user.conn;
}

/* The connection is kept if the response completes, and closed if the rest is too long or fails. */
static void rest_of_a_response_is_discarded(void **state)
{
    static char many[MAX_DROPPED_BYTES + 1], fits[MAX_DROPPED_BYTES - 16 + 1];
    const struct {
        struct script_step reads[8];
        bool kept;
    } cases[] = {
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("3\r\nabc\r\n0\r\n\r\n"), LAST}, true},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("3\r\na"), PAUSE, SEND("bc\r\n0\r\nA: b\r\n\r\n"),
          LAST},
         true},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("fff0\r\n"), SEND(fits), SEND("\r\n0\r\n\r\n"),
          LAST},
         true},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("fffff\r\n"), SEND(many), LAST}, false},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("3\r\nabc\r\n0\r\n\r\n"),
          SEND("HTTP/1.1 200 OK\r\n"), LAST},
         false},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("3\r\nabc\r\n0\r\n\r\n\r\n"), SEND("\n"), LAST},
         true},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("3\r\nabc\r\n0\r\n\r\nH"), LAST}, false},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("x"), LAST}, false},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("3\r\nabc"), END}, false},
        {{AFTER_REQUEST, SEND(MOVED), HANG, SEND("3\r\nabc"), FAIL(ECONNRESET)}, false},
    };

    (void)state;
    memset(many, 'x', sizeof(many) - 1);
    memset(fits, 'x', sizeof(fits) - 1);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct conn *conn = receiving_rest(&(struct script){.reads = cases[i].reads}, 1);

        assert_null(take("http", "127.0.0.1", 1)); /* the rest is not complete */
        fixture_skip_hang(&fixture);
        fixture_send_event(&fixture, EPOLLIN);
        unit_settle(fixture.loop);
        if (fixture.closed == cases[i].kept)
            fail_msg("case %zu: %s", i, cases[i].kept ? "closed" : "kept");
        if (cases[i].kept)
            take_and_close("http", "127.0.0.1", 1, conn);
        assert_false(pool_drop_oldest(fixture.pool));
    }
}

static const struct script_step stalls[] = {AFTER_REQUEST, SEND(MOVED "1\r\n"), HANG};
static const struct script stalling_script = {.reads = stalls};

static void discarding_has_a_deadline(void **state)
{
    (void)state;
    receiving_rest(&stalling_script, 1);
    fixture.clock.now += MAX_DROPPING_TIME / 2;
    fixture_send_event(&fixture, EPOLLIN);
    unit_settle(fixture.loop);
    assert_int_equal(fixture.closed, 0);
    fixture.clock.now += MAX_DROPPING_TIME / 2;
    unit_settle(fixture.loop);
    assert_int_equal(fixture.closed, 1);
    assert_false(pool_drop_oldest(fixture.pool));
}

/* Connections that discard the rest of a response count as idle ones, and are closed first. */
static void discarding_connections_count_as_idle(void **state)
{
    struct conn *conn;
    size_t closed;

    (void)state;
    new_pool(2);
    conn = idle("http", 2);
    receiving_rest(&stalling_script, 1);
    closed = fixture.closed;
    receiving_rest(&stalling_script, 3);
    unit_settle(fixture.loop);
    assert_int_equal(fixture.closed, closed + 1);
    assert_true(pool_drop_oldest(fixture.pool));
    take_and_close("http", "127.0.0.1", 2, conn);
    receiving_rest(&stalling_script, 3); /* freed with the pool */
}

static void failed_dial_is_reported(void **state)
{
    struct user user = {.submits = true};

    (void)state;
    fixture.refuse = true;
    request_stream(&user, "https", "127.0.0.1", 1, POOL_ANY);
    TURN_UNTIL(fixture.loop, user.failed);
    assert_int_equal(user.ready, 0);
    cancel(&user);
}

/* If no request waits for a dial any more, the dial is cancelled. */
static void cancelled_wait_ends_its_dial(void **state)
{
    struct user user = {.submits = true};

    (void)state;
    request_stream(&user, "http", "127.0.0.1", 1, POOL_ANY);
    assert_non_null(pool_wait_dial(&user.wait));
    cancel(&user);
    assert_null(pool_wait_dial(&user.wait));
    unit_settle(fixture.loop);
    assert_int_equal(fixture.opened, 0);
    assert_int_equal(user.ready + user.failed, 0);
}

/* With HTTP/1.1 each request gets its own connection. */
static void concurrent_requests_get_a_connection_each(void **state)
{
    struct user users[3] = {{.submits = true}, {.submits = true}, {.submits = true}};

    (void)state;
    for (size_t i = 0; i < LENGTH(users); i++)
        request_stream(&users[i], "http", "127.0.0.1", 1, POOL_ANY);
    TURN_UNTIL(fixture.loop, users[0].ended && users[1].ended && users[2].ended);
    assert_int_equal(fixture.opened, 3);
    for (size_t i = 0; i < LENGTH(users); i++)
        cancel(&users[i]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(connection_to_the_same_origin_is_taken),
        CASE(last_used_connection_is_taken_first),
        CASE(oldest_connection_over_the_limit_is_closed),
        CASE(many_origins),
        CASE(idle_connections_are_watched),
        CASE(rest_of_a_response_is_discarded),
        CASE(discarding_has_a_deadline),
        CASE(discarding_connections_count_as_idle),
        CASE(failed_dial_is_reported),
        CASE(cancelled_wait_ends_its_dial),
        CASE(concurrent_requests_get_a_connection_each),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}

/* Which idle connections are kept, taken and given up. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/stage.h"

static struct stage stage;

static int setup(void **state)
{
    static const struct script quiet = {NULL, NULL, NULL};

    (void)state;
    stage_open(&stage, NSEC_PER_US);
    stage_play(&stage, &quiet, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void on_wake(void *owner)
{
    if (owner)
        ++*(int *)owner;
}

static void parse(struct url *url, const char *scheme, const char *host, int port)
{
    char text[128];

    snprintf(text, sizeof(text), "%s://%s:%d/", scheme, host, port);
    assert_null(url_parse(url, text, strlen(text)));
}

/* An open connection that says of itself that it leads to `port` of this host. */
static struct conn *opened(const char *scheme, int port)
{
    struct conn *conn;
    struct url url;

    parse(&url, scheme, "127.0.0.1", address_port(&stage.at));
    conn = conn_new(&stage.dialer, &url, on_wake, NULL);
    url_free(&url);
    TURN_UNTIL(stage.loop, conn->state == CONN_OPEN);
    conn->port = (uint16_t)port;
    return conn;
}

static struct conn *take(const char *scheme, const char *host, int port)
{
    struct conn *conn;
    struct url url;

    parse(&url, scheme, host, port);
    conn = pool_take(stage.pool, &url, on_wake, NULL);
    url_free(&url);
    return conn;
}

static void the_same_origin_is_taken(void **state)
{
    struct conn *conn = opened("http", 1), *secure = opened("https", 1);

    (void)state;
    pool_keep(stage.pool, conn);
    pool_keep(stage.pool, secure);
    assert_null(take("http", "127.0.0.1", 2));
    assert_null(take("http", "127.0.0.2", 1));
    assert_ptr_equal(take("http", "127.0.0.1", 1), conn);
    assert_null(take("http", "127.0.0.1", 1));
    assert_ptr_equal(take("https", "127.0.0.1", 1), secure);
    conn_close(conn);
    conn_close(secure);
}

static void the_last_used_is_taken_first(void **state)
{
    struct conn *conns[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        pool_keep(stage.pool, conns[i] = opened("http", 1));
    for (int i = 2; i >= 0; i--) {
        assert_ptr_equal(take("http", "127.0.0.1", 1), conns[i]);
        conn_close(conns[i]);
    }
}

/* An empty pool with another limit. */
static void limit_to(size_t limit)
{
    pool_free(stage.pool);
    stage.pool = pool_new(limit);
}

static void over_the_limit_the_oldest_goes(void **state)
{
    struct conn *conns[5];

    (void)state;
    limit_to(3);
    for (int i = 0; i < 5; i++)
        pool_keep(stage.pool, conns[i] = opened("http", i + 1));
    assert_int_equal(stage.closed, 2);
    assert_null(take("http", "127.0.0.1", 1));
    assert_null(take("http", "127.0.0.1", 2));
    assert_ptr_equal(take("http", "127.0.0.1", 4), conns[3]); /* from the middle of the list */
    pool_keep(stage.pool, conns[3]);                          /* the newest now */
    assert_true(pool_drop_oldest(stage.pool));
    assert_true(pool_drop_oldest(stage.pool));
    assert_int_equal(stage.closed, 4);
    assert_ptr_equal(take("http", "127.0.0.1", 4), conns[3]);
    assert_false(pool_drop_oldest(stage.pool));
    limit_to(0);
    pool_keep(stage.pool, conns[3]);
    assert_int_equal(stage.closed, 5);
}

/* Many origins, so that some share a slot of the table; taken in an order of their own. */
static void many_origins(void **state)
{
    enum { MANY = 700 };
    static struct conn *conns[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        pool_keep(stage.pool, conns[i] = opened("http", i + 1));
    for (int i = 0; i < MANY; i++) {
        int which = i * 333 % MANY;

        assert_ptr_equal(take("http", "127.0.0.1", which + 1), conns[which]);
        conn_close(conns[which]);
        if (i % 100 == 0)
            loop_turn(stage.loop, 0);
    }
    assert_false(pool_drop_oldest(stage.pool));
}

/* What an idle connection may hear, and whether it lives on. */
static void idle_connections_are_watched(void **state)
{
    static const struct {
        struct script_step read;
        bool lives;
    } cases[] = {
        {HANG, true}, /* a message of TLS itself */
        {SAY("\r\n"), true},   {SAY("\n"), true},
        {SAY("\r\nx"), false}, {SAY("HTTP/1.1 408 Request Timeout\r\n"), false},
        {END, false},          {BREAK(ECONNRESET), false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step reads[] = {cases[i].read, LAST};
        const struct script script = {.reads = reads};
        struct conn *conn;

        stage_play(&stage, &script, 1);
        conn = opened("http", 1);
        pool_keep(stage.pool, conn);
        stage_event(&stage, EPOLLIN);
        unit_settle(stage.loop);
        assert_int_equal(stage.closed, !cases[i].lives);
        assert_int_equal(pool_drop_oldest(stage.pool), cases[i].lives);
        assert_null(take("http", "127.0.0.1", 1));
    }
}

static void ignore_body(void *owner, const char *bytes, size_t count)
{
    (void)owner;
    (void)bytes;
    (void)count;
    fail_msg("a body that is not wanted is reported");
}

/* A connection on which the rest of a response is still to come. */
static struct conn *in_mid_response(const struct script_step *reads)
{
    static const struct http1_events events = {.body = ignore_body};
    static const char head[] = "HTTP/1.1 302 X\r\nTransfer-Encoding: chunked\r\n\r\n";
    static struct script script;
    struct conn *conn;
    size_t used;

    script = (struct script){.reads = reads};
    stage_play(&stage, &script, 1);
    conn = opened("http", 1);
    http1_start_answer(&conn->http1, false, &events, NULL);
    assert_int_equal(http1_feed(&conn->http1, (const unsigned char *)head, strlen(head), &used),
                     HTTP1_MORE);
    return conn;
}

/* It is kept when the response is complete, and closed where that takes too much or goes wrong. */
static void rest_of_a_response_is_drained(void **state)
{
    static char many[POOL_MOST_DRAIN_BYTES + 1], fits[POOL_MOST_DRAIN_BYTES - 16 + 1];
    const struct {
        struct script_step reads[6];
        bool kept;
    } cases[] = {
        {{SAY("3\r\nabc\r\n0\r\n\r\n"), LAST}, true},
        {{SAY("3\r\na"), PAUSE, SAY("bc\r\n0\r\nA: b\r\n"), PAUSE, SAY("\r\n"), LAST}, true},
        {{SAY("fff0\r\n"), SAY(fits), SAY("\r\n0\r\n\r\n"), LAST}, true},
        {{SAY("fffff\r\n"), SAY(many), LAST}, false},
        {{SAY("3\r\nabc\r\n0\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\n"), LAST}, false},
        {{SAY("3\r\nabc\r\n0\r\n\r\n\r\n"), SAY("\n"), LAST}, true},
        {{SAY("3\r\nabc\r\n0\r\n\r\nH"), LAST}, false},
        {{SAY("x"), LAST}, false},
        {{SAY("3\r\nabc"), END}, false},
        {{SAY("3\r\nabc"), BREAK(ECONNRESET)}, false},
    };

    (void)state;
    memset(many, 'x', sizeof(many) - 1);
    memset(fits, 'x', sizeof(fits) - 1);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct conn *conn = in_mid_response(cases[i].reads);

        pool_drain(stage.pool, conn);
        assert_null(take("http", "127.0.0.1", 1)); /* not yet */
        stage_event(&stage, EPOLLIN);
        unit_settle(stage.loop);
        if (stage.closed == cases[i].kept)
            fail_msg("case %zu: %s", i, cases[i].kept ? "closed" : "kept");
        if (cases[i].kept) {
            assert_ptr_equal(take("http", "127.0.0.1", 1), conn);
            conn_close(conn);
        }
        assert_false(pool_drop_oldest(stage.pool));
    }
}

static void draining_has_a_time(void **state)
{
    static const struct script_step reads[] = {SAY("1\r\n"), HANG};
    struct conn *conn = in_mid_response(reads);

    (void)state;
    pool_drain(stage.pool, conn);
    stage.clock.now += POOL_DRAIN_TIME / 2;
    stage_event(&stage, EPOLLIN);
    unit_settle(stage.loop);
    assert_int_equal(stage.closed, 0);
    stage.clock.now += POOL_DRAIN_TIME / 2;
    unit_settle(stage.loop);
    assert_int_equal(stage.closed, 1);
    assert_false(pool_drop_oldest(stage.pool));
}

/* They count as idle ones do, and go first. */
static void draining_ones_count(void **state)
{
    static const struct script_step reads[] = {HANG};
    struct conn *idle;

    (void)state;
    limit_to(2);
    pool_drain(stage.pool, in_mid_response(reads));
    stage.clock.now += 1;
    idle = opened("http", 2);
    pool_keep(stage.pool, idle);
    pool_drain(stage.pool, opened("http", 3));
    assert_int_equal(stage.closed, 1);
    assert_true(pool_drop_oldest(stage.pool));
    assert_int_equal(stage.closed, 2);
    assert_ptr_equal(take("http", "127.0.0.1", 2), idle);
    conn_close(idle);
    limit_to(2);
    pool_drain(stage.pool, opened("http", 3)); /* and end with the pool */
}

static void taken_connection_calls_its_new_user(void **state)
{
    struct conn *conn = opened("http", 1);
    struct url url;
    int calls = 0;

    (void)state;
    pool_keep(stage.pool, conn);
    parse(&url, "http", "127.0.0.1", 1);
    assert_ptr_equal(pool_take(stage.pool, &url, on_wake, &calls), conn);
    url_free(&url);
    stage_event(&stage, EPOLLIN);
    unit_settle(stage.loop);
    assert_int_equal(calls, 1);
    conn_close(conn);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(the_same_origin_is_taken),
        CASE(the_last_used_is_taken_first),
        CASE(over_the_limit_the_oldest_goes),
        CASE(many_origins),
        CASE(idle_connections_are_watched),
        CASE(taken_connection_calls_its_new_user),
        CASE(rest_of_a_response_is_drained),
        CASE(draining_has_a_time),
        CASE(draining_ones_count),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}

/* HTTP/2 connections in the pool, with real frames: idle ones, and requests that are sent again. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/h2/frames.h"
#include "tests/support/fixture.h"

#define STEPS 3

static struct fixture fixture;
static struct site *site;
static struct frames frames[STEPS];
static struct outcome outcomes[2];
static struct exchange exchanges[2];

static int setup(void **state)
{
    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    fixture_use_http2(&fixture);
    site = fixture_site(&fixture, "http", "/");
    memset(outcomes, 0, sizeof(outcomes));
    for (int i = 0; i < STEPS; i++)
        frames[i].count = 0;
    put_settings(&frames[0]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    site_free(site);
    fixture_close(&fixture);
    return 0;
}

static void put_response(struct frames *to, uint32_t id)
{
    put_head(to, id, ":status: 200", false);
    put_data(to, id, "yes", true);
}

static struct script_step step_of(const struct frames *one)
{
    return (struct script_step){SCRIPT_SEND, one->count, (const char *)one->bytes, 0};
}

static void start(size_t i)
{
    fixture_start(&fixture, &exchanges[i], site, &outcomes[i]);
}

static void skip_hang(void)
{
    fixture_skip_hang(&fixture);
    fixture_send_event(&fixture, EPOLLIN);
    unit_settle(fixture.loop);
}

static void expect_yes(size_t i)
{
    assert_int_equal(outcomes[i].result.error, ERROR_NONE);
    assert_string_equal(outcomes[i].result.snippet, "yes");
}

/* --- idle connections --- */

/* Fetches once; then the idle connection gets this step. */
static void become_idle(struct script_step event)
{
    struct script_step reads[] = {PAUSE, {0}, HANG, event, HANG};

    frames[0].count = 0;
    put_settings(&frames[0]);
    put_response(&frames[0], 1);
    reads[1] = step_of(&frames[0]);
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcomes[0]);
    expect_yes(0);
    skip_hang();
}

static void idle_connections_are_watched(void **state)
{
    static const struct script_step ends = END, fails = FAIL(ECONNRESET);

    (void)state;
    become_idle(ends);
    assert_int_equal(fixture.closed, 1);
    become_idle(fails);
    assert_int_equal(fixture.closed, 1);
    put_goaway(&frames[1], 1, NGHTTP2_NO_ERROR, "");
    become_idle(step_of(&frames[1]));
    assert_int_equal(fixture.closed, 1);
    put_end(&frames[2], put_frame(&frames[2], NGHTTP2_DATA, 0, 0)); /* not allowed on stream 0 */
    become_idle(step_of(&frames[2]));
    assert_int_equal(fixture.closed, 1);
    assert_false(pool_drop_oldest(fixture.pool));
}

static void ping_is_answered_while_idle(void **state)
{
    static const char pong[] = "\0\0\x08\x06\x01\0\0\0\0"
                               "12345678";

    (void)state;
    put_ping(&frames[1]);
    become_idle(step_of(&frames[1]));
    assert_non_null(memmem(fixture.received, fixture.received_bytes, pong, sizeof(pong) - 1));
    assert_int_equal(fixture.closed, 0);
    assert_true(pool_drop_oldest(fixture.pool));
}

/* --- requests that are sent again --- */

/* Starts a POST; then the server sends frames[0], and on the next connection, or after the next
   request if there is none, frames[1]. */
static void post(bool reconnects)
{
    struct script_step first[] = {PAUSE, step_of(&frames[0]), PAUSE, step_of(&frames[1]), HANG};
    struct script_step second[] = {PAUSE, step_of(&frames[1]), HANG};
    const struct script scripts[] = {{.reads = first}, {.reads = second}};

    if (reconnects)
        first[2] = (struct script_step)HANG;
    site->method = strdup("POST");
    site->timeout = NSEC_PER_S;
    fixture_set_scripts(&fixture, scripts, 2);
    fixture_fetch(&fixture, site, &outcomes[0]);
    assert_int_equal(fixture.opened, 1 + reconnects);
}

static void unprocessed_after_goaway(void **state)
{
    (void)state;
    put_goaway(&frames[0], 0, NGHTTP2_NO_ERROR, "");
    put_settings(&frames[1]);
    put_response(&frames[1], 1);
    post(true);
    expect_yes(0);
}

static void refused_stream(void **state)
{
    (void)state;
    put_reset(&frames[0], 1, NGHTTP2_REFUSED_STREAM);
    put_response(&frames[1], 3);
    post(false);
    expect_yes(0);
    assert_int_equal(outcomes[0].result.stream, 3);
    assert_int_equal(outcomes[0].result.requests_before, 1);
}

static void expect_error(enum error error, bool unprocessed)
{
    assert_int_equal(outcomes[0].result.error, error);
    assert_int_equal(outcomes[0].result.unprocessed, unprocessed);
}

/* With the first stream ended by GOAWAY, the second is refused too: not a third time. */
static void refused_again(void **state)
{
    (void)state;
    put_goaway(&frames[0], 0, NGHTTP2_NO_ERROR, "");
    put_settings(&frames[1]);
    put_reset(&frames[1], 1, NGHTTP2_REFUSED_STREAM);
    post(true);
    expect_error(ERROR_HTTP2_REFUSED_STREAM, true);
}

/* A server that ends each connection after one request: the other is sent again, each time. */
static void one_request_for_each_connection(void **state)
{
    struct script_step reads[] = {PAUSE, {0}, HANG};
    static struct exchange many[5];
    static struct outcome results[LENGTH(many)];
    size_t done = 0;

    (void)state;
    put_goaway(&frames[0], 1, NGHTTP2_NO_ERROR, "");
    put_response(&frames[0], 1);
    reads[1] = step_of(&frames[0]);
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    memset(results, 0, sizeof(results));
    for (size_t i = 0; i < LENGTH(many); i++)
        fixture_start(&fixture, &many[i], site, &results[i]);
    for (int turns = 0; turns < 1000 && done < LENGTH(many); turns++) {
        loop_turn(fixture.loop, NSEC_PER_MS);
        done = 0;
        for (size_t i = 0; i < LENGTH(many); i++)
            done += results[i].reports > 0;
    }
    for (size_t i = 0; i < LENGTH(many); i++) {
        assert_int_equal(results[i].result.error, ERROR_NONE);
        exchange_clear(&many[i]);
    }
    assert_int_equal(fixture.opened, LENGTH(many));
}

static void calm_is_not_sent_again_at_once(void **state)
{
    (void)state;
    put_goaway(&frames[0], 0, NGHTTP2_ENHANCE_YOUR_CALM, "slow down");
    post(false);
    expect_error(ERROR_HTTP2_GOAWAY, true);
    assert_string_equal(outcomes[0].detail, "ENHANCE_YOUR_CALM, slow down");
}

/* The negotiation of these tests does not allow HTTP/1.1. */
static void http_1_1_is_required_but_not_allowed(void **state)
{
    (void)state;
    put_goaway(&frames[0], 0, NGHTTP2_HTTP_1_1_REQUIRED, "");
    post(false);
    expect_error(ERROR_HTTP2_HTTP_1_1_REQUIRED, false);
}

/* A GOAWAY that announces the end lets open streams finish; a new request gets another
   connection. */
static void graceful_goaway(void **state)
{
    struct script_step first[] = {PAUSE, {0}, HANG, {0}, HANG};
    struct script_step second[] = {PAUSE, {0}, HANG};
    struct script scripts[] = {{.reads = first}, {.reads = second}};
    struct scripted_transport *old;

    (void)state;
    put_goaway(&frames[0], INT32_MAX, NGHTTP2_NO_ERROR, "");
    put_goaway(&frames[1], 1, NGHTTP2_NO_ERROR, "");
    put_response(&frames[1], 1);
    put_settings(&frames[2]);
    put_response(&frames[2], 1);
    first[1] = step_of(&frames[0]);
    first[3] = step_of(&frames[1]);
    second[1] = step_of(&frames[2]);
    fixture_set_scripts(&fixture, scripts, 2);
    start(0);
    TURN_UNTIL(fixture.loop, exchanges[0].conn && exchanges[0].conn->state == CONN_DRAINING);
    old = fixture.newest;
    start(1);
    TURN_UNTIL(fixture.loop, outcomes[1].reports);
    expect_yes(1);
    assert_int_equal(outcomes[0].reports, 0);
    fixture.newest = old;
    skip_hang();
    expect_yes(0);
    assert_int_equal(fixture.closed, 1);
    exchange_clear(&exchanges[0]);
    exchange_clear(&exchanges[1]);
}

/* --- deadlines --- */

/* One stream is reset (CANCEL), nothing else is sent, and the other stream continues. */
static void deadline_resets_one_stream(void **state)
{
    static const char reset[] = "\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08";
    struct script_step reads[] = {PAUSE, {0}, HANG, {0}, HANG};
    size_t before;

    (void)state;
    put_head(&frames[0], 1, ":status: 200", false);
    put_response(&frames[1], 3);
    reads[1] = step_of(&frames[0]);
    reads[3] = step_of(&frames[1]);
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    site->timeout = NSEC_PER_S;
    start(0);
    site->timeout = NSEC_NEVER;
    start(1);
    TURN_UNTIL(fixture.loop, exchanges[0].state == EXCHANGE_BODY);
    unit_settle(fixture.loop);
    before = fixture.received_bytes;
    fixture.clock.now += NSEC_PER_S;
    TURN_UNTIL(fixture.loop, outcomes[0].reports);
    assert_int_equal(outcomes[0].result.error, ERROR_TOTAL_TIMEOUT);
    unit_settle(fixture.loop);
    assert_int_equal(fixture.received_bytes - before, sizeof(reset) - 1);
    assert_memory_equal(fixture.received + before, reset, sizeof(reset) - 1);
    skip_hang();
    expect_yes(1);
    exchange_clear(&exchanges[0]);
    exchange_clear(&exchanges[1]);
    assert_true(pool_drop_oldest(fixture.pool));
}

/* --- windows --- */

#define WINDOW 16384

/* A server that sends one byte more than the window allows. */
static void window_is_exceeded(void **state)
{
    static char text[WINDOW / 2 + 1];

    (void)state;
    memset(text, 'x', WINDOW / 2);
    for (size_t over = 0; over <= 1; over++) {
        struct script_step reads[] = {PAUSE, {0}, HANG};

        pool_free(fixture.pool);
        fixture.pool =
            pool_new(&(struct pool_options){.limit = 10,
                                            .max_streams = 100,
                                            .stream_window = WINDOW,
                                            .negotiation = negotiation_of(HTTP_2_ASSUMED)});
        frames[0].count = 0;
        put_settings(&frames[0]);
        put_head(&frames[0], 1, ":status: 200", false);
        put_data(&frames[0], 1, text, false);
        put_data(&frames[0], 1, text, false);
        put_data(&frames[0], 1, over ? "x" : "", true);
        reads[1] = step_of(&frames[0]);
        fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
        fixture_fetch(&fixture, site, &outcomes[0]);
        assert_int_equal(outcomes[0].result.error, over ? ERROR_HTTP2_PROTOCOL : ERROR_NONE);
        if (!over)
            assert_int_equal(outcomes[0].result.body_bytes, WINDOW);
    }
}

/* What was received is granted again: a body may be larger than the window. */
static void body_is_larger_than_the_window(void **state)
{
    static char text[WINDOW / 2 + 1];
    struct script_step reads[] = {PAUSE, {0}, PAUSE, {0}, PAUSE, {0}, HANG};

    (void)state;
    memset(text, 'x', WINDOW / 2);
    pool_free(fixture.pool);
    fixture.pool = pool_new(&(struct pool_options){.limit = 10,
                                                   .max_streams = 100,
                                                   .stream_window = WINDOW,
                                                   .negotiation = negotiation_of(HTTP_2_ASSUMED)});
    put_end(&frames[0], put_frame(&frames[0], NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0));
    put_head(&frames[0], 1, ":status: 200", false);
    for (int i = 0; i < STEPS; i++) {
        put_data(&frames[i], 1, text, false);
        put_data(&frames[i], 1, i == STEPS - 1 ? "" : text, i == STEPS - 1);
        reads[2 * i + 1] = step_of(&frames[i]);
    }
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcomes[0]);
    assert_int_equal(outcomes[0].result.error, ERROR_NONE);
    assert_int_equal(outcomes[0].result.body_bytes, WINDOW * 5 / 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(idle_connections_are_watched),
        CASE(ping_is_answered_while_idle),
        CASE(unprocessed_after_goaway),
        CASE(refused_stream),
        CASE(refused_again),
        CASE(one_request_for_each_connection),
        CASE(calm_is_not_sent_again_at_once),
        CASE(http_1_1_is_required_but_not_allowed),
        CASE(graceful_goaway),
        CASE(deadline_resets_one_stream),
        CASE(window_is_exceeded),
        CASE(body_is_larger_than_the_window),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("pool, HTTP/2", tests, NULL, NULL);
}

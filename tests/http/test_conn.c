/* An open connection: what wakes its user, and where it leads; and one that cannot be opened. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/stage.h"

static const struct script plain = {NULL, NULL, NULL};

static struct stage stage;
static int wakes; /* how often the connection called */

static int setup(void **state)
{
    (void)state;
    stage_open(&stage, NSEC_PER_US);
    stage_play(&stage, &plain, 1);
    wakes = 0;
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
    (void)owner;
    wakes++;
}

/* A connection to the stage's port. */
static struct conn *connect_to(const char *scheme)
{
    struct conn *conn;
    struct url url;
    char text[128];

    snprintf(text, sizeof(text), "%s://127.0.0.1:%u/", scheme, address_port(&stage.at));
    assert_null(url_parse(&url, text, strlen(text)));
    conn = conn_new(&stage.dialer, &url, on_wake, NULL);
    url_free(&url);
    return conn;
}

/* The stamps are there while it opens, and cost an open connection nothing. */
static void dial_is_gone_when_open(void **state)
{
    struct conn *conn = connect_to("http");

    (void)state;
    assert_int_equal(conn->state, CONN_DIALLING);
    assert_int_equal(conn_phase(conn), PHASE_CONNECT);
    assert_non_null(conn->dial);
    TURN_UNTIL(stage.loop, conn->state == CONN_OPEN);
    assert_int_equal(wakes, 1);
    assert_int_equal(conn_phase(conn), PHASE_SEND);
    assert_null(conn->dial);
    assert_memory_equal(&conn->address.v4, &stage.at.v4, sizeof(stage.at.v4));
    assert_ptr_equal(conn_sock(conn), conn->sock);
    conn_close(conn);
}

static void failed_dial_says_why(void **state)
{
    static const struct script_step fails[] = {PAUSE, BREAK(TLS_CERT_EXPIRED)};
    struct conn *conn;

    (void)state;
    stage_play(&stage, &(struct script){.handshakes = fails}, 1);
    conn = connect_to("https");
    TURN_UNTIL(stage.loop, conn->state == CONN_CLOSED);
    assert_int_equal(wakes, 1);
    assert_int_equal(conn->dial->error, ERROR_TLS_CERT_EXPIRED);
    assert_int_equal(conn_phase(conn), PHASE_TLS);
    assert_ptr_equal(conn_sock(conn), conn->dial->sock);
    conn_close(conn);
}

static void closed_while_dialling(void **state)
{
    struct conn *conn = connect_to("http");

    (void)state;
    conn_close(conn);
    unit_settle(stage.loop);
    assert_int_equal(wakes, 0);
}

/* One that is open wakes its user for events and when it yields; it reads into the loop's buffer. */
static void open_connection_wakes_its_user(void **state)
{
    static const struct script_step reads[] = {SAY("hello"), LAST};
    const unsigned char *bytes;
    struct conn *conn;
    struct io io;

    (void)state;
    stage_play(&stage, &(struct script){.reads = reads}, 1);
    conn = connect_to("http");
    TURN_UNTIL(stage.loop, conn->state == CONN_OPEN);
    wakes = 0;
    stage_event(&stage, EPOLLIN);
    loop_turn(stage.loop, 0);
    assert_int_equal(wakes, 1);
    conn_yield(conn);
    loop_turn(stage.loop, NSEC_NEVER);
    assert_int_equal(wakes, 2);
    assert_int_equal(conn_write(conn, "abc", 3).count, 3);
    assert_string_equal(stage.heard, "abc");
    io = conn_read(conn, &bytes);
    assert_int_equal(io.count, 5);
    assert_ptr_equal(bytes, loop_buffer(stage.loop));
    assert_memory_equal(bytes, "hello", 5);
    conn_close(conn);
}

static void fits_the_same_origin_alone(void **state)
{
    static const struct {
        const char *url;
        bool fits;
    } cases[] = {
        {"http://127.0.0.1:81/x", true}, {"http://u:p@127.0.0.1:81/", true},
        {"http://127.0.0.1:82/", false}, {"https://127.0.0.1:81/", false},
        {"http://127.0.0.2:81/", false}, {"http://localhost:81/", false},
    };
    struct conn *conn = connect_to("http");

    (void)state;
    TURN_UNTIL(stage.loop, conn->state == CONN_OPEN);
    conn->port = 81;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;

        assert_null(url_parse(&url, cases[i].url, strlen(cases[i].url)));
        assert_int_equal(conn_fits(conn, &url), cases[i].fits);
        url_free(&url);
    }
    conn_close(conn);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(dial_is_gone_when_open),     CASE(failed_dial_says_why),
        CASE(closed_while_dialling),      CASE(open_connection_wakes_its_user),
        CASE(fits_the_same_origin_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

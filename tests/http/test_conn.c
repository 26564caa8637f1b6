/* The connection's machine: each state, each way out of it, over scripted transports. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reactor/resolver.h"
#include "tests/support/nameserver.h"
#include "tests/support/stage.h"

static const struct nameserver_rule rules[] = {
    {.name = "one.test", .v4 = "127.0.0.1"},
    {.name = "both.test", .v4 = "127.0.0.1", .v6 = "::1"},
    {.name = "wrong.test", .v4 = "255.255.255.255 127.0.0.1"},
    {.name = "nodata.test"},
    {.name = "servfail.test", .rcode = 2},
    {.name = "refused.test", .rcode = 5},
    {.name = "cut.test", .way = NAMESERVER_CUT_RECORD},
    {.name = "silent.test", .way = NAMESERVER_SILENT},
    {.name = NULL},
};

static const struct script plain = {NULL, NULL, NULL};

static struct stage stage;
static struct nameserver server;
static int wakes; /* how often the connection called */

static int setup(void **state)
{
    struct resolver_options options = {.servers = server.servers};
    const char *why;

    (void)state;
    stage_open(&stage, NSEC_PER_US);
    nameserver_start(&server, stage.loop, rules);
    stage.dialer.resolver = resolver_new(stage.loop, &options, &why);
    stage_play(&stage, &plain, 1);
    wakes = 0;
    return !stage.dialer.resolver;
}

static int teardown(void **state)
{
    (void)state;
    resolver_free(stage.dialer.resolver);
    nameserver_stop(&server);
    stage_close(&stage);
    return 0;
}

static void on_wake(void *owner)
{
    (void)owner;
    wakes++;
}

/* A connection to the stage's port at `host`. */
static struct conn *dial(const char *scheme, const char *host)
{
    struct conn *conn;
    struct url url;
    char text[128];

    snprintf(text, sizeof(text), "%s://%s:%u/", scheme, host, address_port(&stage.at));
    assert_null(url_parse(&url, text, strlen(text)));
    conn = conn_new(&stage.dialer, &url, on_wake, NULL);
    url_free(&url);
    return conn;
}

static void expect_failure(struct conn *conn, enum error error, enum phase phase)
{
    TURN_UNTIL(stage.loop, conn->state == CONN_CLOSED);
    if (conn->error != error || conn->phase != phase || conn_phase(conn) != phase)
        fail_msg("%s in %s", error_code(conn->error), phase_name(conn->phase));
    unit_settle(stage.loop);
    assert_true(wakes <= 1);
    conn_close(conn);
}

static void states_in_order(void **state)
{
    static const struct script_step handshakes[] = {PAUSE, PAUSE, PAUSE, LAST};
    struct conn *conn;

    (void)state;
    stage_play(&stage, &(struct script){.handshakes = handshakes}, 1);
    conn = dial("https", "one.test");
    assert_int_equal(conn->state, CONN_RESOLVE);
    assert_int_equal(conn_phase(conn), PHASE_DNS);
    TURN_UNTIL(stage.loop, conn->state != CONN_RESOLVE);
    assert_int_equal(conn->state, CONN_CONNECT);
    assert_int_equal(conn_phase(conn), PHASE_CONNECT);
    TURN_UNTIL(stage.loop, conn->state != CONN_CONNECT);
    assert_int_equal(conn->state, CONN_HANDSHAKE);
    assert_int_equal(conn_phase(conn), PHASE_TLS);
    assert_int_equal(wakes, 0);
    TURN_UNTIL(stage.loop, conn->state == CONN_OPEN);
    assert_int_equal(conn_phase(conn), PHASE_SEND);
    assert_int_equal(wakes, 1);
    assert_true(conn->stamps.dns > conn->stamps.start);
    assert_true(conn->stamps.connect > conn->stamps.dns);
    assert_true(conn->stamps.tls > conn->stamps.connect);
    conn_close(conn);
}

static void what_does_not_happen_has_no_stamp(void **state)
{
    struct conn *conn = dial("http", "127.0.0.1");

    (void)state;
    assert_int_equal(conn->state, CONN_CONNECT); /* an address needs no lookup */
    TURN_UNTIL(stage.loop, conn->state == CONN_OPEN);
    assert_true(!conn->stamps.dns && conn->stamps.connect && !conn->stamps.tls);
    conn_close(conn);
    assert_int_equal(server.udp_questions, 0);
}

static void lookups_fail(void **state)
{
    static const struct {
        const char *host;
        enum error error;
    } cases[] = {
        {"nowhere.test", ERROR_DNS_NXDOMAIN},  {"nodata.test", ERROR_DNS_NO_ADDRESS},
        {"servfail.test", ERROR_DNS_SERVFAIL}, {"refused.test", ERROR_DNS_REFUSED},
        {"cut.test", ERROR_DNS_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        wakes = 0;
        expect_failure(dial("http", cases[i].host), cases[i].error, PHASE_DNS);
        assert_int_equal(wakes, 1);
    }
}

/* The listener is on 127.0.0.1 alone. */
static void next_address_is_tried(void **state)
{
    static const char *const hosts[] = {"both.test", "wrong.test"};

    (void)state;
    for (size_t i = 0; i < LENGTH(hosts); i++) {
        struct conn *conn = dial("http", hosts[i]);

        wakes = 0;
        TURN_UNTIL(stage.loop, conn->state >= CONN_OPEN);
        assert_int_equal(conn->state, CONN_OPEN);
        assert_int_equal(conn->address_next, 2);
        assert_memory_equal(&conn->address.v4, &stage.at.v4, sizeof(stage.at.v4));
        assert_int_equal(wakes, 1);
        conn_close(conn);
    }
}

static void nobody_listens(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "both.test"};

    (void)state;
    close(stage.listener);
    stage.listener = -1;
    for (size_t i = 0; i < LENGTH(hosts); i++) {
        wakes = 0;
        expect_failure(dial("http", hosts[i]), ERROR_CONNECT_REFUSED, PHASE_CONNECT);
    }
}

/* Known when conn_new returns: it is closed then, and `wake` was not called. */
static void fails_at_once(void **state)
{
    struct conn *conn = dial("http", "255.255.255.255");

    (void)state;
    assert_int_equal(conn->state, CONN_CLOSED);
    assert_int_equal(wakes, 0);
    assert_true(conn->error == ERROR_LOCAL || conn->error == ERROR_CONNECT_UNREACHABLE);
    expect_failure(conn, conn->error, PHASE_CONNECT);
}

static void handshake_fails(void **state)
{
    static const struct script_step fails[] = {PAUSE, BREAK(TLS_UNKNOWN_AUTHORITY)};

    (void)state;
    stage_play(&stage, &(struct script){.handshakes = fails}, 1);
    expect_failure(dial("https", "127.0.0.1"), ERROR_TLS_UNKNOWN_AUTHORITY, PHASE_TLS);
    stage.refuse = true;
    wakes = 0;
    expect_failure(dial("https", "127.0.0.1"), ERROR_TLS_FAILED, PHASE_TLS);
}

/* Closed in each state by its user: it hears nothing more of it. */
static void closed_in_every_state(void **state)
{
    static const struct script_step hang[] = {HANG};

    (void)state;
    stage_play(&stage, &(struct script){.handshakes = hang}, 1);
    for (int i = CONN_RESOLVE; i <= CONN_OPEN; i++) {
        struct conn *conn = dial("https", i == CONN_RESOLVE ? "silent.test" : "one.test");

        if (i == CONN_TURN)
            stage.dialer.handshakes = DIAL_MOST_HANDSHAKES;
        if (i == CONN_OPEN)
            stage_play(&stage, &plain, 1);
        TURN_UNTIL(stage.loop, (int)conn->state == i);
        wakes = 0;
        conn_close(conn);
        unit_settle(stage.loop);
        assert_int_equal(wakes, 0);
        if (i == CONN_TURN)
            stage.dialer.handshakes = 0;
    }
    assert_int_equal(stage.dialer.handshakes, 0);
    assert_null(stage.dialer.turn_first);
}

/* The answer of the nameserver comes when the connection has gone. */
static void closed_before_the_name_is_known(void **state)
{
    struct conn *conn = dial("http", "one.test");

    (void)state;
    conn_close(conn);
    loop_turn(stage.loop, 0);
    TURN_UNTIL(stage.loop, server.udp_questions == 2);
    for (int i = 0; i < 5; i++)
        loop_turn(stage.loop, NSEC_PER_MS);
    assert_int_equal(wakes, 0);
}

/* Handshakes take turns: no more than so many at once, in the order of arrival. */
static void handshakes_take_turns(void **state)
{
    enum { MORE = DIAL_MOST_HANDSHAKES + 3 };
    static const struct script_step hang[] = {HANG};
    static struct conn *conns[MORE];

    (void)state;
    stage_play(&stage, &(struct script){.handshakes = hang}, 1);
    for (size_t i = 0; i < MORE; i++) {
        conns[i] = dial("https", "127.0.0.1");
        TURN_UNTIL(stage.loop, conns[i]->state != CONN_CONNECT);
        assert_int_equal(conns[i]->state, i < DIAL_MOST_HANDSHAKES ? CONN_HANDSHAKE : CONN_TURN);
        assert_int_equal(conn_phase(conns[i]),
                         i < DIAL_MOST_HANDSHAKES ? PHASE_TLS : PHASE_BLOCKED);
    }
    conn_close(conns[MORE - 2]); /* one that waits is given up: the others keep their places */
    conn_close(conns[0]);        /* one that shakes hands: the first that waits has its turn */
    unit_settle(stage.loop);
    assert_int_equal(conns[MORE - 3]->state, CONN_HANDSHAKE);
    assert_true(conns[MORE - 3]->stamps.queued > 0);
    assert_int_equal(conns[MORE - 1]->state, CONN_TURN);
    conn_close(conns[1]);
    conn_close(conns[MORE - 1]); /* it was its turn, but it had not heard yet */
    unit_settle(stage.loop);
    assert_int_equal(stage.dialer.handshakes, DIAL_MOST_HANDSHAKES - 1);
    for (size_t i = 2; i < MORE - 2; i++)
        conn_close(conns[i]);
    assert_int_equal(stage.dialer.handshakes, 0);
}

static void plain_connections_wait_for_no_turn(void **state)
{
    struct conn *conn;

    (void)state;
    stage.dialer.handshakes = DIAL_MOST_HANDSHAKES;
    conn = dial("http", "127.0.0.1");
    TURN_UNTIL(stage.loop, conn->state == CONN_OPEN);
    assert_true(conn->stamps.queued == 0);
    conn_close(conn);
    assert_int_equal(stage.dialer.handshakes, DIAL_MOST_HANDSHAKES);
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
    conn = dial("http", "127.0.0.1");
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
    struct conn *conn = dial("http", "127.0.0.1");

    (void)state;
    conn->port = 81;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct url url;

        assert_null(url_parse(&url, cases[i].url, strlen(cases[i].url)));
        assert_int_equal(conn_fits(conn, &url), cases[i].fits);
        url_free(&url);
    }
    conn_close(conn);
}

/* In a rehearsal every dial ends at the origin: a literal's address too. */
static void dials_are_aimed(void **state)
{
    struct dial_map map;
    struct dialer dialer;
    struct address address;
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    dialer_init(&dialer, stage.loop);
    address_parse(&map.http, "127.0.0.1", 1001);
    address_parse(&map.https, "127.0.0.2", 1002);
    address_parse(&address, "192.0.2.1", 0);
    dial_aim(&dialer, &address, true, 443, true);
    assert_string_equal(address_text(&address, text), "192.0.2.1:443");
    dialer.map = &map;
    dial_aim(&dialer, &address, true, 443, false); /* what the rehearsal's nameserver said */
    assert_string_equal(address_text(&address, text), "192.0.2.1:1002");
    dial_aim(&dialer, &address, false, 8080, false);
    assert_string_equal(address_text(&address, text), "192.0.2.1:1001");
    dial_aim(&dialer, &address, true, 443, true);
    assert_string_equal(address_text(&address, text), "127.0.0.2:1002");
    dial_aim(&dialer, &address, false, 80, true);
    assert_string_equal(address_text(&address, text), "127.0.0.1:1001");
    dialer_free(&dialer);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(states_in_order),
        CASE(what_does_not_happen_has_no_stamp),
        CASE(lookups_fail),
        CASE(next_address_is_tried),
        CASE(nobody_listens),
        CASE(fails_at_once),
        CASE(handshake_fails),
        CASE(closed_in_every_state),
        CASE(closed_before_the_name_is_known),
        CASE(handshakes_take_turns),
        CASE(plain_connections_wait_for_no_turn),
        CASE(open_connection_wakes_its_user),
        CASE(fits_the_same_origin_alone),
        CASE(dials_are_aimed),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}

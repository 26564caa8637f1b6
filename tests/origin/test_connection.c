/* One connection of the origin, on a socketpair: its states, and how each response ends. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "origin/connection.h"
#include "tests/support/names.h"

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define ENDLESS 100000

struct fixture {
    struct origin_server server;
    struct play play; /* of every request */
    int fd;           /* the client's */
    char heard[4 * ENDLESS];
    size_t heard_bytes;
    bool ended;        /* the origin closed */
    unsigned requests; /* that were read */
    char asked[64];    /* host and target of the last */
};

static const struct play *on_play(void *owner, const char *host, const char *target)
{
    struct fixture *fixture = owner;

    fixture->requests++;
    snprintf(fixture->asked, sizeof(fixture->asked), "%s%s", host, target);
    return &fixture->play;
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int pair[2];

    fixture->server = (struct origin_server){.loop = loop_new(), .play = on_play, .owner = fixture};
    list_init(&fixture->server.conns);
    fixture->play = (struct play){.body = (char *)"abc", .body_bytes = 3};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    fixture->fd = pair[0];
    origin_conn_accept(&fixture->server, pair[1], false);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    origin_conn_close_all(&fixture->server);
    assert_true(list_is_empty(&fixture->server.conns));
    loop_free(fixture->server.loop);
    close(fixture->fd);
    free(fixture);
    return 0;
}

static void say(struct fixture *fixture, const char *text)
{
    assert_int_equal(send(fixture->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Takes what came. */
static void hear(struct fixture *fixture)
{
    ssize_t count = recv(fixture->fd, fixture->heard + fixture->heard_bytes,
                         sizeof(fixture->heard) - 1 - fixture->heard_bytes, 0);

    if (count > 0)
        fixture->heard_bytes += (size_t)count;
    fixture->ended = count == 0 || (count < 0 && errno != EAGAIN);
    fixture->heard[fixture->heard_bytes] = '\0';
}

static bool has_come(struct fixture *fixture, const char *text)
{
    hear(fixture);
    return strstr(fixture->heard, text);
}

static bool has_ended(struct fixture *fixture)
{
    hear(fixture);
    return fixture->ended;
}

static bool has_left(const struct fixture *fixture)
{
    return list_is_empty(&fixture->server.conns);
}

static void on_state(void *owner, const char *machine, uint64_t number, const char *from,
                     const char *to, nsec at)
{
    (void)at;
    assert_string_equal(machine, "origin");
    assert_int_equal(number, 1);
    assert_true(*from);
    strcat(strcat(owner, " "), to);
}

/* Each change of the state is reported. */
static void states_are_reported(void **state)
{
    struct fixture *fixture = *state;
    char states[256] = "";
    const struct probe probe = {.state = on_state, .owner = states};

    loop_set_probe(fixture->server.loop, &probe);
    say(fixture, REQUEST REQUEST);
    TURN_UNTIL(fixture->server.loop, has_ended(fixture));
    loop_set_probe(fixture->server.loop, NULL);
    assert_string_equal(states, " REQUEST DELAY RESPONSE CLOSED");
}

static void requests_follow_one_another(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 1; i <= 3; i++) {
        fixture->heard_bytes = 0;
        say(fixture, REQUEST);
        TURN_UNTIL(fixture->server.loop, has_come(fixture, "\r\n\r\nabc"));
        assert_int_equal(fixture->requests, i);
        assert_string_equal(fixture->asked, "a/");
    }
    assert_false(has_left(fixture));
    close(fixture->fd);
    TURN_UNTIL(fixture->server.loop, has_left(fixture));
}

/* A second request that came with the first is not read. */
static void bytes_behind_a_request_end_it(void **state)
{
    struct fixture *fixture = *state;

    say(fixture, REQUEST REQUEST);
    TURN_UNTIL(fixture->server.loop, has_ended(fixture));
    assert_non_null(strstr(fixture->heard, "\r\n\r\nabc"));
    assert_int_equal(fixture->requests, 1);
    assert_true(has_left(fixture));
}

static void what_is_no_request_is_closed(void **state)
{
    struct fixture *fixture = *state;

    say(fixture, "no request\r\n\r\n");
    TURN_UNTIL(fixture->server.loop, has_ended(fixture));
    assert_int_equal(fixture->requests, 0);
    assert_int_equal(fixture->heard_bytes, 0);
}

/* How each fault of a response ends, with what came before. */
static void endings(void **state)
{
    static const struct {
        enum fault fault;
        bool closes;
        const char *last; /* what the response ends with; "": there is none */
    } cases[] = {
        {FAULT_NONE, false, "\r\n\r\nabc"},
        {FAULT_WAIT_STALL, false, ""},
        {FAULT_WAIT_CLOSE, true, ""},
        {FAULT_BODY_STALL, false, "\r\n\r\na"},
        {FAULT_TRUNCATE, true, "\r\n\r\na"},
        {FAULT_BODY_RESET, true, "\r\n\r\na"},
        {FAULT_HANG_UP, true, "\r\n\r\nabc"},
        {FAULT_NO_CLOSE_NOTIFY, true, "\r\n\r\nabc"},
        {FAULT_BODY_CHUNK, true, "no size\r\n"},
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct fixture *fixture = *state;
        size_t length = strlen(cases[i].last);

        fixture->play.fault = cases[i].fault;
        say(fixture, REQUEST);
        TURN_UNTIL(fixture->server.loop, has_ended(fixture) || fixture->requests);
        unit_settle(fixture->server.loop);
        hear(fixture);
        hear(fixture);
        if (fixture->ended != cases[i].closes || has_left(fixture) != cases[i].closes ||
            fixture->heard_bytes < length || (!length && fixture->heard_bytes) ||
            strcmp(fixture->heard + fixture->heard_bytes - length, cases[i].last) != 0)
            fail_msg("%s: ended %d, left %d: %s", fault_name(cases[i].fault), fixture->ended,
                     has_left(fixture), fixture->heard);
        end(state);
        begin(state);
    }
}

/* A client that leaves is noticed where the connection waits. */
static void clients_leave_while_they_wait(void **state)
{
    static const struct play plays[] = {
        {.delay = 100 * NSEC_PER_S},
        {.fault = FAULT_WAIT_STALL},
        {.fault = FAULT_BODY_ENDLESS},
    };

    for (size_t i = 0; i < LENGTH(plays); i++) {
        struct fixture *fixture = *state;

        fixture->play = plays[i];
        say(fixture, REQUEST);
        TURN_UNTIL(fixture->server.loop, fixture->requests);
        unit_settle(fixture->server.loop);
        assert_false(has_left(fixture));
        close(fixture->fd);
        TURN_UNTIL(fixture->server.loop, has_left(fixture));
        end(state);
        begin(state);
    }
}

/* One write a turn of the loop, at most: the others have their turns. */
static void endless_responses_yield(void **state)
{
    struct fixture *fixture = *state;

    fixture->play.fault = FAULT_BODY_ENDLESS;
    say(fixture, REQUEST);
    for (int i = 0; fixture->heard_bytes < ENDLESS; i++) {
        assert_true(i < 1000);
        loop_turn(fixture->server.loop, NSEC_PER_MS);
        hear(fixture);
        assert_false(fixture->ended);
    }
}

/* The time of a drop that is not needed any more does not disturb the next request. */
static void request_behind_a_drip(void **state)
{
    struct fixture *fixture = *state;
    nsec until;

    fixture->play.fault = FAULT_DRIP;
    fixture->play.headers = (char *)"Server:\r\nContent-Type:\r\n";
    say(fixture, REQUEST);
    while (!has_come(fixture, "\r\n\r\nabc"))
        loop_turn(fixture->server.loop, 0); /* what follows is read before that time is over */
    fixture->play.fault = FAULT_NONE;
    say(fixture, "GET /second HT");
    for (until = clock_now() + 30 * NSEC_PER_MS; clock_now() < until;)
        loop_turn(fixture->server.loop, NSEC_PER_MS);
    fixture->heard_bytes = 0;
    say(fixture, "TP/1.1\r\nHost: b\r\n\r\n");
    TURN_UNTIL(fixture->server.loop, has_ended(fixture) || has_come(fixture, "abc"));
    assert_false(fixture->ended);
    assert_string_equal(fixture->asked, "b/second");
}

static void all_are_ended(void **state)
{
    struct fixture *fixture = *state;
    int others[3][2];

    for (size_t i = 0; i < LENGTH(others); i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, others[i]), 0);
        origin_conn_accept(&fixture->server, others[i][1], false);
    }
    say(fixture, "GET");
    unit_settle(fixture->server.loop);
    origin_conn_close_all(&fixture->server);
    assert_true(has_left(fixture));
    assert_true(has_ended(fixture));
    for (size_t i = 0; i < LENGTH(others); i++) {
        assert_int_equal(recv(others[i][0], fixture->heard, 1, 0), 0);
        close(others[i][0]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(states_are_reported, begin, end),
        cmocka_unit_test_setup_teardown(requests_follow_one_another, begin, end),
        cmocka_unit_test_setup_teardown(bytes_behind_a_request_end_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_request_is_closed, begin, end),
        cmocka_unit_test_setup_teardown(endings, begin, end),
        cmocka_unit_test_setup_teardown(clients_leave_while_they_wait, begin, end),
        cmocka_unit_test_setup_teardown(endless_responses_yield, begin, end),
        cmocka_unit_test_setup_teardown(request_behind_a_drip, begin, end),
        cmocka_unit_test_setup_teardown(all_are_ended, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

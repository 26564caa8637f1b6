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
    struct site_behaviour behaviour; /* for every request */
    int fd;                          /* of the client */
    char received[4 * ENDLESS];
    size_t received_bytes;
    bool closed;           /* by the origin */
    unsigned requests;     /* read by the origin */
    char last_request[64]; /* its host and target */
};

static const struct site_behaviour *on_find_behaviour(void *owner, const char *host,
                                                      const char *target)
{
    struct fixture *fixture = owner;

    fixture->requests++;
    snprintf(fixture->last_request, sizeof(fixture->last_request), "%s%s", host, target);
    return &fixture->behaviour;
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int pair[2];

    fixture->server = (struct origin_server){
        .loop = loop_new(), .find_behaviour = on_find_behaviour, .owner = fixture};
    list_init(&fixture->server.conns);
    fixture->behaviour = (struct site_behaviour){.body = (char *)"abc", .body_bytes = 3};
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

static void send_text(struct fixture *fixture, const char *text)
{
    assert_int_equal(send(fixture->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads the bytes that have arrived. */
static void receive(struct fixture *fixture)
{
    ssize_t count = recv(fixture->fd, fixture->received + fixture->received_bytes,
                         sizeof(fixture->received) - 1 - fixture->received_bytes, 0);

    if (count > 0)
        fixture->received_bytes += (size_t)count;
    fixture->closed = count == 0 || (count < 0 && errno != EAGAIN);
    fixture->received[fixture->received_bytes] = '\0';
}

static bool has_received(struct fixture *fixture, const char *text)
{
    receive(fixture);
    return strstr(fixture->received, text);
}

static bool is_closed(struct fixture *fixture)
{
    receive(fixture);
    return fixture->closed;
}

static bool has_no_connections(const struct fixture *fixture)
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
    send_text(fixture, REQUEST REQUEST);
    TURN_UNTIL(fixture->server.loop, is_closed(fixture));
    loop_set_probe(fixture->server.loop, NULL);
    assert_string_equal(states, " REQUEST DELAY RESPONSE CLOSED");
}

static void requests_follow_one_another(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 1; i <= 3; i++) {
        fixture->received_bytes = 0;
        send_text(fixture, REQUEST);
        TURN_UNTIL(fixture->server.loop, has_received(fixture, "\r\n\r\nabc"));
        assert_int_equal(fixture->requests, i);
        assert_string_equal(fixture->last_request, "a/");
    }
    assert_false(has_no_connections(fixture));
    close(fixture->fd);
    TURN_UNTIL(fixture->server.loop, has_no_connections(fixture));
}

/* A second request in the same segment is not read. */
static void bytes_after_a_request_close_the_connection(void **state)
{
    struct fixture *fixture = *state;

    send_text(fixture, REQUEST REQUEST);
    TURN_UNTIL(fixture->server.loop, is_closed(fixture));
    assert_non_null(strstr(fixture->received, "\r\n\r\nabc"));
    assert_int_equal(fixture->requests, 1);
    assert_true(has_no_connections(fixture));
}

static void malformed_request_closes_the_connection(void **state)
{
    struct fixture *fixture = *state;

    send_text(fixture, "no request\r\n\r\n");
    TURN_UNTIL(fixture->server.loop, is_closed(fixture));
    assert_int_equal(fixture->requests, 0);
    assert_int_equal(fixture->received_bytes, 0);
}

/* The preface of a client, empty SETTINGS, HEADERS of "GET http://a/" (RFC 7541, indexed). */
#define H2_PREFACE  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define H2_SETTINGS "\0\0\0\4\0\0\0\0\0"
#define H2_REQUEST                                                                                 \
    "\0\0\6\1\5\0\0\0\1\x82\x84\x86\x41\x01"                                                       \
    "a"

static bool has_bytes(struct fixture *fixture, const char *bytes, size_t count)
{
    receive(fixture);
    return memmem(fixture->received, fixture->received_bytes, bytes, count);
}

/* Cut in two at every offset. */
static void preface_of_http2_begins_streams(void **state)
{
    static const char bytes[] = H2_PREFACE H2_SETTINGS H2_REQUEST;
    static const char data[] = "\0\0\3\0\1\0\0\0\1"
                               "abc"; /* a DATA frame */

    for (size_t cut = 1; cut < sizeof(bytes); cut++) {
        struct fixture *fixture = *state;
        size_t rest = sizeof(bytes) - 1 - cut;

        assert_int_equal(send(fixture->fd, bytes, cut, MSG_NOSIGNAL), cut);
        unit_settle(fixture->server.loop);
        assert_int_equal(send(fixture->fd, bytes + cut, rest, MSG_NOSIGNAL), rest);
        TURN_UNTIL(fixture->server.loop, has_bytes(fixture, data, sizeof(data) - 1));
        assert_string_equal(fixture->last_request, "a/");
        assert_false(has_no_connections(fixture));
        end(state);
        begin(state);
    }
}

/* Only the first bytes of a connection may be the preface. */
static void preface_after_a_request_closes(void **state)
{
    struct fixture *fixture = *state;

    send_text(fixture, REQUEST);
    TURN_UNTIL(fixture->server.loop, has_received(fixture, "\r\n\r\nabc"));
    send_text(fixture, H2_PREFACE);
    TURN_UNTIL(fixture->server.loop, is_closed(fixture));
    assert_int_equal(fixture->requests, 1);
}

/* A client that sends PING and reads nothing: the origin stops reading. nghttp2 would close the
   connection if more than 1,000 acknowledgements were queued, so each turn reads fewer. */
static void unread_output_stops_reading(void **state)
{
    static const char opening[] = H2_PREFACE H2_SETTINGS H2_REQUEST;
    static const char ping[] = "\0\0\x8\6\0\0\0\0\0"
                               "12345678";
    struct fixture *fixture = *state;
    const size_t frame = sizeof(ping) - 1;
    unsigned idle = 0;

    send(fixture->fd, opening, sizeof(opening) - 1, MSG_NOSIGNAL);
    for (size_t sent = 0; idle < 20 && sent < 64 * 1024 * 1024;) {
        size_t until = sent + 100 * frame;
        ssize_t count = 1;

        while (sent < until && count > 0) {
            count = send(fixture->fd, ping + sent % frame, frame - sent % frame, MSG_NOSIGNAL);
            sent += count > 0 ? (size_t)count : 0;
        }
        idle = count < 0 ? idle + 1 : 0;
        loop_turn(fixture->server.loop, 0);
    }
    assert_int_equal(idle, 20); /* the socket is full */
    assert_false(has_no_connections(fixture));
}

/* Each fault: the last bytes that the client receives, and whether the connection closes. */
static void end_of_each_fault(void **state)
{
    static const struct {
        enum fault fault;
        bool closes;
        const char *last; /* last bytes of the response; "": no response */
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

        fixture->behaviour.fault = cases[i].fault;
        send_text(fixture, REQUEST);
        TURN_UNTIL(fixture->server.loop, is_closed(fixture) || fixture->requests);
        unit_settle(fixture->server.loop);
        receive(fixture);
        receive(fixture);
        if (fixture->closed != cases[i].closes || has_no_connections(fixture) != cases[i].closes ||
            fixture->received_bytes < length || (!length && fixture->received_bytes) ||
            strcmp(fixture->received + fixture->received_bytes - length, cases[i].last) != 0)
            fail_msg("%s: closed %d, no connections %d: %s", fault_name(cases[i].fault),
                     fixture->closed, has_no_connections(fixture), fixture->received);
        end(state);
        begin(state);
    }
}

/* The origin notices that the client closed, in each state in which it waits. */
static void clients_close_while_they_wait(void **state)
{
    static const struct site_behaviour behaviours[] = {
        {.delay = 100 * NSEC_PER_S},
        {.fault = FAULT_WAIT_STALL},
        {.fault = FAULT_BODY_ENDLESS},
    };

    for (size_t i = 0; i < LENGTH(behaviours); i++) {
        struct fixture *fixture = *state;

        fixture->behaviour = behaviours[i];
        send_text(fixture, REQUEST);
        TURN_UNTIL(fixture->server.loop, fixture->requests);
        unit_settle(fixture->server.loop);
        assert_false(has_no_connections(fixture));
        close(fixture->fd);
        TURN_UNTIL(fixture->server.loop, has_no_connections(fixture));
        end(state);
        begin(state);
    }
}

/* At most one write per turn of the loop, so that other connections are served too. */
static void endless_responses_yield(void **state)
{
    struct fixture *fixture = *state;

    fixture->behaviour.fault = FAULT_BODY_ENDLESS;
    send_text(fixture, REQUEST);
    for (int i = 0; fixture->received_bytes < ENDLESS; i++) {
        assert_true(i < 1000);
        loop_turn(fixture->server.loop, NSEC_PER_MS);
        receive(fixture);
        assert_false(fixture->closed);
    }
}

/* The timer of a finished drip does not affect the next request. */
static void request_after_a_drip(void **state)
{
    struct fixture *fixture = *state;
    nsec until;

    fixture->behaviour.fault = FAULT_DRIP;
    fixture->behaviour.headers = (char *)"Server:\r\nContent-Type:\r\n";
    send_text(fixture, REQUEST);
    while (!has_received(fixture, "\r\n\r\nabc"))
        loop_turn(fixture->server.loop, 0); /* the next request arrives before the timer expires */
    fixture->behaviour.fault = FAULT_NONE;
    send_text(fixture, "GET /second HT");
    for (until = clock_now() + 30 * NSEC_PER_MS; clock_now() < until;)
        loop_turn(fixture->server.loop, NSEC_PER_MS);
    fixture->received_bytes = 0;
    send_text(fixture, "TP/1.1\r\nHost: b\r\n\r\n");
    TURN_UNTIL(fixture->server.loop, is_closed(fixture) || has_received(fixture, "abc"));
    assert_false(fixture->closed);
    assert_string_equal(fixture->last_request, "b/second");
}

static void close_all_closes_each_connection(void **state)
{
    struct fixture *fixture = *state;
    int others[3][2];

    for (size_t i = 0; i < LENGTH(others); i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, others[i]), 0);
        origin_conn_accept(&fixture->server, others[i][1], false);
    }
    send_text(fixture, "GET");
    unit_settle(fixture->server.loop);
    origin_conn_close_all(&fixture->server);
    assert_true(has_no_connections(fixture));
    assert_true(is_closed(fixture));
    for (size_t i = 0; i < LENGTH(others); i++) {
        assert_int_equal(recv(others[i][0], fixture->received, 1, 0), 0);
        close(others[i][0]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(states_are_reported, begin, end),
        cmocka_unit_test_setup_teardown(requests_follow_one_another, begin, end),
        cmocka_unit_test_setup_teardown(bytes_after_a_request_close_the_connection, begin, end),
        cmocka_unit_test_setup_teardown(malformed_request_closes_the_connection, begin, end),
        cmocka_unit_test_setup_teardown(preface_of_http2_begins_streams, begin, end),
        cmocka_unit_test_setup_teardown(preface_after_a_request_closes, begin, end),
        cmocka_unit_test_setup_teardown(unread_output_stops_reading, begin, end),
        cmocka_unit_test_setup_teardown(end_of_each_fault, begin, end),
        cmocka_unit_test_setup_teardown(clients_close_while_they_wait, begin, end),
        cmocka_unit_test_setup_teardown(endless_responses_yield, begin, end),
        cmocka_unit_test_setup_teardown(request_after_a_drip, begin, end),
        cmocka_unit_test_setup_teardown(close_all_closes_each_connection, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

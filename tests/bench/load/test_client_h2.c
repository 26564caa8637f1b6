/* One client's requests over HTTP/2, against scripted frames: limits of streams, GOAWAY, resets and
   deadlines. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "bench/load/client.h"
#include "http/h2/h2.h"
#include "tests/http/h2/frames.h"
#include "tests/support/fixture.h"

#define SLOTS           4
#define MAX_CONNECTIONS 4
#define MAX_STEPS       16
#define FRAME_HEAD      9 /* bytes */

static struct fixture fixture;
static struct site *site;
static struct target target;
static struct client_group group;
static struct client client;
static struct load_request requests[SLOTS];

static struct frames frames; /* of all connections of a case */
static struct script_step steps[MAX_CONNECTIONS][MAX_STEPS];
static struct script scripts[MAX_CONNECTIONS];
static size_t connection_count, step_count;
static size_t step_begin; /* offset of the current step in `frames` */

static unsigned wanted, connects;
static unsigned max_per_connection; /* requests; 0: no limit */
static nsec last_wait, first_started, last_latency;
static nsec reconnect_time; /* before each connection but the first */
static char events_seen[1024];

static void note(const char *word)
{
    size_t length = strlen(events_seen);

    snprintf(events_seen + length, sizeof(events_seen) - length, "%s%s", length ? " " : "", word);
}

static void on_open(void *owner, struct client *one)
{
    (void)owner;
    (void)one;
    note("open");
}

static void on_room(void *owner, struct client *one)
{
    (void)owner;
    assert_true(client_may_start(one));
    while (wanted && client_may_start(one)) {
        nsec now = loop_clock(fixture.loop);

        wanted--;
        client_start(one, &target, now, now, true);
        if (max_per_connection && one->request_count >= max_per_connection)
            one->no_more_requests = true;
    }
}

static void on_waited(void *owner, struct load_request *request, nsec wait)
{
    (void)owner;
    assert_true(request->started == request->intended + wait);
    assert_false(request->waits);
    last_wait = wait;
    note("waited");
}

static void on_completed(void *owner, const struct load_request *request,
                         const struct load_response *response)
{
    char status[16];

    (void)owner;
    assert_true(response->received >= request->started);
    first_started = request->started;
    last_latency = response->received - request->started;
    snprintf(status, sizeof(status), "%u", response->status);
    note(status);
}

static void on_failed(void *owner, const struct load_request *request, enum error error)
{
    (void)owner;
    (void)request;
    note(error_code(error));
}

static void on_closed(void *owner, struct client *one, enum error error)
{
    (void)owner;
    assert_null(one->conn);
    note("closed");
    if (error)
        note(error_code(error));
}

static int setup(void **state)
{
    static const struct client_events events = {on_open,      on_room,   on_waited,
                                                on_completed, on_failed, on_closed};
    struct request request;

    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    site = fixture_site(&fixture, "http", "/");
    request = request_of(site);
    target = (struct target){.prepared = h2_request_new(&request, false)};
    group = (struct client_group){.dialer = &fixture.dialer,
                                  .url = &site->url,
                                  .events = &events,
                                  .owner = &group,
                                  .negotiation = negotiation_of(HTTP_2_ASSUMED),
                                  .multiplexed = true,
                                  .slots = SLOTS};
    client_group_init(&group);
    client_init(&client, &group, 0, requests);
    frames.count = step_begin = 0;
    connection_count = step_count = 0;
    memset(steps, 0, sizeof(steps));
    wanted = connects = max_per_connection = 0;
    reconnect_time = 0;
    events_seen[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    client_close(&client);
    loop_turn(fixture.loop, 0);
    assert_true(list_is_empty(&group.requests));
    client_group_free(&group);
    h2_request_free((struct h2_request *)target.prepared);
    site_free(site);
    fixture_close(&fixture);
    return 0;
}

/* --- scripts --- */

static void add_step(enum script_kind kind)
{
    steps[connection_count][step_count++].kind = kind;
}

/* The frames since the last call are one receive. */
static void receive(void)
{
    struct script_step *step = &steps[connection_count][step_count];

    add_step(SCRIPT_SEND);
    step->bytes = (const char *)frames.bytes + step_begin;
    step->count = frames.count - step_begin;
    step_begin = frames.count;
    add_step(SCRIPT_PAUSE);
}

static void next_connection(void)
{
    scripts[connection_count].reads = steps[connection_count];
    connection_count++;
    step_count = 0;
}

/* SETTINGS of a server that allows this many streams. */
static void allow(uint32_t streams)
{
    put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams);
    receive();
}

static void respond(uint32_t id)
{
    put_head(&frames, id, ":status: 200", true);
    receive();
}

static void connect_client(void)
{
    if (connects)
        fixture.clock.now += reconnect_time;
    connects++;
    client_connect(&client, NULL);
}

/* Turns the loop; connects whenever requests need a connection and there is none. */
static void run(void)
{
    for (int i = 0; i < 50; i++) {
        if (client.state == CLIENT_ABSENT && (wanted || client.in_flight) &&
            connects < connection_count)
            connect_client();
        if (fixture.newest)
            fixture_send_event(&fixture, EPOLLIN | EPOLLOUT);
        loop_turn(fixture.loop, 0);
    }
}

static void run_script(unsigned count)
{
    next_connection();
    fixture_set_scripts(&fixture, scripts, connection_count);
    wanted = count;
    run();
}

static void expect(const char *words)
{
    if (strcmp(events_seen, words) != 0)
        fail_msg("\"%s\" instead of \"%s\"", events_seen, words);
    assert_int_equal(client.in_flight, 0);
}

/* The last frame that the client has sent. */
static void expect_last_frame(const unsigned char *frame, size_t count)
{
    assert_true(fixture.received_bytes >= count);
    assert_memory_equal(fixture.received + fixture.received_bytes - count, frame, count);
}

/* --- streams --- */

static void concurrent_requests(void **state)
{
    (void)state;
    allow(100);
    respond(5);
    respond(1);
    respond(7);
    respond(3);
    run_script(4);
    expect("open 200 200 200 200");
    assert_int_equal(group.counters.streams_limit_max, 100);
}

/* The server allows two of four streams: the others wait on the client, and the wait is known. */
static void streams_over_the_limit(void **state)
{
    (void)state;
    allow(2);
    for (uint32_t id = 1; id <= 11; id += 2)
        respond(id);
    run_script(6);
    expect("open 200 waited 200 waited 200 waited 200 waited 200 200");
    assert_true(last_wait > 0);
}

/* The requests that follow wait from the end of the first one until the limit is raised. */
static void no_stream_for_a_while(void **state)
{
    (void)state;
    allow(0);
    respond(1);
    for (int i = 0; i < 4; i++) /* turns */
        add_step(SCRIPT_PAUSE);
    allow(2);
    respond(3);
    respond(5);
    run_script(3);
    expect("open 200 waited waited 200 200");
    assert_true(last_wait >= 4 * NSEC_PER_US);
}

/* A new connection has as many streams as the server has allowed before. */
static void first_streams_of_later_connections(void **state)
{
    static const struct {
        uint32_t limit;
        unsigned expected;
    } cases[] = {{0, 1}, {3, 3}, {1000, 100}};

    (void)state;
    assert_int_equal(group.conn_options.first_streams, 0);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        teardown(state);
        setup(state);
        group.counters.any_settings = true;
        group.counters.streams_limit_min = cases[i].limit;
        run_script(1);
        assert_int_equal(group.conn_options.first_streams, cases[i].expected);
    }
}

/* --- GOAWAY --- */

static void unprocessed_requests_are_sent_again(void **state)
{
    (void)state;
    allow(100);
    put_head(&frames, 1, ":status: 200", true);
    put_goaway(&frames, 1, NGHTTP2_NO_ERROR, "");
    receive();
    next_connection();
    allow(100);
    respond(1);
    respond(3);
    respond(5);
    run_script(4);
    expect("open 200 closed open 200 200 200");
    assert_int_equal(group.resent, 3);
    assert_int_equal(group.counters.goaways, 1);
    assert_true(first_started < fixture.clock.now - 10 * NSEC_PER_US); /* the first start */
}

/* No response was received before GOAWAY, but the server still processes one request. */
static void goaway_before_the_first_response(void **state)
{
    (void)state;
    allow(100);
    put_goaway(&frames, 1, NGHTTP2_NO_ERROR, "");
    receive();
    respond(1);
    next_connection();
    allow(100);
    respond(1);
    run_script(2);
    expect("open 200 closed open 200");
}

/* A server that never processes a request: one fails on each connection. */
static void goaway_of_all_requests(void **state)
{
    (void)state;
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100);
        put_goaway(&frames, 0, NGHTTP2_NO_ERROR, "");
        receive();
        if (i < MAX_CONNECTIONS - 1)
            next_connection();
    }
    run_script(4);
    expect("open http2.goaway closed open http2.goaway closed open http2.goaway closed "
           "open http2.goaway closed");
}

static void goaway_before_the_first_request(void **state)
{
    (void)state;
    put_settings(&frames);
    put_goaway(&frames, 0, NGHTTP2_NO_ERROR, "");
    receive();
    connect_client();
    run_script(0);
    expect("open closed http.empty");
}

/* Requests that wait for a stream when the connection ends are not sent again: they were not sent
   before. */
static void waiting_requests_move(void **state)
{
    (void)state;
    allow(1);
    respond(1);
    put_head(&frames, 3, ":status: 200", true);
    put_goaway(&frames, 3, NGHTTP2_NO_ERROR, "");
    receive();
    next_connection();
    allow(1);
    respond(1);
    run_script(3);
    expect("open 200 waited 200 waited closed open 200");
    assert_int_equal(group.resent, 0);
}

/* Without a connection a request waits for the connection, not for a stream. */
static void slow_reconnect_is_no_wait_for_a_stream(void **state)
{
    reconnect_time = NSEC_PER_S;
    waiting_requests_move(state);
    assert_true(last_wait > 0 && last_wait < NSEC_PER_S);
    assert_true(last_latency >= NSEC_PER_S);
}

static void refused_stream(void **state)
{
    (void)state;
    allow(100);
    put_reset(&frames, 3, NGHTTP2_REFUSED_STREAM);
    receive();
    respond(1);
    run_script(2);
    expect("open http2.refused_stream 200");
    assert_int_equal(group.counters.refused, 1);
}

/* --- the end of a connection --- */

static void limit_of_requests(void **state)
{
    static const unsigned char goaway[] = {0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    (void)state;
    max_per_connection = 2;
    allow(100);
    respond(1);
    respond(3);
    next_connection();
    allow(100);
    respond(1);
    respond(3);
    run_script(4);
    expect("open 200 200 closed open 200 200 closed");
    expect_last_frame(goaway, sizeof(goaway));
}

/* The deadline of one request: its stream is reset, the others continue. */
static void expired_request(void **state)
{
    static const unsigned char reset[] = {0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, NGHTTP2_CANCEL};

    (void)state;
    allow(100);
    add_step(SCRIPT_HANG);
    respond(3);
    run_script(2);
    client.conn->received_at = loop_clock(fixture.loop);
    client_expire(client_oldest(&client));
    expect_last_frame(reset, sizeof(reset));
    fixture_skip_hang(&fixture);
    run();
    expect("open timeout.total 200");
    assert_int_equal(client.state, CLIENT_OPEN);
}

/* The connection has received nothing since the request began: it takes no more. */
static void expired_request_on_a_silent_connection(void **state)
{
    (void)state;
    allow(100);
    add_step(SCRIPT_HANG);
    next_connection();
    allow(100);
    respond(1);
    run_script(2);
    assert_int_equal(client.in_flight, 2);
    wanted = 1;
    client.conn->received_at = 0;
    client_expire(client_oldest(&client));
    assert_int_equal(client.conn->state, CONN_DRAINING);
    client_expire(client_oldest(&client));
    run();
    expect("open timeout.total timeout.total closed open 200");
}

/* Deadlines of requests that wait for a stream, and for a connection. */
static void expired_while_waiting(void **state)
{
    (void)state;
    allow(1);
    respond(1);
    add_step(SCRIPT_HANG);
    respond(3);
    run_script(3);
    assert_int_equal(client.unsubmitted, 1);
    client_expire(LIST_OWNER(client.requests.prev, struct load_request, client_link));
    assert_int_equal(client.unsubmitted, 0);
    fixture_skip_hang(&fixture);
    run();
    expect("open 200 waited timeout.total 200");
    client_close(&client);

    connect_client();
    client_start(&client, &target, 1, 1, true);
    client_start(&client, &target, 2, 2, true);
    client_expire(client_oldest(&client));
    assert_int_equal(client.state, CLIENT_CONNECTING);
    client_expire(client_oldest(&client)); /* the last one ends the dial */
    expect("open 200 waited timeout.total 200 timeout.total timeout.total closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(concurrent_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(streams_over_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(no_stream_for_a_while, setup, teardown),
        cmocka_unit_test_setup_teardown(first_streams_of_later_connections, setup, teardown),
        cmocka_unit_test_setup_teardown(unprocessed_requests_are_sent_again, setup, teardown),
        cmocka_unit_test_setup_teardown(goaway_before_the_first_response, setup, teardown),
        cmocka_unit_test_setup_teardown(goaway_of_all_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(goaway_before_the_first_request, setup, teardown),
        cmocka_unit_test_setup_teardown(waiting_requests_move, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_reconnect_is_no_wait_for_a_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(limit_of_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(expired_request, setup, teardown),
        cmocka_unit_test_setup_teardown(expired_request_on_a_silent_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(expired_while_waiting, setup, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

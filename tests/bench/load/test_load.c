/*
 * When requests start and how they are counted, against a server that the test controls. The fake
 * clock advances only in `pass`, so that each latency is known to the nanosecond.
 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/load/load.h"
#include "bench/load/verdict.h"
#include "origin/server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/nameserver.h"
#include "tests/support/peer.h"
#include "tests/support/sums.h"

#define MS NSEC_PER_MS

#define OK_BYTES     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define OK_AND_CLOSE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"

#define MAX_CONNS  512
#define MAX_ORDER  4096
#define MAX_REPORT 1024

/* The counts of an interval. */
struct interval_counts {
    nsec from, to;
    uint64_t scheduled, started, completed, waiting, in_flight;
};

static struct loop *loop;
static struct fake_clock clock;
static struct peer peer;
static struct dialer dialer;
static struct targets *targets;
static struct load_options options;
static struct load *load;
static nsec began;
static bool free_in_done;

/* events of the load */
static struct tally *total;
static struct interval_counts intervals[MAX_REPORT];
static size_t interval_count;
static int dones;

/* requests that the server received */
static char order[MAX_ORDER + 1]; /* for each request its connection: '1' the first, ... */
static size_t order_count;
static unsigned pending[MAX_CONNS]; /* by number: requests without a response */
static void (*serve)(struct peer_conn *conn);

/* --- the server --- */

/* An open connection by its number, or NULL. */
static struct peer_conn *conn_of(size_t number)
{
    for (struct link *link = peer.conns.next; link != &peer.conns; link = link->next) {
        struct peer_conn *conn = LIST_OWNER(link, struct peer_conn, all);

        if (conn->number == number)
            return conn;
    }
    return NULL;
}

static void hold(struct peer_conn *conn)
{
    (void)conn;
}

static void send_ok(struct peer_conn *conn)
{
    peer_send_text(conn, OK_BYTES);
    pending[conn->number]--;
}

/* Responds to a connection's oldest request. */
static void respond(size_t number)
{
    assert_true(pending[number] > 0);
    send_ok(conn_of(number));
    unit_settle(loop);
}

static void close_conn(struct peer_conn *conn, bool resets)
{
    pending[conn->number] = 0;
    peer_close(conn, resets);
}

static void on_received(void *owner, struct peer_conn *conn)
{
    const char *text = conn->received;
    unsigned count = 0;

    (void)owner;
    assert_true(conn->number < MAX_CONNS);
    if (!peer_has_request(conn))
        return;
    while ((text = strstr(text, "\r\n\r\n"))) {
        text += 4;
        count++;
    }
    conn->received_bytes = 0;
    pending[conn->number] += count;
    while (count--) {
        if (order_count < MAX_ORDER)
            order[order_count++] = (char)('0' + conn->number);
        if (conn->sock)
            serve(conn);
    }
}

/* --- the load --- */

static void on_interval(void *owner, const struct tally *tally)
{
    assert_ptr_equal(owner, &total);
    assert_int_equal(dones, 0);
    assert_int_equal(tally->processes, 1);
    assert_true(interval_count < MAX_REPORT);
    assert_true(tally->from == (interval_count ? intervals[interval_count - 1].to : 0));
    assert_true(tally->to >= tally->from);
    intervals[interval_count++] = (struct interval_counts){
        .from = tally->from,
        .to = tally->to,
        .scheduled = tally->scheduled,
        .started = tally->started,
        .completed = tally->completed,
        .waiting = tally->waiting,
        .in_flight = tally->in_flight,
    };
    tally_append(total, tally);
    assert_true(tally_adds_up(total));
}

static void on_done(void *owner)
{
    assert_ptr_equal(owner, &total);
    dones++;
    if (free_in_done) {
        load_free(load);
        load = NULL;
    }
}

static uint64_t errors_of(const struct tally *tally)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < ERROR_COUNT; i++)
        sum += tally->errors[i];
    return sum;
}

static struct targets *targets_at(const char *scheme, const char *host, uint16_t port)
{
    static const unsigned weight = 1;
    struct site *site = site_new();
    char text[128];
    size_t other_origin;

    snprintf(text, sizeof(text), "%s://%s:%u/", scheme, host, port);
    assert_null(url_parse(&site->url, text, strlen(text)));
    return targets_new(&site, &weight, 1, HTTP_1_1_ONLY, false, &other_origin);
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    fake_clock_set(&clock, loop, 0);
    peer_start(&peer, loop, "127.0.0.1", on_received, NULL);
    dialer_init(&dialer, loop);
    targets = targets_at("http", "127.0.0.1", address_port(&peer.at));
    options = (struct load_options){
        .targets = targets,
        .connections = 1,
        .duration = NSEC_NEVER,
        .timeout = NSEC_NEVER,
        .pipeline = 1,
        .streams = 1,
        .header_table_bytes = SIZE_MAX,
        .schedule = {.from_rate = 100, .to_rate = 100, .shares = 1},
    };
    total = tally_new();
    memset(intervals, 0, sizeof(intervals));
    memset(pending, 0, sizeof(pending));
    memset(order, 0, sizeof(order));
    interval_count = order_count = 0;
    dones = 0;
    serve = send_ok;
    free_in_done = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    load_free(load);
    load = NULL;
    if (peer.loop)
        peer_stop(&peer);
    peer.loop = NULL;
    dialer_free(&dialer);
    targets_free(targets);
    tally_free(total);
    loop_free(loop);
    return 0;
}

static void begin(void)
{
    char *why = NULL;

    load = load_new(&options, &dialer, on_interval, on_done, &total, &why);
    if (!load)
        fail_msg("%s", why);
    began = clock.now;
    load_start(load);
    unit_settle(loop);
}

/* Lets time pass. */
static void pass(nsec time)
{
    clock.now += time;
    unit_settle(loop);
}

/* Lets time pass in steps, until `at` after the start of the run. */
static void pass_until(nsec at, nsec step)
{
    while (clock.now - began < at) {
        nsec left = at - (clock.now - began);

        pass(left < step ? left : step);
    }
}

/* The load is finished: the totals add up, and no more events follow. */
static void expect_over(void)
{
    size_t previous = interval_count;

    assert_int_equal(dones, 1);
    assert_true(tally_adds_up(total));
    assert_int_equal(errors_of(total), total->failed);
    assert_int_equal(total->errors[ERROR_NONE], 0);
    pass(3 * NSEC_PER_S);
    assert_int_equal(dones, 1);
    assert_int_equal(interval_count, previous);
    assert_int_equal(peer.open, 0); /* all connections were closed */
}

/* Lets time pass in steps until the load ends. */
static void finish(nsec step)
{
    for (int i = 0; !dones; i++) {
        if (i > 20000)
            fail_msg("the load does not end");
        pass(step);
    }
    expect_over();
}

static void stop(void)
{
    load_stop(load);
    unit_settle(loop);
    expect_over();
}

/* The count at this value's histogram index. */
static uint64_t count_at(const struct histogram *histogram, nsec value)
{
    return histogram->counts[histogram_index(value)];
}

/* --- closed loop --- */

static void closed_loop_with_a_number_of_requests(void **state)
{
    const struct target *target = targets_pick(targets, 0);

    (void)state;
    options.connections = 3;
    options.requests = 20;
    begin();
    finish(MS);
    assert_int_equal(total->scheduled, 20);
    assert_int_equal(total->started, 20);
    assert_int_equal(total->completed, 20);
    assert_int_equal(total->status[200], 20);
    assert_int_equal(total->failed, 0);
    assert_int_equal(order_count, 20); /* and none was sent that is not counted */
    assert_int_equal(total->connections, 3);
    assert_int_equal(peer.accepted, 3);
    assert_int_equal(total->bytes_in, 20 * strlen(OK_BYTES));
    assert_int_equal(total->bytes_out, 20 * target->count);
    assert_int_equal(total->latency->count, 20);
    assert_int_equal(total->connecting->count, 3);
    assert_int_equal(total->raw->count, 0); /* an open loop's */
    assert_int_equal(total->send_delay->count, 0);
    assert_int_equal(total->kernel_latency->count + total->stamps_missing + total->stamps_unusable,
                     0);
    assert_int_equal(total->handshakes, 0);
}

/* The duration ends with requests in flight: they are counted as such and have no latency. */
static void closed_loop_with_a_duration(void **state)
{
    (void)state;
    options.connections = 2;
    options.duration = 2500 * MS;
    serve = hold;
    begin();
    for (int i = 0; i < 24; i++) {
        pass(100 * MS);
        respond(1);
    }
    finish(100 * MS);
    assert_int_equal(total->completed, 24);
    assert_int_equal(total->started, 26);
    assert_int_equal(total->in_flight, 2);
    assert_int_equal(total->open, 2);
    assert_int_equal(total->latency->count, 24);
    assert_int_equal(count_at(total->latency, 100 * MS), 24);
    assert_int_equal(total->unfinished->count, 2); /* for the limits of --slo */
    assert_int_equal(count_at(total->unfinished, 2500 * MS), 1);
    assert_int_equal(count_at(total->unfinished, 100 * MS), 1);
    assert_true(total->from == 0 && total->to == 2500 * MS);
}

static void intervals_and_a_shorter_last_one(void **state)
{
    static const struct interval_counts expected[] = {
        {0, NSEC_PER_S, 10, 10, 9, 0, 1},
        {NSEC_PER_S, 2 * NSEC_PER_S, 10, 10, 10, 0, 1},
        {2 * NSEC_PER_S, 2500 * MS, 5, 5, 5, 0, 1}};

    (void)state;
    options.duration = 2500 * MS;
    serve = hold;
    begin();
    /* 9 responses in the first second, because the first request began with it */
    for (int i = 1; i <= 24; i++) {
        pass_until((nsec)i * 100 * MS, 100 * MS);
        respond(1);
    }
    pass(100 * MS);
    expect_over();
    assert_int_equal(interval_count, LENGTH(expected));
    for (size_t i = 0; i < LENGTH(expected); i++) {
        assert_true(intervals[i].from == expected[i].from);
        assert_true(intervals[i].to == expected[i].to);
        assert_int_equal(intervals[i].started, expected[i].started);
        assert_int_equal(intervals[i].completed, expected[i].completed);
        assert_int_equal(intervals[i].in_flight, expected[i].in_flight);
    }
}

/* The limit that is reached first ends the run. */
static void number_of_requests_comes_first(void **state)
{
    (void)state;
    options.requests = 5;
    options.duration = NSEC_PER_S;
    begin();
    finish(MS);
    assert_int_equal(total->completed, 5);
    assert_true(total->to < NSEC_PER_S);
}

static void duration_comes_first(void **state)
{
    (void)state;
    options.requests = 1000000;
    options.duration = NSEC_PER_S;
    serve = hold;
    begin();
    finish(100 * MS);
    assert_int_equal(total->completed, 0);
    assert_int_equal(total->in_flight, 1);
    assert_true(total->to == NSEC_PER_S);
}

static void no_more_connections_than_requests(void **state)
{
    (void)state;
    options.connections = 10;
    options.requests = 2;
    begin();
    finish(MS);
    assert_int_equal(total->completed, 2);
    assert_int_equal(peer.accepted, 2);
}

/* A request that began in the warm-up does not count, even if it completes after it. */
static void warm_up_does_not_count(void **state)
{
    (void)state;
    options.connections = 2;
    options.warmup = NSEC_PER_S;
    options.requests = 3;
    serve = hold;
    begin();
    respond(1);
    respond(1); /* two in the warm-up; a third and connection 2's first are in flight */
    pass_until(1500 * MS, 100 * MS);
    assert_int_equal(order_count, 4);
    respond(1);
    respond(2);
    for (int i = 0; i < 3; i++) {
        pass(100 * MS);
        assert_int_equal(dones, 0);
        respond(pending[1] ? 1 : 2);
    }
    expect_over();
    assert_int_equal(total->started, 3);
    assert_int_equal(total->completed, 3);
    assert_int_equal(total->latency->count, 3);
    assert_int_equal(total->connections, 2); /* all are reported */
    assert_int_equal(total->connecting->count, 2);
    assert_true(total->to == 800 * MS); /* since measuring began */
    assert_true(total->gap == 600 * MS && total->gap_at == 0);
}

/* Failures in the warm-up, or of requests that began in it, do not count; nor do failed dials. */
static void failures_of_the_warm_up_do_not_count(void **state)
{
    for (int i = 0; i < 4; i++) {
        if (i & 1)
            options.open_loop = true;
        if (i & 2)
            loop_close(loop, &peer.listener);
        options.connections = 2;
        options.warmup = 105 * MS;
        options.duration = MS;
        options.timeout = 10 * MS;
        serve = hold;
        begin();
        finish(MS);
        assert_int_equal(total->failed, 0);
        assert_int_equal(errors_of(total), 0);
        assert_int_equal(total->latency->count, total->in_flight * (i & 1));
        teardown(state);
        setup(state);
    }
}

static void stopped_in_the_warm_up(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        options.open_loop = i;
        options.connections = 2;
        options.warmup = NSEC_PER_S;
        options.duration = NSEC_PER_S;
        begin();
        pass(105 * MS);
        assert_true(order_count > 0);
        stop();
        assert_int_equal(interval_count, 1);
        assert_int_equal(total->started, 0);
        assert_int_equal(total->completed + total->failed + total->in_flight, 0);
        assert_int_equal(total->latency->count, 0);
        assert_int_equal(total->bytes_in + total->bytes_out, 0);
        assert_true(total->to == 0);
        load_free(load);
        load = NULL;
        interval_count = order_count = 0;
        dones = 0;
    }
}

static void stopped_in_flight(void **state)
{
    (void)state;
    options.connections = 3;
    options.requests = 100;
    serve = hold;
    begin();
    pass(50 * MS);
    respond(2);
    stop();
    assert_int_equal(total->started, 4);
    assert_int_equal(total->completed, 1);
    assert_int_equal(total->in_flight, 3);
    assert_int_equal(total->open, 3);
    assert_int_equal(total->latency->count, 1);
}

/* Stopped twice before the first turn of the loop: it ends once. */
static void stopped_immediately(void **state)
{
    char *why;

    (void)state;
    options.connections = 3;
    load = load_new(&options, &dialer, on_interval, on_done, &total, &why);
    load_start(load);
    load_stop(load);
    load_stop(load);
    unit_settle(loop);
    expect_over();
    assert_int_equal(total->started, total->in_flight);
}

static void freed_when_done(void **state)
{
    (void)state;
    free_in_done = true;
    options.connections = 3;
    options.requests = 7;
    begin();
    finish(MS);
    assert_null(load);
    assert_int_equal(total->completed, 7);
}

static void freed_before_its_end(void **state)
{
    (void)state;
    options.connections = 3;
    serve = hold;
    begin();
    load_free(load);
    load = NULL;
    unit_settle(loop);
    assert_int_equal(interval_count, 0);
    assert_int_equal(dones, 0);
    assert_int_equal(peer.open, 0);
}

/* The number of simultaneous dials is limited, but all clients get a connection. */
static void many_connections(void **state)
{
    (void)state;
    options.connections = 300;
    options.requests = 300;
    serve = hold;
    begin();
    for (int i = 0; i < 20; i++)
        pass(MS);
    assert_int_equal(peer.open, 300);
    assert_int_equal(order_count, 300);
    stop();
    assert_int_equal(total->open, 300);
}

static void pipelined(void **state)
{
    (void)state;
    options.requests = 10;
    options.pipeline = 4;
    serve = hold;
    begin();
    assert_int_equal(pending[1], 4);
    respond(1);
    assert_int_equal(pending[1], 4); /* another request was started */
    for (int i = 0; i < 9; i++)
        respond(1);
    expect_over();
    assert_int_equal(total->completed, 10);
    assert_int_equal(peer.accepted, 1);
}

static void requests_per_connection(void **state)
{
    (void)state;
    options.requests = 10;
    options.requests_per_connection = 3;
    begin();
    finish(MS);
    assert_int_equal(total->completed, 10);
    assert_string_equal(order, "1112223334");
    assert_int_equal(total->connections, 4);
}

static void requests_per_connection_pipelined(void **state)
{
    (void)state;
    options.requests = 10;
    options.pipeline = 4;
    options.requests_per_connection = 3;
    begin();
    finish(MS);
    assert_int_equal(total->completed, 10);
    assert_string_equal(order, "1112223334");
}

static void new_connection_for_each_request(void **state)
{
    (void)state;
    options.connections = 2;
    options.requests = 6;
    options.requests_per_connection = 1;
    options.new_connections = true;
    begin();
    finish(MS);
    assert_int_equal(total->completed, 6);
    assert_int_equal(total->connections, 6);
    assert_int_equal(peer.accepted, 6);
    assert_true(peer.peak <= 3); /* the server may see a close later than the client */
}

/* --- failures --- */

static void send_closing(struct peer_conn *conn)
{
    peer_send_text(conn, OK_AND_CLOSE);
    close_conn(conn, false);
}

static void send_half_body(struct peer_conn *conn)
{
    peer_send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh");
    close_conn(conn, false);
}

static void send_half_head(struct peer_conn *conn)
{
    peer_send_text(conn, "HTTP/1.1 200 OK\r\nContent-Le");
    close_conn(conn, false);
}

static void send_garbage(struct peer_conn *conn)
{
    peer_send_text(conn, "SSH-2.0-OpenSSH\r\n");
}

static void reset_conn(struct peer_conn *conn)
{
    close_conn(conn, true);
}

/* The client must read the half before the reset discards it. */
static void send_half_and_reset_later(struct peer_conn *conn)
{
    peer_send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh");
}

static void close_without_response(struct peer_conn *conn)
{
    close_conn(conn, false);
}

static void upgrade(struct peer_conn *conn)
{
    peer_send_text(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                         "Connection: upgrade\r\n\r\n");
}

static void send_404(struct peer_conn *conn)
{
    peer_send_text(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    pending[conn->number]--;
}

static void close_delimited(struct peer_conn *conn)
{
    peer_send_text(conn, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
    close_conn(conn, false);
}

/* The server responds in this way to all requests: each one has this error or status. */
static const struct server_fault {
    const char *name;
    void (*serve)(struct peer_conn *conn);
    enum error error; /* ERROR_NONE: a valid response */
    unsigned status;
} faults[] = {
    {"announced close", send_closing, ERROR_NONE, 200},
    {"half a body", send_half_body, ERROR_TRUNCATED, 0},
    {"half a head", send_half_head, ERROR_TRUNCATED, 0},
    {"garbage", send_garbage, ERROR_MALFORMED, 0},
    {"reset", reset_conn, ERROR_WAIT_RESET, 0},
    {"reset in mid-response", send_half_and_reset_later, ERROR_RECEIVE_RESET, 0},
    {"no response", close_without_response, ERROR_EMPTY, 0},
    {"101", upgrade, ERROR_UPGRADE, 0},
    {"404", send_404, ERROR_NONE, 404},
    {"until the end", close_delimited, ERROR_NONE, 200},
    {"silence", hold, ERROR_TOTAL_TIMEOUT, 0},
};

static void reset_half_responses(void)
{
    for (size_t i = 0; i < MAX_CONNS; i++)
        if (pending[i] && conn_of(i))
            close_conn(conn_of(i), true);
}

static void run_fault(const struct server_fault *fault)
{
    serve = fault->serve;
    begin();
    for (int i = 0; !dones && i < 5000; i++) {
        if (fault->serve == send_half_and_reset_later)
            reset_half_responses();
        pass(MS);
    }
    if (!dones)
        fail_msg("%s: does not end", fault->name);
    expect_over();
}

static void expect_fault(const struct server_fault *fault, uint64_t count)
{
    if (total->started != count || total->in_flight ||
        (fault->error ? total->errors[fault->error] : total->status[fault->status]) != count)
        fail_msg("%s: %lu started, %lu failed, %lu in flight, %lu right", fault->name,
                 total->started, total->failed, total->in_flight,
                 fault->error ? total->errors[fault->error] : total->status[fault->status]);
    assert_int_equal(total->failed, fault->error ? count : 0);
    /* responses, and requests that timed out */
    assert_int_equal(total->latency->count,
                     !fault->error || fault->error == ERROR_TOTAL_TIMEOUT ? count : 0);
}

static void each_fault(void (*shape)(void))
{
    void *state = NULL;

    for (size_t i = 0; i < LENGTH(faults); i++) {
        options.connections = 2;
        options.requests = 7;
        options.timeout = 20 * MS;
        shape();
        run_fault(&faults[i]);
        expect_fault(&faults[i], 7);
        teardown(&state);
        setup(&state);
    }
}

static void as_closed_loop(void)
{
}

static void as_open_loop(void)
{
    options.open_loop = true;
}

static void as_new_connections(void)
{
    options.new_connections = true;
    options.requests_per_connection = 1;
}

static void as_new_connections_in_an_open_loop(void)
{
    as_new_connections();
    as_open_loop();
}

static void as_pipeline(void)
{
    options.pipeline = 3;
}

static void as_pipeline_in_an_open_loop(void)
{
    as_pipeline();
    as_open_loop();
}

static void faults_in_a_closed_loop(void **state)
{
    (void)state;
    each_fault(as_closed_loop);
}

static void faults_in_an_open_loop(void **state)
{
    (void)state;
    each_fault(as_open_loop);
}

static void faults_of_new_connections(void **state)
{
    (void)state;
    each_fault(as_new_connections);
}

static void faults_of_new_connections_in_an_open_loop(void **state)
{
    (void)state;
    each_fault(as_new_connections_in_an_open_loop);
}

/* --- a server that sends before a request --- */

static void close_immediately(void *owner, struct peer_conn *conn)
{
    (void)owner;
    peer_close(conn, false);
}

static void reset_immediately(void *owner, struct peer_conn *conn)
{
    (void)owner;
    peer_close(conn, true);
}

static void send_banner(void *owner, struct peer_conn *conn)
{
    (void)owner;
    peer_send_text(conn, "SSH-2.0-OpenSSH_9.2\r\n");
}

/* One turn, then accepts all connections: the client sees its connection open together with the
   server's bytes or close. */
static void turn_and_accept(void)
{
    clock.now += 100 * NSEC_PER_US;
    loop_turn(loop, 0);
    peer.listener.ready(peer.listener.owner, EPOLLIN);
}

static void run_server_first(void (*on_accept)(void *owner, struct peer_conn *conn), bool open_loop,
                             bool fresh)
{
    void *state = NULL;
    char *why;

    began = clock.now;
    peer.on_accept = on_accept;
    serve = hold;
    options.connections = 2;
    options.requests = 5;
    options.open_loop = open_loop;
    options.new_connections = fresh;
    options.requests_per_connection = fresh;
    options.timeout = NSEC_PER_S;
    load = load_new(&options, &dialer, on_interval, on_done, &total, &why);
    load_start(load);
    for (int i = 0; !dones && i < 10000; i++)
        turn_and_accept();
    if (!dones)
        fail_msg("%zu connections, and the load does not end", peer.accepted);
    expect_over();
    assert_int_equal(total->started, 5);
    assert_int_equal(total->failed, 5);
    teardown(&state);
    setup(&state);
}

static void closed_as_soon_as_accepted(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        run_server_first(close_immediately, i & 1, i & 2);
}

static void reset_as_soon_as_accepted(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        run_server_first(reset_immediately, i & 1, i & 2);
}

static void server_sends_first(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        run_server_first(send_banner, i & 1, i & 2);
}

/* The later requests of a pipeline may fail with other errors or continue on the next connection,
   but all end, and the sums are right. */
static void faults_in_a_pipeline(void **state)
{
    static void (*const shapes[])(void) = {as_pipeline, as_pipeline_in_an_open_loop};

    for (size_t shape = 0; shape < LENGTH(shapes); shape++)
        for (size_t i = 0; i < LENGTH(faults); i++) {
            options.connections = 2;
            options.requests = 7;
            options.timeout = 20 * MS;
            shapes[shape]();
            run_fault(&faults[i]);
            assert_int_equal(total->started, 7);
            assert_int_equal(total->completed + total->failed, 7);
            if (faults[i].error)
                assert_true(total->errors[faults[i].error] > 0);
            teardown(state);
            setup(state);
        }
}

/* Requests after an announced close are not lost: they complete on the next connection. */
static void requests_after_an_announced_close(void **state)
{
    (void)state;
    options.requests = 12;
    options.pipeline = 4;
    serve = send_closing;
    begin();
    finish(MS);
    assert_int_equal(total->completed, 12);
    assert_int_equal(total->failed, 0);
    assert_int_equal(total->started, 12);
    assert_true(peer.accepted >= 12);
}

/* They also complete if an idle client lost its connection before. */
static void unsent_requests_come_first(void **state)
{
    (void)state;
    options.connections = 2;
    options.requests = 5;
    options.pipeline = 4;
    serve = hold;
    begin();
    assert_string_equal(order, "11112");
    peer_send_text(conn_of(2), OK_AND_CLOSE);
    close_conn(conn_of(2), false);
    unit_settle(loop);
    peer_send_text(conn_of(1), OK_AND_CLOSE);
    close_conn(conn_of(1), false);
    unit_settle(loop);
    assert_string_equal(order, "11112333");
    for (int i = 0; i < 3; i++)
        respond(3);
    expect_over();
    assert_int_equal(total->completed, 5);
}

/* The server announces a close and stops: each unsent request fails once. */
static void unsent_requests_of_a_stopped_server(void **state)
{
    (void)state;
    options.requests = 4;
    options.pipeline = 4;
    serve = hold;
    begin();
    assert_int_equal(pending[1], 4);
    loop_close(loop, &peer.listener);
    peer_send_text(conn_of(1), OK_AND_CLOSE);
    close_conn(conn_of(1), false);
    finish(MS);
    assert_int_equal(total->completed, 1);
    assert_int_equal(total->errors[ERROR_CONNECT_REFUSED], 3);
}

static void end_of_an_idle_connection_is_no_failure(void **state)
{
    static const bool resets[] = {false, true};

    (void)state;
    for (size_t i = 0; i < LENGTH(resets); i++) {
        options.open_loop = true;
        options.requests = 3;
        begin();
        for (size_t n = 1; n <= 3; n++) {
            pass_until(n * 10 * MS - 5 * MS, MS);
            assert_int_equal(order_count, n);
            if (conn_of(n))
                close_conn(conn_of(n), resets[i]);
        }
        expect_over();
        assert_int_equal(total->completed, 3);
        assert_string_equal(order, "123");
        assert_int_equal(total->open, 1);
        teardown(state);
        setup(state);
    }
}

/* --- too slow --- */

/* The latency of a request that times out is its age at that time. */
static void timeouts_have_a_latency(void **state)
{
    (void)state;
    options.requests = 3;
    options.timeout = 50 * MS;
    serve = hold;
    begin();
    pass_until(49 * MS, MS);
    assert_int_equal(order_count, 1);
    pass_until(50 * MS, MS);
    assert_string_equal(order, "12"); /* the connection ended with it */
    respond(2);
    finish(MS);
    assert_int_equal(total->errors[ERROR_TOTAL_TIMEOUT], 2);
    assert_int_equal(total->completed, 1);
    assert_int_equal(total->latency->count, 3);
    assert_int_equal(count_at(total->latency, 50 * MS), 2);
    assert_int_equal(count_at(total->latency, 0), 1);
}

/* In an open loop the age counts from the intended start. */
static void timeout_in_an_open_loop(void **state)
{
    (void)state;
    options.open_loop = true;
    options.requests = 2; /* intended at 0 and 10 ms */
    options.timeout = 50 * MS;
    serve = hold;
    begin();
    finish(MS);
    assert_int_equal(total->errors[ERROR_TOTAL_TIMEOUT], 2);
    assert_int_equal(total->latency->count, 2);
    assert_int_equal(count_at(total->latency, 50 * MS), 1);
    assert_int_equal(count_at(total->latency, 90 * MS), 1); /* it waited for 40 ms */
    assert_int_equal(total->raw->count, 0);                 /* no response */
}

/* The oldest request of all connections times out first. */
static void timeouts_of_several_connections(void **state)
{
    (void)state;
    options.connections = 3;
    options.open_loop = true;
    options.requests = 3; /* at 0, 10 and 20 ms */
    options.timeout = 50 * MS;
    serve = hold;
    begin();
    pass_until(45 * MS, MS);
    respond(2);
    finish(MS);
    assert_true(total->to == 70 * MS);
    assert_int_equal(count_at(total->latency, 50 * MS), 2);
    assert_int_equal(count_at(total->latency, 35 * MS), 1);
}

/* --- failures with and without a latency --- */

static void stop_listening(void)
{
    loop_close(loop, &peer.listener);
}

/* A listener with a full backlog: the kernel drops SYNs, and no connection opens. */
static struct {
    int listener, first;
} full;

static void fill_backlog(void)
{
    struct address at;

    assert_true(address_parse(&at, "127.0.0.1", 0));
    full.listener = sock_listen(&at, 0);
    assert_true(full.listener >= 0);
    full.first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(full.first, &at.any, at.length), 0);
    targets_free(targets);
    options.targets = targets = targets_at("http", "127.0.0.1", address_port(&at));
}

static void close_backlog(void)
{
    close(full.first);
    close(full.listener);
}

/* A request whose connection times out took at least that long: it is in the percentiles, in every
   kind of loop. */
static void connection_that_takes_too_long(void **state)
{
    static void (*const shapes[])(void) = {as_closed_loop,     as_open_loop,
                                           as_new_connections, as_new_connections_in_an_open_loop,
                                           as_pipeline,        as_pipeline_in_an_open_loop};

    for (size_t i = 0; i < LENGTH(shapes); i++) {
        fill_backlog();
        dialer.connect_timeout = 400 * MS;
        options.connections = 3;
        options.requests = 7;
        shapes[i]();
        begin();
        finish(10 * MS);
        close_backlog();
        if (total->latency->count != 7 || total->latency->min < 400 * MS)
            fail_msg("loop %zu: %lu in the latency, from %lu", i, total->latency->count,
                     total->latency->min);
        assert_int_equal(total->errors[ERROR_CONNECT_TIMEOUT], 7);
        assert_int_equal(total->raw->count, 0);
        teardown(state);
        setup(state);
    }
}

/* The server is silent for two seconds and then stops. Requests in flight and waiting requests have
   their age as latency; a later request is refused immediately and has none. */
static void refused_after_a_wait(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 1;
    options.schedule.from_rate = options.schedule.to_rate = 10;
    options.requests = 31; /* until 3 s */
    serve = hold;
    begin();
    pass_until(50 * MS, MS);
    respond(1);                     /* the one of 0 ms */
    pass_until(2000 * MS, 10 * MS); /* 100 ms: in flight; 200 ms to 2 s: waiting */
    stop_listening();
    close_conn(conn_of(1), false);
    unit_settle(loop);
    finish(10 * MS);
    assert_int_equal(total->completed, 1);
    assert_int_equal(total->errors[ERROR_EMPTY], 1);
    assert_int_equal(total->errors[ERROR_CONNECT_REFUSED], 29);
    /* the response, the one in flight, and 200 to 1900 ms; that of 2 s was refused immediately */
    assert_int_equal(total->latency->count, 1 + 1 + 18);
    assert_int_equal(count_at(total->latency, 1900 * MS), 1);
    assert_int_equal(count_at(total->latency, 1800 * MS), 1);
    assert_true(total->latency->min == 50 * MS);
}

/* Requests that waited longer than -T have a latency, even without any response. */
static void refused_after_the_timeout(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 1;
    options.schedule.from_rate = options.schedule.to_rate = 10;
    options.requests = 5; /* at 0, 100, ... 400 ms */
    options.timeout = 250 * MS;
    serve = hold;
    begin();
    pass_until(450 * MS, 10 * MS); /* the one of 100 ms is in flight since 250 ms */
    stop_listening();
    finish(10 * MS);
    assert_int_equal(total->errors[ERROR_TOTAL_TIMEOUT], 2);
    assert_int_equal(total->errors[ERROR_CONNECT_REFUSED], 3);
    assert_int_equal(total->latency->count, 3);
    assert_int_equal(count_at(total->latency, 250 * MS), 1);
    assert_int_equal(count_at(total->latency, 400 * MS), 1);
    assert_int_equal(count_at(total->latency, 300 * MS), 1); /* refused at 500 ms, due at 200 ms */
}

/* A failure that is faster than the responses has no latency. */
static void fast_failures_are_no_latency(void **state)
{
    (void)state;
    options.connections = 2;
    options.requests = 12;
    serve = hold;
    begin();
    for (int i = 0; i < 4; i++) { /* four responses of 100 ms each */
        pass(100 * MS);
        respond(1);
    }
    serve = reset_conn;
    close_conn(conn_of(1), true); /* after no time at all */
    close_conn(conn_of(2), true); /* after 400 ms */
    unit_settle(loop);
    finish(MS);
    assert_int_equal(total->completed, 4);
    assert_int_equal(total->failed, 8);
    assert_int_equal(total->latency->count, 5);
    assert_int_equal(count_at(total->latency, 400 * MS), 1);
}

/* --- no listener --- */

static void refused_by_number(void (*shape)(void))
{
    void *state = NULL;

    stop_listening();
    options.connections = 3;
    options.requests = 10;
    shape();
    begin();
    finish(MS);
    assert_int_equal(total->errors[ERROR_CONNECT_REFUSED], 10);
    assert_int_equal(total->started, 10);
    assert_int_equal(total->failed, 10);
    assert_int_equal(total->connections, 0);
    if (options.new_connections) /* one request each */
        assert_int_equal(dialer.connections, 10);
    teardown(&state);
    setup(&state);
}

static void refused(void **state)
{
    static void (*const shapes[])(void) = {as_closed_loop,     as_open_loop,
                                           as_new_connections, as_new_connections_in_an_open_loop,
                                           as_pipeline,        as_pipeline_in_an_open_loop};

    (void)state;
    for (size_t i = 0; i < LENGTH(shapes); i++)
        refused_by_number(shapes[i]);
}

/* The load ends when each connection of its first second has failed. The rate of attempts is
   limited. */
static void refused_by_time(void **state)
{
    static void (*const shapes[])(void) = {as_closed_loop, as_open_loop, as_new_connections,
                                           as_new_connections_in_an_open_loop};

    for (size_t i = 0; i < LENGTH(shapes); i++) {
        stop_listening();
        options.connections = 2;
        options.duration = 10 * NSEC_PER_S;
        shapes[i]();
        begin();
        finish(MS);
        assert_true(total->to == NSEC_PER_S);
        assert_int_equal(total->gave_up, ERROR_CONNECT_REFUSED);
        assert_true(total->errors[ERROR_CONNECT_REFUSED] > 10);
        assert_true(total->errors[ERROR_CONNECT_REFUSED] < 100 || options.open_loop);
        assert_int_equal(total->failed, total->errors[ERROR_CONNECT_REFUSED]);
        if (options.open_loop) {
            assert_int_equal(total->scheduled, 101);
            /* failures have no latency, waiting requests have their age */
            assert_int_equal(total->latency->count, total->waiting + total->in_flight);
        }
        teardown(state);
        setup(state);
    }
}

/* The same in the warm-up. */
static void refused_in_the_warm_up(void **state)
{
    (void)state;
    stop_listening();
    options.warmup = 5 * NSEC_PER_S;
    options.duration = 10 * NSEC_PER_S;
    begin();
    pass_until(NSEC_PER_S - MS, MS);
    assert_int_equal(dones, 0);
    finish(MS);
    assert_int_equal(total->gave_up, ERROR_CONNECT_REFUSED);
    assert_int_equal(total->scheduled, 0);
}

/* A connection that began in the first second may still open: the load waits for it. */
static void refused_while_one_is_pending(void **state)
{
    (void)state;
    targets_free(targets);
    options.targets = targets = targets_at("https", "127.0.0.1", address_port(&peer.at));
    options.connections = 2;
    options.duration = 10 * NSEC_PER_S;
    as_new_connections_in_an_open_loop();
    begin();
    assert_int_equal(peer.accepted, 1); /* the TLS handshake gets no reply */
    stop_listening();
    pass_until(1500 * MS, MS);
    assert_int_equal(dones, 0);
    close_conn(conn_of(1), true);
    unit_settle(loop);
    expect_over();
    assert_true(total->to == 1500 * MS);
    assert_int_not_equal(total->gave_up, ERROR_NONE);
}

/* One connection was open: later failures do not end the load. */
static void refused_after_a_connection(void **state)
{
    (void)state;
    options.open_loop = true;
    options.duration = 5 * NSEC_PER_S;
    begin();
    assert_int_equal(order_count, 1);
    stop_listening();
    close_conn(conn_of(1), true);
    finish(MS);
    assert_int_equal(total->gave_up, ERROR_NONE);
    assert_true(total->to == 5 * NSEC_PER_S);
    assert_true(total->errors[ERROR_CONNECT_REFUSED] > 400);
}

/* Timeouts do not end the load: the delay is measured. */
static void timeouts_do_not_end_the_load(void **state)
{
    static const bool of_connections[] = {false, true};

    for (size_t i = 0; i < LENGTH(of_connections); i++) {
        struct address at = peer.at;
        int fd, client;

        address_parse(&at, "127.0.0.1", 0);
        fd = sock_listen(&at, 0); /* never accepts, and its backlog is full */
        assert_true(fd >= 0);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(client, &at.any, at.length), 0);
        targets_free(targets);
        targets = targets_at("http", "127.0.0.1", address_port(&at));
        options.targets = targets;
        options.open_loop = true;
        options.duration = 3 * NSEC_PER_S;
        options.timeout = 200 * MS;
        options.new_connections = !of_connections[i];
        dialer.connect_timeout = of_connections[i] ? 100 * MS : NSEC_NEVER;
        begin();
        finish(MS);
        assert_int_equal(total->gave_up, ERROR_NONE);
        assert_true(total->to == 3 * NSEC_PER_S);
        assert_int_equal(total->completed, 0);
        assert_true(total->failed > 0);
        close(fd);
        close(client);
        teardown(state);
        setup(state);
    }
}

/* More requests are due than a turn can try, and each connection fails immediately: the run still
   ends
   in time, and closed connections are freed between two turns. */
static void immediate_failures_do_not_delay_the_end(void **state)
{
    static void (*const shapes[])(void) = {as_open_loop, as_new_connections_in_an_open_loop};

    (void)state;
    for (size_t i = 0; i < LENGTH(shapes); i++) {
        dialer.unix_socket = "/nonexistent/socket";
        options.connections = 8;
        options.duration = 100 * MS;
        options.schedule.from_rate = options.schedule.to_rate = 1e6;
        shapes[i]();
        begin();
        clock.now += 100 * MS;
        loop_turn(loop, 0); /* 100,000 are due */
        loop_turn(loop, 0);
        assert_int_equal(dones, 1);
        assert_true(total->failed > 0 && total->failed < 10000);
        expect_over();
        assert_int_equal(total->scheduled, 100000);
        dialer.unix_socket = NULL;
        teardown(&(void *){NULL});
        setup(&(void *){NULL});
    }
}

/* There are more idle connections and due requests than one turn starts: later turns start the
   others. */
static void starts_are_spread_over_turns(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 400;
    options.requests = 800;
    options.schedule.from_rate = options.schedule.to_rate = 1e6;
    serve = hold;
    begin();
    clock.now += NSEC_PER_US * 399;
    TURN_UNTIL(loop, order_count == 400);
    for (size_t i = 1; i <= 400; i++)
        respond(i);
    assert_int_equal(order_count, 400);
    clock.now += NSEC_PER_US * 400;
    TURN_UNTIL(loop, order_count == 800);
    for (size_t i = 1; i <= 400; i++)
        respond(i);
    assert_int_equal(dones, 1);
    assert_true(tally_adds_up(total));
    assert_int_equal(total->completed, 800);
}

/* Only the time in which all connections were busy and requests waited is counted. */
static void time_of_too_few_connections(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 2;
    options.requests = 6; /* at 0, 10, ... 50 ms */
    serve = hold;
    begin();
    pass(10 * MS);
    assert_string_equal(order, "12");
    pass(15 * MS); /* both are busy since 10 ms; the third request waits since 20 ms */
    respond(1);    /* sends the third at 25 ms */
    pass(3 * MS);
    respond(2); /* no request is due before 30 ms */
    pass(2 * MS);
    assert_string_equal(order, "1212");
    pass(15 * MS); /* 45 ms: the fifth waits since 40 ms */
    respond(1);
    respond(2);
    pass(10 * MS);
    while (pending[1])
        respond(1);
    while (pending[2])
        respond(2);
    finish(MS);
    assert_int_equal(total->completed, 6);
    assert_true(total->limited == 10 * MS);
}

/* Also for requests that wait at the end; counted once over all intervals. */
static void time_of_too_few_connections_at_the_end(void **state)
{
    static const bool new_connections[] = {false, true};

    (void)state;
    for (size_t i = 0; i < LENGTH(new_connections); i++) {
        options.open_loop = true;
        options.new_connections = new_connections[i];
        options.duration = 2500 * MS;
        serve = hold;
        begin();
        finish(MS);
        assert_int_equal(total->waiting, 249);
        assert_true(total->limited == 2490 * MS);
        teardown(state);
        setup(state);
    }
}

/* With enough connections no time is limited, also not while they open. */
static void enough_connections_are_no_limit(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 4;
    options.requests = 100;
    serve = hold;
    begin();
    for (int i = 0; i < 100; i++) {
        pass(5 * MS);
        for (size_t number = 1; number <= 4; number++)
            while (pending[number])
                respond(number);
        pass(5 * MS);
    }
    finish(MS);
    assert_int_equal(total->completed, 100);
    assert_true(total->limited == 0);
}

/* Requests in flight at the end are counted as such, and the load waits for their responses. */
static void requests_in_flight_are_drained(void **state)
{
    static const struct {
        bool open_loop, new_connections;
    } shapes[] = {{false, false}, {false, true}, {true, false}, {true, true}};

    for (size_t i = 0; i < LENGTH(shapes); i++) {
        options.open_loop = shapes[i].open_loop;
        options.new_connections = shapes[i].new_connections;
        options.connections = 2;
        options.duration = 100 * MS;
        options.drain = NSEC_PER_S;
        serve = hold;
        begin();
        pass_until(100 * MS, MS);
        assert_int_equal(dones, 0);
        assert_int_equal(interval_count, 1);
        assert_int_equal(total->in_flight, 2);
        respond(1);
        pass(500 * MS);
        assert_int_equal(dones, 0);
        assert_int_equal(order_count, 2); /* nothing new is sent */
        assert_int_equal(peer.accepted, 2);
        respond(2);
        expect_over();
        assert_int_equal(total->completed, 0);
        teardown(state);
        setup(state);
    }
}

/* Draining ends after its time limit, with load_stop, or with the connections. */
static void draining_is_limited(void **state)
{
    for (int stops = 0; stops < 3; stops++) {
        options.connections = 2;
        options.duration = 100 * MS;
        options.drain = NSEC_PER_S;
        serve = hold;
        begin();
        pass(100 * MS);
        pass(999 * MS);
        assert_int_equal(dones, 0);
        if (stops == 0)
            pass(MS);
        else if (stops == 1)
            load_stop(load);
        else
            close_conn(conn_of(1), true), close_conn(conn_of(2), false);
        unit_settle(loop);
        expect_over();
        assert_int_equal(total->in_flight, 2);
        assert_int_equal(total->failed, 0);
        teardown(state);
        setup(state);
    }
}

/* A server that starts later is used. */
static void server_that_starts_later(void **state)
{
    int fd = peer.listener.fd;

    (void)state;
    close(dup(fd));
    options.connections = 1;
    options.open_loop = true;
    options.requests = 20;
    dialer.map = NULL;
    loop_close(loop, &peer.listener);
    begin();
    pass_until(50 * MS, MS);
    assert_true(peer.accepted == 0);
    fd = sock_listen(&peer.at, SOCK_BACKLOG);
    assert_true(fd >= 0);
    assert_int_equal(loop_watch(loop, &peer.listener, fd, EPOLLIN), 0);
    finish(MS);
    assert_true(total->errors[ERROR_CONNECT_REFUSED] > 0);
    assert_true(total->completed > 0);
    assert_int_equal(total->completed + total->failed, 20);
    assert_int_equal(peer.accepted, 1);
}

/* --- open loop --- */

static void as_slow_open_loop(size_t connections)
{
    options.open_loop = true;
    options.connections = connections;
    options.schedule.from_rate = options.schedule.to_rate = 10; /* one every 100 ms */
    serve = hold;
}

static void open_loop_on_time(void **state)
{
    (void)state;
    as_slow_open_loop(4);
    options.requests = 10;
    serve = send_ok;
    begin();
    finish(MS);
    assert_int_equal(total->scheduled, 10);
    assert_int_equal(total->completed, 10);
    assert_true(total->to == NSEC_PER_S); /* though the last was responded to at 900 ms */
    assert_int_equal(total->send_delay->count, 10);
    assert_true(total->send_delay->max == 0);
    assert_int_equal(total->latency->count, 10);
    assert_true(total->latency->max == 0);
    assert_int_equal(total->raw->count, 10);
    assert_string_equal(order, "1111111111"); /* one connection is enough */
}

static void idle_connections_alternate(void **state)
{
    (void)state;
    as_slow_open_loop(3);
    begin();
    pass_until(200 * MS, MS);
    assert_string_equal(order, "123"); /* all were busy: another was opened */
    respond(1);
    respond(3);
    respond(2);
    pass_until(300 * MS, MS);
    respond(1);
    pass_until(400 * MS, MS);
    pass_until(500 * MS, MS);
    pass_until(600 * MS, MS);
    assert_string_equal(order, "1231321");
    stop();
    assert_int_equal(peer.accepted, 3);
}

static void waiting_requests_start_in_order(void **state)
{
    static const nsec latencies[] = {350, 300, 250, 200, 150};

    (void)state;
    as_slow_open_loop(1);
    options.requests = 5; /* at 0, 100, ... 400 ms */
    begin();
    for (int i = 0; i < 5; i++) { /* responses at 350, 400, ... 550 ms */
        pass_until(350 * MS + (nsec)i * 50 * MS, MS);
        respond(1);
    }
    expect_over();
    assert_int_equal(total->completed, 5);
    assert_int_equal(total->latency->count, 5);
    for (size_t i = 0; i < LENGTH(latencies); i++)
        assert_int_equal(count_at(total->latency, latencies[i] * MS), 1);
    assert_int_equal(count_at(total->raw, 50 * MS), 4); /* the first took 350 ms */
    assert_int_equal(count_at(total->raw, 350 * MS), 1);
    assert_true(total->send_delay->max <= MS); /* the client did not cause the wait */
}

static void waiting_requests_are_counted(void **state)
{
    (void)state;
    as_slow_open_loop(2);
    options.duration = 1950 * MS;
    begin();
    finish(50 * MS);
    assert_int_equal(interval_count, 2);
    assert_int_equal(intervals[0].scheduled, 11); /* 0, 100, ... 1000 ms */
    assert_int_equal(intervals[0].waiting, 9);
    assert_int_equal(intervals[0].in_flight, 2);
    assert_int_equal(intervals[1].waiting, 18);
    assert_int_equal(total->scheduled, 20);
    assert_int_equal(total->started, 2);
    assert_int_equal(total->in_flight, 2);
    /* at the end, unfinished requests have their age: 1950, 1850, ... 50 ms */
    assert_int_equal(total->latency->count, 20);
    assert_true(total->latency->max == 1950 * MS);
    assert_true(total->latency->min == 50 * MS);
    assert_int_equal(count_at(total->latency, 950 * MS), 1);
    assert_int_equal(total->raw->count, 0);
}

/* Billions of requests wait at the end, too many to count one by one: each has its age. */
static void billions_wait(void **state)
{
    const nsec length = 3000 * NSEC_PER_S;

    (void)state;
    options.open_loop = true;
    options.connections = 2;
    options.duration = length;
    options.schedule.from_rate = options.schedule.to_rate = 10000000;
    serve = hold;
    begin();
    while (!dones)
        pass(100 * NSEC_PER_S);
    expect_over();
    assert_true(total->scheduled == 30000000000);
    assert_int_equal(total->in_flight, 2);
    assert_true(total->latency->count == 30000000000);
    assert_true(total->latency->max == length);
    assert_true(total->latency->min == 100); /* the last was due 100 ns before the end */
    for (unsigned percent = 1; percent < 100; percent++) {
        nsec exact = length * percent / 100, is = histogram_at(total->latency, percent);

        if (is < exact || is - exact > exact / 1000)
            fail_msg("p%u: %lu instead of %lu", percent, is, exact);
    }
}

/* Poisson arrivals with a warm-up: all are counted, with ages exact to 0.2%. */
static void millions_of_poisson_arrivals_wait(void **state)
{
    static const double percents[] = {0.001, 0.01, 0.1, 1, 5, 10, 25, 50, 75, 90, 99, 99.9, 99.99};
    struct histogram *exact = histogram_new();
    struct schedule schedule;
    nsec end, measured;

    (void)state;
    options.open_loop = true;
    options.connections = 1;
    options.warmup = NSEC_PER_S;
    options.duration = 2 * NSEC_PER_S;
    options.schedule = (struct schedule_options){.arrival = ARRIVAL_POISSON,
                                                 .from_rate = 1000000,
                                                 .to_rate = 3000000,
                                                 .ramp = 2 * NSEC_PER_S,
                                                 .shares = 1,
                                                 .seed = 7};
    serve = hold;
    begin();
    measured = began + options.warmup;
    end = measured + options.duration;
    while (!dones)
        pass(500 * MS);
    expect_over();
    schedule_start(&schedule, &options.schedule, began);
    while (schedule_peek(&schedule) < end) {
        nsec at = schedule_take(&schedule);

        if (at >= measured)
            histogram_record(exact, end - at);
    }
    assert_true(exact->count > 5000000);
    assert_int_equal(total->waiting, exact->count);
    assert_int_equal(total->latency->count, exact->count);
    assert_true(total->latency->min == exact->min);
    for (size_t i = 0; i < LENGTH(percents); i++) {
        double percent = percents[i];
        nsec is = histogram_at(total->latency, percent), wanted = histogram_at(exact, percent);

        if (is > wanted + wanted / 500 + 1 || wanted > is + is / 500 + 1)
            fail_msg("p%g: %lu instead of %lu", percent, is, wanted);
    }
    histogram_free(exact);
}

/* The span of an open loop is that of its schedule: five requests at 10/s span 500 ms, although the
   loop sees the end a little later. */
static void span_of_the_schedule(void **state)
{
    static const struct {
        uint64_t requests;
        nsec duration, warmup, step, span;
        double rate;
        uint64_t completed;
    } cases[] = {
        {5, NSEC_NEVER, 0, MS, 500 * MS, 10, 5},
        {5, NSEC_NEVER, 250 * MS, MS, 550 * MS, 10, 5}, /* due at 300 to 700 ms; then at 800 ms */
        {5, 300 * MS, 0, MS, 300 * MS, 10, 3},
        {0, NSEC_PER_S, 0, 300 * NSEC_PER_US, NSEC_PER_S, 100, 100},
        {0, 3 * NSEC_PER_S, 0, 290 * MS, 3 * NSEC_PER_S, 10, 30},
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        options.open_loop = true;
        options.requests = cases[i].requests;
        options.duration = cases[i].duration;
        options.warmup = cases[i].warmup;
        options.schedule.from_rate = options.schedule.to_rate = cases[i].rate;
        begin();
        finish(cases[i].step);
        if (total->to != cases[i].span)
            fail_msg("case %zu: %lu", i, total->to);
        assert_int_equal(total->completed, cases[i].completed);
        assert_int_equal(intervals[interval_count - 1].to, total->to);
        assert_true(intervals[interval_count - 1].to > intervals[interval_count - 1].from);
        teardown(state);
        setup(state);
    }
}

/* Responses after the end of the schedule extend the span. */
static void span_of_a_slow_server(void **state)
{
    (void)state;
    as_slow_open_loop(5);
    options.requests = 5;
    begin();
    pass_until(2 * NSEC_PER_S, 50 * MS);
    for (size_t i = 1; i <= 5; i++)
        respond(i);
    expect_over();
    assert_true(total->to == 2 * NSEC_PER_S);
}

/* A stop ends the span. */
static void span_until_it_was_stopped(void **state)
{
    (void)state;
    as_slow_open_loop(1);
    options.requests = 5;
    options.duration = NSEC_PER_S;
    begin();
    pass_until(250 * MS, 50 * MS);
    stop();
    assert_true(total->to == 250 * MS);
}

/* One of three processes: the span is that of the schedule of all three. */
static void span_of_a_share(void **state)
{
    for (unsigned share = 0; share < 3; share++) {
        as_slow_open_loop(1);
        serve = send_ok;
        options.schedule.share = share;
        options.schedule.shares = 3;
        options.all_requests = 7;
        options.requests = share ? 2 : 3;
        begin();
        finish(MS);
        assert_true(total->to == 700 * MS);
        teardown(state);
        setup(state);
    }
}

static void stopped_while_requests_wait(void **state)
{
    (void)state;
    as_slow_open_loop(1);
    options.requests = 100;
    begin();
    pass_until(450 * MS, 50 * MS);
    respond(1);
    stop();
    assert_int_equal(total->scheduled, 5);
    assert_int_equal(total->completed, 1);
    assert_int_equal(total->in_flight, 1);
    assert_int_equal(total->waiting, 3);
    assert_int_equal(total->latency->count, 5);
    assert_int_equal(total->unfinished->count, 0); /* already in the latency */
}

static void open_loop_after_a_warm_up(void **state)
{
    (void)state;
    as_slow_open_loop(1);
    options.warmup = 250 * MS;
    options.duration = 500 * MS; /* due at 300, 400, ... 700 ms */
    begin();
    pass_until(350 * MS, MS); /* those due at 100 to 300 ms wait */
    respond(1);               /* due at 0 ms */
    respond(1);               /* due at 100 ms, in the warm-up, and started after it */
    respond(1);
    finish(MS);
    assert_int_equal(total->scheduled, 5);
    assert_int_equal(total->started, 1);
    assert_int_equal(total->in_flight, 1);
    assert_int_equal(total->waiting, 4);
    assert_int_equal(total->completed, 0);
    assert_int_equal(total->latency->count, 5);
    assert_true(total->latency->max == 450 * MS);
    assert_int_equal(total->send_delay->count, 1);
}

static void pipelined_in_an_open_loop(void **state)
{
    (void)state;
    as_slow_open_loop(2);
    options.pipeline = 2;
    begin();
    pass_until(450 * MS, MS);
    assert_string_equal(order, "1122"); /* pipelines are filled before another connection opens */
    respond(2);
    assert_string_equal(order, "11222");
    stop();
    assert_int_equal(total->scheduled, 5);
    assert_int_equal(total->in_flight, 4);
}

static void new_connections_in_an_open_loop(void **state)
{
    (void)state;
    as_slow_open_loop(2);
    as_new_connections();
    options.requests = 5;
    begin();
    pass_until(250 * MS, MS);
    assert_string_equal(order, "12"); /* the one of 200 ms waits */
    respond(2);
    assert_string_equal(order, "123");
    for (size_t i = 0; i < 4; i++) {
        static const size_t next[] = {1, 3, 4, 5};

        pass(100 * MS);
        respond(next[i]);
    }
    expect_over();
    assert_int_equal(total->completed, 5);
    assert_int_equal(total->connections, 5);
}

/* Requests that became due during an absence start immediately on idle connections. No
   connection is opened for them. */
static void idle_connections_take_all_due_requests(void **state)
{
    (void)state;
    as_slow_open_loop(5);
    begin();
    pass_until(200 * MS, MS); /* three connections */
    for (size_t i = 1; i <= 3; i++)
        respond(i);
    pass(290 * MS); /* 300 and 400 ms have passed meanwhile */
    assert_int_equal(order_count, 5);
    assert_int_equal(peer.accepted, 3);
    stop();
}

/* The same while the loop is at work: each reading advances the clock. */
static void due_while_others_are_started(void **state)
{
    (void)state;
    as_slow_open_loop(6);
    begin();
    pass_until(200 * MS, MS);
    for (size_t i = 1; i <= 3; i++)
        respond(i);
    pass_until(299 * MS, MS);
    clock.now = began + 399950 * NSEC_PER_US; /* 300 ms is due, 400 ms almost */
    clock.tick = 100 * NSEC_PER_US;
    loop_turn(loop, 0);
    clock.tick = 0;
    unit_settle(loop);
    assert_true(clock.now - began > 400 * MS && clock.now - began < 500 * MS);
    assert_int_equal(order_count, 5);
    assert_int_equal(peer.accepted, 3);
    stop();
}

/* A response arrives when two more requests are due: one uses its connection, the other an idle
   one. */
static void due_while_a_response_is_read(void **state)
{
    (void)state;
    as_slow_open_loop(3);
    begin();
    pass_until(200 * MS, MS);
    respond(1);
    respond(2);
    pass_until(250 * MS, MS);
    send_ok(conn_of(3));
    clock.tick = 45 * MS; /* the turn begins when nothing is due, and ends when two are */
    loop_turn(loop, 0);
    clock.tick = 0;
    unit_settle(loop);
    assert_true(clock.now - began > 400 * MS && clock.now - began < 500 * MS);
    assert_int_equal(order_count, 5);
    stop();
}

/* --- stamps, sources, gaps --- */

static size_t order_of(char connection)
{
    size_t count = 0;

    for (size_t i = 0; i < order_count; i++)
        count += order[i] == connection;
    return count;
}

/* Responses that should have a kernel timestamp. */
static uint64_t stamped(void)
{
    return total->kernel_latency->count + total->stamps_missing + total->stamps_unusable;
}

static void every_nth_connection_is_stamped(void **state)
{
    static const unsigned every[] = {0, 1, 2, 3, 16};

    for (size_t i = 0; i < LENGTH(every); i++) {
        uint64_t expected = 0;

        options.connections = 4;
        options.requests = 40;
        options.stamped_every = every[i];
        begin();
        finish(MS);
        for (unsigned n = 0; every[i] && n < 4; n += every[i])
            expected += order_of((char)('1' + n));
        assert_int_equal(stamped(), expected);
        assert_true(!every[i] || expected > 0);
        teardown(state);
        setup(state);
    }
}

/* With ten seconds between request and response, every timestamp is between them. */
static void stamp_splits_the_latency(void **state)
{
    (void)state;
    options.requests = 1000;
    options.stamped_every = 1;
    serve = hold;
    begin();
    for (int i = 0; i < 1000; i++) {
        clock.now += 10 * NSEC_PER_S;
        respond(1);
        if (total->kernel_latency->count)
            break;
    }
    stop();
    assert_true(total->kernel_latency->count > 0);
    assert_int_equal(total->stamps_unusable, 0);
    assert_int_equal(total->kernel_latency->count, total->client_delay->count);
    assert_true(total->kernel_latency->max + total->client_delay->min <= 10 * NSEC_PER_S);
    assert_true(total->kernel_latency->min + total->client_delay->max >= 10 * NSEC_PER_S);
}

/* No time passes between most requests and their responses, so that no timestamp is between them,
   as after a jump of the wall clock. */
static void stamp_outside_of_the_request(void **state)
{
    (void)state;
    options.requests = 1000;
    options.stamped_every = 1;
    begin();
    finish(0);
    assert_true(total->stamps_unusable > 0);
    assert_int_equal(stamped(), 1000);
    assert_int_equal(total->kernel_latency->count, total->client_delay->count);
}

static void sources_alternate(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
    struct sock_source sources[LENGTH(addresses)];
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < LENGTH(addresses); i++)
        assert_null(sock_source_parse(&sources[i], addresses[i]));
    options.connections = 5;
    options.sources = sources;
    options.source_count = LENGTH(sources);
    serve = hold;
    begin();
    assert_int_equal(peer.open, 5);
    for (size_t i = 0; i < 5; i++) {
        struct address from = {.length = sizeof(from.v6)};

        assert_int_equal(getpeername(conn_of(i + 1)->sock->watch.fd, &from.any, &from.length), 0);
        *strchr(address_text(&from, text), ':') = '\0';
        assert_string_equal(text, addresses[i % LENGTH(addresses)]);
    }
    stop();
}

static void longest_gap(void **state)
{
    static const nsec responses[] = {10, 20, 70, 80};

    (void)state;
    options.connections = 1;
    serve = hold;
    begin();
    for (size_t i = 0; i < LENGTH(responses); i++) {
        pass_until(responses[i] * MS, MS);
        respond(1);
    }
    pass_until(100 * MS, MS);
    stop();
    assert_true(total->gap == 50 * MS);
    assert_true(total->gap_at == 20 * MS);
}

static void gap_at_the_end(void **state)
{
    (void)state;
    serve = hold;
    begin();
    pass_until(10 * MS, MS);
    respond(1);
    pass_until(100 * MS, MS);
    stop();
    assert_true(total->gap == 90 * MS);
    assert_true(total->gap_at == 10 * MS);
}

static void gap_without_a_response(void **state)
{
    (void)state;
    serve = hold;
    begin();
    pass_until(1200 * MS, 100 * MS);
    stop();
    assert_true(total->gap == 1200 * MS);
    assert_true(total->gap_at == 0);
}

static void targets_by_seed(void **state)
{
    static const unsigned weights[] = {1, 3};
    struct site *sites[2];
    size_t other_origin;
    char text[64];

    (void)state;
    targets_free(targets);
    for (size_t i = 0; i < 2; i++) {
        sites[i] = site_new();
        snprintf(text, sizeof(text), "http://127.0.0.1:%u/%s", address_port(&peer.at),
                 i ? "longer" : "");
        assert_null(url_parse(&sites[i]->url, text, strlen(text)));
    }
    options.targets = targets = targets_new(sites, weights, 2, HTTP_1_1_ONLY, false, &other_origin);
    options.requests = 400;
    options.seed = 1;
    begin();
    finish(MS);
    assert_int_equal(total->completed, 400);
    { /* the bytes sent show how often the longer one was chosen */
        size_t shorter = targets_pick(targets, 0)->count;
        uint64_t longer = (total->bytes_out - 400 * shorter) / strlen("longer");

        assert_int_equal(400 * shorter + longer * strlen("longer"), total->bytes_out);
        assert_in_range(longer, 260, 340);
    }
}

/* --- addresses --- */

static const struct nameserver_rule two_addresses[] = {
    {.name = "many.test", .v4 = "127.0.0.1 127.0.0.2", .ttl = NAMESERVER_TTL_NONE},
    {.name = NULL},
};
static const struct nameserver_rule other_addresses[] = {
    {.name = "many.test", .v4 = "127.0.0.2 127.0.0.3", .ttl = NAMESERVER_TTL_NONE},
    {.name = NULL},
};
static struct nameserver nameserver;

/* After the fourth connection, the name has other addresses. */
static void change_after_four(struct peer_conn *conn)
{
    send_ok(conn);
    if (conn->number == 4)
        nameserver.rules = other_addresses;
}

static void expect_address(size_t index, const char *text, uint64_t connections)
{
    const struct tally_address *one = &total->addresses[index];
    struct address wanted;

    assert_true(address_parse(&wanted, text, address_port(&peer.at)));
    assert_true(address_same(&one->address, &wanted));
    assert_int_equal(one->connections, connections);
    assert_int_equal(one->completed, connections);
    assert_int_equal(one->failed, 0);
    assert_int_equal(one->dropped, ERROR_NONE);
}

/* TTLs are respected: a connection uses the addresses that are valid when it is made. */
static void connections_are_spread_over_addresses(void **state)
{
    struct resolver_options resolving = {0};
    const char *why;

    (void)state;
    loop_set_clock(loop, NULL, NULL);
    nameserver_start(&nameserver, loop, two_addresses);
    resolving.servers = nameserver.servers;
    dialer.resolver = resolver_new(loop, &resolving, &why);
    assert_non_null(dialer.resolver);
    peer_stop(&peer);
    peer_start(&peer, loop, "0.0.0.0", on_received, NULL);
    targets_free(targets);
    options.targets = targets = targets_at("http", "many.test", address_port(&peer.at));
    options.requests = 12;
    options.requests_per_connection = 1;
    options.new_connections = true;
    serve = change_after_four;
    begin();
    TURN_UNTIL(loop, dones);
    assert_int_equal(total->completed, 12);
    assert_int_equal(total->address_count, 3);
    expect_address(0, "127.0.0.1", 2);
    expect_address(1, "127.0.0.2", 6);
    expect_address(2, "127.0.0.3", 4);
    load_free(load);
    load = NULL;
    resolver_free(dialer.resolver);
    nameserver_stop(&nameserver);
}

/* --- TLS --- */

static void run_with_resume(unsigned percent, uint64_t min, uint64_t max)
{
    struct resolver_options resolving = {0};
    struct origin *origin;
    struct dial_map map;
    const char *why, *pem;
    char servers[ADDRESS_TEXT_BYTES];

    loop_set_clock(loop, NULL, NULL);
    origin = origin_new(loop, &why);
    assert_non_null(origin);
    origin_get_map(origin, &map, &pem);
    resolving.servers = address_text(&map.nameserver, servers);
    dialer.resolver = resolver_new(loop, &resolving, &why);
    assert_non_null(dialer.resolver);
    dialer.map = &map;
    dialer.trust.authorities_pem = pem;
    targets_free(targets);
    options.targets = targets = targets_at("https", "a.example", 443);
    options.versions = HTTP_1_1_ONLY;
    options.requests = 20;
    options.requests_per_connection = 1;
    options.new_connections = true;
    options.resume_percent = percent;
    begin();
    TURN_UNTIL(loop, dones);
    assert_int_equal(total->completed, 20);
    assert_int_equal(total->connections, 20);
    assert_int_equal(total->handshakes, 20);
    assert_in_range(total->resumed, min, max);
    load_free(load);
    load = NULL;
    resolver_free(dialer.resolver);
    origin_free(origin);
}

/* The first connection has no session to resume. */
static void share_of_resumed_sessions(void **state)
{
    static const struct {
        unsigned percent;
        uint64_t min, max;
    } cases[] = {{0, 0, 0}, {25, 4, 5}, {50, 9, 10}, {100, 19, 19}};

    for (size_t i = 0; i < LENGTH(cases); i++) {
        run_with_resume(cases[i].percent, cases[i].min, cases[i].max);
        teardown(state);
        setup(state);
    }
}

/* A server without TLS, or a silent one: each unsent request fails with the handshake's error. */
static void handshakes_that_fail(void **state)
{
    static const struct {
        void (*on_accept)(void *owner, struct peer_conn *conn);
        enum error error;
    } cases[] = {{send_banner, ERROR_TLS_NOT_TLS},
                 {close_immediately, ERROR_TLS_CLOSED},
                 {NULL, ERROR_TLS_TIMEOUT}};

    for (size_t i = 0; i < LENGTH(cases) * 4; i++) {
        targets_free(targets);
        options.targets = targets = targets_at("https", "127.0.0.1", address_port(&peer.at));
        peer.on_accept = cases[i / 4].on_accept;
        dialer.trust.insecure = true;
        dialer.tls_timeout = 10 * MS;
        options.connections = 2;
        options.requests = 5;
        options.open_loop = i & 1;
        options.new_connections = i & 2;
        options.requests_per_connection = options.new_connections;
        options.resume_percent = 50;
        begin();
        finish(MS);
        assert_int_equal(total->errors[cases[i / 4].error], 5);
        assert_int_equal(total->failed, 5);
        assert_int_equal(total->handshakes + total->connections, 0);
        if (cases[i / 4].error == ERROR_TLS_TIMEOUT) /* each waited until the timeout */
            assert_true(total->latency->count == 5 && total->latency->min >= 10 * MS);
        else
            assert_int_equal(total->latency->count, 0);
        teardown(state);
        setup(state);
    }
}

static void tls_setup_fails(void **state)
{
    char *why = NULL;

    (void)state;
    targets_free(targets);
    options.targets = targets = targets_at("https", "127.0.0.1", 1);
    dialer.trust.authorities_pem = "no such thing";
    assert_null(load_new(&options, &dialer, on_interval, on_done, &total, &why));
    assert_non_null(why);
    free(why);
}

/* --- the verdict --- */

static enum verdict verdict(void)
{
    /* real times, not of the fake clock */
    total->cpu_user = total->cpu_system = total->starved = 0;
    return verdict_judge(total, 0).verdict;
}

/* A timer that takes 20 ms of every 25. */
static struct timer spin;

static void on_spin(void *owner)
{
    (void)owner;
    clock.now += 20 * MS;
    loop_arm(loop, &spin, clock.now + 5 * MS);
}

static void busy_loop_is_saturated(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 50;
    options.duration = NSEC_PER_S;
    options.schedule.from_rate = options.schedule.to_rate = 500;
    timer_init(&spin, on_spin, NULL, "test");
    begin();
    loop_arm(loop, &spin, clock.now + 5 * MS);
    finish(100 * NSEC_PER_US);
    loop_cancel(loop, &spin);
    assert_true(total->lag->max >= 19 * MS);
    assert_true(total->send_delay->max >= 15 * MS);
    total->suspended = total->suspension = 0; /* the work took no real time */
    assert_int_equal(verdict(), VERDICT_SATURATED);
}

/* Completes one request every 20 ms, over all connections. */
static struct timer slowness;

static void on_slowness(void *owner)
{
    (void)owner;
    for (size_t i = 0; i < MAX_CONNS; i++)
        if (pending[i] && conn_of(i)) {
            send_ok(conn_of(i));
            break;
        }
    loop_arm(loop, &slowness, slowness.deadline + 20 * MS);
}

static void slow_server_is_no_saturation(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 10;
    options.duration = NSEC_PER_S;
    options.schedule.from_rate = options.schedule.to_rate = 500;
    serve = hold;
    timer_init(&slowness, on_slowness, NULL, "test");
    loop_arm(loop, &slowness, clock.now + 20 * MS);
    begin();
    for (int i = 0; !dones && i < 20000; i++)
        pass(100 * NSEC_PER_US);
    loop_cancel(loop, &slowness);
    expect_over();
    assert_true(total->latency->max >= 900 * MS);
    assert_true(total->waiting > 400);
    assert_int_equal(verdict(), VERDICT_OK);
}

/* The program did not run for half a second: requests that became due in that time are late because
   of the client, in whichever turn they start, with or without an idle connection. */
static void pause_is_reported(void **state)
{
    (void)state;
    options.open_loop = true;
    options.connections = 5;
    options.duration = 2 * NSEC_PER_S;
    options.schedule.from_rate = options.schedule.to_rate = 500;
    begin();
    pass_until(NSEC_PER_S, MS);
    pass(500 * MS);
    finish(MS);
    assert_int_equal(total->completed, 1000);
    assert_true(total->latency->count - histogram_up_to(total->latency, VERDICT_LATE) >= 200);
    assert_true(total->send_delay->count - histogram_up_to(total->send_delay, VERDICT_LATE) >= 200);
    assert_in_range(total->suspension, 450 * MS, 500 * MS);
    assert_int_equal(verdict(), VERDICT_SUSPENDED);
}

/* The same in a closed loop, which has no intended starts. Kernel timestamps do not prove a slow
   server: a request that started in the pause may have been sent after it. */
static void pause_of_a_closed_loop_is_reported(void **state)
{
    (void)state;
    options.connections = 2;
    options.stamped_every = 1;
    serve = hold;
    begin();
    for (int i = 0; i < 50; i++) {
        pass(10 * MS);
        respond(1);
    }
    send_ok(conn_of(1)); /* arrives during the pause */
    clock.now += 700 * MS;
    unit_settle(loop);
    stop();
    assert_in_range(total->suspension, 600 * MS, 700 * MS);
    assert_true(total->suspended == total->suspension);
    assert_true(total->gap == 700 * MS);
    assert_true(total->gap_absent == 700 * MS);
    assert_true(total->proven <= 10 * MS);
    assert_int_equal(verdict(), VERDICT_SUSPENDED);
}

/* A slow server is no suspension, and its gap is not counted as the client's. */
static void gap_of_a_slow_server(void **state)
{
    (void)state;
    options.connections = 2;
    options.stamped_every = 1;
    serve = hold;
    begin();
    for (int i = 0; i < 50; i++) {
        pass(10 * MS);
        respond(1);
    }
    pass_until(1200 * MS, 10 * MS);
    respond(1);
    stop();
    assert_true(total->suspended == 0 && total->suspension == 0);
    assert_true(total->gap == 700 * MS);
    assert_true(total->gap_absent == 0);
    if (total->kernel_latency->count) /* the kernel timestamps prove it */
        assert_true(total->kernel_latency->count < 51 || total->proven >= 690 * MS);
    assert_int_equal(verdict(), VERDICT_OK);
}

/* A response that arrives in time, during a pause of the client, counts as a response. The next
   request times out. */
static void pause_is_no_timeout(void **state)
{
    (void)state;
    options.requests = 2;
    options.timeout = 100 * MS;
    serve = hold;
    begin();
    pass(50 * MS);
    send_ok(conn_of(1));
    clock.now += 700 * MS;
    unit_settle(loop);
    finish(10 * MS);
    assert_int_equal(total->completed, 1);
    assert_int_equal(count_at(total->latency, 750 * MS), 1);
    assert_int_equal(total->errors[ERROR_TOTAL_TIMEOUT], 1);
    assert_true(total->latency->min >= 100 * MS && total->latency->min <= 120 * MS);
}

/* The program is stopped until after the end of the run. */
static void pause_until_the_end_is_reported(void **state)
{
    (void)state;
    options.duration = NSEC_PER_S;
    serve = hold;
    begin();
    pass_until(900 * MS, 10 * MS);
    finish(700 * MS);
    assert_in_range(total->suspension, 500 * MS, 600 * MS); /* the end is at 1 s */
    assert_int_equal(verdict(), VERDICT_SUSPENDED);
}

/* Requests wait for a DNS lookup; then all their connections open in a few slow turns. This wait is
   no delay of the client. */
static void wait_for_a_name_is_no_delay(void **state)
{
    static const struct nameserver_rule rules[] = {
        {.name = "a.example", .v4 = "127.0.0.1", .behavior = NAMESERVER_HELD}, {0}};
    struct nameserver server;
    struct resolver_options resolving = {.servers = server.servers, .family = RESOLVE_IPV4};
    const char *why;

    (void)state;
    nameserver_start(&server, loop, rules);
    dialer.resolver = resolver_new(loop, &resolving, &why);
    assert_non_null(dialer.resolver);
    targets_free(targets);
    options.targets = targets = targets_at("http", "a.example", address_port(&peer.at));
    options.open_loop = true;
    options.connections = 64;
    options.requests = 25;
    begin();
    pass_until(230 * MS, MS);
    assert_int_equal(total->connections, 0);
    clock.tick = 100 * NSEC_PER_US; /* each reading advances the clock */
    nameserver_release(&server);
    for (int i = 0; i < 2000 && order_count < 20; i++)
        loop_turn(loop, 0);
    clock.tick = 0;
    finish(MS);
    assert_int_equal(total->completed, 25);
    assert_true(total->latency->max >= 230 * MS);
    assert_true(total->lag->max > 2 * VERDICT_LATE);
    assert_true(total->send_delay->count - histogram_up_to(total->send_delay, VERDICT_LATE) <= 5);
    load_free(load);
    load = NULL;
    resolver_free(dialer.resolver);
    nameserver_stop(&server);
}

static void on_slow_event(void *owner, uint32_t events)
{
    uint64_t count;

    (void)events;
    clock.now += 6 * MS;
    assert_int_equal(read(*(int *)owner, &count, sizeof(count)), sizeof(count));
}

/* A request becomes due in a long turn while a connection is idle. The delay is the client's, even
   if another connection gets a response in that turn and takes the request. */
static void late_with_an_idle_connection(void **state)
{
    struct watch slow;
    uint64_t one = 1;
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    (void)state;
    options.open_loop = true;
    options.connections = 2;
    options.requests = 3; /* at 0, 10 and 20 ms */
    serve = hold;
    begin();
    pass(10 * MS);
    respond(2); /* it is idle now */
    pass(9 * MS);
    watch_init(&slow, on_slow_event, &fd, "test");
    assert_int_equal(loop_watch(loop, &slow, fd, EPOLLIN), 0);
    unit_settle(loop);
    assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one)); /* first in the batch */
    respond(1);
    loop_close(loop, &slow);
    assert_int_equal(total->started, 0); /* not reported yet */
    stop();
    assert_int_equal(total->started, 3);
    assert_true(total->send_delay->max >= 5 * MS);
}

/* The oldest request of a pipeline times out and ends the connection. The later ones have no
   response: their latency is their age. */
static void younger_requests_end_with_their_age(void **state)
{
    (void)state;
    options.open_loop = true;
    options.pipeline = 2;
    options.timeout = 100 * MS;
    options.requests = 2; /* at 0 and 10 ms */
    serve = hold;
    begin();
    finish(10 * MS);
    assert_int_equal(total->failed, 2);
    assert_int_equal(total->latency->count, 2);
    assert_int_equal(count_at(total->latency, 100 * MS), 1);
    assert_int_equal(count_at(total->latency, 90 * MS), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(closed_loop_with_a_number_of_requests),
        CASE(pause_is_reported),
        CASE(pause_of_a_closed_loop_is_reported),
        CASE(pause_until_the_end_is_reported),
        CASE(pause_is_no_timeout),
        CASE(gap_of_a_slow_server),
        CASE(wait_for_a_name_is_no_delay),
        CASE(younger_requests_end_with_their_age),
        CASE(late_with_an_idle_connection),
        CASE(closed_loop_with_a_duration),
        CASE(intervals_and_a_shorter_last_one),
        CASE(number_of_requests_comes_first),
        CASE(duration_comes_first),
        CASE(no_more_connections_than_requests),
        CASE(warm_up_does_not_count),
        CASE(failures_of_the_warm_up_do_not_count),
        CASE(stopped_in_the_warm_up),
        CASE(stopped_in_flight),
        CASE(stopped_immediately),
        CASE(freed_when_done),
        CASE(freed_before_its_end),
        CASE(many_connections),
        CASE(pipelined),
        CASE(requests_per_connection),
        CASE(requests_per_connection_pipelined),
        CASE(new_connection_for_each_request),
        CASE(faults_in_a_closed_loop),
        CASE(faults_in_an_open_loop),
        CASE(faults_of_new_connections),
        CASE(faults_of_new_connections_in_an_open_loop),
        CASE(faults_in_a_pipeline),
        CASE(closed_as_soon_as_accepted),
        CASE(reset_as_soon_as_accepted),
        CASE(server_sends_first),
        CASE(requests_after_an_announced_close),
        CASE(unsent_requests_come_first),
        CASE(unsent_requests_of_a_stopped_server),
        CASE(end_of_an_idle_connection_is_no_failure),
        CASE(timeouts_have_a_latency),
        CASE(timeout_in_an_open_loop),
        CASE(timeouts_of_several_connections),
        CASE(connection_that_takes_too_long),
        CASE(refused_after_a_wait),
        CASE(refused_after_the_timeout),
        CASE(fast_failures_are_no_latency),
        CASE(refused),
        CASE(refused_by_time),
        CASE(time_of_too_few_connections),
        CASE(time_of_too_few_connections_at_the_end),
        CASE(enough_connections_are_no_limit),
        CASE(requests_in_flight_are_drained),
        CASE(draining_is_limited),
        CASE(refused_in_the_warm_up),
        CASE(refused_while_one_is_pending),
        CASE(refused_after_a_connection),
        CASE(timeouts_do_not_end_the_load),
        CASE(immediate_failures_do_not_delay_the_end),
        CASE(starts_are_spread_over_turns),
        CASE(server_that_starts_later),
        CASE(open_loop_on_time),
        CASE(idle_connections_alternate),
        CASE(waiting_requests_start_in_order),
        CASE(waiting_requests_are_counted),
        CASE(billions_wait),
        CASE(millions_of_poisson_arrivals_wait),
        CASE(span_of_the_schedule),
        CASE(span_of_a_slow_server),
        CASE(span_until_it_was_stopped),
        CASE(span_of_a_share),
        CASE(stopped_while_requests_wait),
        CASE(open_loop_after_a_warm_up),
        CASE(pipelined_in_an_open_loop),
        CASE(new_connections_in_an_open_loop),
        CASE(idle_connections_take_all_due_requests),
        CASE(due_while_others_are_started),
        CASE(due_while_a_response_is_read),
        CASE(every_nth_connection_is_stamped),
        CASE(stamp_splits_the_latency),
        CASE(stamp_outside_of_the_request),
        CASE(sources_alternate),
        CASE(longest_gap),
        CASE(gap_at_the_end),
        CASE(gap_without_a_response),
        CASE(targets_by_seed),
        CASE(connections_are_spread_over_addresses),
        CASE(share_of_resumed_sessions),
        CASE(handshakes_that_fail),
        CASE(tls_setup_fails),
        CASE(busy_loop_is_saturated),
        CASE(slow_server_is_no_saturation),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}

/* A load over HTTP/2 with a fake clock, and a server whose stalls and limits are known exactly. */
#include "tests/support/unit.h"

#include <endian.h>
#include <stdio.h>

#include "bench/load/load.h"
#include "tests/http/h2/frames.h"
#include "tests/support/fake_clock.h"
#include "tests/support/peer.h"
#include "tests/support/sums.h"

#define MS          NSEC_PER_MS
#define PREFACE     24 /* bytes (RFC 9113, section 3.4) */
#define FRAME_HEAD  9
#define MAX_PENDING 4096

static struct loop *loop;
static struct fake_clock clock;
static struct peer peer;
static struct dialer dialer;
static struct load_options options;
static struct load *load;
static struct tally *total;
static nsec began;
static int dones;

/* the server */
static uint32_t limit; /* of concurrent streams */
static bool holds;     /* responses wait for respond_all */
static struct frames frames;
static struct {
    struct peer_conn *conn;
    uint32_t id;
} pending[MAX_PENDING];
static size_t pending_count;

static void respond(struct peer_conn *conn, uint32_t id)
{
    frames.count = 0;
    put_head(&frames, id, ":status: 200", true);
    peer_send(conn, frames.bytes, frames.count);
}

static void respond_all(void)
{
    for (size_t i = 0; i < pending_count; i++)
        respond(pending[i].conn, pending[i].id);
    pending_count = 0;
    unit_settle(loop);
}

static void take_request(struct peer_conn *conn, uint32_t id)
{
    assert_true(pending_count < MAX_PENDING);
    if (holds) {
        pending[pending_count].conn = conn;
        pending[pending_count++].id = id;
    } else {
        respond(conn, id);
    }
}

/* Each flush of the client arrives as a whole. */
static void on_received(void *owner, struct peer_conn *conn)
{
    const unsigned char *at = (const unsigned char *)conn->received;
    const unsigned char *end = at + conn->received_bytes;

    (void)owner;
    conn->received_bytes = 0;
    if (*at == 'P') {
        at += PREFACE;
        frames.count = 0;
        put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limit);
        peer_send(conn, frames.bytes, frames.count);
    }
    while (end - at >= FRAME_HEAD) {
        size_t bytes = (size_t)(at[0] << 16 | at[1] << 8 | at[2]);
        uint32_t id;

        memcpy(&id, at + 5, sizeof(id));
        if (at[3] == NGHTTP2_HEADERS)
            take_request(conn, be32toh(id));
        at += FRAME_HEAD + bytes;
    }
    assert_ptr_equal(at, end);
}

static void on_interval(void *owner, const struct tally *tally)
{
    (void)owner;
    tally_append(total, tally);
    assert_true(tally_adds_up(total));
}

static void on_done(void *owner)
{
    (void)owner;
    dones++;
}

static struct targets *targets_of_peer(void)
{
    static const unsigned weight = 1;
    struct site *site = site_new();
    size_t other;
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", address_port(&peer.at));
    assert_null(url_parse(&site->url, url, strlen(url)));
    return targets_new(&site, &weight, 1, HTTP_2_ASSUMED, false, &other);
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    fake_clock_set(&clock, loop, 0);
    peer_start(&peer, loop, "127.0.0.1", on_received, NULL);
    dialer_init(&dialer, loop);
    options = (struct load_options){
        .targets = targets_of_peer(),
        .versions = HTTP_2_ASSUMED,
        .connections = 1,
        .duration = NSEC_NEVER,
        .timeout = NSEC_NEVER,
        .pipeline = 1,
        .streams = 100,
        .header_table_bytes = SIZE_MAX,
        .schedule = {.from_rate = 100, .to_rate = 100, .shares = 1},
    };
    total = tally_new();
    limit = 128;
    holds = false;
    pending_count = 0;
    dones = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    load_free(load);
    peer_stop(&peer);
    dialer_free(&dialer);
    targets_free((struct targets *)options.targets);
    tally_free(total);
    loop_free(loop);
    return 0;
}

static void begin(void)
{
    char *why = NULL;

    load = load_new(&options, &dialer, on_interval, on_done, NULL, &why);
    assert_non_null(load);
    began = clock.now;
    load_start(load);
    unit_settle(loop);
}

/* Lets time pass in steps of a millisecond, until `at` after the start of the run. */
static void pass_until(nsec at)
{
    while (clock.now - began < at) {
        clock.now += MS;
        unit_settle(loop);
    }
}

static void assert_near(double value, double wanted)
{
    if (value < wanted * 0.98 || value > wanted * 1.02)
        fail_msg("%g instead of %g", value, wanted);
}

/* Responses stall for one second of five: each request that became due in it has waited until its
   end, and no other has waited. */
static void a_stall_in_an_open_loop(void **state)
{
    const struct histogram *latency = total->latency;
    struct histogram_summary summary;

    (void)state;
    options.open_loop = true;
    options.duration = 5 * NSEC_PER_S;
    begin();
    pass_until(2000 * MS);
    holds = true;
    pass_until(3000 * MS);
    holds = false;
    respond_all();
    pass_until(5100 * MS);
    assert_int_equal(dones, 1);
    assert_int_equal(total->completed, 500);
    assert_int_equal(total->failed, 0);
    assert_int_equal(total->limited, 0);
    assert_near((double)histogram_at(latency, 90), 500 * MS);
    assert_near((double)histogram_at(latency, 95), 750 * MS);
    assert_near((double)histogram_at(latency, 99), 950 * MS);
    histogram_summarize(latency, &summary);
    assert_near(summary.mean, 100 * MS);
    assert_true(histogram_at(latency, 75) <= 2 * MS);
    assert_int_equal(total->connections, 1);
}

/* The server allows one stream. In an open loop the wait is in the latency, not in `raw`. */
static void a_wait_in_an_open_loop(void **state)
{
    (void)state;
    options.open_loop = true;
    options.duration = 100 * MS;
    limit = 1;
    begin();
    pass_until(20 * MS);
    holds = true;
    pass_until(60 * MS); /* one request is in flight, the others wait */
    assert_int_equal(pending_count, 1);
    holds = false;
    respond_all();
    pass_until(200 * MS);
    assert_int_equal(dones, 1);
    assert_int_equal(total->completed, 10);
    /* due after 30, 40 and 50 ms; the first of them got the stream */
    assert_near((double)histogram_at(total->latency, 95), 30 * MS);
    assert_near((double)histogram_at(total->latency, 85), 20 * MS);
    assert_near((double)histogram_at(total->latency, 75), 10 * MS);
    assert_true(histogram_at(total->raw, 85) <= 2 * MS);
    assert_near((double)total->limited, 20 * MS);
    assert_int_equal(total->slot_wait->count, 0);
}

/* In a closed loop the latency begins with the stream, and the wait is counted separately. */
static void a_wait_in_a_closed_loop(void **state)
{
    (void)state;
    options.requests = 6;
    options.streams = 3;
    limit = 1;
    holds = true;
    begin();
    for (nsec at = 10; at <= 60; at += 10) {
        pass_until(at * MS);
        assert_int_equal(pending_count, 1);
        respond_all();
    }
    pass_until(100 * MS);
    assert_int_equal(dones, 1);
    assert_int_equal(total->completed, 6);
    assert_int_equal(total->streams_limit_max, 1);
    assert_true(total->latency->max <= 11 * MS);
    assert_true(total->slot_wait->count >= 4);
    assert_true(total->slot_wait->max >= 18 * MS && total->slot_wait->max <= 22 * MS);
}

/* A deadline is counted from the start of a request, not from its stream. */
static void a_deadline_after_a_wait(void **state)
{
    (void)state;
    options.requests = 2;
    options.streams = 2;
    options.timeout = 100 * MS;
    limit = 1;
    holds = true;
    begin();
    pass_until(60 * MS);
    assert_int_equal(pending_count, 1);
    respond_all();
    pass_until(95 * MS);
    assert_int_equal(dones, 0);
    pass_until(110 * MS);
    assert_int_equal(dones, 1);
    assert_int_equal(total->completed, 1);
    assert_int_equal(total->errors[ERROR_TOTAL_TIMEOUT], 1);
    assert_int_equal(total->slot_wait->count, 1);
}

/* Streams are spread over the open connections. */
static void streams_on_all_connections(void **state)
{
    (void)state;
    options.requests = 40;
    options.connections = 4;
    options.streams = 10;
    holds = true;
    begin();
    pass_until(10 * MS);
    assert_int_equal(peer.open, 4);
    assert_int_equal(pending_count, 40);
    respond_all();
    pass_until(20 * MS);
    assert_int_equal(dones, 1);
    assert_int_equal(total->completed, 40);
    assert_int_equal(total->slot_wait->count, 0);
}

/* Sets the number of streams that the server allows. `pending` has the connection first. */
static void set_limit(uint32_t streams)
{
    limit = streams;
    frames.count = 0;
    put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limit);
    peer_send(pending[0].conn, frames.bytes, frames.count);
    unit_settle(loop);
}

/* The server allows no stream any more: requests start, wait and fail after their deadline. */
static void no_streams(void **state)
{
    static const struct {
        bool open_loop, new_connections;
        uint64_t per_connection;
    } rows[] = {{false, false, 0}, {true, false, 0}, {false, false, 3}, {false, true, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        tally_clear(total);
        limit = 0;
        pending_count = dones = 0;
        holds = true;
        options.open_loop = rows[i].open_loop;
        options.new_connections = rows[i].new_connections;
        options.requests_per_connection = rows[i].per_connection;
        options.requests = 5;
        options.streams = rows[i].new_connections ? 1 : 3;
        options.timeout = 20 * MS;
        begin();
        pass_until(1000 * MS);
        assert_int_equal(dones, 1);
        assert_int_equal(total->failed, 5);
        load_free(load);
        load = NULL;
    }
}

/* The server allows no other stream together with its last response. */
static void no_streams_after_a_response(void **state)
{
    (void)state;
    for (int open_loop = 0; open_loop < 2; open_loop++) {
        tally_clear(total);
        limit = 100;
        pending_count = dones = 0;
        holds = true;
        options.open_loop = open_loop;
        options.requests = 3;
        options.streams = 1;
        options.timeout = 20 * MS;
        begin();
        pass_until(15 * MS);
        frames.count = 0;
        put_head(&frames, pending[0].id, ":status: 200", true);
        put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0);
        peer_send(pending[0].conn, frames.bytes, frames.count);
        pass_until(200 * MS);
        assert_int_equal(dones, 1);
        assert_int_equal(total->completed, 1);
        assert_int_equal(total->failed, 2);
        load_free(load);
        load = NULL;
    }
}

/* The server allows no stream for a while. */
static void no_streams_for_a_while(void **state)
{
    (void)state;
    for (int open_loop = 0; open_loop < 2; open_loop++) {
        tally_clear(total);
        limit = 1;
        pending_count = dones = 0;
        holds = true;
        options.open_loop = open_loop;
        options.requests = 5;
        options.streams = 1;
        begin();
        pass_until(15 * MS);
        set_limit(0);
        respond_all();
        pass_until(40 * MS);
        assert_int_equal(pending_count, 0);
        holds = false;
        set_limit(1);
        pass_until(200 * MS);
        assert_int_equal(dones, 1);
        assert_int_equal(total->completed, 5);
        load_free(load);
        load = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stall_in_an_open_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wait_in_an_open_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wait_in_a_closed_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(a_deadline_after_a_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(streams_on_all_connections, setup, teardown),
        cmocka_unit_test_setup_teardown(no_streams, setup, teardown),
        cmocka_unit_test_setup_teardown(no_streams_after_a_response, setup, teardown),
        cmocka_unit_test_setup_teardown(no_streams_for_a_while, setup, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

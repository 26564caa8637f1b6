/*
 * The search for the knee, with a simulated server: load_run is defined here and replaces that of
 * the library.
 */
#include "tests/support/unit.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/bench/knee.h"
#include "cli/bench/settle.h"

#define LIMIT   (20 * NSEC_PER_MS)
#define SERVICE (2 * NSEC_PER_MS)

/* The simulated server, and the runs that it received. A try is a run at one rate. */
static struct {
    double max;        /* rate up to which it holds the limit */
    bool queues;       /* over max, requests wait instead of completing late */
    bool fails;        /* over max, requests fail */
    size_t breaks_at;  /* the try whose setup fails; 0: none */
    size_t stopped_at; /* the try that is interrupted; 0: none */
    double client;     /* rate over which the client is saturated; 0: none */
    size_t hiccup;     /* the try that misses at any rate; 0: none */
    nsec backlog;      /* latency that a rate over max adds to the next probe */
    nsec left;         /* of the backlog; a probe halves it unless `stuck` */
    bool stuck;
    bool grows;                   /* over max, connections are the limit, and the server is fast */
    enum error refuses;           /* the error of all probes; ERROR_NONE: they complete */
    size_t refuses_after;         /* tries before `refuses` applies */
    size_t probes, recent_probes; /* all; since the last try */
    size_t stopped_probe;         /* the probe that is interrupted; 0: none */
    nsec drains;                  /* the drain time of the last try */
    double tried[KNEE_MAX_TRIES];
    size_t count;
} server;

static void fill(struct tally *tally, double rate)
{
    bool beyond = rate > server.max;

    if (server.count == server.hiccup)
        beyond = true;
    tally->to = NSEC_PER_S;
    tally->scheduled = 1000;
    tally->waiting = beyond && server.queues ? 11 : 10; /* 1% may wait */
    tally->started = tally->scheduled - tally->waiting;
    tally->failed = beyond && server.fails;
    tally->errors[ERROR_EMPTY] = tally->failed;
    tally->completed = tally->started - tally->failed;
    tally->status[200] = tally->completed;
    for (uint64_t i = 0; i < tally->completed; i++)
        histogram_record(tally->latency,
                         beyond && !server.queues && !server.fails ? 2 * LIMIT : LIMIT / 2);
    for (uint64_t i = 0; i < tally->completed; i++)
        histogram_record(tally->raw, beyond && !server.grows ? LIMIT : SERVICE);
    if (beyond)
        tally->limited = NSEC_PER_S / 2;
    if (server.client > 0 && rate > server.client)
        tally->cpu_user = NSEC_PER_S;
}

/* A probe: one request to the server. */
static bool send_probe(const struct load_plan *plan, struct recorder *recorder,
                       struct load_outcome *outcome)
{
    struct tally *tally = tally_new();

    assert_int_equal(plan->load.run.connections, 1);
    assert_int_equal(plan->load.processes, 1);
    assert_true(plan->load.run.start > 0 && !plan->load.run.drain);
    server.probes++;
    server.recent_probes++;
    tally->scheduled = tally->started = 1;
    tally->to = NSEC_PER_MS;
    if (server.refuses && server.count >= server.refuses_after) {
        tally->failed = 1;
        tally->errors[server.refuses] = 1;
    } else {
        tally->completed = 1;
        tally->status[200] = 1;
        histogram_record(tally->latency, 2 * SERVICE + server.left);
        histogram_record(tally->raw, SERVICE + server.left);
        if (!server.stuck)
            server.left = server.left > SERVICE ? server.left / 2 : 0;
    }
    recorder_interval(recorder, tally);
    *outcome = (struct load_outcome){.ended = clock_now(),
                                     .interrupted = server.probes == server.stopped_probe};
    tally_free(tally);
    return true;
}

bool load_run(const struct load_plan *plan, struct recorder *recorder, struct load_outcome *outcome)
{
    struct tally *tally;

    if (plan->load.run.requests)
        return send_probe(plan, recorder, outcome);
    tally = tally_new();
    assert_true(server.count < KNEE_MAX_TRIES);
    assert_true(server.recent_probes > 0); /* probes precede each try */
    assert_true(server.stuck || server.left <= 2 * SERVICE);
    server.recent_probes = 0;
    server.drains = plan->load.run.drain;
    if (plan->load.run.schedule.from_rate > server.max)
        server.left = server.backlog;
    assert_true(plan->load.run.open_loop);
    assert_true(plan->load.run.schedule.from_rate == plan->load.run.schedule.to_rate &&
                !plan->load.run.schedule.ramp);
    server.tried[server.count++] = plan->load.run.schedule.from_rate;
    fill(tally, plan->load.run.schedule.from_rate);
    recorder_interval(recorder, tally);
    /* makes the wait for a stuck server short */
    *outcome = (struct load_outcome){.ended = clock_now() -
                                              (server.stuck ? SETTLE_TIME - 30 * NSEC_PER_MS : 0),
                                     .interrupted = server.count == server.stopped_at,
                                     .busiest = tally_busy(tally)};
    tally_free(tally);
    return server.count != server.breaks_at;
}

static struct load_command load;
static struct knee knee;

static int setup(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    load = (struct load_command){0};
    return slo_parse(&load.knee, "p99=20ms") != NULL;
}

static bool find(double first)
{
    const struct load_plan plan = {
        .load = {
            .knee = load.knee,
            .run = {.schedule = {.from_rate = first, .to_rate = first}, .duration = NSEC_PER_S}}};

    return knee_find(&knee, &plan, NULL);
}

/* From any first rate, the result is a rate that held, close to one that did not. */
static void knee_is_found(void **state)
{
    static const double knees[] = {1, 7, 999, 1000, 1001, 3217, 64000, 1234567};
    static const double firsts[] = {0, 1, 500, 1000, 100000};

    (void)state;
    for (size_t i = 0; i < LENGTH(knees); i++)
        for (size_t j = 0; j < LENGTH(firsts); j++) {
            setup(state);
            server.max = knees[i];
            assert_true(find(firsts[j]));
            if (knee.rate > knees[i] || knee.rate * (1 + KNEE_CLOSE) < knees[i])
                fail_msg("%f, from %f: %f", knees[i], firsts[j], knee.rate);
            assert_true(server.tried[0] == (firsts[j] > 0 ? firsts[j] : KNEE_FIRST_RATE));
            assert_int_equal(knee.count, server.count);
            assert_true(knee.count <= 60);
            assert_false(knee.interrupted);
            assert_false(knee.saturated);
        }
}

static void doubled_then_halved(void **state)
{
    static const double expected[] = {1000, 2000, 4000, 4000, 3000, 3500, 3500, 3250, 3250, 3125};

    (void)state;
    server.max = 3217;
    assert_true(find(1000));
    assert_int_equal(server.count, LENGTH(expected));
    for (size_t i = 0; i < LENGTH(expected); i++) {
        assert_true(server.tried[i] == expected[i]);
        assert_true(knee.tries[i].rate == expected[i]);
        assert_int_equal(knee.tries[i].held, expected[i] <= 3217);
    }
    assert_true(knee.rate == 3125);
}

static void held_at_no_rate(void **state)
{
    (void)state;
    assert_true(find(1000));
    assert_true(knee.rate == 0);
    assert_true(knee.count > 0 && knee.count < KNEE_MAX_TRIES);
}

static void held_at_every_rate(void **state)
{
    (void)state;
    server.max = INFINITY;
    assert_true(find(1));
    assert_int_equal(knee.count, KNEE_MAX_RATES);
    assert_true(knee.rate == knee.tries[KNEE_MAX_RATES - 1].rate);
}

/* A rate with a growing queue or a failure does not hold, even if the responses are fast. */
static void queue_or_failure_misses(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        setup(state);
        server.max = 1500;
        server.queues = i;
        server.fails = !i;
        assert_true(find(1000));
        assert_true(knee.rate <= 1500 && knee.rate > 1400);
    }
}

static void run_setup_fails(void **state)
{
    (void)state;
    server.max = 5000;
    server.breaks_at = 2;
    assert_false(find(1000));
}

static void interrupted_search(void **state)
{
    (void)state;
    server.max = 5000;
    server.stopped_at = 3;
    assert_true(find(1000));
    assert_true(knee.interrupted);
    assert_int_equal(knee.count, 2);
    assert_true(knee.rate == 2000);
}

static void client_is_the_bottleneck(void **state)
{
    (void)state;
    server.max = 3000;
    server.client = 3000;
    assert_true(find(1000));
    assert_true(knee.saturated);
    setup(state);
    server.max = 3000;
    server.client = 3500;
    assert_true(find(1000));
    assert_false(knee.saturated); /* the server limited the lowest rate that missed */
}

/* One miss below the knee is repeated, in any try. */
static void hiccup_is_tried_again(void **state)
{
    for (size_t try = 1; try <= 7; try++) {
        setup(state);
        server.max = 54000;
        server.hiccup = try;
        assert_true(find(1000));
        if (knee.rate > 54000 || knee.rate * (1 + KNEE_CLOSE) < 54000)
            fail_msg("hiccup in try %zu: %f", try, knee.rate);
    }
}

/* After a rate over the knee, the search waits until the server is idle, and drains requests. */
static void backlog_is_waited_for(void **state)
{
    (void)state;
    server.max = 262;
    server.backlog = 5 * LIMIT;
    assert_true(find(1000));
    assert_true(knee.rate <= 262 && knee.rate * (1 + KNEE_CLOSE) >= 262);
    assert_true(server.probes > SETTLE_PROBES + server.count);
    assert_true(server.drains == SETTLE_TIME);
    for (size_t i = 0; i < knee.count; i++)
        assert_true(knee.tries[i].settled);
}

/* The text of a function that prints the knee. The caller frees it. */
static char *print_knee(void (*show)(FILE *to, const struct knee *one))
{
    char *text;
    size_t count;
    FILE *file = open_memstream(&text, &count);

    show(file, &knee);
    fclose(file);
    return text;
}

/* The wait has a time limit, and the report mentions it. */
static void backlog_that_stays(void **state)
{
    char *text;
    size_t count;
    FILE *to = open_memstream(&text, &count);
    const struct load_plan plan = {
        .load = {.knee = load.knee, .run = {.schedule.from_rate = 1000, .duration = NSEC_PER_S}}};

    (void)state;
    server.max = 1500;
    server.backlog = 5 * LIMIT;
    server.stuck = true;
    assert_true(knee_find(&knee, &plan, to));
    fclose(to);
    assert_true(knee.tries[0].settled && knee.tries[1].settled);
    assert_false(knee.tries[2].settled); /* after 2000/s, which missed */
    assert_non_null(strstr(text, "(the server is not idle after 10 s)\n"));
    free(text);
    text = print_knee(knee_curve);
    assert_non_null(
        strstr(text, " missed\n  (the server was not idle at the start of this try)\n"));
    free(text);
}

static void connections_are_the_limit(void **state)
{
    (void)state;
    server.max = 3000;
    server.grows = true;
    assert_true(find(1000));
    assert_true(knee.limited && !knee.saturated);
    setup(state);
    server.max = 3000; /* a server that is overloaded keeps all connections busy, and is slow */
    assert_true(find(1000));
    assert_false(knee.limited);
}

static void unreachable_server(void **state)
{
    (void)state;
    server.refuses = ERROR_CONNECT_REFUSED;
    assert_true(find(1000));
    assert_int_equal(knee.gave_up, ERROR_CONNECT_REFUSED);
    assert_int_equal(knee.count, 0);
    assert_int_equal(server.probes, SETTLE_PROBES);
}

/* A signal between two rates. */
static void interrupted_probe(void **state)
{
    for (size_t probe = 1; probe <= SETTLE_PROBES + 2; probe++) {
        setup(state);
        server.max = 5000;
        server.stopped_probe = probe;
        assert_true(find(1000));
        assert_true(knee.interrupted);
        assert_int_equal(server.probes, probe);
        assert_int_equal(knee.count, probe > SETTLE_PROBES + 1);
    }
}

static void curve_as_json(void **state)
{
    json_t *root, *curve;
    double prev = 0;
    char *text;

    (void)state;
    server.max = 3217;
    assert_true(find(1000));
    text = print_knee(knee_json);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "schema")), "firstbyte.knee/1");
    assert_true(json_number_value(json_object_get(root, "rate")) == 3125);
    curve = json_object_get(root, "curve");
    assert_int_equal(json_array_size(curve), 10);
    for (size_t i = 0; i < json_array_size(curve); i++) {
        const json_t *one = json_array_get(curve, i);
        double rate = json_number_value(json_object_get(one, "rate"));

        assert_true(rate >= prev); /* in the order of the rates */
        assert_int_equal(json_is_true(json_object_get(one, "held")), rate <= 3217);
        prev = rate;
    }
    json_decref(root);
    free(text);
}

/* A try without a measurement is printed without a figure. */
static void nothing_measured(void **state)
{
    json_t *root;
    char *text;

    (void)state;
    knee =
        (struct knee){.limit = load.knee.part[0],
                      .count = 1,
                      .tries = {{.rate = 10, .measured = NAN, .error_share = 1, .settled = true}}};
    text = print_knee(knee_json);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_true(
        json_is_null(json_object_get(json_array_get(json_object_get(root, "curve"), 0), "us")));
    json_decref(root);
    free(text);
    text = print_knee(knee_curve);
    assert_non_null(strstr(text, "The curve, 1 try:\n"));
    assert_non_null(strstr(text, "      10.0            0        -    100%       0%  missed\n"));
    free(text);
    text = print_knee(knee_text);
    assert_non_null(strstr(text, "p99 at most 20.0 ms was held at no rate.\n"));
    free(text);
}

static void curve_has_figures_with_units(void **state)
{
    static const char *const lines[] = {
        "The curve, 5 tries:\n",
        "intended/s  completed/s      p99  errors  waiting  result\n",
        "       500          500  1.18 ms      0%       0%  held\n",
        "     1,000        1,000   850 us      0%       0%  held\n",
        "    39,000       38,995  3.20 ms      0%    0.12%  missed, limited by -c\n",
        "   100,000       12,346   2.00 s   33.0%    38.1%  missed\n",
        "  (the server was not idle at the start of this try)\n",
        "99,999,999   12,345,678  99.9 ms  <0.01%   99.99%  missed, limited by the client\n",
    };
    char *text, *at;

    (void)state;
    knee = (struct knee){
        .limit = load.knee.part[0],
        .count = 5,
        .tries = {
            {500, 500, 1180700, 0, 0, .held = true, .settled = true},
            {1000, 1000, 850e3, 0, 0, .held = true, .saturated = true, .settled = true},
            {39000, 38995, 3.2e6, 0, 0.0012, .limited = true, .settled = true},
            {1e5, 12345.6, 2e9, 0.33, 0.381, .settled = false},
            {99999999, 12345678, 99.9e6, 1e-6, 0.999999, .saturated = true, .settled = true}}};
    at = text = print_knee(knee_curve);
    for (size_t i = 0; i < LENGTH(lines); i++) {
        if (strncmp(at, lines[i], strlen(lines[i])) != 0)
            fail_msg("line %zu: %s", i, at);
        assert_in_range(strlen(lines[i]), 1, 80 + 1);
        at += strlen(lines[i]);
    }
    assert_string_equal(at, "");
    free(text);
    snprintf(knee.limit.name, sizeof(knee.limit.name), "p99.99999");
    text = print_knee(knee_curve);
    assert_non_null(strstr(text, "completed/s  p99.99999  errors"));
    assert_non_null(strstr(text, "38,995    3.20 ms      0%"));
    free(text);
}

static void result_as_text(void **state)
{
    static const struct {
        double rate;
        bool interrupted, saturated, limited;
        enum error gave_up;
        const char *expected;
    } cases[] = {
        {39000, false, false, false, 0,
         "p99 at most 20.0 ms is held up to 39,000 requests per second.\n"},
        {0.5, false, false, false, 0,
         "p99 at most 20.0 ms is held up to 0.50 requests per second.\n"},
        {3125, false, false, true, 0,
         "p99 at most 20.0 ms is held up to 3,125 requests per second.\n"
         "Above that rate all connections were busy, and the server was as fast\n"
         "as when it was idle: the connections were the limit. Try more of them (-c).\n"},
        {3125, false, true, false, 0,
         "p99 at most 20.0 ms is held up to 3,125 requests per second.\n"
         "Above that rate the client was the bottleneck.\n"},
        {0, false, true, false, 0,
         "p99 at most 20.0 ms was held at no rate.\n"
         "At the lowest rate the client was the bottleneck.\n"},
        {3125, false, false, false, ERROR_CONNECT_REFUSED,
         "The server gave no response:\nconnect.refused, connection refused.\n"
         "The search ended there.\n"},
        {3125, true, false, false, 0,
         "Interrupted before the knee was found. Until then\n"
         "p99 at most 20.0 ms was held up to 3,125 requests per second.\n"},
        {0, true, false, false, 0,
         "Interrupted before the knee was found. Until then\n"
         "p99 at most 20.0 ms was held at no rate.\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *text;

        knee = (struct knee){.limit = load.knee.part[0],
                             .count = 1,
                             .rate = cases[i].rate,
                             .interrupted = cases[i].interrupted,
                             .saturated = cases[i].saturated,
                             .limited = cases[i].limited,
                             .gave_up = cases[i].gave_up};
        text = print_knee(knee_text);
        assert_string_equal(text, cases[i].expected);
        free(text);
    }
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(knee_is_found),
        CASE(doubled_then_halved),
        CASE(held_at_no_rate),
        CASE(held_at_every_rate),
        CASE(queue_or_failure_misses),
        CASE(run_setup_fails),
        CASE(hiccup_is_tried_again),
        CASE(backlog_is_waited_for),
        CASE(backlog_that_stays),
        CASE(connections_are_the_limit),
        CASE(unreachable_server),
        CASE(interrupted_probe),
        CASE(interrupted_search),
        CASE(client_is_the_bottleneck),
        CASE(curve_as_json),
        CASE(nothing_measured),
        CASE(curve_has_figures_with_units),
        CASE(result_as_text),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("knee", tests, NULL, NULL);
}

/*
 * The search for the knee, against a server that is a formula: load_run is defined here, before the
 * library's own.
 */
#include "tests/support/unit.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/knee.h"

#define LIMIT (20 * NSEC_PER_MS)

/* The server, and what it was asked for. */
static struct {
    double most;       /* the rate up to which it holds its limit */
    bool queues;       /* beyond that requests wait, instead of being answered late */
    bool fails;        /* or they fail */
    size_t breaks_at;  /* the try that cannot be set up; 0: none */
    size_t stopped_at; /* the one that is interrupted; 0: none */
    double client;     /* the rate beyond which the client has no time left; 0: none */
    double tried[KNEE_MOST_TRIES];
    size_t count;
} server;

static void fill(struct tally *tally, double rate)
{
    bool beyond = rate > server.most;

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
    if (server.client > 0 && rate > server.client)
        tally->cpu_user = NSEC_PER_S;
}

bool load_run(const struct load_plan *plan, struct recorder *recorder, struct load_outcome *outcome)
{
    struct tally *tally = tally_new();

    assert_true(server.count < KNEE_MOST_TRIES);
    assert_true(plan->open_loop);
    assert_true(plan->from_rate == plan->to_rate && !plan->ramp);
    server.tried[server.count++] = plan->from_rate;
    fill(tally, plan->from_rate);
    recorder_interval(recorder, tally);
    *outcome = (struct load_outcome){.interrupted = server.count == server.stopped_at,
                                     .busiest = tally_busy(tally)};
    tally_free(tally);
    return server.count != server.breaks_at;
}

static struct options options;
static struct knee knee;

static int setup(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    options = (struct options){.quiet = true};
    return slo_parse(&options.load.knee, "p99=20ms") != NULL;
}

static bool find(double first)
{
    const struct load_plan plan = {
        .options = &options, .from_rate = first, .to_rate = first, .duration = NSEC_PER_S};

    return knee_find(&knee, &plan, NULL);
}

/* From wherever it begins: the highest that held, and one that did not close to it. */
static void knee_is_found(void **state)
{
    static const double knees[] = {1, 7, 999, 1000, 1001, 3217, 64000, 1234567};
    static const double firsts[] = {0, 1, 500, 1000, 100000};

    (void)state;
    for (size_t i = 0; i < LENGTH(knees); i++)
        for (size_t j = 0; j < LENGTH(firsts); j++) {
            setup(state);
            server.most = knees[i];
            assert_true(find(firsts[j]));
            if (knee.rate > knees[i] || knee.rate * (1 + KNEE_CLOSE) < knees[i])
                fail_msg("%f, from %f: %f", knees[i], firsts[j], knee.rate);
            assert_true(server.tried[0] == (firsts[j] > 0 ? firsts[j] : KNEE_FIRST_RATE));
            assert_int_equal(knee.count, server.count);
            assert_true(knee.count <= 30);
            assert_false(knee.interrupted);
            assert_false(knee.saturated);
        }
}

static void doubled_then_halved(void **state)
{
    static const double expected[] = {1000, 2000, 4000, 3000, 3500, 3250, 3125};

    (void)state;
    server.most = 3217;
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
    assert_true(knee.count > 0 && knee.count < KNEE_MOST_TRIES);
}

static void held_at_every_rate(void **state)
{
    (void)state;
    server.most = INFINITY;
    assert_true(find(1));
    assert_int_equal(knee.count, KNEE_MOST_TRIES);
    assert_true(knee.rate == knee.tries[KNEE_MOST_TRIES - 1].rate);
}

/* A queue that grows, or a failure, is no rate that holds, however quick the answers are. */
static void queue_or_failure_misses(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        setup(state);
        server.most = 1500;
        server.queues = i;
        server.fails = !i;
        assert_true(find(1000));
        assert_true(knee.rate <= 1500 && knee.rate > 1400);
    }
}

static void run_that_cannot_be_set_up(void **state)
{
    (void)state;
    server.most = 5000;
    server.breaks_at = 2;
    assert_false(find(1000));
}

static void interrupted_search(void **state)
{
    (void)state;
    server.most = 5000;
    server.stopped_at = 3;
    assert_true(find(1000));
    assert_true(knee.interrupted);
    assert_int_equal(knee.count, 2);
    assert_true(knee.rate == 2000);
}

static void client_is_the_bottleneck(void **state)
{
    (void)state;
    server.most = 3000;
    server.client = 3000;
    assert_true(find(1000));
    assert_true(knee.saturated);
    setup(state);
    server.most = 3000;
    server.client = 3500;
    assert_true(find(1000));
    assert_false(knee.saturated); /* the lowest that missed was the server's */
}

/* What is shown of the curve, by a function that writes. */
static char *shown(void (*show)(FILE *to, const struct knee *one, const struct options *of))
{
    char *text;
    size_t count;
    FILE *file = open_memstream(&text, &count);

    show(file, &knee, &options);
    fclose(file);
    return text;
}

static void curve_as_json(void **state)
{
    json_t *root, *curve;
    double before = 0;
    char *text;

    (void)state;
    server.most = 3217;
    assert_true(find(1000));
    text = shown(knee_json);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "schema")), "firstbyte.knee/1");
    assert_true(json_number_value(json_object_get(root, "rate")) == 3125);
    curve = json_object_get(root, "curve");
    assert_int_equal(json_array_size(curve), 7);
    for (size_t i = 0; i < json_array_size(curve); i++) {
        const json_t *one = json_array_get(curve, i);
        double rate = json_number_value(json_object_get(one, "rate"));

        assert_true(rate > before); /* in the order of the rates */
        assert_int_equal(json_is_true(json_object_get(one, "held")), rate <= 3217);
        before = rate;
    }
    json_decref(root);
    free(text);
}

/* A try that measured nothing is shown without a figure. */
static void nothing_measured(void **state)
{
    json_t *root;
    char *text;

    (void)state;
    knee = (struct knee){.count = 1, .tries = {{.rate = 10, .measured = NAN, .wrong = 1}}};
    text = shown(knee_json);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_true(
        json_is_null(json_object_get(json_array_get(json_object_get(root, "curve"), 0), "us")));
    json_decref(root);
    free(text);
    text = shown(knee_curve);
    assert_non_null(strstr(text, "The curve, 1 rates:\n"));
    assert_non_null(strstr(text, "missed\n"));
    free(text);
    text = shown(knee_text);
    assert_non_null(strstr(text, "p99 at most 20.000 ms was held at no rate.\n"));
    free(text);
}

static void curve_as_text(void **state)
{
    static const struct {
        bool interrupted, saturated;
        const char *last;
    } cases[] = {
        {false, false, "p99 at most 20.000 ms is held up to 3125 requests a second.\n"},
        {false, true,
         "p99 at most 20.000 ms is held up to 3125 requests a second; beyond that the client was "
         "the "
         "bottleneck.\n"},
        {true, false, "Interrupted. Until then p99 at most 20.000 ms was held at 3125 a second.\n"},
    };

    (void)state;
    server.most = 3217;
    assert_true(find(1000));
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *text;

        knee.interrupted = cases[i].interrupted;
        knee.saturated = cases[i].saturated;
        text = shown(knee_text);
        assert_string_equal(text, cases[i].last);
        free(text);
    }
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(knee_is_found),           CASE(doubled_then_halved),
        CASE(held_at_no_rate),         CASE(held_at_every_rate),
        CASE(queue_or_failure_misses), CASE(run_that_cannot_be_set_up),
        CASE(interrupted_search),      CASE(client_is_the_bottleneck),
        CASE(curve_as_json),           CASE(nothing_measured),
        CASE(curve_as_text),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("knee", tests, NULL, NULL);
}

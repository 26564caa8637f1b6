/* Many sites at once: each reported once, no more than so many under way, none lost. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/fetch.h"
#include "reactor/resolver.h"
#include "tests/support/nameserver.h"
#include "tests/support/stage.h"
#include "tests/support/stamps.h"

#define HELLO      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define CLOSING    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
#define MOST_SITES 1000

static struct stage stage;
static struct fetch *fetch;

/* Where sites come from and results go to. */
static struct {
    size_t given, sites; /* of them */
    size_t later;        /* after so many, LATER until poked again; 0: never */
    size_t unreadable;   /* each so manyth is no site; 0: none */
    const char *host;    /* of all sites */
    size_t reported, failed;
    unsigned char seen[MOST_SITES]; /* how often each was reported */
    size_t most_in_flight;
    size_t lowered_to, lowerings;
    enum error last_error;
    int ended;
    bool free_at_end; /* frees the fetcher when it has ended */
    bool gives_near;  /* has a site of any origin that is asked for */
    size_t near, given_near;
} list;

static enum fetch_next next_site(void *owner, const struct url_origin *near, struct site **site)
{
    char text[128];

    (void)owner;
    if (near) {
        list.near++;
        assert_int_equal(near->host_bytes, strlen(list.host));
        assert_memory_equal(near->host, list.host, near->host_bytes);
        assert_int_equal(near->port, address_port(&stage.at));
        if (!list.gives_near || list.given == list.sites)
            return FETCH_LATER;
        list.given_near++;
    }
    if (list.given == list.sites)
        return FETCH_END;
    if (list.later && list.given == list.later)
        return FETCH_LATER;
    *site = site_new();
    (*site)->number = list.given++;
    if (list.unreadable && list.given % list.unreadable == 0) {
        (*site)->unreadable = strdup("the port is 0");
        (*site)->url.shown = strdup("http://a:0/");
        return FETCH_SITE;
    }
    snprintf(text, sizeof(text), "http://%s:%u/%zu", list.host, address_port(&stage.at),
             list.given);
    assert_null(url_parse(&(*site)->url, text, strlen(text)));
    return FETCH_SITE;
}

static void on_report(void *owner, const struct result *result)
{
    (void)owner;
    if (result->error != ERROR_INPUT)
        stamps_check(result);
    assert_true(result->site->number < MOST_SITES);
    list.seen[result->site->number]++;
    list.reported++;
    list.failed += result->error != ERROR_NONE;
    list.last_error = result->error;
    if (fetch_in_flight(fetch) + 1 > list.most_in_flight)
        list.most_in_flight = fetch_in_flight(fetch) + 1;
}

static void on_lowered(void *owner, size_t now)
{
    (void)owner;
    list.lowered_to = now;
    list.lowerings++;
}

static void on_ended(void *owner)
{
    (void)owner;
    list.ended++;
    if (list.free_at_end) {
        fetch_free(fetch);
        fetch = NULL;
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&list, 0, sizeof(list));
    list.host = "127.0.0.1";
    stage_open(&stage, NSEC_PER_US);
    fetch = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (fetch)
        fetch_free(fetch);
    stage_close(&stage);
    return 0;
}

static void begin(size_t sites, size_t concurrency)
{
    const struct fetch_settings settings = {
        .concurrency = concurrency,
        .idle = concurrency,
        .ttfb_timeout = NSEC_NEVER,
        .next = next_site,
        .report = on_report,
        .lowered = on_lowered,
        .ended = on_ended,
    };

    list.sites = sites;
    fetch = fetch_new(&stage.dialer, &settings);
    fetch_poke(fetch);
}

static bool each_was_reported_once(void)
{
    for (size_t i = 0; i < list.sites; i++)
        CHILD_CHECK(list.seen[i] == 1);
    return list.reported == list.sites;
}

/* Servers of four kinds: kept alive, closing, slow, and dead after the first answer. */
static const struct script_step kept[] = {ASKED, SAY(HELLO), AGAIN};
static const struct script_step closes[] = {ASKED, PAUSE, SAY(CLOSING), LAST};
static const struct script_step slow[] = {
    ASKED,    PAUSE, SAY("HTTP/1.1 200 OK\r\n"), PAUSE, SAY("Content-Length: 1\r\n\r\n"), PAUSE,
    SAY("x"), AGAIN};
static const struct script_step dies[] = {ASKED, SAY(HELLO), ASKED, END};

static void thousand_sites_seven_at_once(void **state)
{
    static const struct script servers[] = {
        {.reads = closes}, {.reads = kept}, {.reads = slow}, {.reads = dies}};
    struct script scripts[MOST_SITES];

    (void)state;
    for (size_t i = 0; i < MOST_SITES; i++)
        scripts[i] = servers[i % LENGTH(servers)];
    stage_play(&stage, scripts, MOST_SITES);
    begin(MOST_SITES, 7);
    TURN_UNTIL(stage.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, 0);
    assert_int_equal(list.most_in_flight, 7);
    assert_int_equal(list.ended, 1);
    assert_int_equal(list.lowerings, 0);
    assert_true(stage.opened < MOST_SITES / 2); /* the kept ones were of use */
}

static void connections_are_kept_for_the_next(void **state)
{
    (void)state;
    stage_play(&stage, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(stage.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(stage.opened, 1);
}

/* A connection that becomes idle asks once for a site of its origin, then waits for its turn. */
static void idle_connections_ask_for_their_origin(void **state)
{
    (void)state;
    stage_play(&stage, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(stage.loop, list.ended);
    assert_in_range(list.near, 99, 100); /* the last may find the list at its end */
    assert_int_equal(list.given_near, 0);
    assert_true(each_was_reported_once());
}

static void sites_of_an_idle_origin_come_first(void **state)
{
    (void)state;
    list.gives_near = true;
    stage_play(&stage, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(stage.loop, list.ended);
    assert_int_equal(list.given_near, 99);
    assert_true(each_was_reported_once());
    assert_int_equal(stage.opened, 1);
}

static void no_site_at_all(void **state)
{
    (void)state;
    list.free_at_end = true;
    begin(0, 5);
    assert_int_equal(list.ended, 0); /* not before the loop turns */
    TURN_UNTIL(stage.loop, list.ended);
    assert_int_equal(list.reported, 0);
}

static void may_be_freed_when_it_has_ended(void **state)
{
    (void)state;
    list.free_at_end = true;
    stage_play(&stage, &(struct script){.reads = kept}, 1);
    begin(10, 3);
    TURN_UNTIL(stage.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_null(fetch);
}

static void source_that_is_not_ready(void **state)
{
    (void)state;
    stage_play(&stage, &(struct script){.reads = kept}, 1);
    list.later = 5;
    begin(12, 3);
    TURN_UNTIL(stage.loop, list.reported == 5);
    unit_settle(stage.loop);
    assert_int_equal(list.ended, 0);
    assert_int_equal(fetch_in_flight(fetch), 0);
    list.later = 0;
    unit_settle(stage.loop);
    assert_int_equal(list.reported, 5); /* nobody said that there is more */
    fetch_poke(fetch);
    fetch_poke(fetch);
    TURN_UNTIL(stage.loop, list.ended);
    assert_true(each_was_reported_once());
}

static void unreadable_lines_are_reported(void **state)
{
    (void)state;
    stage_play(&stage, &(struct script){.reads = kept}, 1);
    list.unreadable = 3;
    begin(100, 4);
    TURN_UNTIL(stage.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, 33);
}

static void one_host_that_is_down(void **state)
{
    (void)state;
    close(stage.listener);
    stage.listener = -1;
    begin(MOST_SITES, 50);
    TURN_UNTIL(stage.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, MOST_SITES);
}

static void given_up_half_way(void **state)
{
    static const struct script_step hang[] = {HANG};
    static const struct script scripts[] = {{.reads = kept}, {.reads = hang}};

    (void)state;
    stage_play(&stage, scripts, 2);
    begin(100, 10);
    unit_settle(stage.loop);
    fetch_free(fetch);
    fetch = NULL;
    unit_settle(stage.loop);
    assert_int_equal(list.ended, 0);
    assert_true(list.reported < 100);
}

/* Too few descriptors. */

/* From here on so many more may be open; those that came from whoever started us are closed. */
static void allow_more_descriptors(rlim_t more)
{
    int next = dup(0);
    struct rlimit limit = {(rlim_t)next + more, (rlim_t)next + more};

    close_range((unsigned)next, ~0u, 0);
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool end_is_reached(void)
{
    for (int turns = 0; !list.ended && turns < 1000; turns++)
        loop_turn(stage.loop, 10 * NSEC_PER_MS);
    CHILD_CHECK(list.ended == 1);
    CHILD_CHECK(each_was_reported_once());
    return true;
}

static bool check_few_descriptors(void)
{
    stage_play(&stage, &(struct script){.reads = closes}, 1);
    begin(200, 50);
    allow_more_descriptors(6);
    CHILD_CHECK(end_is_reached());
    CHILD_CHECK(list.failed == 0);
    CHILD_CHECK(list.lowerings == 1);
    CHILD_CHECK(list.lowered_to == 6);
    return true;
}

static void few_descriptors_lower_the_concurrency(void **state)
{
    (void)state;
    unit_in_child(check_few_descriptors);
}

/* Nothing under way and still none: there is nothing to wait for. */
static bool check_no_descriptor(void)
{
    stage_play(&stage, &(struct script){.reads = closes}, 1);
    begin(20, 5);
    allow_more_descriptors(0);
    CHILD_CHECK(end_is_reached());
    CHILD_CHECK(list.failed == 20);
    CHILD_CHECK(list.last_error == ERROR_DESCRIPTORS);
    return true;
}

static void no_descriptor_at_all_is_an_error(void **state)
{
    (void)state;
    unit_in_child(check_no_descriptor);
}

/* Idle connections hold what the next origin needs: they are given up first. */
static bool check_idle_given_up(void)
{
    stage_play(&stage, &(struct script){.reads = kept}, 1);
    list.later = 4;
    begin(8, 4);
    for (int turns = 0; list.reported < 4 && turns < 1000; turns++)
        loop_turn(stage.loop, 10 * NSEC_PER_MS);
    CHILD_CHECK(stage.opened == 4 && stage.closed == 0);
    list.later = 0;
    list.host = "127.0.0.2"; /* the listener is on another: it is refused, with a descriptor */
    allow_more_descriptors(0);
    fetch_poke(fetch);
    CHILD_CHECK(end_is_reached());
    CHILD_CHECK(list.lowerings == 0);
    CHILD_CHECK(list.failed == 4);
    CHILD_CHECK(list.last_error == ERROR_CONNECT_REFUSED);
    return true;
}

static void idle_connections_are_given_up_first(void **state)
{
    (void)state;
    unit_in_child(check_idle_given_up);
}

/* Names: the question and the connections need descriptors. */
static bool check_names_with_few(void)
{
    static const struct nameserver_rule rules[] = {{.name = "one.test", .v4 = "127.0.0.1"},
                                                   {.name = NULL}};
    struct nameserver server;
    struct resolver_options options = {.servers = server.servers};
    const char *why;

    nameserver_start(&server, stage.loop, rules);
    stage.dialer.resolver = resolver_new(stage.loop, &options, &why);
    stage_play(&stage, &(struct script){.reads = closes}, 1);
    list.host = "one.test";
    begin(200, 50);
    allow_more_descriptors(6);
    CHILD_CHECK(end_is_reached());
    CHILD_CHECK(list.failed == 0);
    CHILD_CHECK(list.lowerings >= 1);
    return true;
}

static void few_descriptors_and_names(void **state)
{
    (void)state;
    unit_in_child(check_names_with_few);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(thousand_sites_seven_at_once),
        CASE(connections_are_kept_for_the_next),
        CASE(idle_connections_ask_for_their_origin),
        CASE(sites_of_an_idle_origin_come_first),
        CASE(no_site_at_all),
        CASE(may_be_freed_when_it_has_ended),
        CASE(source_that_is_not_ready),
        CASE(unreadable_lines_are_reported),
        CASE(one_host_that_is_down),
        CASE(given_up_half_way),
        CASE(few_descriptors_lower_the_concurrency),
        CASE(no_descriptor_at_all_is_an_error),
        CASE(idle_connections_are_given_up_first),
        CASE(few_descriptors_and_names),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}

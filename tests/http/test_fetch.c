/* Many sites at once: each is reported once, the number in flight is limited, none is lost. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dns/resolver.h"
#include "http/fetch.h"
#include "tests/support/fixture.h"
#include "tests/support/nameserver.h"
#include "tests/support/peer.h"
#include "tests/support/stamps.h"

#define HELLO     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define CLOSING   "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
#define MAX_SITES 1000
#define MAX_SEEN  40000

static struct fixture fixture;
static struct fetch *fetch;
static struct fetch_settings settings; /* used by begin() */

/* Where sites come from and results go to. */
static struct {
    size_t given, sites; /* of them */
    size_t later;        /* after so many, LATER until poked again; 0: never */
    size_t unreadable;   /* each so manyth is no site; 0: none */
    const char *host;    /* of all sites */
    /* Writes the URL of a site, counted from 0; NULL: one at `host`. False: it is unreadable. */
    bool (*url)(size_t number, char *text, size_t room);
    nsec timeout;                               /* of each; 0: none */
    void (*check)(const struct result *result); /* NULL: nothing */
    size_t reported, failed;
    unsigned char seen[MAX_SEEN]; /* how often each was reported */
    size_t max_in_flight;
    size_t lowered_to, lowerings;
    enum error last_error;
    int ended;
    bool free_at_end; /* frees the fetcher when it has ended */
    bool gives_near;  /* has a site for each requested origin */
    size_t near, given_near;
} list;

static enum fetch_next next_site(void *owner, const struct url_origin *near, struct site **site)
{
    char text[128];
    bool readable;

    (void)owner;
    if (near) {
        list.near++;
        if (list.url)
            return FETCH_LATER;
        assert_int_equal(near->host_bytes, strlen(list.host));
        assert_memory_equal(near->host, list.host, near->host_bytes);
        assert_int_equal(near->port, address_port(&fixture.address));
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
    (*site)->line = list.given;
    if (list.timeout)
        (*site)->timeout = list.timeout;
    readable = list.url ? list.url((*site)->number, text, sizeof(text))
                        : !list.unreadable || list.given % list.unreadable != 0;
    if (!readable) {
        (*site)->unreadable = strdup("the port is 0");
        (*site)->url.shown = strdup("http://a:0/");
        return FETCH_SITE;
    }
    if (!list.url)
        snprintf(text, sizeof(text), "http://%s:%u/%zu", list.host, address_port(&fixture.address),
                 list.given);
    assert_null(url_parse(&(*site)->url, text, strlen(text)));
    return FETCH_SITE;
}

static void on_report(void *owner, const struct result *result)
{
    (void)owner;
    if (result->error != ERROR_INPUT)
        stamps_check(result, fixture_options.response.preview);
    assert_true(result->site->number < MAX_SEEN);
    list.seen[result->site->number]++;
    list.reported++;
    list.failed += result->error != ERROR_NONE;
    list.last_error = result->error;
    if (fetch_in_flight(fetch) + 1 > list.max_in_flight)
        list.max_in_flight = fetch_in_flight(fetch) + 1;
    if (list.check)
        list.check(result);
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
    settings = (struct fetch_settings){0};
    fixture_open(&fixture, NSEC_PER_US);
    fetch = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (fetch)
        fetch_free(fetch);
    fixture_close(&fixture);
    return 0;
}

static void begin(size_t sites, size_t concurrency)
{
    settings.concurrency = settings.idle = concurrency;
    settings.exchange = fixture.options;
    settings.next = next_site;
    settings.report = on_report;
    settings.lowered = on_lowered;
    settings.ended = on_ended;
    list.sites = sites;
    fetch = fetch_new(&fixture.dialer, &settings);
    fetch_poke(fetch);
}

static bool each_was_reported_once(void)
{
    for (size_t i = 0; i < list.sites; i++)
        CHILD_CHECK(list.seen[i] == 1);
    return list.reported == list.sites;
}

/* Servers of four kinds: kept alive, closing, slow, and dead after the first answer. */
static const struct script_step kept[] = {AFTER_REQUEST, SEND(HELLO), REPEAT};
static const struct script_step closes[] = {AFTER_REQUEST, PAUSE, SEND(CLOSING), LAST};
static const struct script_step slow[] = {AFTER_REQUEST,
                                          PAUSE,
                                          SEND("HTTP/1.1 200 OK\r\n"),
                                          PAUSE,
                                          SEND("Content-Length: 1\r\n\r\n"),
                                          PAUSE,
                                          SEND("x"),
                                          REPEAT};
static const struct script_step dies[] = {AFTER_REQUEST, SEND(HELLO), AFTER_REQUEST, END};

static void thousand_sites_seven_at_once(void **state)
{
    static const struct script servers[] = {
        {.reads = closes}, {.reads = kept}, {.reads = slow}, {.reads = dies}};
    struct script scripts[MAX_SITES];

    (void)state;
    for (size_t i = 0; i < MAX_SITES; i++)
        scripts[i] = servers[i % LENGTH(servers)];
    fixture_set_scripts(&fixture, scripts, MAX_SITES);
    begin(MAX_SITES, 7);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, 0);
    assert_int_equal(list.max_in_flight, 7);
    assert_int_equal(list.ended, 1);
    assert_int_equal(list.lowerings, 0);
    assert_true(fixture.opened < MAX_SITES / 2); /* the kept ones were of use */
}

static void connections_are_kept_for_the_next(void **state)
{
    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(fixture.opened, 1);
}

/* A connection that becomes idle requests a site of its origin once, then stays idle. */
static void idle_connections_ask_for_their_origin(void **state)
{
    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_in_range(list.near, 99, 100); /* the last may find the list at its end */
    assert_int_equal(list.given_near, 0);
    assert_true(each_was_reported_once());
}

static void sites_of_an_idle_origin_come_first(void **state)
{
    (void)state;
    list.gives_near = true;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_int_equal(list.given_near, 99);
    assert_true(each_was_reported_once());
    assert_int_equal(fixture.opened, 1);
}

static void no_site_at_all(void **state)
{
    (void)state;
    list.free_at_end = true;
    begin(0, 5);
    assert_int_equal(list.ended, 0); /* not before the loop turns */
    TURN_UNTIL(fixture.loop, list.ended);
    assert_int_equal(list.reported, 0);
}

static void may_be_freed_when_it_has_ended(void **state)
{
    (void)state;
    list.free_at_end = true;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    begin(10, 3);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_null(fetch);
}

/* The end of all sites is reported once. */
static void end_is_reported_once(void **state)
{
    (void)state;
    begin(0, 5);
    for (int i = 0; i < 3; i++) {
        fetch_poke(fetch);
        unit_settle(fixture.loop);
        assert_int_equal(list.ended, 1);
    }
}

static void source_that_is_not_ready(void **state)
{
    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    list.later = 5;
    begin(12, 3);
    TURN_UNTIL(fixture.loop, list.reported == 5);
    unit_settle(fixture.loop);
    assert_int_equal(list.ended, 0);
    assert_int_equal(fetch_in_flight(fetch), 0);
    list.later = 0;
    unit_settle(fixture.loop);
    assert_int_equal(list.reported, 5); /* no more sites were announced */
    fetch_poke(fetch);
    fetch_poke(fetch);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_true(each_was_reported_once());
}

static void unreadable_lines_are_reported(void **state)
{
    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    list.unreadable = 3;
    begin(100, 4);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, 33);
}

static void one_host_that_is_down(void **state)
{
    (void)state;
    close(fixture.listener);
    fixture.listener = -1;
    begin(MAX_SITES, 50);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, MAX_SITES);
}

static size_t reported_before_timer;

static void note_timer(void *owner)
{
    (void)owner;
    reported_before_timer = list.reported;
}

/* Sites that fail, or are none, while they are started: timers and signals are served between them.
   */
static void failures_at_once_let_timers_through(void **state)
{
    struct timer timer;

    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(&list, 0, sizeof(list));
        list.host = "127.0.0.1";
        list.unreadable = i; /* 1: all of them */
        fixture.dialer.unix_socket = "/nonexistent/socket";
        begin(MAX_SITES, 4);
        timer_init(&timer, note_timer, NULL, "test");
        loop_arm(fixture.loop, &timer, loop_now(fixture.loop) + 20 * NSEC_PER_US); /* not yet due */
        loop_turn(fixture.loop, 0);
        TURN_UNTIL(fixture.loop, timer.state == TIMER_IDLE);
        assert_true(reported_before_timer <= MAX_SITES / 5);
        TURN_UNTIL(fixture.loop, list.ended);
        assert_true(each_was_reported_once());
        assert_int_equal(list.failed, MAX_SITES);
        fetch_free(fetch);
        fetch = NULL;
    }
    fixture.dialer.unix_socket = NULL;
}

static void given_up_half_way(void **state)
{
    static const struct script_step hang[] = {HANG};
    static const struct script scripts[] = {{.reads = kept}, {.reads = hang}};

    (void)state;
    fixture_set_scripts(&fixture, scripts, 2);
    begin(100, 10);
    unit_settle(fixture.loop);
    fetch_free(fetch);
    fetch = NULL;
    unit_settle(fixture.loop);
    assert_int_equal(list.ended, 0);
    assert_true(list.reported < 100);
}

/* Too few descriptors. */

/* Allows so many more descriptors, and closes inherited ones. */
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
        loop_turn(fixture.loop, 10 * NSEC_PER_MS);
    CHILD_CHECK(list.ended == 1);
    CHILD_CHECK(each_was_reported_once());
    return true;
}

static bool check_few_descriptors(void)
{
    fixture_set_scripts(&fixture, &(struct script){.reads = closes}, 1);
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

/* No descriptors with nothing in flight: nothing to wait for. */
static bool check_no_descriptor(void)
{
    fixture_set_scripts(&fixture, &(struct script){.reads = closes}, 1);
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

/* Idle connections are closed if the next origin needs their descriptors. */
static bool check_idle_given_up(void)
{
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    list.later = 4;
    begin(8, 4);
    for (int turns = 0; list.reported < 4 && turns < 1000; turns++)
        loop_turn(fixture.loop, 10 * NSEC_PER_MS);
    /* the source is polled for another site of the idle connections' origin */
    loop_turn(fixture.loop, 0);
    CHILD_CHECK(fixture.opened == 4 && fixture.closed == 0);
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

    nameserver_start(&server, fixture.loop, rules);
    fixture.dialer.resolver = resolver_new(fixture.loop, &options, &why);
    fixture_set_scripts(&fixture, &(struct script){.reads = closes}, 1);
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

/* Responses of a real server, which is part of the test. */

#define HOSTS 4 /* a.test to d.test, one machine */

static const struct nameserver_rule names[] = {
    {.name = "a.test", .v4 = "127.0.0.1"},
    {.name = "b.test", .v4 = "127.0.0.1"},
    {.name = "c.test", .v4 = "127.0.0.1"},
    {.name = "d.test", .v4 = "127.0.0.1"},
    {.name = NULL},
};

static struct {
    struct peer peer;
    struct nameserver names;
    struct resolver *resolver;
    struct link held;                 /* connections whose request has no response yet */
    size_t asked[HOSTS], peak[HOSTS]; /* requests without a response: now, and maximum */
    size_t requests, max;             /* in total; maximum at once, over all hosts */
    size_t failures;                  /* the first requests, which get a 503 */
    char log[1024];                   /* "GET a/path " a request */
    bool cookie;                      /* the last one sent "a=1" */
} server;

static size_t host_of(const struct peer_conn *conn)
{
    const char *host = strstr(conn->received, "\r\nHost: ");
    char first = host ? host[8] : '\0';

    assert_in_range(first, 'a', 'a' + HOSTS - 1);
    return (size_t)(first - 'a');
}

static size_t all_asked(void)
{
    size_t count = 0;

    for (size_t i = 0; i < HOSTS; i++)
        count += server.asked[i];
    return count;
}

static void reply(struct peer_conn *conn, const char *text)
{
    server.asked[host_of(conn)]--;
    conn->received_bytes = 0;
    list_remove(&conn->own);
    peer_send_text(conn, text);
}

static void note_request(const struct peer_conn *conn)
{
    size_t host = host_of(conn), used = strlen(server.log);
    int method = (int)strcspn(conn->received, " ");
    int path = (int)strcspn(conn->received + method + 1, " ");

    snprintf(server.log + used, sizeof(server.log) - used, "%.*s %c%.*s ", method, conn->received,
             (int)('a' + host), path, conn->received + method + 1);
    server.cookie = strstr(conn->received, "\r\nCookie: a=1\r\n");
    server.requests++;
    server.asked[host]++;
    if (server.asked[host] > server.peak[host])
        server.peak[host] = server.asked[host];
    if (all_asked() > server.max)
        server.max = all_asked();
}

/* "/hold" is held until the test responds, "/hop/N" redirects N times, "/away/..." redirects to
   another host, "/flaky" first fails `failures` times. */
static void on_received(void *owner, struct peer_conn *conn)
{
    const char *path = strchr(conn->received, '/');
    char text[128];

    (void)owner;
    if (!peer_has_request(conn))
        return;
    note_request(conn);
    if (!strncmp(path, "/hold", 5)) {
        list_put_last(&server.held, &conn->own);
    } else if (!strncmp(path, "/hop/", 5) && path[5] != '0') {
        snprintf(text, sizeof(text),
                 "HTTP/1.1 302 Found\r\nLocation: %c\r\nContent-Length: 4\r\n\r\nthis",
                 path[5] - 1);
        reply(conn, text);
    } else if (!strncmp(path, "/away", 5)) {
        snprintf(text, sizeof(text),
                 "HTTP/1.1 301 X\r\nLocation: //b.test:%u%.*s\r\nContent-Length: 0\r\n\r\n",
                 address_port(&server.peer.at), (int)strcspn(path + 5, " "), path + 5);
        reply(conn, text);
    } else if (!strncmp(path, "/cookie", 7)) {
        reply(conn, "HTTP/1.1 303 X\r\nSet-Cookie: a=1\r\nLocation: /\r\n"
                    "Content-Length: 0\r\n\r\n");
    } else if (!strncmp(path, "/flaky", 6) && server.failures) {
        server.failures--;
        reply(conn, "HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    } else {
        reply(conn, HELLO);
    }
}

static int setup_server(void **state)
{
    struct resolver_options options = {.servers = server.names.servers};
    const char *why;

    setup(state);
    memset(&server, 0, sizeof(server));
    list_init(&server.held);
    peer_start(&server.peer, fixture.loop, "127.0.0.1", on_received, NULL);
    nameserver_start(&server.names, fixture.loop, names);
    server.resolver = resolver_new(fixture.loop, &options, &why);
    fixture.dialer.resolver = server.resolver;
    fixture.dialer.open = dial_open;
    fixture.dialer.open_owner = &fixture.dialer;
    settings.chain = (struct chain_options){.follow = true, .max_hops = 10};
    fixture.options.response.follow = true;
    return 0;
}

static int teardown_server(void **state)
{
    if (fetch)
        fetch_free(fetch);
    fetch = NULL;
    peer_stop(&server.peer);
    resolver_free(server.resolver);
    nameserver_stop(&server.names);
    return teardown(state);
}

static void put_url(char *text, size_t room, char host, const char *path)
{
    snprintf(text, room, "http://%c.test:%u%s", host, address_port(&server.peer.at), path);
}

/* Responds to one random held request every few turns, until all are reported. */
static void answer_until_the_end(void)
{
    for (int turns = 0; !list.ended; turns++) {
        size_t held = 0, chosen;

        assert_true(turns < 100000);
        loop_turn(fixture.loop, list_is_empty(&server.held) ? NSEC_PER_MS : 0);
        if (turns % 4)
            continue;
        for (struct link *at = server.held.next; at != &server.held; at = at->next)
            held++;
        chosen = held ? unit_random() % held : 0;
        for (struct link *at = server.held.next; at != &server.held; at = at->next)
            if (!chosen--) {
                reply(LIST_OWNER(at, struct peer_conn, own), HELLO);
                break;
            }
    }
}

static bool hosts_in_turn(size_t number, char *text, size_t room)
{
    put_url(text, room, "aaaaabcd"[number % 8], "/hold");
    return true;
}

static void hosts_are_spared(void **state)
{
    (void)state;
    for (size_t max = 1; max < 4; max++) {
        list.url = hosts_in_turn;
        settings.per_host = max;
        begin(300, 8);
        answer_until_the_end();
        assert_true(each_was_reported_once());
        assert_int_equal(list.failed, 0);
        assert_int_equal(server.requests, 300);
        for (size_t i = 0; i < HOSTS; i++)
            assert_true(server.peak[i] <= max);
        assert_int_equal(server.peak[0], max);
        assert_true(server.max > max && server.max <= 8);
        teardown_server(state);
        setup_server(state);
    }
}

static void no_limit_a_host(void **state)
{
    (void)state;
    list.url = hosts_in_turn;
    begin(100, 8);
    answer_until_the_end();
    assert_in_range(server.peak[0], 5, 8);
}

/* Redirects too: they come to hosts that have their sites already. */
static bool all_lead_to_one(size_t number, char *text, size_t room)
{
    put_url(text, room, number % 2 ? 'b' : 'a', number % 2 ? "/hold" : "/away/hold");
    return true;
}

static void redirects_spare_hosts(void **state)
{
    (void)state;
    list.url = all_lead_to_one;
    settings.per_host = 1;
    begin(100, 10);
    answer_until_the_end();
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, 0);
    assert_int_equal(server.requests, 150);
    assert_true(server.peak[0] == 1 && server.peak[1] == 1);
}

/* Two of one host, which is held; then one of another, and lines that are no sites. */
static bool one_host_is_slow(size_t number, char *text, size_t room)
{
    put_url(text, room, number < 2 ? 'a' : 'b', number < 2 ? "/hold" : "/");
    return number < 12;
}

static void slow_host_holds_up_no_other(void **state)
{
    (void)state;
    list.url = one_host_is_slow;
    settings.per_host = 1;
    begin(30000, 4);
    TURN_UNTIL(fixture.loop, list.reported >= FETCH_LOOK_AHEAD - 1);
    unit_settle(fixture.loop);
    /* the second is aside: nothing is taken so many places behind it */
    assert_int_equal(list.given, 2 + FETCH_LOOK_AHEAD - 1);
    assert_int_equal(list.reported, list.given - 2);
    assert_int_equal(server.asked[0], 1);
    assert_int_equal(fetch_unreported(fetch), 2);
    assert_int_equal(fetch_in_flight(fetch), 1);
    fetch_poke(fetch);
    unit_settle(fixture.loop);
    assert_int_equal(list.given, 2 + FETCH_LOOK_AHEAD - 1);
    reply(LIST_OWNER(server.held.next, struct peer_conn, own), HELLO);
    TURN_UNTIL(fixture.loop, list.reported == 29999 && server.asked[0] == 1); /* it has started */
    answer_until_the_end();
    assert_true(each_was_reported_once());
}

/* A site that was taken early and has to wait does not delay others. */
static enum fetch_next next_or_far(void *owner, const struct url_origin *near, struct site **site)
{
    enum fetch_next next = near ? FETCH_LATER : next_site(owner, NULL, site);

    if (next == FETCH_SITE && (*site)->number == 1)
        (*site)->line = 9000;
    return next;
}

static bool near_and_slow(size_t number, char *text, size_t room)
{
    put_url(text, room, number < 2 ? 'a' : number < 4 ? 'c' : 'b', number < 4 ? "/hold" : "/");
    return number < 12;
}

static void order_aside_is_that_of_the_list(void **state)
{
    (void)state;
    list.url = near_and_slow;
    settings.per_host = 1;
    begin(30000, 4);
    fetch_free(fetch);
    settings.next = next_or_far;
    fetch = fetch_new(&fixture.dialer, &settings);
    fetch_poke(fetch);
    TURN_UNTIL(fixture.loop, server.asked[2] && list.given >= 4 + FETCH_LOOK_AHEAD - 1);
    unit_settle(fixture.loop);
    assert_int_equal(list.given, 4 + FETCH_LOOK_AHEAD - 1); /* 4 is the second at c.test */
    answer_until_the_end();
    assert_true(each_was_reported_once());
}

/* Sites that rest before another attempt are waiting too: there is a limit of them. */
static void waiting_sites_are_limited(void **state)
{
    (void)state;
    close(fixture.listener);
    fixture.listener = -1;
    fixture.clock.tick = 0;
    settings.chain.retries = 1;
    begin(20000, 50);
    for (int turns = 0; list.given < FETCH_MAX_WAITING && turns < 20000; turns++)
        loop_turn(fixture.loop, NSEC_PER_MS);
    unit_settle(fixture.loop);
    /* connections in flight have become idle */
    assert_in_range(fetch_unreported(fetch), FETCH_MAX_WAITING, FETCH_MAX_WAITING + 49);
    assert_int_equal(list.given, fetch_unreported(fetch));
    assert_int_equal(fetch_in_flight(fetch), 0);
    assert_int_equal(list.reported, 0);
    for (int turns = 0; !list.ended && turns < 100000; turns++) {
        fixture.clock.now += NSEC_PER_MS;
        loop_turn(fixture.loop, 0);
    }
    assert_true(each_was_reported_once());
    assert_int_equal(list.last_error, ERROR_CONNECT_REFUSED);
}

/* Redirects and retries, through the whole machine. */

static const char *only_path;

static bool only_one(size_t number, char *text, size_t room)
{
    (void)number;
    put_url(text, room, 'a', only_path);
    return true;
}

static struct result told;
static struct leg legs[16]; /* copies; their pointers are invalid */

static void keep_result(const struct result *result)
{
    told = *result;
    assert_true(result->leg_count <= LENGTH(legs));
    for (size_t i = 0; i < result->leg_count; i++)
        legs[i] = result->legs[i];
    told.legs = legs;
}

/* Fetches one site at a.test. */
static void fetch_path(const char *path)
{
    only_path = path;
    list.url = only_one;
    list.check = keep_result;
    begin(1, 1);
    for (int turns = 0; !list.ended && turns < 10000; turns++) {
        fixture.clock.now += 5 * NSEC_PER_MS;
        loop_turn(fixture.loop, turns % 10 ? 0 : NSEC_PER_MS);
    }
    assert_int_equal(list.ended, 1);
    assert_int_equal(list.reported, 1);
}

static void redirects_are_followed(void **state)
{
    nsec elapsed = 0;

    (void)state;
    fetch_path("/hop/3");
    assert_string_equal(server.log, "GET a/hop/3 GET a/hop/2 GET a/hop/1 GET a/hop/0 ");
    assert_int_equal(server.peer.accepted, 1); /* one connection served them all */
    assert_int_equal(told.error, ERROR_NONE);
    assert_int_equal(told.status, 200);
    assert_int_equal(told.body_bytes, 5);
    assert_int_equal(told.leg_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct stamps *next = i < 2 ? &legs[i + 1].stamps : &told.stamps;

        assert_true(legs[i].redirect && legs[i].status == 302);
        assert_true(legs[i].stamps.done <= next->taken && next->taken <= next->start);
        assert_int_equal(!legs[i].stamps.connect, i > 0);
        elapsed += legs[i].stamps.done - legs[i].stamps.start;
    }
    assert_int_equal(result_elapsed(&told), elapsed + told.stamps.head - told.stamps.start);
}

static void redirects_lead_to_other_hosts(void **state)
{
    (void)state;
    fetch_path("/away/hop/0");
    assert_string_equal(server.log, "GET a/away/hop/0 GET b/hop/0 ");
    assert_int_equal(server.peer.accepted, 2);
    assert_int_equal(told.status, 200);
}

static void cookies_go_along(void **state)
{
    (void)state;
    fetch_path("/cookie");
    assert_string_equal(server.log, "GET a/cookie GET a/ ");
    assert_true(server.cookie);
    assert_int_equal(told.status, 200);
}

static void redirect_is_a_result_where_none_is_followed(void **state)
{
    (void)state;
    settings.chain.follow = fixture.options.response.follow = false;
    fetch_path("/hop/3");
    assert_int_equal(told.status, 302);
    assert_int_equal(told.body_bytes, 4);
    assert_int_equal(told.snippet_bytes, 4);
    assert_int_equal(told.leg_count, 0);
}

static void too_many_redirects(void **state)
{
    (void)state;
    settings.chain.max_hops = 2;
    fetch_path("/hop/3");
    assert_string_equal(server.log, "GET a/hop/3 GET a/hop/2 GET a/hop/1 ");
    assert_int_equal(told.error, ERROR_REDIRECTS);
    assert_int_equal(told.leg_count, 2);
}

static void another_attempt_after_what_the_server_says(void **state)
{
    (void)state;
    settings.chain.retries = 3;
    server.failures = 2;
    fetch_path("/flaky");
    assert_string_equal(server.log, "GET a/flaky GET a/flaky GET a/flaky ");
    assert_int_equal(told.error, ERROR_NONE);
    assert_int_equal(told.status, 200);
    assert_int_equal(told.leg_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct stamps *next = i < 1 ? &legs[1].stamps : &told.stamps;

        assert_true(!legs[i].redirect && legs[i].status == 503);
        assert_int_equal(legs[i].waited, 7 * NSEC_PER_S);
        assert_true(next->start - legs[i].stamps.done >= 7 * NSEC_PER_S);
        assert_true(next->taken - legs[i].stamps.done >= 7 * NSEC_PER_S); /* no phase of it */
    }
    assert_true(result_elapsed(&told) < NSEC_PER_S);
}

static void attempts_end(void **state)
{
    (void)state;
    settings.chain.retries = 2;
    server.failures = 9;
    fetch_path("/flaky");
    assert_int_equal(server.requests, 3);
    assert_int_equal(told.status, 503);
    assert_int_equal(told.leg_count, 2);
}

/* All redirects of an attempt share the site's time. */
static void one_time_for_all_redirects(void **state)
{
    (void)state;
    list.timeout = 10 * NSEC_PER_S;
    fixture.clock.tick = NSEC_PER_S / 10;
    fetch_path("/hop/9");
    assert_int_equal(told.error, ERROR_TOTAL_TIMEOUT);
    assert_in_range(told.leg_count, 1, 9);
}

/* A rate. */

static void starts_keep_to_the_rate(void **state)
{
    enum { RATE_MS = 100 };

    (void)state;
    list.url = hosts_in_turn;
    settings.interval = RATE_MS * NSEC_PER_MS;
    fixture.clock.tick = 0;
    begin(6, 6);
    for (size_t i = 1; i <= 6; i++) {
        TURN_UNTIL(fixture.loop, server.requests == i);
        unit_settle(fixture.loop);
        assert_int_equal(server.requests, i);
        fixture.clock.now += RATE_MS * NSEC_PER_MS - 1;
        unit_settle(fixture.loop);
        assert_int_equal(fetch_in_flight(fetch), i);
        fixture.clock.now += 1;
    }
    answer_until_the_end();
    assert_true(each_was_reported_once());
}

static void each_host_keeps_to_its_rate(void **state)
{
    (void)state;
    list.url = hosts_in_turn; /* a to d come five times, once, once, once */
    settings.host_interval = NSEC_PER_S;
    fixture.clock.tick = 0;
    begin(8, 8);
    TURN_UNTIL(fixture.loop, server.requests == 4);
    for (size_t i = 1; i < 5; i++) {
        unit_settle(fixture.loop);
        assert_int_equal(server.asked[0], i);
        fixture.clock.now += NSEC_PER_S - 1;
        unit_settle(fixture.loop);
        assert_int_equal(fetch_in_flight(fetch), 3 + i);
        fixture.clock.now += 1;
        TURN_UNTIL(fixture.loop, server.requests == 4 + i);
    }
    assert_int_equal(server.asked[0], 5);
    answer_until_the_end();
    assert_true(each_was_reported_once());
}

/* Freed with sites in any state: no leak, no report. */

static bool everywhere(size_t number, char *text, size_t room)
{
    static const char *const paths[] = {"/hold", "/hop/9", "/flaky", "/away/hold", "/hold"};

    put_url(text, room, (char)('a' + number % HOSTS), paths[number % LENGTH(paths)]);
    return true;
}

static void given_up_at_every_turn(void **state)
{
    (void)state;
    for (int turns = 0; turns < 40; turns++) {
        list.url = everywhere;
        settings.chain.retries = 3;
        settings.per_host = 2;
        server.failures = 1000;
        begin(100, 7);
        for (int i = 0; i < turns; i++)
            loop_turn(fixture.loop, 0);
        list.check = NULL;
        list.reported = 0;
        fetch_free(fetch);
        fetch = NULL;
        fixture.clock.now += 100 * NSEC_PER_S;
        unit_settle(fixture.loop);
        assert_int_equal(list.reported, 0);
        assert_int_equal(list.ended, 0);
        teardown_server(state);
        setup_server(state);
    }
}

#define CASE(name)   cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SERVED(name) cmocka_unit_test_setup_teardown(name, setup_server, teardown_server)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(thousand_sites_seven_at_once),
        CASE(connections_are_kept_for_the_next),
        CASE(idle_connections_ask_for_their_origin),
        CASE(sites_of_an_idle_origin_come_first),
        CASE(no_site_at_all),
        CASE(may_be_freed_when_it_has_ended),
        CASE(end_is_reported_once),
        CASE(source_that_is_not_ready),
        CASE(unreadable_lines_are_reported),
        CASE(one_host_that_is_down),
        CASE(failures_at_once_let_timers_through),
        CASE(given_up_half_way),
        CASE(few_descriptors_lower_the_concurrency),
        CASE(no_descriptor_at_all_is_an_error),
        CASE(idle_connections_are_given_up_first),
        CASE(few_descriptors_and_names),
        SERVED(hosts_are_spared),
        SERVED(no_limit_a_host),
        SERVED(redirects_spare_hosts),
        SERVED(slow_host_holds_up_no_other),
        SERVED(order_aside_is_that_of_the_list),
        CASE(waiting_sites_are_limited),
        SERVED(redirects_are_followed),
        SERVED(redirects_lead_to_other_hosts),
        SERVED(cookies_go_along),
        SERVED(redirect_is_a_result_where_none_is_followed),
        SERVED(too_many_redirects),
        SERVED(another_attempt_after_what_the_server_says),
        SERVED(attempts_end),
        SERVED(one_time_for_all_redirects),
        SERVED(starts_keep_to_the_rate),
        SERVED(each_host_keeps_to_its_rate),
        SERVED(given_up_at_every_turn),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}

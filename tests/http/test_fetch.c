/* Many sites concurrently: each is reported once, the number in flight is limited, none is lost. */
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

/* The list: it gives sites and takes results. */
static struct {
    size_t given, sites; /* sites given so far; sites in total */
    size_t later;        /* FETCH_LATER after this number of sites, until the next poke; 0: never */
    size_t unreadable;   /* each n-th site is an unreadable line; 0: none */
    const char *host;    /* of all sites */
    /* Writes the URL of site `number`, from 0. Returns false if its line is unreadable. NULL: each
       site is at `host`. */
    bool (*url)(size_t number, char *text, size_t room);
    nsec timeout;                               /* of each site; 0: the default */
    void (*check)(const struct result *result); /* NULL: not called */
    size_t reported, failed;
    unsigned char seen[MAX_SEEN]; /* how often each was reported */
    size_t max_in_flight;
    size_t lowered_to, lowerings;
    enum error last_error;
    int ended;
    bool free_at_end; /* frees the fetcher when it has ended */
    bool gives_near;  /* gives a site for each requested origin */
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
        (*site)->line_error = strdup("the port is 0");
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
    fetch_take_sites(fetch);
}

static bool each_was_reported_once(void)
{
    for (size_t i = 0; i < list.sites; i++)
        CHILD_CHECK(list.seen[i] == 1);
    return list.reported == list.sites;
}

/* Four kinds of servers: keep-alive, closing, slow, and dead after the first response. */
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

static void thousand_sites_seven_in_flight(void **state)
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
    assert_true(fixture.opened < MAX_SITES / 2); /* some connections were reused */
}

static void connections_are_reused(void **state)
{
    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_true(each_was_reported_once());
    assert_int_equal(fixture.opened, 1);
}

/* An idle connection requests a site of its origin once, then stays idle. */
static void idle_connection_requests_a_site_of_its_origin(void **state)
{
    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    begin(100, 1);
    TURN_UNTIL(fixture.loop, list.ended);
    assert_in_range(list.near, 99, 100); /* the last connection may find the list at its end */
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

static void empty_list(void **state)
{
    (void)state;
    list.free_at_end = true;
    begin(0, 5);
    assert_int_equal(list.ended, 0); /* not before the loop turns */
    TURN_UNTIL(fixture.loop, list.ended);
    assert_int_equal(list.reported, 0);
}

static void may_be_freed_in_the_end_callback(void **state)
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
        fetch_take_sites(fetch);
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
    assert_int_equal(list.reported, 5); /* not before fetch_take_sites */
    fetch_take_sites(fetch);
    fetch_take_sites(fetch);
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

static void host_without_a_listener(void **state)
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

/* Timers fire between sites that fail as soon as they are started, or are unreadable. */
static void immediate_failures_do_not_delay_timers(void **state)
{
    struct timer timer;

    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(&list, 0, sizeof(list));
        list.host = "127.0.0.1";
        list.unreadable = i; /* 1: all lines are unreadable */
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

static void freed_with_sites_in_flight(void **state)
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

/* Closes inherited descriptors, and allows `more` new ones. */
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

/* No descriptor, and nothing in flight that would free one. */
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

static void missing_descriptors_are_an_error(void **state)
{
    (void)state;
    unit_in_child(check_no_descriptor);
}

/* Idle connections are closed if the next origin needs their descriptors. */
static bool check_idle_closed(void)
{
    fixture_set_scripts(&fixture, &(struct script){.reads = kept}, 1);
    list.later = 4;
    begin(8, 4);
    for (int turns = 0; list.reported < 4 && turns < 1000; turns++)
        loop_turn(fixture.loop, 10 * NSEC_PER_MS);
    /* the list gets a request for a site of the idle connections' origin */
    loop_turn(fixture.loop, 0);
    CHILD_CHECK(fixture.opened == 4 && fixture.closed == 0);
    list.later = 0;
    /* nothing listens at this address: connecting needs a descriptor and is refused */
    list.host = "127.0.0.2";
    allow_more_descriptors(0);
    fetch_take_sites(fetch);
    CHILD_CHECK(end_is_reached());
    CHILD_CHECK(list.lowerings == 0);
    CHILD_CHECK(list.failed == 4);
    CHILD_CHECK(list.last_error == ERROR_CONNECT_REFUSED);
    return true;
}

static void idle_connections_are_closed_first(void **state)
{
    (void)state;
    unit_in_child(check_idle_closed);
}

/* The resolver and the connections share few descriptors. */
static bool check_few_descriptors_and_names(void)
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
    unit_in_child(check_few_descriptors_and_names);
}

/* A server on the same loop, with four hosts. */

#define HOSTS 4 /* a.test to d.test, all at one address */

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
    struct link held;      /* connections whose request has no response yet */
    size_t waiting[HOSTS]; /* requests without a response */
    size_t peak[HOSTS];    /* maximum of `waiting` */
    size_t requests, max;  /* in total; maximum without a response, at all hosts */
    size_t failures;       /* number of first requests to "/flaky" that get a 503 */
    char log[1024];        /* "METHOD host/path " for each request */
    bool cookie;           /* the last one sent "a=1" */
} server;

static size_t host_of(const struct peer_conn *conn)
{
    const char *host = strstr(conn->received, "\r\nHost: ");
    char first = host ? host[8] : '\0';

    assert_in_range(first, 'a', 'a' + HOSTS - 1);
    return (size_t)(first - 'a');
}

static size_t all_waiting(void)
{
    size_t count = 0;

    for (size_t i = 0; i < HOSTS; i++)
        count += server.waiting[i];
    return count;
}

static void respond(struct peer_conn *conn, const char *text)
{
    server.waiting[host_of(conn)]--;
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
    server.waiting[host]++;
    if (server.waiting[host] > server.peak[host])
        server.peak[host] = server.waiting[host];
    if (all_waiting() > server.max)
        server.max = all_waiting();
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
        respond(conn, text);
    } else if (!strncmp(path, "/away", 5)) {
        snprintf(text, sizeof(text),
                 "HTTP/1.1 301 X\r\nLocation: //b.test:%u%.*s\r\nContent-Length: 0\r\n\r\n",
                 address_port(&server.peer.at), (int)strcspn(path + 5, " "), path + 5);
        respond(conn, text);
    } else if (!strncmp(path, "/cookie", 7)) {
        respond(conn, "HTTP/1.1 303 X\r\nSet-Cookie: a=1\r\nLocation: /\r\n"
                      "Content-Length: 0\r\n\r\n");
    } else if (!strncmp(path, "/flaky", 6) && server.failures) {
        server.failures--;
        respond(conn, "HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    } else {
        respond(conn, HELLO);
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
    fixture.dialer.open = dialer_open_transport;
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

/* Every few turns, responds to one random held request, until all sites are reported. */
static void respond_until_the_end(void)
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
                respond(LIST_OWNER(at, struct peer_conn, own), HELLO);
                break;
            }
    }
}

static bool hosts_a_to_d(size_t number, char *text, size_t room)
{
    put_url(text, room, "aaaaabcd"[number % 8], "/hold");
    return true;
}

static void requests_to_a_host_are_limited(void **state)
{
    (void)state;
    for (size_t max = 1; max < 4; max++) {
        list.url = hosts_a_to_d;
        settings.per_host = max;
        begin(300, 8);
        respond_until_the_end();
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

static void requests_to_a_host_without_a_limit(void **state)
{
    (void)state;
    list.url = hosts_a_to_d;
    begin(100, 8);
    respond_until_the_end();
    assert_in_range(server.peak[0], 5, 8);
}

/* Half of the sites redirect to the host of the other half. */
static bool half_redirect_to_b(size_t number, char *text, size_t room)
{
    put_url(text, room, number % 2 ? 'b' : 'a', number % 2 ? "/hold" : "/away/hold");
    return true;
}

static void redirects_count_for_their_host(void **state)
{
    (void)state;
    list.url = half_redirect_to_b;
    settings.per_host = 1;
    begin(100, 10);
    respond_until_the_end();
    assert_true(each_was_reported_once());
    assert_int_equal(list.failed, 0);
    assert_int_equal(server.requests, 150);
    assert_true(server.peak[0] == 1 && server.peak[1] == 1);
}

/* Two sites of a host that does not respond, then sites of another host, then unreadable lines. */
static bool one_host_is_slow(size_t number, char *text, size_t room)
{
    put_url(text, room, number < 2 ? 'a' : 'b', number < 2 ? "/hold" : "/");
    return number < 12;
}

static void slow_host_does_not_delay_others(void **state)
{
    (void)state;
    list.url = one_host_is_slow;
    settings.per_host = 1;
    begin(30000, 4);
    TURN_UNTIL(fixture.loop, list.reported >= FETCH_LOOK_AHEAD - 1);
    unit_settle(fixture.loop);
    /* the second site waits, so the list is read at most FETCH_LOOK_AHEAD lines further */
    assert_int_equal(list.given, 2 + FETCH_LOOK_AHEAD - 1);
    assert_int_equal(list.reported, list.given - 2);
    assert_int_equal(server.waiting[0], 1);
    assert_int_equal(fetch_unreported(fetch), 2);
    assert_int_equal(fetch_in_flight(fetch), 1);
    fetch_take_sites(fetch);
    unit_settle(fixture.loop);
    assert_int_equal(list.given, 2 + FETCH_LOOK_AHEAD - 1);
    respond(LIST_OWNER(server.held.next, struct peer_conn, own), HELLO);
    /* the second site was started */
    TURN_UNTIL(fixture.loop, list.reported == 29999 && server.waiting[0] == 1);
    respond_until_the_end();
    assert_true(each_was_reported_once());
}

/* Gives the second site a line far down the list, as after a request of an idle connection. */
static enum fetch_next next_with_far_line(void *owner, const struct url_origin *near,
                                          struct site **site)
{
    enum fetch_next next = near ? FETCH_LATER : next_site(owner, NULL, site);

    if (next == FETCH_SITE && (*site)->number == 1)
        (*site)->line = 9000;
    return next;
}

static bool two_slow_hosts(size_t number, char *text, size_t room)
{
    put_url(text, room, number < 2 ? 'a' : number < 4 ? 'c' : 'b', number < 4 ? "/hold" : "/");
    return number < 12;
}

static void early_site_does_not_delay_others(void **state)
{
    (void)state;
    list.url = two_slow_hosts;
    settings.per_host = 1;
    begin(30000, 4);
    fetch_free(fetch);
    settings.next = next_with_far_line;
    fetch = fetch_new(&fixture.dialer, &settings);
    fetch_take_sites(fetch);
    TURN_UNTIL(fixture.loop, server.waiting[2] && list.given >= 4 + FETCH_LOOK_AHEAD - 1);
    unit_settle(fixture.loop);
    assert_int_equal(list.given, 4 + FETCH_LOOK_AHEAD - 1); /* 4 is the second site of c.test */
    respond_until_the_end();
    assert_true(each_was_reported_once());
}

/* Sites that wait before a retry count towards the limit of waiting sites. */
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

/* Redirects and retries. */

static const char *only_path;

static bool one_site(size_t number, char *text, size_t room)
{
    (void)number;
    put_url(text, room, 'a', only_path);
    return true;
}

static struct result last_result;
static struct leg legs[16]; /* copies; their pointers are invalid */

static void keep_result(const struct result *result)
{
    last_result = *result;
    assert_true(result->leg_count <= LENGTH(legs));
    for (size_t i = 0; i < result->leg_count; i++)
        legs[i] = result->legs[i];
    last_result.legs = legs;
}

/* Fetches one site at a.test. */
static void fetch_path(const char *path)
{
    only_path = path;
    list.url = one_site;
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
    assert_int_equal(server.peer.accepted, 1); /* one connection for all requests */
    assert_int_equal(last_result.error, ERROR_NONE);
    assert_int_equal(last_result.status, 200);
    assert_int_equal(last_result.body_bytes, 5);
    assert_int_equal(last_result.leg_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct stamps *next = i < 2 ? &legs[i + 1].stamps : &last_result.stamps;

        assert_true(legs[i].redirect && legs[i].status == 302);
        assert_true(legs[i].stamps.done <= next->taken && next->taken <= next->start);
        assert_int_equal(!legs[i].stamps.connect, i > 0);
        elapsed += legs[i].stamps.done - legs[i].stamps.start;
    }
    assert_int_equal(result_elapsed(&last_result),
                     elapsed + last_result.stamps.head - last_result.stamps.start);
}

static void redirects_lead_to_other_hosts(void **state)
{
    (void)state;
    fetch_path("/away/hop/0");
    assert_string_equal(server.log, "GET a/away/hop/0 GET b/hop/0 ");
    assert_int_equal(server.peer.accepted, 2);
    assert_int_equal(last_result.status, 200);
}

static void cookies_are_sent_after_redirects(void **state)
{
    (void)state;
    fetch_path("/cookie");
    assert_string_equal(server.log, "GET a/cookie GET a/ ");
    assert_true(server.cookie);
    assert_int_equal(last_result.status, 200);
}

static void redirect_that_is_not_followed_is_a_result(void **state)
{
    (void)state;
    settings.chain.follow = fixture.options.response.follow = false;
    fetch_path("/hop/3");
    assert_int_equal(last_result.status, 302);
    assert_int_equal(last_result.body_bytes, 4);
    assert_int_equal(last_result.snippet_bytes, 4);
    assert_int_equal(last_result.leg_count, 0);
}

static void too_many_redirects(void **state)
{
    (void)state;
    settings.chain.max_hops = 2;
    fetch_path("/hop/3");
    assert_string_equal(server.log, "GET a/hop/3 GET a/hop/2 GET a/hop/1 ");
    assert_int_equal(last_result.error, ERROR_REDIRECTS);
    assert_int_equal(last_result.leg_count, 2);
}

static void retry_after_is_respected(void **state)
{
    (void)state;
    settings.chain.retries = 3;
    server.failures = 2;
    fetch_path("/flaky");
    assert_string_equal(server.log, "GET a/flaky GET a/flaky GET a/flaky ");
    assert_int_equal(last_result.error, ERROR_NONE);
    assert_int_equal(last_result.status, 200);
    assert_int_equal(last_result.leg_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct stamps *next = i < 1 ? &legs[1].stamps : &last_result.stamps;

        assert_true(!legs[i].redirect && legs[i].status == 503);
        assert_int_equal(legs[i].waited, 7 * NSEC_PER_S);
        assert_true(next->start - legs[i].stamps.done >= 7 * NSEC_PER_S);
        /* the time between attempts is in no phase */
        assert_true(next->taken - legs[i].stamps.done >= 7 * NSEC_PER_S);
    }
    assert_true(result_elapsed(&last_result) < NSEC_PER_S);
}

static void retries_are_limited(void **state)
{
    (void)state;
    settings.chain.retries = 2;
    server.failures = 9;
    fetch_path("/flaky");
    assert_int_equal(server.requests, 3);
    assert_int_equal(last_result.status, 503);
    assert_int_equal(last_result.leg_count, 2);
}

/* All redirects of an attempt share the site's timeout. */
static void redirects_share_the_sites_timeout(void **state)
{
    (void)state;
    list.timeout = 10 * NSEC_PER_S;
    fixture.clock.tick = NSEC_PER_S / 10;
    fetch_path("/hop/9");
    assert_int_equal(last_result.error, ERROR_TOTAL_TIMEOUT);
    assert_in_range(last_result.leg_count, 1, 9);
}

/* Rates. */

static void starts_keep_to_the_rate(void **state)
{
    enum { RATE_MS = 100 };

    (void)state;
    list.url = hosts_a_to_d;
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
    respond_until_the_end();
    assert_true(each_was_reported_once());
}

static void requests_to_each_host_keep_to_its_rate(void **state)
{
    (void)state;
    list.url = hosts_a_to_d; /* of 8 sites, 5 are at a.test */
    settings.host_interval = NSEC_PER_S;
    fixture.clock.tick = 0;
    begin(8, 8);
    TURN_UNTIL(fixture.loop, server.requests == 4);
    for (size_t i = 1; i < 5; i++) {
        unit_settle(fixture.loop);
        assert_int_equal(server.waiting[0], i);
        fixture.clock.now += NSEC_PER_S - 1;
        unit_settle(fixture.loop);
        assert_int_equal(fetch_in_flight(fetch), 3 + i);
        fixture.clock.now += 1;
        TURN_UNTIL(fixture.loop, server.requests == 4 + i);
    }
    assert_int_equal(server.waiting[0], 5);
    respond_until_the_end();
    assert_true(each_was_reported_once());
}

/* Freed with sites in any state: nothing leaks, and nothing is reported. */

static bool mixed_paths(size_t number, char *text, size_t room)
{
    static const char *const paths[] = {"/hold", "/hop/9", "/flaky", "/away/hold", "/hold"};

    put_url(text, room, (char)('a' + number % HOSTS), paths[number % LENGTH(paths)]);
    return true;
}

static void freed_after_any_turn(void **state)
{
    (void)state;
    for (int turns = 0; turns < 40; turns++) {
        list.url = mixed_paths;
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
        CASE(thousand_sites_seven_in_flight),
        CASE(connections_are_reused),
        CASE(idle_connection_requests_a_site_of_its_origin),
        CASE(sites_of_an_idle_origin_come_first),
        CASE(empty_list),
        CASE(may_be_freed_in_the_end_callback),
        CASE(end_is_reported_once),
        CASE(source_that_is_not_ready),
        CASE(unreadable_lines_are_reported),
        CASE(host_without_a_listener),
        CASE(immediate_failures_do_not_delay_timers),
        CASE(freed_with_sites_in_flight),
        CASE(few_descriptors_lower_the_concurrency),
        CASE(missing_descriptors_are_an_error),
        CASE(idle_connections_are_closed_first),
        CASE(few_descriptors_and_names),
        SERVED(requests_to_a_host_are_limited),
        SERVED(requests_to_a_host_without_a_limit),
        SERVED(redirects_count_for_their_host),
        SERVED(slow_host_does_not_delay_others),
        SERVED(early_site_does_not_delay_others),
        CASE(waiting_sites_are_limited),
        SERVED(redirects_are_followed),
        SERVED(redirects_lead_to_other_hosts),
        SERVED(cookies_are_sent_after_redirects),
        SERVED(redirect_that_is_not_followed_is_a_result),
        SERVED(too_many_redirects),
        SERVED(retry_after_is_respected),
        SERVED(retries_are_limited),
        SERVED(redirects_share_the_sites_timeout),
        SERVED(starts_keep_to_the_rate),
        SERVED(requests_to_each_host_keep_to_its_rate),
        SERVED(freed_after_any_turn),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}

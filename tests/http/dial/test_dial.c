/* The states of a dial and each exit from them, over scripted transports. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "dns/resolver.h"
#include "tests/support/fixture.h"
#include "tests/support/nameserver.h"
#include "tests/support/peer.h"

static const struct nameserver_rule rules[] = {
    {.name = "one.test", .v4 = "127.0.0.1"},
    {.name = "both.test", .v4 = "127.0.0.1", .v6 = "::1"},
    {.name = "wrong.test", .v4 = "255.255.255.255 127.0.0.1"},
    {.name = "nodata.test"},
    {.name = "servfail.test", .rcode = 2},
    {.name = "refused.test", .rcode = 5},
    {.name = "cut.test", .behavior = NAMESERVER_CUT_RECORD},
    {.name = "silent.test", .behavior = NAMESERVER_SILENT},
    {.name = "late6.test",
     .v4 = "127.0.0.1",
     .v6 = "::1",
     .behavior = NAMESERVER_HELD,
     .only = NAMESERVER_AAAA},
    {.name = "no6.test", .v4 = "127.0.0.1", .behavior = NAMESERVER_HELD, .only = NAMESERVER_AAAA},
    {.name = NULL},
};

static const struct script plain = {NULL, NULL, NULL};

static struct fixture fixture;
static struct nameserver server;
static struct proxies *proxies;
static int wakes; /* number of callbacks */
static int tried; /* number of addresses that the probe reported */

static char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

/* Sends all connections through a proxy on this port of the host. NULL: through none. */
static void use_proxy_at(const char *scheme_and_host, uint16_t port)
{
    char text[64], why[PROXIES_WHY_BYTES];

    proxies_free(proxies);
    proxies = NULL;
    if (scheme_and_host) {
        snprintf(text, sizeof(text), "%s:%u", scheme_and_host, port);
        proxies = proxies_new(text, NULL, no_variable, why);
        assert_non_null(proxies);
    }
    fixture.dialer.proxies = proxies;
}

/* On the fixture's port. */
static void use_proxy(const char *scheme_and_host)
{
    use_proxy_at(scheme_and_host, address_port(&fixture.address));
}

static int setup(void **state)
{
    struct resolver_options options = {.servers = server.servers};
    const char *why;

    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    nameserver_start(&server, fixture.loop, rules);
    fixture.dialer.resolver = resolver_new(fixture.loop, &options, &why);
    fixture_set_scripts(&fixture, &plain, 1);
    wakes = 0;
    return !fixture.dialer.resolver;
}

static int teardown(void **state)
{
    (void)state;
    use_proxy(NULL);
    resolver_free(fixture.dialer.resolver);
    nameserver_stop(&server);
    fixture_close(&fixture);
    return 0;
}

static void on_wake(void *owner)
{
    (void)owner;
    wakes++;
}

/* Dials the fixture's port at `host`. */
static const struct dial_options *begin_options; /* NULL: none */

static struct dial *begin(const char *scheme, const char *host)
{
    struct dial *dial;
    struct url url;
    char text[128];

    snprintf(text, sizeof(text), "%s://%s:%u/", scheme, host, address_port(&fixture.address));
    assert_null(url_parse(&url, text, strlen(text)));
    wakes = 0;
    dial = dial_new(&fixture.dialer, &url, begin_options, on_wake, NULL);
    url_free(&url);
    return dial;
}

static void expect_failure(struct dial *dial, enum error error, enum phase phase)
{
    TURN_UNTIL(fixture.loop, dial->state == DIAL_FAILED);
    if (dial->error != error || dial->phase != phase || dial_phase(dial) != phase)
        fail_msg("%s in %s", error_code(dial->error), phase_name(dial->phase));
    unit_settle(fixture.loop);
    assert_true(wakes <= 1);
    dial_free(dial);
}

static void states_in_order(void **state)
{
    static const struct script_step handshakes[] = {PAUSE, PAUSE, PAUSE, LAST};
    struct dial *dial;

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.handshakes = handshakes}, 1);
    fixture_record_states(&fixture, "dial");
    dial = begin("https", "one.test");
    assert_int_equal(dial->state, DIAL_RESOLVE);
    assert_int_equal(dial_phase(dial), PHASE_DNS);
    TURN_UNTIL(fixture.loop, dial->state != DIAL_RESOLVE);
    assert_int_equal(dial->state, DIAL_CONNECT);
    assert_int_equal(dial_phase(dial), PHASE_CONNECT);
    TURN_UNTIL(fixture.loop, dial->state != DIAL_CONNECT);
    assert_int_equal(dial->state, DIAL_HANDSHAKE);
    assert_int_equal(dial_phase(dial), PHASE_TLS);
    assert_int_equal(wakes, 0);
    TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
    assert_int_equal(dial_phase(dial), PHASE_SEND);
    assert_int_equal(wakes, 1);
    assert_true(dial->stamps.dns > dial->stamps.start);
    assert_true(dial->stamps.connect > dial->stamps.dns);
    assert_true(dial->stamps.tls > dial->stamps.connect);
    dial_free(dial);
    assert_string_equal(fixture.states, "connect tunnel tls-queued handshake open");
}

static void skipped_states_have_no_stamp(void **state)
{
    struct dial *dial = begin("http", "127.0.0.1");

    (void)state;
    assert_int_equal(dial->state, DIAL_CONNECT); /* an address needs no lookup */
    TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
    assert_true(!dial->stamps.dns && dial->stamps.connect && !dial->stamps.tls);
    dial_free(dial);
    assert_int_equal(server.udp_questions, 0);
}

static void lookups_fail(void **state)
{
    static const struct {
        const char *host;
        enum error error;
    } cases[] = {
        {"nowhere.test", ERROR_DNS_NXDOMAIN},  {"nodata.test", ERROR_DNS_NO_ADDRESS},
        {"servfail.test", ERROR_DNS_SERVFAIL}, {"refused.test", ERROR_DNS_REFUSED},
        {"cut.test", ERROR_DNS_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        wakes = 0;
        expect_failure(begin("http", cases[i].host), cases[i].error, PHASE_DNS);
        assert_int_equal(wakes, 1);
    }
}

static void count_tries(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                        size_t length)
{
    (void)owner;
    assert_true(number > 0 && length == strlen(text));
    tried += kind == PROBE_NOTE && !strncmp(text, "trying ", 7);
}

/* The listener is on 127.0.0.1 only. */
static void next_address_is_tried(void **state)
{
    static const char *const hosts[] = {"both.test", "wrong.test"};
    static const struct probe probe = {.line = count_tries};

    (void)state;
    loop_set_probe(fixture.loop, &probe);
    for (size_t i = 0; i < LENGTH(hosts); i++) {
        struct dial *dial = begin("http", hosts[i]);

        wakes = tried = 0;
        TURN_UNTIL(fixture.loop, dial->state >= DIAL_OPEN);
        assert_int_equal(dial->state, DIAL_OPEN);
        assert_int_equal(tried, 2);
        assert_memory_equal(&dial->address.v4, &fixture.address.v4, sizeof(fixture.address.v4));
        assert_int_equal(wakes, 1);
        dial_free(dial);
    }
}

static void nothing_listens(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "both.test"};

    (void)state;
    close(fixture.listener);
    fixture.listener = -1;
    for (size_t i = 0; i < LENGTH(hosts); i++) {
        wakes = 0;
        expect_failure(begin("http", hosts[i]), ERROR_CONNECT_REFUSED, PHASE_CONNECT);
    }
}

/* The failure is known when dial_new returns, without a callback. */
static void fails_immediately(void **state)
{
    struct dial *dial = begin("http", "255.255.255.255");

    (void)state;
    assert_int_equal(dial->state, DIAL_FAILED);
    assert_int_equal(wakes, 0);
    assert_true(dial->error == ERROR_LOCAL || dial->error == ERROR_CONNECT_UNREACHABLE);
    expect_failure(dial, dial->error, PHASE_CONNECT);
}

static void handshake_fails(void **state)
{
    static const struct script_step fails[] = {PAUSE, FAIL(TLS_UNKNOWN_AUTHORITY)};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.handshakes = fails}, 1);
    expect_failure(begin("https", "127.0.0.1"), ERROR_TLS_UNKNOWN_AUTHORITY, PHASE_TLS);
    fixture.refuse = true;
    wakes = 0;
    expect_failure(begin("https", "127.0.0.1"), ERROR_TLS_FAILED, PHASE_TLS);
}

/* If a dial is freed in any state, there is no callback. */
static void freed_in_every_state(void **state)
{
    static const struct script_step hang[] = {HANG};

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.handshakes = hang}, 1);
    for (int i = DIAL_RESOLVE; i <= DIAL_OPEN; i++) {
        struct dial *dial;

        if (i == DIAL_TUNNEL) /* the listener is used as a proxy, which sends nothing */
            use_proxy("http://127.0.0.1");
        dial = begin("https", i == DIAL_RESOLVE ? "silent.test" : "one.test");
        if (i == DIAL_TLS_QUEUED)
            fixture.dialer.handshakes = DIAL_MAX_HANDSHAKES;
        if (i == DIAL_OPEN)
            fixture_set_scripts(&fixture, &plain, 1);
        TURN_UNTIL(fixture.loop, (int)dial->state == i);
        wakes = 0;
        dial_free(dial);
        unit_settle(fixture.loop);
        assert_int_equal(wakes, 0);
        if (i == DIAL_TLS_QUEUED)
            fixture.dialer.handshakes = 0;
        if (i == DIAL_TUNNEL)
            use_proxy(NULL);
    }
    assert_int_equal(fixture.dialer.handshakes, 0);
    assert_true(list_is_empty(&fixture.dialer.slot_queue));
}

/* The DNS answer arrives after the dial was freed. */
static void freed_before_the_dns_answer(void **state)
{
    struct dial *dial = begin("http", "one.test");

    (void)state;
    dial_free(dial);
    loop_turn(fixture.loop, 0);
    TURN_UNTIL(fixture.loop, server.udp_questions == 2);
    for (int i = 0; i < 5; i++)
        loop_turn(fixture.loop, NSEC_PER_MS);
    assert_int_equal(wakes, 0);
}

/* The number of handshake slots is limited; dials get them in order of arrival. */
static void handshakes_are_limited(void **state)
{
    enum { MORE = DIAL_MAX_HANDSHAKES + 3 };
    static const struct script_step hang[] = {HANG};
    static struct dial *dials[MORE];

    (void)state;
    fixture_set_scripts(&fixture, &(struct script){.handshakes = hang}, 1);
    for (size_t i = 0; i < MORE; i++) {
        dials[i] = begin("https", "127.0.0.1");
        TURN_UNTIL(fixture.loop, dials[i]->state != DIAL_CONNECT);
        assert_int_equal(dials[i]->state,
                         i < DIAL_MAX_HANDSHAKES ? DIAL_HANDSHAKE : DIAL_TLS_QUEUED);
        assert_int_equal(dial_phase(dials[i]), i < DIAL_MAX_HANDSHAKES ? PHASE_TLS : PHASE_BLOCKED);
    }
    dial_free(dials[MORE - 2]); /* one that waits is freed: the others keep their order */
    dial_free(dials[0]);        /* frees its handshake slot for the first queued dial */
    unit_settle(fixture.loop);
    assert_int_equal(dials[MORE - 3]->state, DIAL_HANDSHAKE);
    assert_true(dials[MORE - 3]->stamps.queued > 0);
    assert_int_equal(dials[MORE - 1]->state, DIAL_TLS_QUEUED);
    dial_free(dials[1]);
    dial_free(dials[MORE - 1]); /* has a handshake slot, but its event is still pending */
    unit_settle(fixture.loop);
    assert_int_equal(fixture.dialer.handshakes, DIAL_MAX_HANDSHAKES - 1);
    for (size_t i = 2; i < MORE - 2; i++)
        dial_free(dials[i]);
    assert_int_equal(fixture.dialer.handshakes, 0);
}

static void plain_connections_need_no_handshake_slot(void **state)
{
    struct dial *dial;

    (void)state;
    fixture.dialer.handshakes = DIAL_MAX_HANDSHAKES;
    dial = begin("http", "127.0.0.1");
    TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
    assert_true(dial->stamps.queued == 0);
    dial_free(dial);
    assert_int_equal(fixture.dialer.handshakes, DIAL_MAX_HANDSHAKES);
}

/* In a rehearsal every dial is redirected to the origin, also one to an address. */
static void rehearsal_redirects_dials(void **state)
{
    struct dial_map map;
    struct dialer dialer;
    struct address address;
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    dialer_init(&dialer, fixture.loop);
    address_parse(&map.http, "127.0.0.1", 1001);
    address_parse(&map.https, "127.0.0.2", 1002);
    address_parse(&address, "192.0.2.1", 0);
    dialer_set_destination(&dialer, &address, true, 443, true);
    assert_string_equal(address_text(&address, text), "192.0.2.1:443");
    dialer.map = &map;
    dialer_set_destination(&dialer, &address, true, 443,
                           false); /* an address from the rehearsal's nameserver */
    assert_string_equal(address_text(&address, text), "192.0.2.1:1002");
    dialer_set_destination(&dialer, &address, false, 8080, false);
    assert_string_equal(address_text(&address, text), "192.0.2.1:1001");
    dialer_set_destination(&dialer, &address, true, 443, true);
    assert_string_equal(address_text(&address, text), "127.0.0.2:1002");
    dialer_set_destination(&dialer, &address, false, 80, true);
    assert_string_equal(address_text(&address, text), "127.0.0.1:1001");
    dialer_free(&dialer);
}

/* Late DNS answers. */

/* An A answer, but no AAAA answer: the Resolution Delay passes. */
static void pass_delay(const struct dial *dial)
{
    for (int turns = 0; dial->state == DIAL_RESOLVE; turns++) {
        assert_true(turns < 1000);
        fixture.clock.now += RESOLVER_DELAY / 10;
        loop_turn(fixture.loop, NSEC_PER_MS);
    }
    assert_int_equal(server.held_count, 1);
}

/* IPv4 is refused before the AAAA answer: the dial waits for the answer. */
static void late_address_is_tried(void **state)
{
    struct address at;
    struct dial *dial;

    (void)state;
    assert_true(address_parse(&at, "::1", address_port(&fixture.address)));
    close(fixture.listener);
    fixture.listener = sock_listen(&at, 10);
    if (fixture.listener < 0)
        skip(); /* no IPv6 here */
    dial = begin("http", "late6.test");
    pass_delay(dial);
    fixture.clock.now += 10 * EYEBALLS_STAGGER;
    unit_settle(fixture.loop);
    assert_int_equal(dial->state, DIAL_CONNECT);
    assert_int_equal(wakes, 0);
    nameserver_release(&server);
    TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
    assert_int_equal(dial->address.any.sa_family, AF_INET6);
    assert_true(dial->stamps.dns < dial->stamps.connect);
    assert_int_equal(wakes, 1);
    dial_free(dial);
}

static void late_answer_without_an_address(void **state)
{
    struct dial *dial;

    (void)state;
    close(fixture.listener);
    fixture.listener = -1;
    dial = begin("http", "no6.test");
    pass_delay(dial);
    unit_settle(fixture.loop);
    assert_int_equal(wakes, 0);
    nameserver_release(&server);
    expect_failure(dial, ERROR_CONNECT_REFUSED, PHASE_CONNECT);
    assert_int_equal(wakes, 1);
}

/* A DNS answer that is no longer needed is ignored. */
static void late_answer_after_the_connection(void **state)
{
    struct dial *dial = begin("http", "late6.test");

    (void)state;
    pass_delay(dial);
    TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
    assert_null(dial->lookup);
    nameserver_release(&server);
    for (int i = 0; i < 5; i++)
        loop_turn(fixture.loop, NSEC_PER_MS);
    assert_int_equal(wakes, 1);
    assert_int_equal(dial->state, DIAL_OPEN);
    dial_free(dial);
}

/* The address, TLS client and ALPN of a connection. */

static char opened_for[64];          /* "http[s] host:port" */
static struct dial_peer opened_with; /* its TLS client and ALPN */
static open_transport_fn *real_open;

static struct transport *note_open(void *owner, struct sock *sock, const struct dial_peer *peer)
{
    snprintf(opened_for, sizeof(opened_for), "%s %s:%u", peer->https ? "https" : "http", peer->host,
             peer->port);
    opened_with = *peer;
    return real_open(owner, sock, peer);
}

static void unix_sockets(void **state)
{
    static const char *const urls[] = {"http", "https"};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct dial *dial;
    char path[64];
    int fd;

    (void)state;
    close(unit_file(path, sizeof(path)));
    unlink(path);
    fixture.dialer.unix_socket = path;
    use_proxy("http://127.0.0.1"); /* ignored, because the site has a Unix socket */
    dial = begin("http", "nowhere.test");
    assert_int_equal(dial->state, DIAL_FAILED);
    assert_string_equal(dial->detail, "No such file or directory");
    expect_failure(dial, ERROR_CONNECT_FAILED, PHASE_CONNECT);

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 5), 0);
    for (size_t i = 0; i < LENGTH(urls); i++) {
        dial = begin(urls[i], "nowhere.test");
        TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
        assert_int_equal(dial->address.length, 0);
        assert_true(!dial->stamps.dns && dial->stamps.connect && !dial->proxy);
        assert_false(proxy_forwards(dial->proxy, dial->https));
        dial_free(dial);
    }
    assert_int_equal(server.udp_questions, 0);
    close(fd);
    unlink(path);
}

/* Copies an option, with "@" replaced by the fixture's port. */
static void put_port(char *text, size_t room, const char *option)
{
    size_t before = strcspn(option, "@");

    if (option[before])
        snprintf(text, room, "%.*s%u%s", (int)before, option, address_port(&fixture.address),
                 option + before + 1);
    else
        snprintf(text, room, "%s", option);
}

/* Routes change the address of a dial, not its host. */
static void routes_change_the_address(void **state)
{
    static const struct {
        const char *resolve, *connect_to; /* "@" is the fixture's port; NULL: none */
        const char *host;
    } cases[] = {
        {"nowhere.test:*:127.0.0.1", NULL, "nowhere.test"},
        {"*:@:127.0.0.1", NULL, "nowhere.test"},
        /* the first address refuses */
        {"nowhere.test:*:127.0.0.2,127.0.0.1", NULL, "nowhere.test"},
        {"127.0.0.2:*:127.0.0.1", NULL, "127.0.0.2"},
        {NULL, "nowhere.test::127.0.0.1:@", "nowhere.test"},
        {NULL, ":@:127.0.0.1:", "nowhere.test"},
        {NULL, "127.0.0.2::127.0.0.1:", "127.0.0.2"},
        {"else.test:*:127.0.0.1", "nowhere.test::else.test:", "nowhere.test"},
    };

    (void)state;
    real_open = fixture.dialer.open;
    fixture.dialer.open = note_open;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct routes *routes = routes_new();
        char text[64], expected[64];
        struct dial *dial;

        if (cases[i].resolve) {
            put_port(text, sizeof(text), cases[i].resolve);
            assert_null(routes_add_resolve(routes, text));
        }
        if (cases[i].connect_to) {
            put_port(text, sizeof(text), cases[i].connect_to);
            assert_null(routes_add_connect_to(routes, text));
        }
        fixture.dialer.routes = routes;
        dial = begin("https", cases[i].host);
        TURN_UNTIL(fixture.loop, dial->state >= DIAL_OPEN);
        assert_int_equal(dial->state, DIAL_OPEN);
        assert_memory_equal(&dial->address.v4, &fixture.address.v4, sizeof(fixture.address.v4));
        assert_true(dial->stamps.dns == 0);
        snprintf(expected, sizeof(expected), "https %s:%u", cases[i].host,
                 address_port(&fixture.address));
        assert_string_equal(opened_for, expected);
        dial_free(dial);
        fixture.dialer.routes = NULL;
        routes_free(routes);
    }
    assert_int_equal(server.udp_questions, 0);
}

/* A dial may have its own source address, TLS client and protocols, unlike the dialer's. */
static void options_of_its_own(void **state)
{
    struct sock_source from = {0}, others = {0};
    struct tls_client *tls = (struct tls_client *)&from; /* not used, only passed on */
    const struct dial_options options = {.from = &from, .tls = tls, .alpn = "\x02h2"};
    struct url url;
    char text[64];

    (void)state;
    real_open = fixture.dialer.open;
    fixture.dialer.open = note_open;
    fixture.dialer.from = &others;
    assert_null(sock_source_parse(&from, "127.0.0.3"));
    assert_null(sock_source_parse(&others, "127.0.0.4"));
    snprintf(text, sizeof(text), "https://127.0.0.1:%u/", address_port(&fixture.address));
    assert_null(url_parse(&url, text, strlen(text)));
    for (int own = 0; own < 2; own++) {
        struct dial *dial = dial_new(&fixture.dialer, &url, own ? &options : NULL, on_wake, NULL);
        struct sockaddr_in local = {0};
        socklen_t length = sizeof(local);

        TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
        assert_int_equal(getsockname(dial->sock->watch.fd, (struct sockaddr *)&local, &length), 0);
        assert_int_equal(ntohl(local.sin_addr.s_addr), own ? 0x7f000003 : 0x7f000004);
        assert_ptr_equal(opened_with.tls, own ? tls : NULL);
        assert_ptr_equal(opened_with.alpn, own ? options.alpn : NULL);
        dial_free(dial);
    }
    url_free(&url);
    fixture.dialer.from = NULL;
}

/* --connect-to with a name resolves that name. */
static void route_to_a_name(void **state)
{
    struct routes *routes = routes_new();
    struct dial *dial;

    (void)state;
    assert_null(routes_add_connect_to(routes, "nowhere.test::one.test:"));
    fixture.dialer.routes = routes;
    dial = begin("http", "nowhere.test");
    TURN_UNTIL(fixture.loop, dial->state == DIAL_OPEN);
    assert_true(dial->stamps.dns > 0);
    dial_free(dial);
    routes_free(routes);
}

/* -4 and -6 also apply to addresses of --resolve. */
static void routes_of_the_other_family(void **state)
{
    struct routes *routes = routes_new();

    (void)state;
    assert_null(routes_add_resolve(routes, "nowhere.test:*:127.0.0.1"));
    fixture.dialer.routes = routes;
    fixture.dialer.family = RESOLVE_IPV6;
    expect_failure(begin("http", "nowhere.test"), ERROR_DNS_NO_ADDRESS, PHASE_DNS);
    routes_free(routes);
}

/* Proxies. */

#define MAX_TURNS 4

/* What the proxy sends after it received bytes. `bytes` NULL: nothing more. */
struct proxy_send {
    const char *bytes;
    size_t count; /* 0: up to the NUL */
};

static struct {
    struct peer peer;
    struct peer_conn *conn;
    const struct proxy_send *turns; /* MAX_TURNS of them */
    size_t turn;
    const char *left; /* not sent yet */
    size_t left_bytes;
    bool slowly;         /* byte by byte */
    bool closes, resets; /* after the last send */
    char received[512];
    size_t received_bytes; /* in total */
    nsec received_at;      /* the last time */
} proxy;

static void on_received(void *owner, struct peer_conn *conn)
{
    const struct proxy_send *send = &proxy.turns[proxy.turn];

    (void)owner;
    assert_true(proxy.received_bytes + conn->received_bytes < sizeof(proxy.received));
    memcpy(proxy.received + proxy.received_bytes, conn->received, conn->received_bytes + 1);
    proxy.received_bytes += conn->received_bytes;
    conn->received_bytes = 0;
    proxy.conn = conn;
    proxy.received_at = fixture.clock.now;
    if (send->bytes) {
        proxy.left = send->bytes;
        proxy.left_bytes = send->count ? send->count : strlen(send->bytes);
        proxy.turn++;
    } else if (proxy.closes || proxy.resets) {
        peer_close(conn, proxy.resets);
    }
}

static void proxy_start(void)
{
    memset(&proxy, 0, sizeof(proxy));
    peer_start(&proxy.peer, fixture.loop, "127.0.0.1", on_received, NULL);
}

static void proxy_stop(void)
{
    use_proxy(NULL);
    peer_stop(&proxy.peer);
}

/* Turns the loop until the dial is open or has failed. */
static void turn_until_done(struct dial *dial)
{
    for (int turns = 0; dial->state < DIAL_OPEN; turns++) {
        size_t count = proxy.slowly && proxy.left_bytes ? 1 : proxy.left_bytes;

        if (turns > 1000)
            fail_msg("state %d", dial->state);
        if (count)
            peer_send(proxy.conn, proxy.left, count);
        proxy.left += count;
        proxy.left_bytes -= count;
        if (count && !proxy.left_bytes && !proxy.turns[proxy.turn].bytes &&
            (proxy.closes || proxy.resets))
            peer_close(proxy.conn, proxy.resets);
        loop_turn(fixture.loop, NSEC_PER_MS);
    }
    unit_settle(fixture.loop);
}

/* Dials through the proxy until the dial is open or has failed. */
static struct dial *dial_through(const char *proxy_scheme, const char *scheme, const char *host,
                                 const struct proxy_send turns[MAX_TURNS])
{
    char text[64];
    struct dial *dial;

    proxy.turns = turns;
    proxy.turn = proxy.received_bytes = proxy.left_bytes = 0;
    wakes = 0;
    snprintf(text, sizeof(text), "%s://127.0.0.1", proxy_scheme);
    use_proxy_at(text, address_port(&proxy.peer.at));
    dial = begin(scheme, host);
    turn_until_done(dial);
    assert_int_equal(wakes, 1);
    return dial;
}

#define SOCKS_NO_AUTH                                                                              \
    {                                                                                              \
        "\x05\x00", 2                                                                              \
    }
#define SOCKS_REPLY(code)                                                                          \
    {                                                                                              \
        "\x05" code "\0\x01\0\0\0\0\0\0", 10                                                       \
    }

static const struct proxy_send agrees[MAX_TURNS] = {{"HTTP/1.1 200 Go\r\n\r\n", 0}};
static const struct proxy_send socks_agrees[MAX_TURNS] = {SOCKS_NO_AUTH, SOCKS_REPLY("\x00")};

static void expect_open(const struct dial *dial)
{
    if (dial->state != DIAL_OPEN)
        fail_msg("%s: %s", error_code(dial->error), dial->detail ? dial->detail : "");
    assert_int_equal(address_port(&dial->address), address_port(&proxy.peer.at));
    assert_non_null(dial->proxy);
    assert_null(dial->tunnel);
}

/* CONNECT has the name of the site, which is not resolved here; the TLS client is for the site. */
static void connect_through_a_proxy(void **state)
{
    char expected[64];

    (void)state;
    proxy_start();
    real_open = fixture.dialer.open;
    fixture.dialer.open = note_open;
    for (int slowly = 0; slowly < 2; slowly++) {
        struct dial *dial;

        proxy.slowly = slowly;
        dial = dial_through("http", "https", "nowhere.test", agrees);
        expect_open(dial);
        snprintf(expected, sizeof(expected), "CONNECT nowhere.test:%u HTTP/1.1\r\n",
                 address_port(&fixture.address));
        assert_memory_equal(proxy.received, expected, strlen(expected));
        snprintf(expected, sizeof(expected), "https nowhere.test:%u",
                 address_port(&fixture.address));
        assert_string_equal(opened_for, expected);
        assert_true(!dial->stamps.dns && dial->stamps.tls > dial->stamps.connect);
        /* the tunnel is part of the connect phase */
        assert_true(dial->stamps.connect > proxy.received_at);
        assert_false(proxy_forwards(dial->proxy, dial->https));
        dial_free(dial);
    }
    assert_int_equal(server.udp_questions, 0);
    proxy_stop();
}

/* Requests for http are sent to the proxy without a tunnel. */
static void plain_requests_go_to_the_proxy(void **state)
{
    struct dial *dial;

    (void)state;
    proxy_start();
    dial = dial_through("http", "http", "nowhere.test", agrees);
    expect_open(dial);
    assert_true(dial_is_forwarded(dial));
    assert_int_equal(proxy.received_bytes, 0);
    dial_free(dial);
    proxy_stop();
}

/* A protocol that a proxy cannot forward, such as HTTP/2, has a tunnel for http too. */
static void a_tunnel_for_http(void **state)
{
    static const struct dial_options options = {.tunnels = true};
    char expected[64];
    struct dial *dial;

    (void)state;
    proxy_start();
    begin_options = &options;
    dial = dial_through("http", "http", "nowhere.test", agrees);
    begin_options = NULL;
    expect_open(dial);
    snprintf(expected, sizeof(expected), "CONNECT nowhere.test:%u HTTP/1.1\r\n",
             address_port(&fixture.address));
    assert_memory_equal(proxy.received, expected, strlen(expected));
    assert_false(dial_is_forwarded(dial));
    dial_free(dial);
    proxy_stop();
}

static void socks_proxies(void **state)
{
    static const struct {
        const char *scheme, *host, *received; /* `received` is followed by the port */
        size_t bytes;
        int questions;
    } cases[] = {
        {"socks5", "127.0.0.1", "\x05\x01\0\x05\x01\0\x01\x7f\0\0\x01", 11, 0},
        {"socks5h", "127.0.0.1", "\x05\x01\0\x05\x01\0\x01\x7f\0\0\x01", 11, 0},
        {"socks5", "one.test", "\x05\x01\0\x05\x01\0\x01\x7f\0\0\x01", 11, 2},
        {"socks5h", "nowhere.test", "\x05\x01\0\x05\x01\0\x03\x0cnowhere.test", 20, 0},
    };

    (void)state;
    proxy_start();
    for (size_t i = 0; i < 2 * LENGTH(cases); i++) {
        const uint16_t port = htons(address_port(&fixture.address));
        int before = server.udp_questions;
        const size_t n = i % LENGTH(cases);
        struct dial *dial;

        proxy.slowly = i >= LENGTH(cases);
        dial = dial_through(cases[n].scheme, i % 2 ? "https" : "http", cases[n].host, socks_agrees);
        expect_open(dial);
        assert_int_equal(proxy.received_bytes, cases[n].bytes + 2);
        assert_memory_equal(proxy.received, cases[n].received, cases[n].bytes);
        assert_memory_equal(proxy.received + cases[n].bytes, &port, 2);
        assert_in_range(server.udp_questions - before, 0, cases[n].questions);
        assert_int_equal(!dial->stamps.dns, !cases[n].questions);
        assert_false(proxy_forwards(dial->proxy, dial->https));
        dial_free(dial);
    }
    proxy_stop();
}

/* --connect-to sets the target of the CONNECT request. */
static void routes_change_the_target_of_the_tunnel(void **state)
{
    struct routes *routes = routes_new();
    struct dial *dial;

    (void)state;
    proxy_start();
    assert_null(routes_add_connect_to(routes, "nowhere.test::else.test:7"));
    fixture.dialer.routes = routes;
    dial = dial_through("http", "https", "nowhere.test", agrees);
    expect_open(dial);
    assert_memory_equal(proxy.received, "CONNECT else.test:7 HTTP/1.1\r\n", 30);
    dial_free(dial);
    fixture.dialer.routes = NULL;
    routes_free(routes);
    proxy_stop();
}

/* All bytes after the tunnel is open belong to the site. */
static void bytes_pass_through_the_tunnel(void **state)
{
    unsigned char bytes[16];
    struct dial *dial;
    struct io io;

    (void)state;
    proxy_start();
    fixture.dialer.open = dialer_open_transport;
    fixture.dialer.open_owner = &fixture.dialer;
    fixture_record_states(&fixture, "tunnel");
    dial = dial_through("socks5h", "http", "nowhere.test", socks_agrees);
    expect_open(dial);
    assert_string_equal(fixture.states, "reply open");
    proxy.received_bytes = 0;
    assert_int_equal(dial->transport->calls->write(dial->transport, "hello", 5).count, 5);
    TURN_UNTIL(fixture.loop, proxy.received_bytes == 5);
    assert_memory_equal(proxy.received, "hello", 5);
    peer_send_text(proxy.conn, "welcome");
    TURN_UNTIL(fixture.loop, dial->sock->readable);
    io = dial->transport->calls->read(dial->transport, bytes, sizeof(bytes));
    assert_int_equal(io.count, 7);
    assert_memory_equal(bytes, "welcome", 7);
    dial_free(dial);
    proxy_stop();
}

/* The error of each response of the proxy: an error of the proxy, or of the site. */
static void proxies_that_refuse(void **state)
{
    static const struct {
        const char *scheme;
        struct proxy_send turns[MAX_TURNS];
        enum error error;
    } cases[] = {
        {"http", {{"HTTP/1.1 407 X\r\n\r\n", 0}}, ERROR_PROXY_AUTH},
        {"http", {{"HTTP/1.1 403 X\r\n\r\n", 0}}, ERROR_PROXY_DENIED},
        {"http", {{"HTTP/1.1 502 X\r\n\r\n", 0}}, ERROR_PROXY_GATEWAY},
        {"http", {{"HTTP/1.1 500 X\r\n\r\n", 0}}, ERROR_PROXY_FAILED},
        {"http", {{"HTTP/1.1 301 X\r\nLocation: /\r\n\r\n", 0}}, ERROR_PROXY_FAILED},
        {"http", {{"220 mail.test ESMTP\r\n", 0}}, ERROR_PROXY_MALFORMED},
        {"http", {{"HTTP/1.1 200 X\r\n\r\nearly", 0}}, ERROR_PROXY_MALFORMED},
        {"socks5h", {{"HTTP/1.1 400 X\r\n\r\n", 0}}, ERROR_PROXY_MALFORMED},
        {"socks5h", {{"\x05\xff", 2}}, ERROR_PROXY_AUTH},
        {"socks5h", {SOCKS_NO_AUTH, SOCKS_REPLY("\x01")}, ERROR_PROXY_GATEWAY},
        {"socks5h", {SOCKS_NO_AUTH, SOCKS_REPLY("\x02")}, ERROR_PROXY_DENIED},
        {"socks5h", {SOCKS_NO_AUTH, SOCKS_REPLY("\x03")}, ERROR_CONNECT_UNREACHABLE},
        {"socks5h", {SOCKS_NO_AUTH, SOCKS_REPLY("\x05")}, ERROR_CONNECT_REFUSED},
        {"socks5h", {SOCKS_NO_AUTH, SOCKS_REPLY("\x06")}, ERROR_CONNECT_TIMEOUT},
        {"socks5h", {SOCKS_NO_AUTH, SOCKS_REPLY("\x07")}, ERROR_PROXY_FAILED},
    };

    (void)state;
    proxy_start();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct dial *dial = dial_through(cases[i].scheme, "https", "nowhere.test", cases[i].turns);

        assert_true(strlen(dial->detail) > 5);
        expect_failure(dial, cases[i].error, PHASE_CONNECT);
    }
    proxy_stop();
}

static void proxies_that_close(void **state)
{
    static const struct proxy_send nothing[MAX_TURNS], half[MAX_TURNS] = {{"HTTP/1.1 200", 0}},
                                                       agreed[MAX_TURNS] = {SOCKS_NO_AUTH};

    (void)state;
    for (int resets = 0; resets < 2; resets++) {
        proxy_start();
        proxy.closes = true;
        proxy.resets = resets;
        expect_failure(dial_through("http", "https", "nowhere.test", nothing), ERROR_PROXY_CLOSED,
                       PHASE_CONNECT);
        expect_failure(dial_through("http", "https", "nowhere.test", half), ERROR_PROXY_CLOSED,
                       PHASE_CONNECT);
        expect_failure(dial_through("socks5h", "http", "nowhere.test", nothing), ERROR_PROXY_CLOSED,
                       PHASE_CONNECT);
        expect_failure(dial_through("socks5h", "http", "nowhere.test", agreed), ERROR_PROXY_CLOSED,
                       PHASE_CONNECT);
        proxy_stop();
    }
}

/* Failures of the connection to the proxy. */
static void proxies_that_cannot_be_reached(void **state)
{
    (void)state;
    use_proxy("http://nowhere.test");
    expect_failure(begin("https", "one.test"), ERROR_PROXY_DNS, PHASE_DNS);
    use_proxy("http://servfail.test");
    expect_failure(begin("http", "one.test"), ERROR_PROXY_DNS, PHASE_DNS);
    use_proxy("socks5://nodata.test");
    expect_failure(begin("http", "one.test"), ERROR_PROXY_DNS, PHASE_DNS);
    use_proxy("socks5://one.test"); /* the proxy has the site's name */
    expect_failure(begin("http", "nowhere.test"), ERROR_DNS_NXDOMAIN, PHASE_DNS);
    close(fixture.listener);
    fixture.listener = -1;
    use_proxy("http://127.0.0.1");
    expect_failure(begin("https", "one.test"), ERROR_PROXY_REFUSED, PHASE_CONNECT);
    use_proxy("socks5h://one.test");
    expect_failure(begin("http", "nowhere.test"), ERROR_PROXY_REFUSED, PHASE_CONNECT);
    use_proxy(NULL);
    expect_failure(begin("https", "one.test"), ERROR_CONNECT_REFUSED, PHASE_CONNECT);
}

/* One deadline for the connect and the tunnel. */
static void proxies_that_are_silent(void **state)
{
    struct dial *dial;

    (void)state;
    fixture.clock.tick = 0;
    fixture.dialer.connect_timeout = NSEC_PER_S;
    use_proxy("http://127.0.0.1");
    dial = begin("https", "one.test");
    fixture.clock.now += NSEC_PER_S / 2;
    TURN_UNTIL(fixture.loop, dial->state == DIAL_TUNNEL);
    fixture.clock.now += NSEC_PER_S / 2 - 1;
    unit_settle(fixture.loop);
    assert_int_equal(dial->state, DIAL_TUNNEL);
    assert_int_equal(dial_phase(dial), PHASE_CONNECT);
    fixture.clock.now++;
    expect_failure(dial, ERROR_PROXY_TIMEOUT, PHASE_CONNECT);

    fixture.dialer.connect_timeout = NSEC_NEVER;
    fixture.dialer.dns_timeout = NSEC_PER_S;
    use_proxy("http://silent.test");
    dial = begin("https", "one.test");
    fixture.clock.now += NSEC_PER_S;
    expect_failure(dial, ERROR_PROXY_DNS, PHASE_DNS);
    use_proxy("socks5://127.0.0.1");
    dial = begin("https", "silent.test");
    fixture.clock.now += NSEC_PER_S;
    expect_failure(dial, ERROR_DNS_TIMEOUT, PHASE_DNS);
}

/* Errors after the tunnel is open are errors of the site. */
static void handshake_fails_through_a_proxy(void **state)
{
    static const struct {
        struct script_step fails[2];
        enum error error;
    } cases[] = {
        {{PAUSE, FAIL(TLS_CERT_EXPIRED)}, ERROR_TLS_CERT_EXPIRED},
        {{PAUSE, FAIL(ECONNRESET)}, ERROR_TLS_RESET},
        {{PAUSE, END}, ERROR_TLS_CLOSED},
    };

    (void)state;
    proxy_start();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fixture_set_scripts(&fixture, &(struct script){.handshakes = cases[i].fails}, 1);
        expect_failure(dial_through("http", "https", "nowhere.test", agrees), cases[i].error,
                       PHASE_TLS);
    }
    proxy_stop();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(states_in_order),
        CASE(skipped_states_have_no_stamp),
        CASE(lookups_fail),
        CASE(next_address_is_tried),
        CASE(nothing_listens),
        CASE(fails_immediately),
        CASE(handshake_fails),
        CASE(freed_in_every_state),
        CASE(freed_before_the_dns_answer),
        CASE(handshakes_are_limited),
        CASE(plain_connections_need_no_handshake_slot),
        CASE(rehearsal_redirects_dials),
        CASE(late_address_is_tried),
        CASE(late_answer_without_an_address),
        CASE(late_answer_after_the_connection),
        CASE(unix_sockets),
        CASE(routes_change_the_address),
        CASE(options_of_its_own),
        CASE(route_to_a_name),
        CASE(routes_of_the_other_family),
        CASE(connect_through_a_proxy),
        CASE(plain_requests_go_to_the_proxy),
        CASE(a_tunnel_for_http),
        CASE(socks_proxies),
        CASE(routes_change_the_target_of_the_tunnel),
        CASE(bytes_pass_through_the_tunnel),
        CASE(proxies_that_refuse),
        CASE(proxies_that_close),
        CASE(proxies_that_cannot_be_reached),
        CASE(proxies_that_are_silent),
        CASE(handshake_fails_through_a_proxy),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("dial", tests, NULL, NULL);
}

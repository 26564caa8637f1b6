/*
 * The dial's state machine: RESOLVE, CONNECT, TUNNEL, TLS_QUEUED, HANDSHAKE, then OPEN or FAILED.
 * Every event enters dial_drive: a resolved name, a ready descriptor, an expired deadline. `enter`
 * changes the state, stamps the time and arms the deadline of the next phase; `close_with` fails.
 *
 * The file is long because it contains all steps of one state machine, in order. Separate subjects
 * are in eyeballs.c, tunnel.c, proxy.c and route.c.
 */
#include "http/dial/dial.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/step.h"

static void dial_drive(struct dial *dial);

/* The properties of each state. */
static const struct {
    const char *name;
    enum phase phase;
    enum error timeout_error; /* when a deadline expires in it */
    size_t timeout;           /* offset in struct dialer of the phase's timeout; 0: none */
} states[] = {
#define TIMEOUT(of) offsetof(struct dialer, of##_timeout)
    [DIAL_RESOLVE] = {"resolve", PHASE_DNS, ERROR_DNS_TIMEOUT, TIMEOUT(dns)},
    [DIAL_CONNECT] = {"connect", PHASE_CONNECT, ERROR_CONNECT_TIMEOUT, TIMEOUT(connect)},
    /* the rest of connect_timeout */
    [DIAL_TUNNEL] = {"tunnel", PHASE_CONNECT, ERROR_CONNECT_TIMEOUT, 0},
    [DIAL_TLS_QUEUED] = {"tls-queued", PHASE_BLOCKED, ERROR_TLS_TIMEOUT, 0},
    [DIAL_HANDSHAKE] = {"handshake", PHASE_TLS, ERROR_TLS_TIMEOUT, TIMEOUT(tls)},
    [DIAL_OPEN] = {.name = "open", .phase = PHASE_SEND},
    [DIAL_FAILED] = {.name = "failed"}, /* its phase is in the dial */
#undef TIMEOUT
};

/* --- the next hop --- */

/* The site itself, or its replacement by --connect-to. */
static void site_hop(const struct dial *dial, const char **host, uint16_t *port)
{
    *host = dial->host;
    *port = dial->port;
    routes_connect_to(dial->dialer->routes, dial->host, dial->port, host, port);
}

/* Whether the address of the site is still unknown and needed, for a proxy that resolves no
   names. */
static bool needs_site_address(const struct dial *dial)
{
    return dial->proxy && dial->proxy->kind == PROXY_SOCKS5 && !dial->site_address.length;
}

/* The host whose addresses are needed next. */
static void next_hop(const struct dial *dial, const char **host, uint16_t *port)
{
    site_hop(dial, host, port);
    if (dial->proxy && !needs_site_address(dial)) {
        *host = dial->proxy->host;
        *port = dial->proxy->port;
    }
}

bool dial_is_forwarded(const struct dial *dial)
{
    return !dial->options.tunnels && proxy_forwards(dial->proxy, dial->https);
}

/* A proxy that forwards requests needs no tunnel. */
static bool needs_tunnel(const struct dial *dial)
{
    return dial->proxy && !dial_is_forwarded(dial);
}

/* A failure to reach the proxy is the proxy's error, not the site's. */
static enum error error_of_proxy(const struct dial *dial, enum error error)
{
    if (!dial->proxy || (dial->state == DIAL_RESOLVE && needs_site_address(dial)))
        return error;
    switch (error) {
    case ERROR_CONNECT_REFUSED: return ERROR_PROXY_REFUSED;
    case ERROR_CONNECT_TIMEOUT: return ERROR_PROXY_TIMEOUT;
    case ERROR_CONNECT_UNREACHABLE: return ERROR_PROXY_UNREACHABLE;
    case ERROR_CONNECT_RESET: return ERROR_PROXY_CLOSED;
    case ERROR_CONNECT_FAILED: return ERROR_PROXY_FAILED;
    default: return dial->state == DIAL_RESOLVE ? ERROR_PROXY_DNS : error;
    }
}

static nsec phase_limit(const struct dial *dial, enum dial_state state)
{
    size_t offset = states[state].timeout;

    return offset ? *(const nsec *)((const char *)dial->dialer + offset) : NSEC_NEVER;
}

/* Passes the handshake slot, if the dial has one, to the next dial in the queue. */
static void pass_slot(struct dial *dial)
{
    struct dialer *dialer = dial->dialer;
    struct link *first = list_first(&dialer->slot_queue);
    struct dial *next;

    if (!dial->has_handshake_slot)
        return;
    dial->has_handshake_slot = false;
    loop_cancel(dialer->loop, &dial->slot_timer);
    if (!first) {
        dialer->handshakes--;
        return;
    }
    next = LIST_OWNER(first, struct dial, slot_link);
    list_remove(first);
    next->has_handshake_slot = true;
    loop_yield(dialer->loop, &next->sock->watch, 0);
}

static void on_slot_over(void *owner)
{
    pass_slot(owner);
}

/* Reports a state for -v when it is entered. */
static void report_state(const struct dial *dial)
{
    const struct loop *loop = dial->dialer->loop;
    char text[ADDRESS_TEXT_BYTES];

    if (!probe_takes_lines(loop))
        return;
    if (dial->state == DIAL_TUNNEL)
        probe_line(loop, dial->number, PROBE_NOTE, "connected to %s%s%s",
                   address_text(&dial->address, text), dial->proxy ? " for " : "",
                   dial->proxy ? dial->host : "");
    else if (dial->state == DIAL_FAILED)
        probe_line(loop, dial->number, PROBE_NOTE, "%s%s%s", error_sentence(dial->error),
                   dial->detail ? ": " : "", dial->detail ? dial->detail : "");
}

/* The only place where the state changes. */
static void set_state(struct dial *dial, enum dial_state state)
{
    probe_state(dial->dialer->loop, "dial", dial->number, states[dial->state].name,
                states[state].name);
    dial->state = state;
}

/* Enters the next state: stamps the end of the previous one, and arms the deadline. */
static enum step enter(struct dial *dial, enum dial_state state)
{
    nsec now = loop_clock(dial->dialer->loop);

    switch (dial->state) { /* the state that ends */
    case DIAL_RESOLVE: dial->stamps.dns = dial->looked_up ? now : 0; break;
    case DIAL_CONNECT:
    case DIAL_TUNNEL: dial->stamps.connect = now; break;
    case DIAL_TLS_QUEUED: dial->stamps.queued = dial->https ? now - dial->stamps.connect : 0; break;
    case DIAL_HANDSHAKE:
        dial->stamps.tls = dial->https ? now : 0;
        pass_slot(dial);
        break;
    default: break;
    }
    set_state(dial, state);
    if (state != DIAL_TUNNEL) /* it shares the deadline of DIAL_CONNECT */
        loop_arm(dial->dialer->loop, &dial->deadline, clock_after(now, phase_limit(dial, state)));
    if (dial->has_handshake_slot)
        loop_arm(dial->dialer->loop, &dial->slot_timer, now + DIAL_HANDSHAKE_SLOT_TIME);
    report_state(dial);
    return STEP_CONTINUE;
}

/* Fails with an error that is not mapped to the proxy. */
static enum step close_with(struct dial *dial, enum error error, const char *detail)
{
    dial->error = error;
    dial->detail = detail;
    dial->phase = dial_phase(dial);
    loop_cancel(dial->dialer->loop, &dial->deadline);
    set_state(dial, DIAL_FAILED);
    report_state(dial);
    return STEP_CONTINUE;
}

static enum step fail(struct dial *dial, enum error error, const char *detail)
{
    return close_with(dial, error_of_proxy(dial, error), detail);
}

static void on_ready(void *owner, uint32_t events)
{
    struct dial *dial = owner;

    sock_note_events(dial->sock, events);
    if (dial->state < DIAL_OPEN) /* else `ended` was already called */
        dial_drive(dial);
}

static void on_deadline(void *owner)
{
    struct dial *dial = owner;

    fail(dial, states[dial->state].timeout_error, NULL);
    dial_drive(dial);
}

static void on_settled(void *owner)
{
    dial_drive(owner);
}

static void on_attempt_failed(void *owner, const struct address *address, int error)
{
    const struct dial_choice *choice = ((const struct dial *)owner)->dialer->choice;

    choice->attempt_failed(choice->owner, address, error);
}

static void stop_lookup(struct dial *dial)
{
    if (dial->lookup)
        lookup_detach(dial->lookup);
    dial->lookup = NULL;
}

/* Whether no attempt is pending and no more addresses are expected. */
static bool is_last_chance(struct dial *dial)
{
    enum eyeballs_state state = eyeballs_state(dial->eyeballs, &dial->address);

    return !dial->lookup && (state == EYEBALLS_IDLE || state == EYEBALLS_LOST);
}

/* Adds addresses to the attempts. */
static void try_addresses(struct dial *dial, const struct address *addresses, size_t count,
                          uint16_t port)
{
    const struct dialer *dialer = dial->dialer;
    const struct eyeballs_options options = {
        .loop = dialer->loop,
        .from = dial->options.from,
        .unix_socket = dialer->unix_socket,
        .number = dial->number,
        .failed = dialer->choice ? on_attempt_failed : NULL,
        .settled = on_settled,
        .owner = dial,
    };
    struct address aimed[RESOLVER_MAX_ADDRESSES];

    for (size_t i = 0; i < count; i++) {
        aimed[i] = addresses[i];
        if (aimed[i].length)
            dialer_set_destination(dialer, &aimed[i], dial->https, port, dial->numeric);
    }
    if (!dial->eyeballs)
        dial->eyeballs = eyeballs_new(&options);
    if (dialer->choice && aimed[0].length)
        count = dialer->choice->choose(dialer->choice->owner, aimed, count, is_last_chance(dial));
    eyeballs_add(dial->eyeballs, aimed, count);
}

/* Takes addresses of the next hop. */
static void take_addresses(struct dial *dial, const struct address *addresses, size_t count)
{
    const char *host;
    uint16_t port;

    next_hop(dial, &host, &port);
    if (!needs_site_address(dial)) {
        if (dial->state == DIAL_RESOLVE) /* before connect(), which may take some time */
            enter(dial, DIAL_CONNECT);
        try_addresses(dial, addresses, count, port);
        return;
    }
    stop_lookup(dial);
    dial->site_address = addresses[0];
    address_set_port(&dial->site_address, port);
    dial->requested = false; /* the proxy's addresses are needed now */
}

/* An answer of the resolver, or a part: with `more`, the other address family follows. */
static void on_resolved(void *owner, enum resolve_status status, const struct address *addresses,
                        size_t count, bool more)
{
    struct dial *dial = owner;

    if (!more)
        dial->lookup = NULL;
    if (count)
        take_addresses(dial, addresses, count);
    else if (!more && dial->state == DIAL_RESOLVE)
        fail(dial, error_of_lookup(status), NULL);
    dial_drive(dial);
}

/* Finds the addresses of the next hop: from --resolve, from a literal address, from the cache, or
   by a lookup. */
static void find_addresses(struct dial *dial)
{
    const struct dialer *dialer = dial->dialer;
    struct address addresses[RESOLVER_MAX_ADDRESSES];
    const char *host;
    uint16_t port;
    size_t count;

    dial->requested = true;
    next_hop(dial, &host, &port);
    count = routes_addresses(dialer->routes, host, port, addresses, RESOLVER_MAX_ADDRESSES);
    if (!count)
        count = address_parse(addresses, host, 0);
    if (count) {
        count = resolve_keep_family(dialer->family, addresses, count);
        if (!count)
            fail(dial, ERROR_DNS_NO_ADDRESS, NULL);
    } else {
        dial->looked_up = true;
        if (!resolver_cached(dialer->resolver, host, addresses, &count))
            dial->lookup = resolver_lookup(dialer->resolver, host, on_resolved, dial);
    }
    if (count)
        take_addresses(dial, addresses, count);
}

static enum step step_resolve(struct dial *dial)
{
    static const struct address nowhere;

    if (dial->dialer->unix_socket) {
        enter(dial, DIAL_CONNECT);
        try_addresses(dial, &nowhere, 1, 0);
        return STEP_CONTINUE;
    }
    while (!dial->requested)
        find_addresses(dial);
    return dial->state == DIAL_RESOLVE ? STEP_WAIT : STEP_CONTINUE;
}

/* Finds the addresses again and tries the current selection. */
static enum step reconnect(struct dial *dial)
{
    stop_lookup(dial);
    eyeballs_free(dial->eyeballs);
    dial->eyeballs = NULL;
    dial->requested = false;
    return enter(dial, DIAL_RESOLVE);
}

static bool is_wanted(const struct dial *dial)
{
    const struct dial_choice *choice = dial->dialer->choice;

    return !choice || !dial->address.length || choice->won(choice->owner, &dial->address);
}

static enum step step_connect(struct dial *dial)
{
    int error;

    switch (eyeballs_state(dial->eyeballs, &dial->address)) {
    case EYEBALLS_IDLE:
    case EYEBALLS_TRYING: return STEP_WAIT;
    case EYEBALLS_WON:
        if (!is_wanted(dial))
            return reconnect(dial);
        break;
    case EYEBALLS_LOST:
        if (dial->lookup) /* addresses of the other family are expected */
            return STEP_WAIT;
        error = eyeballs_error(dial->eyeballs);
        return fail(dial, error_of_connect(error), errno_words(error));
    }
    dial->sock = eyeballs_take(dial->eyeballs);
    watch_set_owner(&dial->sock->watch, on_ready, dial, "dial");
    eyeballs_free(dial->eyeballs);
    dial->eyeballs = NULL;
    stop_lookup(dial);
    return enter(dial, DIAL_TUNNEL);
}

/* Sends all output of the tunnel, until a write would block. */
static struct io send_tunnel(struct dial *dial)
{
    struct io io = {.status = IO_OK};
    const char *bytes;
    size_t count;

    while (io.status == IO_OK && (bytes = tunnel_output(dial->tunnel, &count))) {
        io = sock_send(dial->sock, bytes, count);
        tunnel_sent(dial->tunnel, io.count);
    }
    return io;
}

static enum step read_tunnel(struct dial *dial)
{
    unsigned char *buffer = loop_buffer(dial->dialer->loop);
    struct io io = sock_recv(dial->sock, buffer, LOOP_BUFFER_BYTES);

    switch (io.status) {
    case IO_OK: break;
    case IO_EOF: return fail(dial, ERROR_PROXY_CLOSED, NULL);
    case IO_ERROR: return fail(dial, error_of_connect(io.error), errno_words(io.error));
    default: return STEP_WAIT;
    }
    switch (tunnel_feed(dial->tunnel, buffer, io.count)) {
    case TUNNEL_MORE: break;
    case TUNNEL_OPEN:
        tunnel_free(dial->tunnel);
        dial->tunnel = NULL;
        return enter(dial, DIAL_TLS_QUEUED);
    case TUNNEL_FAILED:
        return close_with(dial, tunnel_error(dial->tunnel), tunnel_detail(dial->tunnel));
    }
    return STEP_CONTINUE;
}

/* Without a proxy, and with a proxy that forwards requests, no tunnel is needed. */
static enum step step_tunnel(struct dial *dial)
{
    const char *host;
    uint16_t port;
    struct io io;

    if (!needs_tunnel(dial))
        return enter(dial, DIAL_TLS_QUEUED);
    site_hop(dial, &host, &port);
    if (!dial->tunnel) {
        dial->tunnel = tunnel_new(dial->proxy, host, port,
                                  dial->site_address.length ? &dial->site_address : NULL);
        tunnel_observe(dial->tunnel, dial->dialer->loop, dial->number);
    }
    io = send_tunnel(dial);
    if (io.status == IO_ERROR)
        return fail(dial, error_of_connect(io.error), errno_words(io.error));
    return read_tunnel(dial);
}

/* A queued dial gets its slot from the dial that releases it; a plain connection needs none. */
static enum step step_tls_queued(struct dial *dial)
{
    struct dialer *dialer = dial->dialer;

    if (dial->https && !dial->has_handshake_slot) {
        bool queued = list_is_in(&dial->slot_link);

        if (!queued && dialer->handshakes == DIAL_MAX_HANDSHAKES) {
            list_put_last(&dialer->slot_queue, &dial->slot_link);
            queued = true;
        }
        if (queued)
            return STEP_WAIT;
        dialer->handshakes++;
        dial->has_handshake_slot = true;
    }
    return enter(dial, DIAL_HANDSHAKE);
}

/* The handshake is complete. */
static enum step check_alpn(struct dial *dial)
{
    const char *required = dial->options.required_alpn;
    struct tls_facts facts = {0};
    bool accepted;

    if (!dial->https || !required)
        return enter(dial, DIAL_OPEN);
    dial->transport->calls->facts(dial->transport, &facts);
    accepted = !strcmp(facts.alpn, required);
    tls_certificate_drop(facts.certificate);
    if (accepted)
        return enter(dial, DIAL_OPEN);
    return fail(dial, ERROR_HTTP2_NOT_NEGOTIATED, NULL);
}

static enum step step_handshake(struct dial *dial)
{
    const struct dial_peer peer = {.host = dial->host,
                                   .port = dial->port,
                                   .https = dial->https,
                                   .tls = dial->options.tls,
                                   .alpn = dial->options.alpn};
    struct io io;

    if (!dial->transport)
        dial->transport = dial->dialer->open(dial->dialer->open_owner, dial->sock, &peer);
    if (!dial->transport)
        return fail(dial, ERROR_TLS_FAILED, "TLS cannot start");
    io = dial->transport->calls->handshake(dial->transport);
    switch (io.status) {
    case IO_OK: return check_alpn(dial);
    case IO_EOF: return fail(dial, ERROR_TLS_CLOSED, NULL);
    case IO_ERROR:
        return fail(dial, error_of_handshake(io.error),
                    dial->transport->why ? dial->transport->why : errno_words(io.error));
    default: return STEP_WAIT;
    }
}

static enum step run(struct dial *dial)
{
    switch (dial->state) {
    case DIAL_RESOLVE: return step_resolve(dial);
    case DIAL_CONNECT: return step_connect(dial);
    case DIAL_TUNNEL: return step_tunnel(dial);
    case DIAL_TLS_QUEUED: return step_tls_queued(dial);
    case DIAL_HANDSHAKE: return step_handshake(dial);
    case DIAL_OPEN:
    case DIAL_FAILED: break;
    }
    return STEP_WAIT;
}

/* The entry of every event; `ended` is called once, at the end. */
static void dial_drive(struct dial *dial)
{
    while (run(dial) == STEP_CONTINUE)
        ;
    if (dial->state >= DIAL_OPEN)
        dial->ended(dial->owner);
}

struct dial *dial_new(struct dialer *dialer, const struct url *url,
                      const struct dial_options *options, void (*ended)(void *owner), void *owner)
{
    struct dial *dial = memory_zeroed(sizeof(*dial));
    nsec now = loop_clock(dialer->loop);

    dial->dialer = dialer;
    if (options)
        dial->options = *options;
    if (!dial->options.from)
        dial->options.from = dialer->from;
    dial->ended = ended;
    dial->owner = owner;
    dial->host = memory_text(url->host, strlen(url->host));
    dial->port = url->port;
    dial->https = url->https;
    dial->numeric = url->numeric;
    dial->number = ++dialer->connections;
    if (dialer->proxies && !dialer->unix_socket)
        dial->proxy = proxies_for(dialer->proxies, url);
    dial->stamps.start = now;
    timer_init(&dial->deadline, on_deadline, dial, "dial deadline");
    timer_init(&dial->slot_timer, on_slot_over, dial, "dial handshake slot");
    loop_arm(dialer->loop, &dial->deadline, clock_after(now, dialer->dns_timeout));
    while (run(dial) == STEP_CONTINUE)
        ;
    assert(dial->state != DIAL_OPEN);
    return dial;
}

enum phase dial_phase(const struct dial *dial)
{
    return dial->state == DIAL_FAILED ? dial->phase : states[dial->state].phase;
}

struct dialled dial_take(struct dial *dial)
{
    struct dialled dialled = {dial->sock, dial->transport, dial->host};

    assert(dial->state == DIAL_OPEN && dial->sock);
    dial->sock = NULL;
    dial->transport = NULL;
    dial->host = NULL;
    return dialled;
}

static void free_dial(void *owner)
{
    struct dial *dial = owner;

    tunnel_free(dial->tunnel);
    free(dial->host);
    free(dial);
}

void dial_free(struct dial *dial)
{
    struct loop *loop;

    if (!dial)
        return;
    loop = dial->dialer->loop;
    if (dial->state < DIAL_OPEN)
        set_state(dial, DIAL_FAILED); /* an event that is already queued is ignored */
    list_remove(&dial->slot_link);
    pass_slot(dial);
    stop_lookup(dial);
    eyeballs_free(dial->eyeballs);
    dial->eyeballs = NULL;
    loop_cancel(loop, &dial->deadline);
    if (dial->transport)
        dial->transport->calls->close(dial->transport);
    sock_close(dial->sock, loop);
    loop_free_later(loop, &dial->deferred, free_dial, dial);
}

/*
 * The connection's machine: RESOLVE, CONNECT, TURN, HANDSHAKE, OPEN. Every event enters conn_drive: a
 * name resolved, a descriptor ready, a deadline passed. One function changes the state: it stamps the
 * time and arms the deadline of the phase that begins.
 */
#include "http/conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MOST_QUIET_READS 4 /* an extra line end may come in pieces */

enum step {
    STEP_WAIT, /* nothing more to do until an event comes */
    STEP_ON,   /* the state changed: go on */
};

static void conn_drive(struct conn *conn);

/* --- where it leads --- */

/* The site itself, or what --connect-to says instead. */
static void site_hop(const struct conn *conn, const char **host, uint16_t *port)
{
    *host = conn->host;
    *port = conn->port;
    routes_connect_to(conn->dialer->routes, conn->host, conn->port, host, port);
}

/* Whether the site's own address is still to be found, for a proxy that resolves no names. */
static bool wants_target(const struct conn *conn)
{
    return conn->proxy && conn->proxy->kind == PROXY_SOCKS5 && !conn->target.length;
}

/* Who is to be looked up next. */
static void next_hop(const struct conn *conn, const char **host, uint16_t *port)
{
    site_hop(conn, host, port);
    if (conn->proxy && !wants_target(conn)) {
        *host = conn->proxy->host;
        *port = conn->proxy->port;
    }
}

bool conn_asks_proxy(const struct conn *conn)
{
    return conn->proxy && conn->proxy->kind == PROXY_HTTP && !conn->https;
}

/* What failed on the way to a proxy is the proxy's failure, not the site's. */
static enum error blame(const struct conn *conn, enum error error)
{
    if (!conn->proxy || (conn->state == CONN_RESOLVE && wants_target(conn)))
        return error;
    switch (error) {
    case ERROR_CONNECT_REFUSED: return ERROR_PROXY_REFUSED;
    case ERROR_CONNECT_TIMEOUT: return ERROR_PROXY_TIMEOUT;
    case ERROR_CONNECT_UNREACHABLE: return ERROR_PROXY_UNREACHABLE;
    case ERROR_CONNECT_RESET: return ERROR_PROXY_CLOSED;
    case ERROR_CONNECT_FAILED: return ERROR_PROXY_FAILED;
    default: return conn->state == CONN_RESOLVE ? ERROR_PROXY_DNS : error;
    }
}

static nsec phase_limit(const struct conn *conn, enum conn_state state)
{
    switch (state) {
    case CONN_RESOLVE: return conn->dialer->dns_timeout;
    case CONN_CONNECT: return conn->dialer->connect_timeout; /* and of CONN_TUNNEL */
    case CONN_HANDSHAKE: return conn->dialer->tls_timeout;
    default: return NSEC_NEVER;
    }
}

/* The handshake is over, or its turn is: the next in the list has one. */
static void pass_turn(struct conn *conn)
{
    struct dialer *dialer = conn->dialer;
    struct link *first = list_first(&dialer->turns);
    struct conn *next;

    if (!conn->shaking)
        return;
    conn->shaking = false;
    loop_cancel(dialer->loop, &conn->turn);
    if (!first) {
        dialer->handshakes--;
        return;
    }
    next = LIST_OWNER(first, struct conn, turn_link);
    list_remove(first);
    next->shaking = true;
    conn_yield(next);
}

static void on_turn_over(void *owner)
{
    pass_turn(owner);
}

/* What a state says when it is entered. */
static void note(const struct conn *conn)
{
    const struct trace *trace = conn->dialer->trace;
    char text[ADDRESS_TEXT_BYTES];

    switch (conn->state) {
    case CONN_TUNNEL:
        trace_note(trace, conn->number, "connected to %s%s%s", address_text(&conn->address, text),
                   conn->proxy ? " for " : "", conn->proxy ? conn->host : "");
        break;
    case CONN_CLOSED:
        trace_note(trace, conn->number, "%s%s%s", error_sentence(conn->error),
                   conn->detail ? ": " : "", conn->detail ? conn->detail : "");
        break;
    default: break;
    }
}

/* The only place where the state changes while things go well; fail ends it. */
static void enter(struct conn *conn, enum conn_state state)
{
    nsec now = loop_clock(conn->dialer->loop);

    switch (conn->state) { /* what has just ended */
    case CONN_RESOLVE: conn->stamps.dns = conn->looked_up ? now : 0; break;
    case CONN_CONNECT:
    case CONN_TUNNEL: conn->stamps.connect = now; break;
    case CONN_TURN: conn->stamps.queued = conn->https ? now - conn->stamps.connect : 0; break;
    case CONN_HANDSHAKE:
        conn->stamps.tls = conn->https ? now : 0;
        pass_turn(conn);
        break;
    default: break;
    }
    conn->state = state;
    if (state != CONN_TUNNEL) /* which has what is left of CONN_CONNECT's */
        loop_arm(conn->dialer->loop, &conn->deadline, clock_after(now, phase_limit(conn, state)));
    if (conn->shaking)
        loop_arm(conn->dialer->loop, &conn->turn, now + DIAL_HANDSHAKE_TURN);
    if (conn->dialer->trace)
        note(conn);
}

/* Ends it with an error that is told as it is. */
static enum step close_with(struct conn *conn, enum error error, const char *detail)
{
    conn->error = error;
    conn->detail = detail;
    conn->phase = conn_phase(conn);
    conn->state = CONN_CLOSED;
    if (conn->dialer->trace)
        note(conn);
    return STEP_ON;
}

static enum step fail(struct conn *conn, enum error error, const char *detail)
{
    return close_with(conn, blame(conn, error), detail);
}

static void on_ready(void *owner, uint32_t events)
{
    struct conn *conn = owner;

    sock_note(conn->sock, events);
    if (conn->state != CONN_CLOSED) /* what it has come to was said */
        conn_drive(conn);
}

static void on_deadline(void *owner)
{
    struct conn *conn = owner;

    switch (conn->state) {
    case CONN_RESOLVE: fail(conn, ERROR_DNS_TIMEOUT, NULL); break;
    case CONN_CONNECT:
    case CONN_TUNNEL: fail(conn, ERROR_CONNECT_TIMEOUT, NULL); break;
    default: fail(conn, ERROR_TLS_TIMEOUT, NULL); break;
    }
    conn_drive(conn);
}

static void on_settled(void *owner)
{
    conn_drive(owner);
}

static void on_trying(void *owner, const struct address *address)
{
    const struct conn *conn = owner;
    char text[ADDRESS_TEXT_BYTES];

    trace_note(conn->dialer->trace, conn->number, "trying %s", address_text(address, text));
}

static void on_attempt_failed(void *owner, const struct address *address, int error)
{
    const struct dial_choice *choice = ((const struct conn *)owner)->dialer->choice;

    choice->attempt_failed(choice->owner, address, error);
}

static void stop_asking(struct conn *conn)
{
    if (conn->lookup)
        lookup_detach(conn->lookup);
    conn->lookup = NULL;
}

/* Whether no addresses were tried that may still succeed, and none are to come. */
static bool is_last_chance(struct conn *conn)
{
    return !conn->lookup && eyeballs_state(conn->eyeballs, &conn->address) == EYEBALLS_LOST;
}

/* Adds addresses to those that are tried. */
static void try_addresses(struct conn *conn, const struct address *addresses, size_t count,
                          uint16_t port)
{
    const struct dialer *dialer = conn->dialer;
    const struct eyeballs_options options = {
        .loop = dialer->loop,
        .from = conn->from,
        .unix_socket = dialer->unix_socket,
        .trying = dialer->trace ? on_trying : NULL,
        .failed = dialer->choice ? on_attempt_failed : NULL,
        .settled = on_settled,
        .owner = conn,
    };
    struct address aimed[RESOLVER_MOST_ADDRESSES];

    for (size_t i = 0; i < count; i++) {
        aimed[i] = addresses[i];
        if (aimed[i].length)
            dial_aim(dialer, &aimed[i], conn->https, port, conn->numeric);
    }
    if (!conn->eyeballs)
        conn->eyeballs = eyeballs_new(&options);
    if (dialer->choice && aimed[0].length)
        count = dialer->choice->choose(dialer->choice->owner, aimed, count, is_last_chance(conn));
    eyeballs_add(conn->eyeballs, aimed, count);
}

/* Addresses of whom next_hop named. */
static void take_addresses(struct conn *conn, const struct address *addresses, size_t count)
{
    const char *host;
    uint16_t port;

    next_hop(conn, &host, &port);
    if (!wants_target(conn)) {
        if (conn->state == CONN_RESOLVE) /* before a connect() that may take its time */
            enter(conn, CONN_CONNECT);
        try_addresses(conn, addresses, count, port);
        return;
    }
    stop_asking(conn);
    conn->target = addresses[0];
    address_set_port(&conn->target, port);
    conn->asked = false; /* now for the proxy's */
}

/* An answer, or a part of it: that of the other family comes later where there is `more`. */
static void on_resolved(void *owner, enum resolve_status status, const struct address *addresses,
                        size_t count, bool more)
{
    struct conn *conn = owner;

    if (!more)
        conn->lookup = NULL;
    if (count)
        take_addresses(conn, addresses, count);
    else if (!more && conn->state == CONN_RESOLVE)
        fail(conn, error_of_lookup(status), NULL);
    conn_drive(conn);
}

/* Finds the addresses of the next hop: told beforehand, written out, remembered, or asked for. */
static void ask(struct conn *conn)
{
    const struct dialer *dialer = conn->dialer;
    struct address addresses[RESOLVER_MOST_ADDRESSES];
    const char *host;
    uint16_t port;
    size_t count;

    conn->asked = true;
    next_hop(conn, &host, &port);
    count = routes_addresses(dialer->routes, host, port, addresses, RESOLVER_MOST_ADDRESSES);
    if (!count)
        count = address_parse(addresses, host, 0);
    if (count) {
        count = resolve_keep_family(dialer->family, addresses, count);
        if (!count)
            fail(conn, ERROR_DNS_NO_ADDRESS, NULL);
    } else {
        conn->looked_up = true;
        if (!resolver_cached(dialer->resolver, host, addresses, &count))
            conn->lookup = resolver_lookup(dialer->resolver, host, on_resolved, conn);
    }
    if (count)
        take_addresses(conn, addresses, count);
}

static enum step step_resolve(struct conn *conn)
{
    static const struct address nowhere;

    if (conn->dialer->unix_socket) {
        enter(conn, CONN_CONNECT);
        try_addresses(conn, &nowhere, 1, 0);
        return STEP_ON;
    }
    while (!conn->asked)
        ask(conn);
    return conn->state == CONN_RESOLVE ? STEP_WAIT : STEP_ON;
}

/* Finds the addresses once more, and tries those that are chosen now. */
static enum step connect_anew(struct conn *conn)
{
    stop_asking(conn);
    eyeballs_free(conn->eyeballs);
    conn->eyeballs = NULL;
    conn->asked = false;
    enter(conn, CONN_RESOLVE);
    return STEP_ON;
}

static bool is_wanted(const struct conn *conn)
{
    const struct dial_choice *choice = conn->dialer->choice;

    return !choice || !conn->address.length || choice->won(choice->owner, &conn->address);
}

static enum step step_connect(struct conn *conn)
{
    int error;

    switch (eyeballs_state(conn->eyeballs, &conn->address)) {
    case EYEBALLS_TRYING: return STEP_WAIT;
    case EYEBALLS_WON:
        if (!is_wanted(conn))
            return connect_anew(conn);
        break;
    case EYEBALLS_LOST:
        if (conn->lookup) /* the other family's addresses are to come */
            return STEP_WAIT;
        error = eyeballs_error(conn->eyeballs);
        return fail(conn, error_of_connect(error), errno_words(error));
    }
    conn->sock = eyeballs_take(conn->eyeballs);
    conn->sock->watch.ready = on_ready;
    conn->sock->watch.owner = conn;
    eyeballs_free(conn->eyeballs);
    conn->eyeballs = NULL;
    stop_asking(conn);
    enter(conn, CONN_TUNNEL);
    return STEP_ON;
}

/* Sends what there is. */
static struct io send_tunnel(struct conn *conn)
{
    struct io io = {.status = IO_OK};
    const char *bytes;
    size_t count;

    while (io.status == IO_OK && (bytes = tunnel_output(conn->tunnel, &count))) {
        io = sock_send(conn->sock, bytes, count);
        tunnel_sent(conn->tunnel, io.count);
    }
    return io;
}

static enum step read_tunnel(struct conn *conn)
{
    unsigned char *buffer = loop_buffer(conn->dialer->loop);
    struct io io = sock_recv(conn->sock, buffer, LOOP_BUFFER_BYTES);

    switch (io.status) {
    case IO_OK: break;
    case IO_EOF: return fail(conn, ERROR_PROXY_CLOSED, NULL);
    case IO_ERROR: return fail(conn, error_of_connect(io.error), errno_words(io.error));
    default: return STEP_WAIT;
    }
    switch (tunnel_feed(conn->tunnel, buffer, io.count)) {
    case TUNNEL_MORE: break;
    case TUNNEL_OPEN:
        tunnel_free(conn->tunnel);
        conn->tunnel = NULL;
        enter(conn, CONN_TURN);
        break;
    case TUNNEL_FAILED:
        return close_with(conn, tunnel_error(conn->tunnel), tunnel_detail(conn->tunnel));
    }
    return STEP_ON;
}

/* A site that is reached directly needs no way to be opened, nor does a request that the proxy itself
   passes on. */
static enum step step_tunnel(struct conn *conn)
{
    const char *host;
    uint16_t port;
    struct io io;

    if (!conn->proxy || conn_asks_proxy(conn) || conn->dialer->unix_socket) {
        enter(conn, CONN_TURN);
        return STEP_ON;
    }
    site_hop(conn, &host, &port);
    if (!conn->tunnel)
        conn->tunnel =
            tunnel_new(conn->proxy, host, port, conn->target.length ? &conn->target : NULL);
    io = send_tunnel(conn);
    if (io.status == IO_ERROR)
        return fail(conn, error_of_connect(io.error), errno_words(io.error));
    return read_tunnel(conn);
}

/* The turn is given by the one that finishes before; what is plain needs none. */
static enum step step_turn(struct conn *conn)
{
    struct dialer *dialer = conn->dialer;

    if (conn->https && !conn->shaking) {
        bool waits = list_is_in(&conn->turn_link);

        if (!waits && dialer->handshakes == DIAL_MOST_HANDSHAKES) {
            list_put_last(&dialer->turns, &conn->turn_link);
            waits = true;
        }
        if (waits)
            return STEP_WAIT;
        dialer->handshakes++;
        conn->shaking = true;
    }
    enter(conn, CONN_HANDSHAKE);
    return STEP_ON;
}

static enum step step_handshake(struct conn *conn)
{
    struct io io;

    if (!conn->transport)
        conn->transport = conn->dialer->open(conn->dialer->open_owner, conn->sock, conn->host,
                                             conn->port, conn->https);
    if (!conn->transport)
        return fail(conn, ERROR_TLS_FAILED, "TLS cannot start");
    io = conn->transport->calls->handshake(conn->transport);
    switch (io.status) {
    case IO_OK: enter(conn, CONN_OPEN); return STEP_ON;
    case IO_EOF: return fail(conn, ERROR_TLS_CLOSED, NULL);
    case IO_ERROR:
        return fail(conn, error_of_handshake(io.error),
                    conn->transport->why ? conn->transport->why : errno_words(io.error));
    default: return STEP_WAIT;
    }
}

static enum step run(struct conn *conn)
{
    switch (conn->state) {
    case CONN_RESOLVE: return step_resolve(conn);
    case CONN_CONNECT: return step_connect(conn);
    case CONN_TUNNEL: return step_tunnel(conn);
    case CONN_TURN: return step_turn(conn);
    case CONN_HANDSHAKE: return step_handshake(conn);
    case CONN_OPEN:
    case CONN_CLOSED: break;
    }
    return STEP_WAIT;
}

/* Every event enters here; the user hears of it once, when the machine has come to rest. */
static void conn_drive(struct conn *conn)
{
    while (run(conn) == STEP_ON)
        ;
    if (conn->state >= CONN_OPEN)
        conn->wake(conn->owner);
}

struct conn *conn_new(struct dialer *dialer, const struct url *url, void (*wake)(void *owner),
                      void *owner)
{
    struct conn *conn = memory_zeroed(sizeof(*conn));
    nsec now = loop_clock(dialer->loop);

    conn->dialer = dialer;
    conn->from = dialer->from;
    conn->wake = wake;
    conn->owner = owner;
    conn->host = memory_text(url->host, strlen(url->host));
    conn->port = url->port;
    conn->https = url->https;
    conn->numeric = url->numeric;
    conn->number = ++dialer->connections;
    if (dialer->proxies && !dialer->unix_socket)
        conn->proxy = proxies_for(dialer->proxies, url);
    conn->stamps.start = now;
    timer_init(&conn->deadline, on_deadline, conn);
    timer_init(&conn->turn, on_turn_over, conn);
    loop_arm(dialer->loop, &conn->deadline, clock_after(now, dialer->dns_timeout));
    while (run(conn) == STEP_ON)
        ;
    return conn;
}

bool conn_fits(const struct conn *conn, const struct url *url)
{
    return conn->port == url->port && conn->https == url->https && !strcmp(conn->host, url->host);
}

enum phase conn_phase(const struct conn *conn)
{
    switch (conn->state) {
    case CONN_RESOLVE: return PHASE_DNS;
    case CONN_CONNECT:
    case CONN_TUNNEL: return PHASE_CONNECT;
    case CONN_TURN: return PHASE_BLOCKED;
    case CONN_HANDSHAKE: return PHASE_TLS;
    case CONN_OPEN: return PHASE_SEND;
    case CONN_CLOSED: break;
    }
    return conn->phase;
}

struct io conn_write(struct conn *conn, const void *bytes, size_t count)
{
    return conn->transport->calls->write(conn->transport, bytes, count);
}

struct io conn_read(struct conn *conn, const unsigned char **bytes)
{
    unsigned char *buffer = loop_buffer(conn->dialer->loop);

    *bytes = buffer;
    return conn->transport->calls->read(conn->transport, buffer, LOOP_BUFFER_BYTES);
}

bool conn_is_quiet(struct conn *conn)
{
    for (int reads = 0; reads < MOST_QUIET_READS; reads++) {
        const unsigned char *bytes;
        struct io io = conn_read(conn, &bytes);

        if (io.status != IO_OK)
            return io.status == IO_WANT_READ;
        if (http1_extra_line_ends(bytes, io.count) < io.count)
            return false;
    }
    return false;
}

void conn_yield(struct conn *conn)
{
    loop_again(conn->dialer->loop, &conn->sock->watch, 0);
}

static void bury(void *owner)
{
    struct conn *conn = owner;

    http1_free(&conn->http1);
    tunnel_free(conn->tunnel);
    free(conn->host);
    free(conn);
}

void conn_close(struct conn *conn)
{
    struct loop *loop = conn->dialer->loop;

    conn->state = CONN_CLOSED;
    list_remove(&conn->turn_link);
    pass_turn(conn);
    stop_asking(conn);
    eyeballs_free(conn->eyeballs);
    conn->eyeballs = NULL;
    loop_cancel(loop, &conn->deadline);
    if (conn->transport)
        conn->transport->calls->close(conn->transport);
    sock_close(conn->sock, loop);
    loop_bury(loop, &conn->grave, bury, conn);
}

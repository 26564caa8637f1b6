#include "tests/support/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/stamps.h"
#include "tests/support/unit.h"

const struct exchange_options fixture_options = {
    .response = {.preview = 10, .max_body = UINT64_MAX},
    .ttfb_timeout = NSEC_NEVER,
    .keep_alive = true,
};

/* A position in a list of steps. */
struct script_position {
    const struct script_step *list, *at;
    size_t done; /* bytes of the current SEND that were read */
};

struct scripted_transport {
    struct transport transport; /* first */
    struct fixture *fixture;
    struct script_position reads, writes, handshakes;
    int requests, waited; /* requests written; requests consumed by AFTER_REQUEST */
    int end_matched;      /* bytes of CR LF CR LF that matched so far */
};

static const struct script_step empty_script[] = {LAST};

static struct script_position position_of(const struct script_step *list)
{
    return (struct script_position){list ? list : empty_script, list ? list : empty_script, 0};
}

static void send_event(struct scripted_transport *scripted, uint32_t events)
{
    loop_yield(scripted->fixture->loop, &scripted->transport.sock->watch, events);
}

static struct io send_bytes(struct script_position *position, void *buffer, size_t size)
{
    const struct script_step *step = position->at;
    size_t whole = step->count ? step->count : strlen(step->bytes), left = whole - position->done;
    size_t count = left < size ? left : size;

    memcpy(buffer, step->bytes + position->done, count);
    position->done += count;
    if (position->done == whole) {
        position->at++;
        position->done = 0;
    }
    return (struct io){.status = IO_OK, .count = count};
}

/* The steps that reads, writes and handshakes share. */
static struct io run_step(struct scripted_transport *scripted, struct script_position *position)
{
    const struct script_step *step = position->at;

    switch (step->kind) {
    case SCRIPT_PAUSE:
        position->at++;
        send_event(scripted, EPOLLIN);
        return (struct io){.status = IO_WANT_READ};
    case SCRIPT_BLOCK:
        position->at++;
        send_event(scripted, EPOLLOUT);
        return (struct io){.status = IO_WANT_WRITE};
    case SCRIPT_STUCK: return (struct io){.status = IO_WANT_WRITE};
    case SCRIPT_END: return (struct io){.status = IO_EOF};
    case SCRIPT_FAIL: return (struct io){.status = IO_ERROR, .error = step->error};
    default: return (struct io){.status = IO_WANT_READ};
    }
}

static struct io scripted_handshake(struct transport *transport)
{
    struct scripted_transport *scripted = (struct scripted_transport *)transport;

    if (scripted->handshakes.at->kind == SCRIPT_LAST)
        return (struct io){.status = IO_OK};
    return run_step(scripted, &scripted->handshakes);
}

static struct io scripted_read(struct transport *transport, void *buffer, size_t size)
{
    struct scripted_transport *scripted = (struct scripted_transport *)transport;
    struct script_position *position = &scripted->reads;

    if (position->at->kind == SCRIPT_REPEAT)
        position->at = position->list;
    while (position->at->kind == SCRIPT_AFTER_REQUEST) {
        if (scripted->requests == scripted->waited)
            return (struct io){.status = IO_WANT_READ};
        scripted->waited++;
        position->at++;
    }
    return position->at->kind == SCRIPT_SEND ? send_bytes(position, buffer, size)
                                             : run_step(scripted, position);
}

/* Stores the written bytes, and counts requests: each ends with an empty line. */
static void receive(struct scripted_transport *scripted, const char *bytes, size_t count)
{
    static const char end[] = "\r\n\r\n";
    struct fixture *fixture = scripted->fixture;

    for (size_t i = 0; i < count; i++) {
        if (scripted == fixture->newest && fixture->received_bytes < sizeof(fixture->received) - 1)
            fixture->received[fixture->received_bytes++] = bytes[i];
        scripted->end_matched =
            bytes[i] == end[scripted->end_matched] ? scripted->end_matched + 1 : bytes[i] == '\r';
        if (scripted->end_matched == 4) {
            scripted->requests++;
            send_event(scripted, EPOLLIN);
            scripted->end_matched = 0;
        }
    }
    fixture->received[fixture->received_bytes] = '\0';
}

static struct io scripted_write(struct transport *transport, const void *bytes, size_t size)
{
    struct scripted_transport *scripted = (struct scripted_transport *)transport;
    struct script_position *position = &scripted->writes;
    size_t count = size;

    if (position->at->kind == SCRIPT_REPEAT)
        position->at = position->list;
    if (position->at->kind == SCRIPT_TAKE) {
        count = position->at->count < size ? position->at->count : size;
        position->at++;
    } else if (position->at->kind != SCRIPT_LAST) {
        return run_step(scripted, position);
    }
    receive(scripted, bytes, count);
    return (struct io){.status = IO_OK, .count = count};
}

static void scripted_facts(const struct transport *transport, struct tls_facts *facts)
{
    (void)transport;
    *facts = (struct tls_facts){.version = "SCRIPT", .cipher = "PLAIN"};
}

static void scripted_close(struct transport *transport)
{
    struct scripted_transport *scripted = (struct scripted_transport *)transport;

    scripted->fixture->closed++;
    if (scripted->fixture->newest == scripted)
        scripted->fixture->newest = NULL;
    free(scripted);
}

static bool scripted_pending(const struct transport *transport)
{
    return ((const struct scripted_transport *)transport)->fixture->pending;
}

static struct transport *open_scripted(void *owner, struct sock *sock, const struct dial_peer *peer)
{
    static const struct transport_calls calls = {.handshake = scripted_handshake,
                                                 .read = scripted_read,
                                                 .write = scripted_write,
                                                 .pending = scripted_pending,
                                                 .facts = scripted_facts,
                                                 .close = scripted_close};
    struct fixture *fixture = owner;
    size_t last = fixture->script_count - 1;
    const struct script *script =
        &fixture->scripts[fixture->opened < last ? fixture->opened : last];
    struct scripted_transport *scripted;

    (void)peer;
    if (fixture->refuse)
        return NULL;
    scripted = calloc(1, sizeof(*scripted));
    assert_non_null(scripted);
    scripted->transport = (struct transport){.calls = &calls, .sock = sock};
    scripted->fixture = fixture;
    scripted->reads = position_of(script->reads);
    scripted->writes = position_of(script->writes);
    scripted->handshakes = position_of(script->handshakes);
    fixture->newest = scripted;
    fixture->opened++;
    fixture->received_bytes = 0;
    fixture->received[0] = '\0';
    return &scripted->transport;
}

void fixture_open(struct fixture *fixture, nsec tick)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->options = fixture_options;
    fixture->loop = loop_new();
    fake_clock_set(&fixture->clock, fixture->loop, tick);
    dialer_init(&fixture->dialer, fixture->loop);
    fixture->dialer.open = open_scripted;
    fixture->dialer.open_owner = fixture;
    fixture->pool = pool_new(&(struct pool_options){.limit = SIZE_MAX, .max_streams = 1});
    assert_true(address_parse(&fixture->address, "127.0.0.1", 0));
    fixture->listener = sock_listen(&fixture->address, SOCK_BACKLOG);
    assert_true(fixture->listener >= 0);
}

void fixture_use_http2(struct fixture *fixture)
{
    pool_free(fixture->pool);
    fixture->pool = pool_new(&(struct pool_options){
        .limit = 10, .max_streams = 100, .negotiation = negotiation_of(HTTP_2_ASSUMED)});
}

void fixture_close(struct fixture *fixture)
{
    pool_free(fixture->pool);
    dialer_free(&fixture->dialer);
    close(fixture->listener);
    assert_int_equal(fixture->opened, fixture->closed);
    loop_free(fixture->loop);
}

static void note_state(void *owner, const char *machine, uint64_t number, const char *from,
                       const char *to, nsec at)
{
    struct fixture *fixture = owner;
    size_t used = strlen(fixture->states);

    (void)number;
    (void)from;
    (void)at;
    if (!strcmp(machine, fixture->machine))
        snprintf(fixture->states + used, sizeof(fixture->states) - used, "%s%s", used ? " " : "",
                 to);
}

void fixture_record_states(struct fixture *fixture, const char *machine)
{
    fixture->machine = machine;
    fixture->states[0] = '\0';
    fixture->probe = (struct probe){.owner = fixture, .state = note_state};
    loop_set_probe(fixture->loop, &fixture->probe);
}

void fixture_set_scripts(struct fixture *fixture, const struct script *scripts, size_t count)
{
    fixture->scripts = scripts;
    fixture->script_count = count;
    fixture->opened = fixture->closed = 0;
}

struct site *fixture_site(const struct fixture *fixture, const char *scheme, const char *path)
{
    struct site *site = site_new();
    char text[128];

    snprintf(text, sizeof(text), "%s://127.0.0.1:%u%s", scheme, address_port(&fixture->address),
             path);
    assert_null(url_parse(&site->url, text, strlen(text)));
    return site;
}

void fixture_skip_hang(struct fixture *fixture)
{
    assert_int_equal(fixture->newest->reads.at->kind, SCRIPT_HANG);
    fixture->newest->reads.at++;
}

void fixture_send_event(struct fixture *fixture, uint32_t events)
{
    assert_non_null(fixture->newest);
    send_event(fixture->newest, events);
}

/* The certificate and the legs are not copied. */
void outcome_record(void *owner, const struct result *result)
{
    struct outcome *outcome = owner;
    struct result *copy = &outcome->result;

    stamps_check(result, fixture_options.response.preview);
    *copy = *result;
    copy->tls.certificate = NULL;
    copy->content_type = copy->coding = NULL;
    copy->legs = NULL;
    if (result->snippet) {
        assert_true(result->snippet_bytes < sizeof(outcome->snippet));
        memcpy(outcome->snippet, result->snippet, result->snippet_bytes);
        outcome->snippet[result->snippet_bytes] = '\0';
        copy->snippet = outcome->snippet;
    }
    if (result->detail) {
        snprintf(outcome->detail, sizeof(outcome->detail), "%s", result->detail);
        copy->detail = outcome->detail;
    }
    outcome->reports++;
}

void fixture_start(struct fixture *fixture, struct exchange *exchange, const struct site *site,
                   struct outcome *outcome)
{
    struct request request = request_of(site);

    *outcome = (struct outcome){0};
    exchange_init(exchange, &fixture->dialer, fixture->pool, &fixture->options, site);
    exchange_start(exchange, &request, site->timeout, NULL, outcome_record, outcome);
}

void fixture_fetch(struct fixture *fixture, const struct site *site, struct outcome *outcome)
{
    struct exchange exchange = {0};

    fixture_start(fixture, &exchange, site, outcome);
    TURN_UNTIL(fixture->loop, outcome->reports);
    assert_int_equal(exchange.state, EXCHANGE_DONE);
    exchange_clear(&exchange);
    unit_settle(fixture->loop);
    assert_int_equal(outcome->reports, 1);
}

#include "tests/support/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/stamps.h"
#include "tests/support/unit.h"

const struct exchange_options stage_options = {
    .response = {.preview = 10, .max_body = UINT64_MAX},
    .ttfb_timeout = NSEC_NEVER,
    .keep_alive = true,
};

/* Where a list is being read. */
struct place {
    const struct script_step *list, *at;
    size_t done; /* bytes of SAY that were taken */
};

struct actor {
    struct transport transport; /* first */
    struct stage *stage;
    struct place reads, writes, handshakes;
    int requests, asked; /* heard, and waited for by ASKED */
    int blank;           /* how much of CR LF CR LF was heard */
};

static const struct script_step nothing[] = {LAST};

static struct place place_of(const struct script_step *list)
{
    return (struct place){list ? list : nothing, list ? list : nothing, 0};
}

static void send_event(struct actor *actor, uint32_t events)
{
    loop_yield(actor->stage->loop, &actor->transport.sock->watch, events);
}

static struct io say(struct place *place, void *buffer, size_t size)
{
    const struct script_step *step = place->at;
    size_t whole = step->count ? step->count : strlen(step->bytes), left = whole - place->done;
    size_t count = left < size ? left : size;

    memcpy(buffer, step->bytes + place->done, count);
    place->done += count;
    if (place->done == whole) {
        place->at++;
        place->done = 0;
    }
    return (struct io){.status = IO_OK, .count = count};
}

/* The steps that reads, writes and handshakes share. */
static struct io play(struct actor *actor, struct place *place)
{
    const struct script_step *step = place->at;

    switch (step->kind) {
    case SCRIPT_PAUSE:
        place->at++;
        send_event(actor, EPOLLIN);
        return (struct io){.status = IO_WANT_READ};
    case SCRIPT_BLOCK:
        place->at++;
        send_event(actor, EPOLLOUT);
        return (struct io){.status = IO_WANT_WRITE};
    case SCRIPT_STUCK: return (struct io){.status = IO_WANT_WRITE};
    case SCRIPT_END: return (struct io){.status = IO_EOF};
    case SCRIPT_BREAK: return (struct io){.status = IO_ERROR, .error = step->error};
    default: return (struct io){.status = IO_WANT_READ};
    }
}

static struct io actor_handshake(struct transport *transport)
{
    struct actor *actor = (struct actor *)transport;

    if (actor->handshakes.at->kind == SCRIPT_LAST)
        return (struct io){.status = IO_OK};
    return play(actor, &actor->handshakes);
}

static struct io actor_read(struct transport *transport, void *buffer, size_t size)
{
    struct actor *actor = (struct actor *)transport;
    struct place *place = &actor->reads;

    if (place->at->kind == SCRIPT_AGAIN)
        place->at = place->list;
    while (place->at->kind == SCRIPT_ASKED) {
        if (actor->requests == actor->asked)
            return (struct io){.status = IO_WANT_READ};
        actor->asked++;
        place->at++;
    }
    return place->at->kind == SCRIPT_SAY ? say(place, buffer, size) : play(actor, place);
}

/* Keeps what was written, and counts the requests: each ends with an empty line. */
static void hear(struct actor *actor, const char *bytes, size_t count)
{
    static const char end[] = "\r\n\r\n";
    struct stage *stage = actor->stage;

    for (size_t i = 0; i < count; i++) {
        if (actor == stage->actor && stage->heard_bytes < sizeof(stage->heard) - 1)
            stage->heard[stage->heard_bytes++] = bytes[i];
        actor->blank = bytes[i] == end[actor->blank] ? actor->blank + 1 : bytes[i] == '\r';
        if (actor->blank == 4) {
            actor->requests++;
            send_event(actor, EPOLLIN);
            actor->blank = 0;
        }
    }
    stage->heard[stage->heard_bytes] = '\0';
}

static struct io actor_write(struct transport *transport, const void *bytes, size_t size)
{
    struct actor *actor = (struct actor *)transport;
    struct place *place = &actor->writes;
    size_t count = size;

    if (place->at->kind == SCRIPT_AGAIN)
        place->at = place->list;
    if (place->at->kind == SCRIPT_TAKE) {
        count = place->at->count < size ? place->at->count : size;
        place->at++;
    } else if (place->at->kind != SCRIPT_LAST) {
        return play(actor, place);
    }
    hear(actor, bytes, count);
    return (struct io){.status = IO_OK, .count = count};
}

static void actor_facts(const struct transport *transport, struct tls_facts *facts)
{
    (void)transport;
    *facts = (struct tls_facts){.version = "SCRIPT", .cipher = "PLAIN"};
}

static void actor_close(struct transport *transport)
{
    struct actor *actor = (struct actor *)transport;

    actor->stage->closed++;
    if (actor->stage->actor == actor)
        actor->stage->actor = NULL;
    free(actor);
}

static bool actor_pending(const struct transport *transport)
{
    return ((const struct actor *)transport)->stage->pending;
}

static struct transport *open_actor(void *owner, struct sock *sock, const struct dial_peer *peer)
{
    static const struct transport_calls calls = {.handshake = actor_handshake,
                                                 .read = actor_read,
                                                 .write = actor_write,
                                                 .pending = actor_pending,
                                                 .facts = actor_facts,
                                                 .close = actor_close};
    struct stage *stage = owner;
    size_t last = stage->script_count - 1;
    const struct script *script = &stage->scripts[stage->opened < last ? stage->opened : last];
    struct actor *actor;

    (void)peer;
    if (stage->refuse)
        return NULL;
    actor = calloc(1, sizeof(*actor));
    assert_non_null(actor);
    actor->transport = (struct transport){.calls = &calls, .sock = sock};
    actor->stage = stage;
    actor->reads = place_of(script->reads);
    actor->writes = place_of(script->writes);
    actor->handshakes = place_of(script->handshakes);
    stage->actor = actor;
    stage->opened++;
    stage->heard_bytes = 0;
    stage->heard[0] = '\0';
    return &actor->transport;
}

void stage_open(struct stage *stage, nsec tick)
{
    memset(stage, 0, sizeof(*stage));
    stage->options = stage_options;
    stage->loop = loop_new();
    fake_clock_set(&stage->clock, stage->loop, tick);
    dialer_init(&stage->dialer, stage->loop);
    stage->dialer.open = open_actor;
    stage->dialer.open_owner = stage;
    stage->pool = pool_new(&(struct pool_options){.limit = SIZE_MAX, .expected_streams = 1});
    assert_true(address_parse(&stage->at, "127.0.0.1", 0));
    stage->listener = sock_listen(&stage->at, SOCK_BACKLOG);
    assert_true(stage->listener >= 0);
}

void stage_close(struct stage *stage)
{
    pool_free(stage->pool);
    dialer_free(&stage->dialer);
    close(stage->listener);
    assert_int_equal(stage->opened, stage->closed);
    loop_free(stage->loop);
}

static void note_state(void *owner, const char *machine, uint64_t number, const char *from,
                       const char *to, nsec at)
{
    struct stage *stage = owner;
    size_t used = strlen(stage->states);

    (void)number;
    (void)from;
    (void)at;
    if (!strcmp(machine, stage->machine))
        snprintf(stage->states + used, sizeof(stage->states) - used, "%s%s", used ? " " : "", to);
}

void stage_note_states(struct stage *stage, const char *machine)
{
    stage->machine = machine;
    stage->states[0] = '\0';
    stage->probe = (struct probe){.owner = stage, .state = note_state};
    loop_set_probe(stage->loop, &stage->probe);
}

void stage_play(struct stage *stage, const struct script *scripts, size_t count)
{
    stage->scripts = scripts;
    stage->script_count = count;
    stage->opened = stage->closed = 0;
}

struct site *stage_site(const struct stage *stage, const char *scheme, const char *path)
{
    struct site *site = site_new();
    char text[128];

    snprintf(text, sizeof(text), "%s://127.0.0.1:%u%s", scheme, address_port(&stage->at), path);
    assert_null(url_parse(&site->url, text, strlen(text)));
    return site;
}

void stage_skip(struct stage *stage)
{
    assert_int_equal(stage->actor->reads.at->kind, SCRIPT_HANG);
    stage->actor->reads.at++;
}

void stage_event(struct stage *stage, uint32_t events)
{
    assert_non_null(stage->actor);
    send_event(stage->actor, events);
}

/* The copies live as long as the outcome, the certificate and the legs do not. */
void outcome_note(void *owner, const struct result *result)
{
    struct outcome *outcome = owner;
    struct result *copy = &outcome->result;

    stamps_check(result, stage_options.response.preview);
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

void stage_start(struct stage *stage, struct exchange *exchange, const struct site *site,
                 struct outcome *outcome)
{
    struct request request = request_of(site);

    *outcome = (struct outcome){0};
    exchange_init(exchange, &stage->dialer, stage->pool, &stage->options, site);
    exchange_start(exchange, &request, site->timeout, NULL, outcome_note, outcome);
}

void stage_fetch(struct stage *stage, const struct site *site, struct outcome *outcome)
{
    struct exchange exchange = {0};

    stage_start(stage, &exchange, site, outcome);
    TURN_UNTIL(stage->loop, outcome->reports);
    assert_int_equal(exchange.state, EXCHANGE_DONE);
    exchange_clear(&exchange);
    unit_settle(stage->loop);
    assert_int_equal(outcome->reports, 1);
}

/*
 * A guest's machine: HANDSHAKE, REQUEST, DELAY, ANSWER, STALLED where a fault says so, and CLOSED. Every
 * event enters guest_drive, and one function changes the state. What is sent is composed whole before
 * the first byte goes out, and what comes after the last byte is one of a few endings.
 */
#include "origin/connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/step.h"
#include "http/fields.h"
#include "origin/request_parser.h"

#define DRIP_EVERY         (10 * NSEC_PER_MS)
#define DEFAULT_STATUS     200
#define MOST_MADE_UP_BYTES 2048  /* of a body that nobody gave */
#define ENDLESS_BYTES      16384 /* what is sent over and over */
#define STEPS_A_TURN       256   /* of the machine below, before it yields */
#define LOCATION_BYTES     (sizeof("https://") + REQUEST_MAX_HOST_BYTES + REQUEST_MAX_TARGET_BYTES)

enum guest_state {
    GUEST_HANDSHAKE, /* at first: the transport comes up */
    GUEST_REQUEST,   /* a request comes in */
    GUEST_DELAY,     /* it waits as the site's line says */
    GUEST_ANSWER,    /* the answer goes out */
    GUEST_STALLED,   /* it does nothing more until the client leaves */
    GUEST_CLOSED,    /* it is freed between two turns of the loop */
};

enum ending {
    ENDING_KEEP,  /* the next request may come */
    ENDING_CLOSE, /* closed in order, with TLS's goodbye */
    ENDING_CUT,   /* FIN without it */
    ENDING_RESET, /* RST */
    ENDING_STALL, /* silence */
    ENDING_AGAIN, /* the last part is sent once more, for ever */
};

struct guest {
    struct house *house;
    struct link here; /* in the house */
    struct sock *sock;
    struct transport *transport;
    bool https;
    enum guest_state state;
    uint64_t number;    /* for the probe */
    struct timer timer; /* the delay, the next drop of a drip */
    struct request_parser request;
    char *answer; /* composed; owned */
    size_t head_bytes, length, sent;
    size_t again; /* where ENDING_AGAIN begins anew */
    enum ending ending;
    bool drip;
    nsec delay;
    struct grave grave;
};

/* The only place where the state changes. */
static void enter(struct guest *guest, enum guest_state state)
{
    static const char *const names[] = {"HANDSHAKE", "REQUEST", "DELAY",
                                        "ANSWER",    "STALLED", "CLOSED"};
    struct loop *loop = guest->house->loop;

    probe_state(loop, "origin", guest->number, names[guest->state], names[state]);
    guest->state = state;
    switch (state) {
    case GUEST_REQUEST: request_parser_start(&guest->request); break;
    case GUEST_DELAY:
        loop_arm(loop, &guest->timer, clock_after(loop_clock(loop), guest->delay));
        break;
    case GUEST_CLOSED: loop_cancel(loop, &guest->timer); break;
    case GUEST_HANDSHAKE:
    case GUEST_ANSWER:
    case GUEST_STALLED: break;
    }
}

static enum step leave(struct guest *guest, bool reset)
{
    struct house *house = guest->house;

    if (reset) {
        struct linger now = {.l_onoff = 1};

        setsockopt(guest->sock->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        sock_close(guest->sock, house->loop); /* before the transport can say goodbye */
    }
    guest->transport->calls->close(guest->transport);
    if (!reset)
        sock_close(guest->sock, house->loop);
    enter(guest, GUEST_CLOSED);
    list_remove(&guest->here);
    free(guest->answer);
    loop_bury(house->loop, &guest->grave, free, guest);
    return STEP_WAIT;
}

static const char *reason_phrase(unsigned status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "As Told";
    }
}

/* A body for a site that brought none: a small page about its name, padded by a hash of it. */
static char *made_up(const char *host, size_t *length)
{
    char *body = memory_get(MOST_MADE_UP_BYTES);
    size_t want;
    int count;

    count = snprintf(body, MOST_MADE_UP_BYTES, "<!doctype html><title>%.255s</title>\n", host);
    want = (size_t)count + hash_text(host) % (MOST_MADE_UP_BYTES - (size_t)count);
    memset(body + count, '.', want - (size_t)count);
    *length = want;
    return body;
}

static bool bodiless(unsigned status)
{
    return status == 204 || status == 304;
}

/* An answer before it is put into bytes. */
struct reply {
    unsigned status;
    enum framing framing;
    const char *headers;  /* of the site's line; ours of the same name give way */
    const char *location; /* NULL: none */
    const char *coding;   /* likewise */
    const char *body;
    size_t body_bytes;
    char there[LOCATION_BYTES]; /* of `location`, where it is made up */
};

static void write_field(FILE *to, const struct reply *reply, const char *name, const char *value)
{
    if (value && !fields_have(reply->headers, name))
        fprintf(to, "%s: %s\r\n", name, value);
}

static void write_framing(FILE *to, const struct reply *reply)
{
    char count[24];

    if (bodiless(reply->status))
        return;
    snprintf(count, sizeof(count), "%zu", reply->body_bytes);
    switch (reply->framing) {
    case FRAMING_LENGTH: write_field(to, reply, "Content-Length", count); break;
    case FRAMING_CHUNKED: write_field(to, reply, "Transfer-Encoding", "chunked"); break;
    default: write_field(to, reply, "Connection", "close"); break;
    }
}

static void write_head(FILE *to, const struct reply *reply)
{
    const char *at = reply->headers;
    struct field_line line;

    fprintf(to, "HTTP/1.1 %u %s\r\n", reply->status, reason_phrase(reply->status));
    write_field(to, reply, "Server", "firstbyte-rehearsal");
    write_field(to, reply, "Content-Type", "text/html");
    write_field(to, reply, "Content-Encoding", reply->coding);
    write_field(to, reply, "Location", reply->location);
    write_framing(to, reply);
    while (fields_next(&at, &line))
        if (!line.empty)
            fwrite(line.text, 1, line.bytes, to);
    fputs("\r\n", to);
}

static void write_body(FILE *to, const struct reply *reply)
{
    bool chunked = reply->framing == FRAMING_CHUNKED;

    if (chunked && reply->body_bytes)
        fprintf(to, "%zx\r\n", reply->body_bytes);
    fwrite(reply->body, 1, reply->body_bytes, to);
    if (chunked)
        fputs(reply->body_bytes ? "\r\n0\r\n\r\n" : "0\r\n\r\n", to);
}

static void compose(struct guest *guest, const struct reply *reply)
{
    FILE *to;

    free(guest->answer);
    to = memory_stream(&guest->answer, &guest->length);
    write_head(to, reply);
    fflush(to);
    guest->head_bytes = guest->length;
    if (!guest->request.is_head && !bodiless(reply->status))
        write_body(to, reply);
    fclose(to);
    guest->sent = guest->again = 0;
    guest->ending = reply->framing == FRAMING_CLOSE ? ENDING_CLOSE : ENDING_KEEP;
}

static void redirect(struct reply *reply, const char *location)
{
    reply->status = 302;
    reply->location = location;
}

/* The faults that are whole answers, each wrong by what it says. */
static void falsify(const struct guest *guest, enum fault fault, struct reply *reply)
{
    static const char no_gzip[] = "these bytes are no gzip";
    const struct request_parser *request = &guest->request;

    switch (fault) {
    case FAULT_REDIRECT_LOOP:
        snprintf(reply->there, sizeof(reply->there), "%s://%s%s", guest->https ? "https" : "http",
                 request->host, request->target);
        redirect(reply, reply->there);
        break;
    case FAULT_REDIRECT_ENDLESS: /* from "/7" to "/8", from what is no number to "/1" */
        snprintf(reply->there, sizeof(reply->there), "/%lu",
                 strtoul(request->target + (*request->target == '/'), NULL, 10) + 1);
        redirect(reply, reply->there);
        break;
    case FAULT_BAD_LOCATION: redirect(reply, "gopher://x/"); break;
    case FAULT_BAD_CODING:
        reply->coding = "gzip";
        reply->body = no_gzip;
        reply->body_bytes = sizeof(no_gzip) - 1;
        break;
    case FAULT_NO_CLOSE_NOTIFY: reply->framing = FRAMING_CLOSE; break;
    default: break;
    }
}

/* How a fault spoils a response. */
struct spoiling {
    enum { WHOLE, NOTHING, HALF_HEAD, HALF_BODY } part; /* of what was composed that is sent */
    enum ending ending;                                 /* ENDING_KEEP: as composed */
    const char *head, *filler;                          /* sent instead; NULL: nothing is */
};

/* Not here: the faults of name, connection and certificate, which have shown before, and those of
   falsify. */
static const struct spoiling spoilings[FAULT_COUNT] = {
    [FAULT_WAIT_STALL] = {NOTHING, ENDING_STALL, NULL, NULL},
    [FAULT_WAIT_CLOSE] = {NOTHING, ENDING_CLOSE, NULL, NULL},
    [FAULT_WAIT_RESET] = {NOTHING, ENDING_RESET, NULL, NULL},
    [FAULT_GARBAGE] = {WHOLE, ENDING_CLOSE, "\x16\x03 this is \x1b[31mno HTTP\r\n\r\n", ""},
    [FAULT_HEAD_ENDLESS] = {WHOLE, ENDING_AGAIN, "HTTP/1.1 200 OK\r\n", "X-More: of the same\r\n"},
    [FAULT_BODY_ENDLESS] = {WHOLE, ENDING_AGAIN, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                            "endless "},
    [FAULT_BODY_CHUNK] = {WHOLE, ENDING_CLOSE,
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno size\r\n",
                          ""},
    [FAULT_HEAD_STALL] = {HALF_HEAD, ENDING_STALL, NULL, NULL},
    [FAULT_BODY_STALL] = {HALF_BODY, ENDING_STALL, NULL, NULL},
    [FAULT_BODY_RESET] = {HALF_BODY, ENDING_RESET, NULL, NULL},
    [FAULT_TRUNCATE] = {HALF_BODY, ENDING_CLOSE, NULL, NULL},
    [FAULT_NO_CLOSE_NOTIFY] = {WHOLE, ENDING_CUT, NULL, NULL},
    [FAULT_HANG_UP] = {WHOLE, ENDING_CLOSE, NULL, NULL},
};

/* Replaces the answer by a text of its own. */
static void say(struct guest *guest, const char *head, const char *filler)
{
    FILE *to;

    free(guest->answer);
    to = memory_stream(&guest->answer, &guest->length);
    fputs(head, to);
    fflush(to);
    guest->again = guest->length;
    while (*filler && guest->length < ENDLESS_BYTES) {
        fputs(filler, to);
        fflush(to);
    }
    fclose(to);
}

/* Spoils the composed answer as the play says. */
static void spoil(struct guest *guest, enum fault fault)
{
    const struct spoiling *how = &spoilings[fault];
    size_t head = guest->head_bytes;

    switch (how->part) {
    case WHOLE: break;
    case NOTHING: guest->length = 0; break;
    case HALF_HEAD: guest->length = head / 2; break;
    case HALF_BODY: guest->length = head + (guest->length - head) / 2; break;
    }
    if (how->head)
        say(guest, how->head, how->filler);
    if (how->ending != ENDING_KEEP)
        guest->ending = how->ending;
    guest->drip = fault == FAULT_DRIP;
}

static void prepare(struct guest *guest)
{
    const struct play *play =
        guest->house->play(guest->house->owner, guest->request.host, guest->request.target);
    struct reply reply = {
        .status = play->status ? play->status : DEFAULT_STATUS,
        .framing = play->framing,
        .headers = play->headers,
        .body = play->body,
        .body_bytes = play->body_bytes,
    };
    char *made = NULL;

    if (!play->body)
        reply.body = made = made_up(guest->request.host, &reply.body_bytes);
    guest->delay = play->delay;
    falsify(guest, play->fault, &reply);
    compose(guest, &reply);
    spoil(guest, play->fault);
    free(made);
}

static enum step step_handshake(struct guest *guest)
{
    switch (guest->transport->calls->handshake(guest->transport).status) {
    case IO_OK: enter(guest, GUEST_REQUEST); return STEP_ON;
    case IO_WANT_READ:
    case IO_WANT_WRITE: return STEP_WAIT;
    default: return leave(guest, false);
    }
}

/* One request at a time: bytes of a second one are not looked at, and closing follows. */
static enum step step_request(struct guest *guest)
{
    unsigned char *buffer = loop_buffer(guest->house->loop);
    struct io io = guest->transport->calls->read(guest->transport, buffer, LOOP_BUFFER_BYTES);
    size_t used;

    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return STEP_WAIT;
    if (io.status != IO_OK)
        return leave(guest, false);
    switch (request_parser_feed(&guest->request, buffer, io.count, &used)) {
    case REQUEST_MORE: return STEP_ON;
    case REQUEST_DONE: break;
    default: return leave(guest, false);
    }
    prepare(guest);
    if (used < io.count || !guest->request.keep_alive)
        guest->ending = guest->ending == ENDING_KEEP ? ENDING_CLOSE : guest->ending;
    enter(guest, GUEST_DELAY);
    return STEP_WAIT;
}

static enum step at_end(struct guest *guest)
{
    switch (guest->ending) {
    case ENDING_KEEP: enter(guest, GUEST_REQUEST); return STEP_ON;
    case ENDING_CLOSE: return leave(guest, false);
    case ENDING_CUT:
        shutdown(guest->sock->watch.fd, SHUT_WR); /* the goodbye comes too late to be sent */
        return leave(guest, false);
    case ENDING_RESET: return leave(guest, true);
    case ENDING_AGAIN: /* not at once: an eager reader would keep the loop here */
        guest->sent = guest->again;
        loop_again(guest->house->loop, &guest->sock->watch, 0);
        return STEP_WAIT;
    case ENDING_STALL: break;
    }
    enter(guest, GUEST_STALLED);
    return STEP_WAIT;
}

static enum step step_answer(struct guest *guest)
{
    size_t left = guest->length - guest->sent;
    struct io io;

    if (!left)
        return at_end(guest);
    if (guest->drip && guest->timer.state == TIMER_ARMED)
        return STEP_WAIT;
    io = guest->transport->calls->write(guest->transport, guest->answer + guest->sent,
                                        guest->drip ? 1 : left);
    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return STEP_WAIT;
    if (io.status != IO_OK)
        return leave(guest, false);
    guest->sent += io.count;
    if (guest->drip)
        loop_arm(guest->house->loop, &guest->timer, loop_clock(guest->house->loop) + DRIP_EVERY);
    return STEP_ON;
}

/* A client that leaves while it is made to wait is seen here. */
static enum step step_wait(struct guest *guest)
{
    return guest->sock->ended ? leave(guest, false) : STEP_WAIT;
}

/* An endless response to a client that reads as fast as it is written yields to the others. */
static void guest_drive(struct guest *guest)
{
    enum step step = STEP_ON;

    for (int steps = 0; step == STEP_ON; steps++) {
        if (steps == STEPS_A_TURN) {
            loop_again(guest->house->loop, &guest->sock->watch, 0);
            return;
        }
        switch (guest->state) {
        case GUEST_HANDSHAKE: step = step_handshake(guest); break;
        case GUEST_REQUEST: step = step_request(guest); break;
        case GUEST_DELAY: step = step_wait(guest); break;
        case GUEST_ANSWER: step = step_answer(guest); break;
        case GUEST_STALLED: step = step_wait(guest); break;
        case GUEST_CLOSED: return;
        }
    }
}

static void on_ready(void *owner, uint32_t events)
{
    struct guest *guest = owner;

    sock_note(guest->sock, events);
    guest_drive(guest);
}

/* The delay is over, or the next drop of a drip is due. */
static void on_timer(void *owner)
{
    struct guest *guest = owner;

    if (guest->state == GUEST_DELAY)
        enter(guest, GUEST_ANSWER);
    guest_drive(guest);
}

void guest_welcome(struct house *house, int fd, bool https)
{
    struct guest *guest = memory_zeroed(sizeof(*guest));
    int error;

    assert(fd >= 0);
    guest->house = house;
    guest->number = ++house->welcomed;
    guest->https = https;
    timer_init(&guest->timer, on_timer, guest, "origin connection delay");
    guest->sock = sock_adopt(house->loop, fd, on_ready, guest, "origin connection", &error);
    if (guest->sock)
        guest->transport =
            https ? tls_server_open(house->tls, guest->sock) : plain_open(guest->sock);
    if (!guest->transport) { /* no memory for a handshake, no room in epoll: the client sees it */
        sock_close(guest->sock, house->loop);
        free(guest);
        return;
    }
    list_put_first(&house->guests, &guest->here);
}

void guest_end_all(struct house *house)
{
    struct link *link;

    while ((link = list_first(&house->guests)))
        leave(LIST_OWNER(link, struct guest, here), false);
}

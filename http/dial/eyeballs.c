/*
 * The race of connection attempts to the addresses of one name. It keeps an array of attempts and
 * one timer for the next; a failed attempt frees its socket immediately. The caller decides
 * which addresses are tried, and in which order.
 */
#include "http/dial/eyeballs.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* One address. */
struct attempt {
    struct eyeballs *eyeballs;
    struct sock *sock; /* NULL: not started, failed, or taken */
    struct address address;
    nsec started;
};

struct eyeballs {
    struct eyeballs_options options;
    struct timer stagger;   /* fires when the next attempt may start */
    size_t count, next;     /* of the attempts; those from `next` on are not started */
    size_t pending;         /* attempts before `next` that are pending */
    struct attempt *winner; /* NULL: none yet */
    struct address last;    /* the last address that was tried */
    nsec started;           /* start of the last attempt */
    int error;              /* errno of a failed attempt */
    enum eyeballs_state state;
    struct attempt attempts[RESOLVER_MAX_ADDRESSES];
};

static void on_event(void *owner, uint32_t events);

/* The only place where the state changes. */
static void update_state(struct eyeballs *eyeballs)
{
    static const char *const names[] = {[EYEBALLS_IDLE] = "idle",
                                        [EYEBALLS_TRYING] = "trying",
                                        [EYEBALLS_WON] = "won",
                                        [EYEBALLS_LOST] = "lost"};
    enum eyeballs_state state = eyeballs->pending ? EYEBALLS_TRYING : EYEBALLS_LOST;

    if (eyeballs->winner)
        state = EYEBALLS_WON;
    if (state != eyeballs->state)
        probe_state(eyeballs->options.loop, "address race", eyeballs->options.number,
                    names[eyeballs->state], names[state]);
    eyeballs->state = state;
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE;
}

static void note_error(struct eyeballs *eyeballs, const struct attempt *attempt, int error)
{
    if (eyeballs->options.failed)
        eyeballs->options.failed(eyeballs->options.owner, &attempt->address, error);
    if (!is_shortage(eyeballs->error))
        eyeballs->error = error;
}

static void report_attempt(const struct eyeballs_options *options, const struct address *address)
{
    char text[ADDRESS_TEXT_BYTES];

    if (probe_takes_lines(options->loop))
        probe_line(options->loop, options->number, PROBE_NOTE, "trying %s",
                   address_text(address, text));
}

static struct sock *start_attempt(struct eyeballs *eyeballs, struct attempt *attempt, int *error)
{
    const struct eyeballs_options *options = &eyeballs->options;

    if (options->unix_socket)
        return sock_connect_unix(options->loop, options->unix_socket, on_event, attempt,
                                 "connection attempt", error);
    report_attempt(options, &attempt->address);
    return sock_connect(options->loop, &attempt->address, options->from, on_event, attempt,
                        "connection attempt", error);
}

/* Arms the timer for the next attempt, which may be due already. */
static void wait_for_next(struct eyeballs *eyeballs)
{
    struct loop *loop = eyeballs->options.loop;

    if (eyeballs->next < eyeballs->count)
        loop_arm(loop, &eyeballs->stagger, eyeballs->started + EYEBALLS_STAGGER);
    else
        loop_cancel(loop, &eyeballs->stagger);
}

/* Starts the next attempt; skips addresses for which no attempt can be started. */
static void try_next(struct eyeballs *eyeballs)
{
    bool started = false;

    while (!started && eyeballs->next < eyeballs->count) {
        struct attempt *attempt = &eyeballs->attempts[eyeballs->next++];
        int error = 0;

        attempt->sock = start_attempt(eyeballs, attempt, &error);
        eyeballs->last = attempt->address;
        started = attempt->sock;
        eyeballs->pending += started;
        attempt->started = eyeballs->started = loop_clock(eyeballs->options.loop);
        if (!started)
            note_error(eyeballs, attempt, error);
    }
    wait_for_next(eyeballs);
    update_state(eyeballs);
}

static void close_attempt(struct attempt *attempt)
{
    if (!attempt->sock)
        return;
    sock_close(attempt->sock, attempt->eyeballs->options.loop);
    attempt->sock = NULL;
    attempt->eyeballs->pending--;
}

static void win(struct eyeballs *eyeballs, struct attempt *winner)
{
    nsec now = loop_clock(eyeballs->options.loop);

    eyeballs->winner = winner;
    loop_cancel(eyeballs->options.loop, &eyeballs->stagger);
    for (size_t i = 0; i < eyeballs->next; i++) {
        struct attempt *attempt = &eyeballs->attempts[i];

        if (attempt == winner || !attempt->sock)
            continue;
        if (now - attempt->started >= EYEBALLS_STAGGER)
            note_error(eyeballs, attempt, ETIMEDOUT);
        close_attempt(attempt);
    }
    update_state(eyeballs);
}

static void on_event(void *owner, uint32_t events)
{
    struct attempt *attempt = owner;
    struct eyeballs *eyeballs = attempt->eyeballs;
    int error;

    sock_note_events(attempt->sock, events);
    if (!attempt->sock->writable && !attempt->sock->ended)
        return;
    if (eyeballs->winner) /* it is connected, and not taken yet */
        return;
    error = sock_connect_result(attempt->sock);
    if (!error) {
        win(eyeballs, attempt);
    } else {
        close_attempt(attempt);
        note_error(eyeballs, attempt, error);
        try_next(eyeballs);
    }
    eyeballs->options.settled(eyeballs->options.owner);
}

static void on_stagger(void *owner)
{
    struct eyeballs *eyeballs = owner;

    try_next(eyeballs);
    eyeballs->options.settled(eyeballs->options.owner);
}

struct eyeballs *eyeballs_new(const struct eyeballs_options *options)
{
    struct eyeballs *eyeballs = memory_get(sizeof(*eyeballs));

    memset(eyeballs, 0, offsetof(struct eyeballs, attempts));
    eyeballs->options = *options;
    timer_init(&eyeballs->stagger, on_stagger, eyeballs, "address stagger");
    return eyeballs;
}

void eyeballs_add(struct eyeballs *eyeballs, const struct address *addresses, size_t count)
{
    for (size_t i = 0; i < count && eyeballs->count < RESOLVER_MAX_ADDRESSES; i++)
        eyeballs->attempts[eyeballs->count++] =
            (struct attempt){.eyeballs = eyeballs, .address = addresses[i]};
    if (eyeballs->winner)
        return;
    if (!eyeballs->pending)
        try_next(eyeballs);
    else
        wait_for_next(eyeballs);
}

enum eyeballs_state eyeballs_state(const struct eyeballs *eyeballs, struct address *address)
{
    *address = eyeballs->winner ? eyeballs->winner->address : eyeballs->last;
    return eyeballs->state;
}

struct sock *eyeballs_take(struct eyeballs *eyeballs)
{
    struct sock *sock;

    assert(eyeballs->winner);
    sock = eyeballs->winner->sock;
    eyeballs->winner->sock = NULL;
    eyeballs->pending = 0;
    return sock;
}

int eyeballs_error(const struct eyeballs *eyeballs)
{
    return eyeballs->error;
}

void eyeballs_free(struct eyeballs *eyeballs)
{
    if (!eyeballs)
        return;
    loop_cancel(eyeballs->options.loop, &eyeballs->stagger);
    for (size_t i = 0; i < eyeballs->next; i++)
        close_attempt(&eyeballs->attempts[i]);
    free(eyeballs);
}

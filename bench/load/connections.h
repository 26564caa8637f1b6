/*
 * Inside of the load generator: its clients and their connections; who is absent, connecting or has room, how
 * a connection is begun, and what follows where it cannot be made.
 *
 * The trial: where none of the connections that were begun in the first second, from the first of them on,
 * could be made, none of them is pending, and none has timed out, the others would fail too.
 */
#ifndef BENCH_LOAD_CONNECTIONS_H
#define BENCH_LOAD_CONNECTIONS_H

#include "bench/load/client.h"

struct load_options;

/* Called with the owner of the clients' events. */
struct connections_events {
    void (*look)(void *owner); /* clients that are absent may connect */
    void (*hopeless)(void *owner,
                     enum error why); /* the trial has failed, which may be told again */
};

/* Read by others, written by its own functions alone. */
struct connections {
    struct client *clients;    /* options->connections of them */
    struct client_group group; /* what they have in common */
    struct link idle;          /* clients that have room, in turns */
    struct link absent;        /* clients that may connect */
    size_t connecting;         /* clients that do */
    size_t open;               /* that have a connection */
    struct task look;

    const struct load_options *options; /* borrowed */
    const struct connections_events *events;
    struct load_request *requests; /* all their rings */
    size_t sources_taken;          /* of options->sources */

    /* the trial: whether any connection can be made */
    struct timer trial; /* it is over */
    nsec trial_end;     /* 0: none was begun */
    size_t trial_left;  /* connections that were begun before that, and are being made */
    bool trial_passed;  /* a connection was made, or timed out: a server that hangs may go on */
    enum error refusal; /* of the last that failed */

    /* TLS */
    struct tls_client *whole, *resuming; /* NULL: not needed */
    unsigned resume_credit;              /* 100: the next one resumes */
};

/* All clients are absent. `dialer` is borrowed; `owner` is the argument of both kinds of events. Returns NULL, or
   why TLS cannot be set up, to be freed; connections_free is called in either case. */
char *connections_init(struct connections *connections, const struct load_options *options,
                       struct dialer *dialer, const struct client_events *clients,
                       const struct connections_events *events, void *owner);
void connections_free(struct connections *connections);

/* `look` is called at the end of the turn. */
void connections_look(struct connections *connections);

/* The client that is to connect next, or NULL. */
struct client *connections_next(const struct connections *connections);

/* Whether so many connect that others wait for one of them to be there first. */
bool connections_full(const struct connections *connections);

/* Begins a connection of a client that is absent, which may fail before this returns. */
void connections_begin(struct connections *connections, struct client *client);

/* One stands. */
void connections_opened(struct connections *connections);

/* It is over, however it ended; the client is in no list. */
void connections_closed(struct connections *connections, struct client *client);

/* Judges the trial by a connection that is over, and looks for the next. `error` says why it could not be made,
   ERROR_NONE that it could, or that its request timed out. */
void connections_judge(struct connections *connections, struct client *client, enum error error);

/* The client of one that stood may connect again, at once where it has requests. */
void connections_again(struct connections *connections, struct client *client);

/* The client of one that could not be made may connect again. A closed loop would try again and again: it waits
   a little. In an open loop each try is a request that was due, and the schedule bounds them. */
void connections_rest(struct connections *connections, struct client *client);

/* A client that has room waits for its next turn: all connections do their share, those with stamps too. */
void connections_place(struct connections *connections, struct client *client);

/* No event is to come any more but those of connections; these are closed without a call. */
void connections_quiet(struct connections *connections);
void connections_close(struct connections *connections);

#endif

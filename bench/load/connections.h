/*
 * Private to the load generator: its clients, sorted into lists by state (absent, connecting, with
 * room), how a connection is opened, and what happens if that fails.
 *
 * The trial: the dials that begin within one second after the first dial. When all of them have
 * failed, and none by a timeout, later dials would fail too: the load ends.
 */
#ifndef BENCH_LOAD_CONNECTIONS_H
#define BENCH_LOAD_CONNECTIONS_H

#include "bench/load/client.h"

struct load_options;

/* `owner` is the owner of the clients' events. */
struct connections_events {
    void (*dial)(void *owner);                         /* absent clients may connect */
    void (*all_failed)(void *owner, enum error error); /* the trial failed; may be called again */
};

/* Other modules read the first group; only the functions below write. */
struct connections {
    struct client *clients;    /* options->connections of them */
    struct client_group group; /* shared by all clients */
    struct link idle;          /* clients that have room, idle longest first */
    struct link absent;        /* clients that may connect */
    size_t connecting;         /* number of clients that connect */
    size_t open;               /* number of clients with an open connection */
    struct task dial_task;     /* calls events->dial */

    const struct load_options *options; /* borrowed */
    const struct connections_events *events;
    struct load_request *requests; /* of all clients */
    size_t sources_taken;          /* dials that used options->sources */

    /* the trial */
    struct timer trial;    /* its end */
    nsec trial_end;        /* 0: no dial has begun */
    size_t trial_left;     /* pending dials that began before trial_end */
    bool trial_passed;     /* a connection opened, or timed out: a slow server may recover */
    enum error last_error; /* of the last dial that failed */

    /* TLS; NULL: not needed */
    struct tls_client *tls_full, *tls_resuming;
    unsigned resume_credit; /* in percent; at 100 the next connection resumes a session */
};

/* All clients are absent at first. `dialer` is borrowed; `owner` is the argument of all events.
   Returns NULL, or the reason why TLS cannot be set up, which the caller frees. In both cases
   connections_free must be called. */
char *connections_init(struct connections *connections, const struct load_options *options,
                       struct dialer *dialer, const struct client_events *clients,
                       const struct connections_events *events, void *owner);
void connections_free(struct connections *connections);

/* Calls events->dial at the end of the turn. */
void connections_dial_later(struct connections *connections);

/* The absent client that connects next, or NULL. */
struct client *connections_next_absent(const struct connections *connections);

/* Whether the maximum number of dials is pending. */
bool connections_dial_limit_reached(const struct connections *connections);

/* Begins a connection of an absent client. Its events may be called before this returns. */
void connections_dial(struct connections *connections, struct client *client);

/* A connection has opened. */
void connections_note_opened(struct connections *connections);

/* A connection or a dial is over. Removes the client from its list. */
void connections_note_closed(struct connections *connections, struct client *client);

/* Continues the trial after a connection or a dial is over, and calls connections_dial_later.
   `error` is that of the dial; ERROR_NONE: the connection was open, or its request timed out. */
void connections_judge_trial(struct connections *connections, struct client *client,
                             enum error error);

/* After an open connection is over: the client may connect again, first if it has requests. */
void connections_requeue(struct connections *connections, struct client *client);

/* After a dial failed: the client may connect again. In a closed loop it pauses first, otherwise it
   would retry in a tight loop; in an open loop the schedule limits the dials. */
void connections_requeue_failed(struct connections *connections, struct client *client);

/* Puts a client with room at the end of the idle list, so that all connections are used equally,
   and removes a client without room. A client that is in the list already is not moved. */
void connections_update_idle(struct connections *connections, struct client *client);

/* The same for the first client of the idle list, after a request was started on it. With HTTP/2 it
   becomes the last, so that the streams are spread over the connections. */
void connections_rotate_idle(struct connections *connections, struct client *client);

/* After this, only events of open connections are called. */
void connections_stop_timers(struct connections *connections);

/* Closes all connections without calling an event. */
void connections_close_all(struct connections *connections);

#endif

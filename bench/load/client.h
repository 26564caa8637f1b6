/*
 * One client of a load: one connection at a time, and up to `slots` requests in flight on it. The
 * load decides when requests start, and counts their results.
 *
 * HTTP/1.1 responses come in the order of the requests (RFC 9112, section 9.3.2). If the server
 * announces the end of the connection, the requests after the last response are sent again on the
 * next connection.
 *
 * HTTP/2 responses come in any order. The requests that the server has not processed (GOAWAY) are
 * sent again on the next connection, which is opened when the last stream of this one has ended.
 * Requests may be in flight without a stream, because the server allows fewer streams than `slots`:
 * these wait on the client. With kernel timestamps, all responses of one receive have the timestamp
 * of its last byte.
 */
#ifndef BENCH_LOAD_CLIENT_H
#define BENCH_LOAD_CLIENT_H

#include "base/list.h"
#include "bench/load/tally.h"
#include "bench/load/targets.h"
#include "http/conn.h"
#include "http/h1/head_memo.h"
#include "http/versions.h"

enum client_state {
    CLIENT_ABSENT,     /* no connection */
    CLIENT_CONNECTING, /* a dial is pending; requests may be waiting for it */
    CLIENT_OPEN,       /* requests can be sent */
};

struct load_request {
    struct stream stream;
    struct client *client;
    struct link client_link;         /* in client->requests */
    struct load_request *next_spare; /* in client->spare, while not in flight */
    const struct target *target;
    nsec intended;    /* when it was due; in a closed loop, `started` */
    nsec started;     /* when it was assigned to its client; after `waits`, later by slot_wait */
    nsec slot_wait;   /* how long `waits` was true; 0 until it has ended */
    bool counted;     /* it was due after measuring began */
    bool waits;       /* for a stream that the server's limit allows, on an open connection */
    struct link link; /* in group->requests, in the order of the deadlines */
};

struct load_response {
    unsigned status;
    nsec received;      /* when the program received its last byte */
    bool stamped;       /* the connection has kernel timestamps */
    nsec kernel_age_ns; /* if stamped: kernel age of the last byte; NSEC_NEVER: unknown */
};

/* The load may start requests only in `room`, and must not free a client in any event. */
struct client_events {
    void (*opened)(void *owner, struct client *client);

    /* client_may_start is true. Requests are sent after this returns. */
    void (*room)(void *owner, struct client *client);

    /* The wait for a stream is over: the request was submitted, or its connection has ended. Then
       it waits for the next connection, which is not part of `wait`. `started` is now. */
    void (*waited)(void *owner, struct load_request *request, nsec wait);
    void (*completed)(void *owner, const struct load_request *request,
                      const struct load_response *response);
    void (*failed)(void *owner, const struct load_request *request, enum error error);

    /* The connection is over. `error`: the dial failed, or the server closed the connection or sent
       bytes before the first request. Otherwise ERROR_NONE. Requests that will be sent on the next
       connection are still in flight. */
    void (*closed)(void *owner, struct client *client, enum error error);
};

/* Shared by all clients of a load. */
struct client_group {
    struct dialer *dialer; /* borrowed */
    const struct url *url; /* of the origin; borrowed */
    const struct client_events *events;
    void *owner;                           /* argument of the events */
    const struct negotiation *negotiation; /* borrowed */
    bool multiplexed;                      /* HTTP/2 */
    unsigned slots;                        /* maximum of requests in flight on a connection */
    struct link requests;                  /* all in flight, in the order of their start */
    struct conn_options conn_options;      /* of all connections; set by client_group_init */
    uint64_t bytes_in, bytes_out;          /* of all connections */
    struct protocol_counters counters;     /* HTTP/2: of all connections */
    uint64_t resent;                       /* HTTP/2: counted requests that are sent again */
    struct head_memo heads;                /* of responses on all connections */
};

struct client {
    struct client_group *group; /* borrowed */
    enum client_state state;
    bool was_open;              /* the current or last connection has been open */
    bool stamped;               /* its connections have kernel timestamps */
    bool no_more_requests;      /* on this connection; the load may set it too */
    bool conn_failed_request;   /* a request failed on this connection */
    bool dial_failed_requests;  /* the last dial failed, and requests with it */
    struct dial *dial;          /* while CONNECTING, and in `opened` */
    struct conn *conn;          /* while OPEN */
    nsec handshake_wait;        /* wait for a handshake slot, if the dial failed */
    uint64_t request_count;     /* requests assigned to this connection */
    unsigned number;            /* for the trace */
    struct link requests;       /* in flight, the oldest first */
    struct load_request *spare; /* free requests; group->slots in all */
    unsigned in_flight;         /* length of `requests` */
    unsigned unsubmitted;       /* of these, not given to a connection yet */

    /* Used only by the load. */
    struct link link;                     /* in a list of connections.h */
    struct timer pause;                   /* before the next dial */
    unsigned failures;                    /* consecutive failed dials */
    bool in_trial;                        /* the dial counts in the trial */
    nsec dial_start;                      /* of the current or last dial */
    struct tally_address *address_counts; /* of the connection's address; NULL: not open */
};

/* Initializes a group whose other fields are set. The caller may change conn_options afterwards.
   The group must not move. */
void client_group_init(struct client_group *group);

/* Frees the data that all clients share. The clients must be closed. */
void client_group_free(struct client_group *group);

/* `requests` has group->slots elements, zeroed; borrowed. */
void client_init(struct client *client, struct client_group *group, unsigned number,
                 struct load_request *requests);

/* Since when the time of a request is limited: it was assigned to its client. The wait for a
   stream counts. */
static inline nsec load_request_assigned(const struct load_request *request)
{
    return request->started - request->slot_wait;
}

/* The oldest request in flight, or NULL. */
struct load_request *client_oldest(const struct client *client);

/* Begins a connection. The client must be ABSENT. If the dial fails immediately, `closed` is
   called, and the client is ABSENT again when this returns. The options are copied; NULL: the
   defaults. */
void client_connect(struct client *client, const struct dial_options *options);

/* Starts a request; client_may_start is true. It is sent by client_send, or when the connection is
   open and has a stream for it. */
void client_start(struct client *client, const struct target *target, nsec intended, nsec now,
                  bool counted);

/* Whether a server allows fewer streams than `slots`. The requests beyond wait on their clients. */
static inline bool client_group_is_limited(const struct client_group *group)
{
    return group->multiplexed && group->counters.any_settings &&
           group->counters.streams_limit_min < group->slots;
}

/* Whether a request that starts now is sent without waiting for a stream, or waits for the first
   stream that the server allows: without a request, no deadline would pass. */
static inline bool client_has_room(const struct client *client)
{
    return client->in_flight < client->group->slots && !client->no_more_requests &&
           (client->state != CLIENT_OPEN || conn_capacity(client->conn) ||
            (!client->in_flight && client->conn->state == CONN_OPEN &&
             client_group_is_limited(client->group)));
}

/* Whether a request may start, and may have to wait for a stream. */
static inline bool client_may_start(const struct client *client)
{
    return client->in_flight < client->group->slots && !client->no_more_requests &&
           (client->state != CLIENT_OPEN || conn_capacity(client->conn) ||
            (client->conn->state == CONN_OPEN && client_group_is_limited(client->group)));
}

/* Sends the started requests as far as the socket accepts them. */
void client_send(struct client *client);

/* Ends the connection. All requests fail with `error`; then `closed` is called. */
void client_fail(struct client *client, enum error error);

/* Fails a request whose deadline has passed. With HTTP/1.1 the connection and all its requests end
   with it. With HTTP/2 its stream is reset; if the connection has received nothing since the
   request started, it takes no more requests. */
void client_expire(struct load_request *request);

/* Ends the connection and discards the requests without calling an event. */
void client_close(struct client *client);

#endif

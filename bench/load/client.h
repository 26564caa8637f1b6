/*
 * One client of a load: a connection at a time, and the requests that are in request on it, up to
 * `pipeline` of them. It knows how requests pass; when they start, and what becomes of the figures, is
 * the load's.
 *
 * With HTTP/1.1, requests are answered in the order in which they were started (RFC 9112, section 9.3.2). One
 * that is behind the last answer of a connection whose end the server has announced goes on the next one.
 */
#ifndef BENCH_LOAD_CLIENT_H
#define BENCH_LOAD_CLIENT_H

#include "base/list.h"
#include "bench/load/tally.h"
#include "bench/load/targets.h"
#include "http/conn.h"

enum client_state {
    CLIENT_ABSENT,     /* no connection */
    CLIENT_CONNECTING, /* it is being made; requests may be there already */
    CLIENT_OPEN,       /* requests may pass */
};

/* A request in request. */
struct load_request {
    struct stream stream;
    struct client *client;           /* whose it is */
    struct link of_client;           /* in its list of those in request, the oldest first */
    struct load_request *next_spare; /* of its client, while not in request */
    const struct target *target;     /* what is asked */
    nsec intended;                   /* when it was due; in a closed loop, `started` */
    nsec started;                    /* when it got its client */
    bool counted;                    /* it was due when measuring had begun */
    struct link link;                /* among all in request, the oldest first */
};

/* How an answer came. */
struct response_arrival {
    unsigned status;
    nsec at; /* when the program had its last byte */
    bool stamped;
    nsec
        kernel_age_ns; /* of a stamped one: how long that had been in the kernel; NSEC_NEVER: unknown */
};

/* What a client tells the load, which may start requests in `room` alone and frees no client in any. */
struct client_events {
    void (*open)(void *owner, struct client *client); /* a connection stands */
    void (*room)(void *owner, struct client *client); /* it may take requests; they are sent then */
    void (*completed)(void *owner, const struct load_request *request,
                      const struct response_arrival *arrival);
    void (*failed)(void *owner, const struct load_request *request, enum error error);
    /* The connection is over. `error` says why it could not be made, or that it was of no use: it ended,
       or the server sent something, before it was asked for anything. Else it is ERROR_NONE. Requests
       that are to go on the next one are still there. */
    void (*gone)(void *owner, struct client *client, enum error error);
};

/* What all clients of a load have in common. */
struct client_group {
    struct dialer *dialer; /* borrowed */
    const struct url *url; /* where they lead; borrowed */
    const struct client_events *events;
    void *owner;                      /* their argument */
    unsigned pipeline;                /* requests in request on a connection */
    struct link requests;             /* all in request, in the order of their start */
    struct conn_options conn_options; /* of all connections; client_group_init sets it */
    uint64_t bytes_in, bytes_out;     /* so far */
};

struct client {
    struct client_group *group; /* borrowed */
    enum client_state state;
    bool stood;                 /* this connection, or the last one, was open */
    bool stamped;               /* its connections ask for kernel stamps */
    bool last;                  /* no more requests go on this connection; the load's to set, too */
    bool lost;                  /* a request has failed with this connection */
    bool blamed;                /* requests failed with this connection, which could not be made */
    struct dial *dial;          /* when CONNECTING, and in `open` */
    struct conn *conn;          /* when OPEN */
    struct link link;           /* of the load: in one of its lists */
    struct timer pause;         /* of the load: before it tries again */
    unsigned refused;           /* of the load: connections in a row that could not be made */
    nsec dialled;               /* of the load: when its connection was begun */
    nsec queued;                /* our own wait for a handshake, where that failed */
    bool early;                 /* of the load: this connection is one of the first second */
    uint64_t asked;             /* requests that went on this connection */
    unsigned number;            /* for the probe; the load's to set */
    struct link requests;       /* the oldest first */
    struct load_request *spare; /* the first of those not in request: group->pipeline in all */
    unsigned in_flight;         /* how many are in request */
    unsigned waiting;           /* of those: not handed to a connection yet */

    /* of the load: what is counted of the address to which its connection leads; NULL: it is not open */
    struct tally_address *at;
};

/* Makes ready a group whose other members are set; it must not be moved after that. */
void client_group_init(struct client_group *group);

/* Makes a client of `group`, with its group->pipeline requests, which are zeroed and borrowed. */
void client_init(struct client *client, struct client_group *group, unsigned number,
                 struct load_request *requests);

/* The oldest in request; NULL: none. */
struct load_request *client_oldest(const struct client *client);

/* Begins a connection; the client is ABSENT. It may be ABSENT again when this returns, after `gone`. The
   options are copied; NULL: none. */
void client_connect(struct client *client, const struct dial_options *options);

/* Starts a request; there is room, also while ABSENT. It leaves with client_send, or when the connection
   stands. */
void client_start(struct client *client, const struct target *target, nsec intended, nsec now,
                  bool counted);

static inline bool client_has_room(const struct client *client)
{
    return client->in_flight < client->group->pipeline && !client->last &&
           (client->state != CLIENT_OPEN || conn_capacity(client->conn));
}

/* Sends what goes of what was started. */
void client_send(struct client *client);

/* Ends the connection: all requests fail with `error`. `gone` is called. */
void client_fail(struct client *client, enum error error);

/* Ends the connection and forgets the requests; nothing is told. */
void client_close(struct client *client);

#endif

/* A TCP server on the test's own loop. Callbacks of the test get requests and send responses. */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include "base/list.h"
#include "reactor/loop.h"
#include "reactor/sock.h"

#define PEER_RECEIVED_BYTES 4096

struct peer;

struct peer_conn {
    struct peer *peer;
    struct sock *sock; /* NULL: closed */
    struct link all;   /* in peer->conns */
    struct link own;   /* for a list of the test; removed from it when the connection closes */
    size_t number;     /* position among the accepted connections, from 1 */
    /* Bytes in `received`. The test sets it to 0 when it has processed them. */
    size_t received_bytes;
    char received[PEER_RECEIVED_BYTES + 1]; /* NUL-terminated */
    struct deferred_free deferred;
};

struct peer {
    struct loop *loop;
    struct address at;
    struct watch listener;
    struct link conns; /* the open ones */
    size_t accepted;   /* in total */
    size_t open, peak; /* open connections: now, and the maximum so far */
    /* Called after a connection was accepted. It may send and close. NULL: not called. */
    void (*on_accept)(void *owner, struct peer_conn *conn);
    /* Called when more bytes were received. It may send and close. */
    void (*on_received)(void *owner, struct peer_conn *conn);
    void *owner; /* first argument of both */
};

/* Listens on a free port of a numeric address. */
void peer_start(struct peer *peer, struct loop *loop, const char *address,
                void (*on_received)(void *owner, struct peer_conn *conn), void *owner);

/* Closes the listener and all connections. */
void peer_stop(struct peer *peer);

/* Sends bytes, or a text without its NUL. Fails the test if the socket does not take them all. */
void peer_send(struct peer_conn *conn, const void *bytes, size_t count);
void peer_send_text(struct peer_conn *conn, const char *text);

/* Closes the connection, with a TCP reset if `resets`. */
void peer_close(struct peer_conn *conn, bool resets);

/* Whether a whole request without content was received. */
bool peer_has_request(const struct peer_conn *conn);

#endif

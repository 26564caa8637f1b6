/*
 * A server on the test's own loop, over plain TCP: the test hears what each connection says, and
 * answers when it likes.
 */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include "base/list.h"
#include "reactor/loop.h"
#include "reactor/sock.h"

#define PEER_RECEIVED_BYTES 4096

struct peer;

/* A connection. */
struct peer_conn {
    struct peer *peer;
    struct sock *sock;
    struct link all;       /* in peer->conns */
    struct link own;       /* for a list of the test's; left when the connection closes */
    size_t number;         /* of those accepted, from 1 */
    size_t received_bytes; /* what they are; the test sets it to 0 when it has taken them */
    char received[PEER_RECEIVED_BYTES + 1]; /* closed with a NUL */
    struct deferred_free deferred;
};

struct peer {
    struct loop *loop;
    struct address at;
    struct watch listener;
    struct link conns; /* those that are open */
    size_t accepted;   /* in all */
    size_t open, peak; /* at once: now, and at most */
    /* One was accepted. It may answer and close. NULL: nobody wants to hear of it */
    void (*on_accept)(void *owner, struct peer_conn *conn);
    /* More was received. It may answer and close. */
    void (*on_received)(void *owner, struct peer_conn *conn);
    void *owner; /* its argument */
};

/* Listens on a free port of a numeric address. */
void peer_start(struct peer *peer, struct loop *loop, const char *address,
                void (*on_received)(void *owner, struct peer_conn *conn), void *owner);

/* Closes all. */
void peer_stop(struct peer *peer);

/* Sends bytes, a text's up to its NUL; fails where they do not go at once. */
void peer_send(struct peer_conn *conn, const void *bytes, size_t count);
void peer_send_text(struct peer_conn *conn, const char *text);

/* Ends the connection; `resets`: by a reset. */
void peer_close(struct peer_conn *conn, bool resets);

/* Whether a whole request was received: a head without content. */
bool peer_has_request(const struct peer_conn *conn);

#endif

#include "tests/support/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/unit.h"

static void on_ready(void *owner, uint32_t events)
{
    struct peer_conn *conn = owner;
    struct io io;

    sock_note_events(conn->sock, events);
    for (;;) {
        size_t room = PEER_RECEIVED_BYTES - conn->received_bytes;

        assert_true(room > 0);
        io = sock_recv(conn->sock, conn->received + conn->received_bytes, room);
        if (io.status != IO_OK)
            break;
        conn->received_bytes += io.count;
        conn->received[conn->received_bytes] = '\0';
        conn->peer->on_received(conn->peer->owner, conn);
        if (!conn->sock)
            return;
    }
    if (io.status == IO_EOF || io.status == IO_ERROR)
        peer_close(conn, false);
}

static void on_accept(void *owner, uint32_t events)
{
    struct peer *peer = owner;
    int fd, error;

    (void)events;
    while ((fd = sock_accept(peer->listener.fd)) >= 0) {
        struct peer_conn *conn = calloc(1, sizeof(*conn));

        assert_non_null(conn);
        conn->peer = peer;
        conn->number = ++peer->accepted;
        conn->sock = sock_adopt(peer->loop, fd, on_ready, conn, "test", &error);
        assert_non_null(conn->sock);
        sock_no_delay(conn->sock); /* two sends are two segments */
        list_put_last(&peer->conns, &conn->all);
        peer->open++;
        if (peer->open > peer->peak)
            peer->peak = peer->open;
        conn->sock->writable = true; /* a new socket is writable */
        if (peer->on_accept)
            peer->on_accept(peer->owner, conn);
    }
    assert_int_equal(fd, -EAGAIN);
}

void peer_start(struct peer *peer, struct loop *loop, const char *address,
                void (*on_received)(void *owner, struct peer_conn *conn), void *owner)
{
    int fd;

    *peer = (struct peer){.loop = loop, .on_received = on_received, .owner = owner};
    list_init(&peer->conns);
    assert_true(address_parse(&peer->at, address, 0));
    fd = sock_listen(&peer->at, SOCK_BACKLOG);
    assert_true(fd >= 0);
    watch_init(&peer->listener, on_accept, peer, "test");
    assert_int_equal(loop_watch(loop, &peer->listener, fd, EPOLLIN), 0);
}

void peer_stop(struct peer *peer)
{
    while (!list_is_empty(&peer->conns))
        peer_close(LIST_OWNER(list_first(&peer->conns), struct peer_conn, all), false);
    loop_close(peer->loop, &peer->listener);
}

void peer_send(struct peer_conn *conn, const void *bytes, size_t count)
{
    struct io io = sock_send(conn->sock, bytes, count);

    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.count, count);
}

void peer_send_text(struct peer_conn *conn, const char *text)
{
    peer_send(conn, text, strlen(text));
}

void peer_close(struct peer_conn *conn, bool resets)
{
    const struct linger reset = {.l_onoff = 1};

    if (resets)
        setsockopt(conn->sock->watch.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    list_remove(&conn->all);
    list_remove(&conn->own);
    sock_close(conn->sock, conn->peer->loop);
    conn->sock = NULL;
    conn->peer->open--;
    loop_free_later(conn->peer->loop, &conn->deferred, free, conn);
}

bool peer_has_request(const struct peer_conn *conn)
{
    return conn->received_bytes >= 4 &&
           !strcmp(conn->received + conn->received_bytes - 4, "\r\n\r\n");
}

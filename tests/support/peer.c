#include "tests/support/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/unit.h"

static void on_ready(void *owner, uint32_t events)
{
    struct peer_talk *talk = owner;
    struct io io;

    sock_note(talk->sock, events);
    for (;;) {
        size_t room = PEER_HEARD_BYTES - talk->heard_bytes;

        assert_true(room > 0);
        io = sock_recv(talk->sock, talk->heard + talk->heard_bytes, room);
        if (io.status != IO_OK)
            break;
        talk->heard_bytes += io.count;
        talk->heard[talk->heard_bytes] = '\0';
        talk->peer->heard(talk->peer->owner, talk);
        if (!talk->sock)
            return;
    }
    if (io.status == IO_EOF || io.status == IO_ERROR)
        peer_close(talk, false);
}

static void on_accept(void *owner, uint32_t events)
{
    struct peer *peer = owner;
    int fd, error;

    (void)events;
    while ((fd = sock_accept(peer->listener.fd)) >= 0) {
        struct peer_talk *talk = calloc(1, sizeof(*talk));

        assert_non_null(talk);
        talk->peer = peer;
        talk->number = ++peer->accepted;
        talk->sock = sock_adopt(peer->loop, fd, on_ready, talk, "test", &error);
        assert_non_null(talk->sock);
        sock_no_delay(talk->sock); /* what is said twice leaves at once, twice */
        list_put_last(&peer->talks, &talk->all);
        peer->open++;
        if (peer->open > peer->peak)
            peer->peak = peer->open;
        talk->sock->writable = true; /* a new one has room */
        if (peer->greets)
            peer->greets(peer->owner, talk);
    }
    assert_int_equal(fd, -EAGAIN);
}

void peer_start(struct peer *peer, struct loop *loop, const char *address,
                void (*heard)(void *owner, struct peer_talk *talk), void *owner)
{
    int fd;

    *peer = (struct peer){.loop = loop, .heard = heard, .owner = owner};
    list_init(&peer->talks);
    assert_true(address_parse(&peer->at, address, 0));
    fd = sock_listen(&peer->at, SOCK_BACKLOG);
    assert_true(fd >= 0);
    watch_init(&peer->listener, on_accept, peer, "test");
    assert_int_equal(loop_watch(loop, &peer->listener, fd, EPOLLIN), 0);
}

void peer_stop(struct peer *peer)
{
    while (!list_is_empty(&peer->talks))
        peer_close(LIST_OWNER(list_first(&peer->talks), struct peer_talk, all), false);
    loop_close(peer->loop, &peer->listener);
}

void peer_say(struct peer_talk *talk, const void *bytes, size_t count)
{
    struct io io = sock_send(talk->sock, bytes, count);

    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.count, count);
}

void peer_say_text(struct peer_talk *talk, const char *text)
{
    peer_say(talk, text, strlen(text));
}

void peer_close(struct peer_talk *talk, bool resets)
{
    const struct linger at_once = {.l_onoff = 1};

    if (resets)
        setsockopt(talk->sock->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    list_remove(&talk->all);
    list_remove(&talk->own);
    sock_close(talk->sock, talk->peer->loop);
    talk->sock = NULL;
    talk->peer->open--;
    loop_free_later(talk->peer->loop, &talk->deferred, free, talk);
}

bool peer_has_request(const struct peer_talk *talk)
{
    return talk->heard_bytes >= 4 && !strcmp(talk->heard + talk->heard_bytes - 4, "\r\n\r\n");
}

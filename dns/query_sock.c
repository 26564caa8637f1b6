/*
 * A datagram is normalized on its own. A TCP stream is read into a buffer until a message is
 * complete; c-ares reads the normalized message. Rejected: normalizing in the callback that gets
 * the raw answer. It is called after c-ares has dropped the answers that it rejects.
 */
#include "dns/query_sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/list.h"
#include "base/memory.h"
#include "dns/answer.h"

#define LENGTH_BYTES 2 /* length field before a message over TCP, RFC 1035, section 4.2.2 */

/* A TCP connection. */
struct tcp_stream {
    struct link link; /* in socks->streams */
    ares_socket_t fd;
    size_t raw_bytes; /* received bytes in `raw`: a part of a message, or several messages */
    size_t tidy_at, tidy_end; /* the bytes in `tidy` that c-ares has not read */
    unsigned char raw[LENGTH_BYTES + ANSWER_MAX_BYTES];
    unsigned char tidy[LENGTH_BYTES + ANSWER_MAX_BYTES];
};

struct query_socks {
    struct link streams;
    ares_socket_t unfinished; /* the socket that may have more to read; or ARES_SOCKET_BAD */
    unsigned char raw[ANSWER_MAX_BYTES], tidy[ANSWER_MAX_BYTES]; /* one datagram */
};

static struct tcp_stream *stream_of(const struct query_socks *socks, ares_socket_t fd)
{
    struct tcp_stream *stream;

    LIST_EACH (stream, &socks->streams, link)
        if (stream->fd == fd)
            return stream;
    return NULL;
}

/* Size of the first message in `raw` with its length field; 0 if it is incomplete. */
static size_t first_message(const struct tcp_stream *stream)
{
    size_t length = LENGTH_BYTES + ((size_t)stream->raw[0] << 8 | stream->raw[1]);

    return stream->raw_bytes >= LENGTH_BYTES && stream->raw_bytes >= length ? length : 0;
}

/* Normalizes the next complete message, after c-ares has read the last one. */
static void refill(struct tcp_stream *stream)
{
    size_t length, tidy = 0;

    while (stream->tidy_at == stream->tidy_end && (length = first_message(stream))) {
        tidy = answer_normalize(stream->raw + LENGTH_BYTES, length - LENGTH_BYTES,
                                stream->tidy + LENGTH_BYTES, ANSWER_MAX_BYTES);
        stream->tidy[0] = (unsigned char)(tidy >> 8);
        stream->tidy[1] = (unsigned char)tidy;
        stream->tidy_at = 0;
        stream->tidy_end = tidy ? LENGTH_BYTES + tidy : 0;
        stream->raw_bytes -= length;
        memmove(stream->raw, stream->raw + length, stream->raw_bytes);
    }
}

static ares_ssize_t receive_stream(struct tcp_stream *stream, void *to, size_t room)
{
    size_t count;

    refill(stream);
    if (stream->tidy_at == stream->tidy_end) {
        ssize_t got = recv(stream->fd, stream->raw + stream->raw_bytes,
                           sizeof(stream->raw) - stream->raw_bytes, 0);

        if (got <= 0)
            return got;
        stream->raw_bytes += (size_t)got;
        refill(stream);
    }
    count = stream->tidy_end - stream->tidy_at;
    if (!count) {
        errno = EAGAIN;
        return -1;
    }
    count = count < room ? count : room;
    memcpy(to, stream->tidy + stream->tidy_at, count);
    stream->tidy_at += count;
    return (ares_ssize_t)count;
}

/* Skips datagrams that answer no query: c-ares after 1.18 may take a malformed one as answer. */
static ares_ssize_t receive_datagram(struct query_socks *socks, ares_socket_t fd, void *to,
                                     size_t room, struct sockaddr *from, ares_socklen_t *from_bytes)
{
    ares_socklen_t from_room = from_bytes ? *from_bytes : 0;
    size_t count = 0;

    while (!count) {
        ssize_t got;

        if (from_bytes)
            *from_bytes = from_room;
        got = recvfrom(fd, socks->raw, sizeof(socks->raw), 0, from, from_bytes);
        if (got < 0)
            return got;
        count = answer_normalize(socks->raw, (size_t)got, socks->tidy, ANSWER_MAX_UDP_BYTES);
    }
    count = count < room ? count : room;
    memcpy(to, socks->tidy, count);
    return (ares_ssize_t)count;
}

static ares_ssize_t on_receive(ares_socket_t fd, void *to, size_t room, int flags,
                               struct sockaddr *from, ares_socklen_t *from_bytes, void *owner)
{
    struct query_socks *socks = owner;
    struct tcp_stream *stream = stream_of(socks, fd);
    ares_ssize_t got;

    (void)flags;
    got = stream ? receive_stream(stream, to, room)
                 : receive_datagram(socks, fd, to, room, from, from_bytes);
    socks->unfinished = got > 0 ? fd : ARES_SOCKET_BAD;
    return got;
}

/* Opens a socket as c-ares does by default. */
static ares_socket_t on_socket(int domain, int type, int protocol, void *owner)
{
    struct query_socks *socks = owner;
    int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    int size = SOCK_UDP_BUFFER_BYTES, on = 1;

    if (fd < 0)
        return ARES_SOCKET_BAD;
    if (type == SOCK_STREAM) {
        struct tcp_stream *stream = memory_zeroed(sizeof(*stream));

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        stream->fd = fd;
        list_put_first(&socks->streams, &stream->link);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    return fd;
}

static int on_close(ares_socket_t fd, void *owner)
{
    struct query_socks *socks = owner;
    struct tcp_stream *stream = stream_of(socks, fd);

    if (stream)
        list_remove(&stream->link);
    free(stream);
    if (socks->unfinished == fd)
        socks->unfinished = ARES_SOCKET_BAD;
    return close(fd);
}

static int on_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t bytes,
                      void *owner)
{
    (void)owner;
    return connect(fd, to, bytes);
}

static ares_ssize_t on_send(ares_socket_t fd, const struct iovec *parts, int count, void *owner)
{
    const struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};

    (void)owner;
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

struct query_socks *query_socks_new(void)
{
    struct query_socks *socks = memory_zeroed(sizeof(*socks));

    list_init(&socks->streams);
    socks->unfinished = ARES_SOCKET_BAD;
    return socks;
}

void query_socks_use(struct query_socks *socks, ares_channel channel)
{
    static const struct ares_socket_functions functions = {
        .asocket = on_socket,
        .aclose = on_close,
        .aconnect = on_connect,
        .arecvfrom = on_receive,
        .asendv = on_send,
    };

    ares_set_socket_functions(channel, &functions, socks);
}

bool query_socks_pending(const struct query_socks *socks, ares_socket_t fd)
{
    return socks->unfinished == fd;
}

void query_socks_free(struct query_socks *socks)
{
    free(socks); /* the channel has closed the streams before */
}

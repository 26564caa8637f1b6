/* The socket calls, each made in one function. The return value is tested before errno. */
#include "reactor/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

bool address_parse(struct address *address, const char *text, uint16_t port)
{
    *address = (struct address){0};
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->length = sizeof(address->v4);
    } else if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->length = sizeof(address->v6);
    } else {
        return false;
    }
    address_set_port(address, port);
    return true;
}

const char *address_text(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";

    text[0] = '\0';
    if (!address->length)
        return text;
    if (address->any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
    else
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
    snprintf(text, ADDRESS_TEXT_BYTES, address->any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u",
             host, address_port(address));
    return text;
}

bool address_same(const struct address *one, const struct address *other)
{
    if (one->length != other->length || !one->length)
        return one->length == other->length;
    if (one->any.sa_family != other->any.sa_family)
        return false;
    if (one->any.sa_family == AF_INET)
        return one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr &&
               one->v4.sin_port == other->v4.sin_port;
    return one->v6.sin6_port == other->v6.sin6_port &&
           one->v6.sin6_scope_id == other->v6.sin6_scope_id &&
           !memcmp(&one->v6.sin6_addr, &other->v6.sin6_addr, sizeof(one->v6.sin6_addr));
}

uint16_t address_port(const struct address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

void address_set_port(struct address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET6)
        address->v6.sin6_port = htons(port);
    else
        address->v4.sin_port = htons(port);
}

/* Whether the address belongs to this machine. */
static bool is_local(struct address address)
{
    int fd = sock_bind_udp(&address);

    if (fd >= 0)
        close(fd);
    return fd != -EADDRNOTAVAIL;
}

const char *sock_source_parse(struct sock_source *from, const char *text)
{
    *from = (struct sock_source){0};
    if (address_parse(&from->address, text, 0))
        return is_local(from->address) ? NULL : "not an address of this machine";
    if (!*text || strlen(text) >= sizeof(from->device) || !if_nametoindex(text))
        return "neither an address nor a network device of this machine";
    strcpy(from->device, text);
    return NULL;
}

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

/* A port range set on the socket, which the kernel clips to the system's range, makes the kernel
   start its search at any port of it. Otherwise connect() searches one whole half first. */
static void use_any_port(int fd)
{
    uint32_t range = (uint32_t)UINT16_MAX << 16 | 1;

    setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range));
}

/* Returns 0 or the errno. The port is chosen when the socket connects, not when it is bound, so
   that connections to different addresses may share a port. */
static int bind_from(int fd, const struct address *to, const struct sock_source *from)
{
    int on = 1;

    if (*from->device &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, from->device, (socklen_t)strlen(from->device)))
        return errno;
    if (from->any_port)
        use_any_port(fd);
    if (!from->address.length)
        return 0;
    if (from->address.any.sa_family != to->any.sa_family)
        return ENETUNREACH;
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, &from->address.any, from->address.length) ? errno : 0;
}

/* Connects and adopts a descriptor, or closes it. -1: socket() failed and has set errno. */
static struct sock *connect_fd(struct loop *loop, int fd, const struct sockaddr *to,
                               socklen_t length, watch_fn *ready, void *owner, const char *name,
                               int *error)
{
    if (fd >= 0 && (!connect(fd, to, length) || errno == EINPROGRESS))
        return sock_adopt(loop, fd, ready, owner, name, error);
    *error = errno;
    if (fd >= 0)
        close(fd);
    return NULL;
}

struct sock *sock_connect(struct loop *loop, const struct address *to,
                          const struct sock_source *from, watch_fn *ready, void *owner,
                          const char *name, int *error)
{
    int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && from) {
        *error = bind_from(fd, to, from);
        if (*error) {
            close(fd);
            return NULL;
        }
    }
    return connect_fd(loop, fd, &to->any, to->length, ready, owner, name, error);
}

struct sock *sock_connect_unix(struct loop *loop, const char *path, watch_fn *ready, void *owner,
                               const char *name, int *error)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(to.sun_path)) {
        *error = ENAMETOOLONG;
        return NULL;
    }
    strcpy(to.sun_path, path);
    return connect_fd(loop, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                      (const struct sockaddr *)&to, sizeof(to), ready, owner, name, error);
}

struct tcp_facts sock_tcp_facts(const struct sock *sock)
{
    struct tcp_info info;
    socklen_t length = sizeof(info);

    if (getsockopt(sock->watch.fd, IPPROTO_TCP, TCP_INFO, &info, &length))
        return (struct tcp_facts){0};
    return (struct tcp_facts){
        .known = true,
        .rtt_us = info.tcpi_rtt,
        .rttvar_us = info.tcpi_rttvar,
        .retransmits = info.tcpi_total_retrans,
        .mss_bytes = info.tcpi_snd_mss,
    };
}

struct sock *sock_adopt(struct loop *loop, int fd, watch_fn *ready, void *owner, const char *name,
                        int *error)
{
    struct sock *sock = memory_zeroed(sizeof(*sock));

    watch_init(&sock->watch, ready, owner, name);
    *error = loop_watch(loop, &sock->watch, fd, WATCH_STREAM);
    if (*error) {
        close(fd);
        free(sock);
        return NULL;
    }
    return sock;
}

bool sock_limit_call(int fd, int option, nsec deadline)
{
    nsec now = clock_now();
    struct timeval span = {0};

    if (deadline == NSEC_NEVER)
        return true;
    if (now >= deadline)
        return false;
    span.tv_sec = (time_t)((deadline - now) / NSEC_PER_S);
    span.tv_usec = (suseconds_t)((deadline - now) % NSEC_PER_S / NSEC_PER_US);
    if (!span.tv_sec && !span.tv_usec)
        span.tv_usec = 1; /* 0 means no limit */
    setsockopt(fd, SOL_SOCKET, option, &span, sizeof(span));
    return true;
}

/* Repeats connect(): the kernel may return some milliseconds early. Returns 0 or the errno. */
static int connect_until(int fd, const struct address *to, nsec deadline)
{
    int error;

    do {
        if (!sock_limit_call(fd, SO_SNDTIMEO, deadline))
            return ETIMEDOUT;
        error = connect(fd, &to->any, to->length) < 0 ? errno : 0;
    } while (error == EINPROGRESS || error == EALREADY);
    return error;
}

/* Whether to repeat a receive or send that failed: a signal interrupted a non-blocking call, or a
   blocking call may have returned before its deadline. */
static bool must_repeat(const struct sock *sock)
{
    return errno == (sock->deadline ? EAGAIN : EINTR);
}

struct sock *sock_connect_blocking(const struct address *to, nsec deadline, int *error)
{
    int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sock *sock;

    *error = fd < 0 ? errno : connect_until(fd, to, deadline);
    if (*error) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    sock = memory_zeroed(sizeof(*sock));
    watch_init(&sock->watch, NULL, NULL, NULL);
    sock->watch.fd = fd;
    sock->readable = sock->writable = sock->ended = true;
    sock->deadline = deadline;
    return sock;
}

void sock_note_events(struct sock *sock, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        sock->ended = true;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        sock->readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        sock->writable = true;
}

int sock_connect_result(struct sock *sock)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (!sock->ended) /* writable without an error: established */
        return 0;
    getsockopt(sock->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == ECONNRESET || error == EPIPE) {
        sock->reset = error; /* getsockopt has cleared it in the kernel */
        error = 0;
    }
    return error;
}

/* Returns how long ago the kernel received the bytes of this message, by the wall clock. */
static nsec age_of(struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        struct scm_timestamping stamps; /* ts[0]: the software timestamp */
        int64_t stamp, age;

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_TIMESTAMPING)
            continue;
        memcpy(&stamps, CMSG_DATA(part), sizeof(stamps));
        stamp = stamps.ts[0].tv_sec * (int64_t)NSEC_PER_S + stamps.ts[0].tv_nsec;
        age = (int64_t)clock_wall_ns() - stamp;
        return stamps.ts[0].tv_sec && age >= 0 ? (nsec)age : NSEC_NEVER;
    }
    return NSEC_NEVER;
}

/* Receives bytes together with the kernel's timestamp. */
static ssize_t receive_with_timestamp(struct sock *sock, void *buffer, size_t size)
{
    union {
        char bytes[CMSG_SPACE(sizeof(struct scm_timestamping))];
        struct cmsghdr aligned;
    } control;
    struct iovec room = {.iov_base = buffer, .iov_len = size};
    struct msghdr message = {.msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t count = recvmsg(sock->watch.fd, &message, 0);

    sock->kernel_age_ns = count > 0 ? age_of(&message) : NSEC_NEVER;
    return count;
}

void sock_enable_timestamps(struct sock *sock)
{
    int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

    sock->kernel_age_ns = NSEC_NEVER;
    sock->timestamps =
        !setsockopt(sock->watch.fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
}

struct io sock_recv(struct sock *sock, void *buffer, size_t size)
{
    ssize_t count;

    if (!sock->readable)
        return (struct io){.status = IO_WANT_READ};
    do {
        if (sock->deadline && !sock_limit_call(sock->watch.fd, SO_RCVTIMEO, sock->deadline))
            return (struct io){.status = IO_WANT_READ};
        count = sock->timestamps ? receive_with_timestamp(sock, buffer, size)
                                 : recv(sock->watch.fd, buffer, size, 0);
    } while (count < 0 && must_repeat(sock));

    if (count > 0) {
        if ((size_t)count < size && !sock->ended)
            sock->readable = false;
        return (struct io){.status = IO_OK, .count = (size_t)count};
    }
    if (count == 0 && sock->reset)
        return (struct io){.status = IO_ERROR, .error = sock->reset};
    if (count == 0)
        return (struct io){.status = IO_EOF};
    if (errno == EAGAIN) {
        sock->readable = false;
        return (struct io){.status = IO_WANT_READ};
    }
    return (struct io){.status = IO_ERROR, .error = errno};
}

struct io sock_send(struct sock *sock, const void *bytes, size_t size)
{
    ssize_t count;

    if (!sock->writable)
        return (struct io){.status = IO_WANT_WRITE};
    do {
        if (sock->deadline && !sock_limit_call(sock->watch.fd, SO_SNDTIMEO, sock->deadline))
            return (struct io){.status = IO_WANT_WRITE};
        count = send(sock->watch.fd, bytes, size, MSG_NOSIGNAL);
    } while (count < 0 && must_repeat(sock));

    if (count >= 0) {
        if ((size_t)count < size && !sock->deadline)
            sock->writable = false;
        return (struct io){.status = IO_OK, .count = (size_t)count};
    }
    if (errno == EAGAIN) {
        sock->writable = false;
        return (struct io){.status = IO_WANT_WRITE};
    }
    return (struct io){.status = IO_ERROR, .error = errno};
}

void sock_no_delay(struct sock *sock)
{
    int on = 1;

    setsockopt(sock->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void sock_close(struct sock *sock, struct loop *loop)
{
    if (!sock)
        return;
    if (loop) {
        loop_close(loop, &sock->watch);
        loop_free_later(loop, &sock->deferred, free, sock);
    } else {
        close(sock->watch.fd);
        free(sock);
    }
}

/* Closes a descriptor and returns minus the errno of the call that failed before. */
static int close_failed(int fd)
{
    int error = errno;

    close(fd);
    return -error;
}

/* Opens a bound socket and writes its port back. Returns the descriptor or minus the errno. */
static int open_bound(int type, struct address *at)
{
    int fd = socket(at->any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -errno;
    if (type == SOCK_STREAM) /* with UDP it would let two sockets share a port */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &at->any, at->length) < 0 || getsockname(fd, &at->any, &at->length) < 0)
        return close_failed(fd);
    return fd;
}

int sock_listen(struct address *at, int backlog)
{
    int fd = open_bound(SOCK_STREAM, at);

    return fd >= 0 && listen(fd, backlog) < 0 ? close_failed(fd) : fd;
}

int sock_bind_udp(struct address *at)
{
    int fd = open_bound(SOCK_DGRAM, at), size = SOCK_UDP_BUFFER_BYTES;

    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    return fd;
}

int sock_accept(int listener)
{
    int fd;

    do
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return fd < 0 ? -errno : fd;
}

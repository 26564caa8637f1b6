/*
 * Sockets: addresses, and a non-blocking stream socket that remembers the events that epoll
 * reported.
 *
 * A socket is registered edge-triggered, so struct sock must remember whether data may be left.
 * `readable` is true from an event until a short receive (fewer bytes than the buffer has room
 * for), which means that the socket is empty. After RDHUP, HUP or ERR no other event follows: then
 * `readable` stays true until the end. A caller reads until WANT_READ, which costs no system call
 * after a short receive.
 *
 * The blocking mode of a race uses the same struct with a blocking descriptor. Each call then
 * waits, until `deadline` at the latest; WANT_READ or WANT_WRITE means that the deadline has
 * passed.
 */
#ifndef REACTOR_SOCK_H
#define REACTOR_SOCK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "reactor/loop.h"

struct address {
    socklen_t length; /* of the used member in bytes; 0: no address */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* Room for the text of an address with its port and a NUL. */
#define ADDRESS_TEXT_BYTES 64

/* Parses a numeric IPv4 or IPv6 address without brackets. Returns false if the text is not one. */
bool address_parse(struct address *address, const char *text, uint16_t port);

/* Writes "127.0.0.1:80" or "[::1]:80" and returns `text`; writes "" if the length is 0. */
const char *address_text(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* Whether two addresses are equal, port and zone included. */
bool address_same(const struct address *one, const struct address *other);

uint16_t address_port(const struct address *address);          /* in host order */
void address_set_port(struct address *address, uint16_t port); /* in host order */

/* The result of a read or a write. A read or a write over TLS may have to wait for either
   direction. */
enum io_status {
    IO_OK,         /* `count` bytes were read or written, at least one */
    IO_WANT_READ,  /* no byte was read or written: wait until the socket is readable */
    IO_WANT_WRITE, /* no byte was read or written: wait until the socket is writable */
    IO_EOF,        /* the peer ended its direction: FIN, with TLS close_notify */
    IO_ERROR,      /* `error` is an errno, or a reason of the transport */
};

struct io {
    enum io_status status;
    int error;    /* with IO_ERROR */
    size_t count; /* with IO_OK */
};

struct sock {
    struct watch watch; /* has the descriptor; watch_set_owner may change its owner and callback */
    bool readable;      /* a receive may return bytes */
    bool writable;      /* a send may take bytes */
    bool ended;         /* RDHUP, HUP or ERR was reported */
    bool timestamps;    /* the kernel reports when it received bytes */
    int reset;          /* errno of a reset that sock_connect_result found; 0: none */

    /* With timestamps: how long the last byte of the last receive was in the receive buffer;
       NSEC_NEVER if the kernel did not report it. Wrong after a jump of the wall clock. */
    nsec kernel_age_ns;

    nsec deadline;                 /* of each call on a blocking socket; 0: non-blocking */
    struct deferred_free deferred; /* used by sock_close */
};

/* The local end of connections. All zeros: the kernel chooses it. */
struct sock_source {
    char device[IF_NAMESIZE]; /* "": any */
    struct address address;   /* length 0: any; with one, peers of the other family: ENETUNREACH */

    /* Any local port, each with the same probability. Otherwise the kernel searches one half of the
       ports first, which is slow once that half is in use. Has no effect before Linux 6.3. */
    bool any_port;
};

/* Parses an address of this machine or the name of a device. Returns NULL, or a static sentence
   that explains the failure. */
const char *sock_source_parse(struct sock_source *from, const char *text);

/* Starts a non-blocking connect and registers the socket in the loop; `ready` is called with its
   events. `name` is static. `from` may be NULL. On failure returns NULL with an errno in *error and
   leaves nothing open: EMFILE or ENFILE if descriptors ran out, EADDRNOTAVAIL if ports ran out,
   ENETUNREACH and others that connect() returns. */
struct sock *sock_connect(struct loop *loop, const struct address *to,
                          const struct sock_source *from, watch_fn *ready, void *owner,
                          const char *name, int *error);

/* The same for a Unix socket; ENAMETOOLONG if the path is too long. */
struct sock *sock_connect_unix(struct loop *loop, const char *path, watch_fn *ready, void *owner,
                               const char *name, int *error);

/* The kernel's data about a TCP connection (tcp(7), TCP_INFO). */
struct tcp_facts {
    bool known;
    uint32_t rtt_us, rttvar_us;
    uint32_t retransmits; /* segments, in total */
    uint32_t mss_bytes;   /* of the sending direction */
};

/* Reads them from the kernel; `known` is false if the socket is not TCP. */
struct tcp_facts sock_tcp_facts(const struct sock *sock);

/* Connects, waiting until `deadline` at the latest. Returns NULL with an errno in *error if it
   fails: ETIMEDOUT at the deadline, EINTR if a signal came. */
struct sock *sock_connect_blocking(const struct address *to, nsec deadline, int *error);

/* Limits the next call on a blocking descriptor to the time until `deadline`: `option` is
   SO_RCVTIMEO or SO_SNDTIMEO. Returns false if the deadline has passed. */
bool sock_limit_call(int fd, int option, nsec deadline);

/* Takes over an accepted, non-blocking descriptor. On failure closes it and returns NULL with an
   errno in *error. */
struct sock *sock_adopt(struct loop *loop, int fd, watch_fn *ready, void *owner, const char *name,
                        int *error);

/* Sets `readable`, `writable` and `ended` from the events that epoll reported. The callback of the
   socket's watch calls it first. */
void sock_note_events(struct sock *sock, uint32_t events);

/* Called after the first event of a connect. Returns 0 if the connection is established, else the
   errno of the failure. A connection that was established and then reset counts as established:
   sock_recv reports the reset after the bytes that came before it. */
int sock_connect_result(struct sock *sock);

/* Receives up to `size` bytes, which is at least 1. Returns IO_OK, IO_WANT_READ, IO_EOF or
   IO_ERROR, with EINTR if a signal ended a blocking call. */
struct io sock_recv(struct sock *sock, void *buffer, size_t size);

/* Sends as many bytes as the socket takes. Returns IO_OK, IO_WANT_WRITE or IO_ERROR. After a short
   count the next call returns IO_WANT_WRITE until the socket is writable. */
struct io sock_send(struct sock *sock, const void *bytes, size_t size);

/* Sets TCP_NODELAY. Otherwise a request that follows the client's last handshake message would wait
   until the server acknowledges that message. */
void sock_no_delay(struct sock *sock);

/* Enables the kernel's receive timestamps, taken when a segment comes from the device
   (SO_TIMESTAMPING, software; Documentation/networking/timestamping.rst). They arrive with the same
   receive call and set `kernel_age_ns`. The first bytes of a connection may have none. Has no
   effect if the kernel does not support it. */
void sock_enable_timestamps(struct sock *sock);

/* Closes the descriptor and frees the socket at the end of the turn. `loop` is NULL for a blocking
   socket. Does nothing if `sock` is NULL. */
void sock_close(struct sock *sock, struct loop *loop);

#define SOCK_BACKLOG 4096 /* connections that may wait to be accepted */

/* Opens a non-blocking socket that listens on `at`. Port 0 means a free port, which is written
   back. Returns the descriptor or minus the errno. */
int sock_listen(struct address *at, int backlog);

/* Requested size of a UDP receive buffer: hundreds of lookups may start in one turn, and a lost
   datagram costs seconds. The kernel limits it to net.core.rmem_max. */
#define SOCK_UDP_BUFFER_BYTES (1024 * 1024)

/* Opens a non-blocking UDP socket bound to `at`, with the same port rule and results. */
int sock_bind_udp(struct address *at);

/* Accepts the next connection as a non-blocking descriptor. Returns minus the errno if it cannot:
   -EAGAIN if no connection waits. */
int sock_accept(int listener);

#endif

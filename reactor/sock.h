/*
 * Sockets: addresses, and a non-blocking TCP stream that remembers what the loop told it.
 *
 * A stream is registered edge-triggered, so it must know by itself whether there is something left.
 * `readable` holds from an event until the receive that drained the socket: one that came up short.
 * But when RDHUP, HUP or ERR came, data and the end were one event and no other follows: then a
 * short receive proves nothing and reading goes on to the end. A caller reads until WANT_READ,
 * which costs no system call where the last receive was short.
 *
 * The blocking half of a race uses the same struct on a blocking descriptor: then each call waits by
 * itself, at most until `deadline`, and WANT_READ or WANT_WRITE means that the time has run out.
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
    socklen_t length; /* of what is used; 0: none */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* "[" v6 "]" or v4, ":" and five digits, with room for a zone. */
#define ADDRESS_TEXT_BYTES 64

/* Reads a numeric IPv4 or IPv6 address (no name, no brackets). False where it is none. */
bool address_parse(struct address *address, const char *text, uint16_t port);

/* Writes "127.0.0.1:80" or "[::1]:80" and returns `text`; "" where the address is none. */
const char *address_text(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* Whether they are the same, port and zone included. */
bool address_same(const struct address *one, const struct address *other);

uint16_t address_port(const struct address *address);          /* in host order */
void address_set_port(struct address *address, uint16_t port); /* in host order */

/* What became of a read or a write; the direction that must be waited for is never lost. */
enum io_status {
    IO_OK,         /* `count` bytes went over, at least one */
    IO_WANT_READ,  /* nothing did: wait until there is something to read */
    IO_WANT_WRITE, /* nothing did: wait until there is room */
    IO_EOF,        /* the other side ended in order: FIN, in TLS close_notify */
    IO_ERROR,      /* `error` says why: an errno, from a transport one of its reasons */
};

struct io {
    enum io_status status;
    int error;    /* with IO_ERROR */
    size_t count; /* with IO_OK */
};

struct sock {
    struct watch watch; /* the descriptor; its owner and callback may change hands */
    bool readable;      /* a receive may bring something */
    bool writable;      /* a send may take something */
    bool ended;         /* RDHUP, HUP or ERR came */
    int reset;          /* errno of a reset that came with the connection, or 0 */
    bool stamped;       /* the kernel was asked to say when bytes came */
    nsec
        kernel_age_ns; /* of a stamped one: for how long the last of what was received last had been in
                           the kernel; NSEC_NEVER where it did not say. By the wall clock: a jump of that
                           makes it senseless */
    nsec deadline;     /* of a blocking socket: until when a call may wait; else 0 */
    struct deferred_free deferred; /* its end, between two turns */
};

/* Where streams start from, instead of where the kernel would let them. */
struct sock_from {
    char device[IF_NAMESIZE]; /* "": any */
    struct address address;   /* length 0: any; else the other family cannot be reached */
    bool any_port; /* one of all local ports, each as likely: the kernel else looks through one
                                 half of them first, whole, once that is in use (before Linux 6.3 always) */
};

/* Reads an address of this machine, or else the name of a device. NULL, or why not: a static
   sentence. */
const char *sock_from_parse(struct sock_from *from, const char *text);

/* Starts a non-blocking connect and registers the stream in the loop: `ready` hears of it. `name` is the
   watch's, static. `from` may be NULL. NULL where it fails, with the errno in *error and nothing left open: EMFILE and ENFILE
   when descriptors ran out, EADDRNOTAVAIL when ports did, ENETUNREACH and others at once from
   connect(). */
struct sock *sock_connect(struct loop *loop, const struct address *to, const struct sock_from *from,
                          watch_fn *ready, void *owner, const char *name, int *error);

/* The same to a Unix socket; a path that is too long is ENAMETOOLONG. */
struct sock *sock_connect_unix(struct loop *loop, const char *path, watch_fn *ready, void *owner,
                               const char *name, int *error);

/* What the kernel knows of a TCP connection (tcp(7), TCP_INFO). */
struct tcp_facts {
    bool known;
    uint32_t rtt_us, rttvar_us;
    uint32_t retransmits; /* segments, in all */
    uint32_t mss_bytes;   /* of what is sent */
};

/* Asks it; not known of what is no TCP. */
struct tcp_facts sock_tcp_facts(const struct sock *sock);

/* Connects and waits for it, until `deadline` at the latest. NULL with *error likewise: ETIMEDOUT at
   the deadline, EINTR when a signal came. */
struct sock *sock_connect_blocking(const struct address *to, nsec deadline, int *error);

/* Gives the next call on a blocking descriptor the time that remains: `option` is SO_RCVTIMEO or
   SO_SNDTIMEO. False where none does. */
bool sock_limit_call(int fd, int option, nsec deadline);

/* Takes over an accepted, non-blocking descriptor. NULL and an errno; then it is closed. */
struct sock *sock_adopt(struct loop *loop, int fd, watch_fn *ready, void *owner, const char *name,
                        int *error);

/* Notes what an event said. To be called first in the stream's callback. */
void sock_note(struct sock *sock, uint32_t events);

/* After the first event of a connect: 0 where it is established, else the errno of its failure. A
   connection that was reset as soon as it stood counts as established: the reset shows in the first
   receive, after what may have come before it. */
int sock_connect_result(struct sock *sock);

/* Receives up to `size` bytes (over 0). IO_OK, IO_WANT_READ, IO_EOF or IO_ERROR, which is EINTR
   where a signal ended a blocking call. */
struct io sock_recv(struct sock *sock, void *buffer, size_t size);

/* Sends what goes. IO_OK, IO_WANT_WRITE or IO_ERROR; a short count is followed by WANT_WRITE. */
struct io sock_send(struct sock *sock, const void *bytes, size_t size);

/* Small segments leave at once: a TLS handshake is followed by a request, not by an answer. */
void sock_no_delay(struct sock *sock);

/* Asks the kernel for receive timestamps, taken when a segment comes from the device (SO_TIMESTAMPING,
   software; Documentation/networking/timestamping.rst): they come with the one receive call, and
   `kernel_age_ns` tells of them. The first bytes of a connection may have none. Nothing changes where the kernel
   cannot. */
void sock_enable_timestamps(struct sock *sock);

/* Closes the descriptor and frees the socket at the end of the turn; `loop` is NULL for a blocking
   one. Nothing happens where `sock` is NULL. */
void sock_close(struct sock *sock, struct loop *loop);

#define SOCK_BACKLOG 4096 /* connections that may wait to be accepted */

/* A listening, non-blocking socket on `at`, whose port 0 becomes a free one, written back. Returns
   the descriptor, or minus the errno. */
int sock_listen(struct address *at, int backlog);

/* Asked of the kernel for what waits on a UDP socket: hundreds of lookups may start in one turn, and
   a lost datagram costs seconds. It gives no more than net.core.rmem_max. */
#define SOCK_UDP_BUFFER_BYTES (1024 * 1024)

/* A non-blocking UDP socket bound likewise. */
int sock_bind_udp(struct address *at);

/* The next waiting connection, non-blocking, or minus the errno: -EAGAIN where there is none. */
int sock_accept(int listener);

#endif

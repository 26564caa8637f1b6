/*
 * The transport: how bytes of a connection pass, in the clear or through TLS. Those above see one
 * small table of calls and never ask which it is.
 *
 * All calls are made from the loop's thread and none of them blocks. A transport borrows the socket,
 * which outlives it. After IO_EOF or IO_ERROR the only call left is close, but a write's IO_ERROR
 * leaves read: the other side may have answered before it hung up.
 */
#ifndef TLS_TRANSPORT_H
#define TLS_TRANSPORT_H

#include <stddef.h>

#include "reactor/sock.h"

/* Why a transport failed, where no errno says it. They begin above every errno. */
enum transport_reason {
    TLS_NOT_TLS = 4096,    /* what came is no TLS: plain text on a TLS port */
    TLS_PROTOCOL,          /* no common protocol version, 1.2 being the lowest */
    TLS_ALERT,             /* the other side refused with an alert */
    TLS_CERT_EXPIRED,      /* notAfter has passed */
    TLS_CERT_NOT_YET,      /* notBefore has not */
    TLS_CERT_SELF_SIGNED,  /* signed by itself, or the chain ends in a root that is not trusted */
    TLS_UNKNOWN_AUTHORITY, /* no path to a trusted authority */
    TLS_HOSTNAME_MISMATCH, /* the certificate is for other names or addresses */
    TLS_CERT_INVALID,      /* anything else wrong with the chain */
    TLS_TRUNCATED,         /* the end came without close_notify: an attacker may have cut it */
    TLS_FAILED,            /* anything else */
};

/* What TLS agreed on; static strings, NULL where there is no TLS. */
struct tls_facts {
    const char *version; /* "TLSv1.3" */
    const char *cipher;  /* "TLS_AES_256_GCM_SHA384" */
};

struct transport;

struct transport_calls {
    /* IO_OK when bytes may pass, with a count of 0; or WANT_READ, WANT_WRITE, ERROR. */
    struct io (*handshake)(struct transport *transport);
    /* Any result of struct io. Read until it is WANT_READ: no event comes for what is left. */
    struct io (*read)(struct transport *transport, void *buffer, size_t size);
    /* IO_OK may be for a part. What was not taken may be offered again from another place. */
    struct io (*write)(struct transport *transport, const void *bytes, size_t size);
    /* Fills in the facts; after the handshake. */
    void (*facts)(const struct transport *transport, struct tls_facts *facts);
    /* Says goodbye where the protocol has a word for it, waits for nothing, frees the transport. */
    void (*close)(struct transport *transport);
};

struct transport {
    const struct transport_calls *calls;
    struct sock *sock; /* borrowed */
    const char *why;   /* after IO_ERROR: a library's own words, static; may be NULL */
};

/* Bytes as they are. The caller ends it with calls->close. */
struct transport *plain_open(struct sock *sock);

#endif

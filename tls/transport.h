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

/* Why a transport failed, where no errno says it. They begin above every errno. A certificate that is
   wrong in several ways has the reason that was met first; tls/reason.h has the order. */
enum transport_reason {
    TLS_NOT_TLS = 4096,    /* what came is no TLS: plain text on a TLS port */
    TLS_PROTOCOL,          /* no common protocol version, 1.2 being the lowest */
    TLS_ALERT,             /* the other side refused with an alert */
    TLS_CERT_EXPIRED,      /* notAfter has passed */
    TLS_CERT_NOT_YET,      /* notBefore has not */
    TLS_CERT_SELF_SIGNED,  /* signed by itself, or the chain ends in a root that is not trusted */
    TLS_UNKNOWN_AUTHORITY, /* no path to a trusted authority */
    TLS_HOSTNAME_MISMATCH, /* the certificate is for other names or addresses */
    TLS_WRONG_PURPOSE,     /* the certificate is not for a server, or an authority's is for none */
    TLS_WEAK_KEY,          /* a key or a signature's digest is too weak */
    TLS_NAME_CONSTRAINTS,  /* an authority may not issue for this name */
    TLS_CERT_INVALID,      /* anything else wrong with the chain */
    TLS_TRUNCATED,         /* the end came without close_notify: an attacker may have cut it */
    TLS_FLOOD,             /* messages of TLS without end, and nothing else */
    TLS_FAILED,            /* anything else */
};

#define TLS_NO_TIME INT64_MIN /* a date that cannot be read */

/* What a server's certificate says; never changed, and shared by those who hold it. */
struct tls_certificate {
    size_t holders;
    char *subject, *issuer; /* "CN=example.org,O=Example" (RFC 4514), UTF-8 as far as it is such */
    char **names;           /* host names and addresses it is for, in its order: the first 100, of
                               2 KB at most; one block with the texts. NULL: none */
    size_t name_count;
    int64_t not_before, not_after; /* seconds since 1970, or TLS_NO_TIME */
};

struct tls_certificate *
tls_certificate_hold(struct tls_certificate *certificate);      /* NULL is allowed */
void tls_certificate_drop(struct tls_certificate *certificate); /* likewise */

#define TLS_ALPN_BYTES 16

/* What TLS agreed on; the strings are static, NULL where there is no TLS. */
struct tls_facts {
    const char *version;                 /* "TLSv1.3" */
    const char *cipher;                  /* "TLS_AES_256_GCM_SHA384" */
    char alpn[TLS_ALPN_BYTES];           /* "http/1.1"; "": none was agreed on */
    bool resumed;                        /* a session of an earlier connection */
    struct tls_certificate *certificate; /* NULL: not asked for. Held: tls_certificate_drop */
};

struct transport;

struct transport_calls {
    /* IO_OK when bytes may pass, with a count of 0; or WANT_READ, WANT_WRITE, ERROR. */
    struct io (*handshake)(struct transport *transport);
    /* Any result of struct io. Read until it is WANT_READ: no event comes for what is left. */
    struct io (*read)(struct transport *transport, void *buffer, size_t size);
    /* IO_OK may be for a part. What was not taken may be offered again from another place. */
    struct io (*write)(struct transport *transport, const void *bytes, size_t size);
    /* Whether bytes have come that may be read without an event of the socket. NULL: never. */
    bool (*pending)(const struct transport *transport);
    /* Fills in the facts, after the handshake; whoever asked drops the certificate. */
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

/*
 * The transport: carries the bytes of a connection, without encryption or through TLS. Callers use
 * one table of functions and need not know which.
 *
 * All functions are called from the loop's thread, and none blocks. A transport borrows the socket,
 * which must outlive it. After IO_EOF or IO_ERROR only close may be called. Exception: after an
 * IO_ERROR of write, read may be called, because the peer may have responded before it closed the
 * connection.
 */
#ifndef TLS_TRANSPORT_H
#define TLS_TRANSPORT_H

#include <stddef.h>

#include "reactor/sock.h"

/* Failures of a transport that have no errno. The values are above every errno. If a certificate
   has several defects, the first one found is reported; tls/reason.h has the order. */
enum transport_reason {
    TLS_NOT_TLS = 4096,    /* the received bytes are not TLS: plain text on a TLS port */
    TLS_PROTOCOL,          /* no common protocol version; 1.2 is the lowest */
    TLS_ALERT,             /* the peer sent a fatal alert */
    TLS_ALPN,              /* the peer speaks none of the offered protocols: its alert */
    TLS_CERT_EXPIRED,      /* notAfter has passed */
    TLS_CERT_NOT_YET,      /* notBefore has not passed */
    TLS_CERT_SELF_SIGNED,  /* self-signed, or the chain ends in a root that is not trusted */
    TLS_UNKNOWN_AUTHORITY, /* no path to a trusted authority */
    TLS_HOSTNAME_MISMATCH, /* the certificate is for other names or addresses */
    TLS_WRONG_PURPOSE,     /* not a server's certificate, or its issuer is not an authority */
    TLS_WEAK_KEY,          /* a key or a signature's digest is too weak */
    TLS_NAME_CONSTRAINTS,  /* an authority may not issue for this name */
    TLS_CERT_INVALID,      /* another defect of the chain */
    TLS_TRUNCATED,         /* the connection ended without close_notify: data may be missing */
    TLS_FLOOD,             /* too many TLS messages without content */
    TLS_FAILED,            /* any other failure */
};

#define TLS_NO_TIME INT64_MIN /* a date that cannot be parsed */

/* Facts of a server's certificate: constant, and shared by reference count. */
struct tls_certificate {
    size_t references;
    char *subject, *issuer; /* "CN=example.org,O=Example" (RFC 4514), UTF-8 where it is valid */

    /* Host names and addresses of the certificate, in its order: the first 100, of at most 2 KB.
       One block that includes the texts. NULL: none. */
    char **names;

    size_t name_count;
    int64_t not_before, not_after; /* seconds since 1970, or TLS_NO_TIME */
};

/* Adds or removes a reference; the last removal frees the certificate. NULL is allowed. */
struct tls_certificate *tls_certificate_hold(struct tls_certificate *certificate);
void tls_certificate_drop(struct tls_certificate *certificate);

#define TLS_ALPN_BYTES 16

/* The result of the handshake. Strings are static, and NULL without TLS. */
struct tls_facts {
    const char *version;                 /* "TLSv1.3" */
    const char *cipher;                  /* "TLS_AES_256_GCM_SHA384" */
    char alpn[TLS_ALPN_BYTES];           /* "http/1.1"; "": no protocol was selected */
    bool resumed;                        /* resumes a session of an earlier connection */
    struct tls_certificate *certificate; /* a reference; NULL: certificates are not read */
};

struct transport;

struct transport_calls {
    /* Returns IO_OK with a count of 0 when it is complete; else WANT_READ, WANT_WRITE or ERROR. */
    struct io (*handshake)(struct transport *transport);
    /* Returns any io_status. Must be called until WANT_READ: no event comes for remaining bytes. */
    struct io (*read)(struct transport *transport, void *buffer, size_t size);
    /* IO_OK may be for a part of the bytes. The rest may be given from another address. */
    struct io (*write)(struct transport *transport, const void *bytes, size_t size);
    /* Whether received bytes can be read without an event of the socket. NULL: never. */
    bool (*pending)(const struct transport *transport);
    /* Fills in the facts, after the handshake. The caller drops the certificate. */
    void (*facts)(const struct transport *transport, struct tls_facts *facts);
    /* Sends close_notify (TLS only), does not wait, and frees the transport. */
    void (*close)(struct transport *transport);
};

struct transport {
    const struct transport_calls *calls;
    struct sock *sock; /* borrowed */
    const char *why;   /* after IO_ERROR: an explanation, static; may be NULL */
};

/* Opens a transport without encryption. The caller ends it with calls->close. */
struct transport *plain_open(struct sock *sock);

#endif

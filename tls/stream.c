/*
 * OpenSSL as a non-blocking state machine on a BIO of our own.
 *
 * The BIO goes through the reactor's socket calls, which keep what epoll said: after a short receive
 * the next one answers "would block" without a system call. With read-ahead on, OpenSSL takes
 * records whole in one receive instead of header and payload in two. Rejected: memory BIOs (each
 * byte is copied once more, and two buffers stay with every idle connection); SSL_set_fd (two
 * receives a record, and no way to a kernel's timestamp).
 */
#include "tls/stream.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "reactor/memory.h"

struct stream {
    struct transport transport; /* first: a transport is a stream */
    SSL *ssl;                   /* owned */
    struct visit *visit;        /* owned: what the client's callbacks need */
    int socket_error;           /* errno of the socket call that failed, or 0 */
    bool ended;                 /* the socket came to its end */
    bool broken;                /* a fatal error: nothing more may be sent */
};

static int bio_read(BIO *bio, char *buffer, size_t size, size_t *count)
{
    struct stream *stream = BIO_get_data(bio);
    struct io io = sock_recv(stream->transport.sock, buffer, size);

    BIO_clear_retry_flags(bio);
    *count = io.count;
    if (io.status == IO_WANT_READ)
        BIO_set_retry_read(bio);
    else if (io.status == IO_EOF)
        stream->ended = true;
    else if (io.status == IO_ERROR)
        stream->socket_error = io.error;
    return io.status == IO_OK;
}

static int bio_write(BIO *bio, const char *bytes, size_t size, size_t *count)
{
    struct stream *stream = BIO_get_data(bio);
    struct io io = sock_send(stream->transport.sock, bytes, size);

    BIO_clear_retry_flags(bio);
    *count = io.count;
    if (io.status == IO_WANT_WRITE)
        BIO_set_retry_write(bio);
    else if (io.status == IO_ERROR)
        stream->socket_error = io.error;
    return io.status == IO_OK;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    const struct stream *stream = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return stream && stream->ended;
    default: return 0;
    }
}

/* The table of our BIO: made once, freed by nobody, like OpenSSL's own. */
static const BIO_METHOD *bio_method(void)
{
    static BIO_METHOD *method;

    if (!method) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reactor socket");
        BIO_meth_set_read_ex(method, bio_read);
        BIO_meth_set_write_ex(method, bio_write);
        BIO_meth_set_ctrl(method, bio_ctrl);
    }
    return method;
}

static enum transport_reason reason_of_verify(long verify)
{
    switch (verify) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return TLS_CERT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return TLS_CERT_NOT_YET;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return TLS_CERT_SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return TLS_UNKNOWN_AUTHORITY;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TLS_HOSTNAME_MISMATCH;
    default: return TLS_CERT_INVALID;
    }
}

static enum transport_reason reason_of_failure(SSL *ssl, const char **why)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error);
    long verify = SSL_get_verify_result(ssl);

    *why = error ? ERR_reason_error_string(error) : NULL;
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return TLS_FAILED;
    if (reason > SSL_AD_REASON_OFFSET)
        return reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ? TLS_PROTOCOL : TLS_ALERT;
    switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        reason = (int)reason_of_verify(verify);
        *why = reason == TLS_CERT_INVALID ? X509_verify_cert_error_string(verify) : NULL;
        return (enum transport_reason)reason;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST: return TLS_NOT_TLS;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW: return TLS_PROTOCOL;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return TLS_TRUNCATED;
    default: return TLS_FAILED;
    }
}

/* What OpenSSL's return value means in the terms of a transport. */
static struct io result_of(struct stream *stream, int returned)
{
    int error = SSL_get_error(stream->ssl, returned);

    switch (error) {
    case SSL_ERROR_WANT_READ: return (struct io){.status = IO_WANT_READ};
    case SSL_ERROR_WANT_WRITE: return (struct io){.status = IO_WANT_WRITE};
    case SSL_ERROR_ZERO_RETURN: return (struct io){.status = IO_EOF};
    default: break;
    }
    stream->broken = true;
    if (stream->ended)
        return (struct io){.status = IO_ERROR, .error = TLS_TRUNCATED};
    if (stream->socket_error && error == SSL_ERROR_SYSCALL) /* else it was the alert that failed */
        return (struct io){.status = IO_ERROR, .error = stream->socket_error};
    return (struct io){.status = IO_ERROR,
                       .error = (int)reason_of_failure(stream->ssl, &stream->transport.why)};
}

static struct io stream_handshake(struct transport *transport)
{
    struct stream *stream = (struct stream *)transport;
    struct io io;
    int returned;

    ERR_clear_error();
    returned = SSL_do_handshake(stream->ssl);
    if (returned == 1)
        return (struct io){.status = IO_OK};
    io = result_of(stream, returned);
    if (io.status == IO_ERROR && stream->visit && stream->visit->failed)
        stream->visit->failed(stream->visit);
    return io;
}

static struct io stream_read(struct transport *transport, void *buffer, size_t size)
{
    struct stream *stream = (struct stream *)transport;
    size_t count;
    int returned;

    ERR_clear_error();
    returned = SSL_read_ex(stream->ssl, buffer, size, &count);
    return returned == 1 ? (struct io){.status = IO_OK, .count = count}
                         : result_of(stream, returned);
}

static struct io stream_write(struct transport *transport, const void *bytes, size_t size)
{
    struct stream *stream = (struct stream *)transport;
    size_t count;
    int returned;

    ERR_clear_error();
    returned = SSL_write_ex(stream->ssl, bytes, size, &count);
    return returned == 1 ? (struct io){.status = IO_OK, .count = count}
                         : result_of(stream, returned);
}

static void stream_facts(const struct transport *transport, struct tls_facts *facts)
{
    const struct stream *stream = (const struct stream *)transport;

    facts->version = SSL_get_version(stream->ssl);
    facts->cipher = SSL_get_cipher_name(stream->ssl);
}

static void stream_close(struct transport *transport)
{
    struct stream *stream = (struct stream *)transport;

    ERR_clear_error();
    if (!stream->broken && SSL_is_init_finished(stream->ssl))
        SSL_shutdown(stream->ssl);
    SSL_free(stream->ssl);
    ERR_clear_error();
    free(stream->visit);
    free(stream);
}

struct transport *stream_open(SSL *ssl, struct sock *sock, struct visit *visit)
{
    static const struct transport_calls calls = {
        .handshake = stream_handshake,
        .read = stream_read,
        .write = stream_write,
        .facts = stream_facts,
        .close = stream_close,
    };
    struct stream *stream = memory_zeroed(sizeof(*stream));
    BIO *bio = BIO_new(bio_method());

    stream->transport.calls = &calls;
    stream->transport.sock = sock;
    stream->ssl = ssl;
    stream->visit = visit;
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    sock_no_delay(sock);
    return &stream->transport;
}

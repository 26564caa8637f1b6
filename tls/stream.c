/*
 * OpenSSL as a non-blocking state machine, on a custom BIO.
 *
 * The BIO uses the reactor's socket calls, which remember the events that epoll reported: after a
 * short receive the next one returns "would block" without a system call. With read-ahead, OpenSSL
 * receives whole records instead of header and payload separately. Rejected: memory BIOs (they copy
 * each byte once more and keep two buffers for every idle connection); SSL_set_fd (needs two
 * receives per record and gives no access to the kernel's timestamps).
 */
#include "tls/stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tls/reason.h"

struct tls_stream {
    struct transport transport; /* first: a transport is a stream */
    SSL *ssl;                   /* owned */
    struct stream_owner *owner; /* owned; may be NULL */
    struct buffers *buffers;    /* borrowed; NULL: it keeps no buffers */
    struct buffers_user user;   /* of `buffers` */
    int socket_error;           /* errno of the socket call that failed, or 0 */
    size_t silent_bytes;        /* received after the handshake, reduced by content */
    bool open;                  /* the first handshake is complete */
    bool ended;                 /* the socket reported its end */
    bool broken;                /* after a fatal error: nothing more may be sent */
};

/* Whether the peer sent too much without content. OpenSSL reads on in one call, without a limit. */
static bool is_flooded(const struct tls_stream *stream)
{
    return stream->silent_bytes > STREAM_MAX_SILENT_BYTES && stream->open;
}

static int bio_read(BIO *bio, char *buffer, size_t size, size_t *count)
{
    struct tls_stream *stream = BIO_get_data(bio);
    struct io io = sock_recv(stream->transport.sock, buffer, size);

    BIO_clear_retry_flags(bio);
    *count = io.count;
    if (io.status == IO_WANT_READ)
        BIO_set_retry_read(bio);
    else if (io.status == IO_EOF)
        stream->ended = true;
    else if (io.status == IO_ERROR)
        stream->socket_error = io.error;
    stream->silent_bytes += io.count;
    return io.status == IO_OK && !is_flooded(stream);
}

static int bio_write(BIO *bio, const char *bytes, size_t size, size_t *count)
{
    struct tls_stream *stream = BIO_get_data(bio);
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
    const struct tls_stream *stream = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return stream && stream->ended;
    default: return 0;
    }
}

/* The method table of the BIO: created once and never freed, like those of OpenSSL. */
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

/* Converts OpenSSL's return value to the result of a transport. */
static struct io result_of(struct tls_stream *stream, int returned)
{
    int error = SSL_get_error(stream->ssl, returned);

    switch (error) {
    case SSL_ERROR_WANT_READ: return (struct io){.status = IO_WANT_READ};
    case SSL_ERROR_WANT_WRITE: return (struct io){.status = IO_WANT_WRITE};
    case SSL_ERROR_ZERO_RETURN: return (struct io){.status = IO_EOF};
    default: break;
    }
    stream->broken = true;
    if (is_flooded(stream)) {
        stream->transport.why = "over 256 KiB of tickets, key updates or the like without content";
        return (struct io){.status = IO_ERROR, .error = TLS_FLOOD};
    }
    if (stream->ended)
        return (struct io){.status = IO_ERROR, .error = TLS_TRUNCATED};
    if (stream->socket_error && error == SSL_ERROR_SYSCALL) /* else only sending an alert failed */
        return (struct io){.status = IO_ERROR, .error = stream->socket_error};
    return (struct io){.status = IO_ERROR,
                       .error = (int)reason_of_failure(
                           stream->ssl, stream->owner && stream->owner->certificate_requested,
                           &stream->transport.why)};
}

static struct io stream_handshake(struct transport *transport)
{
    struct tls_stream *stream = (struct tls_stream *)transport;
    struct io io;
    int returned;

    ERR_clear_error();
    returned = SSL_do_handshake(stream->ssl);
    io = returned == 1 ? (struct io){.status = IO_OK} : result_of(stream, returned);
    /* A handshake, and a ticket after it, allocate read and write buffers of 16 KB each, which
       SSL_MODE_RELEASE_BUFFERS frees only with the next write. One that is not empty is kept. */
    if (io.status == IO_OK) {
        SSL_free_buffers(stream->ssl);
        stream->open = true;
        stream->silent_bytes = 0;
    }
    if (stream->owner && io.status == IO_OK)
        stream->owner->calls->handshake_done(stream->owner, stream->ssl);
    else if (stream->owner && io.status == IO_ERROR)
        stream->owner->calls->failed(stream->owner);
    return io;
}

/* Reduces the count of silent bytes by the size of the content and of one whole record. */
static void note_content(struct tls_stream *stream, size_t count)
{
    size_t credit = count + SSL3_RT_HEADER_LENGTH + SSL3_RT_MAX_ENCRYPTED_LENGTH;

    stream->silent_bytes -= credit < stream->silent_bytes ? credit : stream->silent_bytes;
}

/* Prepares for a read or write of content. An error in OpenSSL's queue would be taken for one of
   this call; clearing the queue costs more than looking whether it is empty. */
static void begin_content(struct tls_stream *stream)
{
    if (ERR_peek_error())
        ERR_clear_error();
    if (stream->buffers)
        buffers_use(stream->buffers, &stream->user);
}

static struct io stream_read(struct transport *transport, void *buffer, size_t size)
{
    struct tls_stream *stream = (struct tls_stream *)transport;
    struct io io;
    size_t count;
    int returned;

    begin_content(stream);
    returned = SSL_read_ex(stream->ssl, buffer, size, &count);
    if (returned == 1) {
        note_content(stream, count);
        return (struct io){.status = IO_OK, .count = count};
    }
    io = result_of(stream, returned);
    if (io.status == IO_WANT_READ && !stream->user.keeps)
        SSL_free_buffers(stream->ssl);
    return io;
}

static bool stream_pending(const struct transport *transport)
{
    return SSL_has_pending(((const struct tls_stream *)transport)->ssl);
}

static struct io stream_write(struct transport *transport, const void *bytes, size_t size)
{
    struct tls_stream *stream = (struct tls_stream *)transport;
    size_t count;
    int returned;

    begin_content(stream);
    returned = SSL_write_ex(stream->ssl, bytes, size, &count);
    return returned == 1 ? (struct io){.status = IO_OK, .count = count}
                         : result_of(stream, returned);
}

static void stream_facts(const struct transport *transport, struct tls_facts *facts)
{
    const struct tls_stream *stream = (const struct tls_stream *)transport;
    const unsigned char *alpn;
    unsigned length;

    *facts = (struct tls_facts){
        .version = SSL_get_version(stream->ssl),
        .cipher = SSL_get_cipher_name(stream->ssl),
        .resumed = SSL_session_reused(stream->ssl),
        .certificate = tls_certificate_hold(stream->owner ? stream->owner->certificate : NULL),
    };
    SSL_get0_alpn_selected(stream->ssl, &alpn, &length);
    if (length &&
        length < sizeof(facts->alpn)) /* a server may select a protocol that was not offered */
        memcpy(facts->alpn, alpn, length);
}

static void stream_close(struct transport *transport)
{
    struct tls_stream *stream = (struct tls_stream *)transport;

    ERR_clear_error();
    if (stream->buffers)
        buffers_leave(stream->buffers, &stream->user);
    if (!stream->broken && SSL_is_init_finished(stream->ssl))
        SSL_shutdown(stream->ssl);
    SSL_free(stream->ssl);
    ERR_clear_error();
    if (stream->owner)
        stream->owner->calls->closed(stream->owner);
    free(stream);
}

struct transport *stream_open(SSL *ssl, struct sock *sock, struct stream_owner *owner,
                              struct buffers *buffers)
{
    static const struct transport_calls calls = {
        .handshake = stream_handshake,
        .pending = stream_pending,
        .read = stream_read,
        .write = stream_write,
        .facts = stream_facts,
        .close = stream_close,
    };
    struct tls_stream *stream = memory_zeroed(sizeof(*stream));
    BIO *bio = BIO_new(bio_method());

    stream->transport.calls = &calls;
    stream->transport.sock = sock;
    stream->ssl = ssl;
    stream->owner = owner;
    stream->buffers = buffers;
    if (buffers)
        buffers_join(buffers, &stream->user, ssl);
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    sock_no_delay(sock);
    return &stream->transport;
}

/*
 * OpenSSL as a non-blocking state machine, on a custom BIO.
 *
 * The BIO uses the reactor's socket calls, which remember the events that epoll reported: after a
 * short receive the next one returns "would block" without a system call. With read-ahead, OpenSSL
 * receives whole records instead of header and payload separately. Rejected: memory BIOs (they copy
 * each byte once more and keep two buffers for every idle connection); SSL_set_fd (needs two
 * receives per record and gives no access to the kernel's timestamps).
 */
#include "tls/ssl_transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tls/reason.h"

struct ssl_transport {
    struct transport transport; /* first: a struct transport is cast to it */
    SSL *ssl;                   /* owned */
    struct ssl_owner *owner;    /* owned; may be NULL */
    struct buffers *buffers;    /* borrowed; NULL: it keeps no buffers */
    struct buffers_user user;   /* of `buffers` */
    int socket_error;           /* errno of the socket call that failed, or 0 */
    size_t silent_bytes;        /* received after the handshake, reduced by content */
    bool open;                  /* the first handshake is complete */
    bool ended;                 /* the socket reported its end */
    bool broken;                /* after a fatal error: nothing more may be sent */
};

/* Whether the peer sent too much without content. OpenSSL reads on in one call, without a limit. */
static bool is_flooded(const struct ssl_transport *tls)
{
    return tls->silent_bytes > SSL_TRANSPORT_MAX_SILENT_BYTES && tls->open;
}

static int bio_read(BIO *bio, char *buffer, size_t size, size_t *count)
{
    struct ssl_transport *tls = BIO_get_data(bio);
    struct io io = sock_recv(tls->transport.sock, buffer, size);

    BIO_clear_retry_flags(bio);
    *count = io.count;
    if (io.status == IO_WANT_READ)
        BIO_set_retry_read(bio);
    else if (io.status == IO_EOF)
        tls->ended = true;
    else if (io.status == IO_ERROR)
        tls->socket_error = io.error;
    tls->silent_bytes += io.count;
    return io.status == IO_OK && !is_flooded(tls);
}

static int bio_write(BIO *bio, const char *bytes, size_t size, size_t *count)
{
    struct ssl_transport *tls = BIO_get_data(bio);
    struct io io = sock_send(tls->transport.sock, bytes, size);

    BIO_clear_retry_flags(bio);
    *count = io.count;
    if (io.status == IO_WANT_WRITE)
        BIO_set_retry_write(bio);
    else if (io.status == IO_ERROR)
        tls->socket_error = io.error;
    return io.status == IO_OK;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    const struct ssl_transport *tls = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return tls && tls->ended;
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
static struct io result_of(struct ssl_transport *tls, int returned)
{
    int error = SSL_get_error(tls->ssl, returned);

    switch (error) {
    case SSL_ERROR_WANT_READ: return (struct io){.status = IO_WANT_READ};
    case SSL_ERROR_WANT_WRITE: return (struct io){.status = IO_WANT_WRITE};
    case SSL_ERROR_ZERO_RETURN: return (struct io){.status = IO_EOF};
    default: break;
    }
    tls->broken = true;
    if (is_flooded(tls)) {
        tls->transport.why = "over 256 KiB of tickets, key updates or the like without content";
        return (struct io){.status = IO_ERROR, .error = TLS_FLOOD};
    }
    if (tls->ended)
        return (struct io){.status = IO_ERROR, .error = TLS_TRUNCATED};
    if (tls->socket_error && error == SSL_ERROR_SYSCALL) /* else only sending an alert failed */
        return (struct io){.status = IO_ERROR, .error = tls->socket_error};
    return (struct io){
        .status = IO_ERROR,
        .error = (int)reason_of_failure(tls->ssl, tls->owner && tls->owner->certificate_requested,
                                        &tls->transport.why)};
}

static struct io ssl_handshake(struct transport *transport)
{
    struct ssl_transport *tls = (struct ssl_transport *)transport;
    struct io io;
    int returned;

    ERR_clear_error();
    returned = SSL_do_handshake(tls->ssl);
    io = returned == 1 ? (struct io){.status = IO_OK} : result_of(tls, returned);
    /* A handshake, and a ticket after it, allocate read and write buffers of 16 KB each, which
       SSL_MODE_RELEASE_BUFFERS frees only with the next write. One that is not empty is kept. */
    if (io.status == IO_OK) {
        SSL_free_buffers(tls->ssl);
        tls->open = true;
        tls->silent_bytes = 0;
    }
    if (tls->owner && io.status == IO_OK)
        tls->owner->calls->handshake_done(tls->owner, tls->ssl);
    else if (tls->owner && io.status == IO_ERROR)
        tls->owner->calls->failed(tls->owner);
    return io;
}

/* Reduces the count of silent bytes by the size of the content and of one whole record. */
static void note_content(struct ssl_transport *tls, size_t count)
{
    size_t credit = count + SSL3_RT_HEADER_LENGTH + SSL3_RT_MAX_ENCRYPTED_LENGTH;

    tls->silent_bytes -= credit < tls->silent_bytes ? credit : tls->silent_bytes;
}

/* Prepares for a read or write of content. An error in OpenSSL's queue would be taken for one of
   this call; clearing the queue costs more than looking whether it is empty. */
static void begin_content(struct ssl_transport *tls)
{
    if (ERR_peek_error())
        ERR_clear_error();
    if (tls->buffers)
        buffers_use(tls->buffers, &tls->user);
}

static struct io ssl_read(struct transport *transport, void *buffer, size_t size)
{
    struct ssl_transport *tls = (struct ssl_transport *)transport;
    struct io io;
    size_t count;
    int returned;

    begin_content(tls);
    returned = SSL_read_ex(tls->ssl, buffer, size, &count);
    if (returned == 1) {
        note_content(tls, count);
        return (struct io){.status = IO_OK, .count = count};
    }
    io = result_of(tls, returned);
    if (io.status == IO_WANT_READ && !tls->user.keeps)
        SSL_free_buffers(tls->ssl);
    return io;
}

static bool ssl_pending(const struct transport *transport)
{
    return SSL_has_pending(((const struct ssl_transport *)transport)->ssl);
}

static struct io ssl_write(struct transport *transport, const void *bytes, size_t size)
{
    struct ssl_transport *tls = (struct ssl_transport *)transport;
    size_t count;
    int returned;

    begin_content(tls);
    returned = SSL_write_ex(tls->ssl, bytes, size, &count);
    return returned == 1 ? (struct io){.status = IO_OK, .count = count} : result_of(tls, returned);
}

static void ssl_facts(const struct transport *transport, struct tls_facts *facts)
{
    const struct ssl_transport *tls = (const struct ssl_transport *)transport;
    const unsigned char *alpn;
    unsigned length;

    *facts = (struct tls_facts){
        .version = SSL_get_version(tls->ssl),
        .cipher = SSL_get_cipher_name(tls->ssl),
        .resumed = SSL_session_reused(tls->ssl),
        .certificate = tls_certificate_hold(tls->owner ? tls->owner->certificate : NULL),
    };
    SSL_get0_alpn_selected(tls->ssl, &alpn, &length);
    if (length &&
        length < sizeof(facts->alpn)) /* a server may select a protocol that was not offered */
        memcpy(facts->alpn, alpn, length);
}

static void ssl_close(struct transport *transport)
{
    struct ssl_transport *tls = (struct ssl_transport *)transport;

    ERR_clear_error();
    if (tls->buffers)
        buffers_leave(tls->buffers, &tls->user);
    if (!tls->broken && SSL_is_init_finished(tls->ssl))
        SSL_shutdown(tls->ssl);
    SSL_free(tls->ssl);
    ERR_clear_error();
    if (tls->owner)
        tls->owner->calls->closed(tls->owner);
    free(tls);
}

struct transport *ssl_transport_open(SSL *ssl, struct sock *sock, struct ssl_owner *owner,
                                     struct buffers *buffers)
{
    static const struct transport_calls calls = {
        .handshake = ssl_handshake,
        .pending = ssl_pending,
        .read = ssl_read,
        .write = ssl_write,
        .facts = ssl_facts,
        .close = ssl_close,
    };
    struct ssl_transport *tls = memory_zeroed(sizeof(*tls));
    BIO *bio = BIO_new(bio_method());

    tls->transport.calls = &calls;
    tls->transport.sock = sock;
    tls->ssl = ssl;
    tls->owner = owner;
    tls->buffers = buffers;
    if (buffers)
        buffers_join(buffers, &tls->user, ssl);
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    sock_no_delay(sock);
    return &tls->transport;
}
